"""Copies folders of a running product: every file's content and name is on the disk before the copy counts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cityops.kit import Text, UnavailableError
from cityops.store.files import PARTIAL, sync_folder

_CHUNK: Final = 1 << 20
_PASSES: Final = 10
MARKS: Final = frozenset({"commit"})
"""Names of files that say how much of the files beside them counts, such as that of the durable log."""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A copied file: its path inside the data folder, size in bytes and SHA-256."""

    path: str
    size: int
    sha256: str


def copy_folder(base: Path, name: str, target: Path) -> tuple[list[CopiedFile], int]:
    """Copy ``base/name`` to ``target/name``.

    A file that its owner replaces by another (history does, when it merges small files) must not be missed: as long as
    files vanish before their turn, what is new is copied too. Old and new may then both be in the copy.

    Returns:
        What was copied, and how many files were deleted by their owners before their turn came.

    Raises:
        UnavailableError: files kept vanishing.
    """
    copied: dict[Path, CopiedFile] = {}
    vanished = 0
    for _ in range(_PASSES):
        gone = _copy_new(base, name, target, copied)
        vanished += gone
        if not gone:
            break
    else:
        raise UnavailableError(
            f"文件夹 {name} 变动太快，无法复制",
            f"the folder {name} changes too fast to be copied",
            code="backup.busy",
            kept=Text("没有留下备份，原有数据未变", "no backup was kept; the data is as it was"),
            todo=Text("请稍后重试", "try again in a moment"),
        )
    for folder in sorted({(target / file.path).parent for file in copied.values()}):
        sync_folder(folder)
    return list(copied.values()), vanished


def _copy_new(base: Path, name: str, target: Path, copied: dict[Path, CopiedFile]) -> int:
    """Copy what is not in ``copied`` yet; returns how many files vanished before their turn."""
    vanished = 0
    for path in folder_files(base / name):
        relative = path.relative_to(base)
        if relative in copied:
            continue
        try:
            copied[relative] = _copy(path, target / relative, relative)
        except FileNotFoundError:
            vanished += 1
    return vanished


def digest_of(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256")
        return content.tell(), digest.hexdigest()


def sync_file(path: Path) -> None:
    """Put a file's content on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def folder_files(folder: Path) -> Iterator[Path]:
    """Every file in the folder, however deep, but for half-written ones; none when there is no folder.

    A folder's marks come first, and only when the caller is done with them are the other names looked up: whoever
    copies in this order has at least what the marks say.
    """
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != PARTIAL)
        marks = [name for name in sorted(names) if name in MARKS]
        for name in marks:
            yield Path(root, name)
        for name in sorted(_names_now(root) if marks else names):
            if name not in MARKS:
                yield Path(root, name)


def _names_now(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if not entry.is_dir()]


def _copy(source: Path, target: Path, relative: Path) -> CopiedFile:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as content:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    return CopiedFile(str(relative), size, digest.hexdigest())
