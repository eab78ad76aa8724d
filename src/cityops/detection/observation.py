"""From stored observations to what kernels see: one row per fact of a vehicle, with road, limit and time of day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from cityops.detection.detector import Array
from cityops.kit import InvalidError
from cityops.observations import Batch

OBSERVATION: Final = np.dtype(
    [
        ("entity", "i8"),
        ("event_ms", "i8"),
        ("order_key", "i8"),  # event time and what kind of fact: equal keys are the same fact
        ("lon", "f8"),  # NaN without a fix
        ("lat", "f8"),
        ("speed_kmh", "f8"),
        ("limit_kmh", "f8"),  # that holds here for this vehicle; 0 when unknown
        ("alarm", "i8"),  # bits of 0x0200, 0 for a safety alarm
        ("source", "i8"),  # 0 position; 0x64–0x67 active-safety alarm
        ("alarm_kind", "i8"),
        ("alarm_level", "i8"),
        ("alarm_flag", "i8"),  # 0 momentary, 1 start, 2 end
        ("acc", "i8"),
        ("fixed", "i8"),
        ("driver_change", "i8"),
        ("road_class", "i8"),
        ("is_night", "i8"),
        ("vehicle_class", "i8"),
    ],
    align=True,
)
"""A row for kernels. Everything is 64 bits wide so that compiled and plain arithmetic agree to the last bit."""

KEY_BITS: Final = 15
NIGHT_FROM_S: Final = 22 * 3600
NIGHT_TO_S: Final = 6 * 3600
DAY_S: Final = 86_400
SHANGHAI_OFFSET_S: Final = 8 * 3600  # China has had no summer time since 1991
ACC_BIT: Final = 1
FIXED_BIT: Final = 2
SAFETY_ACC_BIT: Final = 1
DRIVER_SYSTEM: Final = 0x65
CARD_SYSTEM: Final = 0
DRIVER_CHANGE: Final = 0x11


class Roads(Protocol):
    """What enrichment needs of the road network; ``places.RoadNetwork`` has it."""

    @property
    def edge_class(self) -> Any:
        """Road class of every edge, u1."""
        ...

    @property
    def edge_limit_kmh(self) -> Any:
        """Posted limit of every edge, km/h, 0 when unknown."""
        ...

    def match(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        """Nearest edge (-1 when none within 60 m) and distance in metres of every point."""
        ...


@dataclass(frozen=True, eq=False)
class SpeedLimits:
    """Which limit holds where no sign is known, and at most for a vehicle class.

    Args:
        by_road_kmh: f8 (vehicle classes, road classes); 0 when no limit follows from the class of road.
        cap_kmh: f8 (vehicle classes,): never more than this, on any road.
        night_share: f8 (vehicle classes,): share of the day's limit that holds from 22:00 to 06:00.
    """

    by_road_kmh: Array
    cap_kmh: Array
    night_share: Array

    def __post_init__(self) -> None:
        """Refuse tables that do not fit each other."""
        classes = len(self.cap_kmh)
        if self.by_road_kmh.shape[:1] != (classes,) or self.night_share.shape != (classes,):
            raise InvalidError("限速表的行列数不一致", "the tables of speed limits do not fit each other")

    def resolve(self, posted_kmh: Array, road_class: Array, vehicle_class: Array, is_night: Array) -> Array:
        """The limit for every row, km/h: the sign's, else the road class's; capped by the vehicle; reduced at night."""
        usual = self.by_road_kmh[vehicle_class, road_class]
        limit = np.where(posted_kmh > 0, posted_kmh, usual)
        cap = self.cap_kmh[vehicle_class]
        limit = np.where((limit > 0) & (limit < cap), limit, cap)
        night: Array = np.where(is_night != 0, limit * self.night_share[vehicle_class], limit)
        return night


def is_night(event_ms: Array) -> Array:
    """1 from 22:00 to 06:00 in Asia/Shanghai, else 0 (i8)."""
    second = (event_ms // 1000 + SHANGHAI_OFFSET_S) % DAY_S
    return ((second >= NIGHT_FROM_S) | (second < NIGHT_TO_S)).astype(np.int64)


class Enricher:
    """Makes kernel rows of batches.

    Args:
        roads: the road network; ``None`` leaves the road unknown.
        limits: speed limits by road and vehicle class.
    """

    def __init__(self, roads: Roads | None, limits: SpeedLimits) -> None:
        self._roads = roads
        self._limits = limits

    def positions(self, batch: Batch, entity: Array, vehicle_class: Array) -> Array:
        """Rows of ``vehicle.position``; ``entity`` and ``vehicle_class`` are i8 (rows,)."""
        columns = batch.columns
        rows = np.zeros(batch.rows, OBSERVATION)
        self._common(rows, batch, entity, vehicle_class)
        rows["order_key"] = rows["event_ms"] << KEY_BITS
        rows["alarm"] = columns["alarm"]
        rows["acc"] = (columns["status"] & ACC_BIT) != 0
        rows["fixed"] = (columns["status"] & FIXED_BIT) != 0
        self._place(rows)
        return rows

    def alarms(self, batch: Batch, entity: Array, vehicle_class: Array) -> Array:
        """Rows of ``vehicle.safety_alarm``."""
        columns = batch.columns
        rows = np.zeros(batch.rows, OBSERVATION)
        self._common(rows, batch, entity, vehicle_class)
        # 0: the driver's card told of the change (0x0702); the same fact as the camera's.
        rows["source"] = np.where(columns["system"] == CARD_SYSTEM, DRIVER_SYSTEM, columns["system"])
        rows["alarm_kind"] = columns["kind"]
        rows["alarm_level"] = np.minimum(columns["level"], 3)
        rows["alarm_flag"] = np.minimum(columns["flag"], 3)
        rows["acc"] = (columns["status"] & SAFETY_ACC_BIT) != 0
        rows["fixed"] = (columns["lon"] != 0) | (columns["lat"] != 0)  # terminals leave the alarm's fix bit at zero
        rows["driver_change"] = (rows["source"] == DRIVER_SYSTEM) & (rows["alarm_kind"] == DRIVER_CHANGE)
        system = (rows["source"] & 7) - 3  # 0x64–0x67 become 1–4; 0 is the position
        rows["order_key"] = (
            (rows["event_ms"] << KEY_BITS)
            | (system << 12)
            | (rows["alarm_kind"] << 4)
            | (rows["alarm_flag"] << 2)
            | rows["alarm_level"]
        )
        self._place(rows)
        return rows

    def _common(self, rows: Array, batch: Batch, entity: Array, vehicle_class: Array) -> None:
        for name in ("event_ms", "lon", "lat", "speed_kmh"):
            rows[name] = batch.columns[name]
        rows["entity"] = entity
        rows["vehicle_class"] = vehicle_class
        rows["is_night"] = is_night(rows["event_ms"])

    def _place(self, rows: Array) -> None:
        """Road class and limit; where the terminal has no fix the position becomes NaN."""
        fixed = (rows["fixed"] != 0) & np.isfinite(rows["lon"]) & np.isfinite(rows["lat"])
        rows["fixed"] = fixed
        rows["lon"][~fixed] = np.nan
        rows["lat"][~fixed] = np.nan
        road = np.zeros(len(rows), np.int64)
        posted = np.zeros(len(rows), np.float64)
        if self._roads is not None and fixed.any():
            edge = np.full(len(rows), -1, np.int64)
            edge[fixed] = self._roads.match(rows["lon"][fixed], rows["lat"][fixed])[0]
            known = edge >= 0
            road[known] = self._roads.edge_class[edge[known]]
            posted[known] = self._roads.edge_limit_kmh[edge[known]]
        rows["road_class"] = road
        rows["limit_kmh"] = self._limits.resolve(posted, road, rows["vehicle_class"], rows["is_night"])


def sort_and_merge(parts: Sequence[Array]) -> tuple[Array, int]:
    """All rows sorted by (entity, fact), exact duplicates dropped. Returns the rows and how many were dropped."""
    rows = np.concatenate([np.zeros(0, OBSERVATION), *parts])
    rows = rows[np.lexsort((rows["order_key"], rows["entity"]))]
    if len(rows) < 2:
        return rows, 0
    same = (rows["entity"][1:] == rows["entity"][:-1]) & (rows["order_key"][1:] == rows["order_key"][:-1])
    keep = np.concatenate([[True], ~same])
    return rows[keep], int(same.sum())


def overtaken(parts: Sequence[Array]) -> Array:
    """Rows that may have arrived behind a younger one of the same entity; repetitions are not among them.

    Args:
        parts: rows of one stream each, in the order of arrival. Which of two streams came first is not known: a row
            counts as overtaken by any younger one of another stream.
    """
    return np.concatenate([np.zeros(0, OBSERVATION), _behind(parts), _behind(parts[::-1])])


def _behind(parts: Sequence[Array]) -> Array:
    """Rows behind a younger one of their entity when the parts came in this order."""
    rows = np.concatenate([np.zeros(0, OBSERVATION), *parts])
    entity, age = (np.unique(rows[name], return_inverse=True)[1] for name in ("entity", "order_key"))
    rank = entity * len(rows) + age
    order = np.argsort(entity, kind="stable")
    behind = np.zeros(len(rows), np.bool_)
    behind[order] = rank[order] < np.maximum.accumulate(rank[order])
    first = np.zeros(len(rows), np.bool_)
    first[np.unique(rank, return_index=True)[1]] = True
    return rows[behind & first]
