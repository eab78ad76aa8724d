"""The share of quick handling and the minutes saved: recomputed from cases, and silent when there are too few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.access import SYSTEM
from cityops.kit import ForbiddenError, to_ms
from cityops.scenes.quick_accident.demo import past_accidents, seed_demo
from cityops.scenes.quick_accident.figures import FigureCase, QuickFigures, figures, summed

from .street import Street

T0 = datetime(2026, 11, 1, tzinfo=UTC)
minutes = st.floats(1, 120, allow_nan=False)


def case(group: str, took: float | None, number: int = 0) -> FigureCase:
    return FigureCase.model_validate(
        {
            "case_id": f"C{number}",
            "number": f"QA-{number}",
            "reported_at": T0,
            "cleared_at": None if took is None else T0,
            "group": group,
            "minutes": took,
        }
    )


def sums(quick: list[float], slow: list[float]) -> QuickFigures:
    cases = [*(case("quick", took) for took in quick), *(case("slow", took) for took in slow)]
    return summed(cases, to_ms(T0), to_ms(T0) + 1)


def test_figures_worked_out_by_hand() -> None:
    found = sums([8, 10, 12, 14, 20], [30, 32, 35, 38, 60])
    assert found.share == 0.5
    assert (found.quick_median_min, found.slow_median_min) == (12, 35)
    assert found.saved_median_min == 23  # 35 - 12
    assert found.saved_mean_min == pytest.approx(22.2)  # 35 - 64 / 5
    assert found.target_share == 0.95  # S0


@given(st.lists(minutes, min_size=5, max_size=30), st.lists(minutes, min_size=5, max_size=30))
def test_what_is_saved_is_the_slow_median_less_the_quick_one(quick: list[float], slow: list[float]) -> None:
    found = sums(quick, slow)
    assert found.saved_median_min == pytest.approx(median(slow) - median(quick))
    assert found.share == pytest.approx(len(quick) / (len(quick) + len(slow)))


@pytest.mark.parametrize(("quick", "slow"), [(4, 5), (5, 4), (40, 0), (0, 40)])
def test_too_few_cases_say_nothing_about_minutes(quick: int, slow: int) -> None:
    found = sums([10.0] * quick, [30.0] * slow)
    assert found.saved_median_min is None
    assert found.saved_mean_min is None


def test_what_is_not_comparable_is_counted_apart() -> None:
    groups = ["quick"] * 5 + ["beyond_slight", "running", "void"]
    found = summed([case(group, None, at) for at, group in enumerate(groups)], to_ms(T0), to_ms(T0) + 1)
    assert found.counts == {"quick": 5, "slow": 0, "beyond_slight": 1, "running": 1, "void": 1}
    assert (found.share, found.quick_measured) == (1.0, 0)


def test_the_figures_are_those_of_the_cases(street: Street) -> None:
    took = {}
    for blocked_min in (6, 8, 10, 14, 22):
        case_id = street.offered()
        a, b = street.phones(case_id)
        street.clock.advance(blocked_min * 60)
        for phone in (a, b):
            phone.moved()
            phone.answer(True)
        street.take(street.dispatcher, case_id, "close")
        took[case_id] = blocked_min
    for ground, blocked_min in (("dispute", 31), ("dispute", 33), ("evidence", 36), ("unlawful", 41), ("facility", 55)):
        case_id = street.report()
        street.take(street.dispatcher, case_id, "to_ordinary", "转一般程序", ground=ground)
        street.clock.advance(blocked_min * 60)
        street.take(street.officer, case_id, "clear_on_site")
        street.take(street.officer, case_id, "conclude", conclusion="已认定")
        street.take(street.dispatcher, case_id, "close")
        took[case_id] = blocked_min
    hurt = street.report()
    street.desk.screen(street.dispatcher, hurt, ["injury"])
    street.take(street.dispatcher, hurt, "to_ordinary", "有人重伤", ground="injury")
    running, void = street.report(), street.report()
    street.take(street.dispatcher, void, "void", "重复报警")

    now_ms = street.clock.now_ms()
    found = figures(street.context, street.analyst, now_ms - 86_400_000, now_ms + 1)
    assert found.counts == {"quick": 5, "slow": 5, "beyond_slight": 1, "running": 1, "void": 1}
    assert {one.case_id: one.minutes for one in found.cases if one.minutes is not None} == took
    assert found.saved_median_min == 26  # 36 - 10
    assert {one.case_id for one in found.cases if one.group == "running"} == {running}
    assert figures(street.context, street.officer, now_ms, now_ms + 1).counts["quick"] == 0  # an empty period
    other = figures(street.context, street.other_officer, now_ms - 86_400_000, now_ms + 1)
    assert other.cases == []  # another squad's
    with pytest.raises(ForbiddenError):
        figures(street.context, street.patrol, now_ms - 1, now_ms)


def test_the_demo_adds_its_month_once_and_looks_like_the_source(small_street: Street) -> None:
    context = replace(small_street.context, demo_trucks=60)
    seed_demo(context)
    seed_demo(context)
    now_ms = context.clock.now_ms()
    found = figures(context, SYSTEM, now_ms - 30 * 86_400_000, now_ms)
    assert found.counts == {"quick": 19, "slow": 1, "beyond_slight": 0, "running": 0, "void": 0}
    assert found.share == 0.95
    expected = sorted(round(one.blocked_min, 1) for one in past_accidents(20))
    assert sorted(round(one.minutes or 0, 1) for one in found.cases) == expected


def test_the_whole_month_meets_the_figures_of_the_source() -> None:
    month = list(past_accidents(100))
    slow = [one.blocked_min for one in month if one.slow]
    quick = [one.blocked_min for one in month if not one.slow]
    assert (len(quick), len(slow)) == (95, 5)
    assert 10 <= median(slow) - median(quick) <= 30  # S0: 10 to 30 minutes each
