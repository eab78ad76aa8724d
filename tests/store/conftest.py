from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.helpers import SCRATCH

from cityops.kit import ManualClock
from cityops.store import Store


@pytest.fixture
def store(store: Store) -> Store:
    """The shared store, with the scratch table."""
    store.write(SCRATCH.create_all)
    return store


@pytest.fixture
def sqlite_store(sqlite_store: Store) -> Store:
    """The shared SQLite store, with the scratch table."""
    sqlite_store.write(SCRATCH.create_all)
    return sqlite_store


@pytest.fixture
def small_queue(tmp_path: object, clock: ManualClock) -> Iterator[Store]:
    """An SQLite store where only 4 works may wait."""
    with Store.open(f"sqlite:///{tmp_path}/small.db", clock=clock, queue_limit=4) as opened:
        opened.create_all()
        opened.write(SCRATCH.create_all)
        yield opened
