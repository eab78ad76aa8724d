"""Centres on both databases, and on SQLite only where the database does not matter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cityops.kit import SHANGHAI, ManualClock
from cityops.places import City
from cityops.store import Store

from .centres import Centres


@pytest.fixture
def centres(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Centres:
    """On SQLite and on PostgreSQL; Sunday 2026-11-22 09:00."""
    return Centres(store, clock, city, tmp_path)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, city: City) -> tuple[Path, Centres]:
    """Units and people, made once on SQLite: each small town begins with a copy."""
    path = tmp_path_factory.mktemp("founded") / "c.db"
    clock = ManualClock(datetime(2026, 1, 5, 9, 0, tzinfo=SHANGHAI))
    with Store.open(f"sqlite:///{path}", clock=clock) as store:
        store.create_all()
        made = Centres(store, clock, city, path.parent)
    return path, made


@pytest.fixture
def small(founded: tuple[Path, Centres], clock: ManualClock, city: City, tmp_path: Path) -> Iterator[Centres]:
    """On SQLite only."""
    path, like = founded
    shutil.copy(path, tmp_path / "c.db")
    with Store.open(f"sqlite:///{tmp_path}/c.db", clock=clock) as store:
        yield Centres(store, clock, city, tmp_path, like)
