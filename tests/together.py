"""People who act at the same moment, made certain: on PostgreSQL everybody has read before anybody commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text

from cityops.access.tables import audit_head
from cityops.kit import CityOpsError
from cityops.store import Store

PATIENCE_S: Final = 30.0
_WAITING: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def end_of_writes(conn: Connection) -> None:
    """Hold what every write with a line in the audit needs at its end: until then it may do all else."""
    if conn.execute(select(audit_head.c.id).with_for_update()).scalar() is None:
        conn.execute(insert(audit_head), {"id": 1, "rows": 0, "hash": "0" * 64})


def at_once(
    store: Store, *acts: Callable[[], Any], holding: Callable[[Connection], object] = end_of_writes
) -> list[Any]:
    """Let all of these act while a write holds something, and let that one commit when all of them are done or wait.

    Args:
        store: on PostgreSQL the acts go as far as they can; on SQLite they stand in the queue of the one writer.
        acts: what is done, each in a thread of its own.
        holding: what the write does that all wait for: by itself it only keeps them from committing.

    Returns:
        What each act gave, or the ``CityOpsError`` that it raised; any other error is raised.
    """
    held, released = threading.Event(), threading.Event()

    def hold(conn: Connection) -> None:
        holding(conn)
        held.set()
        assert released.wait(PATIENCE_S)

    with ThreadPoolExecutor(len(acts) + 1) as pool:
        holder = pool.submit(store.write, hold)
        try:
            _until(lambda: held.is_set() or holder.done())
            doing = [pool.submit(_outcome, act) for act in acts]
            until_done_or_waiting(store, doing)
        finally:
            released.set()
        holder.result()
        return [one.result() for one in doing]


def until_done_or_waiting(store: Store, doing: Sequence[Future[Any]]) -> None:
    """Return when each of these is done or waits for another write's lock (SQLite: for its turn)."""
    _until(lambda: _waiting(store) >= sum(not one.done() for one in doing))


def _outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except CityOpsError as error:
        return error


def _waiting(store: Store) -> int:
    if store.dialect == "sqlite":
        return store.counters()["queue_waiting"]
    with store.read() as conn:
        return int(conn.execute(_WAITING).scalar_one())


def _until(reached: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline_s, "they neither end nor wait"
        time.sleep(0.005)
