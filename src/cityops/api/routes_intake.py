"""Intake (受理): what a report may be, filing it, importing many, and calling back those who reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.examples import intake as examples
from cityops.api.excel import XLSX, sheet_response
from cityops.api.intake_answer import draft_answer, new_report
from cityops.api.reading import show
from cityops.api.schemas import AskContact
from cityops.api.schemas import intake as schemas
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.catalogue import ItemKey
from cityops.cases.intake import Call, file_rows, import_reports, template
from cityops.kit import to_ms

router = APIRouter(prefix="/api", tags=["受理 Intake"])

ReporterId = Annotated[str, Path(max_length=26)]
_REPORT, _DESK = Permission.CASES_REPORT, Permission.CASES_OPEN
_Matter = Annotated[str, Query(max_length=80, description="标准/类型/代码 standard/kind/code")]
_Lon = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
_Lat = Annotated[float, Query(ge=-85, le=85, allow_inf_nan=False)]


@router.get("/intake/places", **spec("按名称找地点", "Find a place by name", _REPORT, answer=examples.FOUND_PLACES))
def find_places(
    services: Services,
    q: Annotated[
        str, Query(min_length=1, max_length=200, description="地名、网格编码或一句话 A name, a grid, a sentence")
    ],
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> schemas.FoundPlaceList:
    """Roads and where they cross, junctions, points of interest, divisions, unit grids; of a sentence what it names."""
    return schemas.FoundPlaceList(items=[show(schemas.FoundPlace, one) for one in services.city.find(q, limit)])


@router.post(
    "/intake/suggestions",
    **spec(
        "受理建议",
        "What a report may be",
        _REPORT,
        answer=examples.SUGGESTIONS,
        body=examples.DRAFT,
        refusals=(404,),
    ),
)
def suggest(services: Services, person: Person, draft: schemas.Draft) -> schemas.Suggestions:
    """Asked while a report is written; nothing is kept.

    Matters for the words, and for the matter chosen (or the best) the open cases nearby, the unit it would go to with
    the reason, and when it would be due.
    """
    found = services.intake.suggest(
        person,
        words=draft.words,
        lon=draft.lon,
        lat=draft.lat,
        at_ms=None if draft.seen_at is None else to_ms(draft.seen_at),
        source=draft.source,
        key=None if draft.matter is None else ItemKey.of_path(draft.matter),
        limit=draft.limit,
    )
    return draft_answer(found)


@router.get(
    "/intake/duplicates",
    **spec("附近的在办案件", "Open cases that may be the same", _REPORT, answer=examples.NEAR_CASES),
)
def find_duplicates(services: Services, person: Person, matter: _Matter, lon: _Lon, lat: _Lat) -> schemas.NearCaseList:
    """Of the same or a kin matter within the matter's distance and time, nearest first; no personal data."""
    found = services.intake.duplicates(person, ItemKey.of_path(matter), lon, lat)
    return schemas.NearCaseList(items=[show(schemas.NearCase, one) for one in found])


@router.post(
    "/intake/reports",
    **spec(
        "上报",
        "File a report",
        _REPORT,
        answer=examples.FILED_REPORT,
        body=examples.NEW_CASE_REPORT,
        status=201,
        refusals=(404, 409),
    ),
)
def file_report(services: Services, person: Person, report: schemas.NewCaseReport) -> schemas.FiledReport:
    """A new case in the scene that takes the matter or, with ``join_case_id``, one more report of an open case.

    Sources other than field, patrol and unit are for the desk.
    """
    return show(schemas.FiledReport, services.intake.file(person, new_report(report)))


@router.get(
    "/intake/template.xlsx",
    response_class=Response,
    **spec("导入模板", "Template for importing reports", _DESK, answer="(xlsx)", media_type=XLSX),
)
def import_template() -> Response:
    """The heading and one example row."""
    return sheet_response(template(), "reports.xlsx")


@router.post(
    "/intake/import",
    **spec(
        "批量导入上报",
        "Import reports",
        _DESK,
        answer=examples.IMPORT_RESULT,
        upload=True,
        refusals=(408, 413),
    ),
)
async def import_sheet(
    request: Request,
    services: Services,
    parts: OwnParts,
    person: Person,
    dry_run: Annotated[bool, Query(description="只检查 Check only")] = True,
    valid_only: Annotated[bool, Query(description="只导入有效的行 File the valid rows only")] = False,
    from_row: Annotated[int, Query(ge=2, le=100_000, description="从这一行起 Begin with this row")] = 2,
    rows: Annotated[int, Query(ge=1, le=500, description="最多导入几行 File at most so many rows")] = 100,
) -> schemas.ImportResult:
    """The body is the xlsx: first to be checked without filing, then filed part by part.

    Each call with ``dry_run=false`` goes on from the ``next_row`` of the one before. With a wrong row nothing is filed
    unless ``valid_only`` was chosen. A row of a file is filed once, so a call may be sent again.
    """

    def work(pieces: Iterator[bytes]) -> schemas.ImportResult:
        content = b"".join(pieces)
        return _import(services, person, content, None if dry_run else (from_row, rows), valid_only=valid_only)

    return await parts.uploads.take(request, work)


