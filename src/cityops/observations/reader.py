"""Reading a writer's durable log, from any process, while it grows, rolls over and is shortened."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cityops.kit import Text, UnavailableError
from cityops.observations import records
from cityops.observations.batch import Batch
from cityops.observations.segments import CommitMark, list_segments, segment_path, writer_alive
from cityops.observations.streams import STREAMS, Stream

_log = logging.getLogger(__name__)

_CHUNK_BYTES: Final = records.MAX_BODY_BYTES + records.HEADER.size
_POLL_S: Final = 0.01


class DamagedLogError(UnavailableError):
    """The log holds a damaged record; reading stops in front of it until ``LogReader.skip_damage`` is called."""

    def __init__(self, folder: Path, position: int) -> None:
        super().__init__(
            f"日志 {folder} 在位置 {position} 处损坏",
            f"the log {folder} is damaged at position {position}",
            code="log.damaged",
            kept=Text("该位置之前和之后的完好记录均保留", "the good records before and behind it are kept"),
            todo=Text("检查磁盘；确认后跳过损坏处继续", "check the disk; then skip the damaged place to go on"),
        )
        self.position = position


@dataclass(frozen=True)
class _Segment:
    """An open segment; ``stored`` are its stream names and row types."""

    base: int
    descriptor: int
    stored: list[tuple[str, np.dtype[Any]]]


class LogReader:
    """Follows the log in ``folder`` (one writer's). It sees only what is durable.

    One thread at a time; any may ask for ``end``.

    Args:
        folder: the writer's folder, for example ``data/log/jt808``; it may not exist yet.
        position: where to begin; 0 is the oldest record there is.
        streams: the streams this version of the product knows.

    Attributes:
        position: everything before it was read.
        skipped_bytes: bytes that were gone when the reader came to them: removed segments or a lost end.
    """

    def __init__(self, folder: Path, *, position: int = 0, streams: Sequence[Stream] = STREAMS) -> None:
        self._folder = folder
        self._streams = {stream.name: stream for stream in streams}
        self._mark: CommitMark | None = None
        self._segment: _Segment | None = None
        self.position = position
        self.skipped_bytes = 0

    @property
    def end(self) -> int:
        """Position up to which the log is durable, 0 when it does not exist yet."""
        if self._mark is None:
            try:
                self._mark = CommitMark(self._folder / "commit", create=False)
            except FileNotFoundError:
                return 0
        return self._mark.position

    def read(self, max_rows: int = 200_000, until: int | None = None) -> list[Batch]:
        """The next observations, at most one batch per stream, each in the order of appending; empty at the end.

        Reading is bounded by about ``max_rows`` rows (whole records) and one chunk of 8 MiB beyond. ``position`` moves
        behind what is returned.

        Args:
            max_rows: stop after the record that reaches so many rows.
            until: stop at this position (one that was ``position`` before), although there is more.

        Raises:
            DamagedLogError: the record at ``position`` is damaged; what was before it has been returned already.
            UnavailableError: ``position`` is not in this log, or it holds a stream this version does not know.
        """
        end = self._checked_end() if until is None else until
        bodies: dict[tuple[str, np.dtype[Any]], list[memoryview]] = {}
        rows = 0
        while rows < max_rows and self.position < end:
            try:
                got = self._read_chunk(end, max_rows - rows, bodies)
            except UnavailableError:
                if bodies:
                    break
                raise
            rows += got
        return self._to_batches(bodies)

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is something to read, at most ``timeout_s``; ``True`` when there is."""
        for _ in range(max(1, round(timeout_s / _POLL_S))):
            if self.end > self.position:
                return True
            time.sleep(_POLL_S)
        return self.end > self.position

    def skip_damage(self) -> int:
        """Go on behind a damaged place: to the next good record, else to the segment's durable end.

        Returns how many bytes were passed over. They are counted in ``skipped_bytes`` and logged.
        """
        start, end = self.position, self.end
        base = self._base_of(start)
        with segment_path(self._folder, base).open("rb") as stream:
            data = stream.read(end - base)
        found = records.find_record(data, start - base + 1)
        self.position = base + (found[0] if found is not None else len(data))
        if self.position == start:
            self.position = min((later for later in list_segments(self._folder) if later > start), default=end)
        self._skip(start, "damaged")
        return self.position - start

    def close(self) -> None:
        """Close the files; reading on opens them again."""
        self._leave_segment()
        if self._mark is not None:
            self._mark.close()
            self._mark = None

    def _checked_end(self) -> int:
        """The durable end; a position beyond it means that another log was put in place of ours."""
        end = self.end
        if self.position > end and self._mark is not None and self._mark.ready and writer_alive(self._folder):
            raise UnavailableError(
                f"读取位置 {self.position} 超出日志 {self._folder} 的末尾 {end}：日志被替换或截断",
                f"position {self.position} lies beyond the end {end} of the log {self._folder}: "
                "the log was replaced or cut",
                code="log.position",
                kept=Text("日志与读取位置均未改动", "neither the log nor the position was changed"),
                todo=Text(
                    "恢复匹配的备份，或删除该消费者的位置文件",
                    "restore a matching backup, or delete this consumer's position file",
                ),
            )
        return end

    def _read_chunk(self, end: int, max_rows: int, bodies: dict[tuple[str, np.dtype[Any]], list[memoryview]]) -> int:
        """Collect whole records from one chunk of the current segment; returns the rows."""
        segment = self._open_segment()
        if self.position >= end:
            return 0
        offset = self.position - segment.base
        chunk = memoryview(os.pread(segment.descriptor, min(_CHUNK_BYTES, end - self.position), offset))
        if len(chunk) == 0:
            self._next_segment(segment)
            return 0
        rows = at = 0
        while at < len(chunk) and rows < max_rows:
            try:
                record = records.decode_record(chunk, at)
            except records.DamagedRecordError as error:
                raise DamagedLogError(self._folder, self.position) from error
            if record is None:
                if at == 0:
                    raise DamagedLogError(self._folder, self.position)
                break
            if record.stream != records.SCHEMA:
                self._check_known(segment, record.stream)
                bodies.setdefault(segment.stored[record.stream], []).append(record.body)
                rows += record.rows
            at += record.size
            self.position += record.size
        return rows

    def _next_segment(self, segment: _Segment) -> None:
        """Move to the segment behind ``segment``, which has no more to read."""
        following = min((base for base in list_segments(self._folder) if base > segment.base), default=None)
        if following is None or following < self.position:
            raise DamagedLogError(self._folder, self.position)
        start, self.position = self.position, following
        self._leave_segment()
        if following > start:
            self._skip(start, "lost by the writer")

    def _open_segment(self) -> _Segment:
        if self._segment is not None:
            return self._segment
        base = self._base_of(self.position)
        descriptor = os.open(segment_path(self._folder, base), os.O_RDONLY)
        try:
            stored = self._read_schema(descriptor, base)
        except BaseException:  # whatever stopped it: no segment holds the descriptor yet, so nobody would close it
            os.close(descriptor)
            raise
        self._segment = _Segment(base, descriptor, stored)
        return self._segment

    def _base_of(self, position: int) -> int:
        """The segment that holds ``position``; a position in removed segments moves to the oldest there is."""
        bases = list_segments(self._folder)
        before = [base for base in bases if base <= position]
        if before:
            return before[-1]
        if not bases:
            raise DamagedLogError(self._folder, position)
        self.position = bases[0]
        if position > 0:
            self._skip(position, "removed before it was read")
        return bases[0]

    def _read_schema(self, descriptor: int, base: int) -> list[tuple[str, np.dtype[Any]]]:
        try:
            first = records.decode_record(memoryview(os.pread(descriptor, _CHUNK_BYTES, 0)), 0)
        except records.DamagedRecordError as error:
            raise DamagedLogError(self._folder, base) from error
        if first is None or first.stream != records.SCHEMA:
            raise DamagedLogError(self._folder, base)
        return records.decode_schema(first.body)

    def _to_batches(self, bodies: dict[tuple[str, np.dtype[Any]], list[memoryview]]) -> list[Batch]:
        """One batch per stream; rows of segments with another row type are joined behind each other."""
        parts: dict[str, list[Batch]] = {}
        for (name, stored), found in bodies.items():
            parts.setdefault(name, []).append(records.decode_rows(self._streams[name], stored, found))
        return [Batch.concat(part) for part in parts.values()]

    def _check_known(self, segment: _Segment, number: int) -> None:
        if number >= len(segment.stored):
            raise DamagedLogError(self._folder, self.position)
        name = segment.stored[number][0]
        if name not in self._streams:
            raise UnavailableError(
                f"日志含有本版本未知的数据流 {name}，未读取",
                f"the log holds the stream {name}, which this version does not know; it was not read",
                code="log.unknown_stream",
                kept=Text("日志与读取位置均未改动", "neither the log nor the position was changed"),
                todo=Text("安装写入该日志的版本", "install the version that wrote this log"),
            )

    def _skip(self, start: int, reason: str) -> None:
        self.skipped_bytes += self.position - start
        _log.error("log %s: %d bytes at position %d %s", self._folder, self.position - start, start, reason)

    def _leave_segment(self) -> None:
        if self._segment is not None:
            os.close(self._segment.descriptor)
            self._segment = None
