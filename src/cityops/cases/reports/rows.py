"""Rows of reports as others see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, select, update

from cityops.cases.reports.tables import report_table, report_update_table
from cityops.cases.reports.values import (
    PublicReport,
    Receipt,
    ReportFilter,
    ReportState,
    ReportUpdate,
    Service,
    ServiceType,
)
from cityops.cases.tables import deadline_table, task_table
from cityops.kit import IdMaker, NotFoundError, Text

ROUGH_DECIMALS: Final = 3
"""Degrees of an unpublished report are rounded to about 100 m."""

_t = report_table.c
_u = report_update_table.c


@dataclass(frozen=True, slots=True)
class ReportDetail:
    """A report as those see it who accept reports; the contact only after it was asked for with a purpose."""

    id: str
    source: str
    service_code: str
    service_name: str
    description: str
    address: str | None
    address_id: str | None
    lon: float | None
    lat: float | None
    media_url: str | None
    attributes: dict[str, Any]
    has_contact: bool
    state: ReportState
    published: bool
    status_notes: str | None
    agency: str | None
    expected_ms: int | None
    case_id: str | None
    received_ms: int
    updated_ms: int
    closed_ms: int | None
    not_fixed_count: int
    rating: int | None
    rating_comment: str | None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A report as its sender sees it by the code, and what the sender may do now."""

    report: ReportDetail
    updates: tuple[ReportUpdate, ...]
    may_say_not_fixed: bool
    not_fixed_until_ms: int | None
    may_rate: bool


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Reports, newest first."""

    items: tuple[ReportDetail, ...]
    more: bool


def visible() -> ColumnElement[bool]:
    """Reports that have a number for the public: all but those in a black box, and batched ones not yet dealt with."""
    waiting = and_(_t.service_type == ServiceType.BATCH.value, _t.state == ReportState.RECEIVED.value)
    return and_(_t.service_type != ServiceType.BLACKBOX.value, ~waiting)


def conditions(query: ReportFilter) -> list[ColumnElement[bool]]:
    """The conditions of a public query; ids override all else."""
    if query.ids:
        return [visible(), _t.id.in_(query.ids)]
    found = [visible(), _t.received_ms >= query.from_ms, _t.received_ms <= query.to_ms]
    if query.service_codes:
        found.append(_t.service_code.in_(query.service_codes))
    if query.published:
        found.append(_t.published.is_(True))
    if query.statuses:
        states = [state.value for state in ReportState if state.status in query.statuses]
        found.append(_t.state.in_(states))
    return found


def public_of(row: RowMapping, service: Service | None) -> PublicReport:
    """What everybody may see; words, exact place and the answer only of a published report."""
    shown, lon, lat = row["published"], row["lon"], row["lat"]
    if not shown and lon is not None:
        lon, lat = round(lon, ROUGH_DECIMALS), round(lat, ROUGH_DECIMALS)
    return PublicReport(
        id=row["id"],
        status=ReportState(row["state"]).status,
        status_notes=row["status_notes"] if shown else open_words(ReportState(row["state"])).zh,
        service_code=row["service_code"],
        service_name=row["service_name"],
        description=row["description"] if shown else None,
        agency=row["agency"],
        service_notice=service.notice or None if service else None,
        requested_ms=row["received_ms"],
        updated_ms=row["updated_ms"],
        expected_ms=row["expected_ms"],
        address=row["address"] if shown else None,
        address_id=row["address_id"] if shown else None,
        lon=lon,
        lat=lat,
        media_url=row["media_url"] if shown else None,
    )


def detail_of(row: RowMapping) -> ReportDetail:
    """A report without its contact."""
    hidden = ("client_id", "service_type", "token", "contact", "receipt", "code_hash")
    columns = {name: value for name, value in row.items() if name not in hidden}
    return ReportDetail(**(columns | {"state": ReportState(row["state"])}), has_contact=bool(row["contact"]))


def receipt_of(row: RowMapping, notice: str, code: str | None) -> Receipt:
    """The number or the token or neither, as the type of the service says."""
    kind = ServiceType(row["service_type"])
    return Receipt(
        report_id=row["id"] if kind is ServiceType.REALTIME else None,
        token=row["token"] if kind is ServiceType.BATCH else None,
        code=code,
        notice=notice,
    )


def update_of(row: RowMapping) -> ReportUpdate:
    """One update."""
    return ReportUpdate(
        row["id"],
        row["report_id"],
        ReportState(row["state"]).status,
        row["text"],
        row["text_en"],
        row["by_reporter"],
        row["at_ms"],
    )


def add_update(
    conn: Connection,
    ids: IdMaker,
    report_id: str,
    state: ReportState,
    text: Text,
    at_ms: int,
    *,
    own: bool = False,
    client_id: str | None = None,
) -> str:
    """Write down what happened; ``own`` marks the reporter's own words, which the public does not see."""
    update_id = ids.next()
    conn.execute(
        insert(report_update_table).values(
            id=update_id,
            report_id=report_id,
            state=state.value,
            text=text.zh,
            text_en=text.en,
            by_reporter=own,
            client_id=client_id,
            at_ms=at_ms,
        )
    )
    return update_id


