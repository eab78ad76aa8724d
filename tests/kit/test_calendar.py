"""The working calendar against the State Council's notices (2018 to 2026) and its own rules."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import InvalidError, Text, WorkingCalendar, WorkingHours

CALENDAR = WorkingCalendar.official()


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 2), False),  # New Year 2026: 1 to 3 January free …
        (date(2026, 1, 4), True),  # … Sunday the 4th worked
        (date(2026, 2, 14), True),  # Spring Festival 2026: 15 to 23 February free, 14 and 28 worked
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),
        (date(2026, 10, 7), False),  # National Day 2026: 1 to 7 October free, 20 September and 10 October worked
        (date(2026, 9, 20), True),
        (date(2026, 10, 10), True),
        (date(2018, 12, 29), True),  # the notice for 2019 reached back into 2018
        (date(2018, 12, 31), False),
        (date(2024, 11, 23), False),  # a plain Saturday
        (date(2024, 11, 25), True),  # a plain Monday
    ],
)
def test_days_of_the_official_notices(day: date, works: bool) -> None:
    assert CALENDAR.is_working_day(day) is works


def test_names_the_holiday_and_the_shifted_day() -> None:
    assert CALENDAR.holiday(date(2026, 10, 1)) == Text("国庆节", "National Day")
    assert CALENDAR.shifted(date(2026, 10, 10)) == Text("国庆节", "National Day")
    assert CALENDAR.holiday(date(2026, 10, 10)) is None
    assert CALENDAR.shifted(date(2026, 10, 12)) is None


def test_2025_has_the_248_working_days_of_its_notice() -> None:
    # 365 days: 52 weekends of two days leave 261 weekdays; 18 weekdays are free and 5 weekend days worked.
    assert CALENDAR.working_days_between(date(2025, 1, 1), date(2025, 12, 31)) == 261 - 18 + 5


def test_last_days_of_the_last_published_year_are_not_settled() -> None:
    end = CALENDAR.known_until
    assert (end.month, end.day) == (12, 28)
    assert CALENDAR.known(end)
    assert not CALENDAR.known(end + timedelta(days=1))
    assert not CALENDAR.known(date(2003, 12, 31))
    assert CALENDAR.known(date(2004, 1, 1))


def test_beyond_the_published_years_only_weekends_are_free() -> None:
    assert CALENDAR.is_working_day(date(2151, 10, 1))  # a Friday
    assert not CALENDAR.is_working_day(date(2151, 10, 2))


@given(st.dates(date(2150, 1, 1), date(2199, 12, 31)))
def test_beyond_the_published_years_the_week_decides(day: date) -> None:
    assert CALENDAR.is_working_day(day) is (day.isoweekday() <= 5)


@given(st.dates(date(2004, 1, 1), date(2026, 6, 1)), st.integers(0, 120))
def test_working_days_between_counts_days_one_by_one(first: date, days: int) -> None:
    span = [first + timedelta(days=offset) for offset in range(days + 1)]
    assert CALENDAR.working_days_between(first, span[-1]) == sum(CALENDAR.is_working_day(day) for day in span)


@given(st.dates(date(2004, 1, 1), date(2026, 6, 1)))
def test_next_working_day_is_the_first_one_not_before(day: date) -> None:
    found = CALENDAR.next_working_day(day)
    assert CALENDAR.is_working_day(found)
    assert not any(CALENDAR.is_working_day(day + timedelta(days=k)) for k in range((found - day).days))


def test_a_day_outside_the_calendar_is_an_error_with_words() -> None:
    with pytest.raises(InvalidError) as caught:
        CALENDAR.is_working_day(date(1991, 12, 31))
    assert caught.value.code == "calendar.range"
    assert caught.value.todo is not None


def test_working_hours_round_trip_and_midnight() -> None:
    assert WorkingHours.of("08:30-12:00", "13:00-24:00").as_texts() == ["08:30-12:00", "13:00-24:00"]
    assert WorkingHours.of("08:00-12:00", "14:00-18:00").day_ms == 8 * 3_600_000


@pytest.mark.parametrize(
    "spans",
    [
        (),
        ("12:00-08:00",),
        ("08:00-12:00", "11:00-18:00"),
        ("08:00-12:00", "12:00-18:00"),
        ("8-12",),
        ("08:00-24:01",),
        ("08:60-09:00",),
        ("-01:00-09:00",),
    ],
)
def test_bad_working_hours_are_refused(spans: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError) as caught:
        WorkingHours.of(*spans)
    assert caught.value.code == "calendar.hours"
