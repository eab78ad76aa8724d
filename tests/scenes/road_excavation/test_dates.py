"""The order of dates, with every pair that can be wrong."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cityops.scenes.road_excavation.dates import ORDER, contradictions, day_of, days_in

TODAY = date(2026, 11, 22)
days = st.dates(date(2023, 1, 1), TODAY + timedelta(days=30))


def test_case_2_as_published() -> None:
    found = contradictions({"found_on": date(2023, 11, 15), "decided_on": date(2023, 11, 7)}, TODAY)
    assert [text.zh for text in found] == ["处罚决定日期 2023-11-07 早于发现日期 2023-11-15"]
    assert [text.en for text in found] == ["decision 2023-11-07 is earlier than found 2023-11-15"]


def test_the_same_day_is_in_order() -> None:
    assert contradictions(dict.fromkeys((*ORDER, "restored_on"), TODAY), TODAY) == []


def test_a_restoration_before_the_stop_order_is_wrong_and_after_the_payment_is_not() -> None:
    told = {"stopped_on": date(2023, 11, 2), "paid_on": date(2023, 11, 20)}
    assert len(contradictions({**told, "restored_on": date(2023, 11, 1)}, TODAY)) == 1
    assert contradictions({**told, "restored_on": date(2023, 12, 1)}, TODAY) == []


def test_a_day_is_that_of_the_city() -> None:
    assert day_of("2023-11-06T16:00:00+00:00") == date(2023, 11, 7)
    assert days_in({"found_on": "2023-11-15T00:00:00+08:00", "party": "甲", "paid_on": ""}) == {
        "found_on": date(2023, 11, 15)
    }


@given(st.dictionaries(st.sampled_from(list(ORDER)), days))
def test_days_are_accepted_exactly_when_sorted_and_past(told: dict[str, date]) -> None:
    inorder = [told[name] for name in ORDER if name in told]
    fine = inorder == sorted(inorder) and all(day <= TODAY for day in inorder)
    assert (contradictions(told, TODAY) == []) is fine
