"""Inspections (检查): plans, what is due, coverage, recording, hazards, and an object's photos and documents."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import AwareDatetime

from cityops.access import Permission
from cityops.api.declare import spec
from cityops.api.examples import inspections as examples
from cityops.api.inspections_answer import (
    attachment_answer,
    checklist_answer,
    covered_answer,
    detail_answer,
    due_answer,
    hazard_answer,
    inspection_answer,
    new_inspection,
    page_of,
    plan_answer,
)
from cityops.api.print_inspection import inspection_page
from cityops.api.print_parts import CONTENT_SECURITY_POLICY
from cityops.api.reading import Code, PageNumber, PageSize, Period, SearchWords, audit_read
from cityops.api.schemas import Page
from cityops.api.schemas import inspections as schemas
from cityops.api.security import Person, Services
from cityops.cases.evidence import Rendition
from cityops.inspections import DueFilter, HazardFilter, InspectionFilter
from cityops.kit import from_ms, to_ms

router = APIRouter(prefix="/api", tags=["检查 Inspections"])

_READ, _RECORD = Permission.INSPECTIONS_READ, Permission.INSPECTIONS_RECORD
_ATTACH: Final = (Permission.REGISTERS_MANAGE, Permission.INSPECTIONS_RECORD)
BUNDLE_MAX: Final = 500
"""Objects and plans that a phone keeps, the nearest."""
_TO_DO: Final = ("overdue", "pending", "done")
ObjectId = Annotated[str, Path(max_length=26)]
InspectionId = Annotated[str, Path(max_length=26)]
_States = Annotated[list[schemas.DueState] | None, Query(max_length=4, description="状态，可多个 States")]
_At = Annotated[AwareDatetime | None, Query(description="当时，带时区 As it stood then, with a zone")]
_Lon = Annotated[float | None, Query(ge=-180, le=180)]
_Lat = Annotated[float | None, Query(ge=-90, le=90)]
_Area = Annotated[str | None, Query(pattern=r"^\d{2,12}$", description="区划代码 Division")]


@router.get("/inspections/plans", **spec("检查计划", "Inspection plans", _READ, answer=examples.PLANS))
def list_plans(services: Services, person: Person) -> schemas.PlanList:
    """Plans about registers this person reads, with the periods that run now."""
    return schemas.PlanList(items=[plan_answer(services, work) for work in services.inspections.plans(person)])


@router.get("/inspections/due", **spec("待检与逾期", "What is due and overdue", _READ, answer=examples.DUE))
def list_due(
    services: Services,
    person: Person,
    state: _States = None,
    scene: Code = None,
    plan: Code = None,
    object_id: Code = None,
    unit_id: Code = None,
    area: _Area = None,
    q: SearchWords = None,
    mine: bool = False,
    at: _At = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.DueList:
    """Every object with every plan that fits it, overdue first; computed from plans and inspections."""
    wanted = DueFilter(
        scene=scene,
        plan=plan,
        state=tuple(state or ()),
        object_id=object_id,
        unit_id=unit_id,
        area=area,
        q=q,
        mine=mine,
        at_ms=None if at is None else to_ms(at),
        page=page,
        page_size=page_size,
    )
    found = services.inspections.due(person, wanted)
    return schemas.DueList(
        items=[due_answer(one) for one in found.items],
        page=Page(total=found.total, page=found.page, page_size=found.page_size),
        counts=found.counts,
    )


@router.get(
    "/inspections/coverage",
    **spec("检查覆盖", "What was inspected and what was not", _READ, answer=examples.COVERAGE, refusals=(404,)),
)
def read_coverage(
    services: Services,
    person: Person,
    scene: Annotated[str, Query(max_length=40)],
    plan: Annotated[str, Query(max_length=40)],
    at: _At = None,
    area: _Area = None,
) -> schemas.Coverage:
    """In the period that holds ``at`` (now): due, passed, failed, not inspected, by rule and district."""
    at_ms = services.clock.now_ms() if at is None else to_ms(at)
    found = services.inspections.coverage(person, services.inspections.plan(person, scene, plan), at_ms, area)
    return schemas.Coverage(items=[covered_answer(services, one) for one in found])


@router.get("/inspections/bundle", **spec("离线检查包", "What a phone keeps", _RECORD, answer=examples.BUNDLE))
def read_bundle(
    services: Services, person: Person, lon: _Lon = None, lat: _Lat = None, object_id: Code = None
) -> schemas.Bundle:
    """What this person's unit inspects, the nearest 500, with the checklists in force; enough to work offline."""
    near = None if lon is None or lat is None else (lon, lat)
    wanted = DueFilter(mine=True, near=near, state=_TO_DO, page_size=BUNDLE_MAX)
    if object_id is not None:
        wanted = DueFilter(mine=True, object_id=object_id)
    found = services.inspections.due(person, wanted)
    used = {(one.scene, one.plan) for one in found.items}
    works = [work for work in services.inspections.plans(person) if (work.scene, work.plan.name) in used]
    names = sorted({work.plan.checklist for work in works if work.plan.checklist is not None})
    lists = services.inspections.checklists
    return schemas.Bundle(
        at=from_ms(services.clock.now_ms()),
        total=found.total,
        items=[due_answer(one) for one in found.items],
        plans=[plan_answer(services, work) for work in works],
        checklists=[checklist_answer(lists.in_force(name)) for name in names],
    )


