"""Tables of the scene disputes: what a case is about, its parties, the residents' meetings, and reported figures.

Times are integer milliseconds UTC, days ISO dates in Asia/Shanghai, amounts integer fen (0.01 yuan).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cityops.store import metadata

dispute_table: Final = Table(
    "dispute",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("field", String(40), nullable=False),
    Column("source", String(40), nullable=False),
    Column("topic", String(40)),
    Column("people", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("account", Text),
    Column("reference", String(80), unique=True),
    Column("erased_ms", BigInteger),
    Index("ix_dispute_field", "field"),
)

party_table: Final = Table(
    "dispute_party",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("name", String(200)),
    Column("contact", String(80)),
    Index("ix_dispute_party_case", "case_id"),
)

schedule_table: Final = Table(
    "dispute_schedule",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("unit_id", String(26), ForeignKey("unit.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("every", String(10), nullable=False),
    Column("on_day", Integer, nullable=False),
    Column("begins", String(5), nullable=False),
    Column("place", String(200), nullable=False),
    Column("moves", String(20), nullable=False),
    Column("from_day", String(10), nullable=False),
    Column("until_day", String(10)),
    Column("created_ms", BigInteger, nullable=False),
    Index("ix_dispute_schedule_unit", "unit_id"),
)

meeting_table: Final = Table(
    "dispute_meeting",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("schedule_id", String(26), ForeignKey("dispute_schedule.id"), nullable=False),
    Column("planned_day", String(10), nullable=False),
    Column("held_day", String(10)),
    Column("state", String(20), nullable=False),
    Column("minutes", Text),
    Column("reason", Text),
    Column("attendance", JSON, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    UniqueConstraint("schedule_id", "planned_day"),
)

matter_table: Final = Table(
    "dispute_matter",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("meeting_id", String(26), ForeignKey("dispute_meeting.id"), nullable=False),
    Index("ix_dispute_matter_meeting", "meeting_id"),
)

reported_table: Final = Table(
    "dispute_reported",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("as_of_day", String(10), nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("rate_percent", Float),
    Column("people", BigInteger),
    Column("amount_fen", BigInteger),
    Column("parts", JSON, nullable=False),
    Column("entered_by", String(200), nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
)
