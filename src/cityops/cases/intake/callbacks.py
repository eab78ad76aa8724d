"""Calls back (回访): to those who reported and want to hear, once their case has ended; and how satisfied they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from cityops.access import AuditTrail, Permission, Principal, mask_phone
from cityops.cases.intake.tables import call_back_table
from cityops.cases.opening import CALL_BACK_DONE, CALL_BACK_OWED
from cityops.cases.scope import inside_scope
from cityops.cases.tables import answer_table, case_table, reporter_table
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, NotFoundError, Text, from_ms
from cityops.store import Store, emit

LIST_MAX: Final = 200
COMMENT_MAX: Final = 500
STARS: Final = range(1, 6)
_UNCHANGED: Final = Text("没有改变任何内容", "nothing was changed")
_r: Final = reporter_table.c
_a: Final = answer_table.c


@dataclass(frozen=True, slots=True)
class ReporterView:
    """One who reported a case; name and contact are masked, whoever looks.

    ``call_back``: ``owed``, ``done``, or None when nobody asked for one; ``told``: the last answer that was given.
    """

    reporter_id: str
    channel: str
    name: str | None
    contact: str | None
    reference: str | None
    at: datetime
    call_back: str | None
    told: Text | None


@dataclass(frozen=True, slots=True)
class OwedCall:
    """A call that is owed; ``attempts``: how often this person was not reached since the answer."""

    reporter: ReporterView
    case_id: str
    number: str
    title: Text
    answered_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class OwedCalls:
    """The calls that are owed, the longest waiting first, at most ``LIST_MAX``; ``total`` says how many there are."""

    items: tuple[OwedCall, ...]
    total: int


@dataclass(frozen=True, slots=True)
class FullContact:
    """Name and contact of one who reported, after a purpose was given."""

    name: str | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """What came of a call: whether the person was reached and, if so, the satisfaction (满意度) of 1 to 5."""

    reached: bool
    stars: int | None = None
    comment: str | None = None


class CallBacks:
    """Who is to be called, and what they said.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
    """

    def __init__(self, store: Store, clock: Clock, ids: IdMaker) -> None:
        self._store = store
        self._clock = clock
        self._trail = AuditTrail(clock, "case")
        self._ids = ids

    def owed(self, principal: Principal) -> OwedCalls:
        """The reporters of ended cases, also of those merged into them, who want to be called and were not yet."""
        principal.require(Permission.CASES_OPEN)
        waiting = _owed(principal)
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()
            rows = list(conn.execute(waiting.order_by(_a.at_ms, _a.id).limit(LIST_MAX)).mappings())
            attempts = _attempts(conn, [row["answer_id"] for row in rows])
        return OwedCalls(tuple(_owed_call(row, attempts) for row in rows), int(total))

    def record(self, principal: Principal, reporter_id: str, call: Call) -> None:
        """Note a call.

        Raises:
            InvalidError: ``call_back.form``: stars without having been reached, not 1 to 5, or words that are too long.
            ConflictError: ``call_back.not_owed``: no call to this person is owed (any more).
        """
        principal.require(Permission.CASES_OPEN)
        fits = call.stars in STARS if call.reached else call.stars is None
        if not fits or len(call.comment or "") > COMMENT_MAX:
            raise InvalidError(
                f"接通时请给出 1 至 5 的满意度；说明不超过 {COMMENT_MAX} 字",
                f"give 1 to 5 stars when the person was reached, and at most {COMMENT_MAX} characters of words",
                code="call_back.form",
                kept=_UNCHANGED,
                todo=Text("请改正后重新提交", "correct it and send it again"),
            )
        self._store.write(lambda conn: self._record(conn, principal, reporter_id, call))

    def reporters(self, principal: Principal, case_id: str) -> list[ReporterView]:
        """Who reported a case, or one merged into it, the first one first, masked; ``NotFoundError`` out of scope."""
        principal.require(Permission.CASES_OPEN)
        case = case_table.c
        with self._store.read() as conn:
            if conn.execute(select(case.id).where(case.id == case_id, inside_scope(principal))).scalar() is None:
                raise _no_reporter()
            here = select(case.id).where((case.id == case_id) | (case.merged_into_id == case_id))
            query = select(reporter_table).where(_r.case_id.in_(here)).order_by(_r.id).limit(LIST_MAX)
            rows = list(conn.execute(query).mappings())
            answers = select(answer_table).where(_a.reporter_id.in_([row["id"] for row in rows])).order_by(_a.id)
            told = {one["reporter_id"]: _words(one) for one in conn.execute(answers).mappings()}
        return [_reporter_view(row, told.get(row["id"])) for row in rows]

    def contact(self, principal: Principal, reporter_id: str, purpose: str) -> FullContact:
        """Name and contact in full, for a purpose; leaves an audit line in the same transaction.

        Raises:
            ForbiddenError: without ``contacts.read``. InvalidError: no purpose.
            NotFoundError: no such reporter for this person.
        """
        principal.require(Permission.CONTACTS_READ)
        why = purpose.strip()
        if not 0 < len(why) <= COMMENT_MAX:
            raise InvalidError(
                "请填写查看联系方式的用途", "say why the contact is needed", code="contact.purpose", kept=_UNCHANGED
            )
        return self._store.write(lambda conn: self._contact(conn, principal, reporter_id, why))

    def _record(self, conn: Connection, who: Principal, reporter_id: str, call: Call) -> None:
        owed = (_r.id == reporter_id) & (_r.call_back == CALL_BACK_OWED)
        row = conn.execute(_owed(who).where(owed)).mappings().one_or_none()
        settled = update(reporter_table).where(owed).values(call_back=CALL_BACK_DONE)
        if row is None or (call.reached and conn.execute(settled).rowcount == 0):
            raise _not_owed()
        at_ms, call_id = self._clock.now_ms(), self._ids.next()
        conn.execute(
            insert(call_back_table).values(
                id=call_id,
                reporter_id=reporter_id,
                answer_id=row["answer_id"],
                actor_id=who.account_id,
                actor_name=who.display_name,
                reached=call.reached,
                stars=call.stars,
                comment=(call.comment or "").strip() or None,
                at_ms=at_ms,
            )
        )
        case_id = row["ended_case_id"]
        told = {"reporter_id": reporter_id, "reached": call.reached, "stars": call.stars}
        emit(conn, "reporter.called", call_id, {"case_id": case_id, **told})
        self._trail(conn, who, "reporter.called", case_id, told)

    def _contact(self, conn: Connection, who: Principal, reporter_id: str, why: str) -> FullContact:
        query = select(_r.name, _r.contact, _r.case_id).join(case_table, case_table.c.id == _r.case_id)
        row = conn.execute(query.where(_r.id == reporter_id, inside_scope(who))).one_or_none()
        if row is None:
            raise _no_reporter()
        self._trail(conn, who, "reporter.contact", row.case_id, {"reporter_id": reporter_id}, purpose=why)
        return FullContact(row.name, row.contact)


def mask_name(name: str) -> str:
    """``王**``: the family name, the rest starred."""
    return name[:1] + "*" * max(1, len(name) - 1)


def _owed(principal: Principal) -> Select[Any]:
    """The reporters who are owed a call, with the newest answer they were given, which must be of an ended case."""
    newest = select(func.max(_a.id)).where(_a.reporter_id == _r.id).correlate(reporter_table).scalar_subquery()
    case = case_table.c
    return (
        select(
            reporter_table,
            _a.id.label("answer_id"),
            _a.at_ms.label("answered_ms"),
            _a.text_zh,
            _a.text_en,
            case.id.label("ended_case_id"),
            case.number,
            case.title_zh,
            case.title_en,
        )
        .join(answer_table, _a.id == newest)
        .join(case_table, case.id == _a.case_id)
        .where(_r.call_back == CALL_BACK_OWED, case.ended.is_(True), case.merged_into_id.is_(None))
        .where(inside_scope(principal))
    )


def _attempts(conn: Connection, answer_ids: Collection[str]) -> dict[str, int]:
    c = call_back_table.c
    query = select(c.answer_id, func.count()).where(c.answer_id.in_(answer_ids)).group_by(c.answer_id)
    return {answer_id: int(count) for answer_id, count in conn.execute(query)}


def _owed_call(row: RowMapping, attempts: dict[str, int]) -> OwedCall:
    return OwedCall(
        reporter=_reporter_view(row, _words(row)),
        case_id=row["ended_case_id"],
        number=row["number"],
        title=Text(row["title_zh"], row["title_en"]),
        answered_at=from_ms(row["answered_ms"]),
        attempts=attempts.get(row["answer_id"], 0),
    )


def _reporter_view(row: RowMapping, told: Text | None) -> ReporterView:
    return ReporterView(
        reporter_id=row["id"],
        channel=row["channel"],
        name=None if row["name"] is None else mask_name(row["name"]),
        contact=None if row["contact"] is None else mask_phone(row["contact"]),
        reference=row["reference"],
        at=from_ms(row["at_ms"]),
        call_back=row["call_back"],
        told=told,
    )


def _words(row: RowMapping) -> Text:
    return Text(row["text_zh"], row["text_en"])


def _no_reporter() -> NotFoundError:
    return NotFoundError(
        "没有这个案件或上报人，或您无权查看", "no such case or reporter, or not yours to see", code="case.not_found"
    )


def _not_owed() -> ConflictError:
    return ConflictError(
        "这次回访已不需要：已有同事完成，或案件又在办理",
        "this call is not owed (any more): a colleague has made it, or the case is open again",
        code="call_back.not_owed",
        kept=_UNCHANGED,
        todo=Text("请刷新回访清单", "reload the list of calls"),
    )
