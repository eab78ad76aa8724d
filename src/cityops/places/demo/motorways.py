"""Motorways of the demo city: a ring and radials, two carriageways each, exits with ramps, tunnels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from cityops.places.builder import RoadKind
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet, motorway, ramp
from cityops.places.geometry import Floats

_STEP_M: Final = 420.0
_HALF_WIDTH_M: Final = 14.0
_EXIT_ASIDE_M: Final = 260.0

Link = Callable[[int, str], None]
"""Joins a node to the ordinary roads around it by a road of the given name."""


@dataclass(frozen=True, eq=False, slots=True)
class Carriageways:
    """A motorway: its middle line, and the nodes of its two directions, each in the order of the middle line."""

    name: str
    middle: Floats
    forth: list[int]
    back: list[int]
    closed: bool

    def step(self, index: int, steps: int) -> int:
        """The index ``steps`` farther on; around the ring, or held at the end."""
        size = len(self.forth)
        return (index + steps) % size if self.closed else min(max(index + steps, 0), size - 1)


def draw_motorways(sheet: Sheet, link: Link) -> None:
    """Draw ring, radials, interchanges and exits."""
    ring = _carriageways(sheet, gazetteer.RING_NAME, _smooth(sheet.xy(gazetteer.RING), closed=True), closed=True)
    _draw_lines(sheet, ring, ())
    _draw_exits(sheet, ring, gazetteer.RING_EXITS, link)
    for name, points, exits, tunnels in gazetteer.RADIALS:
        middle = _smooth(sheet.xy(points), closed=False)
        radial = _carriageways(sheet, name, middle[2:], closed=False)
        _draw_lines(sheet, radial, tunnels)
        _draw_exits(sheet, radial, exits, link)
        _join(sheet, ring, radial)
        _draw_end(sheet, radial, link)


def _smooth(points: Floats, *, closed: bool) -> Floats:
    """A smooth line through the points, a point every ``_STEP_M``."""
    line = np.vstack([points, points[:1]]) if closed else points
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    spline = CubicSpline(along, line, bc_type="periodic" if closed else "natural")
    fine = spline(np.linspace(0, along[-1], 4000))
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    stops = np.linspace(0, length[-1], max(2, round(length[-1] / _STEP_M)) + 1)
    even = np.column_stack([np.interp(stops, length, fine[:, axis]) for axis in (0, 1)])
    return even[:-1] if closed else even


def _carriageways(sheet: Sheet, name: str, middle: Floats, *, closed: bool) -> Carriageways:
    """The nodes of both directions; traffic keeps right."""
    along = np.roll(middle, -1, axis=0) - np.roll(middle, 1, axis=0) if closed else np.gradient(middle, axis=0)
    right = np.column_stack([along[:, 1], -along[:, 0]]) / np.hypot(along[:, 0], along[:, 1])[:, None]
    forth = sheet.nodes(middle + right * _HALF_WIDTH_M)
    back = sheet.nodes(middle - right * _HALF_WIDTH_M)
    return Carriageways(name, middle, forth, back, closed)


def _draw_lines(sheet: Sheet, road: Carriageways, tunnels: tuple[tuple[str, float, float], ...]) -> None:
    """The edges of both directions, tunnels under their own names."""
    size = len(road.forth)
    for index in range(size if road.closed else size - 1):
        share = index / size
        tunnel = next((name for name, start, end in tunnels if start <= share < end), None)
        kind = motorway(tunnel or road.name, ring=road.closed, tunnel=tunnel is not None)
        following = road.step(index, 1)
        sheet.builder.add_line([road.forth[index], road.forth[following]], kind, one_way=True)
        sheet.builder.add_line([road.back[following], road.back[index]], kind, one_way=True)


def _nearest(road: Carriageways, point: Floats) -> int:
    index = int(np.hypot(*(road.middle - point).T).argmin())
    return index if road.closed else min(max(index, 2), len(road.forth) - 3)


def _draw_exits(sheet: Sheet, road: Carriageways, exits: str, link: Link) -> None:
    """Exits: off and on ramps of both directions meet at a toll gate, which is linked to the ordinary roads."""
    for row in exits.split("|"):
        name, lon, lat = row.split()
        wanted = sheet.xy(((float(lon), float(lat)),))[0]
        index = _nearest(road, wanted)
        before, after = road.step(index, -1), road.step(index, 1)
        along = road.middle[after] - road.middle[before]
        left = np.array([-along[1], along[0]]) / np.hypot(*along)
        side = 1.0 if np.dot(wanted - road.middle[index], left) >= 0 else -1.0
        gate = sheet.node(road.middle[index] + left * side * _EXIT_ASIDE_M)
        kind = ramp(f"{name}出口匝道")
        _ramps(sheet, kind, gate, (road.forth[before], road.forth[after]), (road.back[after], road.back[before]))
        sheet.builder.add_exit(road.forth[before], f"{name}出口")
        sheet.builder.add_exit(road.back[after], f"{name}出口")
        link(gate, f"{name}连接线")


def _ramps(sheet: Sheet, kind: RoadKind, gate: int, *directions: tuple[int, int]) -> None:
    """For each direction a ramp from its first node to the gate, and one from the gate to its second."""
    for leave, enter in directions:
        sheet.builder.add_line([leave, gate], kind, one_way=True)
        sheet.builder.add_line([gate, enter], kind, one_way=True)


def _join(sheet: Sheet, ring: Carriageways, radial: Carriageways) -> None:
    """The interchange where a radial begins at the ring."""
    index = _nearest(ring, radial.middle[0])
    before, after = ring.step(index, -1), ring.step(index, 1)
    hub = sheet.node(ring.middle[index] * 0.55 + radial.middle[0] * 0.45)
    kind = ramp(f"{radial.name}枢纽匝道")
    _ramps(sheet, kind, hub, (ring.forth[before], ring.forth[after]), (ring.back[after], ring.back[before]))
    _ramps(sheet, kind, hub, (radial.back[0], radial.forth[0]))
    sheet.builder.add_exit(ring.forth[before], f"{radial.name}枢纽")
    sheet.builder.add_exit(ring.back[after], f"{radial.name}枢纽")


def _draw_end(sheet: Sheet, road: Carriageways, link: Link) -> None:
    """Where the motorway leaves the prefecture, the demo lets traffic turn round at a toll station."""
    along = road.middle[-1] - road.middle[-2]
    gate = sheet.node(road.middle[-1] + along)
    _ramps(sheet, ramp(f"{road.name}市界站"), gate, (road.forth[-1], road.back[-1]))
    sheet.builder.add_exit(road.forth[-1], f"{road.name}市界站")
    link(gate, f"{road.name}市界连接线")
