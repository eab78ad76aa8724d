"""Tables of the analysis room: the years before the platform, and what the fleets drove."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table

from cityops.store import metadata

yearly_rate_table: Final = Table(
    "yearly_rate",
    metadata,
    Column("unit_id", String(26), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("vehicle_km", Float, nullable=False),
    Column("fatigue_events", Integer, nullable=False),
    Column("speeding_events", Integer, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

unit_mileage_table: Final = Table(
    "unit_mileage",
    metadata,
    Column("unit_id", String(26), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("vehicle_km", Float, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
