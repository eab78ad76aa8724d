"""Divisions and unit grids of the demo city: unions of the cells of one Voronoi diagram, so that every level tiles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import Voronoi, cKDTree

from cityops.kit import DivisionLevel
from cityops.places.city import Division, Grid
from cityops.places.demo import gazetteer
from cityops.places.geometry import Area, Flags, Floats, Ints, LocalPlane, Ring, in_ring, signed_area

_SPACING_M = {"near": 1300.0, "seat": 600.0, "country": 3300.0}
_CLEARANCE_M = 420.0
_NEAR_M = 4500.0
_SEAT_RADIUS_M = 1700.0
_MARGIN_M = 9000.0
_LEAVES_PER_COMMUNITY = 3


@dataclass(frozen=True, slots=True)
class Town:
    """A street, town or township: its name, district, and place in the plane."""

    name: str
    district: str
    lon: float
    lat: float

    @property
    def urban(self) -> bool:
        """Whether it is a street (街道)."""
        return self.name.endswith("街道")


def towns() -> list[Town]:
    """All streets and towns of the gazetteer."""
    found = []
    for district, text in gazetteer.TOWNS.items():
        words = text.split()
        for name, lon, lat in zip(words[::3], words[1::3], words[2::3], strict=True):
            found.append(Town(name, district, float(lon), float(lat)))
    return found


def closed_ring(points: tuple[tuple[float, float], ...]) -> Ring:
    """A ring from its corners."""
    return np.array([*points, points[0]], dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class Tiling:
    """The divisions and grids, and the middle of each community for roads to lead to.

    Attributes:
        divisions: city, districts, streets, communities.
        grids: the cells.
        places: (communities, 2) lon, lat.
        place_names: their names.
    """

    divisions: tuple[Division, ...]
    grids: tuple[Grid, ...]
    places: Floats
    place_names: list[str]


def make_tiling(plane: LocalPlane, urban: Floats, rng: np.random.Generator) -> Tiling:
    """Divisions and grids, grown from the towns' positions.

    Args:
        plane: the plane around the city's centre.
        urban: (n, 2) centres of the grids in the built-up area.
        rng: for the rest.
    """
    all_towns = towns()
    town_xy = np.array([[plane.east_m(np.array(t.lon)), plane.north_m(np.array(t.lat))] for t in all_towns])
    seeds, inside = _seeds(plane, town_xy, urban, rng)
    town_of = np.where(inside, cKDTree(town_xy).query(seeds)[1], -1).astype(np.int32)
    community_of, community_town, community_xy = _communities(seeds, town_of, len(all_towns), rng)
    cells = _Cells(Voronoi(seeds), plane)
    district_numbers = {code: number for number, code in enumerate(gazetteer.DISTRICTS)}
    district_of_town = np.array([district_numbers[town.district] for town in all_towns])
    town_codes = _town_codes(all_towns)
    names, codes = _community_names(all_towns, town_codes, community_town, rng)
    city_area = cells.areas(np.where(inside, 0, -1).astype(np.int32), 1)[0]
    district_of = np.where(inside, district_of_town[town_of], -1).astype(np.int32)
    district_areas = cells.areas(district_of, len(gazetteer.DISTRICTS))
    divisions = [Division(gazetteer.CITY_CODE, gazetteer.CITY_NAME, DivisionLevel.CITY, None, city_area)]
    for (code, name), area in zip(gazetteer.DISTRICTS.items(), district_areas, strict=True):
        divisions.append(Division(code, name, DivisionLevel.DISTRICT, gazetteer.CITY_CODE, area))
    streets = zip(town_codes, all_towns, cells.areas(town_of, len(all_towns)), strict=True)
    for code, town, area in sorted(streets, key=lambda row: row[0]):
        divisions.append(Division(code, town.name, DivisionLevel.STREET, town.district, area))
    for code, name, area in sorted(
        zip(codes, names, cells.areas(community_of, len(codes)), strict=True), key=lambda row: row[0]
    ):
        divisions.append(Division(code, name, DivisionLevel.COMMUNITY, code[:9], area))
    lon, lat = plane.degrees(community_xy[:, 0], community_xy[:, 1])
    return Tiling(tuple(divisions), _grids(cells, community_of, codes), np.column_stack([lon, lat]), names)


def _seeds(plane: LocalPlane, town_xy: Floats, urban: Floats, rng: np.random.Generator) -> tuple[Floats, Flags]:
    """Centres of the cells, dense where people live; and which of them are in the prefecture."""
    outline = closed_ring(gazetteer.OUTLINE)
    low = np.array([plane.east_m(outline[:, 0]).min(), plane.north_m(outline[:, 1]).min()]) - _MARGIN_M
    high = np.array([plane.east_m(outline[:, 0]).max(), plane.north_m(outline[:, 1]).max()]) + _MARGIN_M
    parts = [urban]
    for zone, spacing_m in _SPACING_M.items():
        steps = np.ceil((high - low) / spacing_m).astype(int)
        column, row = (axis.ravel() for axis in np.meshgrid(np.arange(steps[0]), np.arange(steps[1])))
        points = np.column_stack([column + 0.5 * (row % 2), row]) * spacing_m + low
        points += rng.uniform(-0.32, 0.32, points.shape) * spacing_m
        parts.append(points[_zones(plane, points) == zone])
    around = np.concatenate(parts[1:])
    gap, _ = cKDTree(urban).query(around)
    seeds = np.concatenate([urban, around[gap > _CLEARANCE_M]])
    lon, lat = plane.degrees(seeds[:, 0], seeds[:, 1])
    return seeds, in_ring(lon, lat, outline)


def _zones(plane: LocalPlane, points: Floats) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """The kind of place each point is in: a key of ``_SPACING_M``."""
    ring = closed_ring(gazetteer.BUILT_UP)
    edge = np.column_stack([plane.east_m(ring[:, 0]), plane.north_m(ring[:, 1])])
    dense_edge = np.concatenate([np.linspace(a, b, 40) for a, b in pairwise(edge)])
    near = cKDTree(dense_edge).query(points)[0] < _NEAR_M
    seats = [(town.lon, town.lat) for town in towns() if gazetteer.SEATS.get(town.district) == town.name]
    seat_xy = np.column_stack([plane.east_m(np.array(seats)[:, 0]), plane.north_m(np.array(seats)[:, 1])])
    at_seat = cKDTree(seat_xy).query(points)[0] < _SEAT_RADIUS_M
    zone = np.full(len(points), "country", dtype="U8")
    zone[near] = "near"
    zone[at_seat] = "seat"
    zone[in_ring(*plane.degrees(points[:, 0], points[:, 1]), ring)] = "urban"
    return zone


def _communities(seeds: Floats, town_of: Ints, town_count: int, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Each town's cells grouped by nearness: the community of each cell, the town and the middle of each community."""
    community_of = np.full(len(seeds), -1, np.int32)
    community_town: list[int] = []
    middles: list[Floats] = []
    for town in range(town_count):
        cells = np.flatnonzero(town_of == town)
        count = max(1, len(cells) // _LEAVES_PER_COMMUNITY)
        middle = seeds[rng.choice(cells, count, replace=False)]
        for _ in range(4):
            nearest = cKDTree(middle).query(seeds[cells])[1]
            middle = np.array(
                [seeds[cells[nearest == k]].mean(axis=0) if (nearest == k).any() else middle[k] for k in range(count)]
            )
        nearest = cKDTree(middle).query(seeds[cells])[1]
        for k in np.unique(nearest):
            members = cells[nearest == k]
            community_of[members] = len(community_town)
            community_town.append(town)
            gap = np.hypot(*(seeds[members] - middle[k]).T)
            middles.append(seeds[members[gap.argmin()]])
    return community_of, np.array(community_town, np.int32), np.array(middles)


class _Cells:
    """Cells of a Voronoi diagram, and the outlines of any groups of them, from the same corner points."""

    def __init__(self, diagram: Voronoi, plane: LocalPlane) -> None:
        self._ridges = [
            (int(p), int(q), int(a), int(b))
            for (p, q), (a, b) in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True)
            if a >= 0 and b >= 0
        ]
        corners, points = diagram.vertices, diagram.points
        lon, lat = plane.degrees(corners[:, 0], corners[:, 1])
        self._corners = np.column_stack([lon, lat])
        for number, (p, q, a, b) in enumerate(self._ridges):
            along, across = corners[b] - corners[a], points[p] - corners[a]
            if along[0] * across[1] - along[1] * across[0] < 0:
                self._ridges[number] = (p, q, b, a)

    def areas(self, group: Ints, count: int) -> list[Area]:
        """The area of each group of cells; ``group`` gives each cell's number, -1 for none."""
        following: list[dict[int, int]] = [{} for _ in range(count)]
        for p, q, a, b in self._ridges:
            left, right = int(group[p]), int(group[q])
            if left == right:
                continue
            if left >= 0:
                following[left][a] = b
            if right >= 0:
                following[right][b] = a
        return [self._area(steps) for steps in following]

    def _area(self, steps: dict[int, int]) -> Area:
        outer: list[list[Ring]] = []
        holes: list[Ring] = []
        while steps:
            start, corner = next(iter(steps.items()))
            walk = [start]
            while corner != start:
                walk.append(corner)
                corner = steps.pop(corner)
            del steps[start]
            ring = self._corners[[*walk, start]]
            if signed_area(ring) > 0:
                outer.append([ring])
            else:
                holes.append(ring)
        for hole in holes:
            home = next((rings for rings in outer if in_ring(hole[:1, 0], hole[:1, 1], rings[0])[0]), outer[0])
            home.append(hole)
        return tuple(tuple(rings) for rings in outer)


