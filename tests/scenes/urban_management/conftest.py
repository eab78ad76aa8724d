"""A town on both databases."""

from __future__ import annotations

import pytest

from cityops.kit import ManualClock
from cityops.store import Store

from .town import Town


@pytest.fixture
def town(store: Store, clock: ManualClock) -> Town:
    """On SQLite and on PostgreSQL; Sunday 2026-11-22 09:00."""
    return Town(store, clock)


@pytest.fixture
def small_town(sqlite_store: Store, clock: ManualClock) -> Town:
    """On SQLite only, where the database does not matter."""
    return Town(sqlite_store, clock)
