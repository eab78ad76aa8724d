"""Location report (位置信息汇报 0x0200): the 28 fixed bytes and the extras after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cityops.gateways.jt808.fields import NO_TIME_MS, Reader, ShortBodyError, decode_time, encode_time
from cityops.gateways.jt808.safety import SYSTEMS, SafetyAlarm, decode_alarm, encode_alarm

FIXED_BYTES: Final = 28
STATUS_ACC: Final = 1 << 0
STATUS_FIXED: Final = 1 << 1
STATUS_SOUTH: Final = 1 << 2
STATUS_WEST: Final = 1 << 3


@dataclass(frozen=True, slots=True)
class OverspeedAlarm:
    """Extra 0x11. ``area_kind`` 0 no area (then no ``area_id``), 1 circle, 2 rectangle, 3 polygon, 4 road section."""

    area_kind: int
    area_id: int | None = None


@dataclass(frozen=True, slots=True)
class AreaAlarm:
    """Extra 0x12: in (0) or out (1) of an area or route."""

    area_kind: int
    area_id: int
    direction: int


@dataclass(frozen=True, slots=True)
class RouteTimeAlarm:
    """Extra 0x13: driving time on a road section too short (0) or too long (1)."""

    route_id: int
    drive_time_s: int
    result: int


@dataclass(frozen=True, slots=True)
class Extras:
    """Additional information (附加信息项). ``None``: not sent.

    Raw units are the standard's: mileage 0.1 km, fuel 0.1 l, recorder speed 0.1 km/h. ``cabin_temperature_c`` (2019)
    has its sign in the top bit. ``tyre_pressures`` (2019): 30 bytes, Pa by the standard's row-by-row order.
    ``video_alarm``: JT/T 1078 flags. ``other``: unknown ids, ids from 0xE0 up, and known ids of a wrong length, raw.
    ``truncated``: the last extra ended before its length did; the location before it stands.
    """

    mileage_dkm: int | None = None
    fuel_dl: int | None = None
    recorder_speed_dkmh: int | None = None
    confirm_event: int | None = None
    tyre_pressures: bytes | None = None
    cabin_temperature_c: int | None = None
    overspeed: OverspeedAlarm | None = None
    area: AreaAlarm | None = None
    route_time: RouteTimeAlarm | None = None
    video_alarm: int | None = None
    vehicle_signals: int | None = None
    io_status: int | None = None
    analog: int | None = None
    signal_strength: int | None = None
    satellites: int | None = None
    safety: tuple[SafetyAlarm, ...] = ()
    other: tuple[tuple[int, bytes], ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """One report. ``alarm`` and ``status`` are the standard's bit fields; coordinates are magnitudes in 1e-6 degree."""

    alarm: int = 0
    status: int = STATUS_ACC | STATUS_FIXED
    latitude_e6: int = 0
    longitude_e6: int = 0
    altitude_m: int = 0
    speed_dkmh: int = 0
    course_deg: int = 0
    event_ms: int = NO_TIME_MS
    extras: Extras = field(default_factory=Extras)

    @property
    def latitude_deg(self) -> float:
        """Degrees north, in the terminal's own coordinate system."""
        return self.latitude_e6 / 1e6 * (-1.0 if self.status & STATUS_SOUTH else 1.0)

    @property
    def longitude_deg(self) -> float:
        """Degrees east, in the terminal's own coordinate system."""
        return self.longitude_e6 / 1e6 * (-1.0 if self.status & STATUS_WEST else 1.0)


def decode_location(body: bytes) -> Location:
    """A body of 0x0200, or an item of 0x0704.

    Raises:
        ShortBodyError: fewer than 28 bytes. Extras never raise: what cannot be read is kept raw or marked truncated.
    """
    reader = Reader(body)
    if len(body) < FIXED_BYTES:
        raise ShortBodyError(f"a location has {FIXED_BYTES} bytes, this one {len(body)}")
    return Location(
        alarm=reader.number(4),
        status=reader.number(4),
        latitude_e6=reader.number(4),
        longitude_e6=reader.number(4),
        altitude_m=reader.number(2),
        speed_dkmh=reader.number(2),
        course_deg=reader.number(2),
        event_ms=decode_time(reader.take(6)),
        extras=_decode_extras(reader),
    )


