"""The road network (路网): directed edges between nodes, as arrays, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cityops.kit import InvalidError, Text
from cityops.places.geometry import Flags, Floats, Ints, LocalPlane
from cityops.places.matching import SegmentIndex
from cityops.places.travel import NO_CLOSURES, Graph, Route

MATCH_REACH_M: Final = 60.0
"""A point farther than this from every road is on none."""
MIN_DURATION_S: Final = 0.05


class RoadClass(IntEnum):
    """Class of a road (道路等级)."""

    UNKNOWN = 0
    MOTORWAY = 1
    """高速公路."""
    TRUNK = 2
    """Urban expressway or national road (快速路、国道)."""
    PRIMARY = 3
    """主干路."""
    SECONDARY = 4
    """Secondary road or county road (次干路、县道)."""
    RESIDENTIAL = 5
    """支路、街巷."""
    RURAL = 6
    """乡村道路."""
    RAMP = 7
    """匝道."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A place where a motorway or trunk road can be left (出口): the node on the road, and its name."""

    node: int
    name: str


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A directed road network; edges are straight, curves are made of many.

    Attributes:
        node_lon: (nodes,) f8, degrees, WGS-84.
        node_lat: (nodes,) f8, degrees.
        edge_from: (edges,) i4, node where the edge begins.
        edge_to: (edges,) i4, node where it ends.
        edge_length_m: (edges,) f4.
        edge_class: (edges,) u1, a ``RoadClass``.
        edge_speed_kmh: (edges,) f4, free-flow speed.
        edge_limit_kmh: (edges,) f4, speed limit.
        edge_name: (edges,) i4, index into ``names``.
        is_tunnel: (edges,) bool.
        names: road names; ``names[0]`` is the empty name.
        exits: motorway and trunk exits.

    Raises:
        InvalidError: ``places.network``: arrays that do not fit together, or two edges from one node to another.
    """

    node_lon: Floats
    node_lat: Floats
    edge_from: Ints
    edge_to: Ints
    edge_length_m: npt.NDArray[np.float32]
    edge_class: npt.NDArray[np.uint8]
    edge_speed_kmh: npt.NDArray[np.float32]
    edge_limit_kmh: npt.NDArray[np.float32]
    edge_name: Ints
    is_tunnel: Flags
    names: list[str]
    exits: list[Exit]

    def __post_init__(self) -> None:
        edges, nodes = len(self.edge_from), len(self.node_lon)
        columns = (self.edge_to, self.edge_length_m, self.edge_class, self.edge_speed_kmh, self.edge_limit_kmh)
        if any(len(column) != edges for column in (*columns, self.edge_name, self.is_tunnel)):
            raise _bad_network("道路数组长度不一致", "edge arrays of different lengths")
        if len(self.node_lat) != nodes or not nodes:
            raise _bad_network("节点数组为空或长度不一致", "node arrays empty or of different lengths")
        ends = np.concatenate([self.edge_from, self.edge_to])
        if edges and not (ends.min() >= 0 and ends.max() < nodes):
            raise _bad_network("道路引用了不存在的节点", "an edge refers to a node that is not there")
        if edges and not (self.edge_name.min() >= 0 and self.edge_name.max() < len(self.names)):
            raise _bad_network("道路引用了不存在的名称", "an edge refers to a name that is not there")
        if edges and not (self.edge_speed_kmh.min() > 0 and self.edge_length_m.min() >= 0):
            raise _bad_network("道路长度或速度无效", "an edge with a negative length or without speed")
        keys = np.sort(self._pair_keys)
        if (keys[1:] == keys[:-1]).any():
            raise _bad_network("两节点间有重复的同向道路", "two edges from one node to another")

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """Number of directed edges."""
        return len(self.edge_from)

    @cached_property
    def plane(self) -> LocalPlane:
        """The plane in metres around the middle of the network."""
        lon = float(self.node_lon.min() + self.node_lon.max()) / 2
        lat = float(self.node_lat.min() + self.node_lat.max()) / 2
        return LocalPlane.around(lon, lat)

    @cached_property
    def edge_duration_s(self) -> Floats:
        """(edges,) f8: seconds to drive each edge at free-flow speed."""
        duration_s = self.edge_length_m.astype(np.float64) / (self.edge_speed_kmh.astype(np.float64) / 3.6)
        return np.maximum(duration_s, MIN_DURATION_S)

    @cached_property
    def edge_twin(self) -> Ints:
        """(edges,) i4: the edge of the other direction between the same nodes, -1 on a one-way road."""
        keys = self._pair_keys
        order = np.argsort(keys)
        wanted = self.edge_to.astype(np.int64) * self.node_count + self.edge_from
        place = np.minimum(np.searchsorted(keys[order], wanted), max(0, len(keys) - 1))
        candidate = order[place]
        return np.where(keys[candidate] == wanted, candidate, -1).astype(np.int32)

    def match(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike, course_deg: npt.ArrayLike | None = None
    ) -> tuple[Ints, npt.NDArray[np.float32]]:
        """The nearest edge to each point.

        Args:
            lon: (n,) degrees, or one number.
            lat: (n,) degrees.
            course_deg: (n,) direction of travel clockwise from north; where given, of a two-way road the edge that
                runs that way. Without it the edge with the lower number.

        Returns:
            ``(edge, distance_m)``: (n,) i4 and (n,) f4; -1 and infinity farther than 60 m from every road.
        """
        east_m = self.plane.east_m(np.atleast_1d(np.asarray(lon, dtype=np.float64)))
        north_m = self.plane.north_m(np.atleast_1d(np.asarray(lat, dtype=np.float64)))
        edge, gap_m = self._segments.nearest(east_m, north_m)
        if course_deg is not None:
            edge = self._turned(edge, np.atleast_1d(np.asarray(course_deg, dtype=np.float64)))
        return edge, gap_m.astype(np.float32)

    def nearest_node(self, lon: float, lat: float) -> int:
        """The node nearest to a point, however far."""
        point = np.array([lon]), np.array([lat])
        _, node = self._node_tree.query((self.plane.east_m(point[0])[0], self.plane.north_m(point[1])[0]))
        return int(node)

    def edge_course_deg(self, edge: npt.ArrayLike) -> Floats:
        """Direction of edges, degrees clockwise from north, 0 up to 360."""
        start, end = self.edge_from[np.asarray(edge)], self.edge_to[np.asarray(edge)]
        east_m = (self.node_lon[end] - self.node_lon[start]) * self.plane.m_per_lon
        north_m = (self.node_lat[end] - self.node_lat[start]) * self.plane.m_per_lat
        return np.asarray(np.degrees(np.arctan2(east_m, north_m)) % 360.0, dtype=np.float64)

    def times_to(self, node: int, *, limit_s: float = np.inf, closures: Collection[int] = NO_CLOSURES) -> Floats:
        """Seconds from every node to ``node`` on open roads: (nodes,) f8, infinite beyond ``limit_s``."""
        return self._graph.times(node, limit_s=limit_s, closures=closures, to_node=True)

    def times_from(self, node: int, *, limit_s: float = np.inf, closures: Collection[int] = NO_CLOSURES) -> Floats:
        """Seconds from ``node`` to every node on open roads: (nodes,) f8, infinite beyond ``limit_s``."""
        return self._graph.times(node, limit_s=limit_s, closures=closures, to_node=False)

    def route(self, from_node: int, to_node: int, closures: Collection[int] = NO_CLOSURES) -> Route | None:
        """The fastest way on open roads; None where there is none."""
        path = self._graph.path(from_node, to_node, closures)
        if path is None:
            return None
        nodes, edges = path
        return Route(
            nodes=nodes,
            edges=edges,
            length_m=float(self.edge_length_m[edges].sum(dtype=np.float64)),
            duration_s=float(self.edge_duration_s[edges].sum()),
            line=list(zip(self.node_lon[nodes].tolist(), self.node_lat[nodes].tolist(), strict=True)),
        )

    def _turned(self, edge: Ints, course_deg: Floats) -> Ints:
        """The edges, or their twins where those run nearer to the course."""
        turn = np.abs((self.edge_course_deg(edge) - course_deg + 180.0) % 360.0 - 180.0)
        twin = self.edge_twin[edge]
        return np.where((edge >= 0) & (twin >= 0) & (turn > 90.0), twin, edge).astype(np.int32)

    @cached_property
    def _pair_keys(self) -> npt.NDArray[np.int64]:
        return self.edge_from.astype(np.int64) * len(self.node_lon) + self.edge_to

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self.node_count, self.edge_from, self.edge_to, self.edge_duration_s)

    @cached_property
    def _node_tree(self) -> Any:
        from scipy.spatial import cKDTree  # as in travel.py

        return cKDTree(np.column_stack([self.plane.east_m(self.node_lon), self.plane.north_m(self.node_lat)]))

    @cached_property
    def _segments(self) -> SegmentIndex:
        """Of a two-way road only the edge with the lower number is indexed: both lie on the same line."""
        once = np.flatnonzero((self.edge_twin < 0) | (self.edge_twin > np.arange(self.edge_count))).astype(np.int32)
        east_m, north_m = self.plane.east_m(self.node_lon), self.plane.north_m(self.node_lat)
        start, end = self.edge_from[once], self.edge_to[once]
        ends = np.column_stack([east_m[start], north_m[start], east_m[end], north_m[end]])
        return SegmentIndex(once, ends, MATCH_REACH_M)


def _bad_network(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"路网数据无效：{zh}",
        f"not a valid road network: {en}",
        code="places.network",
        kept=Text("原路网不变。", "The former network is kept."),
        todo=Text("请检查来源文件后重新导入。", "Check the source file and import it again."),
    )
