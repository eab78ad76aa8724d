"""The scene's own route: who may use it, what it answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.test_permissions import EVERYBODY, ROLES
from tests.api.world import SETTINGS, compose
from tests.scenes.serving import Served, documented, names

from cityops.access import SYSTEM
from cityops.places import City
from cityops.registers import ObjectValues
from cityops.scenes.indicators.routes import router

BASE = "/api/scenes/indicators"
ALLOWED = {f"GET {BASE}/board": EVERYBODY}
AREA = {
    "group": "emergency", "measured_in": "m²", "data_source": "x", "direction": "higher", "margin_percent": 5,
    "decimals": 2,
}  # fmt: skip
CATALOGUE: ObjectValues = {"code": "head", "title": "人均", "data": {**AREA, "formula": "area / 410"}}
VALUE: ObjectValues = {
    "code": "1", "title": "1",
    "data": {"indicator": "area", "data_date": "2025-12-31", "value": 799.5, "value_source": "x"},
}  # fmt: skip
TARGET: ObjectValues = {
    "code": "1", "title": "1", "data": {"indicator": "head", "due_date": "2025-12-31", "value": 2, "basis": "x"},
}  # fmt: skip
OWN = documented([router], BASE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        made = Served(world, city, folder, [router], BASE)
        registers = made.context.registers
        registers.put_many(SYSTEM, "indicator", [CATALOGUE, {**CATALOGUE, "code": "area", "data": AREA}])
        registers.put_many(SYSTEM, "indicator_value", [VALUE])
        registers.put_many(SYSTEM, "indicator_target", [TARGET])
        yield made


def test_the_table_names_every_route_of_the_scene() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, who: str) -> None:
    assert served.opened(who, [*ALLOWED]) == {route: who in roles.split() for route, roles in ALLOWED.items()}


def test_the_board_answers_whom_the_register_is_for(served: Served) -> None:
    """799.5 / 410 = 1.95; 5 % below 2 is 1.9."""
    area, head = served.ask("analyst", "GET", "/board").json()["items"]
    assert (area["value"], area["light"], area["formula"], area["target"]) == (799.5, "no_target", None, None)
    assert (head["value"], head["target"], head["limit"], head["light"]) == (1.95, 2.0, 1.9, "amber")
    assert (head["formula"], head["data_date"], head["problem"]) == ("area / 410", "2025-12-31", None)
    assert head["path"] == [{"date": "2025-12-31", "value": 2.0}]
    assert served.ask("crew", "GET", "/board").json()["items"] == []
