"""The terminal's own alarms (终端报警): bits of 0x0200, active-safety alarms 0x64 and 0x65."""

from __future__ import annotations

from typing import Any, Final

from cityops.detection import state_dtype

ADAS: Final = 0x64
DRIVER: Final = 0x65
FIRST_EVENT_KIND: Final = 0x10  # kinds from here on are events (snapshot, driver change), not alarms

TERMINAL_STATE: Final = state_dtype(
    ("expires_ms", "i8"),  # after this moment the alarm is over unless it is heard again
    ("alarm_bits", "i8"),
    ("driver_kinds", "i8"),  # bit n: kind n of 0x65 was heard
    ("adas_kinds", "i8"),
    ("severity", "i8"),
)


def terminal_alarm_step(state: Any, seen: Any, params: Any) -> int:
    """One observation of one vehicle. The severity of the gravest alarm that is on or was on in this episode.

    An alarm bit lasts as long as positions carry it; an alarm with a start lasts until its end or ``max_open_s``.
    ``hold_s`` bridges flickering bits; a report that carries an alarm again within ``max_open_s`` goes on with the
    same episode, however seldom the terminal reports.
    """
    severity = alarm_severity(seen, params)
    over_ms = state.expires_ms
    if severity > 0:
        over_ms = max(over_ms, state.until_ms + params.max_open_s * 1000)
    if state.severity > 0 and seen.event_ms > over_ms:
        state.severity = 0
    if severity == 0:
        if (seen.source == ADAS or seen.source == DRIVER) and seen.alarm_flag == 2 and state.severity > 0:
            state.expires_ms = min(state.expires_ms, seen.event_ms + params.hold_s * 1000)
            state.until_ms = seen.event_ms
        return state.severity  # type: ignore[no-any-return]
    if state.severity == 0:
        state.since_ms = seen.event_ms
        state.since_lon = seen.lon
        state.since_lat = seen.lat
        state.alarm_bits = 0
        state.driver_kinds = 0
        state.adas_kinds = 0
        state.expires_ms = 0
    note_kinds(state, seen, params)
    keep_s = params.max_open_s if seen.alarm_flag == 1 else params.hold_s
    state.expires_ms = max(state.expires_ms, seen.event_ms + keep_s * 1000)
    state.until_ms = seen.event_ms
    state.severity = max(state.severity, severity)
    return state.severity  # type: ignore[no-any-return]


def alarm_severity(seen: Any, params: Any) -> int:
    """How grave the alarm of this observation is; 0 when it carries none or reports its end."""
    if seen.source == 0:
        if seen.alarm & params.serious_bits != 0:
            return 3
        if seen.alarm & params.warning_bits != 0:
            return 2
        return 1 if seen.alarm & params.notice_bits != 0 else 0
    if seen.alarm_kind >= FIRST_EVENT_KIND or seen.alarm_kind == 0 or seen.alarm_flag == 2:
        return 0
    grave = 1 if seen.alarm_level >= 2 else 0
    if seen.source == DRIVER:
        return 2 + grave if seen.alarm_kind == 1 else 1 + grave
    return 1 + grave if seen.source == ADAS else 0


def note_kinds(state: Any, seen: Any, params: Any) -> None:
    """Keep which alarms were heard in this episode."""
    if seen.source == 0:
        state.alarm_bits |= seen.alarm & (params.serious_bits | params.warning_bits | params.notice_bits)
    elif seen.source == DRIVER:
        state.driver_kinds |= 1 << seen.alarm_kind
    else:
        state.adas_kinds |= 1 << seen.alarm_kind
