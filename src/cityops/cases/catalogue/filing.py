"""From a city's condition table to the filing standards a workflow runs by."""

from __future__ import annotations

from datetime import date

from cityops.cases.catalogue.catalogue import Catalogue
from cityops.cases.catalogue.conditions import Condition, ConditionTable, RunsFrom
from cityops.cases.standards import Season, StageLimit, Standard
from cityops.cases.words import Words
from cityops.kit import InvalidError, Text


def filing_standards(table: ConditionTable, catalogue: Catalogue, on: date) -> dict[str, Standard]:
    """The conditions in force on a day as filing standards, by name: ``m06010_1`` is condition 1 of matter 06010.

    A city's words are Chinese; the same words stand for English where no translation exists.

    Raises:
        InvalidError: ``condition.stages``: a later stage runs from filing, which the workflow's clocks do not do.
    """
    return {
        f"m{condition.key.code}_{condition.number}": _standard(condition, catalogue)
        for item in catalogue.items(on=on)
        for condition in table.of(item.key, on)
    }


def _standard(condition: Condition, catalogue: Catalogue) -> Standard:
    if any(stage.runs_from is RunsFrom.FILING for stage in condition.stages[1:]):
        raise InvalidError(
            f"{condition.key} 第 {condition.number} 条：后续阶段自立案起算，流程不支持",
            f"{condition.key} #{condition.number}: a later stage runs from filing, which the workflow does not do",
            code="condition.stages",
            kept=Text("流程的立案标准未改变。", "The workflow's filing standards are as they were."),
            todo=Text("请改为自上一阶段起算。", "Let it run from the previous stage."),
        )
    staged = len(condition.stages) > 1
    season = condition.season
    return Standard(
        title=_words(f"{catalogue.get(condition.key).name}：{condition.filing}"),
        limits=tuple(
            StageLimit(amount=stage.limit.amount, unit=stage.limit.unit, title=_words(stage.name) if staged else None)
            for stage in condition.stages
        ),
        closings={"met": _words(condition.closing)},
        matter=str(condition.key),
        season=None if season is None else Season(first=str(season.first), last=str(season.last)),
    )


def _words(zh: str) -> Words:
    return Words(zh=zh, en=zh)
