"""A deadline in words: when it is due, and what was skipped on the way."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cityops.kit.calendar import WorkingCalendar, WorkingHours
from cityops.kit.clock import SHANGHAI
from cityops.kit.errors import Text

if TYPE_CHECKING:
    from cityops.kit.deadlines import DeadlineResult, Limit

UNIT_WORDS: Final = {
    "urgent_hour": Text("紧急工作时", "urgent hour"),
    "working_hour": Text("工作时", "working hour"),
    "working_day": Text("工作日", "working day"),
    "calendar_day": Text("自然日", "calendar day"),
}
_WEEKDAYS_ZH: Final = "一二三四五六日"
_WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MAX_NAMED_DAYS: Final = 366
"""Holidays are named for limits up to a year; beyond it the list would explain nothing."""


def explain(result: DeadlineResult, calendar: WorkingCalendar) -> Text:
    """The sentence for a deadline, in Chinese and English."""
    request = result.request
    limit = request.limit
    start, due = request.start.astimezone(SHANGHAI), result.due
    from_zh, from_en = _moment(start, 0)
    due_zh, due_en = _moment(due, start.year, midnight_is_24=limit.unit.in_days)
    head = Text(
        f"{amount_words(limit).zh}，自{from_zh}起：{due_zh}到期",
        f"{amount_words(limit).en} from {from_en}: due {due_en}",
    )
    notes = _counting(limit)
    if limit.unit.by_calendar:
        notes += _skipped(start, due, calendar, request.hours, in_days=limit.unit.in_days)
    if any(end is not None for _, end in request.pauses):
        notes.append(Text("暂停的时间已补回", "the time paused given back"))
    tail = Text("。", ".")
    if result.paused:
        tail = Text("。目前暂停计时，到期时间将顺延。", ". The clock is stopped now; the deadline will move.")
    if result.provisional:
        known = calendar.known_until.isoformat()
        tail = Text(
            f"{tail.zh}官方节假日安排只公布到{known}，此期限为暂定，公布后重新计算。",
            f"{tail.en} The official holidays are published up to {known}: provisional, to be computed again.",
        )
    zh, en = "，".join(note.zh for note in notes), _listed([note.en for note in notes])
    return Text(head.zh + (f"；{zh}" if zh else "") + tail.zh, head.en + (f"; {en}" if en else "") + tail.en)


def amount_words(limit: Limit) -> Text:
    """The amount with its unit, such as 4个工作时."""
    unit = limit.unit.words
    amount = f"{limit.amount:g}"
    return Text(f"{amount}个{unit.zh}", f"{amount} {unit.en}{'' if limit.amount == 1 else 's'}")


def _counting(limit: Limit) -> list[Text]:
    """What has to be said about the unit itself."""
    match limit.unit.value:
        case "urgent_hour":
            return [Text("昼夜连续计时", "counted day and night")]
        case "working_hour":
            return []
        case _:
            return [Text("当日不计", "the first day not counted")]


def _moment(moment: datetime, known_year: int, *, midnight_is_24: bool = False) -> Text:
    """``moment`` in words; the year is left out when it is ``known_year``, 00:00 may be 24:00 of the day before."""
    clock = f"{moment:%H:%M}"
    if midnight_is_24 and clock == "00:00":
        moment, clock = moment - timedelta(days=1), "24:00"
    year_zh, year_en = ("", "") if moment.year == known_year else (f"{moment.year}年", f" {moment.year}")
    day = f"{moment.month}月{moment.day}日（周{_WEEKDAYS_ZH[moment.weekday()]}）"
    name = f"{_WEEKDAYS_EN[moment.weekday()]}, {moment.day} {_MONTHS_EN[moment.month - 1]}"
    return Text(f"{year_zh}{day}{clock}", f"{clock} on {name}{year_en}")


def _skipped(
    start: datetime, due: datetime, calendar: WorkingCalendar, hours: WorkingHours, *, in_days: bool
) -> list[Text]:
    """What lay between start and deadline and did not count, each named once."""
    notes: list[Text] = []
    if not in_days:
        if _spans_a_break(start, due, calendar, hours):
            notes.append(Text("跳过午休", "the midday break skipped"))
        if start.date() != due.date():
            notes.append(Text("跳过夜间", "the evening skipped"))
    weekend = False
    holidays: dict[Text, None] = {}
    shifted: list[date] = []
    for offset in range(1, min((due.date() - start.date()).days, _MAX_NAMED_DAYS)):
        day = start.date() + timedelta(days=offset)
        holiday = calendar.holiday(day)
        if holiday is not None:
            holidays[holiday] = None
        weekend = weekend or (holiday is None and not calendar.is_working_day(day))
        if calendar.shifted(day) is not None:
            shifted.append(day)
    if weekend:
        notes.append(Text("跳过周末", "the weekend skipped"))
    notes += [Text(f"跳过{name.zh}假期", f"{name.en} skipped") for name in holidays]
    notes += [
        Text(f"{day.month}月{day.day}日调休上班", f"{day.day} {_MONTHS_EN[day.month - 1]} worked in exchange")
        for day in shifted
    ]
    return notes


def _spans_a_break(start: datetime, due: datetime, calendar: WorkingCalendar, hours: WorkingHours) -> bool:
    """Whether a break between two spans of working hours lies on the way from ``start`` to ``due``."""
    first, last = start.date(), due.date()
    breaks = [(a[1], b[0]) for a, b in pairwise(hours.spans)]
    begin, end = (moment.hour * 60 + moment.minute for moment in (start, due))
    if first == last:
        return any(begin <= a and b < end for a, b in breaks)
    before = calendar.is_working_day(first) and any(begin <= a for a, _ in breaks)
    after = any(b < end for _, b in breaks)
    one_day = timedelta(days=1)
    between = bool(breaks) and calendar.working_days_between(first + one_day, last - one_day) > 0
    return before or after or between


def _listed(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; the shared word "skipped" is said once, at the end of its run."""
    skipped = [part.removesuffix(" skipped") for part in parts if part.endswith(" skipped")]
    others = [part for part in parts if not part.endswith(" skipped")]
    if skipped:
        run = skipped[0] if len(skipped) == 1 else ", ".join(skipped[:-1]) + " and " + skipped[-1]
        others.insert(1 if others and others[0].endswith("counted") else 0, f"{run} skipped")
    return ", ".join(others)
