"""The scenes that are no more than a declaration: their demo adds up to the figures of the source documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import SYSTEM
from cityops.kit import ManualClock
from cityops.places import City
from cityops.scenes import seed_city
from cityops.store import Store

SMALL = ("city_devices", "mine_safety", "outreach", "service_tickets", "volunteers")


@pytest.mark.parametrize("name", SMALL)
def test_a_small_scene_has_no_python_of_its_own(name: str) -> None:
    folder = installed_scenes()[name].folder
    assert [path.name for path in folder.rglob("*.py")] == ["__init__.py"]
    lines = (folder / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 12


def test_figures_of_the_sources_add_up(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> None:
    """S3: 16 model projects, 10 communities paired, over 320 sessions and 30,000 people; S0: over 280 trained."""
    context = scene_context(store, clock, city, tmp_path)
    seed_city(context)
    found = {}
    for name in ("outreach", "volunteers", "mine_safety"):
        installed_scenes()[name].demo(context)
        for one in context.figures.board(SYSTEM, name):
            found[one.spec.name] = one
    assert found["projects"].value == 16
    assert found["paired"].value == 10
    assert found["law_sessions"].value == 322 >= 320
    assert found["law_audience"].value == 30_112 >= 30_000
    assert found["trained"].value == 283 >= 280
    assert found["relapse_rate"].value == pytest.approx(3 / 42, abs=1e-3)
    assert not any(one.contradicts for one in found.values())
