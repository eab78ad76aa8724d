"""The working calendar (工作日历): which days people work, by the State Council's yearly notices, and at what hours.

The notices shift days: a Saturday may be worked (调休) and a Monday may be free. The published data ends with a year;
beyond it only weekends are known. Its own last days are not settled either: the notices for 2007, 2008, 2012 and 2019
shifted days of the December before, the earliest of them the 29th.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import accumulate, pairwise
from typing import Final, Self

from chinese_calendar.constants import Holiday, holidays, workdays

from cityops.kit.errors import InvalidError, Text

FIRST_DAY: Final = date(1992, 1, 1)
"""The calendar's first day: after 1991 Asia/Shanghai is UTC+8 all year, so a day is always 24 hours."""
LAST_DAY: Final = date(2199, 12, 31)
_UNSETTLED_TAIL_DAYS: Final = 3
"""Days at the end of the last published year that the next year's notice may still change: 29 to 31 December."""
_MINUTES_PER_DAY: Final = 1440
_MS_PER_MINUTE: Final = 60_000


def _minute_of_day(text: str) -> int:
    hours, separator, minutes = text.partition(":")
    if not (separator and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2 and int(minutes) < 60):
        raise ValueError(text)
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True)
class WorkingHours:
    """The hours of a working day (工作时间), as spans of minutes since midnight, in order and apart."""

    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        edges = [minute for span in self.spans for minute in span]
        if not edges or edges[0] < 0 or edges[-1] > _MINUTES_PER_DAY or any(a >= b for a, b in pairwise(edges)):
            raise _bad_hours(str(self.spans))

    @classmethod
    def of(cls, *spans: str) -> Self:
        """Working hours from text: ``WorkingHours.of("08:00-12:00", "14:00-18:00")``; 24:00 is midnight at the end.

        Raises:
            InvalidError: ``calendar.hours``: not of this form, empty, overlapping or out of order.
        """
        try:
            minutes = tuple(
                (_minute_of_day(a), _minute_of_day(b)) for a, _, b in (span.partition("-") for span in spans)
            )
        except ValueError as error:
            raise _bad_hours(", ".join(spans)) from error
        return cls(minutes)

    def as_texts(self) -> list[str]:
        """The spans in the form that ``of`` reads."""
        return [f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in self.spans]

    @cached_property
    def spans_ms(self) -> tuple[tuple[int, int], ...]:
        """The spans in milliseconds since midnight."""
        return tuple((a * _MS_PER_MINUTE, b * _MS_PER_MINUTE) for a, b in self.spans)

    @cached_property
    def day_ms(self) -> int:
        """Working time of one day, in milliseconds."""
        return sum(b - a for a, b in self.spans_ms)

    def worked_ms(self, of_day_ms: int) -> int:
        """Working time between midnight and ``of_day_ms`` milliseconds later."""
        worked = 0
        for start, end in self.spans_ms:
            if of_day_ms <= start:
                break
            worked += min(of_day_ms, end) - start
        return worked

    def moment_ms(self, worked_ms: int) -> int:
        """Milliseconds since midnight when ``worked_ms`` (over 0, at most ``day_ms``) of working time have passed."""
        for start, end in self.spans_ms:
            if worked_ms <= end - start:
                return start + worked_ms
            worked_ms -= end - start
        raise ValueError("more working time than a day has")


def _bad_hours(spans: str) -> InvalidError:
    return InvalidError(
        f"工作时间无效：{spans}",
        f"not valid working hours: {spans}",
        code="calendar.hours",
        kept=Text("原设置不变。", "The former setting is kept."),
        todo=Text(
            "请按顺序填写互不重叠的时段，例如 08:00-12:00、14:00-18:00。",
            "Give spans in order and without overlap, for example 08:00-12:00 and 14:00-18:00.",
        ),
    )


DEFAULT_HOURS: Final = WorkingHours.of("08:00-12:00", "14:00-18:00")


