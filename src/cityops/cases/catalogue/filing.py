"""From a city's condition table to the filing standards a workflow runs by."""

from __future__ import annotations

from datetime import date

from cityops.cases.catalogue.catalogue import Catalogue
from cityops.cases.catalogue.conditions import Condition, ConditionTable
from cityops.cases.catalogue.items import ItemKey
from cityops.cases.standards import Season, StageLimit, Standard
from cityops.kit import Words


def filing_standards(
    table: ConditionTable, catalogue: Catalogue, on: date, key: ItemKey | None = None
) -> dict[str, Standard]:
    """The conditions in force on a day as filing standards, by name: ``m06010_1`` is condition 1 of matter 06010.

    A city's words are Chinese; the same words stand for English where no translation exists.

    Args:
        table: the city's conditions.
        catalogue: names the matters.
        on: the day.
        key: of this matter only; None: of all.
    """
    items = catalogue.items(on=on) if key is None else [catalogue.get(key)]
    return {
        f"m{condition.key.code}_{condition.number}": _standard(condition, catalogue)
        for item in items
        for condition in table.of(item.key, on)
    }


def _standard(condition: Condition, catalogue: Catalogue) -> Standard:
    staged = len(condition.stages) > 1
    season = condition.season
    return Standard(
        title=_words(f"{catalogue.get(condition.key).name}：{condition.filing}"),
        limits=tuple(
            StageLimit(
                amount=stage.limit.amount,
                unit=stage.limit.unit,
                title=_words(stage.name) if staged else None,
                runs_from=stage.runs_from.value,
            )
            for stage in condition.stages
        ),
        closings={"met": _words(condition.closing)},
        matter=str(condition.key),
        season=None if season is None else Season.model_validate({"from": str(season.first), "to": str(season.last)}),
    )


def _words(zh: str) -> Words:
    return Words(zh=zh, en=zh)
