"""Raw counters of the workflow, from which every indicator is computed, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final, Self

from cityops.kit import InvalidError, Text


@dataclass(frozen=True, slots=True)
class Counters:
    """How often things happened. All are counts of cases or tasks, never of clicks, and never negative.

    A counter of a part is never greater than that of its whole; see ``_PARTS``.

    Attributes:
        reports: reports made (上报).
        valid_reports: of them, those that were found valid (有效上报).
        missed: problems somebody else found where the collector should have (漏报).
        accepted: reports accepted (受理).
        filed: cases filed (立案).
        filed_in_time: of them, those filed in time (按时立案).
        voided: of those filed, cases voided afterwards because they did not qualify (作废).
        prechecks_due: checks before filing that were due (核实应完成).
        prechecks_in_time: of them, done in time (按时核实).
        final_checks_due: checks before closing that were due (核查应完成).
        final_checks_in_time: of them, done in time (按时核查).
        precheck_orders_due: prechecks the acceptor had to hand out (应派发核实).
        precheck_orders_in_time: of them, handed out in time.
        final_check_orders_due: final checks the acceptor had to hand out (应派发核查).
        final_check_orders_in_time: of them, handed out in time.
        dispatch_due: cases due for dispatch (应派遣).
        dispatched: of them, dispatched (派遣).
        dispatched_in_time: of those dispatched, in time (按时派遣).
        dispatch_reworked: of those dispatched, sent back because they went to the wrong unit (派遣返工).
        close_due: cases due to be closed (应结案).
        closed: of them, closed (结案).
        closed_in_time: of those closed, in time (按期结案).
        late_exempted: of those closed, late ones whose delay an approved appeal exempts (申诉成立).
        deferred: of those due, not closed because a deferral was granted (缓办).
        reworked: of those closed, cases that had been sent back to the unit (返工).
    """

    reports: int = 0
    valid_reports: int = 0
    missed: int = 0
    accepted: int = 0
    filed: int = 0
    filed_in_time: int = 0
    voided: int = 0
    prechecks_due: int = 0
    prechecks_in_time: int = 0
    final_checks_due: int = 0
    final_checks_in_time: int = 0
    precheck_orders_due: int = 0
    precheck_orders_in_time: int = 0
    final_check_orders_due: int = 0
    final_check_orders_in_time: int = 0
    dispatch_due: int = 0
    dispatched: int = 0
    dispatched_in_time: int = 0
    dispatch_reworked: int = 0
    close_due: int = 0
    closed: int = 0
    closed_in_time: int = 0
    late_exempted: int = 0
    deferred: int = 0
    reworked: int = 0

    def __post_init__(self) -> None:
        for name in COUNTERS:
            if getattr(self, name) < 0:
                raise _impossible(f"{name} = {getattr(self, name)} < 0")
        for parts, whole in _PARTS:
            if sum(getattr(self, part) for part in parts) > getattr(self, whole):
                counted = " + ".join(f"{part} {getattr(self, part)}" for part in parts)
                raise _impossible(f"{counted} > {whole} {getattr(self, whole)}")

    def __add__(self, other: Self) -> Self:
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in COUNTERS})


COUNTERS: Final = tuple(field.name for field in fields(Counters))
_values: Final = attrgetter(*COUNTERS)
_PARTS: Final = (
    (("valid_reports",), "reports"),
    (("filed_in_time",), "filed"),
    (("voided",), "filed"),
    (("prechecks_in_time",), "prechecks_due"),
    (("final_checks_in_time",), "final_checks_due"),
    (("precheck_orders_in_time",), "precheck_orders_due"),
    (("final_check_orders_in_time",), "final_check_orders_due"),
    (("dispatched",), "dispatch_due"),
    (("dispatched_in_time",), "dispatched"),
    (("dispatch_reworked",), "dispatched"),
    (("closed", "deferred"), "close_due"),
    (("closed_in_time", "late_exempted"), "closed"),
    (("reworked",), "closed"),
)
"""The first, added up, cannot be more than the second."""


class Dimension(StrEnum):
    """What evaluation groups by."""

    UNIT = "unit"
    """单位."""
    PERSON = "person"
    """人员."""
    AREA = "area"
    """区域."""
    MATTER = "matter"
    """事项."""
    PERIOD = "period"
    """时段."""


class Period(StrEnum):
    """Length of a period (时段), in the days of Asia/Shanghai."""

    DAY = "day"
    WEEK = "week"
    """ISO week: Monday to Sunday."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def begin(self, day: date) -> date:
        """First day of the period that holds ``day``."""
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
            case Period.QUARTER:
                return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            case Period.YEAR:
                return date(day.year, 1, 1)


@dataclass(frozen=True, slots=True)
class CounterRow:
    """What was counted for one unit, person, area and matter on one day; empty where it is not known.

    ``area`` is a division, street, community or grid code, ``matter`` is ``standard kind code``.
    """

    day: date
    counters: Counters
    unit: str = ""
    person: str = ""
    area: str = ""
    matter: str = ""


GroupKey = tuple[str, ...]
"""One text for each dimension asked for, in that order; a period is its first day."""


def grouped(
    rows: Iterable[CounterRow], by: Sequence[Dimension], period: Period = Period.MONTH, area_digits: int | None = None
) -> dict[GroupKey, Counters]:
    """The counters added up by the dimensions, by key. No dimension: one group, ``()``.

    Args:
        rows: what was counted.
        by: what to group by.
        period: length of a period.
        area_digits: how much of the area's code to group by: 6 district, 9 street, 12 community; None: all of it.
    """
    members: dict[GroupKey, list[tuple[int, ...]]] = {}
    for row in rows:
        key = tuple(_value(row, dimension, period, area_digits) for dimension in by)
        members.setdefault(key, []).append(_values(row.counters))
    return {key: Counters(*map(sum, zip(*members[key], strict=True))) for key in sorted(members)}


def _value(row: CounterRow, dimension: Dimension, period: Period, area_digits: int | None) -> str:
    match dimension:
        case Dimension.UNIT:
            return row.unit
        case Dimension.PERSON:
            return row.person
        case Dimension.AREA:
            return row.area[:area_digits]
        case Dimension.MATTER:
            return row.matter
        case Dimension.PERIOD:
            return period.begin(row.day).isoformat()


def _impossible(what: str) -> InvalidError:
    return InvalidError(
        f"计数不可能成立：{what}",
        f"these counts cannot be: {what}",
        code="evaluation.counters",
        kept=Text("未计算任何指标。", "No indicator was computed."),
        todo=Text("请核对原始计数。", "Check the raw counters."),
    )
