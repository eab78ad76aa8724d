"""The durable log (可靠日志): what was appended is on the disk before ``append`` returns, or ``append`` raises."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cityops.kit import InvalidError, Text, UnavailableError
from cityops.observations import records
from cityops.observations.batch import Batch
from cityops.observations.recovery import Recovery, recover_segment
from cityops.observations.segments import (
    CommitMark,
    WriterLock,
    disk_reason,
    list_segments,
    make_folder,
    segment_path,
    sync_folder,
)
from cityops.observations.streams import STREAMS, Stream

_log = logging.getLogger(__name__)

SEGMENT_BYTES: Final = 64 * 1024 * 1024
MIN_FREE_BYTES: Final = 256 * 1024 * 1024
_SCHEMA_BYTES: Final = 256 * 1024


class Log:
    """One writer's append-only log of observations. Safe between threads; open it with ``Log.open``.

    Attributes:
        recovered: what was found at the end of the log when it was opened.
        appended_rows: observations made durable since it was opened.
        rejected_rows: observations that were refused since then because the disk did not take them.
    """

    def __init__(
        self,
        folder: Path,
        streams: Sequence[Stream],
        segment_bytes: int,
        min_free_bytes: int,
    ) -> None:
        self._folder = folder
        self._streams = tuple(streams)
        self._numbers = {stream.name: number for number, stream in enumerate(self._streams)}
        self._by_name = {stream.name: stream for stream in self._streams}
        self._segment_bytes = segment_bytes
        self._min_free_bytes = min_free_bytes
        self._lock = threading.Lock()
        self._descriptor = -1
        self._dirty = False
        self._full = False
        self._closed = False
        self.appended_rows = 0
        self.rejected_rows = 0
        self._owner = WriterLock(folder)
        try:
            self._mark = CommitMark(folder / "commit", create=True)
            self.recovered = self._recover()
        except BaseException:  # whatever stopped it: nobody holds this log, so nobody would release its lock
            self._owner.release()
            raise

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        writer: str,
        streams: Sequence[Stream] = STREAMS,
        segment_bytes: int = SEGMENT_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> Self:
        """Open (or create) the log of ``writer`` in ``folder/writer``; unfinished records at its end are cut off.

        Args:
            folder: the log folder of the installation.
            writer: name of the one process that writes, for example ``jt808``.
            streams: the streams that may be appended.
            segment_bytes: size at which a new segment file is begun.
            min_free_bytes: appends are refused when the disk would have less left than this.

        Raises:
            ConfigError: another process writes this log.
        """
        make_folder(folder / writer)
        return cls(folder / writer, streams, segment_bytes, min_free_bytes)

    @property
    def position(self) -> int:
        """Everything before this position is durable."""
        return self._position

    def append(self, batches: Sequence[Batch]) -> int:
        """Make ``batches`` durable with one write and one fdatasync; blocks meanwhile. Returns the position after them.

        Raises:
            UnavailableError: the disk is full or failing; nothing of these batches was kept, everything before was.
            InvalidError: a batch belongs to a stream this log was not opened with.
        """
        for batch in batches:
            if self._by_name.get(batch.stream.name) != batch.stream:
                raise InvalidError(
                    f"日志未登记数据流 {batch.stream.name}", f"stream {batch.stream.name} is not one of this log's"
                )
        rows = sum(batch.rows for batch in batches)
        with self._lock:
            if self._closed:
                raise UnavailableError(
                    "日志已关闭，本次数据未保存", "the log is closed; these observations were not kept"
                )
            if rows == 0:
                return self._position
            try:
                self._append(batches)
            except OSError as error:
                self.rejected_rows += rows
                self._note_full(error)
                raise _not_stored(self._folder, rows, error) from error
            if self._full:
                self._full = False
                _log.warning("log %s takes appends again; %d rows were refused", self._folder, self.rejected_rows)
            self.appended_rows += rows
            return self._position

    def close(self) -> None:
        """Close the log; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
            self._mark.close()
            self._owner.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _recover(self) -> Recovery:
        """Find the end of the log, cut unfinished records off and publish the durable position."""
        committed = self._mark.position
        self._mark.set(committed, ready=False)
        bases = list_segments(self._folder)
        found = recover_segment(self._folder, bases[-1], committed) if bases else Recovery(committed)
        # A position that was handed out once is never given to other data, even if the file lost its end.
        self._position = max(found.end, committed)
        self._base = self._position
        if bases and found.end == self._position and self._same_schema(bases[-1]):
            self._base = bases[-1]
            self._descriptor = os.open(segment_path(self._folder, self._base), os.O_WRONLY | os.O_APPEND)
            os.fsync(self._descriptor)
        elif self._position > 0:
            self._begin_anew(bases, found)
        sync_folder(self._folder)
        self._mark.set(self._position, ready=True)
        return found

    def _begin_anew(self, bases: list[int], found: Recovery) -> None:
        """Begin a segment at once, so that a reader in front of a lost end finds where to go on."""
        if bases and found.end == bases[-1]:
            segment_path(self._folder, bases[-1]).unlink()
        try:
            self._append([])
        except OSError as error:
            raise _not_stored(self._folder, 0, error) from error

    def _same_schema(self, base: int) -> bool:
        """Whether the segment at ``base`` can take further rows as they are declared now."""
        with segment_path(self._folder, base).open("rb") as stream:
            content = memoryview(stream.read(_SCHEMA_BYTES))
        if len(content) == 0:
            return True
        try:
            first = records.decode_record(content, 0)
        except records.DamagedRecordError:
            return False
        wanted = [(stream.name, stream.struct_dtype) for stream in self._streams]
        return first is not None and first.stream == records.SCHEMA and records.decode_schema(first.body) == wanted

    def _append(self, batches: Sequence[Batch]) -> None:
        """Write and sync, or leave the log as it was and raise ``OSError``."""
        if self._dirty:
            self._cut_back()
        if self._descriptor >= 0 and self._position - self._base >= self._segment_bytes:
            self._leave_segment()
        new_segment = self._descriptor < 0
        schema = b""
        if self._position == self._base:
            schema = records.encode_schema(self._streams, self._base)
        content = b"".join((schema, *records.encode_batches(batches, self._numbers, len(schema))))
        self._check_space(len(content))
        if new_segment:
            path = segment_path(self._folder, self._base)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._dirty = True
            sync_folder(self._folder)
        self._dirty = True
        _write_all(self._descriptor, content)
        os.fdatasync(self._descriptor)
        self._dirty = False
        self._position += len(content)
        self._mark.set(self._position, ready=True)

    def _leave_segment(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
        self._base = self._position

    def _cut_back(self) -> None:
        """Remove what a failed append left behind. Until this works, no append is taken."""
        os.ftruncate(self._descriptor, self._position - self._base)
        sync_folder(self._folder)
        os.fsync(self._descriptor)
        self._dirty = False

    def _check_space(self, size: int) -> None:
        """Refuse before the disk is full: other parts of the product need room to shut down cleanly."""
        state = os.statvfs(self._folder)
        if state.f_bavail * state.f_frsize - size < self._min_free_bytes:
            raise OSError(errno.ENOSPC, f"free space would fall below {self._min_free_bytes} bytes")

    def _note_full(self, error: OSError) -> None:
        """Say once that the disk refuses, and take back what was half-written while there is time."""
        if not self._full:
            self._full = True
            _log.error("log %s refuses appends: %s", self._folder, error)
        if self._dirty and self._descriptor >= 0:
            try:
                self._cut_back()
            except OSError as again:
                _log.error("log %s could not be cut back, the next append tries again: %s", self._folder, again)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _not_stored(folder: Path, rows: int, error: OSError) -> UnavailableError:
    reason = disk_reason(error)
    return UnavailableError(
        f"{rows} 条观测数据未能写入日志 {folder}：{reason.zh}",
        f"{rows} observations could not be stored in the log {folder}: {reason.en}",
        code="log.unavailable",
        kept=Text(
            "此前已确认的数据全部保留，本批未保存也未确认",
            "all that was acknowledged before is kept; this batch is neither kept nor acknowledged",
        ),
        todo=Text(
            "清理磁盘空间后自动恢复接收，终端会重发",
            "free disk space; appends resume by themselves and terminals send again",
        ),
    )


def release_segments(folder: Path, position: int) -> int:
    """Remove the segments of ``folder`` (one writer's) that end at or before ``position``, never the last one.

    Returns how many were removed. Any process may call it: a writer touches only its last segment.
    """
    bases = list_segments(folder)
    passed = [base for base, following in pairwise(bases) if following <= position]
    for base in passed:
        segment_path(folder, base).unlink(missing_ok=True)
    if passed:
        sync_folder(folder)
    return len(passed)
