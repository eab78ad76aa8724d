"""Patrol (巡查): a collector's track on duty, kept for some days, and read only as which grids were walked when.

A phone writes down where it is only between "on duty" and "off duty", and sends that later, in pieces, perhaps twice.
Nobody can read a person's track here: coverage names grids and hours, never persons, and no hour that is not over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit
from cityops.dispatch.patrol_words import no_shift, not_on_earth, other_times, out_of_time, too_long_period
from cityops.dispatch.tables import patrol_point_table, patrol_shift_table
from cityops.kit import Clock, DivisionLevel, IdMaker
from cityops.places import City
from cityops.store import Store

HOUR_MS: Final = 3_600_000
SHIFT_MS: Final = 12 * HOUR_MS
"""The longest a patrol can be: positions after it are not kept, whoever forgot to go off duty."""
SKEW_MS: Final = 5 * 60_000
"""How far a phone's clock may be ahead."""
LATE_MS: Final = 7 * 24 * HOUR_MS
"""How long a phone may be without a network and still send its patrol."""
PERIOD_MS: Final = 31 * 24 * HOUR_MS
"""The longest period of a coverage."""

_shift, _point = patrol_shift_table.c, patrol_point_table.c


@dataclass(frozen=True, slots=True)
class PatrolPoint:
    """Where a phone was: WGS-84 degrees, milliseconds UTC by its own clock."""

    at_ms: int
    lon: float
    lat: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class PatrolShift:
    """A person's own time on duty; ``points``: how many positions of it are kept."""

    client_id: str
    started_ms: int
    ended_ms: int | None
    points: int


@dataclass(frozen=True, slots=True)
class PatrolKept:
    """What became of a batch: kept, kept before, refused because it was outside the time on duty."""

    kept: int
    known: int
    refused: int


@dataclass(frozen=True, slots=True)
class GridWalked:
    """A grid (单元网格) in which somebody walked: in how many different hours, and the beginning of the last one."""

    grid_code: str
    hours: int
    last_hour_ms: int


