"""Deadlines: worked examples anybody can check on a wall calendar, and a minute-by-minute reference."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.kit import (
    DEFAULT_HOURS,
    SHANGHAI,
    InvalidError,
    Limit,
    LimitUnit,
    Pause,
    Text,
    WorkingCalendar,
    WorkingHours,
    compute_deadline,
    recompute_deadline,
)

CALENDAR = WorkingCalendar.official()
URGENT, HOUR, DAY, CALENDAR_DAY = LimitUnit


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(start: str, amount: float, unit: LimitUnit, *pauses: Pause) -> datetime:
    return compute_deadline(at(start), Limit(amount, unit), CALENDAR, pauses=pauses).due


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-11-20 16:00", 4, HOUR, "2026-11-23 10:00"),  # Friday afternoon to Monday
        ("2026-11-20 16:00", 2, HOUR, "2026-11-20 18:00"),  # the end of the day, not the next morning
        ("2026-11-20 08:00", 4, HOUR, "2026-11-20 12:00"),
        ("2026-11-20 11:00", 2, HOUR, "2026-11-20 15:00"),  # over the midday break
        ("2026-11-20 13:00", 1, HOUR, "2026-11-20 15:00"),  # from within it
        ("2026-11-20 20:00", 1, HOUR, "2026-11-23 09:00"),  # from the evening: the next working moment
        ("2026-11-21 10:00", 0.5, HOUR, "2026-11-23 08:30"),  # from a Saturday
        ("2026-09-30 17:00", 2, HOUR, "2026-10-08 09:00"),  # over National Day
        ("2026-10-09 17:00", 2, HOUR, "2026-10-10 09:00"),  # into a worked Saturday
        ("2026-11-20 09:00", 1, DAY, "2026-11-23 18:00"),
        ("2026-11-21 09:00", 1, DAY, "2026-11-23 18:00"),  # the Saturday is the day that does not count
        ("2026-11-20 23:00", 1, DAY, "2026-11-23 18:00"),
        ("2026-09-29 09:00", 3, DAY, "2026-10-09 18:00"),  # 30 September, 8 and 9 October
        ("2026-09-29 09:00", 4, DAY, "2026-10-10 18:00"),  # the worked Saturday counts
        ("2026-10-01 09:00", 7, CALENDAR_DAY, "2026-10-09 00:00"),  # 24:00 of the 8th
        ("2026-11-20 23:30", 2, URGENT, "2026-11-21 01:30"),
        ("2026-02-14 20:00", 2, URGENT, "2026-02-14 22:00"),
    ],
)
def test_worked_examples(start: str, amount: float, unit: LimitUnit, expected: str) -> None:
    assert due(start, amount, unit) == at(expected)


def test_the_sentence_explains_itself() -> None:
    result = compute_deadline(at("2026-11-20 16:00"), Limit(4, HOUR), CALENDAR)
    assert result.explanation == Text(
        "4个工作时，自2026年11月20日（周五）16:00起：11月23日（周一）10:00到期；跳过夜间，跳过周末。",
        "4 working hours from 16:00 on Friday, 20 November 2026: due 10:00 on Monday, 23 November;"
        " the evening and the weekend skipped.",
    )


def test_the_sentence_names_holidays_and_shifted_days() -> None:
    result = compute_deadline(at("2026-09-29 09:00"), Limit(5, DAY), CALENDAR)
    assert result.explanation == Text(
        "5个工作日，自2026年9月29日（周二）09:00起：10月12日（周一）18:00到期；"
        "当日不计，跳过周末，跳过国庆节假期，10月10日调休上班。",
        "5 working days from 09:00 on Tuesday, 29 September 2026: due 18:00 on Monday, 12 October;"
        " the first day not counted, the weekend and National Day skipped, 10 October worked in exchange.",
    )


def test_the_sentence_of_calendar_days_says_24_00() -> None:
    words = compute_deadline(at("2026-11-20 09:00"), Limit(1, CALENDAR_DAY), CALENDAR).explanation
    assert words.en == (
        "1 calendar day from 09:00 on Friday, 20 November 2026: due 24:00 on Saturday, 21 November;"
        " the first day not counted."
    )
    assert words.zh == "1个自然日，自2026年11月20日（周五）09:00起：11月21日（周六）24:00到期；当日不计。"


def test_pauses_give_back_working_time_only() -> None:
    over_the_night = (at("2026-11-19 17:00"), at("2026-11-20 09:00"))  # two working hours
    assert due("2026-11-19 16:00", 4, HOUR, over_the_night) == at("2026-11-20 12:00")
    in_the_night = (at("2026-11-19 18:00"), at("2026-11-20 08:00"))
    assert due("2026-11-19 16:00", 4, HOUR, in_the_night) == at("2026-11-20 10:00")
    a_working_day = (at("2026-11-23 10:00"), at("2026-11-24 10:00"))
    assert due("2026-11-20 09:00", 3, DAY, a_working_day) == at("2026-11-26 18:00")
    a_day_on_the_clock = (at("2026-11-21 00:00"), at("2026-11-22 00:00"))
    assert due("2026-11-20 23:00", 2, URGENT, a_day_on_the_clock) == at("2026-11-22 01:00")


def test_a_pause_after_the_deadline_changes_nothing() -> None:
    result = compute_deadline(at("2026-11-20 08:00"), Limit(4, HOUR), CALENDAR, pauses=[(at("2026-11-20 12:00"), None)])
    assert result.due == at("2026-11-20 12:00")
    assert not result.paused


def test_an_open_pause_stops_the_clock() -> None:
    result = compute_deadline(at("2026-11-20 08:00"), Limit(4, HOUR), CALENDAR, pauses=[(at("2026-11-20 11:00"), None)])
    assert result.paused
    assert "stopped" in result.explanation.en
    assert "暂停计时" in result.explanation.zh


def test_beyond_the_published_calendar_a_deadline_is_provisional_and_recomputed() -> None:
    """The notice for 2019 came in December 2018: before it, Saturday the 29th was free and Monday the 31st worked."""
    official = {day: CALENDAR.holiday(day) for day in (date(2018, 12, 30), date(2018, 12, 31), date(2019, 1, 1))}
    before = WorkingCalendar({}, {}, known_from=date(2018, 1, 1), known_until=date(2018, 12, 28))
    early = compute_deadline(at("2018-12-28 09:00"), Limit(1, DAY), before)
    assert (early.due, early.provisional) == (at("2018-12-31 18:00"), True)
    assert "provisional" in early.explanation.en
    assert "暂定" in early.explanation.zh
    stored = json.loads(json.dumps(early.basis))
    after = WorkingCalendar(
        {day: name for day, name in official.items() if name is not None},
        {date(2018, 12, 29): Text("元旦", "New Year's Day")},
        known_from=date(2018, 1, 1),
        known_until=date(2019, 12, 28),
    )
    late = recompute_deadline(stored, after)
    assert (late.due, late.provisional) == (at("2018-12-29 18:00"), False)
    assert recompute_deadline(stored, CALENDAR).due == late.due


@pytest.mark.parametrize("unit", [URGENT, CALENDAR_DAY])
def test_units_that_need_no_calendar_are_never_provisional(unit: LimitUnit) -> None:
    assert not compute_deadline(at("2090-11-20 08:00"), Limit(4, unit), CALENDAR).provisional


@pytest.mark.parametrize(
    ("amount", "unit"), [(0, HOUR), (-1, DAY), (1.5, DAY), (10_001, HOUR), (0.0001, URGENT), (float("nan"), HOUR)]
)
def test_bad_limits_are_refused(amount: float, unit: LimitUnit) -> None:
    with pytest.raises(InvalidError) as caught:
        Limit(amount, unit)
    assert caught.value.code == "deadline.limit"


def test_bad_times_are_refused() -> None:
    limit = Limit(1, HOUR)
    with pytest.raises(InvalidError, match="without a time zone"):
        compute_deadline(datetime(2026, 11, 20, 8), limit, CALENDAR)
    with pytest.raises(InvalidError, match="ends before it begins"):
        compute_deadline(
            at("2026-11-20 08:00"), limit, CALENDAR, pauses=[(at("2026-11-20 10:00"), at("2026-11-20 09:00"))]
        )
    with pytest.raises(InvalidError, match="outside the working calendar"):
        compute_deadline(at("1991-11-20 08:00"), limit, CALENDAR)
    with pytest.raises(InvalidError, match="outside the working calendar"):
        compute_deadline(at("2199-12-30 08:00"), Limit(100, CALENDAR_DAY), CALENDAR)
    with pytest.raises(InvalidError, match="outside the working calendar"):
        compute_deadline(at("2199-12-30 08:00"), Limit(100, DAY), CALENDAR)
    with pytest.raises(InvalidError) as caught:
        recompute_deadline({"amount": 1}, CALENDAR)
    assert caught.value.code == "deadline.basis"


STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 10, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)
PAUSES = st.lists(st.tuples(st.integers(-600, 6000), st.integers(0, 3000)), max_size=3)


def counts(moment: datetime, unit: LimitUnit) -> bool:
    """Whether the minute that begins at ``moment`` counts, straight from the definition."""
    if not unit.by_calendar:
        return True
    return CALENDAR.is_working_day(moment.date()) and (8 <= moment.hour < 12 or 14 <= moment.hour < 18)


@settings(max_examples=60)
@given(STARTS, st.integers(1, 1500), st.sampled_from([URGENT, HOUR]), PAUSES)
def test_hours_equal_a_count_minute_by_minute(
    start: datetime, minutes: int, unit: LimitUnit, spans: list[tuple[int, int]]
) -> None:
    pauses = [(start + timedelta(minutes=a), start + timedelta(minutes=a + length)) for a, length in spans]
    moment, left = start, minutes
    while left:
        left -= counts(moment, unit) and not any(begin <= moment < end for begin, end in pauses)
        moment += timedelta(minutes=1)
    assert compute_deadline(start, Limit(minutes / 60, unit), CALENDAR, pauses=pauses).due == moment


@given(STARTS, st.integers(1, 60), st.sampled_from([DAY, CALENDAR_DAY]))
def test_days_equal_a_count_day_by_day(start: datetime, amount: int, unit: LimitUnit) -> None:
    day, left = start.date(), amount
    while left:
        day += timedelta(days=1)
        left -= unit is CALENDAR_DAY or CALENDAR.is_working_day(day)
    end = datetime(day.year, day.month, day.day, 18 if unit is DAY else 0, tzinfo=SHANGHAI)
    result = compute_deadline(start, Limit(amount, unit), CALENDAR)
    assert result.due == (end if unit is DAY else end + timedelta(days=1))
    assert result.provisional is (unit is DAY and not CALENDAR.known(day))


@given(STARTS, st.integers(1, 40), st.sampled_from(list(LimitUnit)), PAUSES)
def test_a_pause_never_takes_time_and_the_basis_gives_the_same_again(
    start: datetime, amount: int, unit: LimitUnit, spans: list[tuple[int, int]]
) -> None:
    pauses = [(start + timedelta(minutes=a), start + timedelta(minutes=a + length)) for a, length in spans]
    plain = compute_deadline(start, Limit(amount, unit), CALENDAR)
    paused = compute_deadline(start, Limit(amount, unit), CALENDAR, pauses=pauses)
    assert plain.due <= paused.due <= plain.due + timedelta(days=40)
    again = recompute_deadline(json.loads(json.dumps(paused.basis)), CALENDAR)
    assert (again.due, again.provisional, again.paused) == (paused.due, paused.provisional, paused.paused)


@given(STARTS, st.integers(1, 39), st.sampled_from(list(LimitUnit)))
def test_more_time_is_later_and_a_later_start_is_not_earlier(start: datetime, amount: int, unit: LimitUnit) -> None:
    first = compute_deadline(start, Limit(amount, unit), CALENDAR).due
    assert compute_deadline(start, Limit(amount + 1, unit), CALENDAR).due > first
    assert compute_deadline(start + timedelta(hours=5), Limit(amount, unit), CALENDAR).due >= first


def test_other_hours_and_a_day_without_break() -> None:
    summer = WorkingHours.of("07:30-11:30", "15:00-19:00")
    assert compute_deadline(at("2026-07-10 18:00"), Limit(2, HOUR), CALENDAR, summer).due == at("2026-07-13 08:30")
    assert compute_deadline(at("2026-07-10 18:00"), Limit(1, DAY), CALENDAR, summer).due == at("2026-07-13 19:00")
    assert DEFAULT_HOURS.as_texts() == ["08:00-12:00", "14:00-18:00"]
