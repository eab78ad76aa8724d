"""What follows a report (回访与处理): its sender by the code, the desk by permission."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, RowMapping, func, select, update

from cityops.access import AuditTrail, Permission, Principal
from cityops.cases.reports.checking import clean
from cityops.cases.reports.codes import quick_matches, split_code, unknown_code
from cityops.cases.reports.rows import (
    FollowUp,
    ReportDetail,
    ReportPage,
    add_update,
    detail_of,
    handling_of,
    locked_report,
    move_report,
    no_report,
    open_words,
    updates_of,
)
from cityops.cases.reports.tables import report_table, report_update_table
from cityops.cases.reports.values import (
    DESCRIPTION_MAX,
    LINE_MAX,
    Contact,
    ReportState,
    ReportUpdate,
    SenderWords,
)
from cityops.kit import BusyError, Clock, ConflictError, IdMaker, InvalidError, Text
from cityops.store import Store, emit

REOPEN_WINDOW_MS: Final = 15 * 86_400_000
UPDATES_MAX: Final = 100
PAGE_MAX: Final = 200
CLIENT_ID_MAX: Final = 64
STARS: Final = range(1, 6)
_NOTHING: Final = Text("没有改变任何内容", "nothing was changed")
_t = report_table.c


class ReportDesk:
    """Follows reports.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        reopen_window_ms: how long after closing the sender may say "not fixed" (default 15 days).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        *,
        reopen_window_ms: int = REOPEN_WINDOW_MS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._trail = AuditTrail(clock, "report")
        self._ids = ids
        self.reopen_window_ms = reopen_window_ms

    # --- the sender, by the code -------------------------------------------------------------------------------

    def id_of_code(self, code: str) -> str:
        """The report a code belongs to; ``NotFoundError`` otherwise."""
        receipt, secret = split_code(code)
        with self._store.read() as conn:
            row = conn.execute(select(_t.id, _t.code_hash).where(_t.receipt == receipt)).one_or_none()
        if not quick_matches(row.code_hash if row else None, secret) or row is None:
            raise unknown_code()
        return str(row.id)

    def follow(self, code: str) -> FollowUp:
        """The report as its sender sees it. Raises as ``id_of_code``."""
        report_id = self.id_of_code(code)
        with self._store.read() as conn:
            row = conn.execute(select(report_table).where(_t.id == report_id)).mappings().one()
            updates = updates_of(conn, report_id, UPDATES_MAX)
        rated = row["rating"] is not None
        closed = ReportState(row["state"]) is ReportState.CLOSED
        may_reopen = self._may_reopen(row)
        until_ms = row["closed_ms"] + self.reopen_window_ms if may_reopen else None
        return FollowUp(detail_of(row), updates, may_reopen, until_ms, closed and not rated)

    def not_fixed(self, code: str, words: str) -> FollowUp:
        """The sender says that it is not fixed; the report is open again and ``report.not_fixed`` tells the desk.

        Raises:
            ConflictError: not closed, or the window is over.
            InvalidError: no words, or too many.
        """
        report_id, said = self.id_of_code(code), _words(words, DESCRIPTION_MAX)

        def work(conn: Connection) -> None:
            row = locked_report(conn, report_id)
            if not self._may_reopen(row):
                raise _too_late()
            self._say_not_fixed(conn, row, said, None)

        self._store.write(work)
        return self.follow(code)

    def say(self, new: SenderWords) -> str:
        """What the sender says through the system that sent the report; returns the id of the update.

        Words about a report that is open are noted for the desk; a closed one is opened again when it is not fixed.

        Raises:
            NotFoundError: no such report of this source.
            ConflictError: "not fixed", and the window is over.
            InvalidError: no words, or too many.
            BusyError: the sender has said ``UPDATES_MAX`` things about this report.
        """
        said = _words(new.text, DESCRIPTION_MAX)
        client_id = None if new.client_id is None else _words(new.client_id, CLIENT_ID_MAX)

        def work(conn: Connection) -> str:
            row = locked_report(conn, new.report_id)
            if row["source"] != new.source:
                raise no_report()
            before = _said_before(conn, new.report_id, client_id)
            if before is not None:
                return before
            if new.not_fixed and ReportState(row["state"]) in (ReportState.CLOSED, ReportState.REFUSED):
                if not self._may_reopen(row):
                    raise _too_late()
                return self._say_not_fixed(conn, row, said, client_id)
            state, words = ReportState(row["state"]), Text(said, said)
            now_ms = self._clock.now_ms()
            return add_update(conn, self._ids, new.report_id, state, words, now_ms, own=True, client_id=client_id)

        return self._store.write(work)

    def rate(self, code: str, stars: int, comment: str = "") -> FollowUp:
        """The sender's satisfaction (满意度), 1 to 5, once, after closing.

        Raises:
            ConflictError: not closed, or rated before.
            InvalidError: not 1 to 5, or a comment that is too long.
        """
        if stars not in STARS:
            raise InvalidError("评分需为 1 至 5", "a rating is 1 to 5", code="report.rating", kept=_NOTHING)
        said = _words(comment, LINE_MAX) if clean(comment) else None
        report_id = self.id_of_code(code)

        def work(conn: Connection) -> None:
            row = locked_report(conn, report_id)
            if ReportState(row["state"]) is not ReportState.CLOSED or row["rating"] is not None:
                raise ConflictError(
                    "办结后可以评价一次", "it can be rated once, after closing", code="report.rated", kept=_NOTHING
                )
            conn.execute(update(report_table).where(_t.id == report_id).values(rating=stars, rating_comment=said))
            emit(conn, "report.rated", report_id, {"report_id": report_id, "case_id": row["case_id"], "stars": stars})

        self._store.write(work)
        return self.follow(code)

    # --- the desk ----------------------------------------------------------------------------------------------

    def inbox(self, principal: Principal, state: ReportState, *, before_id: str | None = None) -> ReportPage:
        """Reports in a state, newest first, ``PAGE_MAX`` at a time; ``before_id`` continues a page."""
        principal.require(Permission.CASES_OPEN)
        query = select(report_table).where(_t.state == state.value).order_by(_t.id.desc()).limit(PAGE_MAX + 1)
        if before_id is not None:
            query = query.where(_t.id < before_id)
        with self._store.read() as conn:
            rows = list(conn.execute(query).mappings())
        return ReportPage(tuple(detail_of(row) for row in rows[:PAGE_MAX]), more=len(rows) > PAGE_MAX)

    def detail(self, principal: Principal, report_id: str) -> ReportDetail:
        """One report without its contact."""
        principal.require(Permission.CASES_OPEN)
        with self._store.read() as conn:
            row = conn.execute(select(report_table).where(_t.id == report_id)).mappings().one_or_none()
        if row is None:
            raise no_report()
        return detail_of(row)

    def history(self, principal: Principal, report_id: str) -> tuple[ReportUpdate, ...]:
        """What happened to a report and what its sender said, oldest first."""
        principal.require(Permission.CASES_OPEN)
        with self._store.read() as conn:
            return updates_of(conn, report_id, UPDATES_MAX)

    def contact(self, principal: Principal, report_id: str, purpose: str) -> Contact:
        """How to reach the sender, for a purpose; leaves an audit line."""
        principal.require(Permission.CONTACTS_READ)
        why = _words(purpose, LINE_MAX)

        def work(conn: Connection) -> Contact:
            row = locked_report(conn, report_id)
            self._trail(conn, principal, "report.contact", report_id, {}, purpose=why)
            return Contact(**(row["contact"] or {}))

        return self._store.write(work)

    def publish(self, principal: Principal, report_id: str, *, published: bool) -> ReportDetail:
        """A person has read it: its words and exact place may be seen by everybody, or not any more."""
        principal.require(Permission.CASES_OPEN)

        def work(conn: Connection) -> None:
            locked_report(conn, report_id)
            conn.execute(update(report_table).where(_t.id == report_id).values(published=published))
            self._trail(conn, principal, "report.publish", report_id, {"published": published})

        self._store.write(work)
        return self.detail(principal, report_id)

    def refuse(self, principal: Principal, report_id: str, reason: str) -> ReportDetail:
        """Not accepted (不予受理), with the reason the sender reads; ``ConflictError`` when it is filed or closed."""
        principal.require(Permission.CASES_OPEN)
        why = _words(reason, LINE_MAX)

        def work(conn: Connection) -> None:
            row = locked_report(conn, report_id)
            if ReportState(row["state"]) not in (ReportState.RECEIVED, ReportState.NOT_FIXED):
                raise _dealt_with()
            now_ms = self._clock.now_ms()
            move_report(conn, report_id, ReportState.REFUSED, why, now_ms, closed_ms=now_ms)
            add_update(conn, self._ids, report_id, ReportState.REFUSED, Text(why, why), now_ms)
            self._trail(conn, principal, "report.refuse", report_id, {"reason": why})

        self._store.write(work)
        return self.detail(principal, report_id)

    def file(self, conn: Connection, principal: Principal, report_id: str, case_id: str) -> None:
        """In the running write that files or merges it: the report belongs to the case, its sender is told.

        Raises:
            ConflictError: it belongs to a case already, or is closed.
        """
        principal.require(Permission.CASES_OPEN)
        row = locked_report(conn, report_id)
        if row["case_id"] == case_id and ReportState(row["state"]) is ReportState.FILED:
            return
        if ReportState(row["state"]) not in (ReportState.RECEIVED, ReportState.NOT_FIXED):
            raise _dealt_with()
        words, now_ms = open_words(ReportState.FILED), self._clock.now_ms()
        unit_name, due_ms = handling_of(conn, case_id)
        of_case = {"case_id": case_id, "agency": unit_name, "expected_ms": due_ms}
        move_report(conn, report_id, ReportState.FILED, words.zh, now_ms, **of_case)
        add_update(conn, self._ids, report_id, ReportState.FILED, words, now_ms)
        self._trail(conn, principal, "report.file", report_id, {"case_id": case_id})

    # --- inside ------------------------------------------------------------------------------------------------

    def _may_reopen(self, row: RowMapping) -> bool:
        closed = ReportState(row["state"]) in (ReportState.CLOSED, ReportState.REFUSED)
        return closed and self._clock.now_ms() - row["closed_ms"] <= self.reopen_window_ms

    def _say_not_fixed(self, conn: Connection, row: RowMapping, said: str, client_id: str | None) -> str:
        """The report is open again; ``report.not_fixed`` has its case opened again, or leaves it to the desk."""
        report_id, state, now_ms = row["id"], ReportState.NOT_FIXED, self._clock.now_ms()
        again = {"not_fixed_count": row["not_fixed_count"] + 1, "closed_ms": None}
        move_report(conn, report_id, state, open_words(state).zh, now_ms, **again)
        words = Text(said, said)
        update_id = add_update(conn, self._ids, report_id, state, words, now_ms, own=True, client_id=client_id)
        emit(conn, "report.not_fixed", report_id, {"report_id": report_id, "case_id": row["case_id"]})
        return update_id


