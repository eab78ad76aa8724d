"""Tables of published rule tables: every version is kept, nothing is ever changed in place."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, Integer, String, Table, Text

from cityops.store import metadata

rule_version_table = Table(
    "case_rule_version",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("copied_from", Integer),
    Column("note", Text, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("published_ms", BigInteger, nullable=False),
)

rule_row_table = Table(
    "case_rule_row",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fields", JSON, nullable=False),
    ForeignKeyConstraint(["name", "version"], ["case_rule_version.name", "case_rule_version.version"]),
)