@router.get(
    "/inspections/checklists/{name}",
    **spec("检查表", "A checklist", _READ, answer=examples.CHECKLIST, refusals=(404,)),
)
def read_checklist(
    services: Services,
    name: Annotated[str, Path(max_length=40)],
    version: Annotated[int | None, Query(ge=0, le=1_000_000, description="缺省为现行 In force by default")] = None,
) -> schemas.Checklist:
    """The version in force, or another; versions are published with the rule table ``checklist:<name>``."""
    lists = services.inspections.checklists
    return checklist_answer(lists.in_force(name) if version is None else lists.at(name, version))


@router.post(
    "/inspections",
    **spec(
        "登记检查",
        "Record an inspection",
        _RECORD,
        answer=examples.INSPECTION,
        body=examples.NEW_INSPECTION,
        status=201,
        refusals=(404, 409),
    ),
)
def record_inspection(services: Services, person: Person, new: schemas.NewInspection) -> schemas.Inspection:
    """May come late and more than once: it is recorded once, with the cases of its hazards, or not at all. Audited."""
    return inspection_answer(services.inspections.record(person, new_inspection(new)))


@router.get("/inspections", **spec("检查记录", "List inspections", _READ, answer=examples.INSPECTIONS))
def list_inspections(
    services: Services,
    person: Person,
    period: Period,
    scene: Code = None,
    plan: Code = None,
    object_id: Code = None,
    result: Annotated[str | None, Query(pattern="^(passed|failed)$")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.InspectionList:
    """Inspections of objects this person sees, newest first."""
    wanted = InspectionFilter(scene, plan, object_id, result, *period, page, page_size)
    found = services.inspections.inspections(person, wanted)
    return schemas.InspectionList(items=[inspection_answer(one) for one in found.items], page=page_of(found))


@router.get(
    "/inspections/{inspection_id}",
    **spec("一次检查", "One inspection", _READ, answer=examples.INSPECTION_DETAIL, refusals=(404,)),
)
def read_inspection(services: Services, person: Person, inspection_id: InspectionId) -> schemas.InspectionDetail:
    """With every answer, what was left out and why, photos and hazards."""
    detail = services.inspections.get(person, inspection_id)
    work = services.inspections.plan(person, detail.inspection.scene, detail.inspection.plan)
    return detail_answer(detail, work.plan.title.text)


@router.get(
    "/inspections/{inspection_id}/print",
    response_class=HTMLResponse,
    **spec(
        "打印检查记录",
        "Print-ready inspection",
        _READ,
        answer="<!doctype html>…",
        media_type="text/html",
        refusals=(404,),
    ),
)
def print_inspection(services: Services, person: Person, inspection_id: InspectionId) -> HTMLResponse:
    """One self-contained A4 page in two languages. The reading is audited."""
    page = inspection_page(
        read_inspection(services, person, inspection_id),
        city=services.city.name,
        synthetic=services.city.synthetic,
        printed_by=person.display_name,
        printed_at=services.clock.now(),
    )
    audit_read(services, person, "inspection.print", "inspection", inspection_id)
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.get("/hazards", **spec("隐患", "Hazards", _READ, answer=examples.HAZARDS))
def list_hazards(
    services: Services,
    person: Person,
    scene: Code = None,
    grade: Annotated[schemas.Grade | None, Query()] = None,
    ended: bool | None = None,
    late: bool | None = None,
    object_id: Code = None,
    q: SearchWords = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.HazardList:
    """Hazards of objects this person sees: open ones first, the most urgent first. Each is a case."""
    found = services.inspections.hazards(person, HazardFilter(scene, grade, ended, late, object_id, q, page, page_size))
    return schemas.HazardList(items=[hazard_answer(one) for one in found.items], page=page_of(found))


@router.get(
    "/objects/{object_id}/attachments",
    **spec(
        "对象的照片和文件", "Photos and documents of an object", _READ, answer=examples.ATTACHMENTS, refusals=(404,)
    ),
)
def list_attachments(services: Services, person: Person, object_id: ObjectId) -> schemas.AttachmentList:
    """Those of its inspections among them, oldest first."""
    found = services.inspections.attachments(person, object_id)
    return schemas.AttachmentList(items=[attachment_answer(one) for one in found])


@router.post(
    "/objects/{object_id}/attachments",
    **spec(
        "添加照片和文件",
        "Attach photos and documents",
        *_ATTACH,
        answer=examples.ATTACHMENTS,
        body=examples.NEW_ATTACHMENTS,
        refusals=(404,),
    ),
)
def attach(
    services: Services, person: Person, object_id: ObjectId, new: schemas.NewAttachments
) -> schemas.AttachmentList:
    """Own items of evidence become the object's; for who writes its register. Audited."""
    found = services.inspections.attach(person, object_id, new.evidence_ids)
    return schemas.AttachmentList(items=[attachment_answer(one) for one in found])


@router.get(
    "/attachments/{evidence_id}/{rendition}",
    response_class=FileResponse,
    **spec(
        "照片和文件的内容",
        "The content of an attachment",
        _READ,
        answer="(file)",
        media_type="application/octet-stream",
        refusals=(404,),
    ),
)
def attachment_content(
    services: Services, person: Person, evidence_id: Annotated[str, Path(max_length=26)], rendition: Rendition
) -> FileResponse:
    """For everybody who sees the object; originals as of evidence."""
    content = services.inspections.content(person, evidence_id, rendition)
    return FileResponse(content.path, headers=content.headers, media_type=content.media_type)
