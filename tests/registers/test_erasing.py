"""Personal values of archived objects are gone after their retention: from the object and from its history."""

from __future__ import annotations

import json

from sqlalchemy import select

from cityops.access import SYSTEM, AuditFilter, Principal, Role, list_audit
from cityops.kit import IdMaker, ManualClock
from cityops.registers import Registers, register_object
from cityops.registers.tables import register_change
from cityops.store import Store

from .canteens import CANTEEN

DAY_S = 24 * 3600
PERSONAL = {"manager": "王小明", "phone": "13800001234"}


def everything(store: Store) -> str:
    with store.read() as conn:
        rows = [*conn.execute(select(register_object.c.data)), *conn.execute(select(register_change.c.changes))]
    return json.dumps([list(row) for row in rows], ensure_ascii=False)


def test_only_what_is_archived_and_past_its_retention_is_erased(store: Store, clock: ManualClock, ids: IdMaker) -> None:
    registers = Registers(store, clock, ids, (CANTEEN,))
    for code, name in (("C-001", "王小明"), ("C-002", "李小红")):
        registers.create(
            SYSTEM, register="canteen", code=code, title=code, data={"mode": "own", "served": 5, "manager": name}
        )
    gone = registers.every(SYSTEM, "canteen")[0]
    clock.advance(100 * DAY_S)
    registers.update(SYSTEM, gone.id, 1, {"state": "archived"})
    clock.advance(30 * DAY_S)
    assert registers.erase_personal() == 0
    clock.advance(1)
    assert registers.erase_personal() == 1
    assert "王小明" not in everything(store)
    assert "李小红" in everything(store)
    assert registers.get(SYSTEM, gone.id).data == {"mode": "own", "served": 5}
    last = registers.history(SYSTEM, gone.id)[-1]
    assert (last.version, last.reason, last.changes) == (3, "到期删除个人信息", {})
    clock.advance(400 * DAY_S)
    assert registers.erase_personal() == 0
    auditor = Principal("01A", "auditor", "审计员", Role.AUDITOR)
    with store.read() as conn:
        found = list_audit(conn, auditor, AuditFilter(action="register.erase")).items
    assert [one.detail for one in found] == [{"rows": 1}]


def test_what_is_written_again_afterwards_is_erased_again(store: Store, clock: ManualClock, ids: IdMaker) -> None:
    registers = Registers(store, clock, ids, (CANTEEN,))
    made = registers.create(
        SYSTEM, register="canteen", code="C-001", title="a", state="archived", data={"mode": "own", **PERSONAL}
    )
    clock.advance(31 * DAY_S)
    assert registers.erase_personal() == 1
    registers.update(SYSTEM, made.id, 2, {"data": {"mode": "own", **PERSONAL}})
    clock.advance(31 * DAY_S)
    assert registers.erase_personal() == 1
    assert "王小明" not in everything(store)
    assert "13800001234" not in everything(store)
