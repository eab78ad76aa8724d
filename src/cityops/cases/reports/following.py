"""What follows a report (回访与处理): its sender by the code, the desk by permission, the case by its events."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from cityops.access import Permission, Principal, record_audit
from cityops.cases.reports.checking import clean
from cityops.cases.reports.codes import quick_matches, split_code, unknown_code
from cityops.cases.reports.rows import (
    FollowUp,
    ReportDetail,
    ReportPage,
    add_update,
    detail_of,
    locked_report,
    no_report,
    open_words,
    updates_of,
)
from cityops.cases.reports.tables import report_table
from cityops.cases.reports.values import DESCRIPTION_MAX, LINE_MAX, Contact, ReportState
from cityops.cases.tables import case_table
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, Text
from cityops.store import Event, Store, Subscriber, emit

REOPEN_WINDOW_MS: Final = 15 * 86_400_000
UPDATES_MAX: Final = 100
PAGE_MAX: Final = 200
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
        self._ids = ids
        self._window_ms = reopen_window_ms

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
        return FollowUp(detail_of(row), updates, self._may_reopen(row), closed and not rated)

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
            again = row["not_fixed_count"] + 1
            self._move(conn, report_id, ReportState.NOT_FIXED, None, not_fixed_count=again, closed_ms=None)
            add_update(conn, self._ids, report_id, ReportState.NOT_FIXED, said, self._clock.now_ms(), own=True)
            emit(conn, "report.not_fixed", report_id, {"report_id": report_id, "case_id": row["case_id"]})

        self._store.write(work)
        return self.follow(code)

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

    def contact(self, principal: Principal, report_id: str, purpose: str) -> Contact:
        """How to reach the sender, for a purpose; leaves an audit line."""
        principal.require(Permission.CASES_OPEN)
        why = _words(purpose, LINE_MAX)

        def work(conn: Connection) -> Contact:
            row = locked_report(conn, report_id)
            self._audit(conn, principal, "report.contact", report_id, {}, purpose=why)
            return Contact(**(row["contact"] or {}))

        return self._store.write(work)

    def publish(self, principal: Principal, report_id: str, *, published: bool) -> ReportDetail:
        """A person has read it: its words and exact place may be seen by everybody, or not any more."""
        principal.require(Permission.CASES_OPEN)

        def work(conn: Connection) -> None:
            locked_report(conn, report_id)
            conn.execute(update(report_table).where(_t.id == report_id).values(published=published))
            self._audit(conn, principal, "report.publish", report_id, {"published": published})

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
            self._move(conn, report_id, ReportState.REFUSED, why, closed_ms=now_ms)
            add_update(conn, self._ids, report_id, ReportState.REFUSED, why, now_ms)
            self._audit(conn, principal, "report.refuse", report_id, {"reason": why})

        self._store.write(work)
        return self.detail(principal, report_id)

    def file(
        self,
        conn: Connection,
        principal: Principal,
        report_id: str,
        case_id: str,
        *,
        agency: str | None = None,
        expected_ms: int | None = None,
    ) -> None:
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
        notes = open_words(ReportState.FILED).zh
        self._move(conn, report_id, ReportState.FILED, notes, case_id=case_id, agency=agency, expected_ms=expected_ms)
        add_update(conn, self._ids, report_id, ReportState.FILED, notes, self._clock.now_ms())
        self._audit(conn, principal, "report.file", report_id, {"case_id": case_id})

    # --- the case ----------------------------------------------------------------------------------------------

    def subscriber(self) -> Subscriber:
        """Closes reports with their case, every one of a merged case, and opens them again when it is re-opened."""
        return Subscriber("reports", ("case.changed",), self._case_changed)

    def _case_changed(self, conn: Connection, event: Event) -> None:
        case_id = event.payload["case_id"]
        case = conn.execute(select(case_table.c.ended, case_table.c.closed_ms).where(case_table.c.id == case_id)).one()
        linked = select(report_table).where(_t.case_id == case_id).with_for_update()
        for row in list(conn.execute(linked).mappings()):
            state = ReportState(row["state"])
            again = state is ReportState.NOT_FIXED and (case.closed_ms or 0) > row["updated_ms"]
            if case.ended and (state is ReportState.FILED or again):
                self._told(conn, row["id"], ReportState.CLOSED, closed_ms=self._clock.now_ms())
            elif not case.ended and state in (ReportState.CLOSED, ReportState.NOT_FIXED):
                self._told(conn, row["id"], ReportState.FILED, closed_ms=None)

    # --- inside ------------------------------------------------------------------------------------------------

    def _may_reopen(self, row: RowMapping) -> bool:
        closed = ReportState(row["state"]) in (ReportState.CLOSED, ReportState.REFUSED)
        return closed and self._clock.now_ms() - row["closed_ms"] <= self._window_ms

    def _told(self, conn: Connection, report_id: str, state: ReportState, **more: Any) -> None:
        words = open_words(state).zh
        self._move(conn, report_id, state, words, **more)
        add_update(conn, self._ids, report_id, state, words, self._clock.now_ms())

    def _move(self, conn: Connection, report_id: str, state: ReportState, notes: str | None, **more: Any) -> None:
        values = {"state": state.value, "status_notes": notes or open_words(state).zh}
        values |= more | {"updated_ms": self._clock.now_ms()}
        conn.execute(update(report_table).where(_t.id == report_id).values(**values))

    def _audit(
        self,
        conn: Connection,
        who: Principal,
        action: str,
        report_id: str,
        detail: dict[str, Any],
        *,
        purpose: str | None = None,
    ) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=who,
            action=action,
            object_type="report",
            object_id=report_id,
            purpose=purpose,
            detail=detail,
        )


def _words(given: str, most: int) -> str:
    said = clean(given)
    if said is None or len(said) > most:
        raise InvalidError(
            f"请填写 1 至 {most} 个字", f"write 1 to {most} characters", code="report.words", kept=_NOTHING
        )
    return said


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
