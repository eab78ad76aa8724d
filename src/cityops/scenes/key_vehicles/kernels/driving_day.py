"""Driving in 24 hours (日累计驾驶): a sliding sum in buckets of five minutes."""

from __future__ import annotations

from typing import Any, Final

from cityops.detection import state_dtype
from cityops.scenes.key_vehicles.kernels.common import distance_m, remember, stood_in_gap

BUCKET_MS: Final = 300_000
BUCKETS: Final = 288

DAY_STATE: Final = state_dtype(
    ("last_ms", "i8"),
    ("last_lon", "f8"),
    ("last_lat", "f8"),
    ("last_moving", "i8"),
    ("last_acc", "i8"),
    ("bucket", "i8"),  # number of the newest bucket since 1970
    ("driven_ms", "i8"),  # sum of the ring
    ("driven_s", "f8"),
    ("peak_s", "f8"),
    ("severity", "i8"),
    ("ring_ms", "i4", (BUCKETS,)),
)


def day_driving_step(state: Any, seen: Any, params: Any) -> int:
    """One observation of one vehicle. Severity 1 near the limit, 3 above it, 4 far above it.

    Counts the time with the wheels turning in the last 24 h (the newest bucket is partly filled, so the window is
    24 h less at most 5 min: in doubt for the driver). An episode ends when the sum has fallen ``release_s`` below
    the level at which it began. A gap in the data counts as driving for as long as its displacement needs at
    ``pace_kmh``. A change of driver starts anew, since it is not known who drove before. A limit of 0 does not
    apply.
    """
    if seen.driver_change != 0:
        clear_day(state)
        return 0
    if params.limit_s <= 0 or seen.source != 0 or seen.fixed == 0:
        return state.severity  # type: ignore[no-any-return]
    moving = 1 if seen.speed_kmh >= params.moving_kmh else 0
    if state.last_ms > 0:
        to_ms = driven_until(state, seen, params, moving)
        if to_ms > state.last_ms:
            fill(state, state.last_ms, to_ms)
            state.until_ms = to_ms
    move_window(state, seen.event_ms // BUCKET_MS)
    state.driven_s = state.driven_ms / 1000.0
    remember(state, seen, moving)
    grade_day(state, seen, params)
    return state.severity  # type: ignore[no-any-return]


def driven_until(state: Any, seen: Any, params: Any, moving: int) -> int:
    """Up to when the vehicle is taken to have driven since the last observation."""
    if seen.event_ms - state.last_ms <= params.gap_s * 1000:
        return seen.event_ms if state.last_moving == 1 else state.last_ms  # type: ignore[no-any-return]
    if stood_in_gap(state, seen, params, moving):
        return state.last_ms  # type: ignore[no-any-return]
    needed_s = distance_m(state.last_lon, state.last_lat, seen.lon, seen.lat) * 3.6 / params.pace_kmh
    return min(seen.event_ms, state.last_ms + int(needed_s * 1000))  # type: ignore[no-any-return]


def fill(state: Any, from_ms: int, to_ms: int) -> None:
    """Spread a stretch of driving over its buckets."""
    at_ms = max(from_ms, to_ms - BUCKETS * BUCKET_MS)
    while at_ms < to_ms:
        bucket = at_ms // BUCKET_MS
        end_ms = min(to_ms, (bucket + 1) * BUCKET_MS)
        move_window(state, bucket)
        state.ring_ms[bucket % BUCKETS] += end_ms - at_ms
        state.driven_ms += end_ms - at_ms
        at_ms = end_ms


def move_window(state: Any, bucket: int) -> None:
    """Let what is older than 24 h fall out."""
    if bucket - state.bucket >= BUCKETS:
        for slot in range(BUCKETS):
            state.ring_ms[slot] = 0
        state.driven_ms = 0
        state.bucket = bucket
    while state.bucket < bucket:
        state.bucket += 1
        slot = state.bucket % BUCKETS
        state.driven_ms -= state.ring_ms[slot]
        state.ring_ms[slot] = 0


def clear_day(state: Any) -> None:
    """Forget the driving up to now."""
    for slot in range(BUCKETS):
        state.ring_ms[slot] = 0
    state.driven_ms = 0
    state.driven_s = 0.0
    state.severity = 0
    state.last_ms = 0


def grade_day(state: Any, seen: Any, params: Any) -> None:
    """Severity by the sum, with a release so that an episode does not flicker."""
    notice_s = params.notice_share * params.limit_s
    if state.severity == 0 and state.driven_s < notice_s:
        return
    if state.severity == 0:
        state.since_ms = seen.event_ms
        state.since_lon = seen.lon
        state.since_lat = seen.lat
        state.peak_s = 0.0
    elif state.driven_s <= notice_s - params.release_s:
        state.severity = 0
        return
    state.peak_s = max(state.peak_s, state.driven_s)
    if state.peak_s > params.critical_share * params.limit_s:
        state.severity = 4
    elif state.peak_s > params.limit_s:
        state.severity = 3
    else:
        state.severity = 1
