"""When residents' meetings take place: the council weekly (居民议事会), the reception day monthly (业主接待日).

Days follow from the rule alone, so nothing has to be generated in advance, and a corrected calendar moves them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cityops.kit import InvalidError, Text, WorkingCalendar

KINDS: Final = ("council", "reception")
WEEK: Final = "week"
MONTH: Final = "month"
STAYS: Final = "stays"
MOVES_ON: Final = "next_working_day"
MAX_DAYS: Final = 400
"""The longest span of days that is asked for at once."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule of a meeting.

    Attributes:
        every: ``week`` or ``month``.
        on_day: 1 Monday to 7 Sunday; or the day of the month, its last one in months without that day.
        moves: ``stays``, or ``next_working_day`` when the day is free.
        from_day, until_day: the first and the last day on which it counts.
    """

    every: str
    on_day: int
    moves: str
    from_day: date
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting of a rule: ``planned`` names it for good, ``day`` is when it takes place, ``why`` it moved."""

    planned: date
    day: date
    why: Text | None


def check_schedule(schedule: Schedule) -> None:
    """Raise ``InvalidError`` for a rule that has no day."""
    most = {WEEK: 7, MONTH: 31}.get(schedule.every)
    if most is None or not 1 <= schedule.on_day <= most or schedule.moves not in (STAYS, MOVES_ON):
        raise InvalidError("会议安排不正确", "not a rule that has days", code="dispute.schedule")


def planned_meetings(schedule: Schedule, calendar: WorkingCalendar, first: date, last: date) -> list[Planned]:
    """The meetings that the rule plans from ``first`` to ``last``, both included.

    Raises:
        InvalidError: ``dispute.span``: the span ends before it begins, or is longer than 400 days.
    """
    if not 0 <= (last - first).days <= MAX_DAYS:
        raise InvalidError(
            f"日期范围应为1至{MAX_DAYS}天", f"ask for 1 to {MAX_DAYS} days at a time", code="dispute.span"
        )
    begin = max(first, schedule.from_day)
    end = last if schedule.until_day is None else min(last, schedule.until_day)
    return [_placed(day, schedule, calendar) for day in _days(schedule, begin, end)]


def _days(schedule: Schedule, begin: date, end: date) -> Iterator[date]:
    for offset in range((end - begin).days + 1):
        day = begin + timedelta(days=offset)
        if schedule.every == WEEK and day.isoweekday() == schedule.on_day:
            yield day
        if schedule.every == MONTH and day.day == min(schedule.on_day, monthrange(day.year, day.month)[1]):
            yield day


def _placed(day: date, schedule: Schedule, calendar: WorkingCalendar) -> Planned:
    if schedule.moves == STAYS or calendar.is_working_day(day):
        return Planned(day, day, None)
    moved = day
    while not calendar.is_working_day(moved):
        moved += timedelta(days=1)
    reason = calendar.holiday(day) or Text("周末", "the weekend")
    zh = f"原定{day.month}月{day.day}日为{reason.zh}，顺延至{moved.month}月{moved.day}日"
    return Planned(day, moved, Text(zh, f"{day.isoformat()} is {reason.en}: moved to {moved.isoformat()}"))
