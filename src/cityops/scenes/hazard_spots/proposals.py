"""Spots that the machine proposes (机器提议): places where events lie close together outside every known spot.

Around each event of the last 30 days a circle is drawn; the fullest circle becomes a proposal, its events are taken
out, and so on while a circle holds enough. The same events give the same proposals, in whatever order they are read.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from math import ceil, cos, radians
from typing import Final

import numpy as np

from cityops.access import SYSTEM
from cityops.registers import RegisterObject
from cityops.scenes.hazard_spots.events import (
    DAY_MS,
    HOUR_MS,
    M_PER_DEGREE,
    SHANGHAI_MS,
    Counting,
    Events,
    Flags,
    Kind,
    Longs,
    day_at,
    distance_m,
)
from cityops.scenes.hazard_spots.ledger import DISMISSED, OPEN, SPOT, day_of, radius_of
from cityops.scenes.registry import SceneContext

RECENT_DAYS: Final = 30
QUIET_DAYS: Final = 90
"""So long a place that was dismissed is not proposed again, unless twice as much happens there."""
LEAST_RADIUS_M: Final = 20
SHOWN: Final = 50
"""Proposals at most, the fullest; when they are decided the next ones follow."""
_ROUND_M: Final = 10
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place that may be a spot. ``hours``: events by hour of day in Shanghai; ``kinds``: most first."""

    lon: float
    lat: float
    radius_m: int
    count: int
    kinds: tuple[tuple[Kind, int], ...]
    hours: tuple[int, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Proposals:
    """What is proposed, most events first, at most ``SHOWN``; ``counted_from_ms`` as of ``Events``."""

    items: list[Proposal]
    counted_from_ms: int | None


def proposals(context: SceneContext, counting: Counting) -> Proposals:
    """Where events lie together now, but at open spots and where a dismissal still holds."""
    now_ms, today = context.clock.now_ms(), context.clock.now().date()
    within_m, least = counting.points["propose_within_m"], int(counting.points["propose_from"])
    with context.store.read() as conn:
        spots = context.registers.every_in(conn, SYSTEM, SPOT)
        events = counting.newest(conn, now_ms - RECENT_DAYS * DAY_MS, now_ms)
    free = outside(events, [one for one in spots if one.state in OPEN])
    found = (_proposal(events, members) for members in clusters(events, free, within_m, least))
    items = (one for one in found if dismissal(spots, one.lon, one.lat, one.count, today) is None)
    return Proposals(list(islice(items, SHOWN)), events.counted_from_ms)


def outside(events: Events, spots: Iterable[RegisterObject]) -> Flags:
    """Which events lie in none of these spots' circles."""
    free = np.ones(events.lon.shape, dtype=np.bool_)
    for spot in spots:
        assert spot.lon is not None
        assert spot.lat is not None
        free &= ~events.within(spot.lon, spot.lat, radius_of(spot))
    return free


def covering(spots: Iterable[RegisterObject], lon: float, lat: float) -> RegisterObject | None:
    """The open spot whose circle holds a point."""
    return next((one for one in spots if one.state in OPEN and _holds(one, lon, lat)), None)


def dismissal(
    spots: Iterable[RegisterObject], lon: float, lat: float, count: int, today: date
) -> RegisterObject | None:
    """The dismissed spot because of which a place is not proposed: for 90 days, while events have not doubled."""
    for one in spots:
        day = day_of(one, "dismissed") if one.state == DISMISSED else None
        recent = day is not None and (today - day).days < QUIET_DAYS
        then = one.data.get("events")
        if recent and _holds(one, lon, lat) and (then is None or count < 2 * then):
            return one
    return None


def clusters(events: Events, free: Flags, within_m: float, least: int) -> Iterator[Longs]:
    """The members of each cluster, fullest first: the events in a circle around one of them, at least ``least``.

    Counts only fall while events are taken out, so that a queue with stale counts finds the true greatest: what is
    popped with an old count goes back with its new one.
    """
    from scipy.spatial import cKDTree  # costs 0.2 s: for who asks only

    members = np.flatnonzero(free)
    if members.size < least:
        return
    # The same order whatever order the rows came in.
    members = members[np.lexsort((events.at_ms[members], events.lat[members], events.lon[members]))]
    middle = radians(float(events.lat[members].mean()))
    plane = np.column_stack((events.lon[members] * M_PER_DEGREE * cos(middle), events.lat[members] * M_PER_DEGREE))
    tree = cKDTree(plane)
    counts = np.asarray(tree.query_ball_point(plane, within_m, return_length=True), dtype=np.int64)
    queue = [(-int(counts[index]), index) for index in range(members.size) if counts[index] >= least]
    heapq.heapify(queue)
    left = np.ones(members.shape, dtype=np.bool_)
    while queue:
        count, index = heapq.heappop(queue)
        if not left[index]:
            continue
        around = np.array(tree.query_ball_point(plane[index], within_m), dtype=np.int64)
        around = around[left[around]]
        if around.size == -count:
            left[around] = False
            yield members[around]
        elif around.size >= least:
            heapq.heappush(queue, (-int(around.size), index))


def _proposal(events: Events, members: Longs) -> Proposal:
    lon, lat = (round(float(axis[members].mean()), _DIGITS) for axis in (events.lon, events.lat))
    farthest_m = float(distance_m(events.lon[members], events.lat[members], lon, lat).max())
    at_ms = events.at_ms[members]
    hours = np.bincount((at_ms + SHANGHAI_MS) // HOUR_MS % 24, minlength=24)
    kinds = Counter(events.kinds[kind] for kind in events.kind[members])
    return Proposal(
        lon=lon,
        lat=lat,
        radius_m=max(LEAST_RADIUS_M, ceil(farthest_m / _ROUND_M) * _ROUND_M),
        count=int(members.size),
        kinds=tuple(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))),
        hours=tuple(int(hour) for hour in hours),
        first_day=day_at(int(at_ms.min())),
        last_day=day_at(int(at_ms.max())),
    )


def _holds(spot: RegisterObject, lon: float, lat: float) -> bool:
    assert spot.lon is not None
    assert spot.lat is not None
    return bool(distance_m(np.array([spot.lon]), np.array([spot.lat]), lon, lat)[0] <= radius_of(spot))


def nearest(items: Sequence[Proposal], lon: float, lat: float, within_m: float) -> Proposal | None:
    """The proposal whose middle is nearest to a point and no farther than so many metres."""
    if not items:
        return None
    away_m = distance_m(np.array([one.lon for one in items]), np.array([one.lat for one in items]), lon, lat)
    index = int(away_m.argmin())
    return items[index] if away_m[index] <= within_m else None
