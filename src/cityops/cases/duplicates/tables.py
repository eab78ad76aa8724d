"""Side table of cases for the search of duplicates: matter, place, time, and the cell the place lies in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, String, Table

from cityops.store import metadata

case_matter_table = Table(
    "case_matter",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("standard", String(40), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("code", String(8), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("cell", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Index("ix_case_matter_nearby", "open", "cell", "code", "opened_ms"),
)
