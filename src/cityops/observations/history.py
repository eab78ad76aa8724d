"""History (历史数据): Parquet files by stream and event hour, written idempotently, read without duplicates."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cityops.kit import Text, UnavailableError
from cityops.observations.batch import Batch
from cityops.observations.frames import polars_schema, tidy, to_batch, to_frame
from cityops.observations.segments import disk_reason, make_folder, sync_folder, write_file
from cityops.observations.streams import Stream

HOUR_MS: Final = 3_600_000
MAX_FILES: Final = 8
# Beyond this a file is left alone: merging it again would cost more memory and time than reading it apart.
MERGED_BYTES: Final = 64 * 1024 * 1024
# Small enough that a look for a few vehicles touches few rows of an hour sorted by vehicle.
_ROW_GROUP_ROWS: Final = 8_192
# China has kept one time zone without daylight saving since 1992; a fixed offset keeps the folders unambiguous.
_SHANGHAI_OFFSET_MS: Final = 8 * HOUR_MS
_READ_TRIES: Final = 20
_LAST_HOUR: Final = 2_016_245  # in the year 2200


class History:
    """History below ``folder``: ``<stream>/<YYYY-MM-DD>/<HH>/<token>.parquet``, hours in Asia/Shanghai.

    Reading is safe from any thread; changes take turns. One process changes a history at a time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def write(self, batch: Batch, *, token: str) -> int:
        """Store ``batch`` durably; files that ``token`` made before are left as they are. Returns the new files.

        Args:
            batch: observations in any order and of any hours.
            token: names this batch; the same token must always come with the same rows.

        Raises:
            UnavailableError: the disk is full or failing; writing again with the same token completes the batch.
        """
        stream = batch.stream
        order = np.lexsort((batch.columns["received_ms"], batch.columns["event_ms"], batch.columns[stream.key]))
        hours = _hours(batch.columns["event_ms"])[order]
        written = 0
        with self._lock:
            for hour in np.unique(hours).tolist():
                path = self._hour_folder(stream, hour) / f"{token}.parquet"
                if path.exists():
                    sync_folder(path.parent)  # the process that made it may have died before it did this
                else:
                    _write_frame(path, to_frame(batch.take(order[hours == hour])))
                    written += 1
        return written

    def read(
        self,
        stream: Stream,
        *,
        keys: Collection[int] | None,
        from_ms: int,
        to_ms: int,
        columns: Collection[str] | None = None,
    ) -> Batch:
        """Observations with ``from_ms <= event_ms < to_ms``, sorted by key and event time, without duplicates.

        Args:
            stream: what to read.
            keys: only these devices; ``None`` for all.
            from_ms: first event time.
            to_ms: event time behind the last one.
            columns: only these (and those that tell duplicates apart); the batch then is of ``stream.select(columns)``.
        """
        wanted = stream if columns is None else stream.select(columns)
        return to_batch(tidy(self.read_frame(wanted, keys=keys, from_ms=from_ms, to_ms=to_ms), wanted), wanted)

    def read_frame(self, stream: Stream, *, keys: Collection[int] | None, from_ms: int, to_ms: int) -> pl.DataFrame:
        """As ``read``, but as stored: unsorted and with duplicates."""
        schema = polars_schema(stream)
        condition = pl.col("event_ms").is_between(from_ms, to_ms, closed="left")
        if keys is not None:
            condition &= pl.col(stream.key).is_in(sorted(keys))
        for _ in range(_READ_TRIES):
            files = [path for hour in self.hours(stream, from_ms, to_ms) for path in self._files(stream, hour)]
            if not files or (keys is not None and not keys):
                break
            try:
                return (
                    pl.scan_parquet(files, schema=schema, missing_columns="insert", extra_columns="ignore", glob=False)
                    .filter(condition)
                    .collect()
                )
            except FileNotFoundError:
                continue  # merged or expired since it was listed: list again
        else:
            raise UnavailableError(
                f"历史数据 {stream.name} 正在整理，未能读取",
                f"the history of {stream.name} kept changing while it was read",
                code="history.changing",
                kept=Text("数据未受影响", "the data are untouched"),
                todo=Text("稍后重试", "try again shortly"),
            )
        return pl.DataFrame(schema=schema)

    def compact(self, stream: Stream, *, from_ms: int, to_ms: int, max_files: int = MAX_FILES) -> int:
        """Merge the small files of every hour that has more than ``max_files`` of them. Returns the hours merged.

        A crash in between leaves rows twice at most, which reading removes and the next merge cleans up.
        """
        merged = 0
        for hour in self.hours(stream, from_ms, to_ms):
            with self._lock:
                small = [path for path in self._files(stream, hour) if path.stat().st_size < MERGED_BYTES]
                if len(small) > max_files:
                    self._merge(stream, sorted(small, key=lambda path: (path.stat().st_size, path.name)))
                    merged += 1
        return merged

    def delete_before(self, stream: Stream, at_ms: int) -> int:
        """Delete the hours that end at or before ``at_ms``. Returns how many were deleted."""
        deleted = 0
        for hour in list(self.hours(stream, -(2**62), at_ms)):
            if (hour + 1) * HOUR_MS - _SHANGHAI_OFFSET_MS > at_ms:
                continue
            folder = self._hour_folder(stream, hour)
            with self._lock:
                for path in folder.iterdir():
                    path.unlink()
                folder.rmdir()
                sync_folder(folder.parent)
                if not any(folder.parent.iterdir()):
                    folder.parent.rmdir()
            deleted += 1
        return deleted

    def hours(self, stream: Stream, from_ms: int, to_ms: int) -> Iterator[int]:
        """The stored hours (numbers counted from 1970-01-01 00:00 in Asia/Shanghai) that meet the interval."""
        first, last = _hour(from_ms), _hour(to_ms - 1)
        for day in _names(self._folder / stream.name):
            start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
            number = int(start.timestamp()) // 3600
            if number + 24 > first and number <= last:
                for hour in _names(self._folder / stream.name / day):
                    if first <= number + int(hour) <= last:
                        yield number + int(hour)

    def _hour_folder(self, stream: Stream, hour: int) -> Path:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        return self._folder / stream.name / moment.strftime("%Y-%m-%d") / moment.strftime("%H")

    def _files(self, stream: Stream, hour: int) -> list[Path]:
        folder = self._hour_folder(stream, hour)
        return [folder / name for name in _names(folder) if name.endswith(".parquet")]

    def _merge(self, stream: Stream, files: list[Path]) -> None:
        """Replace ``files`` of one hour (smallest first) by one file, as far as that stays within bounds."""
        total, chosen = 0, []
        for path in files:
            total += path.stat().st_size
            if total > 2 * MERGED_BYTES:
                break
            chosen.append(path)
        schema = polars_schema(stream)
        frame = pl.scan_parquet(
            sorted(chosen), schema=schema, missing_columns="insert", extra_columns="ignore", glob=False
        ).collect()
        name = hashlib.sha256("\n".join(path.name for path in sorted(chosen)).encode()).hexdigest()[:24]
        _write_frame(files[0].with_name(f"merged-{name}.parquet"), tidy(frame, stream))
        for path in chosen:
            path.unlink()
        sync_folder(files[0].parent)


