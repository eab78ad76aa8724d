"""The scenes that are no more than a declaration: their demo adds up to the figures of the source documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import SYSTEM
from cityops.kit import ManualClock
from cityops.places import City
from cityops.scenes import seed_city
from cityops.scenes.people import person
from cityops.store import Store

SMALL = ("city_devices", "emergency_base", "mine_safety", "outreach", "safe_city", "service_tickets", "volunteers")


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


def test_shelter_area_a_head_is_by_district_against_two_square_metres(
    store: Store, clock: ManualClock, city: City, tmp_path: Path
) -> None:
    """S4: 2 m² a head and 30 model communities by the end of the plan; the demo is short of both."""
    context = scene_context(store, clock, city, tmp_path)
    seed_city(context)
    installed_scenes()["emergency_base"].demo(context)
    board = {one.spec.name: one for one in context.figures.board(SYSTEM, "emergency_base")}
    per_head = {
        name.removeprefix("per_head_"): one.value for name, one in board.items() if name.startswith("per_head_")
    }
    assert per_head == {
        "xiaodian": 2.1,
        "yingze": 1.8,
        "xinghualing": 1.7,
        "jiancaoping": 2.2,
        "wanbailin": 1.8,
        "jinyuan": 2.3,
    }
    assert board["per_head"].value == 1.95, "7.99 million m² for 4.1 million people"
    assert (board["per_head"].reached, board["per_head"].spec.target) == (False, 2)
    assert (board["communities"].value, board["communities"].spec.target) == (27, 30)


def test_responsibility_lists_and_campaigns_add_up(
    store: Store, clock: ManualClock, city: City, tmp_path: Path
) -> None:
    """S2: 6/37/75; 6/16; 37/80; 42 streets, 777 villages; 26/505/748 officers; 1,328, 724, 482, 474, 11,789 t."""
    context = scene_context(store, clock, city, tmp_path)
    seed_city(context)
    for _ in range(2):  # the second time changes nothing
        installed_scenes()["safe_city"].demo(context)
    board = {one.spec.name: one for one in context.figures.board(SYSTEM, "safe_city")}
    assert [board[name].value for name in ("classes", "items", "tasks")] == [6, 37, 75]
    assert [board[name].value for name in ("common_classes", "common_works")] == [6, 16]
    assert [board[name].value for name in ("individual_classes", "individual_works")] == [37, 80]
    assert [board[name].value for name in ("streets", "villages")] == [42, 777]
    assert [board[f"{level}_officers"].value for level in ("county", "town", "village")] == [26, 505, 748]
    campaign = [board[name].value for name in ("hotels", "venues", "hazards", "trucks", "tonnes")]
    assert campaign == [1328, 724, 482, 474, 11789]
    assert not any(one.contradicts for one in board.values())
    # One street (the 41st) and every 97th village from the sixth on have not signed: 1 + 8.
    assert board["gaps"].value == 9


def test_a_programmes_register_is_for_its_own_people(
    store: Store, clock: ManualClock, city: City, tmp_path: Path
) -> None:
    """Not even who keeps all registers sees the violations of a mine, nor their counts."""
    context = scene_context(store, clock, city, tmp_path)
    seed_city(context)
    installed_scenes()["mine_safety"].demo(context)
    own, leader, stranger = (person(context, name) for name in ("mine1", "leader", "district1"))
    assert context.registers.list(own, "violation").total == 42
    for other in (leader, stranger):
        assert "violation" not in [spec.name for spec in context.registers.specs(other)]
        assert context.registers.list(other, "violation").total == 0
        assert context.figures.board(other, "mine_safety") == []
