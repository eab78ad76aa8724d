"""Permits as xlsx in and out (掘路许可表): one row a permit, its outline as points in one cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from cityops.cases.catalogue import Column, FieldError, Import, SheetRow, day_field, parse_one, read_rows, write_rows
from cityops.registers import RegisterObject
from cityops.scenes.road_excavation.permit_data import check_parts

COLUMNS: Final[Sequence[Column]] = (
    Column("许可证号", "number", True, 20),
    Column("持证人", "holder", True, 28),
    Column("统一社会信用代码", "holder_code", False, 22),
    Column("地点", "place", True, 28),
    Column("用途", "purpose", False, 20),
    Column("有效期起", "valid_from", True, 14),
    Column("有效期止", "valid_to", True, 14),
    Column("深度（米）", "depth_m", True, 12),
    Column("范围类型", "shape", True, 12),
    Column("宽度（米）", "width_m", False, 12),
    Column("范围坐标", "points", True, 60),
)
"""``points``: 经度 纬度；经度 纬度 … in WGS-84 degrees."""

_SHAPES: Final = {"面": "Polygon", "线": "LineString"}


class PermitRow(NamedTuple):
    """A permit as read: number, place in words, what the register keeps of it."""

    row: int
    number: str
    place: str
    geometry: dict[str, Any]
    data: dict[str, Any]


def read_permits(content: bytes) -> Import[PermitRow]:
    """The permits in an xlsx with errors by row; ``InvalidError`` when it is no such sheet."""
    valid: list[PermitRow] = []
    errors = []
    rows = read_rows(content, COLUMNS)
    seen: set[str] = set()
    for row in rows:
        found = parse_one(row, COLUMNS, lambda row: _permit(row, seen))
        if isinstance(found, PermitRow):
            valid.append(found)
            seen.add(found.number)
        else:
            errors += found
    return Import(valid, errors, len(rows))


def write_permits(permits: Iterable[RegisterObject]) -> bytes:
    """An xlsx that ``read_permits`` reads back."""
    return write_rows("掘路许可", COLUMNS, (_cells(permit) for permit in permits))


def _permit(row: SheetRow, seen: set[str]) -> PermitRow:
    text = row.fields
    if text["number"] in seen:
        raise FieldError("number", "许可证号重复", "this number stands in the sheet twice")
    shape = _SHAPES.get(text["shape"])
    if shape is None:
        raise FieldError("shape", "应为“面”或“线”", "write 面 (area) or 线 (line)")
    points = _points(text["points"])
    geometry = {"type": shape, "coordinates": [_closed(points)] if shape == "Polygon" else points}
    data: dict[str, Any] = {
        "holder": text["holder"],
        "depth_m": _number(row, "depth_m"),
        **{name: _day(row, name) for name in ("valid_from", "valid_to")},
        **{name: text[name] for name in ("holder_code", "purpose") if text[name]},
        **({"width_m": _number(row, "width_m")} if shape == "LineString" else {}),
    }
    check_parts(data, geometry)
    return PermitRow(row.row, text["number"], text["place"], geometry, data)


def _cells(permit: RegisterObject) -> list[str]:
    data, geometry = permit.data, permit.geometry
    assert geometry is not None  # check_permit lets no permit in without one
    area = geometry["type"] == "Polygon"
    points = geometry["coordinates"][0] if area else geometry["coordinates"]
    outline = "；".join(f"{lon} {lat}" for lon, lat in points)
    return [
        permit.code,
        data["holder"],
        data.get("holder_code", ""),
        permit.title,
        data.get("purpose", ""),
        data["valid_from"],
        data["valid_to"],
        str(data["depth_m"]),
        "面" if area else "线",
        str(data.get("width_m", "")),
        outline,
    ]


def _points(text: str) -> list[list[float]]:
    """``112.55 37.87；112.56 37.87`` as coordinates."""
    parts = [part.split() for part in text.replace(";", "；").replace(",", " ").split("；") if part.strip()]
    try:
        return [[float(lon), float(lat)] for lon, lat in parts]
    except ValueError as error:
        raise FieldError(
            "points", "应为“经度 纬度；经度 纬度 …”", "write longitude latitude; longitude latitude …"
        ) from error


def _closed(points: list[list[float]]) -> list[list[float]]:
    return points if len(points) < 2 or points[0] == points[-1] else [*points, points[0]]


def _day(row: SheetRow, name: str) -> str:
    day = day_field(row, name)
    assert day is not None  # the column is required
    return day.isoformat()


def _number(row: SheetRow, name: str) -> float:
    try:
        return float(row.fields[name])
    except ValueError as error:
        raise FieldError(name, f"应为数字：{row.fields[name]}", f"a number, not {row.fields[name]!r}") from error
