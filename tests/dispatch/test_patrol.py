"""Patrols: kept on duty only, once, for some days; read as grids and hours, never as persons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from tests.dispatch.conftest import DISPATCHER, line_network
from tests.together import at_once

from cityops.access import SYSTEM, Principal, Role, list_audit
from cityops.dispatch import Patrol, PatrolKept, PatrolPoint
from cityops.dispatch.tables import patrol_point_table, patrol_shift_table
from cityops.kit import (
    ConflictError,
    DivisionLevel,
    ForbiddenError,
    IdMaker,
    InvalidError,
    ManualClock,
    NotFoundError,
)
from cityops.places import City, Division, Grid
from cityops.store import Store

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
COLLECTOR = Principal("A-C1", "collector1", "网格员一", Role.COLLECTOR)
OTHER = Principal("A-C2", "collector2", "网格员二", Role.COLLECTOR)
DUTY = "duty-0001"
FIRST, SECOND, THIRD = "140105001001001", "140105001001002", "140105002001001"
LON = {FIRST: 112.51, SECOND: 112.53, THIRD: 112.55}


def strip(west: float) -> object:
    east = west + 0.02
    return ((np.array([[west, 37.6], [east, 37.6], [east, 37.8], [west, 37.8], [west, 37.6]]),),)


@pytest.fixture
def patrol(store: Store, clock: ManualClock, ids: IdMaker) -> Patrol:
    """Three grids of 0.02 degrees from 112.50 eastwards: two of the first street, one of the second."""
    divisions = (
        Division("140105001", "甲街道", DivisionLevel.STREET, None, strip(112.50)),  # type: ignore[arg-type]
        Division("140105002", "乙街道", DivisionLevel.STREET, None, strip(112.54)),  # type: ignore[arg-type]
    )
    grids = tuple(Grid(code, strip(lon - 0.01)) for code, lon in LON.items())  # type: ignore[arg-type]
    city = City("测试城", True, (112.53, 37.7), (112.5, 37.6, 112.56, 37.8), divisions, grids, line_network())
    return Patrol(store, clock, ids, city)


def at(grid: str, at_ms: int) -> PatrolPoint:
    return PatrolPoint(at_ms, LON[grid], 37.7, 10.0)


def kept(store: Store) -> int:
    with store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(patrol_point_table)).scalar_one())


def test_a_track_is_kept_on_duty_only_and_once(patrol: Patrol, store: Store, clock: ManualClock) -> None:
    began_ms = clock.now_ms() - HOUR_MS
    shift = patrol.report_shift(COLLECTOR, DUTY, began_ms)
    assert (shift.started_ms, shift.ended_ms, shift.points) == (began_ms, None, 0)
    batch = [at(FIRST, began_ms - 1), at(FIRST, began_ms), at(SECOND, began_ms + MINUTE_MS)]
    assert patrol.add_points(COLLECTOR, DUTY, batch) == PatrolKept(kept=2, known=0, refused=1)
    assert patrol.add_points(COLLECTOR, DUTY, batch) == PatrolKept(kept=0, known=2, refused=1)
    ended = patrol.report_shift(COLLECTOR, DUTY, began_ms, began_ms + 30 * MINUTE_MS)
    assert (ended.ended_ms, ended.points) == (began_ms + 30 * MINUTE_MS, 2)
    assert patrol.report_shift(COLLECTOR, DUTY, began_ms, began_ms + 30 * MINUTE_MS) == ended
    after = [at(THIRD, began_ms + 30 * MINUTE_MS + 1), at(THIRD, began_ms + 29 * MINUTE_MS)]
    assert patrol.add_points(COLLECTOR, DUTY, after) == PatrolKept(kept=1, known=0, refused=1)
    assert kept(store) == 3


def test_positions_after_the_end_that_came_before_it_are_deleted(
    patrol: Patrol, store: Store, clock: ManualClock
) -> None:
    began_ms = clock.now_ms() - HOUR_MS
    patrol.report_shift(COLLECTOR, DUTY, began_ms)
    patrol.add_points(COLLECTOR, DUTY, [at(FIRST, began_ms + minute * MINUTE_MS) for minute in range(10)])
    assert patrol.report_shift(COLLECTOR, DUTY, began_ms, began_ms + 4 * MINUTE_MS).points == 5
    assert kept(store) == 5


def test_a_forgotten_duty_ends_after_twelve_hours(patrol: Patrol, clock: ManualClock) -> None:
    began_ms = clock.now_ms() - 13 * HOUR_MS
    patrol.report_shift(COLLECTOR, DUTY, began_ms)
    batch = [at(FIRST, began_ms + 12 * HOUR_MS), at(FIRST, began_ms + 12 * HOUR_MS + 1)]
    assert patrol.add_points(COLLECTOR, DUTY, batch) == PatrolKept(kept=1, known=0, refused=1)


def test_nobody_sends_another_persons_patrol(patrol: Patrol, clock: ManualClock) -> None:
    patrol.report_shift(COLLECTOR, DUTY, clock.now_ms())
    with pytest.raises(NotFoundError) as error:
        patrol.add_points(OTHER, DUTY, [at(FIRST, clock.now_ms())])
    assert error.value.code == "patrol.no_shift"
    with pytest.raises(ForbiddenError):
        patrol.report_shift(DISPATCHER, "duty-0002", clock.now_ms())


@pytest.mark.parametrize(
    ("start_h", "end_h"), [(0.2, None), (-8 * 24, None), (-2, -3), (-13, -0.5), (-1, 0.2)], ids=str
)
def test_a_time_on_duty_that_cannot_be_is_refused(
    patrol: Patrol, clock: ManualClock, start_h: float, end_h: float | None
) -> None:
    now_ms = clock.now_ms()
    end_ms = None if end_h is None else now_ms + int(end_h * HOUR_MS)
    with pytest.raises(InvalidError) as error:
        patrol.report_shift(COLLECTOR, DUTY, now_ms + int(start_h * HOUR_MS), end_ms)
    assert error.value.code == "patrol.time"


def test_the_same_duty_has_one_beginning_and_one_end(patrol: Patrol, clock: ManualClock) -> None:
    began_ms = clock.now_ms() - HOUR_MS
    patrol.report_shift(COLLECTOR, DUTY, began_ms, began_ms + MINUTE_MS)
    for start_ms, end_ms in ((began_ms + 1, None), (began_ms, began_ms + 2 * MINUTE_MS)):
        with pytest.raises(ConflictError) as error:
            patrol.report_shift(COLLECTOR, DUTY, start_ms, end_ms)
        assert error.value.code == "patrol.shift"


def test_coverage_names_grids_and_past_hours_and_leaves_an_audit_line(
    patrol: Patrol, store: Store, clock: ManualClock
) -> None:
    """It is 09:00. Two walk: the first grid at 07:10, 07:50 and 08:20, the second at 08:59."""
    now_ms = clock.now_ms()
    patrol.report_shift(COLLECTOR, DUTY, now_ms - 2 * HOUR_MS)
    patrol.report_shift(OTHER, DUTY, now_ms - 2 * HOUR_MS)
    for minutes in (110, 70, 40):
        patrol.add_points(COLLECTOR, DUTY, [at(FIRST, now_ms - minutes * MINUTE_MS)])
    patrol.add_points(OTHER, DUTY, [at(FIRST, now_ms - 70 * MINUTE_MS + 1), at(SECOND, now_ms - MINUTE_MS)])
    found = patrol.coverage(DISPATCHER, now_ms - DAY_MS, now_ms)
    assert [(one.grid_code, one.hours, now_ms - one.last_hour_ms) for one in found.walked] == [
        (FIRST, 2, HOUR_MS),
        (SECOND, 1, HOUR_MS),
    ]
    assert [(one.street_code, one.name, one.grids, one.walked) for one in found.streets] == [
        ("140105001", "甲街道", 2, 2),
        ("140105002", "乙街道", 1, 0),
    ]
    with store.read() as conn:
        (line,) = list_audit(conn, SYSTEM).items
    assert (line.action, line.actor_name) == ("patrol.coverage", DISPATCHER.display_name)
    with pytest.raises(ForbiddenError):
        patrol.coverage(COLLECTOR, now_ms - DAY_MS, now_ms)


def test_nobody_can_follow_a_patrol_live(patrol: Patrol, clock: ManualClock) -> None:
    clock.advance(30 * 60)
    now_ms = clock.now_ms()
    patrol.report_shift(COLLECTOR, DUTY, now_ms - HOUR_MS)
    patrol.add_points(COLLECTOR, DUTY, [at(FIRST, now_ms - MINUTE_MS)])
    assert patrol.coverage(DISPATCHER, now_ms - DAY_MS, now_ms + DAY_MS).walked == []
    clock.advance(30 * 60)
    assert [one.grid_code for one in patrol.coverage(DISPATCHER, now_ms - DAY_MS, now_ms + DAY_MS).walked] == [FIRST]


def test_coverage_is_of_the_persons_areas(patrol: Patrol, clock: ManualClock) -> None:
    now_ms = clock.now_ms()
    patrol.report_shift(COLLECTOR, DUTY, now_ms - HOUR_MS)
    patrol.add_points(COLLECTOR, DUTY, [at(FIRST, now_ms - MINUTE_MS), at(THIRD, now_ms - 2 * MINUTE_MS)])
    street = Principal("A-D2", "d2", "街道派遣员", Role.DISPATCHER, area_codes=("140105002",))
    found = patrol.coverage(street, now_ms - DAY_MS, now_ms)
    assert [one.grid_code for one in found.walked] == [THIRD]
    assert [one.street_code for one in found.streets] == ["140105002"]


def test_a_period_is_bounded(patrol: Patrol, clock: ManualClock) -> None:
    now_ms = clock.now_ms()
    for from_ms, to_ms in ((now_ms, now_ms), (now_ms - 32 * DAY_MS, now_ms)):
        with pytest.raises(InvalidError) as error:
            patrol.coverage(DISPATCHER, from_ms, to_ms)
        assert error.value.code == "patrol.period"


def test_retention_deletes_tracks_and_their_times(patrol: Patrol, store: Store, clock: ManualClock) -> None:
    patrol.report_shift(COLLECTOR, DUTY, clock.now_ms())
    patrol.add_points(COLLECTOR, DUTY, [at(FIRST, clock.now_ms())])
    clock.advance(29 * 86_400)
    patrol.report_shift(COLLECTOR, "duty-0002", clock.now_ms())
    patrol.add_points(COLLECTOR, "duty-0002", [at(FIRST, clock.now_ms())])
    assert patrol.delete_old(30) == 0
    clock.advance(86_401)
    assert patrol.delete_old(30) == 1
    with store.read() as conn:
        shifts = conn.execute(select(patrol_shift_table.c.client_id)).scalars().all()
    assert shifts == ["duty-0002"]
    assert kept(store) == 1


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(-30, 90), max_size=8), max_size=6))
def test_any_order_of_batches_keeps_each_minute_on_duty_once(
    patrol: Patrol, clock: ManualClock, ids: IdMaker, batches: list[list[int]]
) -> None:
    """On duty since an hour, and a phone may be five minutes ahead: minutes 0 to 65 are kept, once, in any pieces."""
    began_ms, name = clock.now_ms() - HOUR_MS, ids.next()
    patrol.report_shift(COLLECTOR, name, began_ms)
    sums = [patrol.add_points(COLLECTOR, name, [at(FIRST, began_ms + m * MINUTE_MS) for m in one]) for one in batches]
    wanted = {minute for batch in batches for minute in batch if 0 <= minute <= 65}
    assert patrol.report_shift(COLLECTOR, name, began_ms).points == sum(one.kept for one in sums) == len(wanted)
    assert sum(one.kept + one.known + one.refused for one in sums) == sum(len(batch) for batch in batches)


def test_positions_that_come_while_the_duty_ends_are_measured_by_its_end(
    patrol: Patrol, store: Store, clock: ManualClock
) -> None:
    began_ms = clock.now_ms() - HOUR_MS
    patrol.report_shift(COLLECTOR, DUTY, began_ms)
    ended = update(patrol_shift_table).values(ended_ms=began_ms + 30 * MINUTE_MS)
    late = [at(FIRST, began_ms + MINUTE_MS), at(SECOND, began_ms + 31 * MINUTE_MS)]
    sent = at_once(store, lambda: patrol.add_points(COLLECTOR, DUTY, late), holding=lambda conn: conn.execute(ended))
    assert sent == [PatrolKept(kept=1, known=0, refused=1)]
    assert kept(store) == 1
