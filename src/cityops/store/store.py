"""The store: one face for SQLite and PostgreSQL."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cityops.kit import BusyError, Clock, ConfigError, Text
from cityops.store.delivery import DeadLetter, dead_letters, discard_dead, prune, retry_dead
from cityops.store.engines import POOL_WAIT_S, Engines, open_engines
from cityops.store.failures import RETRY_STATES, raise_translated, sqlstate
from cityops.store.groupwriter import GroupWriter
from cityops.store.outbox import (
    WRITE,
    Event,
    Subscriber,
    Write,
    follow_savepoints,
    mark_start,
    read_events,
    readable_up_to,
    write_rest,
)
from cityops.store.revisions import current_revision, head_revision
from cityops.store.schema import metadata
from cityops.store.turnstile import Turnstile

T = TypeVar("T")

QUEUE_LIMIT: Final = 4096
READERS: Final = 24
RETRIES: Final = 8
ANALYZED_ROWS: Final = 1000
"""Rows of each index that SQLite looks at for its statistics: milliseconds, however large the tables."""


class Store:
    """The relational store (关系库). Open with ``Store.open``; close when done, or use ``with``."""

    def __init__(self, engines: Engines, clock: Clock, *, queue_limit: int) -> None:
        self._engines = engines
        self._clock = clock
        self._inside = threading.local()
        self._lock = threading.Lock()
        self._retried = 0
        self._pool_rejected = 0
        self._writer: GroupWriter | None = None
        follow_savepoints(engines.writer)
        if engines.sqlite_path is not None:
            self._writer = GroupWriter(engines.writer, Turnstile(engines.sqlite_path), clock, queue_limit=queue_limit)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        queue_limit: int = QUEUE_LIMIT,
        readers: int = READERS,
        pool_wait_s: float = POOL_WAIT_S,
    ) -> Self:
        """Open ``sqlite:///path`` or ``postgresql://…``.

        Args:
            url: the database. The folder of an SQLite file must exist.
            clock: gives the time of events.
            queue_limit: SQLite: how many works may wait for the writer before ``BusyError``.
            readers: connections for reading; on PostgreSQL as many again for writing.
            pool_wait_s: how long to wait for one of them before ``BusyError``.
        """
        engines = open_engines(url, readers=readers, pool_wait_s=pool_wait_s)
        if engines.sqlite_path is not None and not engines.sqlite_path.parent.is_dir():
            raise _no_folder(str(engines.sqlite_path.parent))
        return cls(engines, clock, queue_limit=queue_limit)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engines.dialect

    def create_all(self) -> None:
        """Create every declared table (tests only; the product migrates)."""
        if self._writer is not None:
            self._writer.submit(metadata.create_all)
            return
        with self._engines.writer.begin() as conn:
            metadata.create_all(conn)

    def migrate(self) -> None:
        """Bring the database to the newest schema, wholly or not at all; ``ConfigError`` when it is from the future."""
        known, newest = self.revision()
        if known != newest or newest is None:
            from cityops.store.migrate import upgrade  # Alembic takes 0.3 s to import, and is seldom needed

            upgrade(self._engines)

    def revision(self) -> tuple[str | None, str | None]:
        """The revision the database is at, and the newest one the product knows."""
        with self.read() as conn:
            return current_revision(conn), head_revision()

    def close(self) -> None:
        """Finish waiting works and close all connections."""
        if self._writer is not None:
            self._writer.close()
        self._engines.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction; returns its result after the commit is durable.

        ``work`` does nothing but use the connection (no other I/O, no waiting): on PostgreSQL it may run again after a
        deadlock. There two works may also run at the same time, and each statement sees what was committed before it:
        guard a change by a version in its WHERE, a unique constraint, ``with_for_update()`` or ``hold``.

        Raises:
            BusyError: too many works wait; nothing was kept.
            UnavailableError: disk full or database unreachable; nothing was kept. ``store.lost``: the connection broke
                off meanwhile, so it is not certain.
            BaseException: what ``work`` raised; nothing of this work was kept.
        """
        if getattr(self._inside, "write", False):
            raise RuntimeError("Store.write inside Store.write: use the connection you were given")

        def marked(conn: Connection) -> T:
            info = conn.info  # kept: a connection that broke off gives no ``info`` any more
            self._inside.write = True
            info[WRITE] = Write(self._clock)
            try:
                result = work(conn)
                write_rest(conn)
                return result
            finally:
                info.pop(WRITE, None)
                self._inside.write = False

        if self._writer is not None:
            return self._writer.submit(marked)
        return self._write_postgresql(marked)

    def _write_postgresql(self, work: Callable[[Connection], T]) -> T:
        attempt = 0
        while True:
            try:
                with self._engines.writer.begin() as conn:
                    mark_start(conn)
                    return work(conn)
            except PoolTimeoutError as error:
                raise self._no_connection() from error
            except DBAPIError as error:
                attempt += 1
                if sqlstate(error) not in RETRY_STATES or attempt > RETRIES:
                    raise_translated(error)
            with self._lock:
                self._retried += 1
            time.sleep(random.uniform(0, 0.005 * 2**attempt))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one unchanging state and cannot write."""
        with self._connected(self._engines.reader) as conn:
            yield conn

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection for reading by single statements that need not agree with each other.

        On PostgreSQL each of them sees what is committed when it starts, and none costs the two round trips of a
        transaction.
        """
        with self._connected(self._engines.glancer) as conn:
            yield conn

    def now_ms(self) -> int:
        """The time of the store's clock."""
        return self._clock.now_ms()

    def events_after(self, after_id: int, limit: int, topics: Collection[str] | None = None) -> list[Event]:
        """Events with a greater id, in order, at most ``limit``; an id that commits later is never skipped."""
        return self.read_outbox(after_id, limit, topics)[0]

    def last_event_id(self) -> int:
        """The id after which only what happens from now on comes; 0 when nothing ever happened."""
        return self.read_outbox(0, 0, None)[1]

    def read_outbox(self, after_id: int, limit: int, topics: Collection[str] | None) -> tuple[list[Event], int]:
        """Like ``events_after``, and the id up to which every event of ``topics`` is among those returned."""
        with self.glance() as conn:
            up_to = readable_up_to(conn)
            events = read_events(conn, after_id, up_to, limit, topics) if limit else []
        return events, events[-1].id if events and len(events) == limit else up_to

    def dead_letters(self, limit: int = 100) -> tuple[list[DeadLetter], int]:
        """The newest dead letters, and how many there are in all."""
        return dead_letters(self, limit)

    def retry_dead(self, subscriber: Subscriber, event_id: int) -> None:
        """Hand a dead letter to its subscriber again; ``NotFoundError`` when there is none."""
        retry_dead(self, subscriber, event_id)

    def discard_dead(self, subscriber: str, event_id: int) -> None:
        """Give a dead letter up for good (a person's decision); ``NotFoundError`` when there is none."""
        discard_dead(self, subscriber, event_id)

    def prune_outbox(self, subscribers: Collection[str], *, keep_s: int) -> int:
        """Delete events older than ``keep_s`` that all of ``subscribers`` have passed; returns how many."""
        return prune(self, subscribers, self._clock.now_ms() - keep_s * 1000)

    def refresh_statistics(self) -> None:
        """SQLite: let the planner know how full the tables are, from a sample; PostgreSQL does this by itself."""
        if self._writer is not None:
            self._writer.submit(_analyze)

    def counters(self) -> dict[str, int]:
        """What the store did and refused since it was opened."""
        writer = self._writer
        with self._lock:
            counts = {"retried": self._retried, "pool_rejected": self._pool_rejected}
        if writer is not None:
            counts |= {"works": writer.works, "groups": writer.groups}
            counts |= {"queue_waiting": writer.waiting, "queue_rejected": writer.rejected}
        return counts

    @contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.connect() as conn:
                yield conn
        except PoolTimeoutError as error:
            raise self._no_connection() from error
        except DBAPIError as error:
            raise_translated(error)

    def _no_connection(self) -> BusyError:
        with self._lock:
            self._pool_rejected += 1
        return BusyError(
            "数据库连接已用完",
            "all database connections are in use",
            code="store.pool",
            kept=Text("这一次没有保存任何内容", "nothing of this request was kept"),
            todo=Text("请稍候重试", "slow down and send again"),
        )


def _analyze(conn: Connection) -> None:
    conn.exec_driver_sql(f"PRAGMA analysis_limit = {ANALYZED_ROWS}")
    conn.exec_driver_sql("ANALYZE")


def _no_folder(folder: str) -> ConfigError:
    return ConfigError(
        f"数据目录不存在：{folder}",
        f"the data folder does not exist: {folder}",
        code="store.folder",
        todo=Text("请先创建该目录，或修改 data_dir 设置", "create it, or change the setting data_dir"),
    )
