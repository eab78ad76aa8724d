"""Deadlines (办理时限): from a limit, the working calendar, the working hours and the pauses to a moment.

How time is counted, for every room of the product:

- 紧急工作时 (urgent hour): the clock runs on, day and night.
- 工作时 (working hour): only working hours of working days count; a start outside them counts from the next working
  moment. The deadline is the first moment at which the hours are used up: 18:00, never 08:00 of the next day.
- 工作日 (working day): the day of the start does not count (Civil Code art. 201), whether it is worked or not; the
  deadline is the end of working hours of the N-th working day after it (art. 203, second paragraph).
- 自然日 (calendar day): the day of the start does not count; the deadline is 24:00 of the N-th day after it (that is
  00:00 of the following day). It is not moved when that day is free.
- A pause gives back exactly the time of the unit's own kind that it took: working time for 工作时 and 工作日, time on
  the clock for the others. Moving a pause into the night wins nobody an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from cityops.kit.calendar import DEFAULT_HOURS, FIRST_DAY, LAST_DAY, WorkingCalendar, WorkingHours, out_of_range
from cityops.kit.clock import SHANGHAI, from_ms, to_ms
from cityops.kit.deadline_words import UNIT_WORDS, amount_words, explain
from cityops.kit.errors import InvalidError, Text

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
MAX_AMOUNT: Final = 10_000
"""The largest limit: 10,000 working days are some 40 years."""
_SHANGHAI_OFFSET_MS: Final = 8 * HOUR_MS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ORIGIN_MS: Final = (FIRST_DAY - date(1970, 1, 1)).days * DAY_MS - _SHANGHAI_OFFSET_MS
"""Midnight in Shanghai of the calendar's first day, in milliseconds since 1970 UTC."""
_SPAN_MS: Final = ((LAST_DAY - FIRST_DAY).days + 1) * DAY_MS
_MS: Final = timedelta(milliseconds=1)

Pause = tuple[datetime, datetime | None]
"""From when to when the clock is stopped; None: it still is."""


