"""Closures of planned works: stretches, night hours, half of the road."""

from __future__ import annotations

from datetime import datetime

import pytest

from cityops.cases import Cases
from cityops.dispatch import DailyWindow, Dispatch
from cityops.kit import SHANGHAI, InvalidError, ManualClock, to_ms
from cityops.store import Store

from .conftest import DISPATCHER, LAT, add_crew, lon_of, open_case

NIGHT = DailyWindow.parse("22:00", "05:00")


def at(day: int, hour: int, minute: int = 0) -> int:
    return to_ms(datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (at(22, 21, 59), False),
        (at(22, 22), True),
        (at(23, 0), True),
        (at(23, 4, 59), True),
        (at(23, 5), False),
        (at(23, 12), False),
    ],
)
def test_a_night_lasts_over_midnight(moment: int, holds: bool) -> None:
    assert NIGHT.holds(moment) is holds


def test_a_window_within_the_day() -> None:
    noon = DailyWindow.parse("11:30", "14:00")
    assert [noon.holds(at(22, hour)) for hour in (11, 12, 14)] == [False, True, False]


@pytest.mark.parametrize("begins", ["22", "24:00", "", "ab:cd", "5:00", "２２:00"])
def test_times_that_are_none(begins: str) -> None:
    with pytest.raises(InvalidError) as refused:
        DailyWindow.parse(begins, "06:00")
    assert refused.value.code == "window.form"


def test_a_window_has_a_length() -> None:
    with pytest.raises(InvalidError) as refused:
        DailyWindow.parse("22:00", "22:00")
    assert refused.value.code == "window.empty"


def close(dispatch: Dispatch, store: Store, *, half: bool, case_id: str | None = None) -> str:
    """The first three kilometres of the test's road, for three nights from today."""
    stretch = dispatch.closures.stretch((lon_of(0), LAT), (lon_of(3), LAT))
    assert (len(stretch.edges), stretch.length_m, stretch.road_name) == (6, 3000.0, "太榆路")
    return store.write(
        lambda conn: dispatch.closures.create_in(
            conn,
            DISPATCHER,
            stretch,
            "照明灯具更换",
            from_ms=at(22, 22),
            to_ms=at(25, 5),
            nightly=NIGHT,
            half=half,
            case_id=case_id,
        )
    )


def test_a_night_closure_closes_at_night_only(
    dispatch: Dispatch, cases: Cases, sqlite_store: Store, clock: ManualClock
) -> None:
    case_id = open_case(cases)
    close(dispatch, sqlite_store, half=False)
    found = []
    for moment in (at(22, 21, 59), at(22, 22, 1), at(23, 4, 59), at(23, 5, 1), at(23, 22, 1), at(25, 5, 1)):
        clock.advance((moment - clock.now_ms()) / 1000)
        edges = len(dispatch.closures.edges_in_force(clock.now_ms()))
        found.append((edges, [one.in_force for one in dispatch.closures.list(DISPATCHER)]))
        if moment == at(22, 22, 1):
            add_crew(dispatch, "east", node=5)
            assert dispatch.recommend_case(DISPATCHER, case_id).unable[0]["code"] == "out_of_reach"
    assert found == [(0, [False]), (6, [True]), (6, [True]), (0, [False]), (6, [True]), (0, [])]


def test_traffic_passes_where_half_of_the_road_is_closed(
    dispatch: Dispatch, cases: Cases, sqlite_store: Store, clock: ManualClock
) -> None:
    case_id = open_case(cases)
    close(dispatch, sqlite_store, half=True)
    clock.advance((at(22, 22, 30) - clock.now_ms()) / 1000)
    add_crew(dispatch, "east", node=5)
    assert [(one.half, one.in_force) for one in dispatch.closures.list(DISPATCHER)] == [(True, True)]
    assert [item.travel_time_s for item in dispatch.recommend_case(DISPATCHER, case_id).items] == [300.0]


def test_what_a_planned_work_has_closed_is_opened_together(dispatch: Dispatch, sqlite_store: Store) -> None:
    for work in ("CASE1", "CASE2"):
        close(dispatch, sqlite_store, half=True, case_id=work)
    closures = dispatch.closures
    ended = [sqlite_store.write(lambda conn: closures.end_of_case_in(conn, DISPATCHER, "CASE1")) for _ in range(2)]
    assert ended == [1, 0]
    assert [one.case_id for one in closures.list(DISPATCHER)] == ["CASE2"]


def test_a_stretch_needs_roads(dispatch: Dispatch) -> None:
    for start, end in (((0.0, 0.0), (lon_of(3), LAT)), ((lon_of(1), LAT), (lon_of(1), LAT))):
        with pytest.raises(InvalidError) as refused:
            dispatch.closures.stretch(start, end)
        assert refused.value.code == "closure.invalid"
