"""What happened at a place (事件): alerts and cases that count, near spots, by day.

An alert counts when it began, a case when it was opened. Withdrawn alerts, cases set aside (void, merged) and
confidential ones never count; an alert that led to a case counts as that case, so nothing counts twice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select

from cityops.cases import case_table
from cityops.detection import alert_table
from cityops.kit import Text
from cityops.registers import RegisterObject
from cityops.scenes.hazard_spots.ledger import radius_of, settings_of
from cityops.scenes.registry import SceneContext

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Source = Literal["alert", "case"]
DAY_MS: Final = 24 * 3600 * 1000
HOUR_MS: Final = 3600 * 1000
SHANGHAI_MS: Final = 8 * HOUR_MS
"""What Shanghai is ahead of UTC; it has known no summer time since 1991."""
NEWEST: Final = 50_000
"""Alerts, and cases, that are looked through at most for a ranking or for proposals; the newest of them."""
M_PER_DEGREE: Final = math.pi / 180 * 6_371_008.8
"""Metres of a degree of a great circle, mean Earth radius."""
_EPOCH: Final = date(1970, 1, 1)
_a, _c = alert_table.c, case_table.c


class Kind(NamedTuple):
    """What an event is: an alert of a detector, or a case of a scene."""

    source: Source
    name: str


@dataclass(frozen=True, slots=True)
class Events:
    """Events in one order: where, when, how grave (1–4), of which of ``kinds``.

    ``counted_from_ms``: there were more before this moment, which were not looked at; ``None``: these are all.
    """

    lon: Floats
    lat: Floats
    at_ms: Longs
    severity: Longs
    kind: Longs
    kinds: tuple[Kind, ...]
    counted_from_ms: int | None

    def within(self, lon: float, lat: float, radius_m: float) -> Flags:
        """Which of them lie within so many metres of a point, the border included."""
        return distance_m(self.lon, self.lat, lon, lat) <= radius_m

    def by_kind(self, which: Flags) -> Counter[Kind]:
        """How many of those there are of each kind."""
        counts = np.bincount(self.kind[which], minlength=len(self.kinds))
        return Counter({kind: int(count) for kind, count in zip(self.kinds, counts, strict=True) if count})


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a source of events keeps what is asked of it, and which of its rows count."""

    source: Source
    lon: ColumnElement[Any]
    lat: ColumnElement[Any]
    at_ms: ColumnElement[Any]
    severity: ColumnElement[Any]
    name: ColumnElement[Any]
    counts: ColumnElement[bool]


def distance_m(lons: Floats, lats: Floats, lon: float, lat: float) -> Floats:
    """Metres from points to one point, in the plane around it; within a kilometre true to a millimetre."""
    north = (lats - lat) * M_PER_DEGREE
    east = (lons - lon) * (M_PER_DEGREE * math.cos(math.radians(lat)))
    return np.hypot(east, north)


def near(lon: ColumnElement[Any], lat: ColumnElement[Any], spot: RegisterObject) -> ColumnElement[bool]:
    """The same in SQL: within a spot's radius; the box first, for it costs nothing."""
    assert spot.lon is not None
    assert spot.lat is not None
    radius_m, m_per_lon = radius_of(spot), M_PER_DEGREE * math.cos(math.radians(spot.lat))
    east, north = (lon - spot.lon) * m_per_lon, (lat - spot.lat) * M_PER_DEGREE
    return and_(*_box(lon, lat, [spot]), east * east + north * north <= radius_m * radius_m)


