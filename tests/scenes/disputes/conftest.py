"""Centres on both databases, and on SQLite only where the database does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityops.kit import ManualClock
from cityops.places import City
from cityops.store import Store

from .centres import Centres


@pytest.fixture
def centres(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Centres:
    """On SQLite and on PostgreSQL; Sunday 2026-11-22 09:00."""
    return Centres(store, clock, city, tmp_path)


@pytest.fixture
def small(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Centres:
    """On SQLite only."""
    return Centres(sqlite_store, clock, city, tmp_path)
