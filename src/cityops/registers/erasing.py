"""Personal values of archived objects are erased when their retention has passed (到期删除个人信息)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, exists, insert, select, update

from cityops.access import SYSTEM, record_audit
from cityops.registers.declaration import ARCHIVED, RegisterSpec
from cityops.registers.links import CHUNK
from cityops.registers.tables import register_change, register_object

ERASED: Final = "到期删除个人信息"
"""The reason of the last change of an object whose personal values are gone, from its history too."""
_DAY_MS: Final = 24 * 3600 * 1000
_o, _c = register_object.c, register_change.c


def erase_some(conn: Connection, spec: RegisterSpec, now_ms: int) -> int:
    """Erase the personal values of at most ``CHUNK`` objects of a register; returns how many it took."""
    if spec.retention_days is None:
        return 0
    personal = frozenset(field.name for field in spec.fields if field.personal)
    done = exists().where(_c.object_id == _o.id, _c.version == _o.version, _c.reason == ERASED)
    due = (_o.register == spec.name) & (_o.state == ARCHIVED) & (_o.updated_ms < now_ms - spec.retention_days * _DAY_MS)
    rows = conn.execute(select(_o.id, _o.version, _o.data).where(due, ~done).limit(CHUNK).with_for_update()).all()
    for row in rows:
        _erase_history(conn, row.id, personal)
        values = {"data": _without(row.data, personal), "version": row.version + 1, "updated_ms": now_ms}
        conn.execute(update(register_object).where(_o.id == row.id).values(values))
        conn.execute(insert(register_change), _note(row.id, row.version + 1, now_ms))
    if rows:
        record_audit(
            conn, at_ms=now_ms, actor=SYSTEM, action="register.erase", object_type="register", object_id=spec.name,
            detail={"rows": len(rows)},
        )  # fmt: skip
    return len(rows)


def _erase_history(conn: Connection, object_id: str, personal: frozenset[str]) -> None:
    for change in conn.execute(select(_c.version, _c.changes).where(_c.object_id == object_id)).all():
        sides = change.changes.get("data")
        if sides is not None:
            kept = {**change.changes, "data": [None if side is None else _without(side, personal) for side in sides]}
            of = (_c.object_id == object_id) & (_c.version == change.version)
            conn.execute(update(register_change).where(of).values(changes=kept))


def _without(data: Mapping[str, Any], personal: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in personal}


def _note(object_id: str, version: int, now_ms: int) -> dict[str, Any]:
    return {
        "object_id": object_id,
        "version": version,
        "at_ms": now_ms,
        "actor_id": SYSTEM.account_id,
        "actor_name": SYSTEM.display_name,
        "reason": ERASED,
        "changes": {},
    }