class Counting:
    """Reads the events that count, as the city has set it.

    Args:
        context: the rooms.
        newest: how many alerts, and cases, are looked through at most.
    """

    def __init__(self, context: SceneContext, newest: int = NEWEST) -> None:
        self.points = settings_of(context)
        self._newest = newest
        self._context = context
        self._sources = (
            _Columns(
                "alert", _a.lon, _a.lat, _a.started_ms, _a.severity, _a.detector,
                and_(self.wanted("alert", _a.detector), _a.state != "withdrawn", _a.case_id.is_(None)),
            ),
            _Columns(
                "case", _c.lon, _c.lat, _c.opened_ms, _c.severity, _c.scene,
                and_(
                    self.wanted("case", _c.scene), _c.confidential.is_(False), _c.merged_into_id.is_(None),
                    not_(_set_aside(context)),
                ),
            ),
        )  # fmt: skip

    def weight(self, kind: Kind) -> float:
        """The points of an event of this kind."""
        other = self.points[f"{kind.source}_other"]
        return self.points.get(f"{kind.source}_{kind.name}", other)

    def wanted(self, source: Source, name: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether an event of a source counts at all: kinds without points do not."""
        prefix = f"{source}_"
        named = {key.removeprefix(prefix): value for key, value in self.points.items() if key.startswith(prefix)}
        if named.pop("other") > 0:
            return name.not_in([key for key, value in named.items() if value == 0])
        return name.in_([key for key, value in named.items() if value > 0])

    def title(self, kind: Kind) -> Text:
        """What a kind is called; by its name when its scene is not in use."""
        if kind.source == "alert":
            found = (one.title for one in self._context.overlays.detectors() if one.id == kind.name)
            return next(found, Text(kind.name, kind.name))
        declared = self._context.overlays.declared.get(kind.name)
        return Text(kind.name, kind.name) if declared is None else declared.spec.title.text

    def newest(
        self, conn: Connection, since_ms: int, until_ms: int, around: Sequence[RegisterObject] | None = None
    ) -> Events:
        """The newest events with a place in [since, until); ``around``: in the box that holds these spots."""
        rows: list[tuple[Any, ...]] = []
        cut: list[int] = []
        for one in self._sources if around is None or around else ():
            query = select(one.lon, one.lat, one.at_ms, one.severity, one.name)
            query = query.where(one.counts, one.at_ms >= since_ms, one.at_ms < until_ms, one.lon.is_not(None))
            query = query.where(*(() if around is None else _box(one.lon, one.lat, around)))
            found = conn.execute(query.order_by(one.at_ms.desc()).limit(self._newest + 1)).all()
            if len(found) > self._newest:
                cut.append(found[-2][2])
            kinds = {name: Kind(one.source, name) for name in {row[4] for row in found}}
            rows += [(lon, lat, at, severity, kinds[name]) for lon, lat, at, severity, name in found[: self._newest]]
        return _events(rows, max(cut, default=None))

    def by_day(self, conn: Connection, spot: RegisterObject, since: date, until: date) -> dict[Source, Counter[date]]:
        """Events at a spot by Shanghai day, from one day to another, both included."""
        found: dict[Source, Counter[date]] = {}
        for one in self._sources:
            day = ((one.at_ms + SHANGHAI_MS) // DAY_MS).label("day")
            begin_ms, end_ms = midnight_ms(since), midnight_ms(until) + DAY_MS
            where = (one.counts, one.at_ms >= begin_ms, one.at_ms < end_ms, near(one.lon, one.lat, spot))
            days = select(day).where(*where).subquery()
            query = select(days.c.day, func.count()).group_by(days.c.day)
            found[one.source] = Counter(
                {_EPOCH + timedelta(days=int(number)): count for number, count in conn.execute(query)}
            )
        return found

    def first_days(self, conn: Connection) -> dict[Source, date]:
        """Since which day there are alerts, and cases, at all; a source without any is not in it."""
        found: dict[Source, date] = {}
        for one in self._sources:
            first_ms = conn.execute(select(func.min(one.at_ms))).scalar()
            if first_ms is not None:
                found[one.source] = day_at(first_ms)
        return found


def midnight_ms(day: date) -> int:
    """When a day begins in Shanghai, in milliseconds UTC."""
    return (day - _EPOCH).days * DAY_MS - SHANGHAI_MS


def day_at(at_ms: int) -> date:
    """The Shanghai day of a moment."""
    return _EPOCH + timedelta(days=(at_ms + SHANGHAI_MS) // DAY_MS)


def _events(rows: Sequence[tuple[Any, ...]], counted_from_ms: int | None) -> Events:
    kept = [row for row in rows if counted_from_ms is None or row[2] >= counted_from_ms]
    kinds = tuple(sorted({row[4] for row in kept}))
    index: Mapping[Kind, int] = {kind: number for number, kind in enumerate(kinds)}
    columns = list(zip(*kept, strict=True)) or [()] * 5
    lon, lat = (np.array(column, dtype=np.float64) for column in columns[:2])
    at_ms, severity = (np.array(column, dtype=np.int64) for column in columns[2:4])
    kind = np.array([index[one] for one in columns[4]], dtype=np.int64)
    return Events(lon, lat, at_ms, severity, kind, kinds, counted_from_ms)


def _box(
    lon: ColumnElement[Any], lat: ColumnElement[Any], spots: Sequence[RegisterObject]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The box that holds the circles of these spots."""
    wests, souths, easts, norths = [], [], [], []
    for spot in spots:
        assert spot.lon is not None
        assert spot.lat is not None
        north = radius_of(spot) / M_PER_DEGREE
        east = north / math.cos(math.radians(spot.lat))
        wests.append(spot.lon - east)
        easts.append(spot.lon + east)
        souths.append(spot.lat - north)
        norths.append(spot.lat + north)
    return lon.between(min(wests), max(easts)), lat.between(min(souths), max(norths))


def _set_aside(context: SceneContext) -> ColumnElement[bool]:
    """Cases that ended without having been a matter: void, merged into another."""
    parts = [
        and_(_c.scene == scene, _c.kind == kind, _c.state.in_(states))
        for (scene, kind), workflow in context.overlays.workflows.items()
        if (states := [name for name, state in workflow.states.items() if state.end and state.aside])
    ]
    return or_(false(), *parts)
