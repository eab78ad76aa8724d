"""Late data (迟到数据): compute a vehicle's episodes anew from history and compare them with the alerts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from cityops.detection.book import AlertBook
from cityops.detection.changes import Finding, Reevaluation
from cityops.detection.detector import AnyDetector, Array
from cityops.detection.episodes import Episode, last_of_each
from cityops.detection.observation import KEY_BITS, Enricher, sort_and_merge
from cityops.detection.runner import Runner
from cityops.detection.state import Memory
from cityops.kit import Text
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Batch, Stream

LATE: Final = Text("迟到数据到达后重新计算", "computed anew after late data arrived")
MAX_AHEAD_MS: Final = 300_000


class HistoryReader(Protocol):
    """Everything that is durable; ``observations.HistoryView`` and ``History`` are such."""

    def read(
        self,
        stream: Stream,
        *,
        keys: Collection[int] | None,
        from_ms: int,
        to_ms: int,
        columns: Collection[str] | None = None,
    ) -> Batch:
        """Rows with ``from_ms <= event_ms < to_ms`` of ``keys``."""
        ...


def credible(batch: Batch) -> Array:
    """Rows whose clock is not more than 5 min ahead of ours at arrival; one wrong clock must not make all else late."""
    mask: Array = batch.columns["event_ms"] <= batch.columns["received_ms"] + MAX_AHEAD_MS
    return mask


def read_rows(
    histories: Sequence[HistoryReader],
    enricher: Enricher,
    devices: Array,
    classes: Array,
    from_ms: int,
    to_ms: int,
) -> Array:
    """Kernel rows of ``devices`` from all histories; ``entity`` counts along ``devices``, which must be sorted.

    Args:
        histories: where to read.
        enricher: adds road, limit and time of day.
        devices: device numbers, sorted (i8).
        classes: vehicle class of every device (i8).
        from_ms: first event time.
        to_ms: event time behind the last row.
    """
    keys = [int(device) for device in devices]
    parts = []
    for history in histories:
        for stream, make in ((VEHICLE_POSITION, enricher.positions), (VEHICLE_SAFETY_ALARM, enricher.alarms)):
            batch = history.read(stream, keys=keys, from_ms=from_ms, to_ms=to_ms)
            batch = batch.take(credible(batch))
            local = np.searchsorted(devices, batch.columns["device"]).astype(np.int64)
            parts.append(make(batch, local, classes[local]))
    return sort_and_merge(parts)[0]


@dataclass(frozen=True)
class Reevaluator:
    """Re-evaluates the vehicles that wait for it.

    Args:
        report: makes a finding of (detector, parameters, entity, episode).
    """

    memory: Memory
    book: AlertBook
    histories: Sequence[HistoryReader]
    enricher: Enricher
    report: Callable[[AnyDetector, Mapping[str, float], int, Episode], Finding]

    def run(self, entities: Sequence[int]) -> list[Reevaluation]:
        """Compute the states of ``entities`` anew and say what their alerts should be.

        Raises:
            UnavailableError: history cannot be read now; nothing was changed.
        """
        memory = self.memory
        order = np.array(sorted(entities, key=lambda number: memory.entities.subjects[number].device), np.int64)
        devices = np.array([memory.entities.subjects[number].device for number in order], np.int64)
        begins = [self._begins(runner, order) for runner in memory.runners]
        if not begins:
            return []
        to_ms = int(memory.arrivals.last_key[order].max() >> KEY_BITS) + 1
        if any(int(number) in memory.rebuild for number in order):
            to_ms = 1 << 60
        from_ms = int(min(begin.min() for begin in begins))
        rows = read_rows(self.histories, self.enricher, devices, memory.entities.classes[order], from_ms, to_ms)
        rows = rows[self._seen(rows, order)]
        changes = []
        for runner, begin in zip(memory.runners, begins, strict=True):
            changes.extend(self._redo(runner, rows[rows["event_ms"] >= begin[rows["entity"]]], order))
        return changes

    def _begins(self, runner: Runner, order: Array) -> Array:
        """From when each entity must be read: its memory before the earliest alert that could change."""
        detector, memory = runner.detector, self.memory
        since = [
            self.book.affected_since(
                detector.scene, detector.id, memory.entities.subjects[number].device, memory.pending[int(number)]
            )
            for number in order
        ]
        return np.array(since, np.int64) - detector.memory_s * 1000

    def _seen(self, rows: Array, order: Array) -> Array:
        """Rows the pipeline has read already; for an entity that is rebuilt all, and they count as read."""
        last_key = self.memory.arrivals.last_key
        for local, number in enumerate(order):
            if int(number) in self.memory.rebuild:
                keys = rows["order_key"][rows["entity"] == local]
                last_key[number] = max(int(last_key[number]), int(keys.max(initial=0)))
        mask: Array = rows["order_key"] <= last_key[order[rows["entity"]]]
        return mask

    def _redo(self, runner: Runner, rows: Array, order: Array) -> list[Reevaluation]:
        transitions, figures, states, tracks = runner.run_fresh(rows, order)
        runner.states[order] = states
        runner.tracks[order] = tracks
        episodes: dict[int, list[Episode]] = {}
        for local, episode in last_of_each(transitions, figures, runner.detector.evidence):
            episodes.setdefault(local, []).append(episode)
        changes = []
        for local, number in enumerate(order.tolist()):
            cut_ms = self.memory.pending[number]
            params: dict[str, Any] = runner.params_of(number)
            findings = tuple(
                self.report(runner.detector, params, number, episode)
                for episode in episodes.get(local, [])
                if episode.reaches(cut_ms)
            )
            subject = self.memory.entities.subjects[number]
            changes.append(Reevaluation(runner.detector, subject, cut_ms, findings, LATE))
        return changes