@dataclass(frozen=True, slots=True)
class StreetCoverage:
    """How many grids of a street (街道) were walked."""

    street_code: str
    name: str
    grids: int
    walked: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which grids were walked in [from_ms, to_ms); ``to_ms`` is never in an hour that is not over."""

    from_ms: int
    to_ms: int
    streets: Sequence[StreetCoverage]
    walked: Sequence[GridWalked]


class Patrol:
    """Times on duty, their positions, and the coverage made of them."""

    def __init__(self, store: Store, clock: Clock, ids: IdMaker, city: City) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._city = city

    # --- the phone's side ------------------------------------------------------------------------------------

    def report_shift(
        self, principal: Principal, client_id: str, started_ms: int, ended_ms: int | None = None
    ) -> PatrolShift:
        """Note that this person is, or was, on duty; the same again changes nothing, and a later end ends it once.

        Raises:
            InvalidError: ``patrol.time``: in the future, over 7 days old, or longer than 12 hours.
            ConflictError: ``patrol.shift``: the ``client_id`` has other times.
        """
        principal.require(Permission.PATROL_REPORT)
        now_ms = self._clock.now_ms()
        until_ms = started_ms if ended_ms is None else ended_ms
        if not now_ms - LATE_MS <= started_ms <= until_ms <= now_ms + SKEW_MS or until_ms - started_ms > SHIFT_MS:
            raise out_of_time()

        def work(conn: Connection) -> PatrolShift:
            row = self._own(conn, principal, client_id)
            if row is None:
                self._begin(conn, principal, client_id, started_ms)
                row = self._required(conn, principal, client_id)
            if row["started_ms"] != started_ms:
                raise other_times()
            if ended_ms is not None and row["ended_ms"] is None:
                conn.execute(update(patrol_shift_table).where(_shift.id == row["id"]).values(ended_ms=ended_ms))
                late = and_(_point.shift_id == row["id"], _point.at_ms > ended_ms)
                conn.execute(delete(patrol_point_table).where(late))
            elif ended_ms is not None and row["ended_ms"] != ended_ms:
                raise other_times()
            return _shown(conn, self._required(conn, principal, client_id))

        return self._store.write(work)

    def add_points(self, principal: Principal, client_id: str, points: Sequence[PatrolPoint]) -> PatrolKept:
        """Keep positions of an own time on duty; those outside it are refused and counted, none is kept twice.

        Raises:
            NotFoundError: ``patrol.no_shift``. InvalidError: ``patrol.position``: not on the earth; nothing was kept.
        """
        principal.require(Permission.PATROL_REPORT)
        if not all(-180 <= point.lon <= 180 and -90 <= point.lat <= 90 for point in points):
            raise not_on_earth()
        grids = [self._city.locate(point.lon, point.lat).grid_code or None for point in points]

        def work(conn: Connection) -> PatrolKept:
            shift = self._required(conn, principal, client_id)
            end_ms = shift["ended_ms"] if shift["ended_ms"] is not None else shift["started_ms"] + SHIFT_MS
            end_ms = min(end_ms, self._clock.now_ms() + SKEW_MS)
            kept = known = refused = 0
            for point, grid in zip(points, grids, strict=True):
                if not shift["started_ms"] <= point.at_ms <= end_ms:
                    refused += 1
                elif _add(conn, shift["id"], point, grid):
                    kept += 1
                else:
                    known += 1
            return PatrolKept(kept, known, refused)

        return self._store.write(work)

    # --- the city's side -------------------------------------------------------------------------------------

    def coverage(self, principal: Principal, from_ms: int, to_ms: int) -> Coverage:
        """Which grids of the person's areas were walked, by hours that are over. The reading is audited.

        Raises:
            InvalidError: ``patrol.period``: not before its end, or over 31 days.
        """
        principal.require(Permission.PATROL_READ)
        if not 0 < to_ms - from_ms <= PERIOD_MS:
            raise too_long_period()
        this_hour_ms = self._clock.now_ms() // HOUR_MS * HOUR_MS
        to_ms = max(from_ms, min(to_ms, this_hour_ms))
        hour = _point.at_ms - _point.at_ms % HOUR_MS
        query = (
            select(_point.grid_code, func.count(hour.distinct()), func.max(hour))
            .where(_point.grid_code.is_not(None), _point.at_ms >= from_ms, _point.at_ms < to_ms)
            .group_by(_point.grid_code)
            .order_by(_point.grid_code)
        )

        def work(conn: Connection) -> Coverage:
            found = [GridWalked(str(code), int(hours), int(last)) for code, hours, last in conn.execute(query)]
            walked = [grid for grid in found if _in_areas(principal, grid.grid_code)]
            self._note_reading(conn, principal, from_ms, to_ms, len(walked))
            return Coverage(from_ms, to_ms, self._streets(principal, walked), walked)

        return self._store.write(work)

    def delete_old(self, keep_days: int) -> int:
        """Delete what is older than ``keep_days``; returns how many positions."""
        before_ms = self._clock.now_ms() - keep_days * 24 * HOUR_MS

        def work(conn: Connection) -> int:
            gone = conn.execute(delete(patrol_point_table).where(_point.at_ms < before_ms)).rowcount
            held = exists().where(_point.shift_id == _shift.id)
            conn.execute(delete(patrol_shift_table).where(_shift.started_ms < before_ms, ~held))
            return gone

        return self._store.write(work)

    # --- inside ----------------------------------------------------------------------------------------------

    def _streets(self, principal: Principal, walked: Sequence[GridWalked]) -> list[StreetCoverage]:
        names = {one.code: one.name for one in self._city.divisions if one.level is DivisionLevel.STREET}
        codes = [grid.code for grid in self._city.grids if _in_areas(principal, grid.code)]
        grids = Counter(code[:9] for code in codes)
        done = Counter(grid.grid_code[:9] for grid in walked)
        return [StreetCoverage(code, names.get(code, code), grids[code], done[code]) for code in sorted(grids)]

    def _note_reading(self, conn: Connection, principal: Principal, from_ms: int, to_ms: int, rows: int) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=principal,
            action="patrol.coverage",
            object_type="patrol",
            object_id=None,
            detail={"from_ms": from_ms, "to_ms": to_ms, "rows": rows},
        )

    def _begin(self, conn: Connection, principal: Principal, client_id: str, started_ms: int) -> None:
        values = {"id": self._ids.next(), "account_id": principal.account_id, "client_id": client_id}
        try:
            with conn.begin_nested():
                conn.execute(insert(patrol_shift_table).values(**values, started_ms=started_ms))
        except IntegrityError:  # the same came in twice at the same time
            if self._own(conn, principal, client_id) is None:
                raise

    def _own(self, conn: Connection, principal: Principal, client_id: str) -> RowMapping | None:
        """The time on duty, held: positions come before its end is written down, or are measured by it."""
        own = and_(_shift.account_id == principal.account_id, _shift.client_id == client_id)
        return conn.execute(select(patrol_shift_table).where(own).with_for_update()).mappings().one_or_none()

    def _required(self, conn: Connection, principal: Principal, client_id: str) -> RowMapping:
        row = self._own(conn, principal, client_id)
        if row is None:
            raise no_shift()
        return row


def _shown(conn: Connection, row: RowMapping) -> PatrolShift:
    count = select(func.count()).select_from(patrol_point_table).where(_point.shift_id == row["id"])
    return PatrolShift(row["client_id"], row["started_ms"], row["ended_ms"], int(conn.execute(count).scalar_one()))


def _add(conn: Connection, shift_id: str, point: PatrolPoint, grid_code: str | None) -> bool:
    same = select(_point.at_ms).where(_point.shift_id == shift_id, _point.at_ms == point.at_ms)
    if conn.execute(same).scalar() is not None:
        return False
    values: dict[str, Any] = {"at_ms": point.at_ms, "lon": point.lon, "lat": point.lat, "accuracy_m": point.accuracy_m}
    try:
        with conn.begin_nested():
            conn.execute(insert(patrol_point_table).values(shift_id=shift_id, grid_code=grid_code, **values))
    except IntegrityError:  # the same batch came in twice at the same time
        if conn.execute(same).scalar() is None:
            raise
        return False
    return True


def _in_areas(principal: Principal, grid_code: str) -> bool:
    return not principal.area_codes or grid_code.startswith(principal.area_codes)
