"""Tables of urban management: planned works with their nights, winter patrols."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from cityops.store import metadata

planned_work_table: Final = Table(
    "planned_work",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("start_lon", Float, nullable=False),
    Column("start_lat", Float, nullable=False),
    Column("end_lon", Float, nullable=False),
    Column("end_lat", Float, nullable=False),
    Column("road_name", String(128), nullable=False),
    Column("length_m", Float, nullable=False),
    Column("line", JSON, nullable=False),
    Column("first_night", String(10), nullable=False),
    Column("last_night", String(10), nullable=False),
    Column("night_begins", String(5), nullable=False),
    Column("night_ends", String(5), nullable=False),
    Column("half", Boolean, nullable=False),
    Column("items", JSON, nullable=False),
)

planned_work_night_table: Final = Table(
    "planned_work_night",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("night", String(10), primary_key=True),
    Column("done", JSON, nullable=False),
    Column("notes", Text, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("corrected", Integer, nullable=False),
)

winter_mode_table: Final = Table(
    "winter_mode",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("note", String(200), nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

winter_visit_table: Final = Table(
    "winter_visit",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("client_id", String(64), nullable=False, unique=True),
    Column("spot_id", String(26), nullable=False),
    Column("round_day", String(10), nullable=False),
    Column("result", String(10), nullable=False),
    Column("notes", String(500), nullable=False),
    Column("case_id", String(26)),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_winter_visit_round", "round_day", "spot_id"),
)
