"""A town on both databases, and one on SQLite only."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.hazard_spots.town import Town
from tests.scenes.rooms import scene_context

from cityops.kit import ManualClock
from cityops.places import City
from cityops.store import Store


@pytest.fixture
def either(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Town:
    return Town(scene_context(store, clock, city, tmp_path))


@pytest.fixture
def town(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Town:
    return Town(scene_context(sqlite_store, clock, city, tmp_path))
