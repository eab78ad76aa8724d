"""States that follow each other, dates in order, fields that a state needs: declared, and refused where it matters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.access import SYSTEM
from cityops.kit import IdMaker, ManualClock
from cityops.registers import ObjectFaultsError, ObjectValues, RegisterObject, Registers, RegisterSpec, object_faults
from cityops.store import Store

from .canteens import field, words

STATES = {
    "applied": {"title": words("待审批"), "next": ["approved", "refused"]},
    "approved": {"title": words("已批准"), "next": ["done"], "needs": ["decided_on"]},
    "done": {"title": words("已完成"), "next": []},
    "refused": {"title": words("未批准")},
}
FIELDS = [field("decided_on", "date"), field("first_day", "date", not_before="decided_on"), field("note")]
WORK: dict[str, Any] = {"name": "hot_work", "title": words("动火"), "geometry": "none", "states": STATES}
PERMITS = RegisterSpec.model_validate({**WORK, "fields": FIELDS})
STEPS = {
    ("applied", "approved"), ("applied", "refused"), ("approved", "done"),
    ("refused", "applied"), ("refused", "approved"), ("refused", "done"),
}  # fmt: skip
"""What the declaration above says, written out by hand."""
ALL = ("applied", "approved", "done", "refused", "archived")
DECIDED = {"decided_on": "2026-11-20"}


@pytest.fixture
def registers(store: Store, clock: ManualClock, ids: IdMaker) -> Registers:
    return Registers(store, clock, ids, (PERMITS,))


def permit(registers: Registers, **values: Any) -> RegisterObject:
    return registers.create(SYSTEM, register="hot_work", code="HW-1", title="焊接", **values)


@pytest.mark.parametrize("after", ALL)
@pytest.mark.parametrize("before", ALL)
def test_only_declared_steps(registers: Registers, before: str, after: str) -> None:
    made = permit(registers, state=before, data=DECIDED)

    def step() -> RegisterObject:
        return registers.update(SYSTEM, made.id, 1, {"state": after})

    if (before, after) in STEPS or after in (before, "archived") or before == "archived":
        assert step().state == after
        return
    with pytest.raises(ObjectFaultsError) as caught:
        step()
    assert [fault.field for fault in caught.value.faults] == ["state"]
    assert registers.get(SYSTEM, made.id).state == before


def test_the_refusal_names_what_may_follow(registers: Registers) -> None:
    made = permit(registers, state="applied")
    with pytest.raises(ObjectFaultsError) as caught:
        registers.update(SYSTEM, made.id, 1, {"state": "done"})
    assert caught.value.text.zh == "状态：“待审批”之后只能是：已批准、未批准、已注销"


def test_a_sheet_cannot_skip_a_state_either(registers: Registers) -> None:
    permit(registers)
    row: ObjectValues = {"code": "HW-1", "title": "焊接", "state": "done", "data": DECIDED}
    assert [(one.row, one.fault.field) for one in registers.plan(SYSTEM, "hot_work", [row]).faults] == [(0, "state")]
    with pytest.raises(ObjectFaultsError):
        registers.put_many(SYSTEM, "hot_work", [row])


def test_a_state_needs_its_fields(registers: Registers) -> None:
    made = permit(registers)
    with pytest.raises(ObjectFaultsError) as caught:
        registers.update(SYSTEM, made.id, 1, {"state": "approved"})
    assert [fault.field for fault in caught.value.faults] == ["decided_on"]
    assert registers.update(SYSTEM, made.id, 1, {"state": "approved", "data": DECIDED}).state == "approved"


@given(decided=st.dates() | st.none(), first=st.dates() | st.none())
def test_dates_are_in_order_when_both_are_there(decided: Any, first: Any) -> None:
    data = {name: day.isoformat() for name, day in (("decided_on", decided), ("first_day", first)) if day is not None}
    made = RegisterObject(
        id="1", register="hot_work", code="HW-1", title="焊接", unit_id=None, supervisor_id=None, area_code=None,
        lon=None, lat=None, geometry=None, state="applied", data=data, version=1, created_ms=0, updated_ms=0,
    )  # fmt: skip
    wrong = decided is not None and first is not None and first < decided
    assert [fault.field for fault in object_faults(PERMITS, made)] == (["first_day"] if wrong else [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"states": {"applied": {"title": words("待审批"), "next": ["gone"]}}}, "gone"),
        ({"states": {"applied": {"title": words("待审批"), "needs": ["nothing"]}}}, "nothing"),
        ({"fields": [field("a", "date", not_before="b")]}, "b, which a is not before"),
        ({"fields": [field("a", "date", not_before="a")]}, "a, which a is not before"),
        ({"fields": [field("a", "date"), field("b", not_before="a")]}, "not_before belongs to a date"),
    ],
)
def test_a_declaration_that_names_nothing_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RegisterSpec.model_validate({"name": "x", "title": words("某"), **changes})
