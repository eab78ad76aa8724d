"""Rules (规则): the catalogue, the rule tables with their versions, and why a case would go where and by when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.examples import rules as examples
from cityops.api.excel import XLSX, sheet_response
from cityops.api.reading import PageNumber, PageSize, SearchWords
from cityops.api.rule_sheets import RuleSheet, rows_at, sheet_of
from cityops.api.rules_answer import all_tables, changes_answer, check_answer, entry, route_answer, version_row
from cityops.api.schemas import Page
from cityops.api.schemas.rules import (
    CatalogueGroup,
    CatalogueList,
    RollBack,
    RouteAnswer,
    RouteQuestion,
    RuleChanges,
    RuleCheck,
    RuleRows,
    RuleTableList,
    RuleVersionList,
    RuleVersionRow,
)
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.catalogue import Kind, compare, read_rows

router = APIRouter(prefix="/api", tags=["规则 Rules"])

_READ, _PUBLISH = Permission.RULES_READ, Permission.RULES_PUBLISH
MAX_FOUND: Final = 100
"""Entries that a search of the catalogue shows."""
Table = Annotated[str, Path(max_length=64, description="规则表 The rule table")]
_Version = Annotated[
    int | None, Query(ge=0, le=1_000_000, description="版本，0 为内置，缺省为现行 0: built in; else in force")
]
_Note = Annotated[str, Query(min_length=1, max_length=500, description="发布说明 Why")]


@router.get("/rules", **spec("规则表", "Rule tables", _READ, answer=examples.RULE_TABLES))
def list_tables(services: Services) -> RuleTableList:
    """Every table with the version in force, and the rows of it that could no longer be read."""
    return RuleTableList(items=all_tables(services))


@router.get(
    "/rules/{table}", **spec("规则表内容", "Rows of a rule table", _READ, answer=examples.ROWS, refusals=(404,))
)
def read_rows_of(
    services: Services,
    table: Table,
    version: _Version = None,
    q: SearchWords = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> RuleRows:
    """A page of the rows that hold the words asked for, in the order of the sheet."""
    sheet = sheet_of(services, table)
    found, rows = rows_at(services, sheet, version)
    wanted = [dict(row) for row in rows if not q or sheet.holds(row, q)]
    first = (page - 1) * page_size
    return RuleRows(
        version=0 if found is None else found.version,
        items=wanted[first : first + page_size],
        page=Page(total=len(wanted), page=page, page_size=page_size),
    )


@router.get(
    "/rules/{table}/versions",
    **spec("规则表版本", "Versions of a rule table", _READ, answer=examples.VERSIONS, refusals=(404,)),
)
def list_versions(services: Services, table: Table) -> RuleVersionList:
    """The newest 200, newest first."""
    return RuleVersionList(items=[version_row(one) for one in services.rules.history(sheet_of(services, table).name)])


@router.get(
    "/rules/{table}/changes",
    **spec("比较两个版本", "Compare two versions", _READ, answer=examples.CHANGES, refusals=(404,)),
)
def compare_versions(
    services: Services,
    table: Table,
    before: Annotated[int, Query(ge=0, le=1_000_000)],
    after: Annotated[int, Query(ge=0, le=1_000_000)],
) -> RuleChanges:
    """What was added, changed and removed from one version to the other; version 0 is what the product brings."""
    sheet = sheet_of(services, table)
    older, newer = (rows_at(services, sheet, version)[1] for version in (before, after))
    return changes_answer(compare(older, newer, sheet.key))


@router.get(
    "/rules/{table}/sheet.xlsx",
    response_class=Response,
    **spec("导出规则表", "Export a rule table", _READ, answer="(xlsx)", media_type=XLSX, refusals=(404,)),
)
def export_sheet(services: Services, table: Table, version: _Version = None) -> Response:
    """A version as xlsx; changed and sent back it is the next version."""
    sheet = sheet_of(services, table)
    return sheet_response(sheet.sheet(rows_at(services, sheet, version)[1]), f"{sheet.name}.xlsx")


@router.post(
    "/rules/{table}/check",
    **spec("检查规则表", "Check a sheet", _PUBLISH, answer=examples.CHECK, upload=True, refusals=(404, 408, 413)),
)
async def check_sheet(request: Request, services: Services, parts: OwnParts, person: Person, table: Table) -> RuleCheck:
    """The body is the xlsx: what is wrong row by row, and what would change. Nothing is stored."""
    sheet = sheet_of(services, table)

    def work(pieces: Iterator[bytes]) -> RuleCheck:
        rows = read_rows(b"".join(pieces), sheet.columns)
        return check_answer(services, sheet, rows, sheet.check(services, rows))

    return await parts.uploads.take(request, work)


@router.post(
    "/rules/{table}/versions",
    **spec(
        "发布规则表",
        "Publish a version",
        _PUBLISH,
        answer=examples.VERSION,
        upload=True,
        status=201,
        refusals=(404, 408, 409, 413),
    ),
)
async def publish(
    request: Request,
    services: Services,
    parts: OwnParts,
    person: Person,
    table: Table,
    note: _Note,
    expected_version: Annotated[int, Query(ge=0, le=1_000_000, description="所见的现行版本 The version you saw")],
) -> RuleVersionRow:
    """The body is the whole table as xlsx. With any wrong row nothing is published. Audited."""
    sheet = sheet_of(services, table)

    def work(pieces: Iterator[bytes]) -> RuleVersionRow:
        return _publish(services, person, sheet, b"".join(pieces), note, expected_version)

    return await parts.uploads.take(request, work)


def _publish(
    services: ApiContext, person: Principal, sheet: RuleSheet, content: bytes, note: str, expected: int
) -> RuleVersionRow:
    rows = read_rows(content, sheet.columns)
    sheet.check(services, rows).accept()
    fields = [row.fields for row in rows]
    return version_row(services.rules.publish(person, sheet.name, fields, expected_version=expected, note=note))


@router.post(
    "/rules/{table}/roll-back",
    **spec(
        "回退规则表",
        "Roll a table back",
        _PUBLISH,
        answer=examples.VERSION,
        body=examples.ROLL_BACK,
        status=201,
        refusals=(404, 409),
    ),
)
def roll_back(services: Services, person: Person, table: Table, to: RollBack) -> RuleVersionRow:
    """Publish an older version's rows again, as the next version: history is never rewritten. Audited."""
    made = services.rules.roll_back(
        person, sheet_of(services, table).name, to.to_version, expected_version=to.expected_version, note=to.note
    )
    return version_row(made)


