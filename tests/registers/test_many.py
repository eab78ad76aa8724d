"""Many objects in one transaction, relations, who may write, what is hidden; on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from tests.together import at_once

from cityops.access import SYSTEM, Role, Units
from cityops.kit import ConflictError, ForbiddenError, IdMaker, InvalidError, ManualClock, NotFoundError
from cityops.registers import ObjectFaultsError, ObjectValues, Put, Registers, shown
from cityops.store import Store

from .canteens import CANTEEN, PLACELESS, SHAPES, person

OWN = {"mode": "own"}


@pytest.fixture
def registers(store: Store, clock: ManualClock, ids: IdMaker) -> Registers:
    return Registers(store, clock, ids, (CANTEEN, SHAPES, PLACELESS))


@pytest.fixture
def units(store: Store, clock: ManualClock, ids: IdMaker) -> list[str]:
    made = Units(store, clock, ids)
    return [made.create(SYSTEM, code=code, name=code, kind="department").id for code in ("U1", "U2")]


def row(number: int, **values: Any) -> ObjectValues:
    found: dict[str, Any] = {"code": f"C-{number:03d}", "title": f"食堂 {number}", "data": OWN, **values}
    return found  # type: ignore[return-value]


def test_many_are_added_changed_and_left_by_code(registers: Registers) -> None:
    rows = [row(number, lon=112.5, lat=37.8) for number in range(1200)]
    assert registers.put_many(SYSTEM, "canteen", rows) == Put(1200, 0, 0)
    assert registers.put_many(SYSTEM, "canteen", rows) == Put(0, 0, 1200)
    rows[7] = row(7, title="新名", data={"mode": "contract"})
    assert registers.put_many(SYSTEM, "canteen", [*rows, row(1200)], reason="年度核对") == Put(1, 1, 1199)
    changed = registers.find(SYSTEM, "canteen", "C-007")
    assert changed is not None
    assert (changed.title, changed.version, changed.lon) == ("新名", 2, 112.5)
    first, second = registers.history(SYSTEM, changed.id)
    assert first.changes["code"] == [None, "C-007"]
    assert second.reason == "年度核对"
    assert second.changes == {"title": ["食堂 7", "新名"], "data": [OWN, {"mode": "contract"}]}


def test_one_wrong_row_keeps_all_out(registers: Registers) -> None:
    rows = [row(1), row(2, data={}), row(3, title=" "), row(1)]
    plan = registers.plan(SYSTEM, "canteen", rows)
    assert [(one.row, one.fault.field) for one in plan.faults] == [(1, "mode"), (2, "title"), (3, "code")]
    with pytest.raises(ObjectFaultsError, match="mode"):
        registers.put_many(SYSTEM, "canteen", rows)
    assert registers.counts(SYSTEM)["canteen"] == {}
    assert registers.carry_out(SYSTEM, plan, valid_only=True) == Put(1, 0, 0)


def test_a_plan_made_before_another_change_is_refused(registers: Registers) -> None:
    made = registers.create(SYSTEM, register="canteen", **row(1))
    plan = registers.plan(SYSTEM, "canteen", [row(1, title="甲"), row(2)])
    registers.update(SYSTEM, made.id, 1, {"title": "乙"})
    with pytest.raises(ConflictError, match="version 2"):
        registers.carry_out(SYSTEM, plan)
    assert registers.find(SYSTEM, "canteen", "C-002") is None
    late = registers.plan(SYSTEM, "canteen", [row(3)])
    registers.create(SYSTEM, register="canteen", **row(3))
    with pytest.raises(ConflictError, match="C-003"):
        registers.carry_out(SYSTEM, late)


def test_progress_is_told_to_the_end(registers: Registers) -> None:
    planned: list[int] = []
    written: list[int] = []
    plan = registers.plan(SYSTEM, "canteen", [row(n) for n in range(1100)], progress=planned.append)
    registers.carry_out(SYSTEM, plan, progress=written.append)
    assert planned == list(range(1, 1101))
    assert written == [500, 1000, 1100]


def test_the_same_change_of_several(registers: Registers) -> None:
    registers.put_many(SYSTEM, "canteen", [row(n, data={"mode": "own", "served": n}) for n in range(4)])
    chosen = registers.every(SYSTEM, "canteen")[1:3]
    plan = registers.plan_changes(SYSTEM, "canteen", chosen, {"state": "holiday", "data": {"gas": True}})
    assert registers.carry_out(SYSTEM, plan, reason="寒假") == Put(0, 2, 0)
    found = registers.every(SYSTEM, "canteen", state="holiday")
    assert [(one.code, one.data) for one in found] == [
        ("C-001", {"mode": "own", "served": 1, "gas": True}),
        ("C-002", {"mode": "own", "served": 2, "gas": True}),
    ]


def test_relations_are_shown_from_both_ends(registers: Registers) -> None:
    main = registers.create(SYSTEM, register="canteen", **row(1))
    small = registers.create(SYSTEM, register="canteen", **row(2, data={**OWN, "main": "C-001"}))
    assert [(one.field, one.named, one.object.code) for one in registers.related(SYSTEM, small.id)] == [
        ("main", True, "C-001")
    ]
    assert [(one.field, one.named, one.object.code) for one in registers.related(SYSTEM, main.id)] == [
        ("main", False, "C-002")
    ]
    with pytest.raises(ConflictError, match="1 objects name it"):
        registers.update(SYSTEM, main.id, 1, {"code": "C-009"})
    registers.update(SYSTEM, small.id, 1, {"data": OWN})
    assert registers.related(SYSTEM, main.id) == []
    assert registers.update(SYSTEM, main.id, 1, {"code": "C-009"}).code == "C-009"


def test_an_object_gets_no_new_code_while_another_comes_to_name_it(registers: Registers, store: Store) -> None:
    main = registers.create(SYSTEM, register="canteen", **row(1))
    small = row(2, data={**OWN, "main": "C-001"})
    (refused,) = at_once(
        store,
        lambda: registers.update(SYSTEM, main.id, 1, {"code": "C-009"}),
        holding=lambda conn: registers.create_in(conn, SYSTEM, register="canteen", **small),
    )
    assert isinstance(refused, ConflictError)
    assert refused.code == "register.named"
    assert [one.object.code for one in registers.related(SYSTEM, main.id)] == ["C-002"]


def test_nothing_names_an_object_by_the_code_it_is_losing(registers: Registers, store: Store) -> None:
    main = registers.create(SYSTEM, register="canteen", **row(1))
    small = row(2, data={**OWN, "main": "C-001"})
    (refused,) = at_once(
        store,
        lambda: registers.create(SYSTEM, register="canteen", **small),
        holding=lambda conn: registers.update_in(conn, SYSTEM, main.id, 1, {"code": "C-009"}),
    )
    assert isinstance(refused, ObjectFaultsError)
    assert registers.related(SYSTEM, main.id) == []
    assert registers.find(SYSTEM, "canteen", "C-002") is None


def test_a_relation_that_leads_nowhere_is_refused(registers: Registers) -> None:
    with pytest.raises(ObjectFaultsError, match="C-077"):
        registers.create(SYSTEM, register="canteen", **row(1, data={**OWN, "main": "C-077"}))
    assert registers.counts(SYSTEM)["canteen"] == {}
    rows = [row(1, data={**OWN, "main": "C-002"}), row(2), row(3, data={**OWN, "main": "C-088"})]
    plan = registers.plan(SYSTEM, "canteen", rows)
    assert [(one.row, one.fault.field) for one in plan.faults] == [(2, "main")]
    assert registers.put_many(SYSTEM, "canteen", rows[:2]) == Put(2, 0, 0)


def test_a_unit_writes_what_it_answers_for_or_supervises(registers: Registers, units: list[str]) -> None:
    mine, other = units
    unit = person(Role.UNIT, unit_id=mine)
    own = registers.create(unit, register="canteen", **row(1, unit_id=mine))
    watched = registers.create(SYSTEM, register="canteen", **row(2, unit_id=other, supervisor_id=mine))
    foreign = registers.create(SYSTEM, register="canteen", **row(3, unit_id=other))
    assert [one.code for one in registers.every(unit, "canteen")] == ["C-001", "C-002"]
    assert registers.counts(unit)["canteen"] == {"open": 2}
    assert registers.update(unit, watched.id, 1, {"title": "甲"}).title == "甲"
    with pytest.raises(NotFoundError):
        registers.update(unit, foreign.id, 1, {"title": "甲"})
    with pytest.raises(ForbiddenError):
        registers.create(unit, register="canteen", **row(4, unit_id=other))
    with pytest.raises(ForbiddenError):
        registers.update(unit, own.id, 1, {"unit_id": other})
    plan = registers.plan(unit, "canteen", [row(3, title="乙")])
    assert [one.fault.field for one in plan.faults] == ["unit_id"]


def test_readers_and_strangers_change_nothing(registers: Registers, units: list[str]) -> None:
    made = registers.create(SYSTEM, register="canteen", **row(1, unit_id=units[0], area_code="140105"))
    for reader in (person(Role.DISPATCHER), person(Role.DISTRICT, areas=("140105",))):
        assert registers.get(reader, made.id) == made
        with pytest.raises(ForbiddenError):
            registers.update(reader, made.id, 1, {"title": "x"})
    for stranger in (person(Role.ANALYST), person(Role.DISTRICT, areas=("140106",)), person(Role.ENTERPRISE)):
        with pytest.raises(NotFoundError):
            registers.get(stranger, made.id)
        assert registers.list(stranger, "canteen").total == 0
    assert [spec.name for spec in registers.specs(person(Role.ANALYST))] == []
    assert [spec.name for spec in registers.specs(person(Role.DISPATCHER))] == ["canteen"]
    assert "vehicle" not in [spec.name for spec in registers.specs(SYSTEM)]
    keeper = person(Role.SHIFT_LEADER)
    assert registers.update(keeper, made.id, 1, {"title": "x"}).title == "x"


def test_in_a_register_of_the_whole_city_a_unit_changes_only_its_own(registers: Registers, units: list[str]) -> None:
    other = registers.create(SYSTEM, register="pipe", code="P1", title="管线", unit_id=units[1])
    nobody = registers.create(SYSTEM, register="pipe", code="P2", title="管线")
    unit, collector = person(Role.UNIT, unit_id=units[0]), person(Role.COLLECTOR)
    assert [one.code for one in registers.every(unit, "pipe")] == ["P1", "P2"]
    for one in (other, nobody):
        with pytest.raises(ForbiddenError):
            registers.update(unit, one.id, 1, {"title": "x"})
    assert registers.update(collector, nobody.id, 1, {"title": "x"}).title == "x"


SECOND = {"mode": "contract", "gas": False, "main": "C-001"}


def test_lists_are_narrowed_by_declared_fields(registers: Registers) -> None:
    registers.put_many(
        SYSTEM,
        "canteen",
        [
            row(1, lon=112.50, lat=37.8, data={"mode": "own", "gas": True, "uses": ["own", "contract"]}),
            row(2, lon=112.60, lat=37.8, area_code="140106001", data=SECOND),
            row(3, state="archived", data={"mode": "own"}),
        ],
    )  # fmt: skip

    def codes(**wanted: Any) -> list[str]:
        return [one.code for one in registers.list(SYSTEM, "canteen", **wanted).items]

    assert codes() == ["C-001", "C-002"]
    assert codes(state="archived") == ["C-003"]
    assert codes(fields={"mode": "contract"}) == ["C-002"]
    assert codes(fields={"uses": "contract"}) == ["C-001"]
    assert codes(fields={"gas": "false"}) == ["C-002"]
    assert codes(fields={"gas": "true", "mode": "own"}) == ["C-001"]
    assert codes(fields={"main": "C-001"}) == ["C-002"]
    assert codes(area="140106") == ["C-002"]
    assert codes(bbox=(112.55, 37.7, 112.65, 37.9)) == ["C-002"]
    assert codes(q="食堂 2") == ["C-002"]
    with pytest.raises(InvalidError):
        codes(fields={"school": "x"})


def test_personal_values_are_hidden_and_stay_when_they_were(registers: Registers, units: list[str]) -> None:
    data = {**OWN, "manager": "王小明", "phone": "13800001234"}
    made = registers.create(SYSTEM, register="canteen", **row(1, unit_id=units[0], supervisor_id=units[1], data=data))
    own, supervisor, desk = (
        person(Role.UNIT, unit_id=units[0]), person(Role.UNIT, unit_id=units[1]), person(Role.DISPATCHER),
    )  # fmt: skip
    masked = {**OWN, "manager": "王**", "phone": "138****1234"}
    assert shown(own, CANTEEN, made).data == shown(desk, CANTEEN, made).data == data
    assert shown(supervisor, CANTEEN, made).data == masked
    assert registers.history(supervisor, made.id)[0].changes["data"] == [None, masked]
    changed = registers.update(supervisor, made.id, 1, {"data": {**masked, "served": 50}})
    assert changed.data == {**data, "served": 50}
    with pytest.raises(ObjectFaultsError):
        registers.update(supervisor, made.id, 2, {"data": {**masked, "manager": "李**"}})
    assert registers.plan(supervisor, "canteen", [row(1, data={**masked, "served": 50})]).unchanged == 1


def test_changes_belong_to_the_transaction_they_are_made_in(registers: Registers, store: Store) -> None:
    def work(conn: Any) -> None:
        made = registers.create_in(conn, SYSTEM, register="canteen", **row(1))
        assert registers.update_in(conn, SYSTEM, made.id, 1, {"title": "甲"}).version == 2
        assert registers.get_in(conn, SYSTEM, made.id).title == "甲"
        raise InvalidError("停", "stop")

    with pytest.raises(InvalidError, match="stop"):
        store.write(work)
    assert registers.counts(SYSTEM)["canteen"] == {}