def _words(given: str, most: int) -> str:
    said = clean(given)
    if said is None or len(said) > most:
        raise InvalidError(
            f"请填写 1 至 {most} 个字", f"write 1 to {most} characters", code="report.words", kept=_NOTHING
        )
    return said


def _said_before(conn: Connection, report_id: str, client_id: str | None) -> str | None:
    """The update that was sent under this id before; ``BusyError`` when the sender has said too much already."""
    u = report_update_table.c
    if client_id is not None:
        same = select(u.id).where(u.report_id == report_id, u.client_id == client_id)
        before: str | None = conn.execute(same).scalar()
        if before is not None:
            return before
    count = select(func.count()).where(u.report_id == report_id, u.by_reporter)
    if conn.execute(count).scalar_one() >= UPDATES_MAX:
        raise BusyError(
            f"这个上报的补充说明已达 {UPDATES_MAX} 条",
            f"this report has {UPDATES_MAX} updates of its sender",
            code="report.updates_full",
            kept=_NOTHING,
        )
    return None


def _too_late() -> ConflictError:
    return ConflictError(
        "尚未办结，或已超过可以反映“未解决”的期限",
        'it is not closed, or the time for saying "not fixed" is over',
        code="report.window",
        kept=_NOTHING,
        todo=Text("请重新上报", "send a new report"),
    )


def _dealt_with() -> ConflictError:
    return ConflictError(
        "这个上报已处理", "this report was dealt with", code="report.dealt_with", kept=_NOTHING,
        todo=Text("请刷新后查看", "reload and look at it"),
    )  # fmt: skip
