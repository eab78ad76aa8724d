"""Files of the durable log: segments named by position, the commit mark that readers follow, the writer's lock.

A log folder holds ``<position of the first byte, 20 digits>.seg``, ``commit`` and ``lock``. A position counts bytes
over all segments ever written, so it only grows.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import time
from pathlib import Path
from typing import Final

import numpy as np

from cityops.kit import ConfigError, Text

SUFFIX: Final = ".seg"
_COMMIT_BYTES: Final = 16
_LOCK_TRIES: Final = 10
_LOCK_TRY_S: Final = 0.02


def segment_path(folder: Path, base: int) -> Path:
    """Where the segment that starts at position ``base`` lies."""
    return folder / f"{base:020d}{SUFFIX}"


def list_segments(folder: Path) -> list[int]:
    """First positions of the segments in ``folder``, ascending; empty when there is no folder yet."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(int(name.removesuffix(SUFFIX)) for name in names if name.endswith(SUFFIX))


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable (a new file survives a power cut only after this)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create ``folder`` and its parents durably; an existing one is left as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes | memoryview) -> None:
    """Replace ``path`` by ``content`` durably and in one step: a crash leaves the old content or the new."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    temporary.replace(path)
    sync_folder(path.parent)


def disk_reason(error: OSError) -> Text:
    """Why the disk did not take something, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Text("磁盘空间不足", "there is not enough disk space")
    return Text(f"磁盘读写失败（{error.strerror}）", f"the disk failed ({error.strerror})")


class CommitMark:
    """Two 64-bit words in a memory-mapped file: how far the log is durable, and whether its writer has recovered it.

    The writer sets them after ``fdatasync``; readers in other processes look at them without a system call. After a
    power cut the file may be older than the segments, never newer: the mark moves only once the data are on the disk.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, 0o644)
        try:
            if os.fstat(descriptor).st_size < _COMMIT_BYTES:
                if not create:
                    raise FileNotFoundError(path)
                os.ftruncate(descriptor, _COMMIT_BYTES)
            access = mmap.ACCESS_WRITE if create else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, _COMMIT_BYTES, access=access)
        finally:
            os.close(descriptor)
        # An aligned 64-bit numpy item is loaded and stored in one machine instruction; struct would go byte by byte.
        self._words = np.frombuffer(self._map, dtype=np.int64)

    @property
    def position(self) -> int:
        """Everything before this position is durable."""
        return int(self._words[0])

    @property
    def ready(self) -> bool:
        """Whether the writer that last opened the log has finished its recovery."""
        return bool(self._words[1])

    def set(self, position: int, *, ready: bool) -> None:
        """Publish the durable position (writer only)."""
        self._words[0] = position
        self._words[1] = int(ready)

    def close(self) -> None:
        """Unmap the file."""
        del self._words
        self._map.close()


class WriterLock:
    """The exclusive lock of a folder's one writer; the system frees it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        if not self._acquire():
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise ConfigError(
                f"文件夹 {folder} 已被另一个进程（{owner}）写入，同一时间只能有一个写入者",
                f"folder {folder} is being written by another process ({owner}); it takes one writer at a time",
                code="log.taken",
                kept=Text("已有数据未受影响", "what is stored is untouched"),
                todo=Text("停止另一个进程，或设置不同的文件夹", "stop the other process, or set another folder"),
            )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"pid {os.getpid()}".encode(), 0)

    def _acquire(self) -> bool:
        """Try for a moment: ``writer_alive`` holds the lock for microseconds, a dying process for milliseconds."""
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOCK_TRY_S)
            else:
                return True
        return False

    def release(self) -> None:
        """Let another writer in."""
        os.close(self._descriptor)


def writer_alive(folder: Path) -> bool:
    """Whether some process holds the writer's lock of ``folder`` at this moment."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
