"""Geometry on a city's scale: a local plane in metres, rings, areas, and points in them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

Ring = Floats
"""A closed ring of (lon, lat) rows, the last row equal to the first."""
Area = tuple[tuple[Ring, ...], ...]
"""A multipolygon: of each polygon the outer ring (anticlockwise), then its holes (clockwise)."""


@dataclass(frozen=True, slots=True)
class LocalPlane:
    """East and north in metres around a point; within 60 km of it lengths are true to 1 %.

    Lengths of a degree at the latitude of the origin: the usual series for WGS-84 (Snyder, Map Projections, 1987).
    """

    lon: float
    lat: float
    m_per_lon: float
    m_per_lat: float

    @classmethod
    def around(cls, lon: float, lat: float) -> Self:
        """The plane with its origin at this point."""
        phi = np.radians(lat)
        m_per_lon = 111_412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi)
        m_per_lat = 111_132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
        return cls(lon, lat, float(m_per_lon), float(m_per_lat))

    def east_m(self, lon: Floats) -> Floats:
        """Metres east of the origin."""
        return (lon - self.lon) * self.m_per_lon

    def north_m(self, lat: Floats) -> Floats:
        """Metres north of the origin."""
        return (lat - self.lat) * self.m_per_lat

    def degrees(self, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
        """``(lon, lat)`` of points in the plane."""
        return east_m / self.m_per_lon + self.lon, north_m / self.m_per_lat + self.lat


def distance_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Great-circle distance in metres (haversine, mean radius 6,371,008.8 m), within 0.5 % of the ellipsoid's."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((phi_b - phi_a) / 2) ** 2
    half = half + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * 6_371_008.8 * np.arcsin(np.sqrt(half)), dtype=np.float64)


def signed_area(ring: Ring) -> float:
    """Area inside a closed ring in its own units squared; positive when it runs anticlockwise."""
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def in_ring(lon: Floats, lat: Floats, ring: Ring) -> Flags:
    """Which points are inside a closed ring (even-odd rule; shape of ``lon``)."""
    inside = np.zeros(np.shape(lon), dtype=np.bool_)
    for (x_a, y_a), (x_b, y_b) in pairwise(ring):
        if y_a > y_b:
            x_a, y_a, x_b, y_b = x_b, y_b, x_a, y_a
        if y_a == y_b:
            continue
        crossed = (lat >= y_a) & (lat < y_b)
        inside ^= crossed & (lon < x_a + (lat - y_a) * ((x_b - x_a) / (y_b - y_a)))
    return inside


def in_area(lon: Floats, lat: Floats, area: Area) -> Flags:
    """Which points are inside a multipolygon (shape of ``lon``)."""
    inside = np.zeros(np.shape(lon), dtype=np.bool_)
    for polygon in area:
        for ring in polygon:
            inside ^= in_ring(lon, lat, ring)
    return inside


def area_bounds(area: Area) -> tuple[float, float, float, float]:
    """``(west, south, east, north)`` of a multipolygon."""
    points = np.concatenate([polygon[0] for polygon in area])
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def representative_point(area: Area) -> tuple[float, float]:
    """A point inside the largest polygon: halfway along the widest stretch of the latitude through its middle."""
    polygon = max(area, key=lambda rings: abs(signed_area(rings[0])))
    outer = polygon[0]
    lat = float(outer[:, 1].min() + outer[:, 1].max()) / 2
    crossings: list[float] = []
    for ring in polygon:
        for (x_a, y_a), (x_b, y_b) in pairwise(ring):
            if (y_a <= lat) != (y_b <= lat):
                crossings.append(float(x_a + (lat - y_a) * (x_b - x_a) / (y_b - y_a)))
    crossings.sort()
    west, east = max(zip(crossings[::2], crossings[1::2], strict=True), key=lambda pair: pair[1] - pair[0])
    return (west + east) / 2, lat
