"""Tables of the dispatch room. Of a crew's positions only the latest is kept, and none after its shift.

The track of a patrol on duty is kept for some days, to show which grids were walked; the clockwork deletes it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, String, Table, UniqueConstraint

from cityops.store import metadata

crew_table: Final = Table(
    "crew",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("unit_id", String(26), nullable=False),
    Column("unit_name", String(128), nullable=False),
    Column("area_code", String(16)),
    Column("capabilities", JSON, nullable=False),
    Column("base_lon", Float, nullable=False),
    Column("base_lat", Float, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index(None, "unit_id"),
)

crew_state_table: Final = Table(
    "crew_state",
    metadata,
    Column("crew_id", String(26), ForeignKey("crew.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("case_id", String(26)),
    Column("lon", Float),
    Column("lat", Float),
    Column("at_ms", BigInteger),
    Column("shift_from_ms", BigInteger),
    Column("shift_to_ms", BigInteger),
    Index(None, "state"),
)

closure_table: Final = Table(
    "closure",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("road_name", String(128), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("edges", JSON, nullable=False),
    Column("line", JSON, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    Column("night_begins", String(5)),
    Column("night_ends", String(5)),
    Column("half", Boolean, nullable=False, default=False),
    Column("case_id", String(26)),
    Column("created_by", String(26), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index(None, "to_ms"),
    Index(None, "case_id"),
)

patrol_shift_table: Final = Table(
    "patrol_shift",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("account_id", String(26), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    UniqueConstraint("account_id", "client_id"),
    Index(None, "started_ms"),
)

patrol_point_table: Final = Table(
    "patrol_point",
    metadata,
    Column("shift_id", String(26), ForeignKey("patrol_shift.id"), primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("accuracy_m", Float),
    Column("grid_code", String(32)),
    Index(None, "at_ms"),
)