@router.get("/catalogue", **spec("部件和事项目录", "Catalogue", _READ, answer=examples.CATALOGUE))
def browse_catalogue(
    services: Services,
    kind: Literal["component", "matter"] = "matter",
    q: SearchWords = None,
    class_code: Annotated[str | None, Query(pattern=r"^\d{2}$", description="大类 The class")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> CatalogueList:
    """What can be reported, by code, words, pinyin or initials; without words by class and code."""
    rules, of = services.rulebook.rules(), Kind(kind)
    items = rules.items(of)
    classes = Counter((item.class_code, item.class_name) for item in items)
    if q and q.strip():
        items = [match.item for match in rules.search.rate(q.strip(), MAX_FOUND, (), of)]
    wanted = [item for item in items if class_code in (None, item.class_code)]
    first = (page - 1) * page_size
    return CatalogueList(
        items=[entry(item, rules) for item in wanted[first : first + page_size]],
        classes=[CatalogueGroup(code=code, name=name, count=count) for (code, name), count in sorted(classes.items())],
        page=Page(total=len(wanted), page=page, page_size=page_size),
    )


@router.post(
    "/route-test",
    **spec(
        "派遣试算",
        "Why would a case go where, and by when",
        _READ,
        answer=examples.ROUTE_ANSWER,
        body=examples.ROUTE_QUESTION,
        refusals=(404,),
    ),
)
def test_route(services: Services, asked: RouteQuestion) -> RouteAnswer:
    """By the rules in force: every row that was considered with its reason, and the deadlines explained."""
    return route_answer(services, asked)
