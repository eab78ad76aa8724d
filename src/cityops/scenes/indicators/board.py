"""The board of indicators (指标看板): recomputed values, target paths, traffic lights, contradictions.

All arithmetic is exact (fractions of the decimals that were typed in), so that a light at a border is not chance.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Literal

from cityops.access import SYSTEM, Principal
from cityops.analysis.figures import Figures
from cityops.kit import InvalidError, NotFoundError, Text
from cityops.registers import RegisterObject, Registers
from cityops.scenes.indicators.formula import Formula, FormulaError, read_formula

INDICATOR: Final = "indicator"
VALUE: Final = "indicator_value"
TARGET: Final = "indicator_target"
DECIMALS: Final = 12
"""To so many decimals computed values are kept, so that long chains of formulas stay small."""
VALUE_MAX: Final = 1e15
"""Beyond it nothing is computed; the registers take no greater number either."""

FIGURE: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
"""A figure of a scene's board, ``<scene>.<figure>``."""

Light = Literal["green", "amber", "red", "no_value", "stale", "no_target"]
"""The last three are grey."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a day. ``data_date``: the day of its oldest part, where it is computed from several."""

    day: date
    value: Fraction
    data_date: date


Against = Literal["recomputed", "twice", "figure"]
"""What contradicts: the formula's result, another value that was typed in, the figure of a scene's board."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two figures that should be the same; ``day`` and ``source`` are those of the first."""

    day: date
    reported: Fraction
    other: Fraction
    against: Against
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a figure of a scene's board says today; ``value`` None: there is nothing to divide by yet."""

    title: str
    value: Fraction | None


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


@dataclass(frozen=True, slots=True)
class _Today:
    """The day of the board, and what the figures of the scenes' boards say on it."""

    day: date
    figures: Mapping[str, Reading]

    def of(self, one: RegisterObject) -> Reading | None:
        """The figure of an indicator, if it has one that has a value."""
        found = self.figures.get(one.data.get("figure") or "")
        return found if found is not None and found.value is not None else None

    def add_to(self, points: Sequence[Point], one: RegisterObject) -> list[Point]:
        """The values of an indicator with its figure's as that of today."""
        found = self.of(one)
        if found is None or found.value is None:
            return [*points]
        return [*(point for point in points if point.day < self.day), Point(self.day, found.value, self.day)]


def exact(value: float) -> Fraction:
    """The decimal that was typed in, exactly."""
    return Fraction(repr(value))


def check_indicator(made: RegisterObject) -> None:
    """The register's own rule: a formula can be read (``FormulaError``), and does not need its own indicator.

    Raises:
        InvalidError: ``figure`` is not written as ``<scene>.<figure>``. Whether there is one, the board says.
    """
    if made.data.get("figure") and not FIGURE.fullmatch(made.data["figure"]):
        raise InvalidError(
            "看板数字应写为“场景.数字”", "a figure is written as <scene>.<figure>", code="indicator.figure",
            kept=Text("台账没有改变", "the register was not changed"),
        )  # fmt: skip
    if made.data.get("formula"):
        formula = read_formula(made.data["formula"])
        if made.code in formula.names:
            at = made.data["formula"].index(made.code)
            raise FormulaError(at, "公式用到了本指标自己", "the formula needs its own indicator")


def board(registers: Registers, figures: Figures, principal: Principal, today: date) -> list[Assessment]:
    """All indicators that this person may see, by code, as of ``today``."""
    indicators, values, targets = (registers.every(principal, name) for name in (INDICATOR, VALUE, TARGET))
    wanted = {one.data["figure"] for one in indicators if one.data.get("figure")}
    return assess(indicators, values, targets, today, readings(figures, principal, wanted))


def readings(figures: Figures, principal: Principal, wanted: Iterable[str]) -> dict[str, Reading]:
    """The figures by ``<scene>.<figure>``, each over the whole city, as far as the person reads its register."""
    found: dict[str, Reading] = {}
    for scene in sorted({name.partition(".")[0] for name in wanted}):
        try:
            own = {one.spec.name for one in figures.board(principal, scene)}
            whole = figures.board(SYSTEM, scene)
        except NotFoundError:  # the scene is off: the board names what is missing
            continue
        for one in whole:
            if one.spec.name in own:
                value = None if one.value is None else exact(one.value)
                found[f"{scene}.{one.spec.name}"] = Reading(one.spec.title.zh, value)
    return found


