"""Scores of posts (岗位评价) by dated rule sets.

The score of a rate is rate × 100, of 漏报 and 返工 (1 − rate) × 100, of a count its share of the count that earns full
marks, all between 0 and 100. A post's score is the weighted mean of what has data; the weight that had data is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import resources
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from cityops.analysis.evaluation.counters import CounterRow, Counters, Dimension, GroupKey, Period, grouped
from cityops.analysis.evaluation.indicators import DEFINITIONS, Indicator, Rate, count_of, rate_of, rates
from cityops.kit import ConfigError, Text, read_yaml

FULL_WEIGHT: Final = 100


class Post(StrEnum):
    """A post (岗位) that is evaluated."""

    COLLECTOR = "collector"
    """信息采集员."""
    ACCEPTOR = "acceptor"
    """受理员."""
    SHIFT_LEADER = "shift_leader"
    """值班长."""
    DISPATCHER = "dispatcher"
    """派遣员."""
    UNIT = "unit"
    """处置单位."""


class ScoreItem(BaseModel):
    """What an indicator weighs; ``full_count`` is how many of a count earn 100 points."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: PositiveInt
    full_count: PositiveInt | None = None


class Title(BaseModel):
    """A title in two languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    zh: str
    en: str


class ScoreRules(BaseModel):
    """A rule set (评价办法): in force from ``valid_from`` on, before ``valid_to``; None is open.

    ``deferred_excluded``: deferred cases (缓办) leave the denominator of the timely closing rate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    title: Title
    notice: str = Field(min_length=1)
    valid_from: date | None
    valid_to: date | None
    deferred_excluded: bool
    posts: dict[Post, dict[Indicator, ScoreItem]]

    @model_validator(mode="after")
    def _sound(self) -> ScoreRules:
        for post, items in self.posts.items():
            total = sum(item.weight for item in items.values())
            if total != FULL_WEIGHT:
                raise ValueError(f"weights of {post.value} add up to {total}, not {FULL_WEIGHT}")
            for indicator, item in items.items():
                if item.full_count is not None and not DEFINITIONS[indicator].count:
                    raise ValueError(f"{indicator.value} is a rate and has no full_count")
        if self.valid_from is not None and self.valid_to is not None and self.valid_from >= self.valid_to:
            raise ValueError("valid_to is after valid_from")
        return self

    def in_force(self, on: date) -> bool:
        """Whether the set is in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class ItemScore:
    """One line of a score: 0 to 100, or None for no data. ``raw_score`` leaves exempted delays out."""

    indicator: Indicator
    weight: int
    score: float | None
    raw_score: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """A post's score.

    Attributes:
        post: whose.
        rules: name of the rule set.
        total: weighted mean of the lines that have data, 0 to 100; None when none has.
        weight_with_data: what those lines weigh; 100 when the score is complete.
        items: the lines.
    """

    post: Post
    rules: str
    total: float | None
    weight_with_data: int
    items: tuple[ItemScore, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A group's raw counters, rates and score (``score`` is None when no post was asked for)."""

    key: GroupKey
    counters: Counters
    rates: dict[Indicator, Rate]
    score: Score | None


def read_rules(text: str) -> tuple[ScoreRules, ...]:
    """Rule sets from YAML, checked.

    Raises:
        ConfigError: ``evaluation.rules``: what is wrong, by entry; or two sets of one name in force on one day.
    """
    try:
        entries: Any = read_yaml(text)
        found = tuple(ScoreRules.model_validate(entry) for entry in entries)
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise _bad_rules(str(error)) from error
    for place, one in enumerate(found):
        for other in found[place + 1 :]:
            if one.name == other.name and _overlap(one, other):
                raise _bad_rules(f"{one.name}: two sets in force on one day")
    return found


def built_in_rules() -> tuple[ScoreRules, ...]:
    """The rule sets that ship with the product: an example, and it says so."""
    folder = resources.files("cityops.analysis.evaluation") / "data"
    return read_rules((folder / "score_rules.yaml").read_text(encoding="utf-8"))


def rules_at(rules: Sequence[ScoreRules], name: str, on: date) -> ScoreRules:
    """The set of this name in force on a day; ``ConfigError`` when there is none."""
    found = next((one for one in rules if one.name == name and one.in_force(on)), None)
    if found is None:
        raise _bad_rules(f"{name}: none in force on {on.isoformat()}")
    return found


def score(post: Post, counters: Counters, rules: ScoreRules) -> Score:
    """The score of a post from raw counters; ``ConfigError`` when the set does not know the post."""
    if post not in rules.posts:
        raise _bad_rules(f"{rules.name}: nothing about {post.value}")
    items = tuple(_item(indicator, item, counters, rules) for indicator, item in rules.posts[post].items())
    known = [(item.weight, item.score) for item in items if item.score is not None]
    weight = sum(one for one, _ in known)
    total = sum(one * points for one, points in known) / weight if weight else None
    return Score(post, rules.name, total, weight, items)


def evaluate(
    rows: Sequence[CounterRow],
    rules: ScoreRules,
    *,
    by: Sequence[Dimension],
    post: Post | None = None,
    period: Period = Period.MONTH,
    area_digits: int | None = None,
) -> list[Evaluation]:
    """Raw counters, rates and scores by group, in the order of their keys; see ``grouped`` for the arguments."""
    return [
        Evaluation(
            key,
            counters,
            rates(counters, deferred_excluded=rules.deferred_excluded),
            None if post is None else score(post, counters, rules),
        )
        for key, counters in grouped(rows, by, period, area_digits).items()
    ]


def _item(indicator: Indicator, item: ScoreItem, counters: Counters, rules: ScoreRules) -> ItemScore:
    rate = rate_of(indicator, counters, deferred_excluded=rules.deferred_excluded)
    if rate is not None:
        low = DEFINITIONS[indicator].low_is_good
        return ItemScore(indicator, item.weight, _points(rate.value, low), _points(rate.raw_value, low))
    count = count_of(indicator, counters)
    points = None if count is None or item.full_count is None else _points(count / item.full_count, False)
    return ItemScore(indicator, item.weight, points, points)


def _points(rate: float | None, low_is_good: bool) -> float | None:
    if rate is None:
        return None
    return min(max(100 * (1 - rate if low_is_good else rate), 0.0), 100.0)


def _overlap(one: ScoreRules, other: ScoreRules) -> bool:
    starts = [rules.valid_from or date.min for rules in (one, other)]
    ends = [rules.valid_to or date.max for rules in (one, other)]
    return max(starts) < min(ends)


def _bad_rules(what: str) -> ConfigError:
    return ConfigError(
        f"评价办法有误：{what}",
        f"the rules of evaluation are not sound: {what}",
        code="evaluation.rules",
        todo=Text("请修改评价办法。", "Correct the rule set."),
    )
