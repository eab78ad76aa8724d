"""Continuous driving (连续驾驶): time at the wheel since the last rest of 20 minutes."""

from __future__ import annotations

from typing import Any, Final

from cityops.detection import state_dtype
from cityops.scenes.key_vehicles.kernels.common import night_s_between, remember, stood_in_gap

CONTINUOUS_STATE: Final = state_dtype(
    ("last_ms", "i8"),
    ("last_lon", "f8"),
    ("last_lat", "f8"),
    ("last_moving", "i8"),
    ("last_acc", "i8"),
    ("rest_from_ms", "i8"),  # since when the vehicle stands; 0 while it moves
    ("driven_s", "f8"),
    ("night_s", "f8"),
    ("gap_s", "f8"),  # of driven_s, what only a displacement over a gap in the data shows
    ("severity", "i8"),
)


def continuous_driving_step(state: Any, seen: Any, params: Any) -> int:
    """One observation of one vehicle. Severity 1 near the limit, 3 above it, 4 far above it.

    A vehicle drives while its speed is ``moving_kmh`` or more; ignition wires break too often to be believed
    against the speed. Between two observations at most ``gap_s`` apart the first one's state holds. A stand
    shorter than ``rest_s`` does not interrupt (art. 62(7): 停车休息时间少于20分钟) and is counted once driving goes
    on, when ``count_stops`` is 1. A stand of ``rest_s`` or a change of driver starts anew. Observations without
    a fix are passed over; the gap that they leave is judged by ``stood_in_gap``.
    """
    if seen.driver_change != 0:
        change_driver(state, seen)
        return 0
    if seen.source != 0 or seen.fixed == 0:
        return state.severity  # type: ignore[no-any-return]
    moving = 1 if seen.speed_kmh >= params.moving_kmh else 0
    if state.last_ms > 0:
        go_on(state, seen, params, moving)
    if moving == 1:
        if state.since_ms == 0:
            state.since_ms = seen.event_ms
            state.since_lon = seen.lon
            state.since_lat = seen.lat
        state.until_ms = seen.event_ms
        state.rest_from_ms = 0
    elif state.rest_from_ms == 0:
        state.rest_from_ms = seen.event_ms
    remember(state, seen, moving)
    state.severity = driving_severity(state, params)
    return state.severity  # type: ignore[no-any-return]


def go_on(state: Any, seen: Any, params: Any, moving: int) -> None:
    """Account for the time between the last observation and this one."""
    is_gap = seen.event_ms - state.last_ms > params.gap_s * 1000
    drove = not stood_in_gap(state, seen, params, moving) if is_gap else state.last_moving == 1
    if not drove and state.rest_from_ms == 0:
        state.rest_from_ms = state.last_ms
    stand_end_ms = state.last_ms if drove else seen.event_ms
    if state.rest_from_ms > 0:
        if stand_end_ms - state.rest_from_ms >= params.rest_s * 1000:
            start_anew(state)
        elif (moving == 1 or drove) and params.count_stops != 0 and state.since_ms > 0:
            drive(state, state.rest_from_ms, stand_end_ms)
    if drove:
        if state.since_ms == 0:
            state.since_ms = state.last_ms
            state.since_lon = state.last_lon
            state.since_lat = state.last_lat
        drive(state, state.last_ms, seen.event_ms)
        state.rest_from_ms = 0
        if is_gap:
            state.gap_s += (seen.event_ms - state.last_ms) / 1000.0


def drive(state: Any, from_ms: int, to_ms: int) -> None:
    """Add a stretch of driving."""
    state.driven_s += (to_ms - from_ms) / 1000.0
    state.night_s += night_s_between(from_ms, to_ms)
    state.until_ms = to_ms


def start_anew(state: Any) -> None:
    """Forget the driving up to now."""
    state.since_ms = 0
    state.driven_s = 0.0
    state.night_s = 0.0
    state.gap_s = 0.0
    state.severity = 0


def change_driver(state: Any, seen: Any) -> None:
    """Another driver sits at the wheel: the count starts anew, at once if the vehicle moves."""
    start_anew(state)
    if state.last_ms > 0:
        state.last_ms = seen.event_ms
        if state.rest_from_ms > 0:
            state.rest_from_ms = seen.event_ms
    if state.last_moving == 1:
        state.since_ms = seen.event_ms
        state.since_lon = state.last_lon
        state.since_lat = state.last_lat
        state.until_ms = seen.event_ms


def driving_severity(state: Any, params: Any) -> int:
    """Grade by the larger of driven/limit and night/night limit (a limit of 0 does not apply)."""
    share = 0.0
    if params.limit_s > 0:
        share = state.driven_s / params.limit_s
    if params.night_limit_s > 0:
        share = max(share, state.night_s / params.night_limit_s)
    if share > params.critical_share:
        return 4
    if share > 1.0:
        return 3
    if share >= params.notice_share:
        return 1
    return 0