def assess(
    indicators: Sequence[RegisterObject],
    values: Iterable[RegisterObject],
    targets: Iterable[RegisterObject],
    today: date,
    figures: Mapping[str, Reading] = MappingProxyType({}),
) -> list[Assessment]:
    """Compute and judge indicators; values of days to come do not count yet.

    An indicator with a figure has that figure's value today; what was typed in or computed for earlier days stays its
    history, and the newest of it is compared as long as it is good.
    """
    typed: dict[str, list[_Typed]] = defaultdict(list)
    for row in values:
        one = _Typed(row, "data_date", "value_source")
        if one.day <= today:
            typed[row.data["indicator"]].append(one)
    paths: dict[str, dict[date, Fraction]] = defaultdict(dict)
    for row in targets:
        goal = _Typed(row, "due_date", "basis")
        paths[row.data["indicator"]][goal.day] = goal.value
    series, problems = _computed(indicators, typed, _Today(today, figures))
    return [
        _assessment(
            one,
            series[one.code],
            tuple(sorted(paths[one.code].items())),
            (*_contradictions(one, series[one.code], typed[one.code], _Today(today, figures)),),
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
        if _is_stale(one, last, today):
            light = "stale"
        elif target is None or limit is None:
            light = "no_target"
        else:
            light = light_of(last.value, target, limit, direction)
    return Assessment(one, tuple(points), path, target, limit, light, contradictions, problem)


def _contradictions(
    one: RegisterObject, points: Sequence[Point], typed: Sequence[_Typed], today: _Today
) -> Iterator[Contradiction]:
    """Reported against recomputed, where there is a formula; else two figures that were typed in for one day.

    The newest that is good against today's figure of a scene's board.
    """
    figure = today.of(one)
    tolerance = _tolerance(one.data)
    for row in typed:
        there = _at(points, row.day)
        if there is not None and abs(row.value - there.value) > tolerance:
            now = figure is not None and row.day == today.day
            against: Against = "figure" if now else "recomputed" if one.data.get("formula") else "twice"
            yield Contradiction(row.day, row.value, there.value, against, row.source)
    earlier = _at(points[:-1], today.day)
    if figure is not None and earlier is not None and not _is_stale(one, earlier, today.day):
        now_says = points[-1].value
        if abs(earlier.value - now_says) > tolerance:
            yield Contradiction(earlier.data_date, earlier.value, now_says, "figure", figure.title)


def _is_stale(one: RegisterObject, point: Point, today: date) -> bool:
    good_for = one.data.get("stale_after_days")
    return good_for is not None and (today - point.data_date).days > good_for


def _tolerance(data: Mapping[str, Any]) -> Fraction:
    """How far two figures may be apart: as declared, or half of the last digit."""
    if data.get("tolerance") is not None:
        return exact(data["tolerance"])
    return Fraction(1, 2 * 10 ** int(data["decimals"]))


def _computed(
    indicators: Sequence[RegisterObject], typed: Mapping[str, Sequence[_Typed]], today: _Today
) -> tuple[dict[str, list[Point]], dict[str, Text]]:
    """The values of all indicators, operands before what needs them, and why some have none."""
    series: dict[str, list[Point]] = {}
    problems: dict[str, Text] = {}
    left: dict[str, Formula] = {}
    by_code = {one.code: one for one in indicators}
    for one in indicators:
        series[one.code] = []
        name = one.data.get("figure")
        if name and name not in today.figures:
            problems[one.code] = Text(f"没有您可读的看板数字 {name}", f"there is no figure {name} that you may read")
        if one.data.get("formula"):
            left[one.code] = read_formula(one.data["formula"])
        else:
            by_day = {row.day: Point(row.day, row.value, row.day) for row in typed.get(one.code, ())}
            series[one.code] = today.add_to([by_day[day] for day in sorted(by_day)], one)
    while ready := [code for code, formula in left.items() if not formula.names & left.keys()]:
        for code in ready:
            formula = left.pop(code)
            missing = sorted(formula.names - series.keys())
            if missing:
                words = "、".join(missing)
                problems[code] = Text(f"目录中没有指标 {words}", f"the catalogue has no indicator {', '.join(missing)}")
                continue
            try:
                series[code] = today.add_to(list(_derived(formula, series)), by_code[code])
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
