"""Parties (当事人): read by those who work on the case, for a purpose, audited; erased when their time is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from cityops.access import SYSTEM, Principal, mask_phone, record_audit
from cityops.cases import CaseDetailView, case_table
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, Text
from cityops.scenes.disputes.registering import NewParty, add_party_in, check_party, dispute_row
from cityops.scenes.disputes.rules import dispute_rules
from cityops.scenes.disputes.tables import dispute_table, party_table
from cityops.scenes.registry import SceneContext

_DAY_MS: Final = 24 * 3600 * 1000
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party; name and contact are ``None`` once they were erased."""

    party_id: str
    role: str
    name: str | None
    contact: str | None


def read_parties(context: SceneContext, principal: Principal, case_id: str, purpose: str) -> list[PartyView]:
    """The parties of a case that this person works on; the telephone number whole only where the purpose needs it.

    The reading is audited before anything goes out.

    Raises:
        InvalidError: no such purpose. NotFoundError: no such dispute for this person.
        ForbiddenError: ``dispute.not_handling``.
    """
    asked = dispute_rules().purposes.get(purpose)
    if asked is None:
        raise InvalidError(f"没有用途“{purpose}”", f"there is no purpose {purpose!r}", code="dispute.purpose")
    ensure_inside(context, principal, case_id)

    def work(conn: Connection) -> list[Any]:
        query = select(party_table).where(party_table.c.case_id == case_id).order_by(party_table.c.id)
        rows = list(conn.execute(query).mappings())
        _audit(conn, context, principal, "dispute.parties", case_id, purpose=purpose)
        return rows

    return [
        PartyView(row["id"], row["role"], row["name"], _contact(row["contact"], whole=asked.contact))
        for row in context.store.write(work)
    ]


def add_party(context: SceneContext, principal: Principal, case_id: str, party: NewParty) -> None:
    """Add a party to a running dispute that this person works on.

    Raises:
        InvalidError: no name, or an unknown role. NotFoundError, ForbiddenError: as for ``read_parties``.
        ConflictError: ``dispute.ended``.
    """
    check_party(party)
    if ensure_inside(context, principal, case_id).closed_at is not None:
        raise ConflictError("案件已结束，不能增加当事人", "the case has ended", code="dispute.ended")

    def work(conn: Connection) -> None:
        add_party_in(conn, context, case_id, party)
        _audit(conn, context, principal, "dispute.add_party", case_id)

    context.store.write(work)


def ensure_inside(context: SceneContext, principal: Principal, case_id: str) -> CaseDetailView:
    """The case, when it is a dispute that this person works on.

    Raises:
        NotFoundError: no such dispute for this person. ForbiddenError: ``dispute.not_handling``.
    """
    case = context.cases.get(principal, case_id)
    with context.store.read() as conn:
        if dispute_row(conn, case_id) is None:
            raise NotFoundError("没有这件矛盾纠纷", "there is no such dispute", code="dispute.missing")
    if not case.inside:
        raise ForbiddenError(
            "只有承办此案的人员可以查看当事人",
            "only those who work on this case may read its parties",
            code="dispute.not_handling",
            kept=Text("没有显示任何当事人信息", "nothing about the parties was shown"),
            todo=Text("请联系承办单位", "ask the centre that holds the case"),
        )
    return case


def party_words(conn: Connection, case_id: str) -> str:
    """All parties in a line, as an agreement names them: 张某（申请人）、李某（被申请人）."""
    roles = dispute_rules().party_roles
    query = select(party_table).where(party_table.c.case_id == case_id).order_by(party_table.c.id)
    rows = conn.execute(query).mappings()
    return "、".join(f"{row['name']}（{roles[row['role']].zh}）" for row in rows if row["name"])


def erase_passed(context: SceneContext) -> int:
    """Erase names, contacts and accounts of disputes that ended longer ago than the rules keep them; returns how many.

    What was written in the steps and the documents is the case's file (调解卷宗) and stays.
    """
    total = 0
    while done := context.store.write(lambda conn: _erase_batch(conn, context)):
        total += done
    return total


def _erase_batch(conn: Connection, context: SceneContext) -> int:
    now_ms = context.clock.now_ms()
    before_ms = now_ms - dispute_rules().retention_days * _DAY_MS
    query = (
        select(dispute_table.c.case_id)
        .join(case_table, case_table.c.id == dispute_table.c.case_id)
        .where(dispute_table.c.erased_ms.is_(None), case_table.c.ended.is_(True), case_table.c.closed_ms < before_ms)
        .order_by(dispute_table.c.case_id)
        .limit(BATCH)
    )
    found = list(conn.execute(query).scalars())
    for case_id in found:
        conn.execute(update(party_table).where(party_table.c.case_id == case_id).values(name=None, contact=None))
        own = dispute_table.c.case_id == case_id
        conn.execute(update(dispute_table).where(own).values(account=None, erased_ms=now_ms))
        _audit(conn, context, SYSTEM, "dispute.erase", case_id)
    return len(found)


def _contact(contact: str | None, *, whole: bool) -> str | None:
    return contact if contact is None or whole else mask_phone(contact)


def _audit(
    conn: Connection,
    context: SceneContext,
    principal: Principal,
    action: str,
    case_id: str,
    *,
    purpose: str | None = None,
) -> None:
    record_audit(
        conn,
        at_ms=context.clock.now_ms(),
        actor=principal,
        action=action,
        object_type="case",
        object_id=case_id,
        purpose=purpose,
    )
