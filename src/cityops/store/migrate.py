"""Brings a database to the newest schema (迁移), in one transaction, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from cityops.kit import ConfigError, Text
from cityops.store.engines import Engines, migration_engine
from cityops.store.revisions import MIGRATIONS

_LOCK: Final = 0x4349_4D49


def migration_config(connection: Connection) -> Config:
    """Alembic's settings for our scripts on this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(engines: Engines) -> None:
    """Run every revision the database does not have yet; all of them or none.

    Raises:
        ConfigError: the database was made by a newer version of the product.
    """
    with _migrating(engines) as connection:
        try:
            command.upgrade(migration_config(connection), "head")
        except CommandError as error:
            raise _newer(error) from error
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def stamp(connection: Connection, revision: str) -> None:
    """Note in a copied database at which revision its tables are."""
    MigrationContext.configure(connection).stamp(ScriptDirectory.from_config(migration_config(connection)), revision)


@contextmanager
def _migrating(engines: Engines) -> Iterator[Connection]:
    engine = migration_engine(engines)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
    finally:
        engine.dispose()


def _check_references(connection: Connection) -> None:
    """Foreign keys are off while SQLite rebuilds tables, so look afterwards whether all still hold."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise ConfigError(
            f"迁移后外键不一致：{tables}",
            f"the migration would leave references to nothing in: {tables}",
            code="store.references",
            kept=Text("数据库保持迁移前的状态", "the database is as it was before"),
            todo=Text("请备份数据目录并报告此问题", "back up the data folder and report this"),
        )


def _newer(error: CommandError) -> ConfigError:
    return ConfigError(
        f"数据库版本与本程序不符：{error}",
        f"the database does not fit this version of the product: {error}",
        code="store.revision",
        kept=Text("数据库没有改变", "the database was not changed"),
        todo=Text("请使用创建该数据库的版本或更新的版本", "run the version that made it, or a newer one"),
    )
