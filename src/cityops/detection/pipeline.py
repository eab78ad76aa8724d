"""The pipeline (预警流水线): log → latest state → enrichment → kernels → alerts → snapshot, in one thread."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from cityops.detection.book import AlertBook
from cityops.detection.changes import Change, Finding
from cityops.detection.detector import AnyDetector, Array
from cityops.detection.entities import Overrides, no_overrides
from cityops.detection.episodes import Episode, last_of_each
from cityops.detection.observation import KEY_BITS, Enricher, Roads, SpeedLimits, overtaken, sort_and_merge
from cityops.detection.reevaluation import HistoryReader, Reevaluator, credible
from cityops.detection.snapshot import load_snapshot, save_snapshot
from cityops.detection.state import Memory
from cityops.detection.tuning import Tuning
from cityops.kit import BusyError, Clock, UnavailableError
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    DeviceRegister,
    LatestPositions,
    LogReader,
    PositionFile,
)

_log = logging.getLogger(__name__)


class Place(Protocol):
    """Where the roads are and what a point is called; ``places.City`` is one."""

    @property
    def network(self) -> Roads:
        """The road network."""
        ...

    def locate(self, lon: float, lat: float) -> Any:
        """A ``places.PlaceInfo``."""
        ...


@dataclass(frozen=True)
class Source:
    """One log, and the history that holds everything the log held."""

    name: str
    reader: LogReader
    history: HistoryReader


@dataclass(frozen=True)
class Settings:
    """Bounds and rhythms of the pipeline."""

    max_rows: int = 50_000
    send_changes: int = 500
    snapshot_every_s: float = 10.0
    reevaluate_every_s: float = 1.0
    reevaluate_batch: int = 128
    max_pending: int = 20_000
    max_late_s: int = 72 * 3600
    refresh_every_s: float = 5.0
    overrides_every_s: float = 60.0
    retry_after_s: float = 1.0
    idle_s: float = 0.05
    compiled: bool = True


DEFAULT: Final = Settings()
PLACE_FIELDS: Final = ("district_code", "district_name", "street_name", "community_name", "grid_code", "road_name")


def consumer_name(source: str) -> str:
    """Name under which the pipeline keeps its log position for the release of segments (``PositionFile``)."""
    return f"detection.{source}"


class Pipeline:
    """Runs detectors over logs. Start it in its own thread with ``run``; tests and tools call ``step``.

    What was read is never lost: alerts and the log position are one transaction, the snapshot is younger than
    neither, and what lies between snapshot and crash is read again with its alerts held back. It may be read in other
    portions than before; what arrived out of order is therefore re-evaluated, whatever the portions were.

    Args:
        sources: the logs; each is read from here only.
        detectors: what to run.
        city: roads and names of places; ``None`` leaves both unknown.
        limits: speed limits by road and vehicle class.
        register: who the terminals are.
        book: where alerts go.
        clock: time.
        state_folder: where the snapshot is kept.
        overrides: parameters of single vehicles, asked every minute.
        tuning: parameters of all, asked as often; None: those of ``detectors`` for good.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        detectors: Sequence[AnyDetector],
        *,
        city: Place | None,
        limits: SpeedLimits,
        register: DeviceRegister,
        book: AlertBook,
        clock: Clock,
        state_folder: Path,
        overrides: Callable[[], Overrides] = no_overrides,
        tuning: Tuning | None = None,
        settings: Settings = DEFAULT,
    ) -> None:
        self._sources = tuple(sources)
        self._city = city
        self._book = book
        self._clock = clock
        self._settings = settings
        self._state_folder = state_folder
        self._enricher = Enricher(None if city is None else city.network, limits)
        self._memory = Memory(detectors, register, overrides, tuning, compiled=settings.compiled)
        histories = [source.history for source in self._sources]
        self._reevaluator = Reevaluator(self._memory, book, histories, self._enricher, self._report)
        self._unsent: list[Change] = []
        self._resume: dict[str, int] = {}
        self._known_end: dict[str, int] = {}
        self._complete: dict[str, int] = {}
        self._started = False
        self._compared = False
        self._counts: Counter[str] = Counter()
        self._last_s = {"snapshot": 0.0, "reevaluate": -1e9, "refresh": -1e9, "overrides": 0.0}

    @property
    def latest(self) -> LatestPositions:
        """The latest position of every vehicle; safe to read from other threads."""
        return self._memory.latest

    def metrics(self) -> dict[str, float]:
        """Counters since the start, and what waits at this moment. Safe to call from other threads.

        ``lag_bytes`` counts what a step under way works on. No lag, then nothing pending, then nothing unsent, looked
        at in this order: the alert book is complete.
        """
        gauges = {
            "entities": len(self._memory.entities),
            "lag_bytes": self._lag_bytes(),
            "pending_reevaluations": len(self._memory.pending),
            "unsent_changes": len(self._unsent),
            "silence_suppressed": sum(silence.suppressed for silence in self._memory.silences),
        }
        return {**{name: float(count) for name, count in dict(self._counts).items()}, **gauges}

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set; then keep a snapshot. Waits and tries again when a part is unavailable.

        Kernels are compiled beside it, so that the map moves and alerts are found from the first moment.
        """
        for runner in self._memory.runners:
            runner.ready = False
        compiler = threading.Thread(target=self._memory.compile_kernels, args=(stop,), name="compile-kernels")
        compiler.start()
        try:
            while not stop.is_set():
                self._step_or_wait(stop)
            self.snapshot()
        finally:
            compiler.join()

    def _step_or_wait(self, stop: threading.Event) -> None:
        try:
            rows = self.step()
        except (BusyError, UnavailableError) as error:
            self._counts["retries"] += 1
            _log.warning("detection waits: %s", error)
            stop.wait(self._settings.retry_after_s)
            return
        if rows == 0:
            stop.wait(self._settings.idle_s)

    def step(self) -> int:
        """Read what is there, judge it, write the alerts. Returns the rows read (0: nothing new).

        Raises:
            BusyError, UnavailableError: store, log or history are not available; nothing is lost, call again.
        """
        if not self._started:
            self._start()
        if not self._resume and not self._compared:
            self._compare_open()
        self._send()
        rows = self._read_and_judge()
        if self._compared:
            self._reevaluate()
            if rows == 0:
                self._watch_silence()
            self._send()
        if self._due("snapshot", self._settings.snapshot_every_s):
            self.snapshot()
        if self._compared:
            self._complete = self._positions()
        return rows

    def _lag_bytes(self) -> int:
        """Bytes behind the last complete step; before the first one everything there ever was."""
        return sum(max(0, source.reader.end - self._complete.get(source.name, 0)) for source in self._sources)

    def snapshot(self) -> None:
        """Keep the state on disk, unless changes wait to be written. A full disk is logged and counted."""
        if not self._started or self._unsent:
            return
        positions = self._positions()
        try:
            save_snapshot(self._state_folder / "detection.npz", self._memory.snapshot(positions))
            for name, position in positions.items():
                PositionFile(self._state_folder, consumer_name(name)).save(position)
            self._counts["snapshots"] += 1
        except OSError as error:
            self._counts["snapshot_failures"] += 1
            _log.error("the snapshot of detection could not be kept: %s; the old one stays", error)

    def _start(self) -> None:
        """Load the snapshot and learn up to where alerts are complete already."""
        memory = self._memory
        memory.refresh(overrides=True)
        progress = self._book.progress()
        snapshot = load_snapshot(self._state_folder / "detection.npz")
        if snapshot is not None:
            positions = memory.restore(snapshot, self._clock.now_ms())
            memory.entities.forget_answers()
            memory.refresh(overrides=True)
        else:
            positions = {source.name: progress.get(source.name, 0) for source in self._sources}
            if any(positions.values()):
                memory.want_rebuilt(self._clock.now_ms())
        for source in self._sources:
            source.reader.position = positions.get(source.name, 0)
            self._known_end[source.name] = source.reader.end
            if progress.get(source.name, 0) > source.reader.position:
                self._resume[source.name] = progress[source.name]
        self._last_s["snapshot"] = self._clock.monotonic_s()
        self._started = True

    def _positions(self) -> dict[str, int]:
        return {source.name: source.reader.position for source in self._sources}

    def _read_and_judge(self) -> int:
        """One read of every log. Returns the rows."""
        replaying = bool(self._resume)
        if not replaying and len(self._memory.pending) >= self._settings.max_pending:
            self._counts["paused_steps"] += 1
            return 0
        batches: list[Batch] = []
        known = False
        for source in self._sources:
            known |= source.reader.position < self._known_end[source.name]
            if not replaying:
                batches += source.reader.read(self._settings.max_rows)
            elif source.name in self._resume:
                batches += source.reader.read(self._settings.max_rows, until=self._resume[source.name])
                if source.reader.position >= self._resume[source.name]:
                    del self._resume[source.name]
        changes = self._judge(batches, known=known)
        self._counts["replayed_changes" if replaying else "changes"] += len(changes)
        if not replaying:
            self._unsent += changes
        return sum(batch.rows for batch in batches)

    def _judge(self, batches: Sequence[Batch], *, known: bool) -> list[Change]:
        """Latest state, enrichment, kernels. Returns what the alert book should know.

        ``known``: a process before this one may have judged some of it already, in other portions.
        """
        memory, entities = self._memory, self._memory.entities
        parts = []
        changes: list[Change] = []
        for raw in batches:
            if raw.stream.name not in (VEHICLE_POSITION.name, VEHICLE_SAFETY_ALARM.name):
                continue
            self._counts["rows"] += raw.rows
            mask = credible(raw)
            batch = raw if mask.all() else raw.take(mask)
            self._counts["clock_ahead"] += raw.rows - batch.rows
            devices = np.unique(batch.columns["device"])
            # One never met is asked for at once: judged as another class of vehicle, its first hours would be wrong.
            if not entities.has_met(devices) or (not entities.knows(devices) and self._due("refresh", 1.0)):
                memory.refresh()
            entity = entities.indices(batch.columns["device"])
            memory.reserve()
            classes = entities.classes[entity]
            if batch.stream.name == VEHICLE_SAFETY_ALARM.name:
                parts.append(self._enricher.alarms(batch, entity, classes))
                continue
            memory.latest.apply(batch)
            parts.append(self._enricher.positions(batch, entity, classes))
            for silence in memory.silences:
                changes += [self._report(silence.detector, {}, *ended) for ended in silence.hear(batch, entity)]
        if known:
            self._note_late(overtaken(parts))
        rows, repeated = sort_and_merge(parts)
        fresh, late = memory.arrivals.classify(rows)
        self._counts["duplicates"] += repeated + int((~fresh & ~late).sum())
        self._note_late(rows[late])
        return changes + self._run_kernels(rows[fresh])

    def _note_late(self, rows: Array) -> None:
        """Have vehicles with late data re-evaluated; what is older than ``max_late_s`` is counted and left alone."""
        newest_ms = self._memory.arrivals.last_key[rows["entity"]] >> KEY_BITS
        usable = rows["event_ms"] >= newest_ms - self._settings.max_late_s * 1000
        self._counts["too_late"] += int((~usable).sum())
        self._counts["late"] += int(usable.sum())
        for entity, event_ms in zip(rows["entity"][usable].tolist(), rows["event_ms"][usable].tolist(), strict=True):
            self._memory.want(entity, event_ms)

    def _run_kernels(self, rows: Array) -> list[Change]:
        changes: list[Change] = []
        for runner in self._memory.runners:
            transitions, states = runner.run(rows)
            self._counts["transitions"] += len(transitions)
            for entity, episode in last_of_each(transitions, states, runner.detector.evidence):
                changes.append(self._report(runner.detector, runner.params_of(entity), entity, episode))
        return changes

    def _report(self, detector: AnyDetector, params: Mapping[str, float], entity: int, episode: Episode) -> Finding:
        """A finding with the name of the place where it was raised."""
        place: dict[str, Any] | None = None
        if episode.raised_at is not None:
            lon, lat = episode.raised_at
            info = None if self._city is None else self._city.locate(lon, lat)
            place = {"lon": lon, "lat": lat, **{name: getattr(info, name, "") or None for name in PLACE_FIELDS}}
        return Finding(detector, self._memory.entities.subjects[entity], episode, params, place)

    def _compare_open(self) -> None:
        """After a start, compare what book and memory hold open; differences are computed anew."""
        memory = self._memory
        for runner in memory.runners:
            detector = runner.detector
            alerts = self._book.open_alerts(detector.scene, detector.id)
            stored = {(memory.entities.index(alert.device), alert.start_ms, alert.version) for alert in alerts}
            memory.reserve()
            opened = np.flatnonzero(runner.tracks["peak"] > 0).tolist()
            held = {(number, int(runner.tracks["start_ms"][number]), detector.version) for number in opened}
            for number, start_ms, _ in stored ^ held:
                memory.want(number, start_ms)
                self._counts["open_differences"] += 1
        for silence in memory.silences:
            alerts = self._book.open_alerts(silence.detector.scene, silence.detector.id)
            ended = silence.resume([(memory.entities.index(alert.device), alert) for alert in alerts])
            self._unsent += [self._report(silence.detector, {}, *found) for found in ended]
        self._compared = True

    def _reevaluate(self) -> None:
        """Re-evaluate some of the vehicles that wait, at most once a second."""
        memory = self._memory
        if not memory.pending or not self._due("reevaluate", self._settings.reevaluate_every_s):
            return
        self._send()
        batch = list(memory.pending)[: self._settings.reevaluate_batch]
        changes = self._reevaluator.run(batch)
        self._unsent += changes
        self._counts["reevaluations"] += len(batch)
        for number in batch:
            del memory.pending[number]
            memory.rebuild.discard(number)

    def _watch_silence(self) -> None:
        """Ask who is silent, once everything that arrived was read."""
        if any(source.reader.end > source.reader.position for source in self._sources):
            return
        if self._due("refresh", self._settings.refresh_every_s):
            self._memory.refresh(overrides=self._due("overrides", self._settings.overrides_every_s))
        now_ms = self._clock.now_ms()
        for silence in self._memory.silences:
            self._unsent += [self._report(silence.detector, {}, *found) for found in silence.check(now_ms)]

    def _send(self) -> None:
        """Write the changes, and with the last of them the log positions; on failure the rest stays, reading pauses.

        In transactions of ``send_changes``, so that people's writes need not wait for thousands of alerts.
        """
        size = self._settings.send_changes
        while self._unsent:
            some, rest = self._unsent[:size], self._unsent[size:]
            applied = self._book.apply(some, {} if rest else self._positions())
            self._unsent = rest
            for name, count in vars(applied).items():
                self._counts[name] += count

    def _due(self, what: str, every_s: float) -> bool:
        """Whether ``every_s`` have passed since this was last due."""
        now_s = self._clock.monotonic_s()
        if now_s - self._last_s[what] < every_s:
            return False
        self._last_s[what] = now_s
        return True
