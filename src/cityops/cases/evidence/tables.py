"""The table of evidence. The content itself lies in ``store.Files`` under its SHA-256."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from cityops.store import metadata

evidence_table = Table(
    "case_evidence",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("case_id", String(26), ForeignKey("case_file.id")),
    Column("report_id", String(26)),
    Column("kind", String(10), nullable=False),
    Column("role", String(10), nullable=False),
    Column("before_id", String(26), ForeignKey("case_evidence.id")),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("name", String(120), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("view_sha256", String(64)),
    Column("thumbnail_sha256", String(64)),
    Column("taken_ms", BigInteger),
    Column("lon", Float),
    Column("lat", Float),
    Column("position_source", String(10)),
    Column("claims", JSON, nullable=False),
    Column("uploaded_ms", BigInteger, nullable=False),
    Column("uploader_id", String(64), nullable=False),
    Column("uploader_name", String(200), nullable=False),
    UniqueConstraint("uploader_id", "client_id"),
    Index("ix_case_evidence_case", "case_id", "uploaded_ms"),
    Index("ix_case_evidence_report", "report_id"),
)