def _import(
    services: ApiContext, person: Principal, content: bytes, span: tuple[int, int] | None, *, valid_only: bool
) -> schemas.ImportResult:
    found = import_reports(content, services.rulebook.rules(), services.city)
    errors, filed, next_row = found.errors, 0, found.valid[0].row if found.valid else None
    if span is not None:
        first, count = span
        left = [row for row in found.accept(valid_only=valid_only) if row.row >= first]
        outcome = file_rows(services.intake, person, left[:count])
        errors, filed = outcome.errors, outcome.filed
        next_row = left[count].row if len(left) > count else None
    return schemas.ImportResult(
        rows=found.rows,
        valid=len(found.valid),
        errors=[show(schemas.ImportRowError, one) for one in errors],
        filed=filed,
        next_row=next_row,
    )


@router.get("/intake/call-backs", **spec("待回访", "Calls that are owed", _DESK, answer=examples.OWED_CALLS))
def list_call_backs(services: Services, person: Person) -> schemas.OwedCallList:
    """Reporters of ended cases who want to hear, the longest waiting first; masked."""
    return show(schemas.OwedCallList, services.call_backs.owed(person))


@router.post(
    "/intake/call-backs/{reporter_id}",
    **spec("记录回访", "Note a call", _DESK, body=examples.CALL_MADE, status=204, refusals=(409,)),
)
def note_call(services: Services, person: Person, reporter_id: ReporterId, made: schemas.CallMade) -> Response:
    """Reached, with the satisfaction of 1 to 5, or not reached: then the call is still owed."""
    services.call_backs.record(person, reporter_id, Call(made.reached, made.stars, made.comment))
    return Response(status_code=204)


@router.post(
    "/cases/{case_id}/matter",
    **spec("更正事项", "Correct a case's matter", _DESK, body=examples.CORRECT_MATTER, status=204, refusals=(404, 409)),
)
def correct_matter(
    services: Services, person: Person, case_id: Annotated[str, Path(max_length=26)], right: schemas.CorrectMatter
) -> Response:
    """While the case is with the desk; its unit is suggested anew, and the timeline tells it."""
    services.intake.correct(person, case_id, ItemKey.of_path(right.matter), right.version)
    return Response(status_code=204)


@router.get(
    "/cases/{case_id}/duplicates",
    **spec(
        "与此案疑似重复的案件", "Cases that may be the same as this", _DESK, answer=examples.NEAR_CASES, refusals=(404,)
    ),
)
def list_case_duplicates(
    services: Services, person: Person, case_id: Annotated[str, Path(max_length=26)]
) -> schemas.NearCaseList:
    """Other open cases on its vehicle, else of the same or a kin matter nearby, within the rule's window of it."""
    found = services.intake.duplicates_of(person, case_id)
    return schemas.NearCaseList(items=[show(schemas.NearCase, one) for one in found])


@router.get(
    "/cases/{case_id}/reporters",
    **spec("上报人", "Who reported a case", _DESK, answer=examples.CASE_REPORTERS, refusals=(404,)),
)
def list_reporters(
    services: Services, person: Person, case_id: Annotated[str, Path(max_length=26)]
) -> schemas.CaseReporterList:
    """Also those of cases merged into it; names and contacts are masked."""
    found = services.call_backs.reporters(person, case_id)
    return schemas.CaseReporterList(items=[show(schemas.CaseReporter, one) for one in found])


@router.post(
    "/intake/reporters/{reporter_id}/contact",
    **spec(
        "因事查看上报人联系方式",
        "Read how to reach a reporter",
        Permission.CONTACTS_READ,
        answer=examples.REPORTER_CONTACT,
        body=examples.CONTACT_PURPOSE,
        refusals=(404,),
    ),
)
def read_reporter_contact(
    services: Services, person: Person, reporter_id: ReporterId, given: AskContact
) -> schemas.ReporterContact:
    """For a purpose, which is audited with the reader's name."""
    return show(schemas.ReporterContact, services.call_backs.contact(person, reporter_id, given.purpose))
