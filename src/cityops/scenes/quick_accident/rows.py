"""Rows of accidents read and turned into views; the desk, the officer and the parties' phones share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, func, select

from cityops.cases import case_table, step_table, task_table
from cityops.cases.evidence import evidence_table
from cityops.kit import NotFoundError, from_ms
from cityops.scenes.quick_accident.rules import Level, RuleSet, rules_on
from cityops.scenes.quick_accident.tables import (
    accident_table,
    answer_table,
    decision_table,
    link_table,
    party_table,
    photo_table,
)
from cityops.scenes.quick_accident.views import (
    AccidentAnswer,
    AccidentDecision,
    AccidentLink,
    AccidentPhoto,
    AccidentRules,
    Way,
)

SCENE: Final = "quick_accident"
KIND: Final = "accident"
DECIDING: Final = ("decide_online", "certify")
"""The steps by which a named person decides the liability."""
MAX_WRONG: Final = 5
"""Wrong answers to who somebody is, before a link is locked."""


def accident_row(conn: Connection, case_id: str) -> RowMapping:
    """The accident of a case; ``NotFoundError`` when the case is none."""
    row = conn.execute(select(accident_table).where(accident_table.c.case_id == case_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("这不是事故案件", "this case is no accident", code="accident.missing")
    return row


def party_rows(conn: Connection, case_id: str) -> Sequence[RowMapping]:
    """The parties in the order of their labels."""
    query = select(party_table).where(party_table.c.case_id == case_id).order_by(party_table.c.label)
    return conn.execute(query).mappings().all()


def case_row(conn: Connection, case_id: str) -> RowMapping:
    """The case as it is now in this transaction."""
    return conn.execute(select(case_table).where(case_table.c.id == case_id)).mappings().one()


def held_case(conn: Connection, case_id: str) -> RowMapping:
    """The case, held until the transaction ends: what is decided by its state stays true."""
    return conn.execute(select(case_table).where(case_table.c.id == case_id).with_for_update()).mappings().one()


def decision_row(conn: Connection, case_id: str) -> RowMapping | None:
    """The plan of liability in force: the last one that was not withdrawn, or ``None``."""
    wanted = (decision_table.c.case_id == case_id) & decision_table.c.withdrawn.is_(False)
    query = select(decision_table).where(wanted).order_by(decision_table.c.id.desc()).limit(1)
    return conn.execute(query).mappings().one_or_none()


def decided_step(conn: Connection, case_id: str, since_ms: int) -> RowMapping | None:
    """The step by which the plan recorded at ``since_ms`` was decided, or ``None``."""
    step = step_table.c
    wanted = (step.case_id == case_id) & step.action.in_(DECIDING) & (step.at_ms >= since_ms)
    query = select(step_table).where(wanted).order_by(step.sequence.desc()).limit(1)
    return conn.execute(query).mappings().one_or_none()


def decision_at(conn: Connection, case_id: str, step: RowMapping) -> tuple[RowMapping, RowMapping]:
    """The plan of liability that held when a step was taken, withdrawn since or not, and the step that decided it."""
    taken, plan = step_table.c, decision_table.c
    earlier = (taken.case_id == case_id) & taken.action.in_(DECIDING) & (taken.sequence <= step["sequence"])
    query = select(step_table).where(earlier).order_by(taken.sequence.desc()).limit(1)
    decided = conn.execute(query).mappings().one()
    recorded = (plan.case_id == case_id) & (plan.recorded_ms <= decided["at_ms"])
    plans = select(decision_table).where(recorded).order_by(plan.id.desc()).limit(1)
    return conn.execute(plans).mappings().one(), decided


def answers_of(conn: Connection, decision_id: str | None) -> dict[str, AccidentAnswer]:
    """What each party answered to a decision, by the party's id."""
    query = select(answer_table).where(answer_table.c.decision_id == decision_id)
    return {
        row["party_id"]: AccidentAnswer(agrees=row["agrees"], words=row["words"], at=from_ms(row["at_ms"]))
        for row in conn.execute(query).mappings()
    }


