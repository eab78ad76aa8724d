"""The outbox (事件发件箱): what happened, written in the same transaction as the change itself.

Event ids are read in commit order and never skipped. On SQLite one writer at a time makes that so. On
PostgreSQL an id drawn earlier may be committed later, so every write transaction first takes a shared
advisory lock whose number is the sequence's value at that moment. A reader takes the sequence's value,
then looks at the locks that are held, and reads only up to the smallest number it finds: every id it
could miss is greater. A lock is released only after its transaction became visible.

A write's events wait in memory and go to the table together, when its work is done: one statement for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, insert, select, text

from cityops.kit import Clock
from cityops.store.tables import outbox

WRITE: Final = "cityops.write"
"""Key in ``Connection.info`` under which a running write keeps its ``Write``; absent outside a write."""

_LOCK_BASE: Final = 0x4349 << 48
_SEQUENCE: Final = "pg_get_serial_sequence('outbox', 'id')::regclass"
_TAKE_LOCK: Final = text(
    f"SELECT pg_advisory_xact_lock_shared({_LOCK_BASE} + coalesce(pg_sequence_last_value({_SEQUENCE}), 0))"
)
_LAST_DRAWN: Final = text(f"SELECT coalesce(pg_sequence_last_value({_SEQUENCE}), 0)")
_LOWEST_LOCK: Final = text(
    f"SELECT min(((classid::bigint << 32) | objid::bigint) - {_LOCK_BASE}) FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND (classid::bigint >> 16) = 17225"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``topic`` in the past tense, ``key`` the thing it happened to."""

    id: int
    topic: str
    key: str
    payload: dict[str, Any]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Write:
    """A running write: its clock, and the events that it has emitted and not written yet."""

    clock: Clock
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who wants events: a stable name, its topics, and what to do with one inside a write."""

    name: str
    topics: Collection[str]
    handle: Callable[[Connection, Event], None]


def emit(conn: Connection, topic: str, key: str, payload: dict[str, Any]) -> None:
    """Write an event in the running ``Store.write``; it exists if and only if the work commits."""
    running: Write | None = conn.info.get(WRITE)
    if running is None:
        raise RuntimeError("emit needs the connection of a running Store.write")
    running.events.append({"topic": topic, "key": key, "payload": payload, "at_ms": running.clock.now_ms()})


def write_events(conn: Connection) -> None:
    """Write what the running ``Store.write`` has emitted so far. The store does this when the work is done.

    Call it before taking a lock that others wait for.
    """
    running: Write | None = conn.info.get(WRITE)
    if running is not None and running.events:
        conn.execute(insert(outbox), running.events)
        running.events.clear()


def follow_savepoints(engine: Engine) -> None:
    """An event emitted inside a savepoint that is rolled back goes with it; one emitted before stays."""

    def forget(conn: Connection, name: str, context: None) -> None:
        running: Write | None = conn.info.get(WRITE)
        if running is not None:
            running.events.clear()

    event.listen(engine, "savepoint", lambda conn, name: write_events(conn))
    event.listen(engine, "rollback_savepoint", forget)


def mark_start(conn: Connection) -> None:
    """PostgreSQL: hold the readers of the outbox back until this transaction ends."""
    conn.execute(_TAKE_LOCK)


def readable_up_to(conn: Connection) -> int:
    """The greatest id below which nothing can appear any more. Needs a connection in READ COMMITTED on PostgreSQL."""
    if conn.dialect.name == "sqlite":
        last = conn.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")).scalar()
        return int(last or 0)
    last_drawn = int(conn.execute(_LAST_DRAWN).scalar_one())
    lowest = conn.execute(_LOWEST_LOCK).scalar()
    return last_drawn if lowest is None else min(last_drawn, int(lowest))


def read_events(conn: Connection, after_id: int, up_to: int, limit: int, topics: Collection[str] | None) -> list[Event]:
    """Events with ``after_id < id <= up_to`` in order, at most ``limit``, of ``topics`` (None: of all)."""
    query = select(outbox).where(outbox.c.id > after_id, outbox.c.id <= up_to).order_by(outbox.c.id).limit(limit)
    if topics is not None:
        query = query.where(outbox.c.topic.in_(list(topics)))
    return [Event(row.id, row.topic, row.key, row.payload, row.at_ms) for row in conn.execute(query)]
