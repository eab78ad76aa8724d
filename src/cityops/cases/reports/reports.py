"""Reports of the public (公众上报): taken in, followed by code, filed as cases, told the outcome.

The same object serves Open311, the portal and the hotline desk. What the public may see never contains the contact;
words and exact place are shown once the service publishes at once or a person has published them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from cityops.cases.reports.checking import Bounds, clean, faults_of
from cityops.cases.reports.codes import make_code, quick_hash
from cityops.cases.reports.rows import (
    add_update,
    conditions,
    no_report,
    open_words,
    public_of,
    public_update_of,
    public_updates,
    receipt_of,
    visible,
)
from cityops.cases.reports.tables import report_table, report_update_table
from cityops.cases.reports.values import (
    LIST_MAX,
    Contact,
    NewReport,
    PublicReport,
    Receipt,
    ReportFilter,
    ReportInvalidError,
    ReportList,
    ReportState,
    Service,
    ServiceType,
    UpdateList,
)
from cityops.cases.tables import case_table, reporter_table
from cityops.kit import BusyError, Clock, ConfigError, ConflictError, IdMaker, NotFoundError, Text
from cityops.store import Store, emit

IDS_MAX: Final = 100
WAITING_MAX: Final = 20_000
_t = report_table.c


class CaseReports:
    """Takes reports and answers the public.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        services: the matters the public can report, gone through whenever they are asked for; two with one code raise
            ``ConfigError``.
        bounds: west, south, east, north of the city in WGS-84 degrees; None takes any place.
        waiting_max: reports that may wait for somebody to read them; beyond them new ones are refused.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        services: Iterable[Service],
        *,
        bounds: Bounds | None = None,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._store = store
        self._waiting_max = waiting_max
        self._clock = clock
        self._ids = ids
        self._bounds = bounds
        self._source = services
        codes = [service.code for service in services]
        for code in codes:
            if codes.count(code) > 1:
                raise ConfigError(f"服务代码重复：{code}", f"two services have the code {code}")

    @property
    def _services(self) -> dict[str, Service]:
        return {service.code: service for service in self._source}

    def services(self) -> tuple[Service, ...]:
        """The matters the public can report, in their order."""
        return tuple(self._services.values())

    def service(self, code: str) -> Service:
        """One of them with its attributes; ``NotFoundError`` when there is none."""
        try:
            return self._services[code]
        except KeyError:
            raise NotFoundError(
                f"没有服务代码 {code[:60]}", f"there is no service_code {code[:60]}", code="report.service"
            ) from None

    def submit(self, new: NewReport, *, renew_code: bool = False) -> Receipt:
        """Take a report; returns when it is durable.

        Args:
            new: the report.
            renew_code: the answer to the first try was lost with the code in it, so the same report sent again gets
                a new code instead; only for senders whose ``client_id`` nobody else can know.

        Raises:
            NotFoundError: no such service.
            ReportInvalidError: everything that is wrong with it.
            ConflictError: its ``client_id`` was used for another report.
            BusyError: the store's queue is full, or too many reports wait to be read; nothing was kept.
        """
        service = self.service(new.service_code)
        new = _cleaned(new)
        faults = faults_of(new, service, self._bounds)
        if faults:
            raise ReportInvalidError(faults)
        with self._store.read() as conn:
            before = _sent_before(conn, new)
        if before is not None:
            receipt = _again(before, new, service)
            return replace(receipt, code=self._new_code(before["id"])) if renew_code else receipt
        code = make_code(quick_hash)
        at_ms = self._clock.now_ms()
        row = _new_row(new, service) | {
            "id": self._ids.next(),
            "receipt": code.receipt,
            "code_hash": code.hash,
            "received_ms": at_ms,
            "updated_ms": at_ms,
        }
        return self._store.write(lambda conn: self._insert(conn, new, row, service, code.shown))

    def _new_code(self, report_id: str) -> str:
        code = make_code(quick_hash)
        renewed = update(report_table).where(_t.id == report_id).values(receipt=code.receipt, code_hash=code.hash)
        self._store.write(lambda conn: conn.execute(renewed))
        return code.shown

    def get(self, report_id: str) -> PublicReport:
        """What everybody may see of a report; ``NotFoundError`` when there is none for the public."""
        query = select(report_table).where(_t.id == report_id, visible())
        with self._store.read() as conn:
            row = conn.execute(query).mappings().one_or_none()
        if row is None:
            raise no_report()
        return public_of(row, self._services.get(row["service_code"]))

    def id_of_token(self, token: str) -> str | None:
        """The number behind a token, None while it has none yet; ``NotFoundError`` for an unknown token."""
        with self._store.read() as conn:
            row = conn.execute(select(_t.id, _t.state).where(_t.token == token)).one_or_none()
        if row is None:
            raise NotFoundError("没有这个 token", "there is no such token", code="report.token")
        return None if row.state == ReportState.RECEIVED.value else str(row.id)

    def find(self, query: ReportFilter) -> ReportList:
        """Reports the public may see, newest first, at most ``LIST_MAX``."""
        chosen = select(report_table).where(*conditions(query)).order_by(_t.received_ms.desc(), _t.id.desc())
        with self._store.read() as conn:
            rows = list(conn.execute(chosen.limit(LIST_MAX + 1)).mappings())
        items = tuple(public_of(row, self._services.get(row["service_code"])) for row in rows[:LIST_MAX])
        return ReportList(items, more=len(rows) > LIST_MAX)

    def updates(self, from_ms: int, to_ms: int) -> UpdateList:
        """What happened to reports the public may see, oldest first, at most ``LIST_MAX``."""
        u = report_update_table.c
        chosen = (
            select(report_update_table, _t.published)
            .join(report_table, _t.id == u.report_id)
            .where(*public_updates(from_ms, to_ms))
            .order_by(u.at_ms, u.id)
            .limit(LIST_MAX + 1)
        )
        with self._store.read() as conn:
            rows = list(conn.execute(chosen).mappings())
        return UpdateList(tuple(public_update_of(row) for row in rows[:LIST_MAX]), more=len(rows) > LIST_MAX)

    def forget_contacts(self, before_ms: int) -> int:
        """Retention: delete names and contacts of reports and cases closed before that time; returns how many."""
        of_reports = update(report_table).where(_t.closed_ms < before_ms, _t.contact.is_not(None)).values(contact=None)
        r = reporter_table.c
        ended = select(case_table.c.id).where(case_table.c.ended, case_table.c.closed_ms < before_ms)
        given = or_(r.name.is_not(None), r.contact.is_not(None))
        of_cases = update(reporter_table).where(r.case_id.in_(ended), given).values(name=None, contact=None)
        return self._store.write(lambda conn: conn.execute(of_reports).rowcount + conn.execute(of_cases).rowcount)

    def waiting(self) -> tuple[int, int]:
        """(reports that nobody has dealt with yet, how many there may be)."""
        with self._store.read() as conn:
            return _waiting(conn), self._waiting_max

    def _insert(self, conn: Connection, new: NewReport, row: dict[str, Any], service: Service, code: str) -> Receipt:
        if _waiting(conn) >= self._waiting_max:
            raise _full()
        try:
            with conn.begin_nested():
                conn.execute(insert(report_table).values(**row))
        except IntegrityError:  # the same report came in twice at the same time
            before = _sent_before(conn, new)
            if before is None:
                raise
            return _again(before, new, service)
        received = open_words(ReportState.RECEIVED)
        add_update(conn, self._ids, row["id"], ReportState.RECEIVED, received, row["received_ms"])
        told = {"report_id": row["id"], "service_code": service.code, "source": new.source}
        emit(conn, "report.received", row["id"], told)
        stored = conn.execute(select(report_table).where(_t.id == row["id"])).mappings().one()
        return receipt_of(stored, service.notice, code)


