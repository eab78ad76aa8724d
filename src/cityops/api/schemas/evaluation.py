"""The evaluation (综合评价): counters, rates and scores by group, and the cases behind a number."""

from __future__ import annotations

from datetime import date
from typing import Literal

from cityops.api.schemas.base import Bilingual, Model, Moment, Page

DimensionName = Literal["unit", "person", "area", "matter", "period"]
PostName = Literal["collector", "acceptor", "shift_leader", "dispatcher", "unit"]
PeriodName = Literal["day", "week", "month", "quarter", "year"]


class NamedFigure(Model):
    """A counter or an indicator: its key, what it is called, and its formula in words (indicators only)."""

    key: str
    title: Bilingual
    formula: Bilingual | None = None


class EvaluatedRate(Model):
    """A rate as it counts and as it is: per cent with two decimals, half up; ``None``: no data.

    ``exempted``: delays that approved appeals exempt; they are in ``numerator`` and not in ``raw_percent``.
    """

    numerator: int
    denominator: int
    exempted: int
    percent: str | None
    raw_percent: str | None


class ScoreLine(Model):
    """One line of a score, 0 to 100; ``None``: no data."""

    indicator: str
    weight: int
    score: float | None
    raw_score: float | None


class PostScore(Model):
    """A post's score: the weighted mean of the lines that have data."""

    total: float | None
    weight_with_data: int
    items: list[ScoreLine]


class EvaluatedGroup(Model):
    """A group: its key (one value for each dimension asked for) and what people read for it."""

    key: list[str]
    labels: list[str]
    counters: dict[str, int]
    rates: dict[str, EvaluatedRate]
    score: PostScore | None


class ScoreRulesInForce(Model):
    """The score rules that were applied."""

    name: str
    title: Bilingual
    notice: str
    deferred_excluded: bool


class EvaluationAnswer(Model):
    """The evaluation of a span of days, both included; duties due after ``counted_to`` are not counted."""

    scene: str
    kind: str
    title: Bilingual
    first: date
    last: date
    counted_to: Moment
    by: list[DimensionName]
    rules: ScoreRulesInForce
    counters: list[NamedFigure]
    indicators: list[NamedFigure]
    groups: list[EvaluatedGroup]
    total: EvaluatedGroup


class CountedCaseRow(Model):
    """A case behind a number: the moment it counts for and what it counts as."""

    case_id: str
    number: str
    title: Bilingual
    at: Moment
    done: bool
    in_time: bool
    spoilt: bool
    exempt: bool


class CountedCaseList(Model):
    """A page of the cases behind a counter, oldest first."""

    counter: NamedFigure
    items: list[CountedCaseRow]
    page: Page
