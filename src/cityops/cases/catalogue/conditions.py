"""Filing and closing conditions (立结案条件): when a case may be filed, by when it must be done, when it may be closed.

The national standard sets none of this: every city has its own table. The built-in table is an example and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from cityops.cases.catalogue.items import ItemKey, overlap, within
from cityops.cases.catalogue.sheets import storable, storable_in_list
from cityops.kit import (
    DEFAULT_HOURS,
    SHANGHAI,
    DeadlineResult,
    InvalidError,
    Limit,
    Text,
    WorkingCalendar,
    WorkingHours,
    compute_deadline,
)


class RunsFrom(StrEnum):
    """From when the clock of a stage runs."""

    FILING = "filing"
    """自立案起."""
    PREVIOUS = "previous"
    """自上一阶段完成起."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage (阶段) with its own limit: stop the works, fine, pull down."""

    name: str
    limit: Limit
    runs_from: RunsFrom = RunsFrom.FILING


class MonthDay(NamedTuple):
    """A day of the year; 29 February is not one of every year and not allowed."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """The day in that year."""
        return date(year, self.month, self.day)

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Season:
    """A season (季节), first and last day included; it may pass the new year (11-01 to 03-15)."""

    first: MonthDay
    last: MonthDay

    def __contains__(self, day: date) -> bool:
        today = MonthDay(day.month, day.day)
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last

    def begin(self, day: date) -> date:
        """``day`` when it is in the season, else the season's next first day."""
        if day in self:
            return day
        this_year = self.first.in_year(day.year)
        return this_year if this_year > day else self.first.in_year(day.year + 1)


@dataclass(frozen=True, slots=True)
class Condition:
    """One filing condition of a matter with its limit and its closing condition (立案条件、处置时限、结案条件).

    Attributes:
        key: the matter.
        number: number of the condition within the matter and the table, from 1.
        filing: when a case may be filed (立案条件).
        closing: when it may be closed (结案条件).
        stages: at least one; a plain limit is one stage.
        season: outside it the clock stands until its next first day (种植季); None: all the year.
        evidence: what must be shown to close.
        valid_from: first day; None is open.
        valid_to: the day it ends, not included; None is open.
        notice: who set it, where it was published.
        note: what a reader must know, for example that a value was not checked.

    Raises:
        InvalidError: ``condition.form``: says which part.
    """

    key: ItemKey
    number: int
    filing: str
    closing: str
    stages: tuple[Stage, ...]
    season: Season | None = None
    evidence: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    notice: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if self.number < 1 or not self.filing or not self.closing:
            raise _bad_form("序号应从 1 起，立案条件和结案条件不能为空", "number from 1, filing and closing not empty")
        if not self.stages or len(set(names)) != len(names) or not all(names):
            raise _bad_form("至少一个阶段，阶段名称不能为空或重复", "at least one stage, names not empty nor twice")
        if self.stages[0].runs_from is not RunsFrom.FILING:
            raise _bad_form("第一阶段应自立案起算", "the first stage runs from filing")
        if self.valid_from is not None and self.valid_to is not None and self.valid_from >= self.valid_to:
            raise _bad_form("失效日期应晚于生效日期", "valid_to is after valid_from")
        texts = (self.filing, self.closing, self.notice, self.note, *names)
        if not all(map(storable, texts)) or not all(map(storable_in_list, self.evidence)):
            raise _bad_form("文字首尾有空格、过长或含不能保存的字符", "a text cannot be kept in a sheet as it is")

    def clock_start(self, filed: datetime) -> datetime:
        """When the clock begins for a case filed then: at once, or at 00:00 of the season's next first day."""
        local = filed.astimezone(SHANGHAI)
        if self.season is None or local.date() in self.season:
            return filed
        return datetime.combine(self.season.begin(local.date()), time(), SHANGHAI)

    def deadlines(
        self,
        filed: datetime,
        calendar: WorkingCalendar,
        hours: WorkingHours = DEFAULT_HOURS,
        finished: Mapping[str, datetime] | None = None,
    ) -> list[StageDeadline]:
        """When each stage is due.

        Args:
            filed: when the case was filed, an aware moment.
            calendar: the working calendar.
            hours: the working hours.
            finished: when a stage was finished, by its name. A stage that runs from the previous one is computed from
                that moment, or from the previous deadline while it is not finished (``planned`` is then True).
        """
        done = finished or {}
        start = self.clock_start(filed)
        deadlines: list[StageDeadline] = []
        for stage in self.stages:
            begin, planned = start, False
            if stage.runs_from is RunsFrom.PREVIOUS:
                before = deadlines[-1]
                planned = before.stage.name not in done
                begin = done.get(before.stage.name, before.result.due)
            deadlines.append(StageDeadline(stage, compute_deadline(begin, stage.limit, calendar, hours), planned))
        return deadlines


