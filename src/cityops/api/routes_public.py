"""The public side (公众端): report without signing in, follow by code, say "not fixed", rate, the map of reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request

from cityops.access import SYSTEM
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.schemas import Bilingual
from cityops.api.security import OwnParts, Services
from cityops.cases.evidence import EvidenceRole, EvidenceView, NewEvidence
from cityops.cases.reports import (
    SPAN_MS,
    Attribute,
    Contact,
    FollowUp,
    NewReport,
    PublicReport,
    ReportFilter,
    ReportUpdate,
    Service,
)
from cityops.kit import from_ms

router = APIRouter(prefix="/api/public", tags=["公众 Public"])

PORTAL: Final = "portal"
PHOTOS_MAX: Final = 5
_DAY_MS: Final = 86_400_000
ReportCode = Annotated[str, Header(alias="X-Report-Code", max_length=100, description="查询码 The follow-up code")]


def _words(zh: str, en: str) -> Bilingual:
    return Bilingual(zh=zh, en=en or zh)


def _question(attribute: Attribute) -> schemas.PublicQuestion:
    return schemas.PublicQuestion(
        code=attribute.code,
        title=_words(attribute.description, attribute.description_en),
        datatype=attribute.datatype.value,
        required=attribute.required,
        hint=attribute.datatype_description,
        choices=[schemas.PublicChoice(key=one.key, name=_words(one.name, one.name_en)) for one in attribute.choices],
    )


def _service(service: Service) -> schemas.PublicService:
    return schemas.PublicService(
        service_code=service.code,
        name=_words(service.name, service.name_en),
        description=_words(service.description, service.description_en),
        notice=_words(service.notice, service.notice_en),
        picture=service.picture,
        published=service.published,
        questions=[_question(attribute) for attribute in service.attributes if attribute.variable],
    )


@router.get(
    "/services",
    **spec("可上报的事项", "What residents can report", answer=examples.PUBLIC_SERVICES, visit="reading"),
)
def public_services(services: Services) -> schemas.PublicServices:
    """The matters of the portal and of tip-offs, with the promises about contacts and the window for "not fixed"."""
    return schemas.PublicServices(
        items=[_service(service) for service in services.reports.services()],
        tip_offs=[
            schemas.TipOffMatter(code=one.code, name=_words(one.name, one.name_en))
            for one in services.tip_offs.matters()
        ],
        contact_days=services.settings.report_contact_days,
        not_fixed_days=services.report_desk.reopen_window_ms // _DAY_MS,
        photos_max=PHOTOS_MAX,
    )


@router.get(
    "/place",
    **spec("位置的文字说明", "A place in words", answer=examples.PUBLIC_PLACE, visit="reading"),
)
def public_place(
    services: Services,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
) -> schemas.PublicPlace:
    """Street and road of a point (WGS-84), so that a resident sees whether the mark is right."""
    place, (west, south, east, north) = services.city.locate(lon, lat), services.city.bounds
    return schemas.PublicPlace(
        inside=west <= lon <= east and south <= lat <= north,
        district_name=place.district_name,
        street_name=place.street_name,
        community_name=place.community_name,
        road_name=place.road_name,
    )


@router.post(
    "/reports",
    **spec(
        "公众上报",
        "Report something",
        answer=examples.PUBLIC_RECEIPT,
        body=examples.NEW_PUBLIC_REPORT,
        status=201,
        visit="report",
        refusals=(403, 404, 409),
    ),
)
def send_report(services: Services, given: schemas.NewPublicReport) -> schemas.PublicReceipt:
    """Kept when this answers. The code is shown once; sent again with the same ``client_id`` it is the same report."""
    new = NewReport(
        service_code=given.service_code,
        source=PORTAL,
        description=given.description,
        lon=given.lon,
        lat=given.lat,
        address=given.address,
        contact=Contact(first_name=given.name, phone=given.phone),
        attributes={code: tuple(values) for code, values in given.answers.items()},
        client_id=given.client_id,
    )
    receipt = services.reports.submit(new, renew_code=True)
    service = services.reports.service(given.service_code)
    notice = _words(service.notice, service.notice_en)
    return schemas.PublicReceipt(report_id=receipt.report_id, code=receipt.code or "", notice=notice)


@router.post(
    "/reports/photos",
    **spec(
        "为上报添加照片",
        "Add a photo to a report",
        answer=examples.PHOTO_KEPT,
        upload=True,
        status=201,
        visit="photo",
        refusals=(403, 404, 408, 409, 413),
    ),
)
async def send_photo(
    request: Request,
    services: Services,
    parts: OwnParts,
    code: ReportCode,
    client_id: Annotated[str, Query(pattern="^[A-Za-z0-9_-]{8,64}$")],
) -> schemas.PhotoKept:
    """The body is the photo. What others see of it is a copy without position and camera."""

    def work(pieces: Iterator[bytes]) -> int:
        report_id = services.report_desk.id_of_code(code)
        services.evidence.add_to_report(report_id, NewEvidence(client_id, EvidenceRole.REPORT), pieces)
        return len(_photos(services, report_id))

    return schemas.PhotoKept(photos=await parts.uploads.take(request, work))


def _photos(services: ApiContext, report_id: str) -> list[EvidenceView]:
    return services.evidence.of_report(SYSTEM, report_id)


@router.post(
    "/reports/follow",
    **spec(
        "凭查询码查看",
        "Follow a report by its code",
        answer=examples.FOLLOWED_REPORT,
        body=examples.GIVEN_CODE,
        visit="code",
        refusals=(403, 404),
    ),
)
def follow_report(services: Services, given: schemas.GivenCode) -> schemas.FollowedReport:
    """The code travels in the body, so that no address or log holds it."""
    return _followed(services, services.report_desk.follow(given.code))


@router.post(
    "/reports/not-fixed",
    **spec(
        "反映未解决",
        "Say that it is not fixed",
        answer=examples.FOLLOWED_REPORT,
        body=examples.SAID_NOT_FIXED,
        visit="code",
        refusals=(403, 404, 409),
    ),
)
def say_not_fixed(services: Services, given: schemas.SaidNotFixed) -> schemas.FollowedReport:
    """Within the window after closing; the case is opened again, or the desk is told."""
    return _followed(services, services.report_desk.not_fixed(given.code, given.words))


@router.post(
    "/reports/rating",
    **spec(
        "满意度评价",
        "Rate how it was handled",
        answer=examples.FOLLOWED_REPORT,
        body=examples.NEW_RATING,
        visit="code",
        refusals=(403, 404, 409),
    ),
)
def rate_report(services: Services, given: schemas.NewRating) -> schemas.FollowedReport:
    """1 to 5, once, after closing."""
    return _followed(services, services.report_desk.rate(given.code, given.stars, given.comment))


def update_answer(update: ReportUpdate) -> schemas.PublicUpdate:
    """One update in both languages."""
    return schemas.PublicUpdate(
        at=from_ms(update.at_ms),
        status=update.status.value,
        text=_words(update.text, update.text_en),
        own=update.own,
    )


def _followed(services: ApiContext, found: FollowUp) -> schemas.FollowedReport:
    report = found.report
    until_ms = found.not_fixed_until_ms
    return schemas.FollowedReport(
        report_id=report.id,
        service_name=_name(services, report.service_code, report.service_name),
        description=report.description,
        address=report.address,
        lon=report.lon,
        lat=report.lat,
        state=report.state.value,
        agency=report.agency,
        received_at=from_ms(report.received_ms),
        expected_at=None if report.expected_ms is None else from_ms(report.expected_ms),
        closed_at=None if report.closed_ms is None else from_ms(report.closed_ms),
        updates=[update_answer(update) for update in found.updates],
        photos=len(_photos(services, report.id)),
        may_say_not_fixed=found.may_say_not_fixed,
        not_fixed_until=None if until_ms is None else from_ms(until_ms),
        may_rate=found.may_rate,
        rating=report.rating,
    )


@router.get(
    "/reports",
    **spec("公开的上报", "Published reports", answer=examples.MAPPED_REPORTS, visit="reading"),
)
def published_reports(services: Services) -> schemas.MappedReports:
    """Those of the last 90 days that everybody may see, at most 1,000, for the public map."""
    now_ms = services.clock.now_ms()
    found = services.reports.find(ReportFilter(now_ms - SPAN_MS, now_ms, published=True))
    items = [_mapped(services, one) for one in found.items if one.lon is not None]
    return schemas.MappedReports(items=items, more=found.more)


def _mapped(services: ApiContext, report: PublicReport) -> schemas.MappedReport:
    known = {service.code: service for service in services.reports.services()}
    service = known.get(report.service_code)
    return schemas.MappedReport(
        report_id=report.id,
        service_code=report.service_code,
        service_name=_name(services, report.service_code, report.service_name),
        picture=service.picture if service else "other",
        status=report.status.value,
        notes=report.status_notes,
        description=report.description,
        address=report.address,
        lon=report.lon or 0.0,
        lat=report.lat or 0.0,
        received_at=from_ms(report.requested_ms),
    )


def _name(services: ApiContext, code: str, name: str) -> Bilingual:
    """The name of a service that may have been given up since."""
    english = {service.code: service.name_en for service in services.reports.services()}
    return _words(name, english.get(code, ""))
