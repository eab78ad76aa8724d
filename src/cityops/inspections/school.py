"""The school calendar (校历): terms and the holidays in them, as data; a city publishes its own over the built-in one.

The built-in dates are ours, for the demo: every city's education authority sets its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from cityops.cases.catalogue import Column, FieldError, Import, SheetRow, cell_words, day_field, parse_one
from cityops.kit import Text, WorkingCalendar

SCHOOL_CALENDAR: Final = "school_calendar"
"""The rule table of terms and holidays."""
SCHOOL_FILE: Final = Path(__file__).parent / "data" / "school_calendar.csv"
_Kind = Literal["term", "holiday"]
_KIND_WORDS: Final[Mapping[_Kind, Text]] = {"term": Text("学期", "term"), "holiday": Text("假日", "holiday")}
_BUILT_IN_TERMS: Final = [
    Text(f"{year}—{year + 1}学年第{zh}学期（演示）", f"{en} term of the school year {year}–{year + 1} (demo)")
    for year in (2025, 2026)
    for zh, en in (("一", "First"), ("二", "Second"))
]
_BUILT_IN_NOTE: Final = Text(
    "演示用日期，各市以教育行政部门公布的校历为准",
    "Days for the demo: the school calendar that the city's education authority publishes is what counts",
)
SCHOOL_COLUMNS: Final[Sequence[Column]] = (
    Column("类别", "kind", required=True, words=cell_words(_KIND_WORDS.values())),
    Column("名称", "name", required=True, width=28, words=cell_words(_BUILT_IN_TERMS)),
    Column("首日", "first", required=True),
    Column("末日", "last", required=True),
    Column("说明", "note", required=False, width=40, words=cell_words([_BUILT_IN_NOTE])),
)
_KINDS: Final = {text.zh: kind for kind, text in _KIND_WORDS.items()}


@dataclass(frozen=True, slots=True)
class SchoolSpan:
    """A term (学期), or a holiday inside one (假日); both days included."""

    kind: _Kind
    name: str
    first: date
    last: date


class SchoolCalendar:
    """Which days are school days.

    A working day in a term and in no holiday is one. Before the first and after the last term that is known, working
    days count: what nobody has written down is no holiday, so nothing falls out of inspection for want of data.

    Args:
        spans: terms and holidays.
        working: the working days of the state's calendar.
    """

    def __init__(self, spans: Sequence[SchoolSpan], working: WorkingCalendar) -> None:
        self._terms = [span for span in spans if span.kind == "term"]
        self._holidays = [span for span in spans if span.kind == "holiday"]
        self._working = working

    def is_school_day(self, day: date) -> bool:
        """Whether there is school on a day."""
        if not self._working.is_working_day(day) or any(span.first <= day <= span.last for span in self._holidays):
            return False
        return not self.known(day) or any(span.first <= day <= span.last for span in self._terms)

    def known(self, day: date) -> bool:
        """Whether the terms around a day are written down."""
        firsts, lasts = [span.first for span in self._terms], [span.last for span in self._terms]
        return bool(firsts) and min(firsts) <= day <= max(lasts)


def school_rows() -> list[dict[str, str]]:
    """The built-in terms and holidays, as rows of the rule table."""
    with SCHOOL_FILE.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def school_spans_of(rows: Sequence[SheetRow]) -> Import[SchoolSpan]:
    """The terms and holidays in rows of text, with what is wrong in each."""
    read = [parse_one(row, SCHOOL_COLUMNS, _span) for row in rows]
    errors = [error for one in read if isinstance(one, list) for error in one]
    return Import([one for one in read if isinstance(one, SchoolSpan)], errors, len(rows))


def _span(row: SheetRow) -> SchoolSpan:
    kind = _KINDS.get(row.fields["kind"])
    if kind is None:
        raise FieldError("kind", "类别应为“学期”或“假日”", "the kind is 学期 (term) or 假日 (holiday)")
    first, last = day_field(row, "first"), day_field(row, "last")
    if first is None or last is None or last < first:
        raise FieldError("last", "末日应不早于首日", "the last day is not before the first")
    return SchoolSpan(kind, row.fields["name"], first, last)