class StageDeadline(NamedTuple):
    """When a stage is due; ``planned``: it begins when the one before is finished, which it is not yet."""

    stage: Stage
    result: DeadlineResult
    planned: bool


class ConditionTable:
    """The conditions of one city, unchanging once made.

    Args:
        name: the table's name; ``example`` is the built-in one.
        label: what users read above it.
        conditions: in any order.

    Raises:
        InvalidError: ``condition.conflict``: the same number of a matter twice on one day; all are named.
    """

    def __init__(self, name: str, label: Text, conditions: Iterable[Condition]) -> None:
        self.name = name
        self.label = label
        self._by_key: dict[ItemKey, list[Condition]] = {}
        for condition in conditions:
            self._by_key.setdefault(condition.key, []).append(condition)
        faults = [fault for same in self._by_key.values() for fault in conflicts(same)]
        if faults:
            raise InvalidError(
                "立结案条件冲突：" + "；".join(faults),
                "conditions collide: " + "; ".join(faults),
                code="condition.conflict",
                kept=Text("现行条件表未改变。", "The table in force is as it was."),
                todo=Text("请修改序号或有效期。", "Change the number or the dates."),
            )

    @property
    def conditions(self) -> list[Condition]:
        """All conditions, by matter, number and date."""
        everything = (condition for same in self._by_key.values() for condition in same)
        return sorted(everything, key=lambda one: (*one.key, one.number, one.valid_from or date.min))

    def of(self, key: ItemKey, on: date) -> list[Condition]:
        """The conditions of a matter in force on a day, by number; empty when the city has set none."""
        found = [one for one in self._by_key.get(key, []) if within(on, one.valid_from, one.valid_to)]
        return sorted(found, key=lambda one: one.number)

    def get(self, key: ItemKey, number: int, on: date) -> Condition | None:
        """One condition in force on a day; None when there is none."""
        return next((one for one in self.of(key, on) if one.number == number), None)

    def words(self) -> dict[ItemKey, str]:
        """What the filing conditions of each matter say, for the catalogue's search."""
        return {key: " ".join(one.filing for one in same) for key, same in self._by_key.items()}


def conflicts(conditions: Sequence[Condition]) -> list[str]:
    """Conditions of one matter that share a number on one day, each named once."""
    ordered = sorted(conditions, key=lambda one: (*one.key, one.number, one.valid_from or date.min))
    return [
        f"{one.key} #{one.number}"
        for one, other in pairwise(ordered)
        if (one.key, one.number) == (other.key, other.number)
        and overlap((one.valid_from, one.valid_to), (other.valid_from, other.valid_to))
    ]


def parse_month_day(text: str) -> MonthDay:
    """``03-15`` as a day of the year.

    Raises:
        ValueError: not of this form, or no day of every year.
    """
    month, separator, day = text.partition("-")
    if not (separator and month.isdecimal() and day.isdecimal()):
        raise ValueError(text)
    found = MonthDay(int(month), int(day))
    found.in_year(2023)
    return found


def _bad_form(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"立结案条件有误：{zh}。",
        f"the condition is not sound: {en}",
        code="condition.form",
        kept=Text("未保存该条件。", "The condition was not stored."),
        todo=Text("请修改后重新提交。", "Correct it and send it again."),
    )
