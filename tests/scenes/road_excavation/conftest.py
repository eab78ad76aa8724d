"""The scene's town on SQLite: seeded once, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cityops.kit import SHANGHAI, ManualClock
from cityops.places import City
from cityops.store import Store

from .town import Town


@pytest.fixture(scope="session")
def seeded(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the scene's demo."""
    folder = tmp_path_factory.mktemp("road_excavation")
    clock = ManualClock(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI))
    with Store.open(f"sqlite:///{folder}/seeded.db", clock=clock) as store:
        store.create_all()
        Town(store, clock, city, folder).seed()
    return folder / "seeded.db"


@pytest.fixture
def town(seeded: Path, clock: ManualClock, city: City, tmp_path: Path) -> Iterator[Town]:
    """Sunday 2026-11-22 09:00."""
    shutil.copy(seeded, tmp_path / "town.db")
    with Store.open(f"sqlite:///{tmp_path}/town.db", clock=clock) as store:
        yield Town(store, clock, city, tmp_path)
