"""The river of the demo city: its middle line, where it is wet, and the water as it is drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from cityops.places.city import Landscape
from cityops.places.demo import gazetteer
from cityops.places.geometry import Floats, LocalPlane

_MEANDER_M: Final = 270.0
_MEANDERS: Final = ((3900.0, 0.0), (6700.0, 1.0), (2300.0, 2.0))
"""Lengths and phases of the waves whose sum the river follows."""
_STRAIGHT_HALF_WIDTH_M: Final = 190.0
"""Where the river is at least this wide on either side it runs between built banks and does not meander."""


class River:
    """汾河 in the plane around the city's centre."""

    def __init__(self, plane: LocalPlane) -> None:
        self._plane = plane
        lon, lat, half_m = np.array(gazetteer.RIVER, dtype=np.float64).T
        corners = np.column_stack([plane.east_m(lon), plane.north_m(lat)])
        stations = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        along = np.arange(0, stations[-1], 120.0)
        line = np.column_stack([PchipInterpolator(stations, corners[:, axis])(along) for axis in (0, 1)])
        self.half_m = np.interp(along, stations, half_m)
        wildness = np.clip((_STRAIGHT_HALF_WIDTH_M - self.half_m) / 100.0, 0, 1)
        sway = sum(np.sin(along / length_m * 2 * np.pi + phase) for length_m, phase in _MEANDERS)
        self.line = line + _left(line) * (sway * wildness * _MEANDER_M)[:, None]
        self._tree = cKDTree(self.line)

    def gap_m(self, points: Floats) -> Floats:
        """Distance of points (…, 2) from the water's edge; negative in the water."""
        gap, nearest = self._tree.query(points)
        return np.asarray(gap - self.half_m[nearest], dtype=np.float64)

    def crosses(self, start: Floats, end: Floats) -> bool:
        """Whether a straight line gets wet."""
        shares = np.linspace(0, 1, 12)[:, None]
        return bool((self.gap_m(start + (end - start) * shares) < 0).any())

    def water(self) -> tuple[Landscape, ...]:
        """The river as a band, and the lakes."""
        side = _left(self.line) * self.half_m[:, None]
        bank = np.concatenate([self.line - side, (self.line + side)[::-1]])
        found = [ground(self._plane, "water", "汾河", np.vstack([bank, bank[:1]]))]
        turn = np.linspace(0, 2 * np.pi, 41)
        for name, lon, lat, east_m, north_m in gazetteer.LAKES:
            shore = 1 + 0.10 * np.sin(3 * turn + lon) + 0.06 * np.sin(5 * turn)
            east = self._plane.east_m(np.array(lon)) + east_m * np.cos(turn) * shore
            north = self._plane.north_m(np.array(lat)) + north_m * np.sin(turn) * shore
            found.append(ground(self._plane, "water", name, np.column_stack([east, north])))
        return tuple(found)


def ground(plane: LocalPlane, kind: str, name: str, ring: Floats) -> Landscape:
    """A piece of ground from a closed ring in the plane."""
    lon, lat = plane.degrees(ring[:, 0], ring[:, 1])
    return Landscape(kind, name, ((np.column_stack([lon, lat]),),))


def _left(line: Floats) -> Floats:
    """Unit vectors to the left of a line."""
    heading = np.gradient(line, axis=0)
    return np.column_stack([-heading[:, 1], heading[:, 0]]) / np.hypot(heading[:, 0], heading[:, 1])[:, None]
