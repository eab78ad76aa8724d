"""Overspeed (超速): above the limit of this road for this vehicle, for a minimum time."""

from __future__ import annotations

from typing import Any, Final

from cityops.detection import state_dtype

OVERSPEED_STATE: Final = state_dtype(
    ("last_ms", "i8"),
    ("last_limit_kmh", "f8"),
    ("last_share", "f8"),
    ("running", "i8"),  # 1 from the first observation above the limit
    ("speed_kmh", "f8"),  # figures of the worst observation of the run
    ("limit_kmh", "f8"),
    ("excess_share", "f8"),
    ("held_share", "f8"),  # highest excess that two observations in a row reached
    ("duration_s", "f8"),
    ("severity", "i8"),
)


def overspeed_step(state: Any, seen: Any, params: Any) -> int:
    """One observation of one vehicle. Severity 2, 3, 4 by the excess (over 10, 20, 50 % by default).

    The higher one of this and the previous observation's limit holds, so that one position matched to the
    wrong road accuses nobody; the excess that grades is one that two observations in a row reached, so that
    one wrong speed does not either. The run must last ``min_duration_s``; observations further apart than
    ``max_gap_s`` do not join. It ends with the last observation above, once ``end_after_s`` have passed.
    """
    if seen.source != 0 or seen.fixed == 0 or seen.speed_kmh > params.plausible_kmh:
        return state.severity  # type: ignore[no-any-return]
    if seen.event_ms - state.last_ms > params.max_gap_s * 1000:
        state.running = 0
        state.severity = 0
        state.last_limit_kmh = 0.0
        state.last_share = 0.0
    limit_kmh = max(seen.limit_kmh, state.last_limit_kmh) if seen.limit_kmh > 0 else 0.0
    share = (seen.speed_kmh - limit_kmh) / limit_kmh if limit_kmh > 0 else 0.0
    if share > params.tolerance_share:
        exceed(state, seen, limit_kmh, share)
        if seen.event_ms - state.since_ms >= params.min_duration_s * 1000:
            state.severity = max(state.severity, speed_severity(state.held_share, params))
    elif state.running == 1 and (state.severity == 0 or seen.event_ms - state.until_ms > params.end_after_s * 1000):
        state.running = 0
        state.severity = 0
    state.last_ms = seen.event_ms
    state.last_limit_kmh = seen.limit_kmh
    state.last_share = share
    return state.severity  # type: ignore[no-any-return]


def exceed(state: Any, seen: Any, limit_kmh: float, share: float) -> None:
    """Begin or lengthen a run above the limit."""
    if state.running == 0:
        state.running = 1
        state.since_ms = seen.event_ms
        state.since_lon = seen.lon
        state.since_lat = seen.lat
        state.excess_share = 0.0
        state.held_share = 0.0
    else:
        state.held_share = max(state.held_share, min(share, state.last_share))
    if share > state.excess_share:
        state.excess_share = share
        state.speed_kmh = seen.speed_kmh
        state.limit_kmh = limit_kmh
    state.until_ms = seen.event_ms
    state.duration_s = (seen.event_ms - state.since_ms) / 1000.0


def speed_severity(share: float, params: Any) -> int:
    """Grade by the share above the limit; 0 at or below the tolerance."""
    if share > params.critical_share:
        return 4
    if share > params.serious_share:
        return 3
    if share > params.tolerance_share:
        return 2
    return 0
