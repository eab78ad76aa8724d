"""Divisions and unit grids from GeoJSON: polygons with a code and a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from cityops.kit import CoordinateSystem, DivisionCode, DivisionLevel, InvalidError, Text, to_wgs84
from cityops.places.city import City, Division, Grid, bounds_of
from cityops.places.geometry import Area, Ring, representative_point, signed_area
from cityops.places.osm import import_osm

GRID_DIGITS: Final = 15
_LEVELS: Final = {9: DivisionLevel.STREET, 12: DivisionLevel.COMMUNITY}


def import_divisions(
    path: Path, system: CoordinateSystem = CoordinateSystem.WGS84
) -> tuple[tuple[Division, ...], tuple[Grid, ...]]:
    """Read a FeatureCollection of polygons; what each is follows from the digits of its code.

    Six digits are a city (``…00``) or district, nine a street, twelve a community, fifteen a unit grid. The code is the
    property ``code`` or ``adcode``, the name is ``name``. Rings are closed and turned as RFC 7946 wants them.

    Args:
        path: the file.
        system: the coordinate system it is in; map services in China publish GCJ-02.

    Returns:
        ``(divisions, grids)`` in WGS-84, by code; parents are those above that the file holds.

    Raises:
        InvalidError: ``places.divisions``: no such collection, or a feature without code, name or polygon, or with a
            code used before; the message names the feature.
        OSError: the file cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _bad_file(path, f"不是有效的 JSON（{error}）", f"not valid JSON ({error})") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise _bad_file(path, "没有 features 列表", "no list of features")
    divisions: dict[str, Division] = {}
    grids: dict[str, Grid] = {}
    for number, feature in enumerate(features, start=1):
        try:
            code, name, area = _read(feature, system)
        except (KeyError, TypeError, ValueError, InvalidError) as error:
            why = error.text if isinstance(error, InvalidError) else Text(repr(error), repr(error))
            raise _bad_file(path, f"第 {number} 个要素：{why.zh}", f"feature {number}: {why.en}") from error
        if code in divisions or code in grids:
            raise _bad_file(
                path, f"第 {number} 个要素：编码 {code} 重复", f"feature {number}: code {code} was used before"
            )
        if len(code) == GRID_DIGITS:
            grids[code] = Grid(code, area)
        else:
            divisions[code] = Division(code, name, _level(code), None, area)
    by_code = [replace(division, parent=_parent(code, divisions)) for code, division in sorted(divisions.items())]
    by_code.sort(key=lambda division: (len(division.code), division.level is not DivisionLevel.CITY))
    return tuple(by_code), tuple(grids[code] for code in sorted(grids))


def import_city(
    name: str, divisions_path: Path, osm_path: Path, system: CoordinateSystem = CoordinateSystem.WGS84
) -> City:
    """A real city from a file of divisions and an OpenStreetMap extract.

    Args:
        name: what the city is called.
        divisions_path: as for ``import_divisions``.
        osm_path: as for ``import_osm``.
        system: the coordinate system of the divisions; OpenStreetMap is always WGS-84.

    Raises:
        InvalidError: either file cannot be used.
    """
    divisions, grids = import_divisions(divisions_path, system)
    if not divisions:
        raise _bad_file(divisions_path, "只有网格，没有行政区划", "only grids, no divisions")
    extract = import_osm(osm_path)
    largest = max(divisions, key=lambda division: abs(sum(signed_area(polygon[0]) for polygon in division.area)))
    return City(
        name=name,
        synthetic=False,
        center=representative_point(largest.area),
        bounds=bounds_of(divisions),
        divisions=divisions,
        grids=grids,
        network=extract.network,
        junctions=extract.junctions,
        pois=extract.pois,
    )


def _read(feature: dict[str, Any], system: CoordinateSystem) -> tuple[str, str, Area]:
    """Code, name and area of one feature."""
    properties, geometry = feature["properties"], feature["geometry"]
    code = str(properties["code"] if "code" in properties else properties["adcode"])
    if not code.isdecimal() or len(code) not in (6, *_LEVELS, GRID_DIGITS):
        raise ValueError(f"code {code!r}")
    DivisionCode.parse(code[:6])
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"geometry {geometry['type']!r}")
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    area = tuple(
        tuple(_ring(ring, system, outer=place == 0) for place, ring in enumerate(polygon)) for polygon in polygons
    )
    if not area or not all(area):
        raise ValueError("empty polygon")
    return code, str(properties["name"]) if len(code) != GRID_DIGITS else code, area


def _ring(points: Sequence[Sequence[float]], system: CoordinateSystem, *, outer: bool) -> Ring:
    """A ring in WGS-84, closed, anticlockwise outside and clockwise for a hole."""
    given = np.array([point[:2] for point in points], dtype=np.float64)
    if given.ndim != 2 or given.shape[1:] != (2,) or not np.isfinite(given).all():
        raise ValueError("ring of something else than points")
    if (given[0] != given[-1]).any():
        given = np.vstack([given, given[:1]])
    if len(given) < 4 or signed_area(given) == 0:
        raise ValueError("ring without area")
    ring = np.column_stack(to_wgs84(given[:, 0], given[:, 1], system))
    return ring if (signed_area(ring) > 0) is outer else ring[::-1].copy()


def _level(code: str) -> DivisionLevel:
    if len(code) in _LEVELS:
        return _LEVELS[len(code)]
    return DivisionCode.parse(code).level


def _parent(code: str, divisions: dict[str, Division]) -> str | None:
    """The nearest division above that is there."""
    shorter = {12: (9, 6), 9: (6,)}.get(len(code), ())
    above = [code[:digits] for digits in shorter] + [code[:4] + "00", code[:2] + "0000"]
    return next((one for one in above if one in divisions and one != code), None)


def _bad_file(path: Path, zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"区划文件无法导入（{zh}）：{path.name}",
        f"cannot import this file of divisions ({en}): {path.name}",
        code="places.divisions",
        kept=Text("原区划不变。", "The former divisions are kept."),
        todo=Text(
            "请修正该要素后重新导入；编码为 6、9、12 位区划或 15 位网格。",
            "Correct that feature and import again; codes have 6, 9, 12 digits, or 15 for a grid.",
        ),
    )
