"""Episodes (预警过程): one stretch of time over which a detector's condition holds for one vehicle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cityops.detection.detector import Array, EvidenceField
from cityops.detection.runner import Kind

Point = tuple[float, float]


@dataclass(frozen=True)
class Episode:
    """What is known of an episode after ``last_ms``. Times are event times, ms UTC; points are (lon, lat), WGS-84.

    Attributes:
        start_ms: when it began; with the detector and the vehicle this is its identity.
        raised_ms: observation at which it was first reported.
        last_ms: the latest observation it takes into account; for a closed one the observation that closed it.
        end_ms: last moment at which the condition held; ``None`` while it lasts.
        severity: the highest grade it reached, 1–4.
        figures: the kernel's figures at that time.
    """

    start_ms: int
    raised_ms: int
    last_ms: int
    end_ms: int | None
    severity: int
    figures: dict[str, float]
    start_at: Point | None
    raised_at: Point | None
    last_at: Point | None

    @property
    def is_open(self) -> bool:
        """Whether it still lasts."""
        return self.end_ms is None

    def reaches(self, cut_ms: int) -> bool:
        """Whether an observation at or after ``cut_ms`` could have changed it."""
        return self.is_open or self.last_ms >= cut_ms


def _point(lon: float, lat: float) -> Point | None:
    return None if math.isnan(lon) or math.isnan(lat) else (round(float(lon), 6), round(float(lat), 6))


def last_of_each(transitions: Array, states: Array, fields: Sequence[EvidenceField]) -> list[tuple[int, Episode]]:
    """Where every episode stood after its last transition: ``(entity, episode)``, in the order of beginning."""
    keys = zip(transitions["entity"].tolist(), transitions["start_ms"].tolist(), strict=True)
    last: dict[tuple[int, int], int] = {key: row for row, key in enumerate(keys)}
    return [(entity, _episode(transitions[row], states[row], fields)) for (entity, _), row in last.items()]


def _episode(seen: Array, state: Array, fields: Sequence[EvidenceField]) -> Episode:
    ended = int(seen["kind"]) == Kind.ENDED
    start_ms = int(seen["start_ms"])
    return Episode(
        start_ms=start_ms,
        raised_ms=int(seen["raised_ms"]),
        last_ms=int(seen["at_ms"]),
        end_ms=max(start_ms, int(state["until_ms"])) if ended else None,
        severity=int(seen["severity"]),
        figures={field.name: round(float(state[field.name]), 3) for field in fields},
        start_at=_point(float(state["since_lon"]), float(state["since_lat"])),
        raised_at=_point(float(seen["raised_lon"]), float(seen["raised_lat"])),
        last_at=_point(float(seen["at_lon"]), float(seen["at_lat"])),
    )