class LimitUnit(StrEnum):
    """Unit of a limit (时限单位)."""

    URGENT_HOUR = "urgent_hour"
    """紧急工作时: hours on the clock."""
    WORKING_HOUR = "working_hour"
    """工作时."""
    WORKING_DAY = "working_day"
    """工作日."""
    CALENDAR_DAY = "calendar_day"
    """自然日."""

    @property
    def words(self) -> Text:
        """The unit in two languages, such as 工作时 and "working hour"."""
        return UNIT_WORDS[self.value]

    @property
    def in_days(self) -> bool:
        """Whether the unit is a kind of day."""
        return self in (LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY)

    @property
    def by_calendar(self) -> bool:
        """Whether the unit counts working time only."""
        return self in (LimitUnit.WORKING_HOUR, LimitUnit.WORKING_DAY)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much time there is (时限): days in whole numbers, hours to the minute (0.5 is half an hour).

    Raises:
        InvalidError: ``deadline.limit``: not over 0, over 10,000, or finer than that.
    """

    amount: int | float
    unit: LimitUnit

    def __post_init__(self) -> None:
        steps = self.amount * (1 if self.unit.in_days else 60)
        if not (0 < self.amount <= MAX_AMOUNT and abs(steps - round(steps)) < 1e-6):
            raise InvalidError(
                f"时限无效：{self.amount!r} {self.unit.value}",
                f"not a valid limit: {self.amount!r} {self.unit.value}",
                code="deadline.limit",
                kept=Text("未计算期限。", "No deadline was computed."),
                todo=Text(
                    f"天数应为整数，小时可精确到分钟，不超过 {MAX_AMOUNT}。",
                    f"Give whole days, or hours to the minute, up to {MAX_AMOUNT}.",
                ),
            )

    @property
    def amount_ms(self) -> int:
        """The amount of an hour unit, in milliseconds."""
        return round(self.amount * 60) * 60_000

    @property
    def words(self) -> Text:
        """The limit in words, such as 4个工作时."""
        return amount_words(self)


@dataclass(frozen=True, slots=True)
class DeadlineBasis:
    """Everything a deadline was computed from."""

    start: datetime
    limit: Limit
    hours: WorkingHours
    pauses: tuple[Pause, ...]
    known_until: date

    def as_json(self) -> dict[str, Any]:
        """The basis as JSON-able values; ``recompute_deadline`` reads it."""
        return {
            "start_ms": to_ms(self.start),
            "amount": self.limit.amount,
            "unit": self.limit.unit.value,
            "hours": self.hours.as_texts(),
            "pauses": [[to_ms(begin), None if end is None else to_ms(end)] for begin, end in self.pauses],
            "calendar_known_until": self.known_until.isoformat(),
        }

    @classmethod
    def from_json(cls, basis: dict[str, Any]) -> Self:
        """The basis that ``as_json`` wrote.

        Raises:
            InvalidError: ``deadline.basis``: a field is missing or of another kind.
        """
        try:
            return cls(
                from_ms(basis["start_ms"]),
                Limit(basis["amount"], LimitUnit(basis["unit"])),
                WorkingHours.of(*basis["hours"]),
                tuple((from_ms(begin), None if end is None else from_ms(end)) for begin, end in basis["pauses"]),
                date.fromisoformat(basis["calendar_known_until"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidError(
                f"期限依据无法读取：{error!r}",
                f"cannot read what the deadline was computed from: {error!r}",
                code="deadline.basis",
                kept=Text("原期限不变。", "The former deadline stands."),
                todo=Text(
                    "请从备份恢复该记录，或重新设定时限。", "Restore the record from a backup, or set the limit again."
                ),
            ) from error


@dataclass(frozen=True, slots=True)
class DeadlineResult:
    """A computed deadline.

    Attributes:
        due: the last moment in time, in Asia/Shanghai.
        provisional: the deadline passes through days the official calendar does not cover yet (暂定); compute it
            again with ``recompute_deadline(basis, calendar)`` when the next year's notice has arrived.
        paused: a pause without an end has begun before ``due``: the clock stands, and ``due`` (what it would be if the
            pause gave nothing back) will move. Nothing is late while this holds.
        request: what it was computed from.
    """

    due: datetime
    provisional: bool
    paused: bool
    request: DeadlineBasis
    _calendar: WorkingCalendar

    @property
    def basis(self) -> dict[str, Any]:
        """What the deadline was computed from, JSON-able, to be stored beside it."""
        return self.request.as_json()

    @property
    def explanation(self) -> Text:
        """Why it is due then, in words."""
        return explain(self, self._calendar)


def compute_deadline(
    start: datetime,
    limit: Limit,
    calendar: WorkingCalendar,
    hours: WorkingHours = DEFAULT_HOURS,
    pauses: Sequence[Pause] = (),
) -> DeadlineResult:
    """When ``limit`` ends that began at ``start``, by the rules at the top of this file.

    Args:
        start: an aware moment, 1992 to 2199.
        limit: how much time there is.
        calendar: which days are worked.
        hours: when they are worked.
        pauses: spans in which the clock stood, in any order; they may overlap, and lie before the start.

    Raises:
        InvalidError: ``calendar.range`` beyond those years; ``deadline.time`` for a moment without time zone or a pause
            that ends before it begins.
    """
    start_ms = _local_ms(start)
    due_ms = _unpaused(start_ms, limit, calendar, hours)
    paused = False
    if pauses:
        due_ms, paused = _with_pauses(start_ms, due_ms, limit.unit, _Worked(calendar, hours), _merged(pauses, start_ms))
    due = (_EPOCH + (due_ms + _ORIGIN_MS) * _MS).astimezone(SHANGHAI)
    provisional = limit.unit.by_calendar and not (
        calendar.known(due.date()) and calendar.known(FIRST_DAY + timedelta(days=start_ms // DAY_MS))
    )
    basis = DeadlineBasis(start, limit, hours, tuple(pauses), calendar.known_until)
    return DeadlineResult(due, provisional, paused, basis, calendar)


def recompute_deadline(basis: dict[str, Any], calendar: WorkingCalendar) -> DeadlineResult:
    """The deadline of a stored ``basis``, by a newer calendar.

    Raises:
        InvalidError: ``deadline.basis``: the basis cannot be read.
    """
    read = DeadlineBasis.from_json(basis)
    return compute_deadline(read.start, read.limit, calendar, read.hours, read.pauses)


def _local_ms(moment: datetime) -> int:
    """Milliseconds since midnight in Shanghai of the calendar's first day."""
    if moment.tzinfo is None:
        raise _bad_time(f"{moment.isoformat()}：缺少时区", f"{moment.isoformat()}: without a time zone")
    local_ms = (moment - _EPOCH) // _MS - _ORIGIN_MS
    if not 0 <= local_ms < _SPAN_MS:
        raise out_of_range(moment.isoformat())
    return local_ms


