"""The board of indicators (指标看板): recomputed values, target paths, traffic lights, contradictions.

All arithmetic is exact (fractions of the decimals that were typed in), so that a light at a border is not chance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from cityops.access import Principal
from cityops.kit import Text
from cityops.registers import RegisterObject, Registers
from cityops.scenes.indicators.formula import Formula, FormulaError, read_formula

INDICATOR: Final = "indicator"
VALUE: Final = "indicator_value"
TARGET: Final = "indicator_target"
DECIMALS: Final = 12
"""To so many decimals computed values are kept, so that long chains of formulas stay small."""
VALUE_MAX: Final = 1e15
"""Beyond it nothing is computed; the registers take no greater number either."""

Light = Literal["green", "amber", "red", "no_value", "stale", "no_target"]
"""The last three are grey."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a day. ``data_date``: the day of its oldest part, where it is computed from several."""

    day: date
    value: Fraction
    data_date: date


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two figures of one day that should be the same: as typed in, and recomputed or typed in again."""

    day: date
    reported: Fraction
    other: Fraction
    recomputed: bool
    source: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """An indicator as the board shows it.

    Attributes:
        points: its values by day. path: points of its targets by day. target: the path on the data date.
        limit: where amber ends and red begins. problem: why it cannot be computed.
    """

    indicator: RegisterObject
    points: tuple[Point, ...]
    path: tuple[tuple[date, Fraction], ...]
    target: Fraction | None
    limit: Fraction | None
    light: Light
    contradictions: tuple[Contradiction, ...]
    problem: Text | None


class _Typed:
    """A value or a target as it was typed in."""

    __slots__ = ("day", "source", "value")

    def __init__(self, row: RegisterObject, day: str, source: str) -> None:
        self.day = date.fromisoformat(row.data[day])
        self.value = exact(row.data["value"])
        self.source = str(row.data[source])


def exact(value: float) -> Fraction:
    """The decimal that was typed in, exactly."""
    return Fraction(repr(value))


def check_indicator(made: RegisterObject) -> None:
    """The register's own rule: a formula can be read (``FormulaError``), and does not need its own indicator."""
    if made.data.get("formula"):
        formula = read_formula(made.data["formula"])
        if made.code in formula.names:
            at = made.data["formula"].index(made.code)
            raise FormulaError(at, "公式用到了本指标自己", "the formula needs its own indicator")


def board(registers: Registers, principal: Principal, today: date) -> list[Assessment]:
    """All indicators that this person may see, by code, as of ``today``."""
    indicators, values, targets = (registers.every(principal, name) for name in (INDICATOR, VALUE, TARGET))
    return assess(indicators, values, targets, today)


def assess(
    indicators: Sequence[RegisterObject],
    values: Iterable[RegisterObject],
    targets: Iterable[RegisterObject],
    today: date,
) -> list[Assessment]:
    """Compute and judge indicators; values of days to come do not count yet."""
    typed: dict[str, list[_Typed]] = defaultdict(list)
    for row in values:
        one = _Typed(row, "data_date", "value_source")
        if one.day <= today:
            typed[row.data["indicator"]].append(one)
    paths: dict[str, dict[date, Fraction]] = defaultdict(dict)
    for row in targets:
        goal = _Typed(row, "due_date", "basis")
        paths[row.data["indicator"]][goal.day] = goal.value
    series, problems = _computed(indicators, typed)
    return [
        _assessment(
            one,
            series[one.code],
            tuple(sorted(paths[one.code].items())),
            (*_contradictions(one, series[one.code], typed[one.code]),),
            problems.get(one.code),
            today,
        )
        for one in indicators
    ]


def target_on(path: Sequence[tuple[date, Fraction]], day: date) -> Fraction | None:
    """The path on a day: straight by days between two points, unchanged after the last, nothing before the first."""
    at = bisect_right(path, day, key=lambda point: point[0])
    if at == 0:
        return None
    start, low = path[at - 1]
    if at == len(path):
        return low
    end, high = path[at]
    return low + (high - low) * Fraction((day - start).days, (end - start).days)


def limit_of(target: Fraction, direction: str, margin_percent: float) -> Fraction:
    """Where amber ends: worse than the path by the margin in percent of it."""
    margin = abs(target) * exact(margin_percent) / 100
    return target - margin if direction == "higher" else target + margin


