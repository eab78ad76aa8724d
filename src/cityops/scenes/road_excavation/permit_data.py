"""What the register of road excavation permits (掘路许可台账) holds: holder, validity, depth, and where one may dig."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from cityops.kit import CreditCode, InvalidError, Text

EXCAVATION_PERMIT: Final = "excavation_permit"
"""Name of the register; an object's code is the permit's number (许可证号), its title the place in words."""

MAX_POINTS: Final = 500
MAX_WIDTH_M: Final = 100.0
MAX_DEPTH_M: Final = 50.0


def check_excavation_permit(data: dict[str, Any]) -> None:
    """Checks ``data`` of a permit.

    ``holder``, ``valid_from`` and ``valid_to`` (days, both included), ``depth_m``, ``geometry``: GeoJSON in WGS-84
    degrees, a Polygon of one ring or a LineString with ``width_m`` beside it. Optional: ``holder_code`` (unified
    social credit code), ``purpose``.

    Raises:
        InvalidError: a value is missing or wrong.
    """
    if not isinstance(data.get("holder"), str) or not data["holder"].strip():
        raise _invalid("缺少持证人 holder", "holder is missing")
    if data.get("holder_code"):
        CreditCode.parse(str(data["holder_code"]))
    if _day(data, "valid_from") > _day(data, "valid_to"):
        raise _invalid("有效期止早于有效期起", "the validity ends before it begins")
    _measure(data, "depth_m", MAX_DEPTH_M)
    geometry = data.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "LineString"):
        raise _invalid("范围应为面（Polygon）或线（LineString）", "the geometry is a Polygon or a LineString")
    if geometry["type"] == "Polygon":
        rings = geometry.get("coordinates")
        if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
            raise _invalid("面应有且只有一个外环", "a polygon has one ring")
        _points(rings[0], 4)
        if rings[0][0] != rings[0][-1]:
            raise _invalid("面的首尾坐标应相同", "a ring ends where it begins")
    else:
        _points(geometry.get("coordinates"), 2)
        _measure(data, "width_m", MAX_WIDTH_M)


def _day(data: dict[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(data.get(name)))
    except ValueError as error:
        raise _invalid(f"{name} 应为 2026-07-01 的形式", f"{name} is a day such as 2026-07-01") from error


def _measure(data: dict[str, Any], name: str, most: float) -> None:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise _invalid(f"{name} 应大于 0 且不超过 {most:g} 米", f"{name} is over 0 and at most {most:g} m")


def _points(points: Any, least: int) -> None:
    if not isinstance(points, list) or not least <= len(points) <= MAX_POINTS:
        raise _invalid(f"坐标应有 {least} 至 {MAX_POINTS} 个点", f"a geometry has {least} to {MAX_POINTS} points")
    for point in points:
        if not _is_point(point):
            raise _invalid(f"坐标不正确：{point}", f"not a longitude and latitude: {point}")


def _is_point(point: Any) -> bool:
    if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
        return False
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in point):
        return False
    return bool(abs(point[0]) <= 180 and abs(point[1]) <= 90)


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="register.permit", kept=Text("台账没有改变", "the register was not changed"))