def _bad_time(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"时间无效：{zh}",
        f"not a valid time: {en}",
        code="deadline.time",
        kept=Text("未计算期限。", "No deadline was computed."),
        todo=Text("请检查起止时间。", "Check the times."),
    )


class _Worked:
    """Working time since the calendar's first day, as a function of the moment, and back."""

    __slots__ = ("_calendar", "_hours")

    def __init__(self, calendar: WorkingCalendar, hours: WorkingHours) -> None:
        self._calendar = calendar
        self._hours = hours

    def at(self, local_ms: int) -> int:
        """Working milliseconds before the moment."""
        day, of_day_ms = divmod(local_ms, DAY_MS)
        whole = self._calendar.working_days_before(day) * self._hours.day_ms
        return whole + self._hours.worked_ms(of_day_ms) if self._calendar.works(day) else whole

    def moment(self, worked_ms: int) -> int:
        """The first moment that has ``worked_ms`` (over 0) working milliseconds before it."""
        days, rest_ms = divmod(worked_ms - 1, self._hours.day_ms)
        return self._calendar.nth_working_day(days) * DAY_MS + self._hours.moment_ms(rest_ms + 1)


def _unpaused(start_ms: int, limit: Limit, calendar: WorkingCalendar, hours: WorkingHours) -> int:
    """The deadline without pauses, in local milliseconds."""
    if limit.unit is LimitUnit.WORKING_HOUR:
        worked = _Worked(calendar, hours)
        return worked.moment(worked.at(start_ms) + limit.amount_ms)
    day = start_ms // DAY_MS
    if limit.unit is LimitUnit.WORKING_DAY:
        counted = calendar.working_days_before(day + 1)
        return calendar.nth_working_day(counted + round(limit.amount) - 1) * DAY_MS + hours.spans_ms[-1][1]
    due_ms = (day + round(limit.amount) + 1) * DAY_MS if limit.unit.in_days else start_ms + limit.amount_ms
    if due_ms >= _SPAN_MS:
        raise out_of_range(f"> {LAST_DAY.isoformat()}")
    return due_ms


def _merged(pauses: Sequence[Pause], start_ms: int) -> list[tuple[int, int | None]]:
    """The pauses after the start, in order and apart; only the last may be without an end."""
    spans: list[tuple[int, int | None]] = []
    for begin, end in pauses:
        begin_ms, end_ms = _local_ms(begin), None if end is None else _local_ms(end)
        if end_ms is not None and end_ms < begin_ms:
            raise _bad_time(f"暂停的结束早于开始：{begin} – {end}", f"a pause ends before it begins: {begin} – {end}")
        if end_ms is None or end_ms > max(begin_ms, start_ms):
            spans.append((max(begin_ms, start_ms), end_ms))
    merged: list[tuple[int, int | None]] = []
    for begin_ms, end_ms in sorted(spans, key=lambda span: span[0]):
        if not merged or (merged[-1][1] is not None and merged[-1][1] < begin_ms):
            merged.append((begin_ms, end_ms))
        elif merged[-1][1] is not None:
            merged[-1] = (merged[-1][0], None if end_ms is None else max(merged[-1][1], end_ms))
    return merged


def _with_pauses(
    start_ms: int, due_ms: int, unit: LimitUnit, worked: _Worked, pauses: Sequence[tuple[int, int | None]]
) -> tuple[int, bool]:
    """The moment at which the time between start and unpaused deadline is used up, and whether the clock stands."""
    budget_ms = worked.at(due_ms) - worked.at(start_ms) if unit.by_calendar else due_ms - start_ms
    cursor_ms, paused = start_ms, False
    for begin_ms, end_ms in pauses:
        used_ms = worked.at(begin_ms) - worked.at(cursor_ms) if unit.by_calendar else begin_ms - cursor_ms
        if used_ms >= budget_ms:
            break
        budget_ms -= used_ms
        cursor_ms = begin_ms if end_ms is None else end_ms
        paused = end_ms is None
    if not unit.by_calendar:
        return cursor_ms + budget_ms, paused
    return worked.moment(worked.at(cursor_ms) + budget_ms), paused
