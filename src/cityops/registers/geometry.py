"""Lines and areas of objects (图形): GeoJSON in WGS-84 degrees, checked and kept to seven decimals (about 1 cm)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cityops.kit import Text
from cityops.registers.declaration import Geometry

MAX_POINTS: Final = 1000
"""Of one object in all, so that its outline fits a cell of a sheet."""
_DECIMALS: Final = 7
_SHOWN_MAX: Final = 60
_TYPES: Final[Mapping[Geometry, tuple[str, ...]]] = {
    "none": (),
    "point": (),
    "line": ("LineString",),
    "area": ("Polygon",),
    "shape": ("LineString", "Polygon"),
}


def geometry_fault(kind: Geometry, geometry: Any) -> Text | None:
    """What is wrong with a geometry for a register of this kind; None: nothing."""
    allowed = _TYPES[kind]
    if not isinstance(geometry, Mapping) or geometry.get("type") not in allowed or set(geometry) > _KEYS:
        if not allowed:
            return Text("这个台账不登记线或面", "this register holds no lines or areas")
        return Text(f"图形应为 {' 或 '.join(allowed)}", f"the geometry is a GeoJSON {' or '.join(allowed)}")
    coordinates = geometry.get("coordinates")
    if geometry["type"] == "LineString":
        return _line_fault(coordinates, 2) or _count_fault(geometry)
    if not isinstance(coordinates, list | tuple) or not coordinates:
        return Text("面应有外环", "an area has an outer ring")
    for ring in coordinates:
        fault = _line_fault(ring, 4)
        if fault is not None:
            return fault
        if list(ring[0]) != list(ring[-1]):
            return Text("面的首尾坐标应相同", "a ring ends where it begins")
    return _count_fault(geometry)


_KEYS: Final = {"type", "coordinates"}


def tidy(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """A correct geometry as it is kept: lists, seven decimals."""
    parts = geometry["coordinates"]
    if geometry["type"] == "LineString":
        return {"type": "LineString", "coordinates": _rounded(parts)}
    return {"type": "Polygon", "coordinates": [_rounded(ring) for ring in parts]}


def middle(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """The mean of a line's points or of an area's outer ring: where the object stands on the map."""
    points = geometry["coordinates"] if geometry["type"] == "LineString" else geometry["coordinates"][0][:-1]
    lon, lat = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    return round(lon, _DECIMALS), round(lat, _DECIMALS)


def is_degree(value: object, most: float) -> bool:
    """Whether it is a number between ``-most`` and ``most``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -most <= value <= most  # not so for NaN


def _rounded(points: Any) -> list[list[float]]:
    return [[round(float(value), _DECIMALS) for value in point] for point in points]


def _line_fault(points: Any, least: int) -> Text | None:
    if not isinstance(points, list | tuple) or not least <= len(points) <= MAX_POINTS:
        return Text(f"坐标应有 {least} 至 {MAX_POINTS} 个点", f"a geometry has {least} to {MAX_POINTS} points")
    for point in points:
        if not _is_point(point):
            given = str(point)[:_SHOWN_MAX]
            return Text(f"坐标不正确：{given}", f"not a longitude and latitude: {given}")
    return None


def _is_point(point: Any) -> bool:
    pair = isinstance(point, list | tuple) and len(point) == 2
    return pair and is_degree(point[0], 180) and is_degree(point[1], 90)


def _count_fault(geometry: Mapping[str, Any]) -> Text | None:
    count = sum(1 for _ in _points(geometry))
    if count > MAX_POINTS:
        return Text(f"图形最多 {MAX_POINTS} 个点，现有 {count} 个", f"at most {MAX_POINTS} points, not {count}")
    return None


def _points(geometry: Mapping[str, Any]) -> Iterator[Any]:
    rings = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
    for ring in rings:
        yield from ring
