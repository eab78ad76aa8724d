"""Engines: how connections to SQLite and PostgreSQL are opened and what is set on them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from cityops.kit import ConfigError, Text

BUSY_TIMEOUT_S: Final = 10.0
POOL_WAIT_S: Final = 10.0
_DURABLE: Final = ("journal_mode=WAL", "synchronous=FULL")

to_json: Final = partial(json.dumps, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Engines:
    """A writing and a reading engine on the same database; ``glancer`` reads too, each statement by itself."""

    dialect: str
    writer: Engine
    reader: Engine
    glancer: Engine
    sqlite_path: Path | None

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.writer.dispose()
        self.reader.dispose()


def open_engines(url: str, *, readers: int, pool_wait_s: float = POOL_WAIT_S) -> Engines:
    """Engines for ``sqlite:///path`` or ``postgresql://…`` (psycopg 3). Any other URL raises ``ConfigError``."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _bad_url("不是有效的地址", "is not a database URL") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, readers, pool_wait_s)
    if parsed.get_backend_name() == "postgresql":
        from cityops.store.postgresql import postgresql_engines  # the driver takes 0.2 s to import

        return postgresql_engines(parsed.set(drivername="postgresql+psycopg"), readers, pool_wait_s)
    raise _bad_url("只支持 SQLite 和 PostgreSQL", "must be SQLite or PostgreSQL")


def migration_engine(engines: Engines) -> Engine:
    """An engine for changing the schema: no pool; on SQLite foreign keys are off, so that tables can be rebuilt."""
    url = engines.writer.url
    if engines.dialect != "sqlite":
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_S})
    _prepare_sqlite(engine, begin="BEGIN IMMEDIATE", pragmas=(*_DURABLE, "foreign_keys=OFF"))
    return engine


def plain_engine(path: Path) -> Engine:
    """An engine on an SQLite file nobody else has open: one file, no pool, foreign keys unchecked."""
    engine = create_engine(URL.create("sqlite", database=str(path)), json_serializer=to_json, poolclass=NullPool)
    _prepare_sqlite(engine, begin="BEGIN", pragmas=("synchronous=FULL",))
    return engine


def _bad_url(zh: str, en: str) -> ConfigError:
    return ConfigError(
        f"CITYOPS_DATABASE_URL {zh}",
        f"CITYOPS_DATABASE_URL {en}",
        code="store.url",
        todo=Text(
            "请写成 sqlite:////数据目录/cityops.db 或 postgresql://用户:口令@主机/库名",
            "write sqlite:////data/folder/cityops.db or postgresql://user:password@host/database",
        ),
    )


def _sqlite(url: URL, readers: int, pool_wait_s: float) -> Engines:
    if not url.database or url.database == ":memory:":
        raise _bad_url("需要一个文件，内存库不会保存任何数据", "needs a file: a database in memory keeps nothing")
    writer = _sqlite_engine(url, pool_size=1, pool_wait_s=pool_wait_s)
    _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=(*_DURABLE, "foreign_keys=ON"))
    reader = _sqlite_engine(url, pool_size=readers, pool_wait_s=pool_wait_s)
    _prepare_sqlite(reader, begin="BEGIN", pragmas=(*_DURABLE, "query_only=ON"))
    return Engines("sqlite", writer, reader, reader, Path(url.database))


def _sqlite_engine(url: URL, *, pool_size: int, pool_wait_s: float) -> Engine:
    return create_engine(
        url,
        json_serializer=to_json,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait_s,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )


def _prepare_sqlite(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the begin event below says BEGIN, not the driver
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
