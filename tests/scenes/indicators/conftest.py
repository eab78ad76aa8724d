"""The scene with its demo on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.kit import SHANGHAI, ManualClock
from cityops.places import City
from cityops.scenes import SceneContext, seed_city
from cityops.store import Store


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[SceneContext]:
    """The seeded scene; the second time changes nothing."""
    folder = tmp_path_factory.mktemp("indicators")
    clock = ManualClock(datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI))
    with Store.open(f"sqlite:///{folder}/c.db", clock=clock) as store:
        store.create_all()
        context = scene_context(store, clock, city, folder)
        seed_city(context)
        for _ in range(2):
            installed_scenes()["indicators"].demo(context)
        yield context
