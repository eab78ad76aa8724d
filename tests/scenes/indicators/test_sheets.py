"""Catalogue, values, targets as sheets: what is exported is read back unchanged; an edited cell is the only change."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from cityops.access import SYSTEM
from cityops.api.register_sheets import RegisterSheet
from cityops.registers import Plan
from cityops.scenes import SceneContext
from cityops.scenes.people import person

ROWS = {"indicator": 30, "indicator_value": 60, "indicator_target": 16}


def sheet_of(town: SceneContext, register: str) -> RegisterSheet:
    units = {unit.id: unit.name for unit in town.units.list(SYSTEM)}
    return RegisterSheet(town.registers.spec(register), units)


def taken(town: SceneContext, register: str, content: bytes) -> Plan:
    found, _ = sheet_of(town, register).read(content)
    assert found.errors == []
    return town.registers.plan(person(town, "leader"), register, found.valid)


@pytest.mark.parametrize("register", sorted(ROWS))
def test_a_register_comes_back_from_its_sheet_as_it_was(town: SceneContext, register: str) -> None:
    objects = town.registers.every(SYSTEM, register)
    assert len(objects) == ROWS[register]
    plan = taken(town, register, sheet_of(town, register).write(objects))
    assert (plan.added, plan.changed, plan.unchanged, plan.faults) == ([], [], len(objects), [])


def edited(content: bytes, heading: str, value: str) -> bytes:
    """The sheet with another value in the first row of a column."""
    book = load_workbook(io.BytesIO(content))
    page = book.active
    assert page is not None
    at = next(index for index, cell in enumerate(page[1], start=1) if str(cell.value).startswith(heading))
    page.cell(2, at).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_value_that_is_edited_in_the_sheet_is_the_only_change(town: SceneContext) -> None:
    objects = town.registers.every(SYSTEM, "indicator_value")
    content = edited(sheet_of(town, "indicator_value").write(objects), "数值", "12.5")
    plan = taken(town, "indicator_value", content)
    ((before, after),) = plan.changed
    assert (before.code, after.data) == (objects[0].code, {**objects[0].data, "value": 12.5})
    assert plan.unchanged == len(objects) - 1


def test_a_formula_that_cannot_be_read_is_a_fault_of_its_row(town: SceneContext) -> None:
    objects = [one for one in town.registers.every(SYSTEM, "indicator") if one.code == "rail_growth"]
    content = edited(sheet_of(town, "indicator").write(objects), "公式", "rail_total **")
    (fault,) = taken(town, "indicator", content).faults
    assert fault.row == 0
