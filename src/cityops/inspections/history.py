"""Inspections made before or elsewhere (历史检查), brought in many at once: what was found then became no case here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select

from cityops.access import Principal, record_audit
from cityops.inspections.answers import refused
from cityops.inspections.due import PlannedWork
from cityops.inspections.tables import inspection_table
from cityops.kit import Clock, IdMaker
from cityops.registers.tables import register_object
from cityops.store import hold

CHUNK: Final = 1_000
_i, _o = inspection_table.c, register_object.c


@dataclass(frozen=True, slots=True)
class PastInspection:
    """One inspection: of the object with this code, when it ended, how; ``figures`` as ``NewInspection`` has them.

    ``key`` tells it from the others of the plan; brought in again it stays what it is.
    """

    key: str
    code: str
    made_ms: int
    result: Literal["passed", "failed"] = "passed"
    comment: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


def bring_in(
    conn: Connection, clock: Clock, ids: IdMaker, actor: Principal, work: PlannedWork, past: Sequence[PastInspection]
) -> int:
    """Write those that are not there yet; returns how many, with one line in the audit for all of them.

    Raises:
        InvalidError: a code that the plan's register does not have, or a moment that is still to come.
    """
    hold(conn, f"inspections:{work.key}")
    now_ms = clock.now_ms()
    objects = _objects(conn, work, {one.code for one in past})
    known = set(conn.execute(select(_i.client_id).where(_i.plan == work.plan.name, _i.scene == work.scene)).scalars())
    rows = []
    for one in past:
        if one.code not in objects:
            raise refused(f"台账中没有 {one.code}", f"the register has no {one.code}")
        if one.made_ms > now_ms:
            raise refused(f"{one.key} 的时间在将来", f"{one.key} is still to come")
        if _number(work, one) not in known:
            rows.append(_row(ids, actor, work, one, objects[one.code], now_ms))
    for begin in range(0, len(rows), CHUNK):
        conn.execute(insert(inspection_table), rows[begin : begin + CHUNK])
    if rows:
        record_audit(
            conn,
            at_ms=now_ms,
            actor=actor,
            action="inspection.bring_in",
            object_type="inspection_plan",
            object_id=f"{work.scene}/{work.plan.name}",
            detail={"count": len(rows)},
        )
    return len(rows)


def _objects(conn: Connection, work: PlannedWork, codes: Iterable[str]) -> dict[str, str]:
    """Ids by code, of the objects of the plan's register."""
    wanted, found = sorted(codes), dict[str, str]()
    for begin in range(0, len(wanted), CHUNK):
        part = _o.code.in_(wanted[begin : begin + CHUNK])
        query = select(_o.code, _o.id).where(_o.register == work.register.name, part)
        found.update((row.code, row.id) for row in conn.execute(query))
    return found


def _number(work: PlannedWork, one: PastInspection) -> str:
    """The number under which it is kept: other plans may use the same keys."""
    return hashlib.sha256(f"{work.key}/{one.key}".encode()).hexdigest()


def _row(
    ids: IdMaker, actor: Principal, work: PlannedWork, one: PastInspection, object_id: str, now_ms: int
) -> dict[str, Any]:
    return {
        "id": ids.next(),
        "scene": work.scene,
        "plan": work.plan.name,
        "register": work.register.name,
        "object_id": object_id,
        "checklist": None,
        "checklist_version": None,
        "client_id": _number(work, one),
        "inspector_id": actor.account_id,
        "inspector_name": actor.display_name,
        "unit_id": actor.unit_id,
        "started_ms": one.made_ms,
        "finished_ms": one.made_ms,
        "received_ms": now_ms,
        "lon": None,
        "lat": None,
        "result": one.result,
        "score": None,
        "asked": 0,
        "failed": int(one.result == "failed"),
        "left_out": 0,
        "comment": one.comment,
        "figures": dict(one.figures),
    }
