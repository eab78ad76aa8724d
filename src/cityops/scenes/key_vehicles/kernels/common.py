"""What several kernels compute: displacement, night, and whether a vehicle stood during a gap in its data."""

from __future__ import annotations

import math
from typing import Any, Final

METRES_PER_DEGREE: Final = 111_195.0  # of a great circle, mean Earth radius 6,371.0088 km
DAY_MS: Final = 86_400_000
SHANGHAI_MS: Final = 28_800_000
NIGHT_END_MS: Final = 6 * 3_600_000
NIGHT_BEGIN_MS: Final = 22 * 3_600_000
NIGHT_MS: Final = 8 * 3_600_000


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Metres between two points some tens of kilometres apart (equirectangular; error below 0.5 % within 100 km)."""
    east = (lon_b - lon_a) * math.cos(math.radians(0.5 * (lat_a + lat_b)))
    north = lat_b - lat_a
    return METRES_PER_DEGREE * math.sqrt(east * east + north * north)


def night_ms_until(event_ms: int) -> int:
    """Milliseconds of night (22:00–06:00, Asia/Shanghai) from a fixed origin to ``event_ms``."""
    local = event_ms + SHANGHAI_MS
    day = local // DAY_MS
    inside = local - day * DAY_MS
    return day * NIGHT_MS + min(inside, NIGHT_END_MS) + max(0, inside - NIGHT_BEGIN_MS)


def night_s_between(from_ms: int, to_ms: int) -> float:
    """Seconds of night between two moments."""
    return (night_ms_until(to_ms) - night_ms_until(from_ms)) / 1000.0


def stood_in_gap(state: Any, seen: Any, params: Any, moving: int) -> bool:
    """Whether a vehicle is taken to have stood between its last observation and this one, ``gap_s`` or more apart.

    It stood when it hardly moved (``still_m``); or when the ignition was off and the wheels still at both ends
    (a ferry, a tow); or when so much of the gap is left over after the displacement, at ``pace_kmh`` along the
    straight line, that nothing shows driving any more (``forget_s``). Otherwise the displacement shows driving.
    """
    displacement_m = distance_m(state.last_lon, state.last_lat, seen.lon, seen.lat)
    if displacement_m <= params.still_m:
        return True
    if state.last_acc == 0 and seen.acc == 0 and state.last_moving == 0 and moving == 0:
        return True
    gap_s = (seen.event_ms - state.last_ms) / 1000.0
    unexplained_s: float = gap_s - displacement_m * 3.6 / params.pace_kmh
    return unexplained_s >= params.forget_s  # type: ignore[no-any-return]


def remember(state: Any, seen: Any, moving: int) -> None:
    """Keep what the next observation is compared with."""
    state.last_ms = seen.event_ms
    state.last_lon = seen.lon
    state.last_lat = seen.lat
    state.last_moving = moving
    state.last_acc = seen.acc
