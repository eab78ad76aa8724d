"""The lattice of main streets of the six urban districts: which there are, how they bend, where houses stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cityops.places.builder import RoadKind
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet, arterial, collector, expressway
from cityops.places.demo.river import River
from cityops.places.demo.tiling import closed_ring
from cityops.places.geometry import Flags, Floats, in_ring

_CLASSES: Final = {"T": expressway, "P": arterial, "S": collector}
_THROUGH: Final = "TP"
"""Classes of streets that cross the river and go on through unbuilt blocks."""
_RIVER_LON: Final = 112.5325
_BEND_AT_LAT: Final = (
    (37.64, -0.020),
    (37.70, -0.014),
    (37.75, -0.008),
    (37.80, -0.003),
    (37.86, 0.0),
    (37.90, -0.002),
    (37.93, -0.006),
    (37.97, -0.022),
    (38.01, -0.034),
)
"""How far the river, and the streets beside it, lie from ``_RIVER_LON`` at these latitudes."""
_BANK_M: Final = 110.0
"""Blocks whose middle is nearer to the water than this are riverside, not built."""
_FRAYED_SHARE: Final = 0.35
"""Share of the outermost blocks that are left unbuilt, so that the city's edge is not a ruler's."""

Place = tuple[int, int]
"""Column and row of a crossing, or of the block to the north-east of it."""


@dataclass(frozen=True, slots=True)
class Street:
    """A main street of the lattice: its names from north to south, where it lies, its class letter."""

    names: tuple[str, ...]
    at_deg: float
    letter: str

    def name(self, lat: float) -> str:
        """The street's name at this latitude."""
        north, south = gazetteer.CLASS_SPLIT
        place = 0 if lat >= north else 1 if lat >= south else 2
        return self.names[min(place, len(self.names) - 1)]

    def kind(self, lat: float) -> RoadKind:
        """What the street is at this latitude."""
        return _CLASSES[self.letter](self.name(lat))


def read_streets(text: str) -> list[Street]:
    """The streets of a gazetteer list."""
    rows = [row.split() for row in text.split("|")]
    return [Street(tuple(names.split("/")), float(at), letter) for names, at, letter in rows]


