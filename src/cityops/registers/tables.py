"""Tables of the registers: the objects and every change of them."""

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
    UniqueConstraint,
)

from cityops.store import metadata

register_object: Final = Table(
    "register_object",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("register", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("title", String(128), nullable=False),
    Column("unit_id", String(26), ForeignKey("unit.id")),
    Column("supervisor_id", String(26), ForeignKey("unit.id")),
    Column("area_code", String(16)),
    Column("lon", Float),
    Column("lat", Float),
    Column("geometry", JSON(none_as_null=True)),
    Column("state", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    UniqueConstraint("register", "code"),
    Index(None, "register", "unit_id"),
    Index(None, "register", "supervisor_id"),
    Index(None, "register", "area_code"),
)

register_change: Final = Table(
    "register_change",
    metadata,
    Column("object_id", String(26), ForeignKey("register_object.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(64), nullable=False),
    Column("reason", String(256)),
    Column("changes", JSON, nullable=False),
)

register_link: Final = Table(
    "register_link",
    metadata,
    Column("from_id", String(26), ForeignKey("register_object.id"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("to_id", String(26), ForeignKey("register_object.id"), nullable=False, index=True),
)
"""Relations (关联): which object an ``object`` field names; kept with the object in the same transaction."""
