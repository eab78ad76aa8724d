"""The one ``MetaData`` on which every room declares its tables, and the column shapes they share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.types import TypeEngine

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SERIAL: Final[TypeEngine[int]] = BigInteger().with_variant(Integer(), "sqlite")
"""Type of a primary key the database counts up itself: 64 bits on both (SQLite counts only a plain INTEGER)."""
