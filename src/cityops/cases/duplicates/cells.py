"""Cells of the globe, so that an index finds what is near; and the great-circle distance that decides."""

from __future__ import annotations

import math
from typing import Final

from cityops.kit import InvalidError, Text

CELLS_PER_DEGREE: Final = 200
"""A cell is 0.005 degrees: 556 m north to south, 440 m east to west in Taiyuan."""
MAX_LATITUDE: Final = 85
"""Cells are narrow near the poles: a circle would touch tens of thousands."""
_COLUMNS: Final = 360 * CELLS_PER_DEGREE
EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""


def check_position(lon: float, lat: float) -> None:
    """``InvalidError`` (``duplicates.position``) when this is no place in degrees, or a pole is too near."""
    if not (-180 <= lon <= 180 and -MAX_LATITUDE <= lat <= MAX_LATITUDE):
        raise InvalidError(
            f"位置无效：经度 {lon}，纬度 {lat}",
            f"not a position: longitude {lon}, latitude {lat}",
            code="duplicates.position",
            kept=Text("未保存任何内容。", "Nothing was stored."),
            todo=Text("请在地图上重新选点。", "Choose the place on the map again."),
        )


def cell_of(lon: float, lat: float) -> int:
    """Number of the cell of a place in WGS-84 degrees: rows from the south pole, columns from 180° west."""
    return _row(lat) * _COLUMNS + math.floor((lon + 180) * CELLS_PER_DEGREE) % _COLUMNS


def cells_near(lon: float, lat: float, radius_m: float) -> list[int]:
    """Every cell that the circle of ``radius_m`` around the place can touch, in order."""
    reach = radius_m / EARTH_RADIUS_M
    south, north = lat - math.degrees(reach), lat + math.degrees(reach)
    rows = range(_row(south), _row(north) + 1)
    # The circle is widest where its meridian touches it, beyond the place towards the pole.
    half = math.degrees(math.asin(min(1.0, math.sin(reach) / math.cos(math.radians(lat)))))
    first = math.floor((lon - half + 180) * CELLS_PER_DEGREE)
    last = math.floor((lon + half + 180) * CELLS_PER_DEGREE)
    columns = {column % _COLUMNS for column in range(first, last + 1)}
    return sorted(row * _COLUMNS + column for row in rows for column in columns)


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance of two places in metres, by the haversine formula."""
    half_lat = math.radians(other_lat - lat) / 2
    half_lon = math.radians(other_lon - lon) / 2
    chord = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(half_lon) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def _row(lat: float) -> int:
    return math.floor((lat + 90) * CELLS_PER_DEGREE)