def move_report(conn: Connection, report_id: str, state: ReportState, notes: str, at_ms: int, **more: Any) -> None:
    """Bring a report into a state, with the words the public reads there."""
    values = {"state": state.value, "status_notes": notes, "updated_ms": at_ms} | more
    conn.execute(update(report_table).where(_t.id == report_id).values(**values))


def handling_of(conn: Connection, case_id: str) -> tuple[str | None, int | None]:
    """(name of the unit that leads now, when it is due); None while nobody does."""
    lead = select(task_table.c.id, task_table.c.unit_name).where(
        task_table.c.case_id == case_id, task_table.c.lead, task_table.c.ended.is_(False)
    )
    task = conn.execute(lead.order_by(task_table.c.id.desc())).first()
    if task is None:
        return None, None
    due = deadline_table.c
    running = select(func.min(due.due_ms)).where(due.task_id == task.id, due.current, due.done_ms.is_(None))
    return task.unit_name, conn.execute(running).scalar()


def locked_report(conn: Connection, report_id: str) -> RowMapping:
    """The row, held until the transaction ends; ``NotFoundError`` when there is none."""
    query = select(report_table).where(_t.id == report_id).with_for_update()
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise no_report()
    return row


def updates_of(conn: Connection, report_id: str, limit: int) -> tuple[ReportUpdate, ...]:
    """The newest updates of a report, oldest first."""
    query = select(report_update_table).where(_u.report_id == report_id).order_by(_u.at_ms.desc(), _u.id.desc())
    return tuple(update_of(row) for row in reversed(list(conn.execute(query.limit(limit)).mappings())))


def public_update_of(row: RowMapping) -> ReportUpdate:
    """One update as everybody may see it; of an unpublished report only the words that every report gets."""
    if row["published"]:
        return update_of(row)
    words = open_words(ReportState(row["state"]))
    return replace(update_of(row), text=words.zh, text_en=words.en)


def public_updates(from_ms: int, to_ms: int) -> list[ColumnElement[bool]]:
    """Conditions of the public list of updates (joined with the report): not the reporter's own words."""
    return [visible(), _u.at_ms >= from_ms, _u.at_ms <= to_ms, _u.by_reporter.is_(False)]


def open_words(state: ReportState) -> Text:
    """What the reporter and the public read when a report enters a state without other words."""
    return _WORDS[state]


_WORDS: Final = {
    ReportState.RECEIVED: Text("已收到", "received"),
    ReportState.FILED: Text("已立案，正在办理", "filed, being handled"),
    ReportState.CLOSED: Text("处理已结束", "handling has ended"),
    ReportState.REFUSED: Text("不予受理", "not accepted"),
    ReportState.NOT_FIXED: Text(
        "上报人反映未解决，将重新核实", "the reporter says it is not fixed; it will be looked at again"
    ),
}


def no_report() -> NotFoundError:
    """No such report, or not for the public."""
    return NotFoundError("没有这个上报", "there is no such report", code="report.missing")