def _waiting(conn: Connection) -> int:
    query = select(func.count()).select_from(report_table).where(_t.state == ReportState.RECEIVED.value)
    return int(conn.execute(query).scalar_one())


def _full() -> BusyError:
    return BusyError(
        "待受理的上报已满",
        "too many reports wait to be read",
        code="report.full",
        kept=Text("这个上报没有保存", "this report was not kept"),
        todo=Text("请稍后再试，或拨打 12345", "try again later, or call 12345"),
    )


def _cleaned(new: NewReport) -> NewReport:
    contact = {name: clean(value) for name, value in new.contact.given().items()}
    attributes = {
        code: tuple(kept for value in values if (kept := clean(value)) is not None)
        for code, values in new.attributes.items()
    }
    return replace(
        new,
        description=clean(new.description) or "",
        address=clean(new.address),
        address_id=clean(new.address_id),
        media_url=clean(new.media_url),
        contact=Contact(**contact),
        attributes={code: values for code, values in attributes.items() if values},
    )


def _new_row(new: NewReport, service: Service) -> dict[str, Any]:
    return {
        "source": new.source,
        "client_id": new.client_id,
        "service_code": service.code,
        "service_name": service.name,
        "service_type": service.type.value,
        "token": secrets.token_urlsafe(18) if service.type is ServiceType.BATCH else None,
        "description": new.description,
        "address": new.address,
        "address_id": new.address_id,
        "lon": new.lon,
        "lat": new.lat,
        "media_url": new.media_url,
        "attributes": {code: list(values) for code, values in new.attributes.items()},
        "contact": new.contact.given() or None,
        "state": ReportState.RECEIVED.value,
        "published": service.published,
        "status_notes": open_words(ReportState.RECEIVED).zh,
        "not_fixed_count": 0,
    }


def _sent_before(conn: Connection, new: NewReport) -> RowMapping | None:
    if new.client_id is None:
        return None
    same = select(report_table).where(_t.source == new.source, _t.client_id == new.client_id)
    return conn.execute(same).mappings().one_or_none()


def _again(before: RowMapping, new: NewReport, service: Service) -> Receipt:
    told: Mapping[str, Any] = {"service_code": new.service_code, "description": new.description, "lon": new.lon}
    if all(before[name] == value for name, value in told.items()):
        return receipt_of(before, service.notice, None)
    raise ConflictError(
        "这个提交编号已用于另一个上报",
        "this client id was used for another report",
        code="report.client_id",
        kept=Text("先前的上报保持不变，这一个没有保存", "the first report stays as it is, this one was not kept"),
        todo=Text("请用新的编号提交", "send it under a new client id"),
    )
