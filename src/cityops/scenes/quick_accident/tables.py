"""Tables of quick accident handling. Times are integer milliseconds UTC, ids 26 characters."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cityops.store import metadata

accident_table = Table(
    "accident",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("reported_ms", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),
    Column("address", String(200)),
    Column("weather", String(20)),
    Column("description", Text),
    Column("exclusions", JSON),
    Column("screened_ms", BigInteger),
    Column("screened_by", String(200)),
    Index("ix_accident_reported", "reported_ms"),
)

party_table = Table(
    "accident_party",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("label", String(1), nullable=False),
    Column("plate", String(16)),
    Column("name", String(60)),
    Column("phone", String(20), nullable=False),
    Column("licence_no", String(30)),
    Column("insurer", String(60)),
    Column("policy_no", String(40)),
    Column("statement", Text),
    Column("stated_ms", BigInteger),
    Column("moved_ms", BigInteger),
    Column("asked", String(500)),
    Column("asked_ms", BigInteger),
    UniqueConstraint("case_id", "label"),
)

link_table = Table(
    "accident_link",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("party_id", String(26), ForeignKey("accident_party.id"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("key_hash", String(64)),
    Column("wrong", Integer, nullable=False, default=0),
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("handed_how", String(20)),
    Column("handed_ms", BigInteger),
    Column("handed_by", String(200)),
    Column("identified_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("revoked_why", String(20)),
    Index("ix_accident_link_party", "party_id"),
)

photo_table = Table(
    "accident_photo",
    metadata,
    Column("evidence_id", String(26), ForeignKey("case_evidence.id"), primary_key=True),
    Column("party_id", String(26), ForeignKey("accident_party.id"), nullable=False),
    Column("view", String(20), nullable=False),
    Index("ix_accident_photo_party", "party_id"),
)

decision_table = Table(
    "accident_decision",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("faults", JSON, nullable=False),
    Column("proposed", JSON),
    Column("levels", JSON, nullable=False),
    Column("shares", JSON, nullable=False),
    Column("reason", Text),
    Column("rules_from", String(10), nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("withdrawn", Boolean, nullable=False, default=False),
    Index("ix_accident_decision_case", "case_id", "recorded_ms"),
)

answer_table = Table(
    "accident_answer",
    metadata,
    Column("decision_id", String(26), ForeignKey("accident_decision.id"), primary_key=True),
    Column("party_id", String(26), ForeignKey("accident_party.id"), primary_key=True),
    Column("agrees", Boolean, nullable=False),
    Column("words", Text),
    Column("at_ms", BigInteger, nullable=False),
)
