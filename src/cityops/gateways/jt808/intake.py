"""Collect, decode, store, answer: the one path on which observations become durable (接入主链路).

    chunks of all connections ─► (10–20 ms) ─► decode ─► WGS-84 ─► plausible? ─► log.append ─► answers 0x8001

One batch is under way at a time, in a thread; the event loop reads on meanwhile. An answer leaves only after the
append returned, so a process killed at any point loses nothing that was acknowledged. When more waits than the bound
allows, no socket is read until the disk has caught up.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cityops.gateways.jt808.batch import Decoded, Sessions, decode_chunks, write_replies
from cityops.gateways.jt808.columns import Columns, Rows, alarm_columns, position_columns
from cityops.gateways.jt808.safety import AlarmLabel
from cityops.kit import CityOpsError, Clock, CoordinateSystem, to_wgs84
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    DeadLetters,
    Log,
    Stream,
    split_plausible,
)

_log = logging.getLogger(__name__)

MAX_LETTERS = 100
"""Dead letters written of one batch; the rest of the batch's refused rows are counted."""


class Owner(Protocol):
    """A connection, as far as the intake knows it."""

    slot: int

    def take_replies(self, data: bytes) -> None:
        """Send answers."""
        ...

    def take_frame(self, segment: bytes) -> None:
        """A frame that the batch decoder leaves to the reference decoder."""
        ...

    def take_attachments(self, label: AlarmLabel, system: int, kind: int, event_ms: int) -> None:
        """A stored alarm announces files."""
        ...

    def chunk_done(self) -> None:
        """One of its chunks has been dealt with."""
        ...


@dataclass(frozen=True)
class ExtraRows:
    """Rows that the reference decoder made, and whom to tell whether they were stored."""

    rows: Rows
    done: Callable[[bool], None]


@dataclass
class _Load:
    """What has been collected for one batch."""

    chunks: list[bytes] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    received_ms: list[int] = field(default_factory=list)
    extras: list[ExtraRows] = field(default_factory=list)
    size: int = 0
    first_s: float = 0.0


@dataclass(frozen=True)
class _Outcome:
    """What became of one batch."""

    decoded: Decoded
    slots: NDArray[np.int32]
    stored: bool
    refused_rows: int
    stored_rows: int
    announced: list[int]


@dataclass
class IntakeCounters:
    """Since start."""

    batches: int = 0
    stored_rows: int = 0
    refused_rows: int = 0
    failed_batches: int = 0
    acks: int = 0
    pauses: int = 0
    peak_queue_bytes: int = 0


