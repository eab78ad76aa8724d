"""SQLite's single writer thread: many small works share one durable commit (group commit, 合并提交)."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cityops.kit import BusyError, Clock, ConfigError, Text, UnavailableError
from cityops.store.failures import translate
from cityops.store.turnstile import Turnstile

T = TypeVar("T")

GROUP_LIMIT: Final = 256
GROUP_TIME_S: Final = 0.05
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

    Every work runs in its own savepoint: one that raises undoes only itself. Callers wake after the commit of
    their group is on the disk. A group ends when nothing waits, or after ``GROUP_LIMIT`` works or ``GROUP_TIME_S``,
    so that another process need not wait long. At most ``queue_limit`` works wait; one more raises ``BusyError``.

    Two processes may write to the same file; a ``Turnstile`` lets them in turn about.
    """

    def __init__(self, engine: Engine, turnstile: Turnstile, clock: Clock, *, queue_limit: int) -> None:
        self._clock = clock
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
                while (first := self._next()) is not None:
                    self._commit_group(first)
        finally:  # a bug must not leave callers waiting for ever
            with self._changed:
                self._closed = True
                left = list(self._queue)
                self._queue.clear()
            for item in left:
                item.future.set_exception(_closed())

    def _next(self) -> _Item | None:
        """The next work, waiting for one; None when closed and done."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            return self._queue.popleft() if self._queue else None

    def _group(self, first: _Item) -> Iterator[_Item]:
        """``first`` and whatever arrived meanwhile, within the group's bounds."""
        until_s = self._clock.monotonic_s() + GROUP_TIME_S
        yield first
        for _ in range(GROUP_LIMIT - 1):
            if not self._queue or self._clock.monotonic_s() >= until_s:
                return
            yield self._queue.popleft()  # this thread is the only one that takes

    def _commit_group(self, first: _Item) -> None:
        group: list[_Item] = []
        with _Outcome() as outcome, self._turnstile.passage(), self._connection.begin():
            raw = self._connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            for item in self._group(first):
                group.append(item)
                _run_item(self._connection, raw, item)
        self.groups += 1
        self.works += len(group)
        failure = translate(outcome.error) if isinstance(outcome.error, DBAPIError) else outcome.error
        for item in group or [first]:
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