class Lattice:
    """The main streets, where they cross, and the blocks between them.

    Attributes:
        columns: streets that run north, from west to east.
        rows: streets that run east, from south to north.
        points: (columns, rows, 2) crossings in the plane, metres.
        inside: (columns - 1, rows - 1) blocks within the city's outline.
        built: those of them with houses: not in water, on a bank, or frayed off the edge.
    """

    def __init__(self, sheet: Sheet, river: River) -> None:
        self._sheet = sheet
        self._river = river
        self.columns = read_streets(gazetteer.NORTH_SOUTH)
        self.rows = read_streets(gazetteer.EAST_WEST)
        self.points = self._bent()
        self.inside, self.built = self._blocks()

    def street(self, name: str) -> Street:
        """The main street that has this name somewhere."""
        return next(street for street in (*self.columns, *self.rows) if name in street.names)

    def place(self, column: str, row: str) -> Place:
        """Where two main streets cross, by one of their names each."""
        return self.columns.index(self.street(column)), self.rows.index(self.street(row))

    def sides(self) -> list[tuple[Place, Place, Street]]:
        """All stretches of main street between two crossings that are there."""
        northward = (
            ((i, j), (i, j + 1), ((i - 1, j), (i, j)), column)
            for i, column in enumerate(self.columns)
            for j in range(len(self.rows) - 1)
        )
        eastward = (
            ((i, j), (i + 1, j), ((i, j - 1), (i, j)), row)
            for j, row in enumerate(self.rows)
            for i in range(len(self.columns) - 1)
        )
        return [
            (a, b, street) for a, b, blocks, street in (*northward, *eastward) if self._is_there(a, b, blocks, street)
        ]

    def inner_points(self, share: float) -> Floats:
        """(n, 2): four points in every block inside the outline, ``share`` of its sides away from its corners."""
        p = self.points
        found = []
        for u in (share, 1 - share):
            for v in (share, 1 - share):
                mix = p[:-1, :-1] * (1 - u) * (1 - v) + p[1:, :-1] * u * (1 - v)
                mix = mix + p[:-1, 1:] * (1 - u) * v + p[1:, 1:] * u * v
                found.append(mix[self.inside])
        return np.concatenate(found)

    def gates(self) -> list[Place]:
        """Crossings at the edge of the city where country roads may begin."""
        found = []
        for i in range(len(self.columns)):
            for j in range(len(self.rows)):
                around = self.inside[max(i - 1, 0) : i + 1, max(j - 1, 0) : j + 1]
                built = self.built[max(i - 1, 0) : i + 1, max(j - 1, 0) : j + 1]
                main = "S" not in (self.columns[i].letter, self.rows[j].letter)
                if built.any() and around.sum() < 4 and (main or around.sum() == 1):
                    found.append((i, j))
        return found

    def _bent(self) -> Floats:
        """Where the streets cross: the lattice follows the river, and wavers a little."""
        plane, rng = self._sheet.plane, self._sheet.rng
        lon, lat = np.meshgrid([c.at_deg for c in self.columns], [r.at_deg for r in self.rows], indexing="ij")
        bend_lat, bend = np.array(_BEND_AT_LAT).T
        west = np.clip(1.15 - (_RIVER_LON - lon) / 0.16, 0.35, 1)
        east = np.clip(1.1 - (lon - _RIVER_LON) / 0.11, 0.0, 1)
        lon = lon + np.interp(lat, bend_lat, bend) * np.where(lon < _RIVER_LON, west, east)
        east_m, north_m = plane.east_m(lon), plane.north_m(lat)
        east_m += 70 * np.sin(north_m / 2900 + 0.4) + 30 * np.sin(north_m / 1100)
        north_m += 110 * np.sin(east_m / 3300) + 45 * np.sin(east_m / 1300 + 1)
        wobble = np.clip(rng.normal(0, 26, (*lon.shape, 2)), -60, 60)
        return np.stack([east_m, north_m], axis=-1) + wobble

    def _blocks(self) -> tuple[Flags, Flags]:
        p = self.points
        middle = (p[:-1, :-1] + p[1:, :-1] + p[:-1, 1:] + p[1:, 1:]) / 4
        lon, lat = self._sheet.plane.degrees(middle[..., 0], middle[..., 1])
        inside = np.asarray(in_ring(lon, lat, closed_ring(gazetteer.BUILT_UP)), dtype=np.bool_)
        dry = (self._river.gap_m(middle) > _BANK_M) & (self._lake_distance(middle) > 1.1)
        ringed = np.pad(inside, 1)
        edge = inside & ~(ringed[:-2, 1:-1] & ringed[2:, 1:-1] & ringed[1:-1, :-2] & ringed[1:-1, 2:])
        frayed = edge & (self._sheet.rng.random(inside.shape) < _FRAYED_SHARE)
        return inside, inside & dry & ~frayed

    def _is_there(self, start: Place, end: Place, blocks: tuple[Place, Place], street: Street) -> bool:
        """Whether a side between two crossings, a block on either hand, is a street; only some bridge the river."""
        columns, rows = self.built.shape
        beside = [block for block in blocks if 0 <= block[0] < columns and 0 <= block[1] < rows]
        a, b = self.points[start], self.points[end]
        if street.letter in _THROUGH:
            return any(self.inside[block] for block in beside) and bool(self._lake_distance((a + b) / 2) > 1)
        return any(self.built[block] for block in beside) and not self._river.crosses(a, b)

    def _lake_distance(self, points: Floats) -> Floats:
        """Distance of points (…, 2) from the middle of the city's lake, in parts of its half axes."""
        _, lon, lat, east_m, north_m = gazetteer.LAKES[0]
        lake = self._sheet.xy(((lon, lat),))[0]
        return np.asarray(np.hypot((points[..., 0] - lake[0]) / east_m, (points[..., 1] - lake[1]) / north_m))
