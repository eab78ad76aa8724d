"""Legal, no permit, outside validity, outside the area: by distances that can be computed by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cityops.access import SYSTEM
from cityops.cases.catalogue import write_rows
from cityops.kit import CityOpsError, InvalidError
from cityops.registers import RegisterObject
from cityops.scenes.road_excavation.findings import all_permits
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT
from cityops.scenes.road_excavation.permit_register import take_permits
from cityops.scenes.road_excavation.permit_sheet import COLUMNS, write_permits
from cityops.scenes.road_excavation.permits import distance_m, judge

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
    town.context.registers.update(SYSTEM, permit.id, permit.version, {"state": "withdrawn"}, reason="撤销")
    assert judge(112.562, 37.74, DAY, all_permits(town.context)).verdict == "no_permit"


def test_what_is_exported_is_read_back_and_changes_nothing(town: Town) -> None:
    sheet = write_permits(all_permits(town.context))
    taken = take_permits(town.context, town.who("admin"), sheet)
    assert (taken.rows, taken.added, taken.changed, taken.unchanged) == (3, 0, 0, 3)


def row(**changes: str) -> list[str]:
    fine = {
        "number": "掘许2026-0099",
        "holder": "甲公司",
        "place": "某路",
        "valid_from": "2026-11-01",
        "valid_to": "2026-11-30",
        "depth_m": "1.5",
        "shape": "面",
        "points": "112.5 37.8；112.501 37.8；112.501 37.801",
    }
    return [{**fine, **changes}.get(column.name, "") for column in COLUMNS]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shape": "圆"}, "应为“面”或“线”"),
        ({"points": "112.5 37.8；112.501"}, "应为“经度 纬度"),
        ({"points": "112.5 37.8；112.501 37.8"}, "坐标应有 4 至 1000 个点"),
        ({"points": "37.8 112.5；37.8 112.501；37.801 112.501"}, "坐标不正确"),
        ({"valid_to": "2026-10-31"}, "有效期止早于有效期起"),
        ({"valid_to": "十一月"}, "日期应为"),
        ({"depth_m": "0"}, "应在 0.01 至 50 之间"),
        ({"holder_code": "91140100MA0000000X"}, "校验位"),
        ({"shape": "线"}, "应为数字"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_imported(town: Town, changes: dict[str, str], words: str) -> None:
    sheet = write_rows("掘路许可", COLUMNS, [row(), row(number="掘许2026-0100", **changes)])
    with pytest.raises(InvalidError, match="1 of 2 rows have errors; row 3") as refused:
        take_permits(town.context, town.who("admin"), sheet)
    assert words in refused.value.text.zh
    assert len(all_permits(town.context)) == 3
    taken = take_permits(town.context, town.who("leader"), sheet, valid_only=True)
    assert (taken.added, len(taken.errors), len(all_permits(town.context))) == (1, 1, 4)


def test_an_inspector_may_not_change_the_register(town: Town) -> None:
    with pytest.raises(CityOpsError, match=r"registers\.manage|may not"):
        take_permits(town.context, town.who("road_inspector"), b"")
