"""The page of a party (当事人页面): made from rows, with nothing in it that this party does not need."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select

from cityops.access import Principal, Role, mask_plate
from cityops.cases import deadline_table, task_table
from cityops.kit import from_ms
from cityops.scenes.quick_accident.rows import (
    accident_row,
    answers_of,
    case_row,
    decided_step,
    decision_row,
    moment,
    party_rows,
    photos_of,
    rules_of,
)
from cityops.scenes.quick_accident.rules import Level
from cityops.scenes.quick_accident.views import OtherParty, PartyDecision, PartyPage

_STRANGER: Final = Principal("party", "party", "当事人", Role.AUDITOR)
"""For masking only: a role that may not read plates."""
_STAGES: Final = {
    "offered": "answer",
    "certified": "answer",
    "contested": "waiting",
    "settled": "settled",
    "closed": "settled",
    "ordinary": "ordinary",
    "void": "void",
}
"""What the page is about, by the state of the case; ``collect`` in all others."""
_DECIDED: Final = frozenset({"offered", "certified", "settled", "closed"})


def page_of(conn: Connection, link: RowMapping, party: RowMapping) -> PartyPage:
    """What one party sees now."""
    case, accident = case_row(conn, party["case_id"]), accident_row(conn, party["case_id"])
    decision = decision_row(conn, case["id"]) if case["state"] in _DECIDED else None
    if decision is not None and decided_step(conn, case["id"], decision["recorded_ms"]) is None:
        decision = None  # the slow way decides by its own certificate
    answers = answers_of(conn, None if decision is None else decision["id"])
    place: dict[str, Any] = case["place"] or {}
    return PartyPage.model_validate(
        {
            "number": case["number"],
            "label": party["label"],
            "plate": party["plate"],
            "place": accident["address"] or place.get("road_name") or place.get("district_name") or "—",
            "reported_at": from_ms(accident["reported_ms"]),
            "stage": _STAGES.get(case["state"], "collect"),
            "expires_at": from_ms(link["expires_ms"]),
            "others": [_other(row, decision) for row in party_rows(conn, case["id"]) if row["id"] != party["id"]],
            "photos": photos_of(conn, case["id"]).get(party["id"], []),
            "decision": None if decision is None else _decision(conn, case, party, decision),
            "answer": answers.get(party["id"]),
            "moved_at": moment(party["moved_ms"]),
            **{name: party[name] for name in ("asked", "name", "licence_no", "insurer", "policy_no", "statement")},
        }
    )


def _other(row: RowMapping, decision: RowMapping | None) -> OtherParty:
    return OtherParty(
        label=row["label"],
        plate=None if row["plate"] is None else mask_plate(row["plate"], _STRANGER),
        level=None if decision is None else Level(decision["levels"][row["label"]]),
        share=None if decision is None else decision["shares"][row["label"]],
    )


def _decision(conn: Connection, case: RowMapping, party: RowMapping, decision: RowMapping) -> PartyDecision:
    rules = rules_of(accident_row(conn, case["id"]))
    step = decided_step(conn, case["id"], decision["recorded_ms"])
    assert step is not None  # page_of shows no decision that nobody took
    label, faults = party["label"], decision["faults"]
    others = {code for other, codes in faults.items() if other != label for code in codes}
    return PartyDecision(
        decision_id=decision["id"],
        paper="certificate" if step["action"] == "certify" else "agreement",
        level=Level(decision["levels"][label]),
        share=decision["shares"][label],
        faults=list(rules.checked_situations(faults.get(label, ()))),
        other_faults=list(rules.checked_situations(others)),
        level_article=rules.level_article,
        reason=decision["reason"],
        decided_by=step["actor_name"],
        unit=step["unit_name"],
        answer_due_at=moment(conn.execute(answer_due(case["id"])).scalar()),
    )


def answer_due(case_id: str) -> Any:
    """A query for when the parties' answer is due, while it is awaited."""
    awaited = (task_table.c.case_id == case_id) & (task_table.c.kind == "answer") & task_table.c.ended.is_(False)
    return (
        select(func.max(deadline_table.c.due_ms))
        .join(task_table, task_table.c.id == deadline_table.c.task_id)
        .where(awaited, deadline_table.c.current.is_(True))
    )
