"""The six urban districts: main streets on a bent lattice, and between them blocks, each with lanes of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from cityops.places.builder import RoadKind
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet, arterial, chinese_number, collector, expressway, lane
from cityops.places.demo.tiling import closed_ring
from cityops.places.geometry import Flags, Floats, Ring, in_ring

_RIVER_COLUMN_WEST: Final = "滨河西路"
_CORE_M: Final = 6000.0
_LANE_SPACING_M: Final = {"core": 165.0, "outer": 240.0}
_CLASSES: Final = {"T": expressway, "P": arterial, "S": collector}
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
"""How far the river, and the streets beside it, lie from 112.5325 E at these latitudes."""


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
    """The main streets and where they cross.

    Args:
        sheet: what is drawn on.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.columns = read_streets(gazetteer.NORTH_SOUTH)
        self.rows = read_streets(gazetteer.EAST_WEST)
        self._river = next(i for i, street in enumerate(self.columns) if street.name(90) == _RIVER_COLUMN_WEST)
        self._ring: Ring = closed_ring(gazetteer.BUILT_UP)
        self._points = self._bent()
        self.built = self._built()
        self.corner: dict[tuple[int, int], int] = {}
        self._side: dict[tuple[tuple[int, int], tuple[int, int]], list[int]] = {}
        self._lanes: dict[str, int] = defaultdict(int)

    def draw(self) -> None:
        """Draw main streets, then the lanes of every block."""
        for i in range(len(self.columns)):
            for j in range(len(self.rows) - 1):
                if self._built_at(i - 1, j) or self._built_at(i, j):
                    self._draw_side((i, j), (i, j + 1), self.columns[i])
        for j in range(len(self.rows)):
            for i in range(len(self.columns) - 1):
                bridge = i == self._river and self.rows[j].letter in "TP" and self._bank(j)
                if (i != self._river and (self._built_at(i, j - 1) or self._built_at(i, j))) or bridge:
                    self._draw_side((i, j), (i + 1, j), self.rows[j])
        for i, j in zip(*np.nonzero(self.built), strict=True):
            if i != self._river:
                self._draw_block(int(i), int(j))

    def street(self, name: str) -> Street:
        """The main street that has this name somewhere."""
        return next(street for street in (*self.columns, *self.rows) if name in street.names)

    def crossing(self, column: str, row: str) -> int:
        """The node where two main streets cross, by one of their names each."""
        return self.corner[self.columns.index(self.street(column)), self.rows.index(self.street(row))]

    def gates(self) -> list[int]:
        """Nodes where a main street reaches the edge of the built-up area: where country roads begin."""
        found = []
        for (i, j), node in sorted(self.corner.items()):
            around = self._inside[max(i - 1, 0) : i + 1, max(j - 1, 0) : j + 1].ravel().tolist()
            main = "S" not in (self.columns[i].letter, self.rows[j].letter)
            if sum(around) < 4 and (main or sum(around) == 1) and i not in (self._river, self._river + 1):
                found.append(node)
        return found

    def _bent(self) -> Floats:
        """Where the streets cross, (columns, rows, 2) in metres: the lattice follows the river, and wavers a little."""
        lon, lat = np.meshgrid([c.at_deg for c in self.columns], [r.at_deg for r in self.rows], indexing="ij")
        bend_lat, bend = np.array(_BEND_AT_LAT).T
        away = np.abs(lon - 112.5325)
        weight = np.where(lon < 112.5325, np.clip(1.15 - away / 0.16, 0.35, 1), np.clip(1.1 - away / 0.11, 0.0, 1))
        lon = lon + np.interp(lat, bend_lat, bend) * weight
        east, north = self._sheet.plane.east_m(lon), self._sheet.plane.north_m(lat)
        east += 70 * np.sin(north / 2900 + 0.4) + 30 * np.sin(north / 1100)
        north += 90 * np.sin(east / 3300) + 40 * np.sin(east / 1300 + 1)
        wobble = self._sheet.rng.normal(0, 26, (*lon.shape, 2))
        return np.stack([east, north], axis=-1) + np.clip(wobble, -60, 60)

    def _built(self) -> Flags:
        """(columns - 1, rows - 1): blocks whose middle is in the built-up area."""
        middle = (self._points[:-1, :-1] + self._points[1:, :-1] + self._points[:-1, 1:] + self._points[1:, 1:]) / 4
        lon, lat = self._sheet.plane.degrees(middle[..., 0], middle[..., 1])
        self._inside = in_ring(lon, lat, self._ring)
        lake_lon, lake_lat = gazetteer.LAKES[0][1:3]
        dry = np.hypot((lon - lake_lon) * 88_000 / 1000, (lat - lake_lat) * 111_000 / 1200) > 1
        return np.asarray(self._inside & dry, dtype=np.bool_)

    def _built_at(self, i: int, j: int) -> bool:
        inside = 0 <= i < len(self.columns) - 1 and 0 <= j < len(self.rows) - 1
        return inside and i != self._river and bool(self.built[i, j])

    def _bank(self, j: int) -> bool:
        """Whether both ends of a bridge in row ``j`` meet a drawn street."""
        return (self._river, j) in self.corner and (self._river + 1, j) in self.corner

    def _corner(self, place: tuple[int, int]) -> int:
        if place not in self.corner:
            self.corner[place] = self._sheet.node(self._points[place])
        return self.corner[place]

    def _spacing_m(self, point: Floats) -> float:
        return _LANE_SPACING_M["core" if np.hypot(*point) < _CORE_M else "outer"]

    def _draw_side(self, start: tuple[int, int], end: tuple[int, int], street: Street) -> None:
        """A stretch of main street between two crossings, with nodes where lanes may join."""
        a, b = self._points[start], self._points[end]
        spacing_m = self._spacing_m((a + b) / 2) * self._sheet.rng.uniform(0.85, 1.2)
        count = max(1, round(float(np.hypot(*(b - a))) / spacing_m))
        shares = np.arange(1, count)[:, None] / count
        shares = shares + self._sheet.rng.uniform(-0.2, 0.2, shares.shape) / count
        between = self._sheet.nodes(a + (b - a) * shares)
        line = [self._corner(start), *between, self._corner(end)]
        _, lat = self._sheet.plane.degrees(*((a + b) / 2))
        self._sheet.builder.add_line(line, street.kind(float(lat)))
        self._side[start, end] = line

    def _draw_block(self, i: int, j: int) -> None:
        """The lanes inside one block of main streets; some are missing, as in any city."""
        south, north = self._side[(i, j), (i + 1, j)], self._side[(i, j + 1), (i + 1, j + 1)]
        west, east = self._side[(i, j), (i, j + 1)], self._side[(i + 1, j), (i + 1, j + 1)]
        rng = self._sheet.rng
        columns = max(len(south), len(north)) - 1
        rows = max(len(west), len(east)) - 1
        inner = self._inner(i, j, columns, rows)
        gap = 0.10 + 0.25 * rng.random()
        base_row, base_column = self._lane_base(self.columns[i], i, j), self._lane_base(self.rows[j], i, j)
        for row in range(1, rows):
            ends = [west[round(row / rows * (len(west) - 1))], east[round(row / rows * (len(east) - 1))]]
            self._draw_lane(
                [ends[0], *(inner[column][row - 1] for column in range(columns - 1)), ends[1]], base_row + "东", gap
            )
        for column in range(1, columns):
            ends = [
                south[round(column / columns * (len(south) - 1))],
                north[round(column / columns * (len(north) - 1))],
            ]
            self._draw_lane([ends[0], *inner[column - 1], ends[1]], base_column + "北", gap)

    def _lane_base(self, street: Street, i: int, j: int) -> str:
        _, lat = self._sheet.plane.degrees(*((self._points[i, j] + self._points[i + 1, j + 1]) / 2))
        return street.name(float(lat))

    def _inner(self, i: int, j: int, columns: int, rows: int) -> list[list[int]]:
        """Nodes inside the block, by column and row: the corners' mix, each moved a little."""
        p = self._points
        found = []
        for column in range(1, columns):
            u = column / columns
            shares = [(u, row / rows) for row in range(1, rows)]
            points = [
                p[i, j] * (1 - u) * (1 - v)
                + p[i + 1, j] * u * (1 - v)
                + p[i, j + 1] * (1 - u) * v
                + p[i + 1, j + 1] * u * v
                for u, v in shares
            ]
            spread = self._spacing_m(p[i, j]) * 0.16
            moved = np.array(points).reshape(-1, 2) + self._sheet.rng.uniform(-spread, spread, (len(points), 2))
            found.append(self._sheet.nodes(moved))
        return found

    def _draw_lane(self, line: list[int], base: str, gap: float) -> None:
        """One lane, cut where a stretch is missing; each remaining piece of it keeps the name."""
        self._lanes[base] += 1
        number = self._lanes[base]
        kind = lane(f"{base}{chinese_number(number)}巷" if number < 100 else "")
        missing = self._sheet.rng.random(len(line) - 1) < gap
        piece = [line[0]]
        for node, cut in zip(line[1:], missing, strict=True):
            if cut:
                self._sheet.builder.add_line(piece, kind)
                piece = []
            piece.append(node)
        self._sheet.builder.add_line(piece, kind)