def encode_location(location: Location) -> bytes:
    """The body of 0x0200."""
    numbers = ((location.alarm, 4), (location.status, 4), (location.latitude_e6, 4), (location.longitude_e6, 4))
    words = (location.altitude_m, location.speed_dkmh, location.course_deg)
    data = b"".join(value.to_bytes(size, "big") for value, size in numbers)
    data += b"".join(word.to_bytes(2, "big") for word in words)
    return data + encode_time(location.event_ms) + _encode_extras(location.extras)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one extra is read and written: name of the field, lengths it may have, the two directions."""

    name: str
    lengths: tuple[int, ...]
    decode: Callable[[bytes], object]
    encode: Callable[[object], bytes]


def _number(name: str, length: int) -> _Kind:
    def encode(value: object) -> bytes:
        assert isinstance(value, int)
        return value.to_bytes(length, "big")

    return _Kind(name, (length,), lambda data: int.from_bytes(data, "big"), encode)


def _decode_temperature(data: bytes) -> int:
    word = int.from_bytes(data, "big")
    return -(word & 0x7FFF) if word & 0x8000 else word


def _encode_temperature(value: object) -> bytes:
    assert isinstance(value, int)
    return (abs(value) | (0x8000 if value < 0 else 0)).to_bytes(2, "big")


def _decode_overspeed(data: bytes) -> OverspeedAlarm:
    return OverspeedAlarm(data[0], int.from_bytes(data[1:], "big") if len(data) == 5 else None)


def _encode_overspeed(value: object) -> bytes:
    assert isinstance(value, OverspeedAlarm)
    return bytes([value.area_kind]) + (b"" if value.area_id is None else value.area_id.to_bytes(4, "big"))


def _decode_area(data: bytes) -> AreaAlarm:
    return AreaAlarm(data[0], int.from_bytes(data[1:5], "big"), data[5])


def _encode_area(value: object) -> bytes:
    assert isinstance(value, AreaAlarm)
    return bytes([value.area_kind]) + value.area_id.to_bytes(4, "big") + bytes([value.direction])


def _decode_route_time(data: bytes) -> RouteTimeAlarm:
    return RouteTimeAlarm(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:6], "big"), data[6])


def _encode_route_time(value: object) -> bytes:
    assert isinstance(value, RouteTimeAlarm)
    return value.route_id.to_bytes(4, "big") + value.drive_time_s.to_bytes(2, "big") + bytes([value.result])


def _same_bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


_KINDS: Final[dict[int, _Kind]] = {
    0x01: _number("mileage_dkm", 4),
    0x02: _number("fuel_dl", 2),
    0x03: _number("recorder_speed_dkmh", 2),
    0x04: _number("confirm_event", 2),
    0x05: _Kind("tyre_pressures", (30,), bytes, _same_bytes),
    0x06: _Kind("cabin_temperature_c", (2,), _decode_temperature, _encode_temperature),
    0x11: _Kind("overspeed", (1, 5), _decode_overspeed, _encode_overspeed),
    0x12: _Kind("area", (6,), _decode_area, _encode_area),
    0x13: _Kind("route_time", (7,), _decode_route_time, _encode_route_time),
    0x14: _number("video_alarm", 4),
    0x25: _number("vehicle_signals", 4),
    0x2A: _number("io_status", 2),
    0x2B: _number("analog", 4),
    0x30: _number("signal_strength", 1),
    0x31: _number("satellites", 1),
}


def _decode_extras(reader: Reader) -> Extras:
    values: dict[str, object] = {}
    safety: list[SafetyAlarm] = []
    other: list[tuple[int, bytes]] = []
    truncated = False
    while reader.at < len(reader.data):
        try:
            extra_id = reader.number(1)
            data = reader.take(reader.number(1))
        except ShortBodyError:
            truncated = True
            break
        kind = _KINDS.get(extra_id)
        alarm = decode_alarm(extra_id, data) if extra_id in SYSTEMS else None
        if alarm is not None:
            safety.append(alarm)
        elif kind is not None and len(data) in kind.lengths:
            values[kind.name] = kind.decode(data)
        else:
            other.append((extra_id, data))
    return Extras(safety=tuple(safety), other=tuple(other), truncated=truncated, **values)  # type: ignore[arg-type]


def _encode_extras(extras: Extras) -> bytes:
    data = bytearray()
    for extra_id, kind in _KINDS.items():
        value = getattr(extras, kind.name)
        if value is not None:
            data += _item(extra_id, kind.encode(value))
    for alarm in extras.safety:
        data += _item(alarm.system, encode_alarm(alarm))
    for extra_id, raw in extras.other:
        data += _item(extra_id, raw)
    return bytes(data)


def _item(extra_id: int, data: bytes) -> bytes:
    return bytes([extra_id, len(data)]) + data
