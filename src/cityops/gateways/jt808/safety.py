"""Active-safety alarms (主动安全报警): the extras 0x64–0x67 of T/JSATL 12, every field.

0x64 forward collision and lane (高级驾驶辅助), 0x65 driver state (驾驶员状态监测), 0x66 tyres (胎压), 0x67 blind
spot (盲区). The label is 16 bytes with a 7-byte terminal id (T/JSATL 12), or 40 with a 30-byte one (terminals with a
2019 header in provinces that took over its id); the length of the extra tells which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cityops.gateways.jt808.fields import NO_TIME_MS, Reader, decode_time, encode_time

ADAS: Final = 0x64
DRIVER: Final = 0x65
TYRE: Final = 0x66
BLIND_SPOT: Final = 0x67
SYSTEMS: Final = (ADAS, DRIVER, TYRE, BLIND_SPOT)

SHORT_LABEL_BYTES: Final = 16
LONG_LABEL_BYTES: Final = 40
TYRE_BYTES: Final = 9
_MIDDLE_BYTES: Final = 19
"""Speed, altitude, latitude, longitude, time, vehicle status: the same in all four."""
_HEAD_BYTES: Final = {ADAS: 12, DRIVER: 12, TYRE: 5, BLIND_SPOT: 6}
"""What stands before the speed."""


@dataclass(frozen=True, slots=True)
class AlarmLabel:
    """Names one alarm of a terminal (报警标识号); a request for its files repeats it.

    ``terminal_id``: as sent, one character a byte, the zero bytes at its end cut off.
    """

    terminal_id: str = ""
    event_ms: int = NO_TIME_MS
    sequence: int = 0
    attachments: int = 0
    reserved: int = 0
    long: bool = False

    def encode(self) -> bytes:
        """16 bytes, or 40 where ``long``."""
        id_bytes, reserved_bytes = (30, 2) if self.long else (7, 1)
        return (
            self.terminal_id.encode("latin-1").ljust(id_bytes, b"\x00")
            + encode_time(self.event_ms)
            + bytes([self.sequence, self.attachments])
            + self.reserved.to_bytes(reserved_bytes, "big")
        )

    @staticmethod
    def decode(data: bytes) -> AlarmLabel:
        """Of 16 or 40 bytes."""
        reader = Reader(data)
        long = len(data) == LONG_LABEL_BYTES
        return AlarmLabel(
            terminal_id=reader.take(30 if long else 7).rstrip(b"\x00").decode("latin-1"),
            event_ms=decode_time(reader.take(6)),
            sequence=reader.number(1),
            attachments=reader.number(1),
            reserved=reader.number(2 if long else 1),
            long=long,
        )


@dataclass(frozen=True, slots=True)
class Tyre:
    """State of one tyre.

    ``alarm``: bits 0 periodic, 1 pressure high, 2 low, 3 hot, 4 sensor, 5 uneven, 6 leak, 7 battery low.
    """

    position: int
    alarm: int
    pressure_kpa: int
    temperature_c: int
    battery_percent: int


@dataclass(frozen=True, slots=True)
class SafetyAlarm:
    """One alarm of one system. Fields a system does not have are 0.

    ``flag``: 0 not usable, 1 start, 2 end. ``kind`` of 0x65: 1 fatigue, 2 phone, 3 smoking, 4 distraction, 5
    abnormal, 0x10 snapshot, 0x11 driver change. ``lead_distance_ds``: headway in 100 ms. ``latitude_e6`` and
    ``longitude_e6``: millionths of a degree, the hemisphere is in the location's status. ``status``: bits 0 ACC, 1–2
    turn signals, 3 wipers, 4 brake, 5 card, 10 fixed.
    """

    system: int
    alarm_id: int = 0
    flag: int = 0
    kind: int = 0
    level: int = 0
    fatigue: int = 0
    lead_speed_kmh: int = 0
    lead_distance_ds: int = 0
    deviation: int = 0
    road_sign_kind: int = 0
    road_sign_data: int = 0
    reserved: int = 0
    speed_kmh: int = 0
    altitude_m: int = 0
    latitude_e6: int = 0
    longitude_e6: int = 0
    event_ms: int = NO_TIME_MS
    status: int = 0
    label: AlarmLabel = field(default_factory=AlarmLabel)
    tyres: tuple[Tyre, ...] = ()


def label_bytes(system: int, data: bytes) -> int:
    """Length of the label in an extra of ``system``: 16 or 40, or 0 when the extra's length fits neither."""
    before = _HEAD_BYTES[system] + _MIDDLE_BYTES
    for length in (SHORT_LABEL_BYTES, LONG_LABEL_BYTES):
        end = before + length
        if system == TYRE:
            if len(data) > end and len(data) == end + 1 + TYRE_BYTES * data[end]:
                return length
        elif len(data) == end:
            return length
    return 0


def decode_alarm(system: int, data: bytes) -> SafetyAlarm | None:
    """The value of an extra 0x64–0x67; ``None`` when its length is not one the standard knows."""
    length = label_bytes(system, data)
    if not length:
        return None
    reader = Reader(data)
    values: dict[str, int] = {"alarm_id": reader.number(4), "flag": reader.number(1)}
    for name, size in _HEAD_FIELDS[system]:
        values[name] = reader.number(size)
    for name, size in _PLACE_FIELDS:
        values[name] = reader.number(size)
    event_ms = decode_time(reader.take(6))
    values["status"] = reader.number(2)
    label = AlarmLabel.decode(reader.take(length))
    tyres = tuple(_decode_tyre(reader) for _ in range(reader.number(1))) if system == TYRE else ()
    return SafetyAlarm(system=system, event_ms=event_ms, label=label, tyres=tyres, **values)


_HEAD_FIELDS: Final[dict[int, tuple[tuple[str, int], ...]]] = {
    ADAS: (
        ("kind", 1),
        ("level", 1),
        ("lead_speed_kmh", 1),
        ("lead_distance_ds", 1),
        ("deviation", 1),
        ("road_sign_kind", 1),
        ("road_sign_data", 1),
    ),
    DRIVER: (("kind", 1), ("level", 1), ("fatigue", 1), ("reserved", 4)),
    TYRE: (),
    BLIND_SPOT: (("kind", 1),),
}
_PLACE_FIELDS: Final = (("speed_kmh", 1), ("altitude_m", 2), ("latitude_e6", 4), ("longitude_e6", 4))


def encode_alarm(alarm: SafetyAlarm) -> bytes:
    """The value of the extra, without its id and length."""
    data = bytearray(alarm.alarm_id.to_bytes(4, "big"))
    data.append(alarm.flag)
    for name, size in _HEAD_FIELDS[alarm.system] + _PLACE_FIELDS:
        data += int(getattr(alarm, name)).to_bytes(size, "big")
    data += encode_time(alarm.event_ms) + alarm.status.to_bytes(2, "big") + alarm.label.encode()
    if alarm.system == TYRE:
        data.append(len(alarm.tyres))
        for tyre in alarm.tyres:
            data += encode_tyre(tyre)
    return bytes(data)


def encode_tyre(tyre: Tyre) -> bytes:
    """Nine bytes."""
    words = (tyre.alarm, tyre.pressure_kpa, tyre.temperature_c, tyre.battery_percent)
    return bytes([tyre.position]) + b"".join(word.to_bytes(2, "big") for word in words)


def _decode_tyre(reader: Reader) -> Tyre:
    return Tyre(reader.number(1), reader.number(2), reader.number(2), reader.number(2), reader.number(2))
