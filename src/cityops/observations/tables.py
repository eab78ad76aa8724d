"""Tables of the device register: terminals, those that wait for approval, and their connection state."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, UniqueConstraint

from cityops.store import SERIAL, metadata

device: Final = Table(
    "device",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("protocol", String(16), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("phone_sent", String(20), nullable=False),
    Column("terminal_id", String(32)),
    Column("vehicle_id", String(26)),
    Column("unit_id", String(26)),
    Column("plate", String(16)),
    Column("vehicle_class", Integer),
    Column("coordinate_system", Integer, nullable=False),
    Column("auth_code", String(32)),
    Column("active", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    UniqueConstraint("protocol", "phone"),
    Index(None, "updated_ms"),
    Index(None, "unit_id"),
    Index(None, "vehicle_id"),
)

device_pending: Final = Table(
    "device_pending",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("protocol", String(16), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("phone_sent", String(20), nullable=False),
    Column("plate", String(16)),
    Column("maker", String(32)),
    Column("model", String(32)),
    Column("terminal_id", String(32)),
    Column("attempts", Integer, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    UniqueConstraint("protocol", "phone"),
    Index(None, "last_seen_ms"),
)

device_status: Final = Table(
    "device_status",
    metadata,
    Column("device_id", BigInteger, primary_key=True, autoincrement=False),
    Column("online", Boolean, nullable=False),
    Column("last_seen_ms", BigInteger),
    Column("address", String(64)),
    Column("counters", JSON, nullable=False),
)
