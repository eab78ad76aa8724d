"""From messages to observation columns, one row at a time: the reference that the compiled decoder is compared with.

It also serves the rare messages that never reach the compiled decoder: a batch that came in sub-packages, and the
answer to a position query. Coordinates stay in the terminal's own system here; the gateway converts them once a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cityops.gateways.jt808.location import STATUS_SOUTH, STATUS_WEST, Location
from cityops.gateways.jt808.safety import ADAS, DRIVER, TYRE, TYRE_BYTES, AlarmLabel, SafetyAlarm, encode_tyre
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Stream

Row: TypeAlias = tuple[int | float | bytes, ...]
Columns: TypeAlias = dict[str, NDArray[Any]]

ORIGIN_LIVE: Final = 0
ORIGIN_BATCH: Final = 1
ORIGIN_BACKFILL: Final = 2
MAX_TYRES: Final = 120 // TYRE_BYTES
"""Tyres kept of one alarm: what fits the column of 120 bytes. What is cut off is counted."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: device id, coordinate system (``kit.CoordinateSystem``) and arrival, ms UTC."""

    device: int
    system: int
    received_ms: int


@dataclass(slots=True)
class Rows:
    """Rows in the order of the streams' columns; of every alarm its label and its coordinate system."""

    positions: list[Row] = field(default_factory=list)
    alarms: list[Row] = field(default_factory=list)
    labels: list[AlarmLabel] = field(default_factory=list)
    systems: list[int] = field(default_factory=list)

    def add(self, location: Location, source: Source, origin: int) -> None:
        """Add a location and the safety alarms it carries."""
        self.positions.append(position_row(location, source, origin))
        for alarm in location.extras.safety:
            self.alarms.append(alarm_row(alarm, location.status, source))
            self.labels.append(alarm.label)
            self.systems.append(source.system)


def batch_origin(kind: int) -> int:
    """Origin of the items of an 0x0704 of ``kind``; anything but 1 counts as normal."""
    return ORIGIN_BACKFILL if kind == 1 else ORIGIN_BATCH


def signed_word(word: int) -> int:
    """An altitude as two's complement: the standard has it unsigned, no vehicle is above 32,767 m."""
    return word - 0x10000 if word & 0x8000 else word


def position_row(location: Location, source: Source, origin: int) -> Row:
    """One row of ``vehicle.position``."""
    extras = location.extras
    return (
        source.device,
        location.event_ms,
        source.received_ms,
        location.longitude_deg,
        location.latitude_deg,
        signed_word(location.altitude_m),
        location.speed_dkmh / 10,
        location.course_deg,
        location.alarm,
        location.status,
        _tenths(extras.mileage_dkm),
        _tenths(extras.fuel_dl),
        _tenths(extras.recorder_speed_dkmh),
        origin,
        source.system,
    )


def alarm_row(alarm: SafetyAlarm, location_status: int, source: Source) -> Row:
    """One row of ``vehicle.safety_alarm``; the hemisphere comes from the location that carried the alarm."""
    adas = alarm.system == ADAS
    tyres = b"".join(encode_tyre(tyre) for tyre in alarm.tyres[:MAX_TYRES]) if alarm.system == TYRE else b""
    return (
        source.device,
        alarm.event_ms,
        source.received_ms,
        alarm.system,
        alarm.alarm_id,
        alarm.flag,
        alarm.kind,
        alarm.level,
        alarm.fatigue if alarm.system == DRIVER else 0,
        float(alarm.lead_speed_kmh) if adas else float("nan"),
        alarm.lead_distance_ds,
        alarm.deviation,
        alarm.road_sign_kind,
        alarm.road_sign_data,
        alarm.longitude_e6 / 1e6 * (-1.0 if location_status & STATUS_WEST else 1.0),
        alarm.latitude_e6 / 1e6 * (-1.0 if location_status & STATUS_SOUTH else 1.0),
        signed_word(alarm.altitude_m),
        alarm.speed_kmh,
        alarm.status,
        alarm.label.terminal_id.encode("latin-1"),
        alarm.label.sequence,
        alarm.label.attachments,
        tyres,
    )


DRIVER_CARD: Final = 0
"""``system`` of a driver change that the driver card (0x0702) told: none of the active-safety systems saw it."""
DRIVER_CHANGE: Final = 0x11
"""``kind`` of a driver change, the number that T/JSATL 12 gives it in 0x65."""


def driver_change_row(source: Source, event_ms: int, lon: float, lat: float) -> Row:
    """One row of ``vehicle.safety_alarm`` for another driver's card, at the terminal's last position."""
    nothing = float("nan")
    head = (source.device, event_ms, source.received_ms, DRIVER_CARD, 0, 1, DRIVER_CHANGE, 0, 0)
    return (*head, nothing, 0, 0, 0, 0, lon, lat, 0, nothing, 0, b"", 0, 0, b"")


def _tenths(raw: int | None) -> float:
    return float("nan") if raw is None else raw / 10


def columns_of(stream: Stream, rows: Sequence[Row]) -> Columns:
    """Rows as the columns of ``stream``, dtypes as declared."""
    table = np.array([tuple(row) for row in rows], dtype=stream.struct_dtype)
    return {name: np.ascontiguousarray(table[name]) for name in stream.names}


def position_columns(rows: Rows) -> Columns:
    """The positions as columns of ``vehicle.position``."""
    return columns_of(VEHICLE_POSITION, rows.positions)


def alarm_columns(rows: Rows) -> Columns:
    """The alarms as columns of ``vehicle.safety_alarm``."""
    return columns_of(VEHICLE_SAFETY_ALARM, rows.alarms)
