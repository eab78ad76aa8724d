"""A street on both databases, and on SQLite only where the database does not matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.scenes.rooms import scene_context
from tests.scenes.urban_management.town import OneHash

from cityops.access import Accounts
from cityops.kit import ManualClock
from cityops.places import City
from cityops.store import Store

from .street import Street


@pytest.fixture
def street(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Street:
    """On SQLite and on PostgreSQL; Sunday 2026-11-22 09:00."""
    return opened(store, clock, city, tmp_path)


@pytest.fixture
def small_street(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Street:
    """On SQLite only."""
    return opened(sqlite_store, clock, city, tmp_path)


def opened(store: Store, clock: ManualClock, city: City, folder: Path) -> Street:
    context = scene_context(store, clock, city, folder)
    return Street(replace(context, accounts=Accounts(store, clock, context.ids, OneHash())), clock)
