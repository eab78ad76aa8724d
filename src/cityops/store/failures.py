"""Translates the database drivers' failures into sentences; everything unknown stays what it is."""

from __future__ import annotations

from typing import Final, NoReturn

from sqlalchemy.exc import DBAPIError, OperationalError

from cityops.kit import BusyError, Text, UnavailableError

RETRY_STATES: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock: run the same work again."""

_NOTHING_KEPT: Final = Text("这一次没有保存任何内容", "nothing of this request was kept")
_FULL_STATES: Final = frozenset({"53100"})
_CONNECTION_CLASSES: Final = ("08", "57")


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-letter state of the failure, or an empty string."""
    return getattr(error.orig, "sqlstate", None) or ""


def translate(error: DBAPIError) -> BaseException:
    """The sentence for a failure of the machine (locked, full, unreachable); any other failure is returned as it is."""
    if not isinstance(error, OperationalError):
        return error
    message = str(error.orig)
    state = sqlstate(error)
    if "locked" in message or state in RETRY_STATES:
        return _caused(
            error,
            BusyError(
                "数据库正忙",
                "the database is busy",
                code="store.locked",
                kept=_NOTHING_KEPT,
                todo=Text("请稍候重试", "send again in a moment"),
            ),
        )
    if "disk is full" in message or "disk I/O" in message or state in _FULL_STATES:
        return _caused(
            error,
            UnavailableError(
                "磁盘已满或无法写入，数据库没有保存",
                "the disk is full or cannot be written: the database kept nothing",
                code="store.disk",
                kept=_NOTHING_KEPT,
                todo=Text("请清理磁盘空间后重试", "free disk space, then send again"),
            ),
        )
    if error.connection_invalidated:
        return _caused(error, _lost())
    if state[:2] in _CONNECTION_CLASSES or (not state and "connect" in message):
        return _caused(error, _unreachable())
    return error


def raise_translated(error: DBAPIError) -> NoReturn:
    """Raise the sentence for a failure of the machine, or the failure as it is."""
    raise translate(error)


def _caused(cause: BaseException, error: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def _lost() -> UnavailableError:
    return UnavailableError(
        "与数据库的连接中断",
        "the connection to the database broke off",
        code="store.lost",
        kept=Text("不能确定这一次是否已保存", "it is not certain whether this request was kept"),
        todo=Text("请先查看结果，再决定是否重试", "look first whether it was done, then send again"),
    )


def _unreachable() -> UnavailableError:
    return UnavailableError(
        "无法连接数据库",
        "the database cannot be reached",
        code="store.unreachable",
        kept=_NOTHING_KEPT,
        todo=Text("请检查数据库服务后重试", "check the database server, then send again"),
    )
