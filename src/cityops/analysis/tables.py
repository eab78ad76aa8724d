"""Tables of the analysis room: the years before the platform, what the fleets drove, what the evaluation counts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
)

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

evaluation_fact_table: Final = Table(
    "evaluation_fact",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("fact", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("scene", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("day", String(10), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("unit_id", String(26), nullable=False),
    Column("person_id", String(26), nullable=False),
    Column("collector_id", String(26), nullable=False),
    Column("area_code", String(20), nullable=False),
    Column("matter", String(60), nullable=False),
    Column("done", SmallInteger, nullable=False),
    Column("in_time", SmallInteger, nullable=False),
    Column("spoilt", SmallInteger, nullable=False),
    Column("exempt", SmallInteger, nullable=False),
    Column("deferred_ms", BigInteger, nullable=False),
    Index("ix_evaluation_fact_day", "scene", "kind", "day"),
    Index("ix_evaluation_fact_unit", "unit_id", "day"),
)
"""One countable thing that happened in a case or was owed in it; what is not known is empty. 0 and 1 are counted."""

evaluation_due_table: Final = Table(
    "evaluation_due",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
)
"""Cases that have changed since their facts were made."""

reported_figure_table: Final = Table(
    "reported_figure",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("scene", String(40), nullable=False),
    Column("figure", String(40), nullable=False),
    Column("value", Float, nullable=False),
    Column("at_least", Boolean, nullable=False),
    Column("source", String(200), nullable=False),
    Column("on_day", String(10), nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(64), nullable=False),
    Index(None, "scene", "figure", "entered_ms"),
)
"""What somebody reported for a figure of a scene's board, as typed in by a person; the newest counts."""
