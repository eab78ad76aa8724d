"""Legal, no permit, outside validity, outside the area: by distances that can be computed by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cityops.access import SYSTEM
from cityops.api.register_sheets import RegisterSheet
from cityops.cases.catalogue import write_rows
from cityops.kit import ForbiddenError
from cityops.registers import ObjectValues, RegisterObject
from cityops.scenes.road_excavation.findings import all_permits
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT
from cityops.scenes.road_excavation.permits import covers, distance_m, judge

from .town import Town

METRE = 1 / 111_320
"""Degrees of latitude in a metre."""
DAY = date(2026, 11, 22)
LINE: dict[str, Any] = {"type": "LineString", "coordinates": [[112.56, 37.74], [112.564, 37.74]]}
SQUARE: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [[[112.55, 37.75], [112.5504, 37.75], [112.5504, 37.7503], [112.55, 37.7503], [112.55, 37.75]]],
}


def permit_of(geometry: dict[str, Any]) -> RegisterObject:
    """A permit with this shape, 6 m wide where it is a line."""
    return RegisterObject(
        id="1", register=EXCAVATION_PERMIT, code="X", title="X", unit_id=None, supervisor_id=None, area_code=None,
        lon=None, lat=None, geometry=geometry, state="active", data={"width_m": 6},
        version=1, created_ms=0, updated_ms=0,
    )  # fmt: skip


@pytest.mark.parametrize(("beside_m", "away_m"), [(0, 0), (2.9, 0), (3, 0), (13, 10), (53, 50)])
def test_a_line_is_as_wide_as_its_width(beside_m: float, away_m: float) -> None:
    assert distance_m(112.562, 37.74 + beside_m * METRE, permit_of(LINE)) == pytest.approx(away_m, abs=0.01)


def test_an_area_holds_its_inside_and_nothing_else() -> None:
    assert distance_m(112.5502, 37.7501, permit_of(SQUARE)) == 0
    assert distance_m(112.5502, 37.75 - 20 * METRE, permit_of(SQUARE)) == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize(
    ("lon", "lat", "day", "verdict", "number", "words"),
    [
        (112.562, 37.74, DAY, "permitted", "掘许2026-0012", "在许可范围和期限内"),
        (112.562, 37.74 + 7 * METRE, DAY, "permitted", "掘许2026-0012", "在许可范围和期限内"),
        (112.562, 37.74 + 43 * METRE, DAY, "outside_area", "掘许2026-0012", "距许可范围 40 米"),
        (112.562, 37.74 + 60 * METRE, DAY, "no_permit", None, "50 米内没有掘路许可"),
        (112.51, 37.861, DAY, "outside_validity", "掘许2026-0007", "2026-11-22 不在有效期 2026-08-01 至 2026-09-30 内"),
        (112.51, 37.861, date(2026, 9, 30), "permitted", "掘许2026-0007", "在许可范围和期限内"),
        (112.5502, 37.7501, date(2026, 12, 1), "outside_validity", "掘许2026-0013", "不在有效期"),
        (112.6, 37.8, DAY, "no_permit", None, "没有掘路许可"),
    ],
)
def test_a_point_and_a_day_are_judged_with_the_reason(
    town: Town, lon: float, lat: float, day: date, verdict: str, number: str | None, words: str
) -> None:
    found = judge(lon, lat, day, all_permits(town.context))
    assert (found.verdict, found.permit_number) == (verdict, number)
    assert words in found.reason.zh


def test_a_withdrawn_permit_covers_nothing(town: Town) -> None:
    permit = town.context.registers.find(SYSTEM, EXCAVATION_PERMIT, "掘许2026-0012")
    assert permit is not None
    assert [covers(permit, date(2026, *day)) for day in ((10, 31), (11, 1), (12, 15), (12, 16))] == [
        False,
        True,
        True,
        False,
    ]
    gone = town.context.registers.update(SYSTEM, permit.id, permit.version, {"state": "withdrawn"}, reason="撤销")
    assert not covers(gone, DAY)
    assert judge(112.562, 37.74, DAY, all_permits(town.context)).verdict == "no_permit"


def sheet_of(town: Town) -> RegisterSheet:
    registers, units = town.context.registers, town.context.units.list(SYSTEM)
    return RegisterSheet(registers.spec(EXCAVATION_PERMIT), {unit.id: unit.name for unit in units})


def test_what_is_exported_is_read_back_and_changes_nothing(town: Town) -> None:
    sheet, leader = sheet_of(town), town.who("leader")
    permits = all_permits(town.context)
    found, _ = sheet.read(sheet.write(permits))
    plan = town.context.registers.plan(leader, EXCAVATION_PERMIT, found.valid)
    assert (len(permits), found.errors) == (3, [])
    assert (plan.added, plan.changed, plan.unchanged, plan.faults) == ([], [], 3, [])


def test_corners_may_be_written_once_and_in_the_older_way(town: Town) -> None:
    sheet = sheet_of(town)
    outline = "面：112.5,37.8;112.501 37.8；112.501 37.801"
    row = {"code": "掘许2026-0099", "title": "某路", "geometry": outline}
    found, _ = sheet.read(
        write_rows("掘路许可", sheet.columns, [[row.get(one.name, FINE.get(one.name, "")) for one in sheet.columns]])
    )
    assert found.errors == []
    ring = [[112.5, 37.8], [112.501, 37.8], [112.501, 37.801], [112.5, 37.8]]
    assert found.valid[0]["geometry"] == {"type": "Polygon", "coordinates": [ring]}
    plan = town.context.registers.plan(town.who("leader"), EXCAVATION_PERMIT, found.valid)
    assert (plan.faults, [one.code for one in plan.added]) == ([], ["掘许2026-0099"])


FINE = {
    "data.holder": "甲公司",
    "data.valid_from": "2026-11-01",
    "data.valid_to": "2026-11-30",
    "data.depth_m": "1.5",
}


@pytest.mark.parametrize(
    ("data", "geometry", "words"),
    [
        ({"valid_to": "2026-10-31"}, SQUARE, "不能早于有效期起（2026-11-01）"),
        ({"valid_to": "十一月"}, SQUARE, "日期"),
        ({"depth_m": 0}, SQUARE, "0.01"),
        ({"holder_code": "91140100MA0000000X"}, SQUARE, "校验位"),
        ({}, LINE, "范围为线时应填写宽度"),
        ({}, None, "缺少许可范围"),
        ({}, {"type": "Polygon", "coordinates": SQUARE["coordinates"] * 2}, "面应有且只有一个外环"),
    ],
)
def test_a_wrong_permit_is_refused_with_the_reason(
    town: Town, data: dict[str, Any], geometry: dict[str, Any] | None, words: str
) -> None:
    fine = {"holder": "甲公司", "valid_from": "2026-11-01", "valid_to": "2026-11-30", "depth_m": 1.5}
    right: ObjectValues = {"code": "掘许2026-0098", "title": "某路", "geometry": SQUARE, "data": fine}
    wrong: ObjectValues = {"code": "掘许2026-0099", "title": "某路", "geometry": geometry, "data": {**fine, **data}}
    plan = town.context.registers.plan(town.who("admin"), EXCAVATION_PERMIT, [right, wrong])
    assert [one.code for one in plan.added] == ["掘许2026-0098"]
    (fault,) = plan.faults
    assert fault.row == 1
    assert words in fault.fault.text.zh


def test_an_inspector_reads_the_register_and_does_not_change_it(town: Town) -> None:
    inspector, registers = town.who("road_inspector"), town.context.registers
    permit = registers.find(inspector, EXCAVATION_PERMIT, "掘许2026-0012")
    assert permit is not None
    with pytest.raises(ForbiddenError, match="does not write"):
        registers.update(inspector, permit.id, permit.version, {"state": "withdrawn"}, reason="撤销")
