"""The store: one face for SQLite and PostgreSQL."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cityops.kit import BusyError, Clock, ConfigError, Text
from cityops.store.engines import POOL_WAIT_S, Engines, open_engines
from cityops.store.failures import RETRY_STATES, sqlstate, translate
from cityops.store.groupwriter import GroupWriter
from cityops.store.outbox import WRITE_CLOCK, Event, mark_start, read_events, readable_up_to
from cityops.store.schema import metadata

T = TypeVar("T")

QUEUE_LIMIT: Final = 4096
READERS: Final = 24
RETRIES: Final = 8


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
        if engines.sqlite_path is not None:
            turn_file = engines.sqlite_path.with_name(engines.sqlite_path.name + "-turn")
            self._writer = GroupWriter(engines.writer, turn_file, queue_limit=queue_limit)

    @classmethod
    def open(cls, url: str, *, clock: Clock, queue_limit: int = QUEUE_LIMIT, readers: int = READERS) -> Self:
        """Open ``sqlite:///path`` or ``postgresql://…``.

        Args:
            url: the database. The folder of an SQLite file must exist.
            clock: gives the time of events.
            queue_limit: SQLite: how many works may wait for the writer before ``BusyError``.
            readers: connections for reading; on PostgreSQL as many again for writing.
        """
        engines = open_engines(url, readers=readers)
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
        deadlock. There two works may also run at the same time: guard a change by a version in its WHERE,
        a unique constraint or ``with_for_update()``.

        Raises:
            BusyError: too many works wait; nothing was kept.
            UnavailableError: disk full or database unreachable; nothing was kept.
            BaseException: what ``work`` raised; nothing of this work was kept.
        """
        if getattr(self._inside, "write", False):
            raise RuntimeError("Store.write inside Store.write: use the connection you were given")

        def marked(conn: Connection) -> T:
            self._inside.write = True
            conn.info[WRITE_CLOCK] = self._clock
            try:
                return work(conn)
            finally:
                del conn.info[WRITE_CLOCK]
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
                    raise translate(error) from error
            with self._lock:
                self._retried += 1
            time.sleep(random.uniform(0, 0.005 * 2**attempt))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one unchanging state and cannot write."""
        try:
            conn = self._engines.reader.connect()
        except PoolTimeoutError as error:
            raise self._no_connection() from error
        except DBAPIError as error:
            raise translate(error) from error
        with conn:
            yield conn

    def events_after(self, after_id: int, limit: int, topics: Collection[str] | None = None) -> list[Event]:
        """Events with a greater id, in order, at most ``limit``; an id that commits later is never skipped."""
        return self._events_after(after_id, limit, topics)[0]

    def _events_after(self, after_id: int, limit: int, topics: Collection[str] | None) -> tuple[list[Event], int]:
        """Events, and up to which id the outbox was read."""
        with self._outbox_reader() as conn:
            up_to = readable_up_to(conn)
            events = read_events(conn, after_id, up_to, limit, topics)
        return events, events[-1].id if len(events) == limit else up_to

    @contextmanager
    def _outbox_reader(self) -> Iterator[Connection]:
        """SQLite: one snapshot. PostgreSQL: each statement sees what is committed when it starts."""
        if self.dialect == "sqlite":
            with self.read() as conn:
                yield conn
            return
        with self._engines.writer.connect() as conn:
            yield conn

    def _no_connection(self) -> BusyError:
        with self._lock:
            self._pool_rejected += 1
        return BusyError(
            f"数据库连接已用完，等待 {POOL_WAIT_S:.0f} 秒仍未空出",
            f"all database connections were in use for {POOL_WAIT_S:.0f} s",
            code="store.pool",
            kept=Text("这一次没有保存任何内容", "nothing of this request was kept"),
            todo=Text("请稍候重试", "slow down and send again"),
        )


def _no_folder(folder: str) -> ConfigError:
    return ConfigError(
        f"数据目录不存在：{folder}",
        f"the data folder does not exist: {folder}",
        code="store.folder",
        todo=Text("请先创建该目录，或修改 data_dir 设置", "create it, or change the setting data_dir"),
    )
