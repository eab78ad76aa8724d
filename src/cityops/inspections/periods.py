"""Calendar periods (周期) in Asia/Shanghai: every moment lies in exactly one of each kind, and none is skipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from cityops.inspections.declaration import Every, FrequencyRule
from cityops.inspections.school import SchoolCalendar
from cityops.kit import SHANGHAI, from_ms, to_ms

_LOOK_BACK: Final = 1500
"""Periods that are looked through for one that counts: longer than any holiday in periods of two hours."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period from ``start_ms`` to ``end_ms`` (not included), milliseconds UTC."""

    start_ms: int
    end_ms: int

    @property
    def days(self) -> list[date]:
        """The days it touches in Asia/Shanghai."""
        first, last = from_ms(self.start_ms).date(), from_ms(self.end_ms - 1).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def period_at(every: Every, at_ms: int) -> Period:
    """The period of this kind in which a moment lies."""
    at = from_ms(at_ms)
    if every is Every.TWO_HOURS:
        start = at.replace(hour=at.hour - at.hour % 2, minute=0, second=0, microsecond=0)
        return Period(to_ms(start), to_ms(start) + 7_200_000)
    first = _FIRST_DAYS[every](at.date())
    following = _FIRST_DAYS[every](first + timedelta(days=_STEP_DAYS[every]))
    return Period(_midnight(first), _midnight(following))


def period_before(every: Every, period: Period) -> Period:
    """The period that ends where this one begins."""
    return period_at(every, period.start_ms - 1)


def counts(rule: FrequencyRule, period: Period, school: SchoolCalendar | None) -> bool:
    """Whether anything is due in a period: some school day lies in it, and it touches the hours of opening."""
    if school is not None and not any(school.is_school_day(day) for day in period.days):
        return False
    return not rule.hours or period.end_ms - period.start_ms >= 86_400_000 or _touches(rule.hours, period)


def last_over(rule: FrequencyRule, at_ms: int, school: SchoolCalendar | None) -> Period | None:
    """The last period that counts and was over at this moment; None when there was none for very long."""
    period = period_at(rule.every, at_ms)
    for _ in range(_LOOK_BACK):
        period = period_before(rule.every, period)
        if counts(rule, period, school):
            return period
    return None


def _midnight(day: date) -> int:
    return to_ms(datetime.combine(day, time(), SHANGHAI))


def _half_month(day: date) -> date:
    return day.replace(day=1 if day.day < 16 else 16)


_FIRST_DAYS: Final[Mapping[Every, Callable[[date], date]]] = {
    Every.DAY: lambda day: day,
    Every.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Every.HALF_MONTH: _half_month,
    Every.MONTH: lambda day: day.replace(day=1),
    Every.QUARTER: lambda day: day.replace(month=day.month - (day.month - 1) % 3, day=1),
    Every.HALF_YEAR: lambda day: day.replace(month=1 if day.month < 7 else 7, day=1),
    Every.YEAR: lambda day: day.replace(month=1, day=1),
}
"""The first day of the period in which a day lies."""
_STEP_DAYS: Final[Mapping[Every, int]] = {
    Every.DAY: 1,
    Every.WEEK: 7,
    Every.HALF_MONTH: 16,
    Every.MONTH: 31,
    Every.QUARTER: 92,
    Every.HALF_YEAR: 184,
    Every.YEAR: 366,
}
"""Days from the first day of a period that always lead into the next one."""


def _touches(hours: tuple[str, ...], period: Period) -> bool:
    """Whether a period within a day touches the hours of opening; those may pass midnight (18:00 to 02:00)."""
    opens, closes = (time.fromisoformat(one) for one in hours)
    start, end = from_ms(period.start_ms), from_ms(period.end_ms - 1)
    if opens < closes:
        return start.time() < closes and end.time() >= opens
    return end.time() >= opens or start.time() < closes
