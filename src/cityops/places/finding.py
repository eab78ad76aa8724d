"""Finding a place by what people call it (地名检索): roads, where they cross, points of interest, divisions, grids.

A name that was typed is looked up; of a whole sentence the names it contains are taken, the longest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from cityops.kit import DivisionLevel
from cityops.places.geometry import representative_point

if TYPE_CHECKING:
    from cityops.places.city import City

MIN_NAME: Final = 2
"""Shorter names are found in too many sentences."""
_KINDS: Final = ("crossing", "junction", "poi", "road", "community", "street", "district", "grid")
"""Kinds of found places; of equally good ones the first come first."""
_LEVELS: Final = {
    DivisionLevel.DISTRICT: "district",
    DivisionLevel.STREET: "street",
    DivisionLevel.COMMUNITY: "community",
}


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place with a name. ``kind``: crossing, junction, poi, road, community, street, district or grid."""

    name: str
    kind: str
    lon: float
    lat: float
    district_name: str


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    kind: str
    lon: float
    lat: float


class PlaceFinder:
    """The names of a city; made once, it takes a moment.

    Args:
        city: the city.
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._nodes = _nodes_of_roads(city)
        self._names = [one for one in _names(city, self._nodes) if one.name]
        self._grids = {grid.code: grid for grid in city.grids}
        self._junctions = {junction.node: junction.name for junction in city.junctions}

    def find(self, words: str, limit: int = 8) -> list[FoundPlace]:
        """Places for a name, part of one, a grid code, or a sentence that names some; best first."""
        wanted = "".join(words.split())
        if not wanted or limit < 1:
            return []
        if wanted in self._grids:
            lon, lat = representative_point(self._grids[wanted].area)
            return [self._found(_Named(wanted, "grid", lon, lat))]
        ranked = [(_rank(one.name, wanted), one) for one in self._names if wanted in one.name]
        if not ranked:
            ranked = [(-len(one.name), one) for one in self._in_sentence(wanted)]
        ranked.sort(key=lambda pair: (pair[0], _KINDS.index(pair[1].kind), len(pair[1].name), pair[1].name))
        return [self._found(one) for _, one in ranked[:limit]]

    def _in_sentence(self, sentence: str) -> Iterator[_Named]:
        """The names in a sentence, and where two roads of it cross."""
        inside = [one for one in self._names if len(one.name) >= MIN_NAME and one.name in sentence]
        yield from inside
        roads = [one.name for one in inside if one.kind == "road"]
        network = self._city.network
        for one, other in combinations(roads, 2):
            for node in sorted(self._nodes[one] & self._nodes[other])[:1]:
                name = self._junctions.get(node) or f"{one}与{other}路口"
                yield _Named(name, "crossing", float(network.node_lon[node]), float(network.node_lat[node]))

    def _found(self, one: _Named) -> FoundPlace:
        district = self._city.locate(one.lon, one.lat).district_name
        return FoundPlace(one.name, one.kind, one.lon, one.lat, district)


def _rank(name: str, wanted: str) -> int:
    if name == wanted:
        return 0
    return 1 if name.startswith(wanted) else 2


def _names(city: City, roads: Mapping[str, set[int]]) -> Iterator[_Named]:
    yield from (_Named(one.name, "junction", one.lon, one.lat) for one in city.junctions)
    yield from (_Named(one.name, "poi", one.lon, one.lat) for one in city.pois)
    for division in city.divisions:
        if division.level in _LEVELS:
            yield _Named(division.name, _LEVELS[division.level], *representative_point(division.area))
    for name, nodes in roads.items():
        yield _Named(name, "road", *_middle(city, nodes))


def _nodes_of_roads(city: City) -> dict[str, set[int]]:
    network = city.network
    found: dict[str, set[int]] = {}
    for index, *ends in zip(
        network.edge_name.tolist(), network.edge_from.tolist(), network.edge_to.tolist(), strict=True
    ):
        name = network.names[index]
        if name:
            found.setdefault(name, set()).update(ends)
    return found


def _middle(city: City, nodes: Iterable[int]) -> tuple[float, float]:
    """The node of a road that is nearest to the middle of them all."""
    chosen = np.array(sorted(nodes))
    lon, lat = city.network.node_lon[chosen], city.network.node_lat[chosen]
    best = int(np.argmin((lon - lon.mean()) ** 2 + (lat - lat.mean()) ** 2))
    return float(lon[best]), float(lat[best])
