"""How connections to PostgreSQL are opened, what is set on them, and what keeps a statement cheap."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from cityops.store.engines import Engines, to_json

PING_AFTER_S: Final = 1.0
"""A connection that nobody used for so long is asked whether it is still there before it is used."""
_USED_S: Final = "cityops.used_s"


def postgresql_engines(url: URL, readers: int, pool_wait_s: float) -> Engines:
    """Engines for PostgreSQL: as many connections for writing as for reading."""
    options: dict[str, Any] = {
        "json_serializer": to_json,
        "pool_size": readers,
        "max_overflow": 0,
        "pool_timeout": pool_wait_s,
    }
    writer = create_engine(url, isolation_level="READ COMMITTED", **options)
    readers_pool = create_engine(url, isolation_level="REPEATABLE READ", **options)
    for engine in (writer, readers_pool):
        _ping_when_idle(engine)

    def on_connect(connection: Any, _record: object) -> None:
        # An acknowledged write must survive a crash, whatever the server's default is.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()

    event.listen(writer, "connect", on_connect)
    reader = readers_pool.execution_options(postgresql_readonly=True)
    return Engines("postgresql", writer, reader, readers_pool.execution_options(isolation_level="AUTOCOMMIT"), None)


def _ping_when_idle(engine: Engine) -> None:
    """Ask a connection whether it is still there only after an idle time: asking costs as much as a statement."""

    def on_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_USED_S] = time.monotonic()

    def on_checkout(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        now_s = time.monotonic()
        if now_s - record.info.get(_USED_S, now_s) < PING_AFTER_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the connection broke off while nobody used it") from error

    event.listen(engine, "checkin", on_checkin)
    event.listen(engine, "checkout", on_checkout)
