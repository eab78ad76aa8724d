"""Crews: shifts, positions that are not kept, claims, and closures."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from tests.together import at_once

from cityops.access import Principal, Role
from cityops.cases import Cases, Step
from cityops.dispatch import Crews, Dispatch
from cityops.dispatch.tables import crew_state_table
from cityops.kit import ConflictError, CoordinateSystem, ForbiddenError, IdMaker, InvalidError, ManualClock, from_ms
from cityops.store import Store

from .conftest import DISPATCHER, LAT, add_crew, lon_of, open_case


def positions(store: Store) -> list[tuple[float | None, float | None]]:
    with store.read() as conn:
        return [(row.lon, row.lat) for row in conn.execute(select(crew_state_table))]


def test_only_the_latest_position_is_kept_and_none_after_the_shift(dispatch: Dispatch, sqlite_store: Store) -> None:
    member = add_crew(dispatch, "a", node=1)
    crew_id = str(member.crew_id)
    dispatch.crews.report_position(member, crew_id, 112.5, 37.8)
    assert positions(sqlite_store) == [(112.5, 37.8)]
    assert dispatch.crews.end_shift(member, crew_id).state == "off_duty"
    assert positions(sqlite_store) == [(None, None)]
    with pytest.raises(ConflictError) as off:
        dispatch.crews.report_position(member, crew_id, 112.5, 37.8)
    assert off.value.code == "crew.off_duty"
    assert positions(sqlite_store) == [(None, None)]


def test_a_shift_ends_by_itself_and_its_position_goes(
    dispatch: Dispatch, sqlite_store: Store, clock: ManualClock
) -> None:
    member = add_crew(dispatch, "a", node=1)
    ends_ms = clock.now_ms() + 12 * 3_600_000
    clock.advance(12 * 3600 - 1)
    assert dispatch.crews.list(DISPATCHER)[0].state == "free"
    assert dispatch.crews.end_overrun_shifts() == 0
    clock.advance(1)
    assert dispatch.crews.list(DISPATCHER)[0].state == "off_duty"
    with pytest.raises(ConflictError):
        dispatch.crews.report_position(member, str(member.crew_id), 112.5, 37.8)
    assert dispatch.crews.end_overrun_shifts() == 1
    assert positions(sqlite_store) == [(None, None)]
    over = dispatch.crews.get(member, str(member.crew_id))
    assert (over.state, over.on_shift_since, over.shift_ends) == ("off_duty", None, from_ms(ends_ms))  # it is told so
    assert dispatch.crews.end_overrun_shifts() == 0
    assert dispatch.crews.begin_shift(member, str(member.crew_id)).state == "free"
    assert dispatch.crews.end_shift(member, str(member.crew_id)).shift_ends is None


def test_a_position_in_the_chinese_offset_is_stored_as_wgs84(dispatch: Dispatch) -> None:
    member = add_crew(dispatch, "a", node=1)
    # The offset at Taiyuan is some 600 m; WGS-84 112.55, 37.87 shows as 112.5558.., 37.8708.. on a GCJ-02 map.
    from cityops.kit import from_wgs84

    gcj_lon, gcj_lat = from_wgs84(112.55, 37.87, CoordinateSystem.GCJ02)
    view = dispatch.crews.report_position(
        member, str(member.crew_id), float(gcj_lon), float(gcj_lat), system=CoordinateSystem.GCJ02
    )
    assert float(gcj_lon) - 112.55 > 0.003
    assert view.lon == pytest.approx(112.55, abs=1e-5)
    assert view.lat == pytest.approx(37.87, abs=1e-5)


def test_nobody_reports_or_ends_the_shift_of_another(dispatch: Dispatch) -> None:
    mine, other = add_crew(dispatch, "a", node=1), add_crew(dispatch, "b", node=2)
    for who in (mine, DISPATCHER):
        with pytest.raises(ForbiddenError):
            dispatch.crews.report_position(who, str(other.crew_id), 112.5, 37.8)
        with pytest.raises(ForbiddenError):
            dispatch.crews.end_shift(who, str(other.crew_id))


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 37.0), (112.0, -91.0), (float("nan"), 37.0)])
def test_a_position_off_the_earth_is_refused(dispatch: Dispatch, lon: float, lat: float) -> None:
    member = add_crew(dispatch, "a", node=1)
    with pytest.raises(InvalidError):
        dispatch.crews.report_position(member, str(member.crew_id), lon, lat)


def test_a_crew_on_a_case_cannot_leave(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "a", node=1)
    case_id = open_case(cases)
    cases.act(DISPATCHER, case_id, "dispatch", Step(1, None, {"crew": member.crew_id}))
    with pytest.raises(ConflictError) as busy:
        dispatch.crews.end_shift(member, str(member.crew_id))
    assert busy.value.code == "crew.busy"
    view = dispatch.crews.get(DISPATCHER, str(member.crew_id))
    assert (view.state, view.case_number) == ("assigned", cases.get(DISPATCHER, case_id).number)
    assert view.task_id == cases.tasks(member).items[0].task_id


def test_a_shift_longer_than_twelve_hours_is_refused(dispatch: Dispatch, clock: ManualClock) -> None:
    member = add_crew(dispatch, "a", node=1)
    with pytest.raises(InvalidError):
        dispatch.crews.begin_shift(member, str(member.crew_id), ends_ms=clock.now_ms() + 12 * 3_600_000 + 1)


def test_adding_a_known_crew_again_changes_nothing(dispatch: Dispatch) -> None:
    first, again = add_crew(dispatch, "a", node=1), add_crew(dispatch, "a", node=5)
    assert first.crew_id == again.crew_id
    assert len(dispatch.crews.list(DISPATCHER)) == 1


def test_a_closure_closes_both_directions_while_it_is_in_force(dispatch: Dispatch, clock: ManualClock) -> None:
    now_ms = clock.now_ms()
    night = dispatch.closures.create(
        DISPATCHER, lon_of(2.5), LAT, "路灯更换，半幅封闭", from_ms=now_ms + 1000, to_ms=now_ms + 5000
    )
    assert dispatch.closures.edges_in_force(now_ms + 999) == frozenset()
    # Edge 2 runs from node 2 to node 3; its twin is edge 9 + 2.
    assert dispatch.closures.edges_in_force(now_ms + 1000) == {2, 11}
    assert dispatch.closures.edges_in_force(now_ms + 4999) == {2, 11}
    assert dispatch.closures.edges_in_force(now_ms + 5000) == frozenset()
    assert [c.closure_id for c in dispatch.closures.list(DISPATCHER)] == [night.closure_id]
    clock.advance(5)
    assert dispatch.closures.list(DISPATCHER) == []


@pytest.mark.parametrize(
    ("lat", "reason", "to_ms"), [(37.9, "施工", None), (LAT, "  ", None), (LAT, "施工", 1), (LAT, "长" * 201, None)]
)
def test_a_closure_that_makes_no_sense_is_refused(
    dispatch: Dispatch, lat: float, reason: str, to_ms: int | None
) -> None:
    with pytest.raises(InvalidError):
        dispatch.closures.create(DISPATCHER, lon_of(2.5), lat, reason, to_ms=to_ms)
    assert dispatch.closures.list(DISPATCHER) == []


def test_closing_a_road_needs_the_permission(dispatch: Dispatch) -> None:
    acceptor = Principal("A-A", "acceptor", "受理员", Role.ACCEPTOR)
    with pytest.raises(ForbiddenError):
        dispatch.closures.create(acceptor, lon_of(2.5), LAT, "施工")


def test_a_shift_begun_anew_at_this_moment_is_not_ended(store: Store, clock: ManualClock, ids: IdMaker) -> None:
    crews = Crews(store, clock, ids)
    crew_id = crews.add(
        code="a", name="巡组", unit_id="U-P", unit_name="大队", area_code=None, capabilities=(), base=(112.5, LAT)
    )
    crews.begin_shift(Principal("A-a", "a", "巡组", Role.CREW, crew_id=crew_id), crew_id)
    clock.advance(12 * 3600)
    again = update(crew_state_table).values(shift_to_ms=clock.now_ms() + 3_600_000)
    told = store.last_event_id()
    assert at_once(store, crews.end_overrun_shifts, holding=lambda conn: conn.execute(again)) == [0]
    assert (crews.end_overrun_shifts(), store.events_after(told, 10)) == (0, [])
