"""The outbox (事件发件箱): what happened, written in the same transaction as the change itself.

Event ids are read in commit order and never skipped. On SQLite one writer at a time makes that so. On
PostgreSQL an id drawn earlier may be committed later, so every write transaction first takes a shared
advisory lock whose number is the sequence's value at that moment. A reader takes the sequence's value,
then looks at the locks that are held, and reads only up to the smallest number it finds: every id it
could miss is greater. A lock is released only after its transaction became visible.

A write's events wait in memory and go to the table together, when its work is done: one statement for all of them.
What takes a lock that every other write wants waits as well, for the very end (``at_end``).
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
    """A running write: its clock, the events that it has emitted and not written yet, and what is left for the end."""

    clock: Clock
    events: list[dict[str, Any]] = field(default_factory=list)
    last: list[Callable[[Connection], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who wants events: a stable name, its topics, and what to do with one inside a write."""

    name: str
    topics: Collection[str]
    handle: Callable[[Connection, Event], None]


def emit(conn: Connection, topic: str, key: str, payload: dict[str, Any]) -> None:
    """Write an event in the running ``Store.write``; it exists if and only if the work commits."""
    running = _running(conn)
    running.events.append({"topic": topic, "key": key, "payload": payload, "at_ms": running.clock.now_ms()})


def at_end(conn: Connection, work: Callable[[Connection], None]) -> None:
    """Do this when everything else of the running ``Store.write`` is done, in the order in which it was asked for.

    For what takes a lock that other writes want too: it is held for a moment only.
    """
    _running(conn).last.append(work)


def write_rest(conn: Connection) -> None:
    """Write what the running ``Store.write`` has emitted and left for its end. The store does this when it is done."""
    running = _running(conn)
    if running.events:
        conn.execute(insert(outbox), running.events)
        running.events.clear()
    while running.last:
        works = [*running.last]
        running.last.clear()
        for work in works:
            work(conn)


def _running(conn: Connection) -> Write:
    running: Write | None = conn.info.get(WRITE)
    if running is None:
        raise RuntimeError("this needs the connection of a running Store.write")
    return running


def follow_savepoints(engine: Engine) -> None:
    """What waits and was asked for inside a savepoint that is rolled back goes with it; what was before stays."""

    def keep(conn: Connection, name: str) -> None:
        if WRITE in conn.info:
            write_rest(conn)

    def forget(conn: Connection, name: str, context: None) -> None:
        if WRITE in conn.info:
            _running(conn).events.clear()
            _running(conn).last.clear()

    event.listen(engine, "savepoint", keep)
    event.listen(engine, "rollback_savepoint", forget)


def mark_start(conn: Connection) -> None:
    """PostgreSQL: hold the readers of the outbox back until this transaction ends.

    At the start and not only before ids are drawn: who handles an event finds what writes that had begun before it did.
    """
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
