"""Figures of a scene's board (看板数字): recomputed from items, beside what somebody reported."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response

from cityops.access import Permission
from cityops.analysis.figures import Figure, NewReported, Reported
from cityops.api.declare import spec
from cityops.api.examples import figures as examples
from cityops.api.excel import XLSX, sheet_response, write_sheet
from cityops.api.reading import audit_read
from cityops.api.schemas import Bilingual
from cityops.api.schemas import figures as schemas
from cityops.api.security import Person, Services
from cityops.kit import from_ms

router = APIRouter(prefix="/api/figures", tags=["台账 Registers"])

SceneName = Annotated[str, Path(max_length=40, description="场景 The scene")]
FigureName = Annotated[str, Path(max_length=40, description="数字 The figure")]
_COLUMNS: Final = (
    ("数字 Figure", 40),
    ("由明细重算 Recomputed", 20),
    ("单位 Unit", 14),
    ("目标 Target", 14),
    ("达标 Reached", 12),
    ("上报 Reported", 16),
    ("上报为“以上” Reported as at least", 16),
    ("来源 Source", 40),
    ("截至 As of", 14),
    ("矛盾 Contradicts", 14),
)


@router.get(
    "/{scene}.xlsx",
    response_class=Response,
    **spec(
        "导出看板",
        "Export a board",
        Permission.REGISTERS_READ,
        answer="(xlsx)",
        media_type=XLSX,
        refusals=(404,),
    ),
)
def get_board_sheet(services: Services, person: Person, scene: SceneName) -> Response:
    """The same figures as an xlsx file. The export is audited."""
    rows = [_row(one) for one in services.figures.board(person, scene)]
    audit_read(services, person, "figure.export", "scene", scene)
    return sheet_response(write_sheet("看板 Board", _COLUMNS, rows), f"{scene}.xlsx")


@router.get(
    "/{scene}",
    **spec("看板数字", "Figures of a board", Permission.REGISTERS_READ, answer=examples.BOARD, refusals=(404,)),
)
def get_board(services: Services, person: Person, scene: SceneName) -> schemas.FigureBoard:
    """Recomputed now from the items this person sees; a reported figure that says something else is flagged."""
    return schemas.FigureBoard(items=[_figure(one) for one in services.figures.board(person, scene)])


@router.get(
    "/{scene}/{figure}/reported",
    **spec("上报历史", "What was reported", Permission.REGISTERS_READ, answer=examples.HISTORY, refusals=(404,)),
)
def get_reported(services: Services, person: Person, scene: SceneName, figure: FigureName) -> schemas.ReportedHistory:
    """Newest first, each with its source; what the scene's declaration says comes last."""
    found = services.figures.history(person, scene, figure)
    return schemas.ReportedHistory(items=[_reported(one) for one in found])


@router.post(
    "/{scene}/{figure}/reported",
    **spec(
        "录入上报数字",
        "Enter a reported figure",
        Permission.REGISTERS_MANAGE,
        answer=examples.BOARD,
        body=examples.NEW_REPORTED,
        status=201,
        refusals=(404,),
    ),
)
def post_reported(
    services: Services, person: Person, scene: SceneName, figure: FigureName, new: schemas.NewReportedValue
) -> schemas.FigureBoard:
    """Kept as it was reported, with source and date; what contradicts the items is flagged, not corrected. Audited."""
    services.figures.report(person, scene, figure, NewReported(new.value, new.source, new.on, new.at_least))
    return get_board(services, person, scene)


def _figure(figure: Figure) -> schemas.BoardFigure:
    declared = figure.spec
    return schemas.BoardFigure(
        name=declared.name,
        title=Bilingual.model_validate(declared.title),
        register_name=declared.register_name,
        unit=None if declared.unit is None else Bilingual.model_validate(declared.unit),
        decimals=declared.decimals,
        value=figure.value,
        target=declared.target,
        reached=figure.reached,
        reported=None if figure.reported is None else _reported(figure.reported),
        contradicts=figure.contradicts,
    )


def _reported(reported: Reported) -> schemas.ReportedValue:
    return schemas.ReportedValue(
        value=reported.value,
        at_least=reported.at_least,
        source=reported.source,
        on=reported.on,
        entered_at=None if reported.entered_ms is None else from_ms(reported.entered_ms),
        entered_by=reported.entered_by,
    )


def _row(figure: Figure) -> list[Any]:
    """One figure in the order of ``_COLUMNS``."""
    declared, reported = figure.spec, figure.reported
    unit = None if declared.unit is None else f"{declared.unit.zh} {declared.unit.en}"
    reached = None if figure.reached is None else "是 yes" if figure.reached else "否 no"
    said = (
        [None] * 4
        if reported is None
        else [reported.value, "余 over" if reported.at_least else None, reported.source, reported.on]
    )
    return [
        f"{declared.title.zh} {declared.title.en}",
        figure.value,
        unit,
        declared.target,
        reached,
        *said,
        "矛盾 contradicts" if figure.contradicts else None,
    ]
