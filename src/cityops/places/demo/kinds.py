"""Classes, free-flow speeds and limits of the demo city's roads, and lines to draw them with.

Limits after the Implementing Regulations of the Road Traffic Safety Law, arts. 45 and 78: motorway 120 km/h at most;
without a centre line 30 in the city and 40 outside; with one lane each way 50 in the city and 70 outside. Where more
lanes allow posting a higher limit, the demo posts common ones: arterial 60, expressway and national road 80, ring
motorway 100, motorway tunnel 80. Free-flow speeds are rough guesses that count waiting at lights.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cityops.places.builder import NetworkBuilder, RoadKind
from cityops.places.geometry import Floats, LocalPlane
from cityops.places.network import RoadClass

_DIGITS: Final = "零一二三四五六七八九"


def motorway(name: str, *, ring: bool = False, tunnel: bool = False) -> RoadKind:
    """高速公路."""
    limit_kmh = 80.0 if tunnel else 100.0 if ring else 120.0
    return RoadKind(RoadClass.MOTORWAY, limit_kmh * 0.88, limit_kmh, name, tunnel)


def expressway(name: str) -> RoadKind:
    """城市快速路."""
    return RoadKind(RoadClass.TRUNK, 58.0, 80.0, name)


def national(name: str) -> RoadKind:
    """国道."""
    return RoadKind(RoadClass.TRUNK, 62.0, 80.0, name)


def arterial(name: str) -> RoadKind:
    """城市主干路."""
    return RoadKind(RoadClass.PRIMARY, 40.0, 60.0, name)


def collector(name: str) -> RoadKind:
    """城市次干路."""
    return RoadKind(RoadClass.SECONDARY, 32.0, 50.0, name)


def county(name: str) -> RoadKind:
    """县道."""
    return RoadKind(RoadClass.SECONDARY, 50.0, 70.0, name)


def lane(name: str) -> RoadKind:
    """支路、街巷."""
    return RoadKind(RoadClass.RESIDENTIAL, 20.0, 30.0, name)


def village(name: str) -> RoadKind:
    """乡村道路."""
    return RoadKind(RoadClass.RURAL, 34.0, 40.0, name)


def ramp(name: str) -> RoadKind:
    """匝道."""
    return RoadKind(RoadClass.RAMP, 38.0, 40.0, name)


def chinese_number(number: int) -> str:
    """1 to 99 as people write it in an address: 一, 十, 十二, 二十三."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


class Sheet:
    """A network being drawn in metres around the city's centre."""

    def __init__(self, plane: LocalPlane, rng: np.random.Generator) -> None:
        self.plane = plane
        self.rng = rng
        self.builder = NetworkBuilder()

    def node(self, point: Floats) -> int:
        """A new node at a point of the plane."""
        lon, lat = self.plane.degrees(point[0], point[1])
        return self.builder.add_node(float(lon), float(lat))

    def nodes(self, points: Floats) -> list[int]:
        """New nodes at the rows of ``points``."""
        return [self.node(point) for point in points]

    def at(self, node: int) -> Floats:
        """Where a node is in the plane."""
        lon, lat = np.array([self.builder.lons[node]]), np.array([self.builder.lats[node]])
        return np.concatenate([self.plane.east_m(lon), self.plane.north_m(lat)])

    def xy(self, points: tuple[tuple[float, float], ...]) -> Floats:
        """Points of the plane from (lon, lat) pairs."""
        degrees = np.array(points, dtype=np.float64)
        return np.column_stack([self.plane.east_m(degrees[:, 0]), self.plane.north_m(degrees[:, 1])])

    def winding(self, start: int, end: int, step_m: float, bend: float) -> list[int]:
        """Nodes from ``start`` to ``end`` along a line that winds: midpoints moved sideways, again and again.

        Args:
            start: a node.
            end: another.
            step_m: roughly the distance between nodes.
            bend: sideways movement of a midpoint in parts of the distance; 0 is straight.
        """
        line = np.array([self.at(start), self.at(end)])
        while np.hypot(*(line[1] - line[0])) > 1.5 * step_m:
            along = np.diff(line, axis=0)
            sideways = np.column_stack([-along[:, 1], along[:, 0]]) * self.rng.normal(0, bend, (len(along), 1))
            middle = (line[:-1] + line[1:]) / 2 + np.clip(sideways, -900, 900)
            finer = np.empty((len(line) + len(middle), 2))
            finer[::2], finer[1::2] = line, middle
            line = finer
        return [start, *self.nodes(line[1:-1]), end]