class Intake:
    """Batches of all connections, one at a time.

    Args:
        sessions: what the compiled decoder knows of every connection.
        log: where observations become durable; ``append`` is called in a thread.
        dead_letters: where implausible rows go.
        clock: says what is plausible now.
        flush_s: how long to collect.
        flush_bytes: enough to begin at once.
        max_queue_bytes: bound of what waits.
        pause: stop reading all sockets; ``resume``: read again.
        failed: told of a bug in a batch, which nobody can handle here.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        log: Log,
        dead_letters: DeadLetters,
        clock: Clock,
        flush_s: float,
        flush_bytes: int,
        max_queue_bytes: int,
        pause: Callable[[], None],
        resume: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._sessions = sessions
        self._log = log
        self._dead_letters = dead_letters
        self._clock = clock
        self._flush_s = flush_s
        self._flush_bytes = flush_bytes
        self._max_queue_bytes = max_queue_bytes
        self._pause = pause
        self._resume = resume
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="jt808-log")
        self._load = _Load()
        self._under_way = 0
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.full = False
        self.counters = IntakeCounters()

    @property
    def queue_bytes(self) -> int:
        """Received and not yet answered."""
        return self._load.size + self._under_way

    def add(self, owner: Owner, chunk: bytes, received_ms: int) -> None:
        """Take whole frames of one connection."""
        load = self._load
        load.chunks.append(chunk)
        load.owners.append(owner)
        load.received_ms.append(received_ms)
        self._grown(len(chunk))

    def add_rows(self, extra: ExtraRows, size: int) -> None:
        """Take rows of ``size`` received bytes that are decoded already."""
        self._load.extras.append(extra)
        self._grown(size)

    async def drain(self) -> None:
        """Wait until everything taken so far is stored and answered."""
        if not self._busy:
            self._flush()
        await self._idle.wait()

    async def close(self) -> None:
        """Drain, and end the thread."""
        await self.drain()
        self._executor.shutdown(wait=True)

    def _grown(self, size: int) -> None:
        """Called for every chunk of every terminal: it does as little as it can."""
        load = self._load
        if load.first_s == 0.0:
            load.first_s = self._loop.time()
            self._idle.clear()
        load.size += size
        waiting = load.size + self._under_way
        if waiting > self.counters.peak_queue_bytes:
            self.counters.peak_queue_bytes = waiting
        if waiting >= self._max_queue_bytes and not self.full:
            self.full = True
            self.counters.pauses += 1
            _log.warning("%d bytes wait to be stored: no terminal is read until the disk has caught up", waiting)
            self._pause()
        if not self._busy and (self._timer is None or load.size >= self._flush_bytes):
            self._schedule()

    def _schedule(self) -> None:
        load = self._load
        if load.size >= self._flush_bytes:
            self._flush()
        elif self._timer is None:
            wait_s = max(load.first_s + self._flush_s - self._loop.time(), 0.0)
            self._timer = self._loop.call_later(wait_s, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        load = self._load
        if not load.chunks and not load.extras:
            self._idle.set()
            return
        self._load = _Load()
        self._busy = True
        self._under_way = load.size
        future = self._loop.run_in_executor(self._executor, self._store, load)
        future.add_done_callback(lambda done: self._finish(load, done))

    def _store(self, load: _Load) -> _Outcome:
        """In the thread: decode, convert, judge, append."""
        slots = np.fromiter((owner.slot for owner in load.owners), np.int32, len(load.owners))
        decoded = decode_chunks(load.chunks, slots, np.array(load.received_ms, np.int64), self._sessions)
        positions = [_batch(VEHICLE_POSITION, decoded.positions)]
        alarms = [_batch(VEHICLE_SAFETY_ALARM, decoded.alarms, self._sessions.system[slots[decoded.labels["chunk"]]])]
        for extra in load.extras:
            positions.append(_batch(VEHICLE_POSITION, position_columns(extra.rows)))
            systems = np.array(extra.rows.systems, np.uint8)
            alarms.append(_batch(VEHICLE_SAFETY_ALARM, alarm_columns(extra.rows), systems))
        batches = [Batch.concat(positions), Batch.concat(alarms)]
        stored, refused = True, 0
        good: list[Batch] = []
        try:
            for batch in batches:
                kept, out = self._judge(batch)
                good.append(kept)
                refused += out
            if any(batch.rows for batch in good):
                self._log.append([batch for batch in good if batch.rows])
        except CityOpsError as error:
            stored = False
            _log.error("nothing of %d rows was stored, terminals are told so: %s", _rows(batches), error.text.en)
        announced = _announced(decoded, good[1]) if stored else []
        return _Outcome(decoded, slots, stored, refused, _rows(good) if stored else 0, announced)

    def _judge(self, batch: Batch) -> tuple[Batch, int]:
        """The plausible rows, and how many others there were; those go to the dead letters first."""
        now_ms = self._clock.now_ms()
        kept, refused = split_plausible(batch, now_ms)
        count = written = 0
        for part in refused:
            count += part.batch.rows
            for row in part.batch.to_struct()[: MAX_LETTERS - written]:
                values = dict(zip(batch.stream.names, (_plain(value) for value in row.tolist()), strict=True))
                raw = json.dumps(values).encode()
                self._dead_letters.append(part.reason, f"jt808 device {values['device']}", raw, now_ms)
                written += 1
        if written:
            self._dead_letters.sync()
        return kept, count

    def _finish(self, load: _Load, done: asyncio.Future[_Outcome]) -> None:
        """On the loop: answers, frames left over, then the next batch."""
        error = done.exception()
        if error is not None:
            self._failed(error)
            return
        outcome = done.result()
        self._count(outcome)
        out, bounds = write_replies(
            outcome.decoded.acks, len(load.chunks), outcome.slots, self._sessions, failed=not outcome.stored
        )
        edges = bounds.tolist()
        for index, owner in enumerate(load.owners):
            if edges[index + 1] > edges[index]:
                owner.take_replies(bytes(out[edges[index] : edges[index + 1]]))
        for chunk, segment in outcome.decoded.others:
            load.owners[chunk].take_frame(segment)
        for row in outcome.announced:
            _announce(load.owners, outcome.decoded, row)
        for extra in load.extras:
            extra.done(outcome.stored)
        for owner in load.owners:
            owner.chunk_done()
        self._busy = False
        self._under_way = 0
        if self.full and self.queue_bytes < self._max_queue_bytes // 2:
            self.full = False
            self._resume()
        if self._load.chunks or self._load.extras:
            self._schedule()
        else:
            self._idle.set()

    def _count(self, outcome: _Outcome) -> None:
        counters = self.counters
        counters.batches += 1
        counters.failed_batches += not outcome.stored
        counters.stored_rows += outcome.stored_rows
        counters.refused_rows += outcome.refused_rows
        counters.acks += len(outcome.decoded.acks)


def _batch(stream: Stream, columns: Columns, systems: NDArray[np.uint8] | None = None) -> Batch:
    """Columns in the terminals' own systems as a batch in WGS-84."""
    source = columns["source_system"] if systems is None else systems
    for system in (CoordinateSystem.GCJ02, CoordinateSystem.BD09):
        mask = source == system
        if mask.any():
            columns["lon"][mask], columns["lat"][mask] = to_wgs84(columns["lon"][mask], columns["lat"][mask], system)
    return Batch(stream, columns)


def _rows(batches: list[Batch]) -> int:
    return sum(batch.rows for batch in batches)


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, bytes):
        return value.hex()
    return None if value != value else value


def _announced(decoded: Decoded, kept: Batch) -> list[int]:
    """Rows of the decoded alarms that announce files and were stored."""
    rows = np.flatnonzero(decoded.alarms["attachments"])
    if not rows.size:
        return []
    times = set(kept.columns["event_ms"].tolist())
    return [int(row) for row in rows if int(decoded.alarms["event_ms"][row]) in times]


def _announce(owners: list[Owner], decoded: Decoded, row: int) -> None:
    alarms = decoded.alarms
    chunk, raw, size = decoded.labels[row]
    label = AlarmLabel.decode(raw[:size].tobytes())
    owner = owners[int(chunk)]
    owner.take_attachments(label, int(alarms["system"][row]), int(alarms["kind"][row]), int(alarms["event_ms"][row]))
