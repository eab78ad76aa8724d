"""Where a simulated truck is at any moment: a pure function of seed, truck and time.

A truck drives one closed route over and over, in turns of driving and rest. Because the position depends on nothing
but the time, a simulation that is stopped and started again goes on exactly where the trucks would have been, and
what it sends twice is equal to the bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cityops.kit import ConfigError, Text
from cityops.places import RoadClass, RoadNetwork

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MAJOR: Final = (RoadClass.MOTORWAY, RoadClass.TRUNK, RoadClass.PRIMARY)
_SPEEDING_FACTORS: Final = (1.15, 1.6)
_NEAR_M: Final = 16_000.0
_SPEEDING_STRETCH_M: Final = 3_000.0
_TRIES: Final = 50
_STOPS: Final = 3
_EARTH_RADIUS_M: Final = 6_371_008.8


@dataclass(frozen=True)
class States:
    """A truck's states at ``event_ms`` (UTC), arrays of equal length; WGS-84 degrees, km/h, degrees from north."""

    event_ms: NDArray[np.int64]
    lon: Floats
    lat: Floats
    speed_kmh: Floats
    course_deg: Floats
    moving: Bools
    covered: Bools  # False in a tunnel: no signal there
    driven_km: Floats


@dataclass(frozen=True)
class Turns:
    """Turns of driving and rest, repeated for ever from ``from_ms``; before it the truck is parked."""

    from_ms: int
    drive_s: float
    rest_s: float

    def driven_s(self, event_ms: NDArray[np.int64]) -> tuple[Floats, Bools]:
        """Seconds at the wheel since ``from_ms``, and whether the truck drives at each moment."""
        since_s = (event_ms - self.from_ms) / 1000
        turn, within_s = np.divmod(np.maximum(since_s, 0.0), self.drive_s + self.rest_s)
        driven = turn * self.drive_s + np.minimum(within_s, self.drive_s)
        return driven, (since_s >= 0) & (within_s < self.drive_s)


@dataclass(frozen=True)
class Loop:
    """A closed route with the truck's own speeds: vertex ``i`` is reached ``time_s[i]`` after the start."""

    time_s: Floats
    lon: Floats
    lat: Floats
    length_m: Floats
    speed_kmh: Floats
    course_deg: Floats
    tunnel: Bools

    def at(self, event_ms: NDArray[np.int64], turns: Turns) -> States:
        """The truck's states at ``event_ms``, driving this loop in ``turns``."""
        driven_s, moving = turns.driven_s(event_ms)
        rounds, within_s = np.divmod(driven_s, self.time_s[-1])
        edge = np.clip(np.searchsorted(self.time_s, within_s, side="right") - 1, 0, len(self.speed_kmh) - 1)
        share = (within_s - self.time_s[edge]) / (self.time_s[edge + 1] - self.time_s[edge])
        metres_before = np.concatenate(([0.0], np.cumsum(self.length_m)))
        metres = rounds * metres_before[-1] + metres_before[edge] + share * self.length_m[edge]
        return States(
            event_ms=event_ms,
            lon=self.lon[edge] + share * (self.lon[edge + 1] - self.lon[edge]),
            lat=self.lat[edge] + share * (self.lat[edge + 1] - self.lat[edge]),
            speed_kmh=np.where(moving, self.speed_kmh[edge], 0.0),
            course_deg=self.course_deg[edge],
            moving=moving,
            covered=~(self.tunnel[edge] & moving),
            driven_km=metres / 1000,
        )


