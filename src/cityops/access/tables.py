"""Tables of units, accounts, sessions, sign-in attempts, API keys and the audit chain."""

from __future__ import annotations

from typing import Final

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

unit: Final = Table(
    "unit",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("code", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("parent_id", String(26), ForeignKey("unit.id")),
    Column("area_code", String(16)),
    Column("credit_code", String(18)),
    Column("contact_phone", String(32)),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("code"),
    Index(None, "kind"),
    Index(None, "area_code"),
)

account: Final = Table(
    "account",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("display_name", String(64), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("role", String(16), nullable=False),
    Column("unit_id", String(26), ForeignKey("unit.id")),
    Column("area_codes", JSON, nullable=False),
    Column("crew_id", String(26)),
    Column("active", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("last_sign_in_ms", BigInteger),
    UniqueConstraint("username"),
)

session: Final = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(26), ForeignKey("account.id"), nullable=False),
    Column("address", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Index(None, "account_id"),
    Index(None, "last_seen_ms"),
)

sign_in_attempt: Final = Table(
    "sign_in_attempt",
    metadata,
    Column("subject", String(160), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("blocked_until_ms", BigInteger, nullable=False),
    Index(None, "last_ms"),
)

api_key: Final = Table(
    "api_key",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    UniqueConstraint("sha256"),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(64), nullable=False),
    Column("actor_role", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object_type", String(64), nullable=False),
    Column("object_id", String(128)),
    Column("purpose", Text),
    Column("detail", JSON, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "at_ms"),
    Index(None, "actor_id", "at_ms"),
    Index(None, "object_type", "object_id"),
)

audit_head: Final = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("rows", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
