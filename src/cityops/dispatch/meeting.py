"""Where a crew would act: the case's place, or, for a moving vehicle, an exit ahead of it (前方出口)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from cityops.dispatch.views import Motion
from cityops.places import RoadNetwork

HORIZON_S: Final = 1800.0
"""Exits farther ahead than half an hour are not looked at."""
AHEAD_DEG: Final = 100.0
"""An exit whose direction differs more than this from the course is not ahead, but behind."""
MOVING_KMH: Final = 5.0
"""Slower than this a vehicle stands: it is met where it is."""
MAX_EXITS: Final = 12
"""The nearest exits by driving time; each costs one search of the network."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A node of the network where a crew would act. ``vehicle_eta_s``: seconds from now until the vehicle is there."""

    node: int
    name: str | None
    vehicle_eta_s: float | None


def exits_ahead(
    network: RoadNetwork, motion: Motion, now_ms: int, closures: frozenset[int] = frozenset()
) -> list[Meeting]:
    """The exits that a moving vehicle reaches next, the soonest first; empty when it stands or none is in reach.

    The vehicle is taken to drive at the free-flow speed of each road, or faster by as much as it is faster than that
    now, and to have driven on since the position was taken: both make it early rather than late.

    Args:
        network: the roads.
        motion: where the vehicle was, and how it moved.
        now_ms: the present moment.
        closures: edges nobody can drive on.
    """
    if motion.speed_kmh < MOVING_KMH:
        return []
    edge = int(network.match(motion.lon, motion.lat, motion.course_deg)[0][0])
    on_road = edge >= 0
    start = int(network.edge_to[edge]) if on_road else network.nearest_node(motion.lon, motion.lat)
    haste = max(1.0, motion.speed_kmh / float(network.edge_speed_kmh[edge])) if on_road else 1.0
    to_start_s = _metres(network, motion, start) / (motion.speed_kmh / 3.6)
    age_s = max(0.0, (now_ms - motion.at_ms) / 1000)
    times_s = network.times_from(start, limit_s=HORIZON_S, closures=closures)
    soonest: dict[str, Meeting] = {}
    for place in network.exits:
        eta_s = to_start_s + float(times_s[place.node]) / haste - age_s
        if not (math.isfinite(eta_s) and 0 < eta_s <= HORIZON_S and _is_ahead(network, motion, place.node)):
            continue
        # An exit has a node on each carriageway; the vehicle passes the one it reaches first.
        known = soonest.get(place.name)
        if known is None or eta_s < (known.vehicle_eta_s or 0.0):
            soonest[place.name] = Meeting(place.node, place.name, eta_s)
    return sorted(soonest.values(), key=lambda meeting: meeting.vehicle_eta_s or 0.0)[:MAX_EXITS]


def _offset_m(network: RoadNetwork, motion: Motion, node: int) -> tuple[float, float]:
    east_m = (float(network.node_lon[node]) - motion.lon) * network.plane.m_per_lon
    north_m = (float(network.node_lat[node]) - motion.lat) * network.plane.m_per_lat
    return east_m, north_m


def _metres(network: RoadNetwork, motion: Motion, node: int) -> float:
    return math.hypot(*_offset_m(network, motion, node))


def _is_ahead(network: RoadNetwork, motion: Motion, node: int) -> bool:
    east_m, north_m = _offset_m(network, motion, node)
    bearing_deg = math.degrees(math.atan2(east_m, north_m)) % 360
    turn_deg = abs((bearing_deg - motion.course_deg + 180) % 360 - 180)
    return turn_deg <= AHEAD_DEG


def motion_of(row: np.void) -> Motion:
    """The motion in a row of the latest positions (``vehicle.position``)."""
    return Motion(
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        course_deg=float(row["course_deg"]),
        speed_kmh=float(row["speed_kmh"]),
        at_ms=int(row["event_ms"]),
    )