class WorkingCalendar:
    """Working days from 1992 to 2199: weekends, official holidays and shifted working days.

    Args:
        holidays: free days with the holiday's name, in both languages.
        shifted: days worked though they fall on a weekend (调休上班), with the holiday they make up for.
        known_from: first day for which ``holidays`` and ``shifted`` are complete.
        known_until: last such day.
    """

    def __init__(
        self, holidays: Mapping[date, Text], shifted: Mapping[date, Text], *, known_from: date, known_until: date
    ) -> None:
        self._holidays = dict(holidays)
        self._shifted = dict(shifted)
        self.known_from = known_from
        self.known_until = known_until
        first = FIRST_DAY.toordinal()
        self._working = bytearray((first + day - 1) % 7 < 5 for day in range((LAST_DAY - FIRST_DAY).days + 1))
        for changed, works in ((self._holidays, 0), (self._shifted, 1)):
            for day in changed:
                self._working[day.toordinal() - first] = works
        self._before = [0, *accumulate(self._working)]
        self._working_days = [day for day, works in enumerate(self._working) if works]

    @classmethod
    @cache
    def official(cls) -> Self:
        """The calendar of the State Council's notices, as far as the installed ``chinesecalendar`` has them."""
        names = {holiday.value: Text(holiday.chinese, holiday.value) for holiday in Holiday}
        return cls(
            {day: names[name] for day, name in holidays.items()},
            {day: names[name] for day, name in workdays.items()},
            known_from=date(min(holidays).year, 1, 1),
            known_until=date(max(holidays).year, 12, 31) - timedelta(days=_UNSETTLED_TAIL_DAYS),
        )

    def known(self, day: date) -> bool:
        """Whether the official notices cover ``day`` for good; elsewhere only weekends are known."""
        return self.known_from <= day <= self.known_until

    def is_working_day(self, day: date) -> bool:
        """Whether people work on ``day``: by the notices where they are known, else Monday to Friday."""
        return self.works(self.day_number(day))

    def holiday(self, day: date) -> Text | None:
        """The holiday that makes ``day`` free; None for a plain weekend or a working day."""
        return self._holidays.get(day)

    def shifted(self, day: date) -> Text | None:
        """The holiday for which ``day`` is worked though it is a weekend; None for any other day."""
        return self._shifted.get(day)

    def working_days_between(self, first: date, last: date) -> int:
        """Number of working days from ``first`` to ``last``, both included; 0 if ``last`` is before ``first``."""
        return max(0, self._before[self.day_number(last) + 1] - self._before[self.day_number(first)])

    def day_number(self, day: date) -> int:
        """Days since the calendar's first day.

        Raises:
            InvalidError: ``calendar.range``: ``day`` is before 1992 or after 2199.
        """
        number = day.toordinal() - FIRST_DAY.toordinal()
        if not 0 <= number < len(self._working):
            raise out_of_range(day.isoformat())
        return number

    def works(self, number: int) -> bool:
        """Whether the day of this number is a working day; the number is in range."""
        return bool(self._working[number])

    def working_days_before(self, number: int) -> int:
        """Working days from the calendar's first day up to, not including, the day of this number."""
        return self._before[number]

    def nth_working_day(self, count: int) -> int:
        """Number of the day that has ``count`` working days before it and is one itself.

        Raises:
            InvalidError: ``calendar.range``: that day is after 2199.
        """
        if count >= len(self._working_days):
            raise out_of_range(f"> {LAST_DAY.isoformat()}")
        return self._working_days[count]

    def next_working_day(self, day: date) -> date:
        """The first working day on or after ``day``."""
        place = bisect_left(self._working_days, self.day_number(day))
        return FIRST_DAY + timedelta(days=self.nth_working_day(place))


def out_of_range(what: str) -> InvalidError:
    """The error for a moment that the calendar does not reach."""
    return InvalidError(
        f"日期超出工作日历范围（{FIRST_DAY.isoformat()} 至 {LAST_DAY.isoformat()}）：{what}",
        f"outside the working calendar ({FIRST_DAY.isoformat()} to {LAST_DAY.isoformat()}): {what}",
        code="calendar.range",
        kept=Text("未计算期限。", "No deadline was computed."),
        todo=Text("请检查日期和期限。", "Check the date and the limit."),
    )
