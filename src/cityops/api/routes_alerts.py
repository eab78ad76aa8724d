"""Alerts (预警): list, detail, track, sheet, opening a case by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.excel import ALERT_COLUMNS, XLSX, alert_row, sheet_response, write_sheet
from cityops.api.present import alert_answer, alert_detail, case_answer, case_numbers
from cityops.api.reading import Code, PageNumber, PageSize, Period, SearchWords, audit_read
from cityops.api.security import Person, Services
from cityops.api.tracks import alert_track
from cityops.detection import AlertFilter

router = APIRouter(prefix="/api", tags=["预警 Alerts"])

AlertId = Annotated[str, Path(max_length=26)]


async def wanted_alerts(
    bounds: Period,
    state: schemas.AlertState | None = None,
    detector: Code = None,
    severity: schemas.Severity | None = None,
    unit_id: Code = None,
    q: SearchWords = None,
) -> AlertFilter:
    """The filters that the list and the sheet share."""
    return AlertFilter(
        state=state, detector=detector, severity=severity, unit_id=unit_id, q=q, from_ms=bounds[0], to_ms=bounds[1]
    )


Wanted = Annotated[AlertFilter, Depends(wanted_alerts)]


@router.get("/alerts", **spec("预警列表", "List alerts", Permission.ALERTS_READ, answer=examples.ALERT_LIST))
def list_alerts(
    services: Services, person: Person, wanted: Wanted, page: PageNumber = 1, page_size: PageSize = 50
) -> schemas.AlertList:
    """Newest first. ``q`` looks into titles and summaries, never at plates."""
    found = services.alerts.list(person, wanted, page=page, page_size=page_size)
    numbers = case_numbers(services, found.items)
    return schemas.AlertList(
        items=[alert_answer(alert, numbers) for alert in found.items],
        page=schemas.Page(total=found.total, page=found.page, page_size=found.page_size),
    )


@router.get(
    "/alerts.xlsx",
    response_class=Response,
    **spec("导出预警", "Export alerts", Permission.ALERTS_READ, answer="(xlsx)", media_type=XLSX),
)
def export_alerts(services: Services, person: Person, wanted: Wanted) -> Response:
    """The list with the same filters as an xlsx file, at most 100,000 rows. The export is audited."""
    found = services.alerts.export(person, wanted)
    numbers = case_numbers(services, found)
    rows = (alert_row(alert_answer(alert, numbers)) for alert in found)
    content = write_sheet("预警 Alerts", ALERT_COLUMNS, rows)
    audit_read(services, person, "alert.export", "alert", None, detail={"rows": len(found)})
    return sheet_response(content, "alerts.xlsx")


@router.get(
    "/alerts/{alert_id}",
    **spec("预警详情", "One alert", Permission.ALERTS_READ, answer=examples.ALERT_DETAIL, refusals=(404,)),
)
def get_alert(services: Services, person: Person, alert_id: AlertId) -> schemas.AlertDetail:
    """The alert with its evidence, the rule it rests on, and what happened to it."""
    alert = services.alerts.get(person, alert_id)
    return alert_detail(alert, case_numbers(services, [alert]))


@router.get(
    "/alerts/{alert_id}/track",
    **spec("预警轨迹", "The positions behind an alert", Permission.ALERTS_READ, answer=examples.TRACK, refusals=(404,)),
)
def get_alert_track(services: Services, person: Person, alert_id: AlertId) -> schemas.Track:
    """Positions of the vehicle while the alert lasted; the reading is audited. There is no free track search."""
    track = alert_track(services, services.alerts.get(person, alert_id))
    audit_read(services, person, "alert.track", "alert", alert_id, detail={"points": len(track.items)})
    return track


@router.post(
    "/alerts/{alert_id}/case",
    **spec(
        "预警立案",
        "Open a case from an alert",
        Permission.CASES_OPEN,
        answer=examples.CASE_DETAIL,
        body=examples.OPEN_CASE,
        status=201,
        refusals=(404, 409),
    ),
)
def open_case(services: Services, person: Person, alert_id: AlertId, asked: schemas.OpenCase) -> schemas.CaseDetail:
    """Files a case by hand; an alert that has one already answers with that case."""
    return case_answer(services, services.open_case(person, alert_id, asked.comment))
