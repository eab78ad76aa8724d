"""Evaluation (综合评价): published indicators from raw counters, scores of posts, by group and period."""

from cityops.analysis.evaluation.counters import (
    COUNTERS,
    CounterRow,
    Counters,
    Dimension,
    GroupKey,
    Period,
    grouped,
)
from cityops.analysis.evaluation.indicators import DEFINITIONS, Definition, Indicator, Rate, count_of, rate_of, rates
from cityops.analysis.evaluation.scores import (
    Evaluation,
    ItemScore,
    Post,
    Score,
    ScoreItem,
    ScoreRules,
    built_in_rules,
    evaluate,
    read_rules,
    rules_at,
    score,
)

__all__ = [
    "COUNTERS",
    "DEFINITIONS",
    "CounterRow",
    "Counters",
    "Definition",
    "Dimension",
    "Evaluation",
    "GroupKey",
    "Indicator",
    "ItemScore",
    "Period",
    "Post",
    "Rate",
    "Score",
    "ScoreItem",
    "ScoreRules",
    "built_in_rules",
    "count_of",
    "evaluate",
    "grouped",
    "rate_of",
    "rates",
    "read_rules",
    "rules_at",
    "score",
]
