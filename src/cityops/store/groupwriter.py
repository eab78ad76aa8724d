"""SQLite's single writer thread: many small works share one durable commit (group commit, 合并提交)."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cityops.kit import BusyError, ConfigError, Text, UnavailableError
from cityops.store.failures import translate
from cityops.store.turnstile import Turnstile

T = TypeVar("T")

GROUP_LIMIT: Final = 256
_SAVEPOINT: Final = "cityops_work"


class _Outcome:
    """Catches what a block raises, so that the caller's thread can raise it again."""

    error: BaseException | None = None

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self.error = error
        return True


class _Item:
    """One work that waits for its turn, and where its result goes."""

    __slots__ = ("future", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.result: Any = None


class GroupWriter:
    """One thread that owns the only writing connection.

    Every work runs in its own savepoint: one that raises undoes only itself. Callers wake after the commit
    of their group is on the disk. At most ``queue_limit`` works wait; one more raises ``BusyError``.

    Two processes may write to the same file; a ``Turnstile`` lets them in turn about.
    """

    def __init__(self, engine: Engine, turnstile: Turnstile, *, queue_limit: int) -> None:
        self._turnstile = turnstile
        self._resources = ExitStack()
        self._connection = self._open(engine)
        self._queue_limit = queue_limit
        self._queue: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.works = 0
        self.groups = 0
        self.rejected = 0
        self._thread = threading.Thread(target=self._run, name="cityops-store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many works wait for their turn."""
        return len(self._queue)

    def is_current_thread(self) -> bool:
        """Whether the caller runs inside a work."""
        return threading.get_ident() == self._thread.ident

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` and return its result after the commit; raises what it raised."""
        item = _Item(work)
        with self._changed:
            if self._closed:
                raise _closed()
            if len(self._queue) >= self._queue_limit:
                self.rejected += 1
                raise _full(self._queue_limit)
            self._queue.append(item)
            self._changed.notify()
        result: T = item.future.result()
        return result

    def close(self) -> None:
        """Finish what waits, then stop the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _open(self, engine: Engine) -> Connection:
        """Here and not in the thread, so that who opens the store hears what is wrong."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._turnstile)
                connection = stack.enter_context(engine.connect())
            except (OSError, DBAPIError) as error:
                raise _cannot_open(str(engine.url.database), error) from error
            self._resources = stack.pop_all()
        return connection

    def _run(self) -> None:
        try:
            with self._resources:
                while group := self._next_group():
                    self._commit_group(self._connection, group)
        finally:  # a bug must not leave callers waiting for ever
            with self._changed:
                self._closed = True
                left = list(self._queue)
                self._queue.clear()
            for item in left:
                item.future.set_exception(_closed())

    def _next_group(self) -> list[_Item]:
        """The next works, at most ``GROUP_LIMIT``; empty when closed and done."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), GROUP_LIMIT))]

    def _commit_group(self, connection: Connection, group: list[_Item]) -> None:
        with _Outcome() as outcome, self._turnstile.passage(), connection.begin():
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            for item in group:
                _run_item(connection, raw, item)
        self.groups += 1
        self.works += len(group)
        failure = translate(outcome.error) if isinstance(outcome.error, DBAPIError) else outcome.error
        for item in group:
            if item.future.done():  # its own work raised; the others are not touched by that
                continue
            if failure is None:
                item.future.set_result(item.result)
            else:
                item.future.set_exception(failure)


def _run_item(connection: Connection, raw: sqlite3.Connection, item: _Item) -> None:
    """Run one work in its savepoint; its future gets the error when it raised.

    Raises when the database itself gave up the whole transaction (disk full): then the group failed.
    """
    raw.execute(f"SAVEPOINT {_SAVEPOINT}").close()
    with _Outcome() as outcome:
        item.result = item.work(connection)
    if outcome.error is None:
        raw.execute(f"RELEASE {_SAVEPOINT}").close()
        return
    failure = translate(outcome.error) if isinstance(outcome.error, DBAPIError) else outcome.error
    if not raw.in_transaction:
        raise failure
    raw.execute(f"ROLLBACK TO {_SAVEPOINT}").close()
    raw.execute(f"RELEASE {_SAVEPOINT}").close()
    item.future.set_exception(failure)


def _full(limit: int) -> BusyError:
    return BusyError(
        f"数据库写入队列已满（{limit} 项）",
        f"the store's write queue is full ({limit} works)",
        code="store.busy",
        kept=Text("这一次没有保存任何内容", "nothing of this request was kept"),
        todo=Text("请稍候重试", "slow down and send again"),
    )


def _cannot_open(path: str, error: OSError | DBAPIError) -> ConfigError:
    cause = error.strerror if isinstance(error, OSError) else error.orig
    return ConfigError(
        f"无法打开数据库文件 {path}：{cause}",
        f"the database file {path} cannot be opened: {cause}",
        code="store.open",
        todo=Text("请检查文件及其目录的权限，或从备份恢复", "check the permissions there, or restore a backup"),
    )


def _closed() -> UnavailableError:
    return UnavailableError(
        "数据库已关闭",
        "the store is closed",
        code="store.closed",
        kept=Text("这一次没有保存任何内容", "nothing of this request was kept"),
        todo=Text("请在系统重新启动后重试", "send again when the product has started again"),
    )
