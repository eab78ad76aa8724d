"""Tables of the intake: every report as it was made, and the calls back to those who reported."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

intake_table = Table(
    "case_intake",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("reporter_id", String(26), ForeignKey("case_reporter.id"), nullable=False),
    Column("account_id", String(26), nullable=False),
    Column("client_id", String(64)),
    Column("source", String(20), nullable=False),
    Column("standard", String(40), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("code", String(8), nullable=False),
    Column("description", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("joined", Boolean, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("account_id", "client_id"),
    Index("ix_case_intake_account", "account_id", "id"),
    Index("ix_case_intake_case", "case_id"),
)

call_back_table = Table(
    "case_call_back",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("reporter_id", String(26), ForeignKey("case_reporter.id"), nullable=False),
    Column("answer_id", String(26), ForeignKey("case_answer.id"), nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("reached", Boolean, nullable=False),
    Column("stars", Integer),
    Column("comment", Text),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_case_call_back_reporter", "reporter_id"),
    Index("ix_case_call_back_at", "at_ms"),
)
