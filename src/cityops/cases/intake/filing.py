"""Filing a report inside a transaction: a new case, or one more report of an open one; each sender's report once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access import Principal
from cityops.cases.catalogue import CatalogueItem
from cityops.cases.engine import Cases
from cityops.cases.inputs import NewCase, Reporter
from cityops.cases.intake.tables import intake_table
from cityops.cases.intake.values import NOTHING_KEPT, OWN_SOURCES, Filed, NewCaseReport
from cityops.cases.scope import case_scope
from cityops.cases.tables import case_table, reporter_table
from cityops.cases.views import MatterView, SuggestedUnits
from cityops.kit import ConflictError, NotFoundError, Text
from cityops.places import PlaceInfo

TWICE: Final = "intake.twice"
"""Code of the refusal of a report that is being filed by another connection at this moment."""
_i: Final = intake_table.c


@dataclass(frozen=True, slots=True)
class Ready:
    """A checked report with all that is known about it."""

    new: NewCaseReport
    item: CatalogueItem
    place: PlaceInfo
    scene: str
    kind: str
    suggested: SuggestedUnits


def filed_before(conn: Connection, principal: Principal, new: NewCaseReport) -> Filed | None:
    """What became of this report when it was sent before; ``ConflictError`` when its id was another report's."""
    if new.client_id is None:
        return None
    same = (_i.account_id == principal.account_id) & (_i.client_id == new.client_id)
    query = select(intake_table, case_table.c.number).join(case_table, case_table.c.id == _i.case_id).where(same)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if any(row[name] != value for name, value in _told(new).items()):
        raise ConflictError(
            "这个提交编号已用于另一个上报",
            "this client id was used for another report",
            code="intake.client_id",
            kept=Text("先前的上报保持不变，这一个没有保存", "the first report stays as it is, this one was not kept"),
            todo=Text("请用新的编号提交", "send it under a new client id"),
        )
    return Filed(row["case_id"], row["number"], row["joined"])


def open_from(conn: Connection, cases: Cases, principal: Principal, ready: Ready) -> str:
    """Open the case of a report; returns its id."""
    new, place = ready.new, ready.place
    where = place.road_name or place.community_name or place.street_name
    title = new.title or Text(*(f"{where} {ready.item.name}".strip(),) * 2)
    matter = MatterView(new.key.standard, new.key.kind.value, new.key.code, ready.item.name)
    return cases.open_in(
        conn,
        principal,
        NewCase(
            scene=ready.scene,
            kind=ready.kind,
            title=title,
            severity=new.severity,
            lon=new.lon,
            lat=new.lat,
            area_code=place.community_code or place.street_code or place.district_code or None,
            place=_place(new, place),
            data={"source": new.source},
            reporter=_reporter(principal, new),
            description=new.description,
            matter=matter,
            suggested=ready.suggested,
            words={"matter": Text(ready.item.name, ready.item.name)},
        ),
    )


def join_open(conn: Connection, cases: Cases, principal: Principal, ready: Ready, near: set[str]) -> str:
    """Add the report to the open case it names; returns the case's id.

    Args:
        conn: the running write.
        cases: the engine.
        principal: who files.
        ready: the report.
        near: cases that were found as its duplicates: these may be joined even outside the person's scope.

    Raises:
        NotFoundError: no such case for this person. ConflictError: it has ended meanwhile.
    """
    new, case_id = ready.new, str(ready.new.join_case_id)
    seen = select(case_table.c.id).where(case_table.c.id == case_id, case_scope(principal))
    if case_id not in near and conn.execute(seen).scalar() is None:
        raise NotFoundError(
            "没有这个案件，或您无权查看",
            "no such case, or not yours to see",
            code="case.not_found",
            kept=NOTHING_KEPT,
            todo=Text("请重新选择，或新立一案", "choose again, or file a new case"),
        )
    data = {"source": new.source, "description": new.description, "address": _address(new)}
    cases.join_in(conn, principal, case_id, _reporter(principal, new), {k: v for k, v in data.items() if v})
    return case_id


def note_report(
    conn: Connection, principal: Principal, new: NewCaseReport, case_id: str, report_id: str, at_ms: int
) -> Filed:
    """Keep the report itself beside its case; ``ConflictError`` (``TWICE``) when another connection files it too."""
    newest = select(reporter_table.c.id).where(reporter_table.c.case_id == case_id)
    values: dict[str, Any] = {
        "id": report_id,
        "case_id": case_id,
        "reporter_id": conn.execute(newest.order_by(reporter_table.c.id.desc()).limit(1)).scalar_one(),
        "account_id": principal.account_id,
        "client_id": new.client_id,
        "source": new.source,
        "joined": new.join_case_id is not None,
        "seen_ms": at_ms if new.seen_at_ms is None else new.seen_at_ms,
        "at_ms": at_ms,
        **_told(new),
    }
    try:
        conn.execute(insert(intake_table).values(**values))
    except IntegrityError as error:
        raise ConflictError(
            "这个上报正在提交", "this report is being filed", code=TWICE, kept=NOTHING_KEPT,
            todo=Text("请稍候重试", "send it again in a moment"),
        ) from error  # fmt: skip
    number = conn.execute(select(case_table.c.number).where(case_table.c.id == case_id)).scalar_one()
    return Filed(case_id, str(number), bool(values["joined"]))


def _told(new: NewCaseReport) -> dict[str, Any]:
    """What makes a report this report."""
    key = {"standard": new.key.standard, "kind": new.key.kind.value, "code": new.key.code}
    return key | {"description": new.description, "lon": new.lon, "lat": new.lat}


def _reporter(principal: Principal, new: NewCaseReport) -> Reporter:
    return Reporter(
        channel=new.source,
        name=new.reporter_name,
        contact=new.reporter_contact,
        account_id=principal.account_id if new.source in OWN_SOURCES else None,
        reference=new.reference,
        wants_answer=new.wants_answer,
    )


def _place(new: NewCaseReport, place: PlaceInfo) -> dict[str, str]:
    known = {name: getattr(place, name) for name in PlaceInfo.__slots__}
    return {name: value for name, value in (known | {"address": _address(new)}).items() if value}


def _address(new: NewCaseReport) -> str:
    return "，".join(part.strip() for part in (new.address, new.address_note) if part and part.strip())
