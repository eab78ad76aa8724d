"""Dead letters (死信): input that could not be used, kept within bounds for a person to look at."""

from __future__ import annotations

import base64
import errno
import json
import logging
import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cityops.kit import Text, UnavailableError
from cityops.observations.segments import WriterLock, disk_reason, make_folder, write_file

_log = logging.getLogger(__name__)

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_LETTER_BYTES: Final = 64 * 1024
_CURRENT: Final = "current.jsonl"
_PREVIOUS: Final = "previous.jsonl"


@dataclass(frozen=True)
class DeadLetter:
    """One piece of input that could not be used.

    Attributes:
        at_ms: when it came in.
        reason: a stable code, for example ``frame.checksum``.
        source: where it came from, for example the terminal's phone number.
        raw: its bytes, at most ``MAX_LETTER_BYTES`` of them.
        size: how many bytes it had.
    """

    at_ms: int
    reason: str
    source: str
    raw: bytes
    size: int


class DeadLetters:
    """The dead letters of one process, in two files of half the bound each: the older one gives way to new letters.

    A letter survives the process from ``append`` on, and a power cut from ``sync`` on. Safe between threads.

    Attributes:
        counts: letters by reason since this was opened.
        dropped: letters that gave way to newer ones since then; every time is logged.

    Raises:
        ConfigError: another process writes this folder.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        make_folder(folder)
        self._folder = folder
        self._half_bytes = max_bytes // 2
        self._lock = threading.Lock()
        self._owner = WriterLock(folder)
        self._descriptor, self._size = self._open()
        self.counts: Counter[str] = Counter()
        self.dropped = 0

    def append(self, reason: str, source: str, raw: bytes, at_ms: int) -> None:
        """Keep one letter.

        Raises:
            UnavailableError: the disk does not take it; it is counted but not kept.
        """
        letter = {
            "at_ms": at_ms,
            "reason": reason,
            "source": source,
            "size": len(raw),
            "raw": base64.b64encode(raw[:MAX_LETTER_BYTES]).decode(),
        }
        line = json.dumps(letter, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self.counts[reason] += 1
            try:
                if self._size + len(line) > self._half_bytes and self._size > 0:
                    self._rotate()
                self._write(line)
            except OSError as error:
                cause = disk_reason(error)
                raise UnavailableError(
                    f"无法使用的报文（{reason}，来自 {source}）未能留存：{cause.zh}",
                    f"unusable input ({reason}, from {source}) could not be kept: {cause.en}",
                    code="dead_letters.unavailable",
                    kept=Text("已计数，原文未保留", "it was counted; its bytes were not kept"),
                    todo=Text("清理磁盘空间", "free disk space"),
                ) from error

    def sync(self) -> None:
        """Make the letters durable against a power cut."""
        with self._lock:
            os.fdatasync(self._descriptor)

    def list(self, limit: int = 100, reason: str | None = None) -> list[DeadLetter]:
        """The newest letters first, at most ``limit``, of one reason if given."""
        return read_dead_letters(self._folder, limit, reason)

    def delete_before(self, at_ms: int) -> int:
        """Delete letters that came in before ``at_ms`` (retention, 留存期). Returns how many.

        Raises:
            UnavailableError: the disk is full or failing; letters that are still there go the next time.
        """
        with self._lock:
            try:
                return sum(self._expire(self._folder / name, at_ms) for name in (_PREVIOUS, _CURRENT))
            except OSError as error:
                cause = disk_reason(error)
                raise UnavailableError(
                    f"到期的死信未能全部删除：{cause.zh}",
                    f"not all expired dead letters could be deleted: {cause.en}",
                    code="dead_letters.unavailable",
                    kept=Text("未删除的仍保留", "those not deleted are kept"),
                    todo=Text("清理磁盘空间后会再次删除", "free disk space; they are deleted the next time"),
                ) from error
            finally:
                os.close(self._descriptor)
                self._descriptor, self._size = self._open()

    def close(self) -> None:
        """Close the files."""
        os.close(self._descriptor)
        self._owner.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> tuple[int, int]:
        """The current file, without the half line that a crash may have left, and its size."""
        path = self._folder / _CURRENT
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        size = path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(descriptor, size)
        return descriptor, size

    def _write(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        if written < len(line):
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, "the disk is full")
        self._size += written

    def _rotate(self) -> None:
        """Let the older half go and begin a new file."""
        previous = self._folder / _PREVIOUS
        if previous.exists():
            gone = previous.read_bytes().count(b"\n")
            self.dropped += gone
            _log.warning("dead letters in %s: %d old ones gave way to new ones", self._folder, gone)
        os.close(self._descriptor)
        (self._folder / _CURRENT).replace(previous)
        self._descriptor, self._size = self._open()

    @staticmethod
    def _expire(path: Path, at_ms: int) -> int:
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        kept = [line for line in lines if json.loads(line)["at_ms"] >= at_ms]
        if len(kept) < len(lines):
            write_file(path, b"".join(kept))
        return len(lines) - len(kept)


def read_dead_letters(folder: Path, limit: int = 100, reason: str | None = None) -> list[DeadLetter]:
    """The newest dead letters in ``folder`` first, at most ``limit``; any process may read them."""
    letters: list[DeadLetter] = []
    for name in (_CURRENT, _PREVIOUS):
        path = folder / name
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        for line in reversed(lines):
            if len(letters) >= limit:
                return letters
            content = json.loads(line)
            if reason is None or content["reason"] == reason:
                raw = base64.b64decode(content["raw"])
                letters.append(DeadLetter(content["at_ms"], content["reason"], content["source"], raw, content["size"]))
    return letters
