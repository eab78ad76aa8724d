"""What a dispute is about (案情要素), and which mechanisms of the social-insurance route apply to it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select

from cityops.access import Principal
from cityops.cases import deadline_table, task_table
from cityops.kit import NotFoundError, Text, from_ms
from cityops.scenes.disputes.registering import dispute_row
from cityops.scenes.disputes.rules import SOCIAL_INSURANCE, Facts, dispute_rules, mechanism_reasons
from cityops.scenes.disputes.tables import party_table
from cityops.scenes.registry import SceneContext


@dataclass(frozen=True, slots=True)
class MechanismView:
    """A mechanism: whether it applies to this case now, and why or why not."""

    name: str
    title: Text
    owner: Text
    duty: Text
    limit_amount: float
    limit_unit: str
    applies: bool
    reasons: list[Text]


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute. ``account`` is ``None`` for who does not work on it, and when it was erased."""

    case_id: str
    field: str
    source: str
    topic: str | None
    people: int
    amount_fen: int
    parties: int
    inside: bool
    account: str | None
    erased: bool
    mechanisms: list[MechanismView]


def dispute_view(context: SceneContext, principal: Principal, case_id: str) -> DisputeView:
    """What a case is about, without anybody's name.

    Raises:
        NotFoundError: no such dispute for this person.
    """
    case = context.cases.get(principal, case_id)
    with context.store.read() as conn:
        row = dispute_row(conn, case_id)
        if row is None:
            raise NotFoundError("没有这件矛盾纠纷", "there is no such dispute", code="dispute.missing")
        counted = select(func.count()).select_from(party_table).where(party_table.c.case_id == case_id)
        parties = int(conn.execute(counted).scalar_one())
        facts = facts_of(conn, row, context.clock.now_ms())
    return DisputeView(
        case_id=case_id,
        field=row["field"],
        source=row["source"],
        topic=row["topic"],
        people=row["people"],
        amount_fen=row["amount_fen"],
        parties=parties,
        inside=case.inside,
        account=row["account"] if case.inside else None,
        erased=row["erased_ms"] is not None,
        mechanisms=_mechanisms(row, facts),
    )


def facts_of(conn: Connection, row: RowMapping, now_ms: int) -> Facts:
    """The facts that the mechanisms look at."""
    task, due = task_table.c, deadline_table.c
    risks = select(func.count()).select_from(task_table).where(task.case_id == row["case_id"], task.kind == "risk")
    late = select(func.count()).select_from(deadline_table).where(due.case_id == row["case_id"])
    late = late.where(func.coalesce(due.done_ms, now_ms) > due.due_ms)
    return {
        "people": row["people"],
        "amount_yuan": row["amount_fen"] // 100,
        "source": row["source"],
        "state": row["state"],
        "risks": int(conn.execute(risks).scalar_one()),
        "late": int(conn.execute(late).scalar_one()),
    }


def _mechanisms(row: RowMapping, facts: Facts) -> list[MechanismView]:
    """The ten mechanisms that were in force when the case was opened; none outside the social-insurance route."""
    if row["topic"] != SOCIAL_INSURANCE:
        return []
    views: list[MechanismView] = []
    for mechanism in dispute_rules().mechanisms_on(from_ms(row["opened_ms"]).date()):
        applies, reasons = mechanism_reasons(mechanism, facts)
        views.append(
            MechanismView(
                name=mechanism.name,
                title=mechanism.title.text,
                owner=mechanism.owner.text,
                duty=mechanism.duty.text,
                limit_amount=mechanism.limit.amount,
                limit_unit=mechanism.limit.unit.value,
                applies=applies,
                reasons=reasons,
            )
        )
    return views
