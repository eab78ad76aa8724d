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
from cityops.analysis.evaluation.keeping import FactKeeper
from cityops.analysis.evaluation.reading import MEASURES, CountedCase, Evaluations, Question, Report
from cityops.analysis.evaluation.score_sheet import (
    SCORE_COLUMNS,
    SCORES,
    score_rules_of,
    score_rules_rows,
)
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
from cityops.analysis.evaluation.words import COUNTER_WORDS
from cityops.analysis.evaluation.work import CheckWork, CountedWork, DeskWork

__all__ = [
    "COUNTERS",
    "COUNTER_WORDS",
    "DEFINITIONS",
    "MEASURES",
    "SCORES",
    "SCORE_COLUMNS",
    "CheckWork",
    "CountedCase",
    "CountedWork",
    "CounterRow",
    "Counters",
    "Definition",
    "DeskWork",
    "Dimension",
    "Evaluation",
    "Evaluations",
    "FactKeeper",
    "GroupKey",
    "Indicator",
    "ItemScore",
    "Period",
    "Post",
    "Question",
    "Rate",
    "Report",
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
    "score_rules_of",
    "score_rules_rows",
]
