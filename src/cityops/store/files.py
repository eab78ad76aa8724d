"""Files (附件): stored under the SHA-256 of their content, on the disk before anybody is told so."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from cityops.kit import InvalidError, NotFoundError, Text, UnavailableError

PARTIAL: Final = ".partial"
BYTES_MAX: Final = 512 * 1024 * 1024
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file: its SHA-256 in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


class Files:
    """A folder of files named by their content; the same content is kept once. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, chunks: Iterable[bytes], *, bytes_max: int = BYTES_MAX) -> FileRef:
        """Store the content; returns when it is on the disk.

        Raises:
            InvalidError: longer than ``bytes_max``; nothing was kept.
            UnavailableError: the disk is full or cannot be written; nothing was kept.
        """
        digest, size = hashlib.sha256(), 0
        with _disk_errors():
            partial = self._new_partial()
            try:
                with partial.open("xb") as out:
                    for chunk in chunks:
                        size += len(chunk)
                        if size > bytes_max:
                            raise _too_long(bytes_max)
                        digest.update(chunk)
                        out.write(chunk)
                    out.flush()
                    os.fsync(out.fileno())
                self._settle(partial, digest.hexdigest())
            finally:
                partial.unlink(missing_ok=True)
        return FileRef(digest.hexdigest(), size)

    def open(self, sha256: str) -> BufferedReader:
        """The content for reading; ``NotFoundError`` when there is no such file."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise _missing() from error

    def path(self, sha256: str) -> Path:
        """Where the file is or would be; ``NotFoundError`` when the name is not a SHA-256 at all."""
        if not _SHA256.fullmatch(sha256):
            raise _missing()
        return self._folder / sha256[:2] / sha256

    def sound(self, sha256: str) -> bool:
        """Whether the content still has its SHA-256; ``NotFoundError`` when there is no such file."""
        with self.open(sha256) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == sha256

    def renew(self, sha256: str) -> None:
        """Put a new file with the same content in the place of a file: a disk keeps when a file was made.

        Raises:
            NotFoundError: there is no such file. UnavailableError: the disk is full; the file is as it was.
        """
        with self.open(sha256) as old, _disk_errors():
            partial = self._new_partial()
            try:
                with partial.open("xb") as out:
                    shutil.copyfileobj(old, out)
                    out.flush()
                    os.fsync(out.fileno())
                partial.replace(self.path(sha256))
                sync_folder(self.path(sha256).parent)
            finally:
                partial.unlink(missing_ok=True)

    def redate(self, sha256: str, at_ms: int) -> None:
        """Give the file, and the folders that its arrival touched, another time than that of its arrival."""
        final, at_s = self.path(sha256), at_ms / 1000
        for path in (final, final.parent, self._folder / PARTIAL):
            os.utime(path, (at_s, at_s))

    def sweep(self, before_ms: int) -> int:
        """Delete what interrupted ``put`` calls left before that time; returns how many."""
        swept = 0
        for partial in (self._folder / PARTIAL).glob("*"):
            try:
                if partial.stat().st_mtime_ns // 1_000_000 < before_ms:
                    partial.unlink()
                    swept += 1
            except FileNotFoundError:
                continue  # its put has just finished
        return swept

    def _new_partial(self) -> Path:
        folder = self._folder / PARTIAL
        folder.mkdir(parents=True, exist_ok=True)
        return folder / secrets.token_hex(16)

    def _settle(self, partial: Path, sha256: str) -> None:
        final = self.path(sha256)
        if not final.exists():
            final.parent.mkdir(exist_ok=True)
            partial.rename(final)
        # Also when it was there before: whoever renamed it may not have reached the sync below.
        sync_folder(final.parent)
        sync_folder(self._folder)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"文件无法写入磁盘：{error.strerror}",
            f"the file cannot be written to the disk: {error.strerror}",
            code="files.disk",
            kept=Text("文件没有保存", "the file was not kept"),
            todo=Text("请检查磁盘空间和目录权限后重试", "check disk space and permissions, then send again"),
        ) from error


def _too_long(bytes_max: int) -> InvalidError:
    return InvalidError(
        f"文件超过上限 {bytes_max} 字节",
        f"the file is longer than {bytes_max} bytes",
        code="files.too_long",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text("请压缩或分开上传", "compress or split it"),
    )


def _missing() -> NotFoundError:
    return NotFoundError("没有这个文件", "there is no such file", code="files.missing")
