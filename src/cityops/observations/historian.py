"""From the log to history: the historian writes it, the view reads both as one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from cityops.kit import Clock, Text, UnavailableError
from cityops.observations.batch import Batch
from cityops.observations.frames import tidy, to_batch, to_frame
from cityops.observations.history import HOUR_MS, History
from cityops.observations.positions import PositionFile
from cityops.observations.reader import LogReader
from cityops.observations.segments import disk_reason
from cityops.observations.streams import STREAMS, Stream

MAX_ROWS: Final = 500_000
EVERY_S: Final = 60.0
MAX_BYTES: Final = 32 * 1024 * 1024
_TIDY_HOURS: Final = 48


class Historian:
    """Moves observations from a log into history, exactly once (归档).

    Before it writes, it keeps the interval of the log it is about to move; after a crash it moves that very interval
    again under the same token, so that files written already are found and left alone.

    Args:
        reader: follows the log; used by this historian alone. It is set to the kept position.
        history: where the rows go.
        progress: the position file, for example ``PositionFile(state, "history")``.
        clock: says when ``every_s`` have passed.
        source: names the log within tokens; give every log its own.
        every_s: write at the latest after so many seconds …
        max_bytes: … or when so many bytes of the log wait.
        max_rows: rows of one interval.
        streams: the streams whose files are kept few.
    """

    def __init__(
        self,
        reader: LogReader,
        history: History,
        progress: PositionFile,
        clock: Clock,
        *,
        source: str,
        every_s: float = EVERY_S,
        max_bytes: int = MAX_BYTES,
        max_rows: int = MAX_ROWS,
        streams: Collection[Stream] = STREAMS,
    ) -> None:
        self._reader = reader
        self._history = history
        self._progress = progress
        self._clock = clock
        self._source = source
        self._every_s = every_s
        self._max_bytes = max_bytes
        self._max_rows = max_rows
        self._streams = tuple(streams)
        self._last_s = clock.monotonic_s()
        self._tidied_hour = -1
        self._touched: dict[str, set[int]] = {}
        self._pending = progress.load().pending
        reader.position = progress.load().position

    def step(self) -> int:
        """Move one interval when it is time to. Returns the rows moved, 0 when there was nothing to do.

        Raises:
            UnavailableError: the disk is full or failing. Nothing is lost; call again.
        """
        waiting = self._reader.end - self._reader.position
        due = self._clock.monotonic_s() - self._last_s >= self._every_s or waiting >= self._max_bytes
        if self._pending is None and (waiting <= 0 or not due):
            return 0
        return self.flush()

    def flush(self) -> int:
        """Move one interval (at most about ``max_rows``) now. Returns the rows moved, 0 at the end of the log."""
        start, until = self._reader.position, self._pending
        batches = self._reader.read(max_rows=2**62 if until is not None else self._max_rows, until=until)
        end = self._reader.position
        try:
            if until is None and end > start:
                self._save(start, pending=end)
            for batch in batches:
                self._history.write(batch, token=f"{self._source}-{start:020d}-{end:020d}")
                self._note(batch)
            if end > start or until is not None:
                self._save(end)
        except BaseException:  # whatever stopped it: these rows are not moved, a later step takes them again
            self._reader.position, self._pending = start, self._progress.load().pending
            raise
        self._pending = None
        if end >= self._reader.end:
            self._last_s = self._clock.monotonic_s()
        self._keep_files_few()
        return sum(batch.rows for batch in batches)

    def _save(self, position: int, pending: int | None = None) -> None:
        try:
            self._progress.save(position, pending=pending)
        except OSError as error:
            reason = disk_reason(error)
            raise UnavailableError(
                f"归档位置未能保存：{reason.zh}",
                f"the historian's position could not be saved: {reason.en}",
                code="history.unavailable",
                kept=Text("数据仍在日志中", "the data are still in the log"),
                todo=Text("清理磁盘空间后会自动重试", "free disk space; it is tried again by itself"),
            ) from error

    def _note(self, batch: Batch) -> None:
        hours = np.unique(batch.columns["event_ms"] // HOUR_MS).tolist()
        self._touched.setdefault(batch.stream.name, set()).update(hours)

    def _keep_files_few(self) -> None:
        """Merge small files of the hours just written; once an hour, close the hours of the last two days."""
        for stream in self._streams:
            for hour in self._touched.get(stream.name, ()):
                self._history.compact(stream, from_ms=hour * HOUR_MS, to_ms=(hour + 1) * HOUR_MS)
        self._touched.clear()
        now_hour = self._clock.now_ms() // HOUR_MS
        if now_hour > self._tidied_hour:
            self._tidied_hour = now_hour
            for stream in self._streams:
                first_ms, last_ms = (now_hour - _TIDY_HOURS) * HOUR_MS, (now_hour - 1) * HOUR_MS
                self._history.compact(stream, from_ms=first_ms, to_ms=last_ms, max_files=1)


class HistoryView:
    """History and the end of the log that is not in it yet, read as one. Safe between threads.

    Args:
        history: what the historian has written.
        log_folder: the log (one writer's) it reads from.
        progress: the historian's position file.
    """

    def __init__(self, history: History, log_folder: Path, progress: PositionFile) -> None:
        self._history = history
        self._log_folder = log_folder
        self._progress = progress

    def read(
        self,
        stream: Stream,
        *,
        keys: Collection[int] | None,
        from_ms: int,
        to_ms: int,
        columns: Collection[str] | None = None,
    ) -> Batch:
        """As ``History.read``, up to the last durable observation.

        Raises:
            DamagedLogError: the end of the log is damaged.
            UnavailableError: the history or the log cannot be read now.
        """
        wanted = stream if columns is None else stream.select(columns)
        # The end of the log first: what the historian moves meanwhile is then found twice rather than never.
        recent = self._read_log(stream, wanted, keys, from_ms, to_ms)
        stored = self._history.read_frame(wanted, keys=keys, from_ms=from_ms, to_ms=to_ms)
        return to_batch(tidy(pl.concat([stored, *recent]), wanted), wanted)

    def _read_log(
        self, stream: Stream, wanted: Stream, keys: Collection[int] | None, from_ms: int, to_ms: int
    ) -> list[pl.DataFrame]:
        reader = LogReader(self._log_folder, position=self._progress.load().position)
        frames = []
        end = reader.end  # what comes in while reading is left to the next reading
        try:
            while reader.position < end:
                for batch in reader.read(until=end):
                    if batch.stream.name != stream.name:
                        continue
                    event_ms = batch.columns["event_ms"]
                    mask = (event_ms >= from_ms) & (event_ms < to_ms)
                    if keys is not None:
                        mask &= np.isin(batch.columns[stream.key], sorted(keys))
                    rows = batch.take(mask)
                    frames.append(to_frame(Batch(wanted, {name: rows.columns[name] for name in wanted.names})))
        finally:
            reader.close()
        return frames
