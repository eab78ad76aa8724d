"""Indicators: the published month, each formula by hand, no data, exemptions, deferral."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.analysis.evaluation import COUNTERS, DEFINITIONS, Counters, Indicator, count_of, rate_of, rates
from cityops.kit import InvalidError

MONTH = Counters(reports=1054, accepted=1054, filed=996, close_due=972, closed=911, closed_in_time=737)
"""The published month: accepted 1,054, filed 996, due 972, closed 911, in time 737."""


def percent(indicator: Indicator, counters: Counters, **how: bool) -> str | None:
    rate = rate_of(indicator, counters, **how)
    assert rate is not None
    return rate.percent


def test_the_published_month() -> None:
    assert percent(Indicator.CLOSING_RATE, MONTH) == "93.72"
    assert percent(Indicator.TIMELY_CLOSING_RATE, MONTH) == "75.82"
    assert percent(Indicator.FILING_RATE, MONTH) == "94.50"
    assert count_of(Indicator.ACCEPTED_COUNT, MONTH) == 1054


BY_HAND = Counters(
    reports=200, valid_reports=150, missed=8, accepted=180, filed=160, filed_in_time=140, voided=4,
    prechecks_due=50, prechecks_in_time=45, final_checks_due=80, final_checks_in_time=60,
    precheck_orders_due=40, precheck_orders_in_time=30, final_check_orders_due=64, final_check_orders_in_time=56,
    dispatch_due=160, dispatched=152, dispatched_in_time=144, dispatch_reworked=8,
    close_due=100, closed=80, closed_in_time=60, late_exempted=5, deferred=20, reworked=12,
)  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (Indicator.FILING_RATE, "80.00"),
        (Indicator.CLOSING_RATE, "80.00"),
        (Indicator.TIMELY_CLOSING_RATE, "65.00"),
        (Indicator.REWORK_RATE, "15.00"),
        (Indicator.MISSED_RATE, "5.00"),
        (Indicator.VALID_REPORT_RATE, "75.00"),
        (Indicator.TIMELY_PRECHECK_RATE, "90.00"),
        (Indicator.TIMELY_FINAL_CHECK_RATE, "75.00"),
        (Indicator.TIMELY_PRECHECK_ORDER_RATE, "75.00"),
        (Indicator.TIMELY_FINAL_CHECK_ORDER_RATE, "87.50"),
        (Indicator.TIMELY_FILING_RATE, "87.50"),
        (Indicator.ACCURATE_FILING_RATE, "97.50"),
        (Indicator.TIMELY_DISPATCH_RATE, "90.00"),
        (Indicator.ACCURATE_DISPATCH_RATE, "90.00"),
    ],
)
def test_every_formula(indicator: Indicator, expected: str) -> None:
    assert percent(indicator, BY_HAND) == expected


def test_every_indicator_is_a_rate_or_a_count_and_has_names() -> None:
    assert set(DEFINITIONS) == set(Indicator)
    for indicator in Indicator:
        assert (rate_of(indicator, BY_HAND) is None) != (count_of(indicator, BY_HAND) is None)
        assert all((*DEFINITIONS[indicator].name, *DEFINITIONS[indicator].formula))
    assert len(rates(BY_HAND)) == 14


def test_an_approved_appeal_exempts_a_delay_and_leaves_the_fact() -> None:
    rate = rate_of(Indicator.TIMELY_CLOSING_RATE, BY_HAND)
    assert rate is not None
    assert (rate.percent, rate.raw_percent, rate.exempted) == ("65.00", "60.00", 5)
    assert (rate.value, rate.raw_value) == (0.65, 0.6)
    assert percent(Indicator.CLOSING_RATE, BY_HAND) == percent(
        Indicator.CLOSING_RATE, replace(BY_HAND, late_exempted=0)
    )


def test_some_cities_take_deferred_cases_out_of_the_denominator() -> None:
    # (60 + 5) of 100 − 20.
    assert percent(Indicator.TIMELY_CLOSING_RATE, BY_HAND, deferred_excluded=True) == "81.25"
    assert percent(Indicator.CLOSING_RATE, BY_HAND, deferred_excluded=True) == "80.00"


def test_nothing_due_is_no_data() -> None:
    for rate in rates(Counters()).values():
        assert (rate.value, rate.raw_value, rate.percent, rate.raw_percent) == (None, None, None, None)
    all_deferred = Counters(close_due=3, deferred=3)
    assert percent(Indicator.TIMELY_CLOSING_RATE, all_deferred) == "0.00"
    assert percent(Indicator.TIMELY_CLOSING_RATE, all_deferred, deferred_excluded=True) is None


def test_percentages_are_rounded_half_up_and_exactly() -> None:
    # 1/160000 is 0.000625 %, 0.005 % sharp is 1/20000: half up gives 0.01.
    assert percent(Indicator.FILING_RATE, Counters(reports=20_000, filed=1)) == "0.01"
    assert percent(Indicator.FILING_RATE, Counters(reports=160_000, filed=1)) == "0.00"
    assert percent(Indicator.FILING_RATE, Counters(reports=3, filed=2)) == "66.67"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"filed": -1}, "filed = -1 < 0"),
        ({"closed": 101}, r"closed 101 \+ deferred 20 > close_due 100"),
        ({"deferred": 21}, r"closed 80 \+ deferred 21 > close_due 100"),
        ({"late_exempted": 21}, r"closed_in_time 60 \+ late_exempted 21 > closed 80"),
        ({"valid_reports": 201}, "valid_reports 201 > reports 200"),
        ({"dispatched": 161}, "dispatched 161 > dispatch_due 160"),
        ({"reworked": 81}, "reworked 81 > closed 80"),
    ],
)
def test_impossible_counts_are_refused(changes: dict[str, int], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        replace(BY_HAND, **changes)


@given(st.integers(0, 50), st.integers(0, 50))
def test_counters_add_up(times: int, more: int) -> None:
    total = Counters()
    for _ in range(times):
        total += BY_HAND
    assert all(getattr(total, name) == times * getattr(BY_HAND, name) for name in COUNTERS)
    if times:
        assert {one: rate.value for one, rate in rates(total).items()} == {
            one: rate.value for one, rate in rates(BY_HAND).items()
        }
    assert (total + replace(MONTH, reports=1054 + more)).reports == times * 200 + 1054 + more