def _grids(cells: _Cells, community_of: Ints, codes: list[str]) -> tuple[Grid, ...]:
    """One grid for each cell, numbered within its community."""
    inside = np.flatnonzero(community_of >= 0)
    number = np.full(len(community_of), -1, np.int32)
    number[inside] = np.arange(len(inside))
    areas = cells.areas(number, len(inside))
    sequence: dict[str, int] = defaultdict(int)
    grids = []
    for cell, area in zip(inside.tolist(), areas, strict=True):
        code = codes[community_of[cell]]
        sequence[code] += 1
        grids.append(Grid(f"{code}{sequence[code]:03d}", area))
    return tuple(sorted(grids, key=lambda grid: grid.code))


def _town_codes(all_towns: list[Town]) -> list[str]:
    """Nine digits: streets from 001, towns from 100, townships from 200, as GB/T 10114 ranges them."""
    sequence: dict[tuple[str, int], int] = defaultdict(int)
    codes = []
    for town in all_towns:
        base = 0 if town.urban else 99 if town.name.endswith("镇") else 199
        sequence[town.district, base] += 1
        codes.append(f"{town.district}{base + sequence[town.district, base]:03d}")
    return codes


def _community_names(
    all_towns: list[Town], town_codes: list[str], community_town: Ints, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """A made-up name and a twelve-digit code for each community: 001 up for 社区, 201 up for 村."""
    names, codes = [], []
    used: dict[int, int] = defaultdict(int)
    words = gazetteer.COMMUNITY_WORDS.split()
    villages = [f + e for f in gazetteer.VILLAGE_FAMILIES for e in gazetteer.VILLAGE_ENDINGS.split()]
    shuffled = [rng.permutation(len(words) if town.urban else len(villages)).tolist() for town in all_towns]
    for town in community_town.tolist():
        number = used[town]
        used[town] += 1
        if all_towns[town].urban:
            names.append(f"{words[shuffled[town][number]]}社区")
            codes.append(f"{town_codes[town]}{number + 1:03d}")
        else:
            names.append(f"{villages[shuffled[town][number]]}村")
            codes.append(f"{town_codes[town]}{number + 201:03d}")
    return names, codes
