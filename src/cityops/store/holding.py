"""Names held by a running write (按名加锁), where no row stands for what only one may do at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

_CLASS: Final = 0x4349
"""Sets these advisory locks of PostgreSQL, which have two numbers, apart from those of other programs."""


def hold(conn: Connection, name: str) -> None:
    """Until the running write ends, others that hold the same name wait here; what they read then is up to date.

    For "there is none yet" and "there are fewer than" on PostgreSQL, where two writes may both find it so; SQLite has
    one writer. Two names may share a lock: then one waits for nothing.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(_CLASS, func.hashtext(name))))
