"""Before and after a treatment: days, borders at midnight in Shanghai, and the test worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.hazard_spots.town import Town

from cityops.scenes.hazard_spots.comparison import Comparison, compare, comparisons, p_value
from cityops.scenes.hazard_spots.events import Counting

TREATED, TODAY, LONG_AGO = date(2026, 11, 8), date(2026, 11, 22), date(2025, 1, 1)


def test_the_p_value_by_hand() -> None:
    """12 and 3 of 15: 1 + 15 + 105 + 455 = 576 ways of 32,768 to have 3 or fewer on one side; twice that."""
    assert p_value(12, 3) == pytest.approx(2 * 576 / 32_768)
    assert p_value(3, 12) == p_value(12, 3)
    assert p_value(5, 5) == 1.0, "the sum of both halves is more than all: no more than 1"
    assert p_value(10, 0) == pytest.approx(2 / 1024)
    assert p_value(0, 0) == 1.0


@given(st.integers(0, 40), st.integers(0, 40))
def test_it_is_the_share_of_all_ways_at_least_as_far_apart(before: int, after: int) -> None:
    """Counted the other way: every split of so many events that is as uneven as this or more."""
    both = before + after
    ways = sum(comb(both, k) for k in range(both + 1) if abs(both - 2 * k) >= abs(before - after))
    assert p_value(before, after) == pytest.approx(ways / 2**both)


def days(**counts: int) -> dict[date, int]:
    """Counts by the day of November, such as ``d7=3``."""
    return {date(2026, 11, int(name[1:])): count for name, count in counts.items()}


def test_both_sides_have_as_many_full_days() -> None:
    """Treated on the 8th, today is the 22nd: the 9th to the 21st are 13 full days; so 26 October to 7 November."""
    by_day = days(d7=5, d1=7, d8=100, d9=2, d21=1, d22=50) | {date(2026, 10, 26): 1, date(2026, 10, 25): 100}
    found = compare("case", by_day, TREATED, TODAY, LONG_AGO, 10)
    assert (found.days, found.before, found.after, found.difference) == (13, 13, 3, -10)
    assert found.percent == pytest.approx(-76.923, abs=0.001)  # -10 of 13
    # C(16,0..3) = 1 + 16 + 120 + 560 = 697 of 65,536, twice
    assert found.p == pytest.approx(2 * 697 / 65_536)
    assert found.verdict == "unlikely"


def test_few_events_are_not_judged() -> None:
    nine, ten = days(d7=9), days(d7=9, d9=1)
    few = compare("alert", nine, TREATED, TODAY, LONG_AGO, 10)
    assert (few.before, few.after, few.percent, few.p, few.verdict) == (9, 0, None, None, "too_few")
    assert compare("alert", ten, TREATED, TODAY, LONG_AGO, 10).verdict == "unlikely"
    assert compare("alert", days(d7=6, d9=5), TREATED, TODAY, LONG_AGO, 10).verdict == "may_be_chance"
    assert compare("alert", days(d9=12), TREATED, TODAY, LONG_AGO, 10).percent is None, "of nothing there is no share"


@pytest.mark.parametrize(
    ("treated", "first", "expected"),
    [
        (TODAY, LONG_AGO, (0, "not_yet")),
        (TODAY - timedelta(days=1), LONG_AGO, (0, "not_yet")),
        (TODAY - timedelta(days=2), LONG_AGO, (1, "too_few")),  # yesterday is the one full day since
        (TODAY + timedelta(days=5), LONG_AGO, (0, "not_yet")),
        (date(2025, 6, 1), LONG_AGO, (90, "too_few")),
        (TREATED, TREATED, (0, "no_history")),
        (TREATED, TREATED - timedelta(days=1), (0, "no_history")),  # the first day was no full one
        (TREATED, TREATED - timedelta(days=5), (4, "too_few")),
    ],
)
def test_days_that_are_not_known_or_not_over_do_not_count(
    treated: date, first: date, expected: tuple[int, str]
) -> None:
    found = compare("alert", {}, treated, TODAY, first, 10)
    assert (found.days, found.verdict) == expected


def test_a_day_begins_at_midnight_in_shanghai(either: Town) -> None:
    """Treated on 19 November: the 20th and the 21st are over; 2 days before are the 17th and the 18th."""
    spot = either.spot()
    either.alert("2026-01-01 00:00")
    either.case("2026-01-01 00:00")
    either.alert("2026-11-16 23:59:59")  # a day too early
    either.alert("2026-11-17 00:00", count=2)
    either.alert("2026-11-18 23:59:59", count=3)
    either.alert("2026-11-19 12:00", count=100)  # the day of the treatment
    either.alert("2026-11-20 00:00")
    either.alert("2026-11-21 23:59:59", count=4)
    either.alert("2026-11-22 00:00", count=100)  # today is not over
    either.case("2026-11-18 12:00")
    either.case("2026-11-20 12:00", north_m=101)  # outside
    treated, today = date(2026, 11, 19), date(2026, 11, 22)
    with either.context.store.read() as conn:
        found = {one.source: one for one in comparisons(conn, Counting(either.context), spot, treated, today)}
    assert sides(found["alert"]) == (2, 5, 5, "may_be_chance", 1.0)
    assert sides(found["case"]) == (2, 1, 0, "too_few", None)


def sides(one: Comparison) -> tuple[int, int, int, str, float | None]:
    return one.days, one.before, one.after, one.verdict, one.p
