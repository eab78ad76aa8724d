"""A city (城市): its divisions, unit grids, road network, junctions and points of interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cityops.kit import DivisionLevel, NotFoundError, Text
from cityops.places.areas import AreaIndex
from cityops.places.finding import FoundPlace, PlaceFinder
from cityops.places.geometry import Area, Ints, area_bounds, representative_point
from cityops.places.layers import LayerName, make_layer
from cityops.places.network import RoadNetwork

_LEVELS_UP: Final = tuple(reversed(DivisionLevel))
_LEVELS_DOWN: Final = (DivisionLevel.DISTRICT, DivisionLevel.STREET, DivisionLevel.COMMUNITY)


@dataclass(frozen=True, eq=False, slots=True)
class Division:
    """A division (区划): six digits for city and district, nine for a street, twelve for a community."""

    code: str
    name: str
    level: DivisionLevel
    parent: str | None
    area: Area


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """A unit grid (单元网格): the code is its community's and a sequence number, the area a closed polygon."""

    code: str
    area: Area


@dataclass(frozen=True, slots=True)
class Junction:
    """A signalised junction (信控路口)."""

    code: str
    name: str
    node: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Poi:
    """A point of interest (兴趣点)."""

    name: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True, eq=False, slots=True)
class Landscape:
    """Water or other ground that makes a map readable: drawn, never computed with."""

    kind: str
    name: str
    area: Area


@dataclass(frozen=True, slots=True)
class PlaceInfo:
    """Where a point is: codes and names, empty where the point is outside or the level is not known."""

    district_code: str = ""
    district_name: str = ""
    street_code: str = ""
    street_name: str = ""
    community_code: str = ""
    community_name: str = ""
    grid_code: str = ""
    road_name: str = ""


@dataclass(frozen=True, eq=False)
class City:
    """A city. Everything is in WGS-84 degrees.

    Attributes:
        name: what the city is called; a synthetic one says so.
        synthetic: made up by a program; real places must not be judged by it.
        center: (lon, lat) where a map should open.
        bounds: west, south, east, north.
        divisions: city, districts, streets, communities; parents before children.
        grids: unit grids; they tile the area.
        network: the roads.
        junctions: signalised junctions.
        pois: points of interest.
        landscape: water and the like.
    """

    name: str
    synthetic: bool
    center: tuple[float, float]
    bounds: tuple[float, float, float, float]
    divisions: tuple[Division, ...]
    grids: tuple[Grid, ...]
    network: RoadNetwork
    junctions: tuple[Junction, ...] = ()
    pois: tuple[Poi, ...] = ()
    landscape: tuple[Landscape, ...] = ()

    def division(self, code: str) -> Division:
        """The division with this code.

        Raises:
            NotFoundError: ``places.division``: none has it.
        """
        found = self._by_code.get(code)
        if found is None:
            raise NotFoundError(
                f"没有该区划：{code}",
                f"no such division: {code}",
                code="places.division",
                todo=Text("请从列表中选择区划。", "Choose a division from the list."),
            )
        return found

    def area_name(self, code: str) -> str:
        """District, street and community of a code in words, as far as they are known; empty: none is."""
        known = (self._by_code.get(code[:digits]) for digits in (6, 9, 12) if len(code) >= digits)
        return " ".join(one.name for one in known if one is not None)

    def level(self, level: DivisionLevel) -> tuple[Division, ...]:
        """All divisions of a level, by code."""
        return tuple(division for division in self.divisions if division.level is level)

    def children(self, code: str) -> tuple[Division, ...]:
        """The divisions directly below one."""
        return tuple(division for division in self.divisions if division.parent == code)

    def point_in(self, code: str) -> tuple[float, float]:
        """A point (lon, lat) inside the division with this code, for what is only known to lie somewhere in it.

        Raises:
            NotFoundError: ``places.division``: none has it.
        """
        return representative_point(self.division(code).area)

    def area_index(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Ints:
        """The smallest known area around each point: (n,) i4 index into ``area_codes``, -1 outside the city."""
        lons, lats = (np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (lon, lat))
        return self._areas.containing(lons, lats)

    @cached_property
    def area_codes(self) -> tuple[str, ...]:
        """Codes that ``area_index`` points to: of the grids, then of the divisions from the lowest level up."""
        return tuple(one.code for one in self._smallest_first)

    def locate(self, lon: float, lat: float) -> PlaceInfo:
        """Where a point is, in words: its divisions, its grid and the road within 60 m."""
        edge, _ = self.network.match(lon, lat)
        road = self.network.names[self.network.edge_name[edge[0]]] if edge[0] >= 0 else ""
        place = int(self.area_index(lon, lat)[0])
        if place < 0:
            return PlaceInfo(road_name=road)
        code = self.area_codes[place]
        named = {one.level: one for one in map(self._by_code.get, (code[:6], code[:9], code[:12])) if one}
        district, street, community = (named.get(level) for level in _LEVELS_DOWN)
        return PlaceInfo(
            district_code=district.code if district else "",
            district_name=district.name if district else "",
            street_code=street.code if street else "",
            street_name=street.name if street else "",
            community_code=community.code if community else "",
            community_name=community.name if community else "",
            grid_code=code if place < len(self.grids) else "",
            road_name=road,
        )

    def find(self, words: str, limit: int = 8) -> list[FoundPlace]:
        """Places for a name, part of one, a grid code, or a sentence that names some; best first."""
        return self._finder.find(words, limit)

    def layer(self, name: LayerName) -> dict[str, Any]:
        """A GeoJSON FeatureCollection of one of ``LAYER_NAMES``.

        Raises:
            NotFoundError: ``places.layer``: no such layer.
        """
        return make_layer(self, name)

    @cached_property
    def _finder(self) -> PlaceFinder:
        return PlaceFinder(self)

    @cached_property
    def _by_code(self) -> Mapping[str, Division]:
        return {division.code: division for division in self.divisions}

    @cached_property
    def _smallest_first(self) -> tuple[Grid | Division, ...]:
        """Everything with an area; where grids end, or there are none, the divisions still locate a point."""
        return self.grids + tuple(sorted(self.divisions, key=lambda one: _LEVELS_UP.index(one.level)))

    @cached_property
    def _areas(self) -> AreaIndex:
        return AreaIndex([one.area for one in self._smallest_first])


def bounds_of(divisions: tuple[Division, ...]) -> tuple[float, float, float, float]:
    """West, south, east, north of all divisions together."""
    boxes = np.array([area_bounds(division.area) for division in divisions])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)
