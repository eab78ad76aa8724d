"""Residents' meetings: the days of a rule by hand and by property; minutes; matters answered in three working days."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.cases import Step
from cityops.kit import SHANGHAI, ConflictError, ForbiddenError, InvalidError, NotFoundError, to_ms
from cityops.scenes.disputes.meetings import MeetingView, NewSchedule, RaisedMatter
from cityops.scenes.disputes.registering import take_up
from cityops.scenes.disputes.schedule import MONTH, MOVES_ON, STAYS, WEEK, Schedule, planned_meetings

from .centres import CALENDAR, NEIGHBOURS, Centres

SEPTEMBER = date(2026, 9, 1)
RECEPTION = Schedule(MONTH, 1, MOVES_ON, SEPTEMBER)
COUNCIL = Schedule(WEEK, 3, STAYS, SEPTEMBER)


def test_the_reception_day_of_october_moves_over_the_national_holiday() -> None:
    september, october, november = planned_meetings(RECEPTION, CALENDAR, SEPTEMBER, date(2026, 11, 30))
    assert (september.day, september.why) == (SEPTEMBER, None)
    # In 2026 the holiday is from 1 to 7 October.
    assert (october.planned, october.day) == (date(2026, 10, 1), date(2026, 10, 8))
    assert october.why is not None
    assert october.why.zh == "原定10月1日为国庆节，顺延至10月8日"
    # 1 November 2026 is a Sunday.
    assert (november.day, november.why and november.why.zh) == (date(2026, 11, 2), "原定11月1日为周末，顺延至11月2日")


def test_the_council_is_on_every_wednesday() -> None:
    days = [one.day.day for one in planned_meetings(COUNCIL, CALENDAR, SEPTEMBER, date(2026, 9, 30))]
    assert days == [2, 9, 16, 23, 30]


def test_the_thirty_first_is_the_last_day_of_shorter_months() -> None:
    rule = Schedule(MONTH, 31, STAYS, date(2027, 1, 1))
    days = [one.day for one in planned_meetings(rule, CALENDAR, date(2027, 1, 1), date(2027, 4, 30))]
    assert days == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


@settings(max_examples=40)
@given(st.integers(2015, 2029), st.integers(1, 31), st.sampled_from([STAYS, MOVES_ON]))
def test_every_month_has_one_reception_day_and_none_is_on_a_free_day_if_it_moves(
    year: int, on_day: int, moves: str
) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = planned_meetings(Schedule(MONTH, on_day, moves, first), CALENDAR, first, last)
    assert [one.planned.month for one in found] == list(range(1, 13))
    assert all(one.day >= one.planned and (one.why is None) == (one.day == one.planned) for one in found)
    assert moves == STAYS or all(CALENDAR.is_working_day(one.day) for one in found)


@pytest.mark.parametrize("last", [date(2026, 8, 31), date(2027, 10, 7)])
def test_a_span_is_between_one_day_and_four_hundred(last: date) -> None:
    with pytest.raises(InvalidError, match="1 to 400 days"):
        planned_meetings(COUNCIL, CALENDAR, SEPTEMBER, last)


def at(centres: Centres, *moment: int) -> None:
    """Move the clock to a moment in Shanghai."""
    wanted_ms = to_ms(datetime(*moment, tzinfo=SHANGHAI))  # type: ignore[misc,arg-type]
    centres.clock.advance((wanted_ms - centres.clock.now_ms()) / 1000)


def held(centres: Centres, *matters: RaisedMatter, first: date = date(2027, 9, 1)) -> MeetingView:
    """A reception day of the village on a day of the year, with what was raised."""
    rule = Schedule(MONTH, first.day, STAYS, first)
    schedule_id = centres.meetings.add_schedule(centres.village, NewSchedule("reception", rule, "09:00", "邻里之家"))
    centres.meetings.record(
        centres.village,
        schedule_id,
        first,
        held_day=first,
        minutes="接待三户",
        attendance={"residents": 3},
        matters=matters,
    )
    (meeting,) = centres.meetings.calendar(centres.village, first, first)
    return meeting


def test_a_matter_before_the_holiday_is_due_after_it(small: Centres) -> None:
    # Raised on Monday 30 November at 09:00; three working days are Tuesday to Thursday.
    at(small, 2026, 11, 30, 9, 30)
    meeting = held(small, RaisedMatter("楼道灯不亮"), RaisedMatter("电梯停运", "已约维保"), first=date(2026, 11, 30))
    lamp, lift = meeting.matters
    assert (lamp.state, lamp.due_at) == ("raised", datetime(2026, 12, 3, 18, 0, tzinfo=SHANGHAI))
    assert (lift.state, lift.overdue) == ("replied", False)
    assert (meeting.state, meeting.attendance) == ("held", {"residents": 3})


def test_the_clock_of_a_matter_runs_from_the_meeting_however_late_it_is_written_down(small: Centres) -> None:
    at(small, 2026, 12, 7, 10, 0)
    meeting = held(small, RaisedMatter("楼道灯不亮"), first=date(2026, 11, 30))
    (matter,) = meeting.matters
    assert (matter.due_at, matter.overdue) == (datetime(2026, 12, 3, 18, 0, tzinfo=SHANGHAI), True)
    assert small.watch().step() == 1
    assert "“答复居民”已超期" in [one.title.zh for one in small.cases.notices(small.village)]


def test_one_matter_is_answered_in_time_and_the_other_stands_overdue(small: Centres) -> None:
    at(small, 2026, 11, 30, 9, 30)
    meeting = held(small, RaisedMatter("楼道灯不亮"), RaisedMatter("车棚漏雨"), first=date(2026, 11, 30))
    lamp = small.cases.get(small.village, meeting.matters[0].case_id)
    at(small, 2026, 12, 3, 17, 59)
    small.take(small.village, lamp, "answer", answer="已换灯")
    at(small, 2026, 12, 3, 18, 1)
    (again,) = small.meetings.calendar(small.town, date(2026, 11, 30), date(2026, 11, 30))
    assert [(one.state, one.overdue) for one in again.matters] == [("replied", False), ("raised", True)]


def test_a_matter_that_is_a_quarrel_becomes_a_dispute_or_stays_a_matter(small: Centres) -> None:
    at(small, 2026, 11, 30, 9, 30)
    (row,) = held(small, RaisedMatter("楼上漏水"), first=date(2026, 11, 30)).matters
    matter = small.cases.get(small.village, row.case_id)
    with pytest.raises(ConflictError, match="Register the dispute first"):
        small.cases.act(small.village, matter.case_id, "take_up", Step(matter.version))
    with pytest.raises(ConflictError, match="changed by somebody else"):
        take_up(small.context, small.village, matter.case_id, matter.version + 1, NEIGHBOURS)
    assert small.cases.get(small.village, matter.case_id).relations == []
    case_id = take_up(small.context, small.village, matter.case_id, matter.version, NEIGHBOURS)
    assert small.cases.get(small.village, case_id).origin_id == matter.case_id
    assert small.cases.get(small.village, matter.case_id).state == "taken_up"


def test_a_matter_comes_back_from_its_person_and_from_an_unsatisfied_resident(small: Centres) -> None:
    at(small, 2026, 11, 30, 9, 30)
    (row,) = held(small, RaisedMatter("楼道灯不亮"), first=date(2026, 11, 30)).matters
    matter = small.take(
        small.village, small.cases.get(small.village, row.case_id), "give_to", person="mediator_village"
    )
    assert "answer" in small.names(small.mediator, matter)
    matter = small.take(small.village, matter, "take_back", "本人请假")
    matter = small.take(small.village, matter, "answer", answer="已换灯")
    matter = small.take(small.village, matter, "not_satisfied", "又坏了")
    assert (matter.state, matter.reopened) == ("raised", 1)
    assert small.take(small.village, matter, "withdraw", "居民自行解决").state == "withdrawn"


def test_minutes_are_written_once_by_the_centre_of_the_meeting(small: Centres) -> None:
    at(small, 2026, 11, 30, 9, 30)
    meeting = held(small, first=date(2026, 11, 30))
    plan = (meeting.schedule_id, meeting.planned_day)
    with pytest.raises(ConflictError, match="recorded already"):
        small.meetings.cancel(small.village, *plan, "停电")
    with pytest.raises(NotFoundError):
        small.meetings.cancel(small.town, *plan, "停电")
    with pytest.raises(ForbiddenError):
        small.meetings.cancel(small.mediator, *plan, "停电")
    with pytest.raises(NotFoundError, match="no meeting was planned"):
        small.meetings.cancel(small.village, meeting.schedule_id, date(2026, 12, 1), "停电")
    with pytest.raises(InvalidError, match="held in the future"):
        small.meetings.record(small.village, *plan, held_day=date(2026, 12, 1), minutes="x", attendance={}, matters=[])
    with pytest.raises(InvalidError, match="counted under"):
        small.meetings.record(
            small.village, *plan, held_day=date(2026, 11, 30), minutes="x", attendance={"张三": 1}, matters=[]
        )


def test_the_calendar_shows_what_is_due_missed_and_cancelled(small: Centres) -> None:
    rule = Schedule(WEEK, 1, STAYS, date(2026, 11, 16))
    schedule_id = small.meetings.add_schedule(small.village, NewSchedule("council", rule, "19:00", "邻里之家"))
    at(small, 2026, 11, 24, 9, 0)
    small.meetings.cancel(small.village, schedule_id, date(2026, 11, 23), "停电")
    seen = small.meetings.calendar(small.leader, date(2026, 11, 16), date(2026, 12, 6))
    assert [(one.day.day, one.state, one.reason) for one in seen] == [
        (16, "missed", None),
        (23, "cancelled", "停电"),
        (30, "due", None),
    ]
    assert len(small.meetings.calendar(small.town, date(2026, 11, 16), date(2026, 12, 6))) == 3
    small.meetings.end_schedule(small.village, schedule_id)
    assert [one.day.day for one in small.meetings.calendar(small.leader, date(2026, 11, 16), date(2026, 12, 6))] == [
        16,
        23,
    ]