def light_of(value: Fraction, target: Fraction, limit: Fraction, direction: str) -> Light:
    """Green at or better than the path, amber down to the limit (included), red beyond it."""
    sign = 1 if direction == "higher" else -1
    if value * sign >= target * sign:
        return "green"
    return "amber" if value * sign >= limit * sign else "red"


def _assessment(
    one: RegisterObject,
    points: Sequence[Point],
    path: tuple[tuple[date, Fraction], ...],
    contradictions: tuple[Contradiction, ...],
    problem: Text | None,
    today: date,
) -> Assessment:
    target = limit = None
    light: Light = "no_value"
    if points:
        last, direction = points[-1], one.data["direction"]
        target = target_on(path, last.data_date)
        limit = None if target is None else limit_of(target, direction, one.data["margin_percent"])
        good_for = one.data.get("stale_after_days")
        if good_for is not None and (today - last.data_date).days > good_for:
            light = "stale"
        elif target is None or limit is None:
            light = "no_target"
        else:
            light = light_of(last.value, target, limit, direction)
    return Assessment(one, tuple(points), path, target, limit, light, contradictions, problem)


def _contradictions(one: RegisterObject, points: Sequence[Point], typed: Sequence[_Typed]) -> Iterator[Contradiction]:
    """Reported against recomputed, where there is a formula; else two figures that were typed in for one day."""
    derived = bool(one.data.get("formula"))
    tolerance = _tolerance(one.data)
    for row in typed:
        there = _at(points, row.day)
        if there is not None and abs(row.value - there.value) > tolerance:
            yield Contradiction(row.day, row.value, there.value, derived, row.source)


def _tolerance(data: Mapping[str, Any]) -> Fraction:
    """How far two figures may be apart: as declared, or half of the last digit."""
    if data.get("tolerance") is not None:
        return exact(data["tolerance"])
    return Fraction(1, 2 * 10 ** int(data["decimals"]))


def _computed(
    indicators: Sequence[RegisterObject], typed: Mapping[str, Sequence[_Typed]]
) -> tuple[dict[str, list[Point]], dict[str, Text]]:
    """The values of all indicators, operands before what needs them, and why some have none."""
    series: dict[str, list[Point]] = {}
    problems: dict[str, Text] = {}
    left: dict[str, Formula] = {}
    for one in indicators:
        series[one.code] = []
        if one.data.get("formula"):
            left[one.code] = read_formula(one.data["formula"])
        else:
            by_day = {row.day: Point(row.day, row.value, row.day) for row in typed.get(one.code, ())}
            series[one.code] = [by_day[day] for day in sorted(by_day)]
    while ready := [code for code, formula in left.items() if not formula.names & left.keys()]:
        for code in ready:
            formula = left.pop(code)
            missing = sorted(formula.names - series.keys())
            if missing:
                words = "、".join(missing)
                problems[code] = Text(f"目录中没有指标 {words}", f"the catalogue has no indicator {', '.join(missing)}")
                continue
            try:
                series[code] = list(_derived(formula, series))
            except ZeroDivisionError:
                problems[code] = Text("公式除以零", "the formula divides by zero")
            except OverflowError:
                problems[code] = Text(f"结果超过 {VALUE_MAX:.0e}", f"the result is beyond {VALUE_MAX:.0e}")
    for code in left:
        problems[code] = Text("公式互相引用，成环", "formulas need each other in a circle")
    return series, problems


def _derived(formula: Formula, series: Mapping[str, Sequence[Point]]) -> Iterator[Point]:
    """The values of a formula on every day on which one of its operands has a new one and all have one.

    Raises:
        ZeroDivisionError, OverflowError: it has none on one of them.
    """
    for day in sorted({point.day for name in formula.names for point in series[name]}):
        parts = {name: _at(series[name], day) for name in formula.names}
        known = {name: part for name, part in parts.items() if part is not None}
        if len(known) == len(parts):
            value = formula.value({name: part.value for name, part in known.items()})
            if abs(value) > VALUE_MAX:
                raise OverflowError
            yield Point(day, round(value, DECIMALS), min(part.data_date for part in known.values()))


def _at(points: Sequence[Point], day: date) -> Point | None:
    """The newest value on or before a day."""
    at = bisect_right(points, day, key=lambda point: point.day)
    return points[at - 1] if at else None
