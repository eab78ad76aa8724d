"""Periods: every moment lies in exactly one of each kind, none is skipped, holidays and closed hours do not count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.cases.catalogue import SheetRow
from cityops.inspections import SCHOOL_COLUMNS, Every, FrequencyRule, Period, SchoolCalendar, period_at, school_rows
from cityops.inspections.periods import counts, last_over, period_before
from cityops.inspections.school import SchoolSpan, school_spans_of
from cityops.kit import SHANGHAI, WorkingCalendar, from_ms, to_ms

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(SHANGHAI)).map(to_ms)


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def shown(period: Period) -> tuple[str, str]:
    return from_ms(period.start_ms).strftime("%m-%d %H:%M"), from_ms(period.end_ms).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("every", "moment", "first", "last"),
    [
        ("two_hours", "2026-11-22 09:00", "11-22 08:00", "11-22 10:00"),
        ("two_hours", "2026-11-22 23:59", "11-22 22:00", "11-23 00:00"),
        ("day", "2026-11-22 00:00", "11-22 00:00", "11-23 00:00"),
        ("week", "2026-11-22 09:00", "11-16 00:00", "11-23 00:00"),  # a Sunday: the week began on Monday
        ("half_month", "2026-11-15 23:59", "11-01 00:00", "11-16 00:00"),
        ("half_month", "2026-11-16 00:00", "11-16 00:00", "12-01 00:00"),
        ("month", "2026-02-10 12:00", "02-01 00:00", "03-01 00:00"),
        ("quarter", "2026-05-31 12:00", "04-01 00:00", "07-01 00:00"),
        ("half_year", "2026-06-30 12:00", "01-01 00:00", "07-01 00:00"),
        ("year", "2024-02-29 12:00", "01-01 00:00", "01-01 00:00"),
    ],
)
def test_a_period_is_one_of_the_calendar(every: str, moment: str, first: str, last: str) -> None:
    assert shown(period_at(Every(every), at(moment))) == (first, last)


@given(st.sampled_from(list(Every)), MOMENTS)
def test_every_moment_lies_in_exactly_one_period_and_none_is_skipped(every: Every, moment_ms: int) -> None:
    period = period_at(every, moment_ms)
    assert period.start_ms <= moment_ms < period.end_ms
    assert period_at(every, period.start_ms) == period == period_at(every, period.end_ms - 1)
    assert period_before(every, period).end_ms == period.start_ms
    assert period_at(every, period.end_ms).start_ms == period.end_ms


@given(st.sampled_from(list(Every)), st.integers(2001, 2098))
def test_the_periods_of_a_year_fill_it_without_gap_or_overlap(every: Every, year: int) -> None:
    start, end = at(f"{year}-01-01 00:00"), at(f"{year + 1}-01-01 00:00")
    first = period_at(every, start)
    periods = [first]
    while periods[-1].end_ms < end and len(periods) < 400:
        periods.append(period_at(every, periods[-1].end_ms))
    assert all(one.end_ms == following.start_ms for one, following in pairwise(periods))
    if every in (Every.DAY, Every.HALF_MONTH, Every.MONTH, Every.QUARTER, Every.HALF_YEAR, Every.YEAR):
        days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        assert (
            len(periods) == {"day": days, "half_month": 24, "month": 12, "quarter": 4, "half_year": 2, "year": 1}[every]
        )
        assert periods[0].start_ms == start
        assert periods[-1].end_ms == end


def rule(every: str, *hours: str) -> FrequencyRule:
    return FrequencyRule.model_validate({"every": every, "hours": hours})


@pytest.mark.parametrize(
    ("hours", "moment", "due"),
    [
        (("09:00", "22:00"), "2026-11-22 08:30", True),  # the period 8 to 10 touches the opening at 9
        (("09:00", "22:00"), "2026-11-22 07:00", False),
        (("09:00", "22:00"), "2026-11-22 21:00", True),
        (("09:00", "22:00"), "2026-11-22 22:30", False),  # closed at 22
        (("18:00", "02:00"), "2026-11-22 01:00", True),  # open past midnight
        (("18:00", "02:00"), "2026-11-22 02:30", False),
        (("18:00", "02:00"), "2026-11-22 12:00", False),
    ],
)
def test_nothing_is_due_while_it_is_closed(hours: tuple[str, str], moment: str, due: bool) -> None:
    one = rule("two_hours", *hours)
    assert counts(one, period_at(one.every, at(moment)), None) is due


def test_the_last_period_that_is_over_skips_the_night() -> None:
    one = rule("two_hours", "08:00", "20:00")
    found = last_over(one, at("2026-11-22 08:30"), None)
    assert found is not None
    assert shown(found) == ("11-21 18:00", "11-21 20:00")


def school(*spans: SchoolSpan) -> SchoolCalendar:
    return SchoolCalendar(spans, WorkingCalendar.official())


TERMS = (
    SchoolSpan("term", "春", date(2026, 3, 2), date(2026, 7, 10)),
    SchoolSpan("term", "秋", date(2026, 9, 1), date(2027, 1, 22)),
    SchoolSpan("holiday", "运动会", date(2026, 10, 15), date(2026, 10, 16)),
)


def test_school_days_are_working_days_in_a_term_and_in_no_holiday() -> None:
    calendar = school(*TERMS)
    days = {
        date(2026, 9, 1): True,
        date(2026, 9, 5): False,  # Saturday
        date(2026, 8, 3): False,  # a Monday between the terms
        date(2026, 10, 1): False,  # National Day
        date(2026, 10, 15): False,  # the school's own holiday
        date(2026, 10, 19): True,
    }
    assert {day: calendar.is_school_day(day) for day in days} == days


def test_what_no_term_is_written_down_for_is_no_holiday() -> None:
    calendar = school(*TERMS)
    assert not calendar.known(date(2028, 8, 1))
    assert calendar.is_school_day(date(2028, 8, 1))  # a Tuesday: an old calendar excuses nobody
    assert school().is_school_day(date(2026, 8, 3))


def test_after_the_holidays_the_last_period_is_the_last_school_day() -> None:
    found = last_over(rule("day"), at("2026-09-01 12:00"), school(*TERMS))
    assert found is not None
    assert shown(found) == ("07-10 00:00", "07-11 00:00")
    month = last_over(rule("month"), at("2026-09-15 12:00"), school(*TERMS))
    assert month is not None
    assert shown(month) == ("07-01 00:00", "08-01 00:00")  # August has no school day and is not owed


@given(st.integers(0, 700))
def test_a_period_counts_for_a_school_when_one_of_its_days_does(offset: int) -> None:
    calendar, day = school(*TERMS), date(2026, 1, 5) + timedelta(days=offset)
    moment = to_ms(datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI))
    week = period_at(Every.WEEK, moment)
    assert counts(rule("week"), week, calendar) == any(calendar.is_school_day(one) for one in week.days)
    assert len(week.days) == 7


def test_the_built_in_calendar_is_readable_and_says_that_its_dates_are_ours() -> None:
    rows = school_rows()
    assert [column.name for column in SCHOOL_COLUMNS] == list(rows[0])
    found = school_spans_of([SheetRow(number, row) for number, row in enumerate(rows, start=2)])
    assert not found.errors
    assert all("演示" in row["note"] for row in rows)


def test_a_faulty_row_of_the_calendar_is_named() -> None:
    rows = [
        {"kind": "学期", "name": "春", "first": "2026-07-10", "last": "2026-03-02", "note": ""},
        {"kind": "暑假", "name": "暑假", "first": "2026-07-11", "last": "2026-08-31", "note": ""},
    ]
    found = school_spans_of([SheetRow(number, row) for number, row in enumerate(rows, start=2)])
    assert [(error.row, error.column) for error in found.errors] == [(2, "末日"), (3, "类别")]
