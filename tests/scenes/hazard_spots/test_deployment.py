"""Violations by hour and group, and the windows that cover most of them."""

from __future__ import annotations

import io
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from tests.scenes.hazard_spots.town import Town

from cityops.access import SYSTEM
from cityops.registers import RegisterObject
from cityops.scenes.hazard_spots.answers import deployment_answer
from cityops.scenes.hazard_spots.deployment import Axis, Days, Deployment, best_windows, deployment
from cityops.scenes.hazard_spots.events import Counting
from cityops.scenes.hazard_spots.sheet import write_deployment


def hours(**counts: int) -> list[int]:
    """24 counts by hour, such as ``h7=3``."""
    return [counts.get(f"h{hour}", 0) for hour in range(24)]


def test_windows_by_hand() -> None:
    """7–9 has 9 + 8; 18–20 has 5 + 4; 17–19 would have 3 + 5; the third best that overlaps none is 6–7 … none left."""
    totals = hours(h6=4, h7=9, h8=8, h17=3, h18=5, h19=4)
    assert best_windows(totals, 1) == ((7, 17),)
    assert best_windows(totals, 2) == ((7, 17), (18, 9))
    assert best_windows(totals, 3) == ((5, 4), (7, 17), (18, 9)), "5–7 beats 16–18, which has 3"
    assert best_windows(hours(), 3) == ()
    assert best_windows(hours(h12=1), 3) == ((11, 1),), "the earliest of two that cover the same"
    assert best_windows(hours(h23=2, h0=1), 3) == ((23, 3),), "one window rather than two that cover the same"


def test_a_window_may_span_midnight() -> None:
    assert best_windows(hours(h23=5, h0=6), 1) == ((23, 11),)
    (window,) = best_windows(hours(h23=5, h0=6), 1)
    assert window.hours == (23, 0)


@given(st.lists(st.integers(0, 5), min_size=24, max_size=24), st.integers(1, 3))
def test_no_choice_covers_more(totals: list[int], windows: int) -> None:
    """Against every choice of so many windows without overlap on the clock."""
    found = best_windows(totals, windows)
    covered = [hour for window in found for hour in window.hours]
    assert len(set(covered)) == len(covered)
    assert sum(window.violations for window in found) == sum(totals[hour] for hour in covered)
    most = 0
    for begins in combinations(range(24), windows):
        inside = {(begin + part) % 24 for begin in begins for part in (0, 1)}
        if len(inside) == 2 * windows:
            most = max(most, sum(totals[hour] for hour in inside))
    assert sum(window.violations for window in found) == most


def found_in(
    town: Town, *spots: RegisterObject, axis: Axis = "vehicle_class", days: Days = "all", windows: int = 3
) -> Deployment:
    counting = Counting(town.context)
    with town.context.store.read() as conn:
        return deployment(
            conn, counting, town.context.clock.now_ms(), spots=spots, axis=axis, days=days, windows=windows
        )


def truck(town: Town, plate: str, vehicle_class: str) -> str:
    data = {"plate_color": "yellow", "vehicle_class": vehicle_class}
    return town.context.registers.create(SYSTEM, register="vehicle", code=plate, title=plate, data=data).id


def test_by_hour_group_and_kind_of_day(either: Town) -> None:
    """21 November 2026 is a Saturday, the 20th a Friday."""
    spot, far = either.spot("A"), either.spot("B", north_m=3000)
    lorry, coach = truck(either, "晋A00001", "truck"), truck(either, "晋A00002", "coach")
    either.alert("2026-11-20 07:00", count=3, vehicle_id=lorry)
    either.alert("2026-11-20 07:59:59", vehicle_id=lorry, detector="terminal_alarm")
    either.alert("2026-11-20 08:00", vehicle_id=coach)
    either.alert("2026-11-21 23:59:59", count=2, vehicle_id=coach)
    either.alert("2026-11-22 00:00")  # its vehicle is not in the register; a Sunday
    either.alert("2026-11-20 07:30", north_m=150, vehicle_id=lorry)  # near no spot
    either.alert("2026-11-20 07:30", count=9, state="withdrawn")
    either.alert("2026-11-20 07:30", count=9, detector="no_data")
    either.alert("2026-08-24 08:59:59", count=9)  # 90 days and a second ago
    at_spot = found_in(either, spot)
    assert dict(at_spot.rows) == {
        "truck": tuple(hours(h7=4)),
        "coach": tuple(hours(h8=1, h23=2)),
        "unknown": tuple(hours(h0=1)),
    }
    assert at_spot.windows == ((7, 5), (23, 3))
    assert (at_spot.total, at_spot.covered) == (8, 8)
    assert at_spot.even_share == pytest.approx(4 / 24)
    assert found_in(either).total == 9
    assert found_in(either, far).total == 0
    assert found_in(either, far).windows == ()
    assert found_in(either, spot, far).total == 8
    assert dict(found_in(either, spot, days="weekend").rows) == {
        "coach": tuple(hours(h23=2)),
        "unknown": tuple(hours(h0=1)),
    }
    assert found_in(either, spot, days="weekday").total == 5
    assert dict(found_in(either, spot, axis="detector").rows) == {
        "overspeed": tuple(hours(h7=3, h8=1, h23=2, h0=1)),
        "terminal_alarm": tuple(hours(h7=1)),
    }


def test_a_case_does_not_hide_its_alert(town: Town) -> None:
    """A violation is one whether or not a case came of it."""
    town.alert("2026-11-20 07:00", case_id="C")
    assert found_in(town).total == 1


def test_the_sheet_holds_windows_and_hours(town: Town) -> None:
    spot, lorry = town.spot("唐槐路"), truck(town, "晋A00001", "truck")
    town.alert("2026-11-20 07:00", count=3, vehicle_id=lorry)
    town.alert("2026-11-20 14:00", vehicle_id=lorry)
    found = found_in(town, spot, windows=1)
    answer = deployment_answer(town.context, Counting(town.context), [spot], "vehicle_class", found)
    assert answer.few  # 4, and the city judges from 10
    assert answer.share == 0.75
    assert answer.even_share == pytest.approx(2 / 24)
    sheet = load_workbook(io.BytesIO(write_deployment(answer, "weekday"))).active
    assert sheet is not None
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    assert rows[0][-1] == "货车 Truck"
    assert rows[1] == ("唐槐路", "周一至周五 Mon–Fri", "06:00–08:00", "第 1 段 No. 1", 3, 75, 3)
    assert rows[2 + 7] == ("唐槐路", "周一至周五 Mon–Fri", "07", "是 Yes", 3, 75, 3)
    assert len(rows) == 1 + 1 + 24
