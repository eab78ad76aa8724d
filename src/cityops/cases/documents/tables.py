"""The table of documents. The docx and the pdf lie in ``store.Files`` under their SHA-256."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table

from cityops.store import metadata

document_table = Table(
    "case_document",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), ForeignKey("case_file.id"), nullable=False),
    Column("template", String(40), nullable=False),
    Column("number", String(60), nullable=False, unique=True),
    Column("title_zh", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("content", JSON, nullable=False),
    Column("docx_sha256", String(64), nullable=False),
    Column("docx_size", Integer, nullable=False),
    Column("pdf_sha256", String(64), nullable=False),
    Column("pdf_size", Integer, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("maker_id", String(26)),
    Column("maker_name", String(200), nullable=False),
    Column("maker_unit_name", String(200)),
    Index("ix_case_document_case", "case_id"),
)
