"""The six urban districts: main streets on a bent lattice, and between them blocks, each with lanes of its own."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Final

import numpy as np

from cityops.places.city import Landscape
from cityops.places.demo.kinds import Sheet, arterial, chinese_number, lane
from cityops.places.demo.lattice import Lattice, Place, Street
from cityops.places.demo.river import ground
from cityops.places.geometry import Floats

_CORE_M: Final = 6000.0
_LANE_SPACING_M: Final = {"core": 158.0, "outer": 215.0}
_PARK_SHARE: Final = 0.035
_DIAGONAL_NAME: Final = "太榆路"
_DIAGONAL: Final = (
    ("建设南路", "学府街"),
    ("东安路", "南中环街"),
    ("太行路", "晋阳街"),
    ("唐槐路", "中心街"),
    ("东峰路", "龙城大街"),
    ("马庄路", "康宁街"),
    ("武宿路", "化章街"),
)
"""An old highway that cuts across the lattice: the crossings it passes."""


class Town:
    """Draws the streets and lanes of the built-up area."""

    def __init__(self, sheet: Sheet, lattice: Lattice) -> None:
        self._sheet = sheet
        self._lattice = lattice
        self._corner: dict[Place, int] = {}
        self._side: dict[tuple[Place, Place], list[int]] = {}
        self._lanes: dict[str, int] = defaultdict(int)
        self.parks: list[Landscape] = []

    def draw(self) -> None:
        """Draw main streets, then the lanes of every block; a few blocks are parks."""
        for start, end, street in self._lattice.sides():
            self._draw_side(start, end, street)
        cut = self._draw_diagonal()
        for i, j in zip(*np.nonzero(self._lattice.built), strict=True):
            block = int(i), int(j)
            if block in cut:
                continue
            if self._sheet.rng.random() < _PARK_SHARE:
                self._draw_park(block)
            else:
                self._draw_block(block)

    def corner(self, place: Place) -> int:
        """The node at a crossing, made when first asked for."""
        if place not in self._corner:
            self._corner[place] = self._sheet.node(self._lattice.points[place])
        return self._corner[place]

    def _spacing_m(self, point: Floats) -> float:
        return _LANE_SPACING_M["core" if np.hypot(*point) < _CORE_M else "outer"]

    def _lat(self, point: Floats) -> float:
        _, lat = self._sheet.plane.degrees(point[0], point[1])
        return float(lat)

    def _draw_side(self, start: Place, end: Place, street: Street) -> None:
        """A stretch of main street between two crossings, with nodes where lanes may join."""
        a, b = self._lattice.points[start], self._lattice.points[end]
        spacing_m = self._spacing_m((a + b) / 2) * self._sheet.rng.uniform(0.85, 1.2)
        count = max(1, round(float(np.hypot(*(b - a))) / spacing_m))
        shares = np.arange(1, count)[:, None] / count
        shares = shares + self._sheet.rng.uniform(-0.2, 0.2, shares.shape) / count
        between = self._sheet.nodes(a + (b - a) * shares)
        line = [self.corner(start), *between, self.corner(end)]
        self._sheet.builder.add_line(line, street.kind(self._lat((a + b) / 2)))
        self._side[start, end] = line

    def _draw_diagonal(self) -> set[Place]:
        """The diagonal road; returns the blocks it cuts through, which stay without lanes."""
        places = [self._lattice.place(column, row) for column, row in _DIAGONAL]
        corners = [self.corner(place) for place in places]
        line = [corners[0]]
        for a, b in pairwise(corners):
            line += self._sheet.winding(a, b, 250.0, 0.0)[1:]
        self._sheet.builder.add_line(line, arterial(_DIAGONAL_NAME))
        return {(i, j - 1) for i, j in places}

    def _draw_park(self, block: Place) -> None:
        """A block without lanes: grass between its four streets."""
        i, j = block
        p = self._lattice.points
        corners = np.array([p[i, j], p[i + 1, j], p[i + 1, j + 1], p[i, j + 1]])
        corners = corners.mean(axis=0) + (corners - corners.mean(axis=0)) * 0.9
        self.parks.append(ground(self._sheet.plane, "park", "绿地", np.vstack([corners, corners[:1]])))

    def _draw_block(self, block: Place) -> None:
        """The lanes inside one block of main streets; some are missing, as in any city."""
        i, j = block
        edges = [((i, j), (i + 1, j)), ((i, j + 1), (i + 1, j + 1)), ((i, j), (i, j + 1)), ((i + 1, j), (i + 1, j + 1))]
        south, north, west, east = (self._side.get(edge, []) for edge in edges)
        rng = self._sheet.rng
        columns, rows = max(len(south), len(north), 3) - 1, max(len(west), len(east), 3) - 1
        inner = self._inner(block, columns, rows)
        gap = 0.08 + 0.26 * rng.random()
        lat = self._lat(self._lattice.points[i, j])
        base_row, base_column = self._lattice.columns[i].name(lat) + "东", self._lattice.rows[j].name(lat) + "北"
        for row in range(1, rows):
            line = [inner[column][row - 1] for column in range(columns - 1)]
            self._draw_lane([*_joint(west, row / rows), *line, *_joint(east, row / rows)], base_row, gap)
        for column in range(1, columns):
            share = column / columns
            self._draw_lane([*_joint(south, share), *inner[column - 1], *_joint(north, share)], base_column, gap)

    def _inner(self, block: Place, columns: int, rows: int) -> list[list[int]]:
        """Nodes inside the block, by column and row: mixes of the corners, each moved a little."""
        i, j = block
        p = self._lattice.points
        spread = self._spacing_m(p[i, j]) * 0.17
        v = (np.arange(1, rows) / rows)[:, None]
        found = []
        for column in range(1, columns):
            u = column / columns
            south, north = p[i, j] * (1 - u) + p[i + 1, j] * u, p[i, j + 1] * (1 - u) + p[i + 1, j + 1] * u
            points = south * (1 - v) + north * v
            found.append(self._sheet.nodes(points + self._sheet.rng.uniform(-spread, spread, points.shape)))
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


def _joint(side: list[int], share: float) -> list[int]:
    """The node of a side where a lane joins it, at this share of its length; none where there is no street."""
    return [side[round(share * (len(side) - 1))]] if side else []
