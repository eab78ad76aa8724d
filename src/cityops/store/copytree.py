"""Copies folders of a running product: every file's content and name is on the disk before the copy counts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cityops.store.files import PARTIAL, sync_folder

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A copied file: its path inside the data folder, size in bytes and SHA-256."""

    path: str
    size: int
    sha256: str


def copy_folder(base: Path, name: str, target: Path) -> tuple[list[CopiedFile], int]:
    """Copy ``base/name`` to ``target/name``.

    Returns:
        What was copied, and how many files were deleted by their owners before their turn came.
    """
    copied: list[CopiedFile] = []
    vanished = 0
    for path in folder_files(base / name):
        relative = path.relative_to(base)
        try:
            copied.append(_copy(path, target / relative, relative))
        except FileNotFoundError:
            vanished += 1
    for folder in sorted({(target / file.path).parent for file in copied}):
        sync_folder(folder)
    return copied, vanished


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
    """Every file in the folder, however deep, but for half-written ones; none when there is no folder."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != PARTIAL)
        for name in sorted(names):
            yield Path(root, name)


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
