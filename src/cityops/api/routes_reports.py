"""Reports of the public at the desk (公众上报受理): inbox, detail, contact, publish, file, join, refuse."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from cityops.access import Permission, Principal
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.reading import Code, show
from cityops.api.routes_evidence import evidence_answer
from cityops.api.routes_public import update_answer
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.catalogue import ItemKey, Kind
from cityops.cases.reports import FileAs, ReportDetail, ReportState
from cityops.kit import from_ms

router = APIRouter(prefix="/api/reports", tags=["公众上报 Reports"])

ReportId = Annotated[str, Path(max_length=26)]


def _row(services: ApiContext, report: ReportDetail) -> dict[str, Any]:
    matters = {service.code: service.matter for service in services.reports.services()}
    moments: dict[str, int | None] = {
        "received_at": report.received_ms,
        "updated_at": report.updated_ms,
        "expected_at": report.expected_ms,
        "closed_at": report.closed_ms,
    }
    answer: dict[str, Any] = {name: None if ms is None else from_ms(ms) for name, ms in moments.items()}
    same = set(schemas.ReportRow.model_fields) - {"report_id", "matter", "answers", "state", *answer}
    answer |= {name: getattr(report, name) for name in same}
    answer |= {"report_id": report.id, "answers": report.attributes, "state": report.state.value}
    return answer | {"matter": matters.get(report.service_code) or None}


def _full(services: ApiContext, person: Principal, report_id: str) -> schemas.ReportFull:
    report = services.report_desk.detail(person, report_id)
    return schemas.ReportFull(
        **_row(services, report),
        updates=[update_answer(update) for update in services.report_desk.history(person, report_id)],
        photos=[evidence_answer(person, item) for item in services.evidence.of_report(person, report_id)],
    )


@router.get("", **spec("公众上报列表", "List public reports", Permission.CASES_OPEN, answer=examples.REPORT_ROWS))
def list_reports(
    services: Services,
    person: Person,
    state: ReportState = ReportState.RECEIVED,
    before_id: Code = None,
) -> schemas.ReportRows:
    """Those in one state, newest first, 200 at a time; ``not_fixed`` are those that no workflow has opened again."""
    page = services.report_desk.inbox(person, state, before_id=before_id)
    return schemas.ReportRows(
        items=[schemas.ReportRow(**_row(services, report)) for report in page.items], more=page.more
    )


@router.get(
    "/{report_id}",
    **spec("公众上报详情", "One public report", Permission.CASES_OPEN, answer=examples.REPORT_FULL, refusals=(404,)),
)
def get_report(services: Services, person: Person, report_id: ReportId) -> schemas.ReportFull:
    """With what happened to it and its photos, without the contact."""
    return _full(services, person, report_id)


@router.post(
    "/{report_id}/contact",
    **spec(
        "因事查看联系方式",
        "Read how to reach the sender",
        Permission.CONTACTS_READ,
        answer=examples.REPORT_CONTACT,
        body=examples.ASK_CONTACT,
        refusals=(404,),
    ),
)
def read_contact(
    services: Services, person: Person, report_id: ReportId, given: schemas.AskContact
) -> schemas.ReportContact:
    """For a purpose, which is audited with the reader's name."""
    contact = services.report_desk.contact(person, report_id, given.purpose)
    name = " ".join(part for part in (contact.last_name, contact.first_name) if part)
    return schemas.ReportContact(name=name or None, phone=contact.phone, email=contact.email)


@router.post(
    "/{report_id}/publication",
    **spec(
        "公开或取消公开",
        "Publish a report, or take it back",
        Permission.CASES_OPEN,
        answer=examples.REPORT_FULL,
        body=examples.PUBLISH_REPORT,
        refusals=(404,),
    ),
)
def publish_report(
    services: Services, person: Person, report_id: ReportId, given: schemas.PublishReport
) -> schemas.ReportFull:
    """A person has read it: everybody may see words and place, or not any more."""
    services.report_desk.publish(person, report_id, published=given.published)
    return _full(services, person, report_id)


@router.post(
    "/{report_id}/filing",
    **spec(
        "公众上报立案",
        "File a report, or join it to a case",
        Permission.CASES_OPEN,
        answer=examples.REPORT_FILED,
        body=examples.FILE_REPORT,
        refusals=(404, 409),
    ),
)
def file_report(
    services: Services, parts: OwnParts, person: Person, report_id: ReportId, given: schemas.FileReport
) -> schemas.ReportFiled:
    """The case with the sender's words, place and photos; with ``join_case_id`` one that is open already."""
    return show(schemas.ReportFiled, parts.filing.file(person, report_id, file_as(given)))


def file_as(given: schemas.FileReport) -> FileAs:
    """What the desk has decided, as the room takes it."""
    standard, kind, code = given.matter.rsplit("/", 2)
    return FileAs(
        key=ItemKey(standard, Kind(kind), code),
        title=given.title,
        severity=given.severity,
        lon=given.lon,
        lat=given.lat,
        join_case_id=given.join_case_id,
    )


@router.post(
    "/{report_id}/refusal",
    **spec(
        "不予受理",
        "Refuse a report",
        Permission.CASES_OPEN,
        answer=examples.REPORT_FULL,
        body=examples.REFUSE_REPORT,
        refusals=(404, 409),
    ),
)
def refuse_report(
    services: Services, person: Person, report_id: ReportId, given: schemas.RefuseReport
) -> schemas.ReportFull:
    """With the answer that its sender reads."""
    services.report_desk.refuse(person, report_id, given.answer)
    return _full(services, person, report_id)
