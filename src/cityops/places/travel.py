"""Travel time and routes: Dijkstra over the network, closures applied at once, no preprocessing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cityops.kit import InvalidError, Text
from cityops.places.geometry import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# SciPy is imported where it is first needed: it takes 0.6 s, and no start of the product has to wait for it.
NO_CLOSURES: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Route:
    """A way through the network.

    Attributes:
        nodes: (n + 1,) i4, in order.
        edges: (n,) i4, in order.
        length_m: total length.
        duration_s: total time at free-flow speed.
        line: the nodes' (lon, lat).
    """

    nodes: Ints
    edges: Ints
    length_m: float
    duration_s: float
    line: list[tuple[float, float]]


class _Direction:
    """The graph in one direction, as a sparse matrix whose stored values are edge durations."""

    def __init__(self, nodes: int, tails: Ints, heads: Ints, duration_s: Floats) -> None:
        self._shape = (nodes, nodes)
        order = np.lexsort((heads, tails))
        self._edge_at = order.astype(np.int32)
        self._place_of = np.empty(len(order), np.int64)
        self._place_of[order] = np.arange(len(order))
        self._heads = heads[order].astype(np.int32)
        self._first = np.searchsorted(tails[order], np.arange(nodes + 1)).astype(np.int32)
        self._duration_s = duration_s[order]

    def matrix(self, closures: Collection[int]) -> csr_array[np.float64, tuple[int, int]]:
        """The durations with closed edges at infinity."""
        duration_s = self._duration_s
        if closures:
            closed = np.fromiter(closures, dtype=np.int64, count=len(closures))
            if closed.min() < 0 or closed.max() >= len(duration_s):
                raise _unknown("封闭路段", "closed edge", int(closed.max()))
            duration_s = duration_s.copy()
            duration_s[self._place_of[closed]] = np.inf
        from scipy.sparse import csr_array

        return csr_array((duration_s, self._heads, self._first), shape=self._shape)

    def edge(self, tail: int, head: int) -> int:
        """The edge between two nodes that are known to have one."""
        begin, end = self._first[tail], self._first[tail + 1]
        return int(self._edge_at[begin + np.searchsorted(self._heads[begin:end], head)])


class Graph:
    """Durations between nodes, forwards and backwards."""

    def __init__(self, nodes: int, edge_from: Ints, edge_to: Ints, duration_s: Floats) -> None:
        self._nodes = nodes
        self._forward = _Direction(nodes, edge_from, edge_to, duration_s)
        self._backward = _Direction(nodes, edge_to, edge_from, duration_s)

    def times(self, node: int, *, limit_s: float, closures: Collection[int], to_node: bool) -> Floats:
        """Seconds between ``node`` and every node, infinite beyond ``limit_s``.

        Raises:
            InvalidError: ``places.node``: no such node or edge.
        """
        self._check(node)
        side = self._backward if to_node else self._forward
        from scipy.sparse.csgraph import dijkstra

        found: Floats = dijkstra(side.matrix(closures), directed=True, indices=[node], limit=limit_s)[0]
        return found

    def path(self, start: int, end: int, closures: Collection[int]) -> tuple[Ints, Ints] | None:
        """``(nodes, edges)`` of the fastest way; None where there is none."""
        self._check(start)
        self._check(end)
        matrix = self._forward.matrix(closures)
        from scipy.sparse.csgraph import dijkstra

        before = dijkstra(matrix, directed=True, indices=[start], return_predecessors=True)[1][0]
        nodes = [end]
        while nodes[-1] != start:
            previous = int(before[nodes[-1]])
            if previous < 0:
                return None
            nodes.append(previous)
        nodes.reverse()
        edges = [self._forward.edge(a, b) for a, b in pairwise(nodes)]
        return np.array(nodes, dtype=np.int32), np.array(edges, dtype=np.int32)

    def _check(self, node: int) -> None:
        if not 0 <= node < self._nodes:
            raise _unknown("节点", "node", node)


def _unknown(zh: str, en: str, number: int) -> InvalidError:
    return InvalidError(
        f"路网中没有该{zh}：{number}",
        f"no such {en} in the network: {number}",
        code="places.node",
        todo=Text("路网可能已更换，请刷新后重试。", "The network may have been replaced: reload and try again."),
    )
