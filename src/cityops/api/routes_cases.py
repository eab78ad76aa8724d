"""Cases (案件): list, detail, steps, tasks, track, sheet, printed file."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse, Response

from cityops.access import Permission, Principal
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.excel import (
    CASE_COLUMNS,
    EXPORT_PAGE,
    MAX_ROWS,
    XLSX,
    case_row,
    sheet_response,
    too_many_rows,
    write_sheet,
)
from cityops.api.present import case_answer, tasks_answer
from cityops.api.print_case import case_page
from cityops.api.print_parts import CONTENT_SECURITY_POLICY
from cityops.api.reading import Code, PageNumber, PageSize, Period, SearchWords, audit_read, show
from cityops.api.security import Person, Services
from cityops.api.tracks import case_track
from cityops.cases import CaseFilter, Step, TaskFilter
from cityops.kit import to_ms

router = APIRouter(prefix="/api", tags=["案件 Cases"])

CaseId = Annotated[str, Path(max_length=26)]
AreaCode = Annotated[
    str | None, Query(pattern=r"^\d{2,12}$", description="区划代码（含下级） Division code, with those below")
]

STEPS: Final = (
    Permission.CASES_DISPATCH,
    Permission.CASES_HANDLE,
    Permission.CASES_CHECK,
    Permission.CASES_CLOSE,
    Permission.CASES_OPEN,
    Permission.CASES_SUPERVISE,
    Permission.UNIT_HANDLE,
    Permission.RECTIFICATION_SUBMIT,
    Permission.RECTIFICATION_REVIEW,
)
"""Any of these may take some step; the workflow decides which."""


async def wanted_cases(
    bounds: Period,
    state: Code = None,
    scene: Code = None,
    q: SearchWords = None,
    unit_id: Code = None,
    area: AreaCode = None,
    overdue: bool | None = None,
    ended: Annotated[bool | None, Query(description="是否已办结（结案或作废） Whether closed or void")] = None,
) -> CaseFilter:
    """The filters that the list and the sheet share."""
    return CaseFilter(
        state=state,
        scene=scene,
        q=q,
        unit_id=unit_id,
        area=area,
        overdue=overdue,
        ended=ended,
        from_ms=bounds[0],
        to_ms=bounds[1],
    )


Wanted = Annotated[CaseFilter, Depends(wanted_cases)]


@router.get("/cases", **spec("案件列表", "List cases", Permission.CASES_READ, answer=examples.CASE_LIST))
def list_cases(
    services: Services, person: Person, wanted: Wanted, page: PageNumber = 1, page_size: PageSize = 50
) -> schemas.CaseList:
    """Newest first, with the number of cases in each state under the other filters."""
    return show(schemas.CaseList, services.cases.list(person, replace(wanted, page=page, page_size=page_size)))


@router.get(
    "/cases.xlsx",
    response_class=Response,
    **spec("导出案件", "Export cases", Permission.CASES_READ, answer="(xlsx)", media_type=XLSX),
)
def export_cases(services: Services, person: Person, wanted: Wanted) -> Response:
    """The list with the same filters as an xlsx file, at most 50,000 rows. The export is audited."""
    rows = _all_cases(services, person, wanted)
    content = write_sheet("案件 Cases", CASE_COLUMNS, (case_row(case) for case in rows))
    audit_read(services, person, "case.export", "case", None, detail={"rows": len(rows)})
    return sheet_response(content, "cases.xlsx")


def _all_cases(services: ApiContext, person: Principal, wanted: CaseFilter) -> list[schemas.Case]:
    """Every matching case that was there when the export began."""
    fixed = replace(wanted, to_ms=wanted.to_ms or services.clock.now_ms() + 1, page_size=EXPORT_PAGE)
    rows: list[schemas.Case] = []
    while True:
        found = services.cases.list(person, fixed)
        rows.extend(show(schemas.Case, item) for item in found.items)
        if len(rows) > MAX_ROWS:
            raise too_many_rows(len(rows))
        if len(found.items) < EXPORT_PAGE:
            return rows
        last = found.items[-1]
        fixed = replace(fixed, before=(to_ms(last.opened_at), last.case_id))


@router.get(
    "/cases/{case_id}",
    **spec("案件详情", "One case", Permission.CASES_READ, answer=examples.CASE_DETAIL, refusals=(404,)),
)
def get_case(services: Services, person: Person, case_id: CaseId) -> schemas.CaseDetail:
    """The case with its tasks, timeline, notices and the steps this person may take now."""
    return case_answer(services, services.cases.get(person, case_id))


@router.post(
    "/cases/{case_id}/read",
    **spec("标记通知已读", "Mark this case's notices as read", Permission.CASES_READ, status=204, refusals=(404,)),
)
def mark_read(services: Services, person: Person, case_id: CaseId) -> Response:
    """Notes that this person's unit or crew has read its notices of the case."""
    services.cases.mark_read(person, case_id)
    return Response(status_code=204)


@router.get(
    "/cases/{case_id}/track",
    **spec("案件轨迹", "The positions behind a case", Permission.CASES_READ, answer=examples.TRACK, refusals=(404,)),
)
def get_case_track(services: Services, person: Person, case_id: CaseId) -> schemas.Track:
    """Positions of the case's vehicle while its alert lasted; the reading is audited. There is no free track search."""
    case = services.cases.get(person, case_id)
    track = case_track(services, case)
    audit_read(services, person, "case.track", "case", case_id, detail={"points": len(track.items)})
    return track


@router.post(
    "/cases/{case_id}/steps/{action}",
    **spec("办理一步", "Take a step", *STEPS, answer=examples.CASE_DETAIL, body=examples.STEP, refusals=(404, 409)),
)
def take_step(
    services: Services,
    person: Person,
    case_id: CaseId,
    action: Annotated[str, Path(max_length=64)],
    step: schemas.Step,
) -> schemas.CaseDetail:
    """A transition of the workflow. A ``version`` that is not the case's own gets 409 and changes nothing."""
    asked = Step(version=step.version, task_id=step.task_id, form=step.form, comment=step.comment)
    return case_answer(services, services.cases.act(person, case_id, action, asked))


@router.get(
    "/cases/{case_id}/print",
    response_class=HTMLResponse,
    **spec(
        "打印案卷",
        "Print-ready case file",
        Permission.CASES_READ,
        answer="<!doctype html>…",
        media_type="text/html",
        refusals=(404,),
    ),
)
def print_case(services: Services, person: Person, case_id: CaseId) -> HTMLResponse:
    """One self-contained A4 page in two languages. The reading is audited."""
    case = show(schemas.CaseDetail, services.cases.get(person, case_id))
    page = case_page(
        case,
        city=services.city.name,
        synthetic=services.city.synthetic,
        printed_by=person.display_name,
        printed_at=services.clock.now(),
    )
    audit_read(services, person, "case.print", "case", case_id)
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.get("/tasks", **spec("任务列表", "List tasks", Permission.CASES_READ, answer=examples.TASK_LIST))
def list_tasks(
    services: Services,
    person: Person,
    mine: Annotated[bool, Query(description="只看自己的工作 Own work only")] = True,
    kind: Annotated[list[str] | None, Query(max_length=20, description="任务种类（可多个） Kinds of tasks")] = None,
    overdue: bool | None = None,
    unit_id: Code = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.TaskList:
    """Open tasks, most urgent first."""
    wanted = TaskFilter(kinds=tuple(kind or ()), overdue=overdue, unit_id=unit_id)
    found = services.cases.tasks(person, mine=mine, query=wanted, page=page, page_size=page_size)
    return tasks_answer(services, found)
