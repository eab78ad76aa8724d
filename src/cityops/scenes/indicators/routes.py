"""Route of the indicators: the board. The catalogue, values and targets themselves are registers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from fastapi import APIRouter

from cityops.access import SYSTEM, Permission
from cityops.api import Bilingual, Person, spec
from cityops.scenes.indicators import schemas
from cityops.scenes.indicators.board import Assessment, board
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/indicators", tags=["指标与目标 Indicators"])


@router.get("/board", **spec("指标看板", "Board of indicators", Permission.REGISTERS_READ, answer=schemas.BOARD))
def get_board(scenes: Scenes, person: Person) -> schemas.IndicatorBoard:
    """Values (recomputed where there is a formula), target paths, lights, contradictions, by code."""
    today = scenes.clock.now().date()
    owners = {unit.id: unit.name for unit in scenes.units.list(SYSTEM)}
    found = board(scenes.registers, scenes.figures, person, today)
    items = [_row(one, owners.get(one.indicator.unit_id or "")) for one in found]
    return schemas.IndicatorBoard(today=today.isoformat(), items=items)


def _row(one: Assessment, owner: str | None) -> schemas.IndicatorRow:
    data = one.indicator.data
    last = one.points[-1] if one.points else None
    same = ("group", "measured_in", "direction", "margin_percent", "decimals")
    return schemas.IndicatorRow(
        indicator_id=one.indicator.id,
        code=one.indicator.code,
        title=one.indicator.title,
        **{name: data[name] for name in same},
        formula=data.get("formula"),
        figure=data.get("figure"),
        definition=data.get("definition"),
        stale_after_days=data.get("stale_after_days"),
        owner=owner,
        source=data["data_source"],
        value=None if last is None else float(last.value),
        data_date=None if last is None else last.data_date.isoformat(),
        target=None if one.target is None else float(one.target),
        limit=None if one.limit is None else float(one.limit),
        light=one.light,
        points=[_figure(point.day, point.value) for point in one.points],
        path=[_figure(day, value) for day, value in one.path],
        contradictions=[
            schemas.IndicatorContradiction(
                date=two.day.isoformat(),
                reported=float(two.reported),
                other=float(two.other),
                against=two.against,
                source=two.source,
            )
            for two in one.contradictions
        ],
        problem=None if one.problem is None else Bilingual(zh=one.problem.zh, en=one.problem.en),
    )


def _figure(day: date, value: Fraction) -> schemas.DatedFigure:
    return schemas.DatedFigure(date=day.isoformat(), value=float(value))
