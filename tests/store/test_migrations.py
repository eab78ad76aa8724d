"""The revisions and the declared tables say the same on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from cityops.kit import ConfigError, ManualClock
from cityops.store import Store, metadata
from cityops.store.migrations.new import import_all_tables
from cityops.store.revisions import head_revision

needs_revision = pytest.mark.skipif(head_revision() is None, reason="there is no revision yet")


@needs_revision
def test_the_newest_revision_is_what_the_rooms_declare(database_url: str, clock: ManualClock) -> None:
    assert "cityops.store.tables" in import_all_tables()
    with Store.open(database_url, clock=clock) as store:
        store.migrate()
        assert store.revision() == (head_revision(), head_revision())
        with store.read() as conn:
            context = MigrationContext.configure(conn, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []


@needs_revision
def test_migrating_again_and_by_two_at_once_changes_nothing(database_url: str, clock: ManualClock) -> None:
    with Store.open(database_url, clock=clock) as one, Store.open(database_url, clock=clock) as other:
        threads = [threading.Thread(target=store.migrate) for store in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.migrate()
        assert other.revision() == (head_revision(), head_revision())


def test_a_database_from_the_future_is_left_alone(database_url: str, clock: ManualClock) -> None:
    engine = create_engine(database_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    engine.dispose()
    with Store.open(database_url, clock=clock) as store:
        with pytest.raises(ConfigError) as refused:
            store.migrate()
        assert refused.value.code == "store.revision"
        with store.read() as conn:
            assert inspect(conn).get_table_names() == ["alembic_version"]
        assert store.revision() == ("9999", head_revision())


def test_every_room_keeps_its_tables_in_tables_py(tmp_path: Path) -> None:
    modules = import_all_tables()
    assert {"cityops.store.tables", "cityops.access.tables", "cityops.registers.tables"} <= set(modules)


@needs_revision
def test_counting_tables_count_alike(tmp_path: Path, clock: ManualClock) -> None:
    """What the comparison above does not look at: an id given twice would make a subscriber miss an event."""
    import_all_tables()
    found = []
    for name in ("migrated", "created"):
        with Store.open(f"sqlite:///{tmp_path}/{name}.db", clock=clock) as store:
            store.migrate() if name == "migrated" else store.create_all()
            with store.read() as conn:
                rows = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").all()
        found.append({row[0] for row in rows})
    assert "outbox" in found[0]
    assert found[0] == found[1]