def enforce_retention(history: History, streams: Collection[Stream], now_ms: int) -> int:
    """Delete history older than each stream's ``retention_days`` (数据留存期). Returns the hours deleted.

    Whole hours are deleted, so an observation stays at most one hour longer than its days.
    """
    day_ms = 24 * HOUR_MS
    return sum(history.delete_before(stream, now_ms - stream.retention_days * day_ms) for stream in streams)


def _hours(event_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """The hour folder of each row; a nonsensical time goes to the first or last folder rather than nowhere."""
    hours: NDArray[np.int64] = event_ms // HOUR_MS + _SHANGHAI_OFFSET_MS // HOUR_MS
    return np.clip(hours, 0, _LAST_HOUR)


def _hour(at_ms: int) -> int:
    return min(max(at_ms // HOUR_MS + _SHANGHAI_OFFSET_MS // HOUR_MS, 0), _LAST_HOUR)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write_frame(path: Path, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    try:
        make_folder(path.parent)
        write_file(path, buffer.getbuffer())
    except OSError as error:
        reason = disk_reason(error)
        raise UnavailableError(
            f"历史文件 {path} 写入失败：{reason.zh}",
            f"the history file {path} could not be written: {reason.en}",
            code="history.unavailable",
            kept=Text("数据仍在日志中", "the data are still in the log"),
            todo=Text("清理磁盘空间后会自动重试", "free disk space; it is tried again by itself"),
        ) from error
