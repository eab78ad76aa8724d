"""The scene's own routes: who may use each, and that they are documented as the product's are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.test_permissions import DESK, ROLES, URBAN
from tests.api.world import SETTINGS, compose
from tests.scenes.serving import Served, documented, names

from cityops.places import City
from cityops.scenes import load_scenes

BASE = "/api/scenes/urban_management"
READERS = f"{DESK} crew enterprise district analyst auditor {URBAN}"
ALLOWED = {
    f"GET {BASE}/works": READERS,
    f"POST {BASE}/works": "unit handler",
    f"GET {BASE}/works/{{case_id}}": READERS,
    f"PUT {BASE}/works/{{case_id}}/plan": "unit handler",
    f"POST {BASE}/works/{{case_id}}/nights": "unit handler",
    f"GET {BASE}/winter": READERS,
    f"POST {BASE}/winter/mode": "shift_leader",
    f"DELETE {BASE}/winter/mode": "shift_leader",
    f"POST {BASE}/winter/spots": "shift_leader",
    f"DELETE {BASE}/winter/spots/{{spot_id}}": "shift_leader",
    f"POST {BASE}/winter/spots/{{spot_id}}/visits": "collector",
}
ROUTERS = load_scenes()["urban_management"].routers()
OWN = documented(ROUTERS, BASE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        yield Served(world, city, folder, ROUTERS, BASE)


def test_the_table_names_every_route_of_the_scene() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, who: str) -> None:
    expected = {route: who in roles.split() for route, roles in ALLOWED.items()}
    assert served.opened(who, [*ALLOWED]) == expected
