"""The time that counts (计时): for working units only working time, for the others the clock; pauses never count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from cityops.kit import LimitUnit, WorkingCalendar, WorkingHours

_DAY_MS: Final = 86_400_000
_OFFSET_MS: Final = 8 * 3_600_000
"""Asia/Shanghai is UTC+8 all year since 1992."""
_FIRST_DAY: Final = date(1992, 1, 1)
_FIRST_DAY_MS: Final = (_FIRST_DAY - date(1970, 1, 1)).days * _DAY_MS - _OFFSET_MS


class CountedTime:
    """The time that counts for one deadline, by what it was computed from (``basis``)."""

    def __init__(self, started_ms: int, due_ms: int, basis: Mapping[str, Any], calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._hours = _hours(tuple(basis["hours"]))
        self._working = LimitUnit(basis["unit"]).by_calendar
        self._started_ms = started_ms
        self._due_ms = due_ms
        self._pauses = _merged(basis["pauses"], started_ms)

    def share(self, at_ms: int) -> float:
        """The share of the time allowed that has been used at ``at_ms``; 1 when due, more afterwards."""
        return self._used_ms(at_ms) / max(1, self._used_ms(self._due_ms))

    def moment_ms(self, percent: int) -> int:
        """The first moment at which ``percent`` of the time has been used; beyond 100 it lies after the deadline."""
        if percent == 100:
            return self._due_ms
        wanted_ms = max(1, -(-self._used_ms(self._due_ms) * percent // 100))
        used_ms, cursor_ms = 0, self._started_ms
        for begin_ms, end_ms in self._pauses:
            until_begin_ms = self._between(cursor_ms, begin_ms)
            if used_ms + until_begin_ms >= wanted_ms:
                break
            used_ms, cursor_ms = used_ms + until_begin_ms, end_ms
        if not self._working:
            return cursor_ms + wanted_ms - used_ms
        return self._moment(self._worked(cursor_ms) + wanted_ms - used_ms)

    def _used_ms(self, at_ms: int) -> int:
        if at_ms <= self._started_ms:
            return 0
        paused_ms = sum(self._between(begin, min(end, at_ms)) for begin, end in self._pauses if begin < at_ms)
        return self._between(self._started_ms, at_ms) - paused_ms

    def _between(self, from_ms_: int, to_ms_: int) -> int:
        return self._worked(to_ms_) - self._worked(from_ms_) if self._working else to_ms_ - from_ms_

    def _worked(self, at_ms: int) -> int:
        day, of_day_ms = divmod(at_ms - _FIRST_DAY_MS, _DAY_MS)
        whole_ms = self._calendar.working_days_before(day) * self._hours.day_ms
        return whole_ms + (self._hours.worked_ms(of_day_ms) if self._calendar.works(day) else 0)

    def _moment(self, worked_ms: int) -> int:
        days, rest_ms = divmod(worked_ms - 1, self._hours.day_ms)
        day_ms = self._calendar.nth_working_day(days) * _DAY_MS
        return _FIRST_DAY_MS + day_ms + self._hours.moment_ms(rest_ms + 1)


@lru_cache(maxsize=32)
def _hours(spans: tuple[str, ...]) -> WorkingHours:
    return WorkingHours.of(*spans)


def _merged(pauses: Any, started_ms: int) -> list[tuple[int, int]]:
    """The pauses after the start, in order and apart. The engine only writes pauses that have an end."""
    merged: list[tuple[int, int]] = []
    for begin_ms, end_ms in sorted((max(begin, started_ms), end) for begin, end in pauses if end > started_ms):
        if merged and begin_ms <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_ms))
        else:
            merged.append((begin_ms, end_ms))
    return merged
