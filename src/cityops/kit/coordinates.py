"""Coordinate systems in use in China: WGS-84, GCJ-02 (火星坐标) and BD-09 (百度坐标), converted at the edges only.

CGCS2000 and WGS-84 differ by centimetres and are treated as one; everything stored is WGS-84. GCJ-02 is the offset that
map services in China apply, BD-09 a second one on top of it. The formulas are the widely published ones; the inverse
is found by fixed-point iteration. Outside a box around China no offset exists, and points pass through untouched. So do
points whose inverse would leave the box: within some 700 m of its border the two directions need not undo each other.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SEMI_MAJOR_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
_WEST_DEG, _EAST_DEG = 72.004, 137.8347
_SOUTH_DEG, _NORTH_DEG = 0.8293, 55.8271
_BAIDU_WAVE: Final = np.pi * 3000.0 / 180.0
_ITERATIONS: Final = 7
"""Each step shrinks the error at least fiftyfold: from 0.02 degrees, seven reach 1e-13."""


class CoordinateSystem(IntEnum):
    """The system in which a point was sent (坐标系)."""

    WGS84 = 0
    """WGS-84, and CGCS2000 (2000 国家大地坐标系), which is within centimetres of it."""
    GCJ02 = 1
    """国测局坐标."""
    BD09 = 2
    """百度坐标."""


def _in_china(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    return (lon >= _WEST_DEG) & (lon <= _EAST_DEG) & (lat >= _SOUTH_DEG) & (lat <= _NORTH_DEG)


def _gcj02_of_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The published GCJ-02 offset, for points inside the box."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (ripple + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (ripple + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (flattening * np.sqrt(flattening))
    parallel_m = _SEMI_MAJOR_AXIS_M / np.sqrt(flattening) * np.cos(phi)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _bd09_of_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The published BD-09 offset on top of GCJ-02."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_WAVE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _forward(lon: Floats, lat: Floats, system: CoordinateSystem) -> tuple[Floats, Floats]:
    east, north = _gcj02_of_wgs84(lon, lat)
    return _bd09_of_gcj02(east, north) if system is CoordinateSystem.BD09 else (east, north)


def _backward(lon: Floats, lat: Floats, system: CoordinateSystem) -> tuple[Floats, Floats]:
    east, north = lon.copy(), lat.copy()
    for _ in range(_ITERATIONS):
        forth_lon, forth_lat = _forward(east, north, system)
        east += lon - forth_lon
        north += lat - forth_lat
    return east, north


def _convert(
    lon: float | npt.ArrayLike, lat: float | npt.ArrayLike, system: CoordinateSystem | int, *, forward: bool
) -> tuple[float, float] | tuple[Floats, Floats]:
    scalar = np.ndim(lon) == 0
    east, north = np.array(lon, dtype=np.float64, ndmin=1), np.array(lat, dtype=np.float64, ndmin=1)
    if east.shape != north.shape:
        raise ValueError("lon and lat need the same shape")
    named = CoordinateSystem(system)
    if named is not CoordinateSystem.WGS84:
        inside = _in_china(east, north)
        step = _forward if forward else _backward
        east[inside], north[inside] = step(east[inside], north[inside], named)
    return (float(east[0]), float(north[0])) if scalar else (east, north)


@overload
def to_wgs84(lon: float, lat: float, system: CoordinateSystem | int) -> tuple[float, float]: ...
@overload
def to_wgs84(lon: Floats, lat: Floats, system: CoordinateSystem | int) -> tuple[Floats, Floats]: ...
def to_wgs84(
    lon: float | Floats, lat: float | Floats, system: CoordinateSystem | int
) -> tuple[float, float] | tuple[Floats, Floats]:
    """WGS-84 degrees of points given in ``system``.

    Args:
        lon: degrees east, a number or an array of any shape.
        lat: degrees north, of the same shape.
        system: the system the points are in.

    Returns:
        ``(lon, lat)``: new arrays, or two floats for two numbers. Not-a-number stays what it is. The result converted
        forth again is within 1e-7 degrees (about a centimetre) of the input.

    Raises:
        ValueError: the shapes differ, or ``system`` is none of the three.
    """
    return _convert(lon, lat, system, forward=False)


@overload
def from_wgs84(lon: float, lat: float, system: CoordinateSystem | int) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: Floats, lat: Floats, system: CoordinateSystem | int) -> tuple[Floats, Floats]: ...
def from_wgs84(
    lon: float | Floats, lat: float | Floats, system: CoordinateSystem | int
) -> tuple[float, float] | tuple[Floats, Floats]:
    """Points given in WGS-84 degrees, expressed in ``system``; arguments and errors as in ``to_wgs84``."""
    return _convert(lon, lat, system, forward=True)
