"""Missing data (无数据): vehicles that were under way and are not heard any more. By the clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from cityops.detection.book import OpenAlert
from cityops.detection.detector import AnyDetector, Array, Severity, SilenceDetector
from cityops.detection.episodes import Episode
from cityops.detection.observation import ACC_BIT, FIXED_BIT
from cityops.observations import Batch

FIRST_CAPACITY: Final = 256
MASS_FLOOR: Final = 5
MASS_SHARE: Final = 0.5
HEARD: Final = np.dtype(
    [
        ("event_ms", "i8"),  # of the newest report
        ("received_ms", "i8"),  # of the last one to arrive
        ("lon", "f8"),
        ("lat", "f8"),
        ("acc", "u1"),
        ("stage", "u1"),  # severity reported; 0 none
    ]
)


class Silence:
    """Keeps when each vehicle was last heard. An episode begins with the last report's arrival, by our clock.

    When at least half of all vehicles under way (and five) fall silent together, the fault is taken to be the
    platform's own (gateway, network): nobody is accused, and ``suppressed`` counts it.
    """

    def __init__(self, detector: SilenceDetector) -> None:
        self.detector = detector
        self.heard: Array = np.zeros(FIRST_CAPACITY, HEARD)
        self.suppressed = 0

    def retune(self, detector: AnyDetector) -> None:
        """Use the times of ``detector``."""
        assert isinstance(detector, SilenceDetector)
        self.detector = detector

    def reserve(self, entities: int) -> None:
        """Make room for entity indices below ``entities``."""
        have = len(self.heard)
        if entities > have:
            self.heard = np.concatenate([self.heard, np.zeros(max(entities, 2 * have) - have, HEARD)])

    def hear(self, batch: Batch, entity: Array) -> list[tuple[int, Episode]]:
        """Note positions; returns the episodes that end because data return, with their entity."""
        found = np.unique(entity)
        columns = batch.columns
        first_received: Array = np.full(len(self.heard), np.iinfo(np.int64).max)
        np.minimum.at(first_received, entity, columns["received_ms"])
        ended = []
        for number in found[self.heard["stage"][found] > 0]:
            ended.append((int(number), self._end(int(number), int(first_received[number]))))
            self.heard["stage"][number] = 0
        np.maximum.at(self.heard["received_ms"], entity, columns["received_ms"])
        order = np.lexsort((columns["event_ms"], entity))
        last = order[np.flatnonzero(np.append(np.diff(entity[order]) != 0, True))] if len(order) else order
        newer = columns["event_ms"][last] >= self.heard["event_ms"][entity[last]]
        rows, who = last[newer], entity[last[newer]]
        fixed = (columns["status"][rows] & FIXED_BIT) != 0
        self.heard["event_ms"][who] = columns["event_ms"][rows]
        self.heard["acc"][who] = (columns["status"][rows] & ACC_BIT) != 0
        self.heard["lon"][who[fixed]] = columns["lon"][rows[fixed]]
        self.heard["lat"][who[fixed]] = columns["lat"][rows[fixed]]
        return ended

    def check(self, now_ms: int) -> list[tuple[int, Episode]]:
        """Episodes that began or became graver by ``now_ms``, with their entity."""
        under_way = (self.heard["received_ms"] > 0) & (self.heard["acc"] != 0)
        silent_ms = now_ms - self.heard["received_ms"]
        stage = np.zeros(len(self.heard), np.int64)
        stage[under_way & (silent_ms >= self.detector.notice_s * 1000)] = Severity.NOTICE
        stage[under_way & (silent_ms >= self.detector.warning_s * 1000)] = Severity.WARNING
        graver = np.flatnonzero(stage > self.heard["stage"])
        beginning = graver[self.heard["stage"][graver] == 0]
        if len(beginning) >= max(MASS_FLOOR, MASS_SHARE * int(under_way.sum())):
            self.suppressed += len(beginning)
            graver = graver[self.heard["stage"][graver] > 0]
        self.heard["stage"][graver] = stage[graver]
        return [(int(number), self._episode(int(number), int(stage[number]))) for number in graver]

    def resume(self, alerts: Sequence[tuple[int, OpenAlert]]) -> list[tuple[int, Episode]]:
        """Take over alerts that last, after a start; returns those that ended meanwhile."""
        ended = []
        for number, alert in alerts:
            if self._last_received(number) == alert.start_ms:
                self.heard["stage"][number] = alert.severity
            else:
                ended.append(
                    (number, self._closed(number, alert.start_ms, alert.severity, self._last_received(number)))
                )
        return ended

    def _last_received(self, number: int) -> int:
        return int(self.heard["received_ms"][number])

    def _end(self, number: int, returned_ms: int) -> Episode:
        return self._closed(number, self._last_received(number), int(self.heard["stage"][number]), returned_ms)

    def _closed(self, number: int, start_ms: int, severity: int, returned_ms: int) -> Episode:
        end_ms = max(start_ms, returned_ms)
        at = self._point(number)
        figures = {"silent_s": (end_ms - start_ms) / 1000.0}
        raised_ms = start_ms + self.detector.notice_s * 1000
        last_ms = max(end_ms, start_ms + self.detector.warning_s * 1000)
        return Episode(start_ms, raised_ms, last_ms, end_ms, severity, figures, at, at, at)

    def _episode(self, number: int, stage: int) -> Episode:
        start_ms = self._last_received(number)
        silent_s = self.detector.notice_s if stage == Severity.NOTICE else self.detector.warning_s
        at = self._point(number)
        return Episode(
            start_ms,
            start_ms + self.detector.notice_s * 1000,
            start_ms + silent_s * 1000,
            None,
            stage,
            {"silent_s": float(silent_s)},
            at,
            at,
            at,
        )

    def _point(self, number: int) -> tuple[float, float] | None:
        lon, lat = float(self.heard["lon"][number]), float(self.heard["lat"][number])
        return None if (lon == 0 and lat == 0) or math.isnan(lon) else (round(lon, 6), round(lat, 6))
