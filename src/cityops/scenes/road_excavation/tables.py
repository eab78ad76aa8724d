"""What the scene keeps beside its cases: who dug how much when, to find the same offender again."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, String, Table

from cityops.store import metadata

matter_table = Table(
    "excavation_matter",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("file_number", String(60), unique=True),
    Column("party", String(200), nullable=False),
    Column("party_kind", String(20), nullable=False),
    Column("party_code", String(18)),
    Column("area_m2", Float, nullable=False),
    Column("found_on", String(10), nullable=False),
    Column("decided_on", String(10)),
    Column("fine_yuan", Float),
    Column("flags", JSON, nullable=False),
    Index("ix_excavation_matter_party", "party"),
    Index("ix_excavation_matter_party_code", "party_code"),
)
