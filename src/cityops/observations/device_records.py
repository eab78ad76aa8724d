"""What the device register gives and takes: plain values, and how they are made from rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import RowMapping

from cityops.kit import CoordinateSystem, InvalidError
from cityops.registers import VehicleClass

_PHONE_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal (终端) that may send.

    Attributes:
        id: the number that stands in every observation.
        protocol: for example ``jt808``.
        phone: the number it signs in with, without leading zeros.
        phone_sent: that number as it was sent.
        coordinate_system: the system its positions are sent in.
        auth_code: what it must show when it signs in (鉴权码); ``None`` before its first registration.
        active: whether it may send now.
        updated_ms: when this row last changed.
    """

    id: int
    protocol: str
    phone: str
    phone_sent: str
    terminal_id: str | None
    vehicle_id: str | None
    unit_id: str | None
    plate: str | None
    vehicle_class: VehicleClass | None
    coordinate_system: CoordinateSystem
    auth_code: str | None
    active: bool
    updated_ms: int


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a new terminal is created from."""

    protocol: str
    phone: str
    terminal_id: str | None = None
    vehicle_id: str | None = None
    unit_id: str | None = None
    plate: str | None = None
    vehicle_class: VehicleClass | None = None
    coordinate_system: CoordinateSystem = CoordinateSystem.WGS84


@dataclass(frozen=True, slots=True)
class PendingDevice:
    """A terminal that asked to register and is not known; it is refused until a person approves it (待审批终端)."""

    id: int
    protocol: str
    phone: str
    phone_sent: str
    plate: str | None
    maker: str | None
    model: str | None
    terminal_id: str | None
    attempts: int
    first_seen_ms: int
    last_seen_ms: int


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A terminal's connection as its gateway sees it."""

    device_id: int
    online: bool
    last_seen_ms: int | None
    address: str | None
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A terminal and its last known connection; ``status`` is ``None`` when it never connected."""

    device: Device
    status: DeviceStatus | None


@dataclass(frozen=True, slots=True)
class DevicePage:
    """A page of terminals, and how many there are in all."""

    items: list[DeviceRow]
    total: int


@dataclass(frozen=True, slots=True)
class PendingPage:
    """A page of waiting terminals, and how many there are in all."""

    items: list[PendingDevice]
    total: int


def normal_phone(phone: str) -> str:
    """``phone`` without leading zeros: 2013 sends 12 digits and 2019 sends 20 of the same number.

    Raises:
        InvalidError: it is not a number of at most 20 digits, or is zero.
    """
    digits = phone.lstrip("0")
    if not (phone.isascii() and phone.isdigit() and digits and len(phone) <= _PHONE_DIGITS):
        raise InvalidError(
            f"终端手机号应为 1 至 {_PHONE_DIGITS} 位数字：{phone[:40]!r}",
            f"a terminal's phone number has 1 to {_PHONE_DIGITS} digits: {phone[:40]!r}",
            code="device.phone",
        )
    return digits


def clean_text(text: str | None, length: int) -> str | None:
    """What a terminal said of itself, fit to be stored and shown: no control characters, at most ``length``."""
    if text is None:
        return None
    kept = "".join(letter for letter in text if not unicodedata.category(letter).startswith("C"))
    return kept.strip()[:length] or None


def to_device(row: RowMapping) -> Device:
    """A row of the table ``device`` (or a join with it)."""
    values: dict[str, Any] = {name: row[name] for name in Device.__slots__}
    if values["vehicle_class"] is not None:
        values["vehicle_class"] = VehicleClass(values["vehicle_class"])
    values["coordinate_system"] = CoordinateSystem(values["coordinate_system"])
    return Device(**values)


def to_pending(row: RowMapping) -> PendingDevice:
    """A row of the table ``device_pending``."""
    return PendingDevice(**{name: row[name] for name in PendingDevice.__slots__})


def to_status(row: RowMapping) -> DeviceStatus | None:
    """The status part of a join of ``device`` and ``device_status``."""
    if row["online"] is None:
        return None
    return DeviceStatus(row["id"], row["online"], row["last_seen_ms"], row["address"], row["counters"])
