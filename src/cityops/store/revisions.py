"""At which revision a database is, without Alembic: most starts find it at the newest and need no more (0.3 s less)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_TABLE: Final = "alembic_version"


def head_revision() -> str | None:
    """The newest revision the product knows; None while there is none. Revisions are numbered files in one line."""
    return max((path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")), default=None)


def current_revision(connection: Connection) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()
    return revision
