"""Country roads of the demo city: county seats, towns and villages, joined by roads that wind."""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from cityops.places.builder import RoadKind
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet, arterial, collector, county, lane, national, village
from cityops.places.demo.river import River
from cityops.places.demo.tiling import Tiling, closed_ring, towns
from cityops.places.geometry import Floats, in_ring

_STEP_M: Final = 400.0
_BEND: Final = 0.11
_LINK_STEP_M: Final = 250.0
_INTO_TOWN_M: Final = 1300.0
_REACH_M: Final = 16_000.0
_EXTRA_SHARE: Final = 0.12
_EXTRA_REACH_M: Final = 4200.0


class Country:
    """Places outside the built-up area and the roads between them.

    Args:
        sheet: what is drawn on.
        river: what lanes do not cross.
        tiling: where the villages are.
        gates: nodes at the edge of the city where country roads may begin.
    """

    def __init__(self, sheet: Sheet, river: River, tiling: Tiling, gates: list[int]) -> None:
        self._sheet = sheet
        self._river = river
        self._numbers: dict[str, int] = {}
        points: list[Floats] = []
        self._node: list[int | None] = []
        ring = closed_ring(gazetteer.BUILT_UP)
        for town in towns():
            if not in_ring(np.array([town.lon]), np.array([town.lat]), ring)[0]:
                self._numbers[town.name] = len(points)
                points.append(sheet.xy(((town.lon, town.lat),))[0])
        self._towns = len(points)
        outside = ~in_ring(tiling.places[:, 0], tiling.places[:, 1], ring)
        villages = np.column_stack(
            [sheet.plane.east_m(tiling.places[outside, 0]), sheet.plane.north_m(tiling.places[outside, 1])]
        )
        gap, _ = cKDTree(np.array(points)).query(villages)
        points += list(villages[gap > 900])
        self._gates = range(len(points), len(points) + len(gates))
        points += [sheet.at(gate) for gate in gates]
        self._points = np.array(points)
        self._node = [None] * self._gates.start + list(gates)
        self._pairs = self._neighbours(ring)
        self._around: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for (a, b), length_m in self._pairs.items():
            self._around[a].append((b, length_m))
            self._around[b].append((a, length_m))

    def draw(self) -> None:
        """Draw towns, then every road once, by the most important road that uses it."""
        kinds = self._roads()
        for name, number in self._numbers.items():
            self._draw_town(name, number)
        for (a, b), kind in kinds.items():
            start, end = self._at(a), self._at(b)
            self._sheet.builder.add_line(self._sheet.winding(start, end, _STEP_M, _BEND), kind)

    def link(self, node: int, name: str) -> None:
        """Join a node to the nearest country place or city gate by a main road."""
        gap = np.hypot(*(self._points - self._sheet.at(node)).T)
        line = self._sheet.winding(node, self._at(int(gap.argmin())), _LINK_STEP_M, 0.05)
        self._sheet.builder.add_line(line, collector(name))

    def _at(self, number: int) -> int:
        """The node of a place, made when first asked for."""
        node = self._node[number]
        if node is None:
            node = self._node[number] = self._sheet.node(self._points[number])
        return node

    def _neighbours(self, ring: Floats) -> dict[tuple[int, int], float]:
        """Pairs of places that a road could join, and its length: neighbours, but not across the city."""
        triangles = Delaunay(self._points).simplices
        pairs = {
            (min(a, b), max(a, b)) for row in triangles.tolist() for a, b in zip(row, [*row[1:], row[0]], strict=True)
        }
        ordered = np.array(sorted(pairs))
        a, b = self._points[ordered[:, 0]], self._points[ordered[:, 1]]
        length_m = np.hypot(*(b - a).T)
        inside_m = np.zeros(len(ordered))
        for share in np.linspace(0.05, 0.95, 10):
            lon, lat = self._sheet.plane.degrees(*(a + (b - a) * share).T)
            inside_m += in_ring(lon, lat, ring) * length_m / 10
        keep = (inside_m < _INTO_TOWN_M) & (length_m < _REACH_M)
        return {(int(p), int(q)): float(m) for (p, q), m in zip(ordered[keep], length_m[keep], strict=True)}

    def _roads(self) -> dict[tuple[int, int], RoadKind]:
        """The kind of road of every pair that gets one."""
        kinds: dict[tuple[int, int], RoadKind] = {}
        nearest_gate = cKDTree(self._points[self._gates.start :])
        for name, stops in gazetteer.NATIONAL_ROADS:
            numbers = [self._stop(stop, nearest_gate) for stop in stops]
            for a, b in pairwise(numbers):
                for pair in self._way(a, b, kinds, 0.75):
                    kinds.setdefault(pair, national(name))
        district_of = {town.name: town.district for town in towns()}
        for name, number in self._numbers.items():
            seat = gazetteer.SEATS.get(district_of[name])
            goal = self._numbers[seat] if seat else self._stop(name, nearest_gate, gate=True)
            for pair in self._way(number, goal, kinds, 0.5):
                kinds.setdefault(pair, county(f"{name[:1]}{seat[:1] if seat else '太'}线"))
        for pair in self._village_roads():
            kinds.setdefault(pair, village(""))
        return kinds

    def _stop(self, stop: str | tuple[float, float], gates: cKDTree, *, gate: bool = False) -> int:
        """The place of a stop: a town, or the city gate nearest to a town inside the city, or the nearest place."""
        if isinstance(stop, tuple):
            return int(cKDTree(self._points).query(self._sheet.xy((stop,))[0])[1])
        if stop in self._numbers and not gate:
            return self._numbers[stop]
        town = next(town for town in towns() if town.name == stop)
        return self._gates.start + int(gates.query(self._sheet.xy(((town.lon, town.lat),))[0])[1])

    def _way(
        self, start: int, end: int, used: dict[tuple[int, int], RoadKind], discount: float
    ) -> list[tuple[int, int]]:
        """The shortest way from place to place; stretches that have a road already cost less."""
        best = {start: 0.0}
        before: dict[int, int] = {}
        queue = [(0.0, start)]
        while queue:
            cost, here = heapq.heappop(queue)
            if here == end:
                break
            for there, length_m in self._around[here]:
                pair = (min(here, there), max(here, there))
                total = cost + (length_m**1.15) * (discount if pair in used else 1.0)
                if total < best.get(there, np.inf):
                    best[there], before[there] = total, here
                    heapq.heappush(queue, (total, there))
        way = [end]
        while way[-1] != start:
            way.append(before[way[-1]])
        return [(min(a, b), max(a, b)) for a, b in pairwise(way)]

    def _village_roads(self) -> list[tuple[int, int]]:
        """A tree that reaches every place, and a share of the other short connections."""
        pairs = sorted(self._pairs)
        ends = np.array(pairs)
        length_m = np.array([self._pairs[pair] for pair in pairs])
        size = len(self._points)
        tree = minimum_spanning_tree(csr_array((length_m, (ends[:, 0], ends[:, 1])), shape=(size, size))).tocoo()
        chosen = {(min(a, b), max(a, b)) for a, b in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
        extra = (length_m < _EXTRA_REACH_M) & (self._sheet.rng.random(len(pairs)) < _EXTRA_SHARE)
        chosen |= {pair for pair, wanted in zip(pairs, extra, strict=True) if wanted}
        return sorted(chosen)

    def _draw_town(self, name: str, number: int) -> None:
        """The streets of a town; a county seat has more of them."""
        seat = name in gazetteer.SEATS.values()
        rng = self._sheet.rng
        columns, rows, spacing_m = (15, 11, 185.0) if seat else (5, 4, 150.0)
        turn = rng.uniform(-0.5, 0.5)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        middle = (columns // 2, rows // 2)
        nodes = np.empty((columns, rows), np.int64)
        for i in range(columns):
            for j in range(rows):
                shift = (np.array([i - middle[0], j - middle[1]]) * spacing_m) @ axes
                shift = shift + rng.uniform(-0.14, 0.14, 2) * spacing_m
                nodes[i, j] = self._at(number) if (i, j) == middle else self._sheet.node(self._points[number] + shift)
        main = arterial if seat else collector
        stem = name[:2]
        for i in range(columns):
            kind = main(f"{stem}中路") if i == middle[0] else lane("")
            self._draw_town_street(nodes[i, :].tolist(), kind)
        for j in range(rows):
            kind = main(f"{stem}大街") if j == middle[1] else lane("")
            self._draw_town_street(nodes[:, j].tolist(), kind)

    def _draw_town_street(self, line: list[int], kind: RoadKind) -> None:
        """A street of a town; of the lanes some stretches are missing, and none crosses the river."""
        for a, b in pairwise(line):
            there = self._sheet.rng.random() < 0.85 and not self._river.crosses(self._sheet.at(a), self._sheet.at(b))
            if kind.name or there:
                self._sheet.builder.add_line([a, b], kind)
