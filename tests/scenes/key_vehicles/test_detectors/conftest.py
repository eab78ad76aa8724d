"""Drives written by hand: rows of one vehicle, and what a detector says after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from cityops.detection import OBSERVATION, Detector
from cityops.kit import SHANGHAI, to_ms

M_PER_DEGREE_LAT = 111_195.0


def noon() -> int:
    return to_ms(datetime(2026, 3, 4, 8, 0, tzinfo=SHANGHAI))


@dataclass
class Drive:
    """A vehicle's day, told step by step. It moves north at the speed it says."""

    at_ms: int = field(default_factory=noon)
    lat: float = 37.8
    vehicle_class: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def see(self, **values: Any) -> Drive:
        """One observation now."""
        row = {
            "event_ms": self.at_ms,
            "lon": 112.55,
            "lat": self.lat,
            "speed_kmh": 0.0,
            "acc": 1,
            "fixed": 1,
            "vehicle_class": self.vehicle_class,
        }
        self.rows.append(row | values)
        return self

    def run(self, seconds: int, speed_kmh: float, every_s: int = 30, **values: Any) -> Drive:
        """Observe now and every ``every_s`` while moving; the moment at the end is left to the next call."""
        end_ms = self.at_ms + seconds * 1000
        while self.at_ms < end_ms:
            self.see(speed_kmh=speed_kmh, **values)
            step_ms = min(every_s * 1000, end_ms - self.at_ms)
            self.jump(step_ms // 1000, speed_kmh / 3.6 * step_ms / 1000)
        return self

    def jump(self, seconds: float, metres: float) -> Drive:
        """Nothing is heard for a while."""
        self.at_ms += round(seconds * 1000)
        self.lat += metres / M_PER_DEGREE_LAT
        return self

    def stand(self, seconds: int, every_s: int = 30, **values: Any) -> Drive:
        return self.run(seconds, 0.0, every_s, **values)

    def array(self, entity: int = 0) -> Any:
        out = np.zeros(len(self.rows), OBSERVATION)
        for number, row in enumerate(self.rows):
            for name, value in row.items():
                out[number][name] = value
        out["entity"] = entity
        return out


def severities(
    detector: Detector, rows: Any, changes: dict[str, float] | None = None, vehicle_class: int = 0
) -> list[int]:
    """The plain kernel, row by row."""
    state: Any = np.zeros(1, detector.state_dtype).view(np.recarray)[0]
    params = detector.params.copy()
    for name, value in (changes or {}).items():
        params[name] = value
    row: Any = params.view(np.recarray)[vehicle_class]
    return [int(detector.step(state, seen, row)) for seen in rows.view(np.recarray)]


@pytest.fixture
def drive() -> Callable[..., Drive]:
    return Drive


@pytest.fixture
def judge() -> Callable[..., list[int]]:
    return severities
