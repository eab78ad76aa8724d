"""The store's own tables: the outbox, how far each subscriber is, and the dead letters."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table, Text

from cityops.store.schema import SERIAL, metadata

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("topic", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice, also after the newest rows were pruned
)

outbox_offset: Final = Table(
    "outbox_offset",
    metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("event_id", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

outbox_dead: Final = Table(
    "outbox_dead",
    metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("event_ms", BigInteger, nullable=False),
    Column("failed_ms", BigInteger, nullable=False),
    Column("error_code", String(64), nullable=False),
    Column("error_zh", Text, nullable=False),
    Column("error_en", Text, nullable=False),
    Index(None, "failed_ms"),
)