def build_loop(
    network: RoadNetwork, seed: int, *, speeding: bool, top_kmh: float, near: tuple[float, float] | None = None
) -> Loop:
    """A closed route of three legs between nodes on major roads.

    Args:
        network: the roads to drive on.
        seed: decides the route; equal seeds give equal loops.
        speeding: drive stretches of some 3 km on major roads at 115 to 160 % of the limit.
        top_kmh: the truck's own top speed.
        near: (lon, lat); the legs begin and end within 16 km of it.

    Raises:
        ConfigError: the network has no such route; a simulated city needs connected major roads.
    """
    random = np.random.default_rng(seed)
    major_edges = np.flatnonzero(np.isin(network.edge_class, [int(kind) for kind in _MAJOR]))
    nodes = np.unique(network.edge_from[major_edges])
    if near is not None:
        nodes = nodes[_distances_m(network.node_lon[nodes], network.node_lat[nodes], *near) < _NEAR_M]
    chosen = np.asarray(_closed_route(network, nodes, random))
    length_m = network.edge_length_m[chosen].astype(np.float64)
    pace = random.uniform(0.82, 0.97)
    speed = np.minimum(network.edge_speed_kmh[chosen].astype(np.float64) * pace, top_kmh)
    if speeding:
        fast = _stretches(length_m, np.isin(chosen, major_edges), random)
        factor = random.uniform(*_SPEEDING_FACTORS)
        speed = np.where(fast, np.minimum(network.edge_limit_kmh[chosen], top_kmh) * factor, speed)
    vertices = np.concatenate((network.edge_from[chosen], network.edge_to[chosen[-1:]]))
    lon, lat = network.node_lon[vertices], network.node_lat[vertices]
    return Loop(
        time_s=np.concatenate(([0.0], np.cumsum(length_m / (speed / 3.6)))),
        lon=lon,
        lat=lat,
        length_m=length_m,
        speed_kmh=speed,
        course_deg=_courses(lon, lat),
        tunnel=network.is_tunnel[chosen],
    )


def _closed_route(network: RoadNetwork, nodes: NDArray[np.int32], random: np.random.Generator) -> list[int]:
    """Edges of the shortest ways from one of three random ``nodes`` to the next and back to the first."""
    for _ in range(_TRIES if len(nodes) >= _STOPS else 0):
        stops = [int(node) for node in random.choice(nodes, size=_STOPS, replace=False)]
        legs = [network.route(start, end) for start, end in zip(stops, [*stops[1:], stops[0]], strict=True)]
        routes = [leg for leg in legs if leg is not None]
        if len(routes) == len(legs):
            return [edge for route in routes for edge in route.edges]
    raise ConfigError(
        "路网上找不到可循环行驶的主干路线，无法仿真",
        "no closed route on major roads was found: this road network cannot be simulated on",
        code="config.no_route",
        kept=Text("已导入的城市没有改变", "the imported city is as it was"),
        todo=Text(
            "导入含有相互连通的干线道路的路网，或用 cityops import demo 换回演示城市",
            "import roads with connected major ones, or bring the demo city back with cityops import demo",
        ),
    )


def _stretches(length_m: Floats, allowed: Bools, random: np.random.Generator) -> Bools:
    """Marks about a third of the way, in stretches of at least 3 km where ``allowed``."""
    block = (np.cumsum(length_m) // _SPEEDING_STRETCH_M).astype(np.int64)
    chosen = random.random(int(block[-1]) + 1) < 1 / 3
    return np.asarray(chosen[block] & allowed)


def _courses(lon: Floats, lat: Floats) -> Floats:
    """Degrees clockwise from north of each leg between neighbouring vertices."""
    east = np.diff(lon) * np.cos(np.radians(lat[:-1]))
    return np.degrees(np.arctan2(east, np.diff(lat))) % 360


def course_deg(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Degrees clockwise from north from a to b, on the plane that touches at a: right over some kilometres."""
    return float(_courses(np.array([lon_a, lon_b]), np.array([lat_a, lat_b]))[0])


def _distances_m(lon: Floats, lat: Floats, lon_b: float, lat_b: float) -> Floats:
    """On the plane that touches at b; right to a percent over a city."""
    east = np.radians(lon - lon_b) * math.cos(math.radians(lat_b))
    return np.asarray(np.hypot(east, np.radians(lat - lat_b)) * _EARTH_RADIUS_M)


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle distance (haversine) on the mean Earth radius 6,371,008.8 m."""
    half_lat = math.radians(lat_b - lat_a) / 2
    half_lon = math.radians(lon_b - lon_a) / 2
    chord = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b)) * math.sin(half_lon) ** 2
    )
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(chord))
