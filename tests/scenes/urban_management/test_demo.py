"""The demo of urban management: everybody is there once, and every matter of the catalogue has a unit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.scenes.rooms import scene_context

from cityops.cases.catalogue import ROUTES, Catalogue, Kind, RoutedCase, Router, routes_of
from cityops.kit import ManualClock
from cityops.places import City
from cityops.scenes import load_scenes, seed_city
from cityops.scenes.urban_management.demo import demo_routes
from cityops.store import Store


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.built_in()


def test_everybody_is_there_once_and_may_sign_in(
    sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path, catalogue: Catalogue
) -> None:
    context = scene_context(sqlite_store, clock, city, tmp_path)
    scene = load_scenes()["urban_management"]
    seed_city(context)
    for _ in range(2):
        scene.demo(context)
    found = [context.accounts.find(account.username) for account in scene.demo_accounts()]
    assert len(found) == 4 + 6 + 6 + 1
    assert all(one is not None and one.active for one in found)
    version, rows = context.rules.current(ROUTES) or pytest.fail("no routing table")
    assert (version.version, version.actor_name) == (1, "系统管理员")
    assert routes_of(rows, catalogue).errors == []


@pytest.mark.parametrize(
    ("code", "unit", "joint"),
    [
        ("01002", "UM-WATER", ()),
        ("01037", "UM-LAMPS", ()),
        ("06010", "UM-SANITATION", ()),
        ("06013", "UM-ROADS", ()),
        ("08003", "UM-ENFORCEMENT", ()),
        ("10001", "UM-SANITATION", ("UM-ROADS",)),
    ],
)
def test_matters_go_where_the_division_of_work_says(
    catalogue: Catalogue, code: str, unit: str, joint: tuple[str, ...]
) -> None:
    router = Router(demo_routes())
    (item,) = [item for item in catalogue.items(Kind.MATTER) if item.code == code]
    decision = router.decide(RoutedCase(item.key, "140105001", "hotline", date(2026, 11, 22)))
    assert decision is not None
    assert (decision.unit_id, decision.joint_unit_ids) == (unit, joint)


def test_no_matter_is_left_without_a_unit(catalogue: Catalogue) -> None:
    router = Router(demo_routes())
    lost = [
        item.code
        for item in catalogue.items(Kind.MATTER)
        if router.decide(RoutedCase(item.key, "140105001", "hotline", date(2026, 11, 22))) is None
    ]
    assert lost == []
