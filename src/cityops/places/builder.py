"""Builds a road network edge by edge: for the demo city and for loaders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cityops.places.geometry import Ints, distance_m
from cityops.places.network import Exit, RoadClass, RoadNetwork


@dataclass(frozen=True, slots=True)
class RoadKind:
    """What the edges of one road have in common."""

    road_class: RoadClass
    speed_kmh: float
    limit_kmh: float
    name: str = ""
    tunnel: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class BuiltNetwork:
    """A network and what became of the builder's nodes.

    Attributes:
        network: the largest part in which every node can reach every other.
        node_of: (builder's nodes,) i4, the network's node, -1 for one that was left out.
        dropped_edges: directed edges left out: outside that part, from a node to itself, or slower duplicates.
    """

    network: RoadNetwork
    node_of: Ints
    dropped_edges: int


class NetworkBuilder:
    """Collects nodes and edges; ``build`` makes the arrays."""

    def __init__(self) -> None:
        self.lons: list[float] = []
        self.lats: list[float] = []
        self._from: list[int] = []
        self._to: list[int] = []
        self._kind: list[int] = []
        self._kinds: dict[RoadKind, int] = {}
        self._exits: list[Exit] = []

    def add_node(self, lon: float, lat: float) -> int:
        """A new node; returns its number."""
        self.lons.append(lon)
        self.lats.append(lat)
        return len(self.lons) - 1

    def add_line(self, nodes: Sequence[int], kind: RoadKind, *, one_way: bool = False) -> None:
        """Edges along a chain of nodes, in both directions unless ``one_way``."""
        number = self._kinds.setdefault(kind, len(self._kinds))
        for a, b in pairwise(nodes):
            self._from.append(a)
            self._to.append(b)
            self._kind.append(number)
            if not one_way:
                self._from.append(b)
                self._to.append(a)
                self._kind.append(number)

    def add_exit(self, node: int, name: str) -> None:
        """Mark a node as an exit."""
        self._exits.append(Exit(node, name))

    def build(self) -> BuiltNetwork:
        """The network: of parallel edges the fastest, of everything the largest strongly connected part."""
        lon, lat = np.array(self.lons, np.float64), np.array(self.lats, np.float64)
        start, end = np.array(self._from, np.int32), np.array(self._to, np.int32)
        kinds = list(self._kinds)
        kind = np.array(self._kind, np.int32)
        length_m = distance_m(lon[start], lat[start], lon[end], lat[end])
        speed_kmh = np.array([kind.speed_kmh for kind in kinds], np.float32)
        seconds = length_m / speed_kmh[kind]
        order = np.lexsort((seconds, end, start))
        first = np.ones(len(order), np.bool_)
        first[1:] = (np.diff(start[order]) != 0) | (np.diff(end[order]) != 0)
        keep = np.sort(order[first & (start[order] != end[order])])
        member = _largest_part(len(lon), start[keep], end[keep])
        keep = keep[member[start[keep]] & member[end[keep]]]
        node_of = np.where(member, np.cumsum(member) - 1, -1).astype(np.int32)
        names, name_of = _numbered(kind.name for kind in kinds)
        kind = kind[keep]
        network = RoadNetwork(
            node_lon=lon[member],
            node_lat=lat[member],
            edge_from=node_of[start[keep]],
            edge_to=node_of[end[keep]],
            edge_length_m=length_m[keep].astype(np.float32),
            edge_class=np.array([int(kind.road_class) for kind in kinds], np.uint8)[kind],
            edge_speed_kmh=speed_kmh[kind],
            edge_limit_kmh=np.array([kind.limit_kmh for kind in kinds], np.float32)[kind],
            edge_name=name_of[kind],
            is_tunnel=np.array([kind.tunnel for kind in kinds], np.bool_)[kind],
            names=names,
            exits=[Exit(int(node_of[one.node]), one.name) for one in self._exits if node_of[one.node] >= 0],
        )
        return BuiltNetwork(network, node_of, len(start) - len(keep))


def _largest_part(nodes: int, start: Ints, end: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which nodes are in the largest strongly connected part."""
    from scipy.sparse import csr_array  # as in travel.py
    from scipy.sparse.csgraph import connected_components

    matrix = csr_array((np.ones(len(start)), (start, end)), shape=(nodes, nodes))
    _, part = connected_components(matrix, directed=True, connection="strong")
    return np.asarray(part == np.bincount(part).argmax(), dtype=np.bool_)


def _numbered(names: Iterable[str]) -> tuple[list[str], Ints]:
    """The distinct names, the empty one first, and the number of each."""
    numbers: dict[str, int] = {"": 0}
    of_each = [numbers.setdefault(name, len(numbers)) for name in names]
    return list(numbers), np.array(of_each, np.int32)
