"""The time that counts: working time for working units, without pauses; moments and shares agree."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.cases.counting import CountedTime
from cityops.kit import SHANGHAI, Limit, LimitUnit, Pause, WorkingCalendar, compute_deadline, from_ms, to_ms

CALENDAR = WorkingCalendar.official()
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 23, tzinfo=SHANGHAI)
starts = st.integers(0, 60 * 24 * 300).map(lambda minutes: datetime(2026, 1, 1, tzinfo=SHANGHAI) + minutes * MINUTE)
limits = st.one_of(
    st.builds(Limit, st.integers(1, 40), st.sampled_from(list(LimitUnit))),
    st.builds(Limit, st.sampled_from([0.5, 2.5]), st.sampled_from([LimitUnit.WORKING_HOUR, LimitUnit.URGENT_HOUR])),
)
gaps = st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 10_000)), max_size=3)


def counted(start: datetime, limit: Limit, pauses: tuple[Pause, ...] = ()) -> CountedTime:
    result = compute_deadline(start, limit, CALENDAR, pauses=pauses)
    return CountedTime(to_ms(start), to_ms(result.due), result.basis, CALENDAR)


@pytest.mark.parametrize(
    ("hour", "limit", "percent", "when"),
    [
        # 4 working hours from Monday 16:00: two that day, two on Tuesday morning.
        (16, Limit(4, LimitUnit.WORKING_HOUR), 50, "11-23 18:00"),
        (16, Limit(4, LimitUnit.WORKING_HOUR), 80, "11-24 09:12"),
        (16, Limit(4, LimitUnit.WORKING_HOUR), 100, "11-24 10:00"),
        (16, Limit(4, LimitUnit.WORKING_HOUR), 150, "11-24 12:00"),
        # 1 working day from Monday 16:00 is due on Tuesday 18:00: 2 + 8 working hours.
        (16, Limit(1, LimitUnit.WORKING_DAY), 50, "11-24 11:00"),
        (16, Limit(1, LimitUnit.WORKING_DAY), 80, "11-24 16:00"),
        # Urgent hours run through the night.
        (22, Limit(4, LimitUnit.URGENT_HOUR), 50, "11-24 00:00"),
    ],
)
def test_a_share_is_of_the_time_that_counts(hour: int, limit: Limit, percent: int, when: str) -> None:
    time = counted(MONDAY.replace(hour=hour), limit)
    assert from_ms(time.moment_ms(percent)).strftime("%m-%d %H:%M") == when


@settings(max_examples=150)
@given(starts, limits, gaps, st.integers(1, 99))
def test_moments_are_in_order_counted_and_never_at_night(
    start: datetime, limit: Limit, spans: list[tuple[int, int]], percent: int
) -> None:
    pauses = tuple((start + a * MINUTE, start + (a + b) * MINUTE) for a, b in spans)
    time = counted(start, limit, pauses)
    moment_ms, due_ms = time.moment_ms(percent), time.moment_ms(100)
    assert to_ms(start) < moment_ms <= due_ms <= time.moment_ms(150)
    assert time.share(due_ms) == 1.0
    assert time.share(moment_ms - 1) < percent / 100 <= time.share(moment_ms)
    if limit.unit.by_calendar:
        at = from_ms(moment_ms)
        assert CALENDAR.is_working_day(at.date())
        assert 8 <= (at - timedelta(milliseconds=1)).hour < 12 or 14 <= (at - timedelta(milliseconds=1)).hour < 18
    moment = from_ms(moment_ms)
    assert not any(begin < moment < end for begin, end in pauses if end is not None)
