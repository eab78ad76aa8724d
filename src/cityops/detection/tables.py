"""Tables of the detection room: alerts, what happened to each, and how far detection has come."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table

from cityops.store import SERIAL, metadata

alert: Final = Table(
    "alert",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("identity", String(200), nullable=False, unique=True),
    Column("scene", String(40), nullable=False),
    Column("detector", String(40), nullable=False),
    Column("detector_version", Integer, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("vehicle_id", String(26)),
    Column("plate", String(16)),
    Column("unit_id", String(26)),
    Column("area_code", String(12)),
    Column("severity", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("title_zh", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("summary_zh", String(1000), nullable=False),
    Column("summary_en", String(1000), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("raised_ms", BigInteger, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("place", JSON),
    Column("evidence", JSON, nullable=False),
    Column("rule", String(1000), nullable=False),
    Column("case_id", String(26)),
    Column("version", Integer, nullable=False),
    Index("ix_alert_device_detector", "device", "detector", "last_ms"),
    Index("ix_alert_state_started", "state", "started_ms"),
    Index("ix_alert_unit_started", "unit_id", "started_ms"),
    Index("ix_alert_started", "started_ms"),
)
"""One row an alert. ``started_ms``, ``last_ms`` and ``ended_ms`` are event times; ``raised_ms`` is our clock."""

alert_history: Final = Table(
    "alert_history",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("alert_id", String(26), ForeignKey("alert.id"), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("action", String(20), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("data", JSON, nullable=False),
)

detection_progress: Final = Table(
    "detection_progress",
    metadata,
    Column("writer", String(80), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""Up to which position of each log the alerts above are complete; written with them in one transaction."""