def photos_of(conn: Connection, case_id: str) -> dict[str, list[AccidentPhoto]]:
    """The parties' photos, oldest first, by the party's id."""
    query = (
        select(photo_table, evidence_table.c.uploaded_ms)
        .join(evidence_table, evidence_table.c.id == photo_table.c.evidence_id)
        .join(party_table, party_table.c.id == photo_table.c.party_id)
        .where(party_table.c.case_id == case_id)
        .order_by(evidence_table.c.uploaded_ms, evidence_table.c.id)
    )
    found: dict[str, list[AccidentPhoto]] = {}
    for row in conn.execute(query).mappings():
        photo = AccidentPhoto(evidence_id=row["evidence_id"], view=row["view"], uploaded_at=from_ms(row["uploaded_ms"]))
        found.setdefault(row["party_id"], []).append(photo)
    return found


def last_links(conn: Connection, case_id: str) -> Mapping[str, RowMapping]:
    """The newest link of each party, by the party's id."""
    query = select(link_table).where(link_table.c.case_id == case_id).order_by(link_table.c.id)
    return {row["party_id"]: row for row in conn.execute(query).mappings()}


def link_view(row: RowMapping, now_ms: int) -> AccidentLink:
    """A link's row as the desk sees it."""
    state = "expired" if row["expires_ms"] <= now_ms else "usable"
    if row["revoked_ms"] is not None:
        state = "locked" if row["revoked_why"] == "locked" else "revoked"
    return AccidentLink.model_validate(
        {
            "link_id": row["id"],
            "state": state,
            "made_at": from_ms(row["made_ms"]),
            "made_by": row["made_by"],
            "expires_at": from_ms(row["expires_ms"]),
            "handed_how": row["handed_how"],
            "handed_at": moment(row["handed_ms"]),
            "handed_by": row["handed_by"],
            "identified_at": moment(row["identified_ms"]),
        }
    )


def decision_view(row: RowMapping, step: RowMapping | None) -> AccidentDecision:
    """A plan of liability with who decided it."""
    return AccidentDecision(
        decision_id=row["id"],
        faults=row["faults"],
        proposed=row["proposed"] and {label: Level(level) for label, level in row["proposed"].items()},
        levels={label: Level(level) for label, level in row["levels"].items()},
        shares=row["shares"],
        reason=row["reason"],
        recorded_by=row["recorded_by"],
        recorded_at=from_ms(row["recorded_ms"]),
        decided_by=None if step is None else step["actor_name"],
        decided_at=None if step is None else from_ms(step["at_ms"]),
    )


def cleared_ms(conn: Connection, case_id: str) -> int | None:
    """When the road was clear (撤离现场), or ``None``."""
    done = (task_table.c.kind == "clearance") & (task_table.c.state == "done")
    query = select(func.min(task_table.c.done_ms)).where(task_table.c.case_id == case_id, done)
    return conn.execute(query).scalar()


def rules_of(accident: RowMapping) -> RuleSet:
    """The rules in force on the day of the accident in Asia/Shanghai."""
    return rules_on(from_ms(accident["reported_ms"]).date())


def rules_view(rules: RuleSet) -> AccidentRules:
    """What a screen needs of the rules."""
    return AccidentRules(
        valid_from=rules.valid_from.isoformat(),
        notice=rules.notice,
        to_verify=rules.to_verify,
        level_article=rules.level_article,
        exclusions=rules.exclusions,
        situations=rules.situations,
    )


def way_of(accident: RowMapping, rules: RuleSet) -> Way | None:
    """Which way the exclusions that were ticked leave open; ``None`` while nobody has gone through the list."""
    if accident["exclusions"] is None:
        return None
    effects = {entry.effect for entry in rules.checked_exclusions(accident["exclusions"])}
    if "ordinary" in effects:
        return "ordinary"
    return "patrol" if effects else "online"


def moment(at_ms: int | None) -> datetime | None:
    """The moment in Asia/Shanghai, or ``None``."""
    return None if at_ms is None else from_ms(at_ms)
