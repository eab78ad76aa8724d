"""The scene's routes: who may use each, what they answer, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.test_permissions import DESK, ROLES, URBAN
from tests.api.world import SETTINGS, compose
from tests.scenes.serving import Served, documented, names

from cityops.access import SYSTEM
from cityops.places import City
from cityops.scenes.road_excavation.demo_data import PUBLISHED_FILES
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT
from cityops.scenes.road_excavation.routes import router
from cityops.scenes.road_excavation.schemas import NEW_FINDING
from cityops.scenes.road_excavation.sheet import write_files

BASE = "/api/scenes/road_excavation"
MAP = f"administrator {DESK} crew enterprise district analyst {URBAN}"
ALLOWED = {
    f"GET {BASE}/permits.geojson": MAP,
    f"GET {BASE}/judgement": MAP,
    f"POST {BASE}/findings": f"{DESK} {URBAN}",
    f"GET {BASE}/cases/{{case_id}}": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    f"GET {BASE}/files/template.xlsx": DESK,
    f"POST {BASE}/files/import": DESK,
}
OWN = documented([router], BASE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        yield Served(world, city, folder, [router], BASE)


def test_the_table_names_every_route_of_the_scene() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, who: str) -> None:
    expected = {route: who in roles.split() for route, roles in ALLOWED.items()}
    assert served.opened(who, [*ALLOWED]) == expected


def test_permits_are_shown_for_a_day_and_a_place_is_judged(served: Served) -> None:
    registers = served.context.registers
    fine = {"holder": "甲公司", "valid_from": "2026-11-01", "valid_to": "2026-12-15", "depth_m": 1.5, "width_m": 6}
    line = {"type": "LineString", "coordinates": [[112.56, 37.74], [112.564, 37.74]]}
    registers.put_many(
        SYSTEM, EXCAVATION_PERMIT, [{"code": "掘许2026-0012", "title": "路", "geometry": line, "data": fine}]
    )

    def layer(**day: str) -> list[tuple[str, bool]]:
        shown = served.ask("crew", "GET", "/permits.geojson", **day).json()["features"]
        return [(one["properties"]["number"], one["properties"]["current"]) for one in shown]

    assert layer() == layer(on="2026-10-31") == [("掘许2026-0012", False)]
    assert layer(on="2026-11-01") == layer(on="2026-12-15") == [("掘许2026-0012", True)]
    today = served.ask("collector", "GET", "/judgement", lon="112.562", lat="37.74").json()
    assert (today["verdict"], today["permit_number"]) == ("outside_validity", "掘许2026-0012")
    then = served.ask("collector", "GET", "/judgement", lon="112.562", lat="37.74", on="2026-11-22").json()
    assert (then["verdict"], then["distance_m"]) == ("permitted", 0.0)
    wrong = served.ask("collector", "GET", "/judgement", lon="112.562", lat="97.74")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid.fields")


def test_files_are_imported_with_flags_and_refused_with_rows(served: Served) -> None:
    refused = served.ask("acceptor", "POST", "/files/import", write_files([{**PUBLISHED_FILES[0], "fine_yuan": "x"}]))
    assert (refused.status_code, refused.json()["code"]) == (400, "import.rows")
    assert served.ask("acceptor", "POST", "/files/import", b"no xlsx").json()["code"] == "import.file"
    sheet = write_files(PUBLISHED_FILES)
    wrong = served.ask("acceptor", "POST", "/files/import", sheet, expected_yuan="50001")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "excavation.sum")
    taken = served.ask("acceptor", "POST", "/files/import", sheet, expected_yuan="50000", expected_rows="6").json()
    assert (taken["imported"], taken["area_m2"], taken["fine_yuan"], taken["errors"]) == (6, 32.6, 50000, [])
    (flagged,) = taken["flagged"]
    assert (flagged["row"], flagged["reasons"][0]["zh"]) == (3, "处罚决定日期 2023-11-07 早于发现日期 2023-11-15")
    facts = served.ask("dispatcher", "GET", f"/cases/{flagged['case_id']}").json()
    assert facts["flags"] == flagged["reasons"]
    assert (facts["party"], facts["judgement"], facts["discretion"]) == ("太原某建筑公司", None, None)
    template = served.ask("acceptor", "GET", "/files/template.xlsx").content
    assert served.ask("acceptor", "POST", "/files/import", template).json()["rows"] == 0


def test_a_finding_opens_a_case_that_others_do_not_see(served: Served) -> None:
    made = served.ask("collector", "POST", "/findings", NEW_FINDING)
    assert made.status_code == 201
    assert made.json()["number"].startswith("RX-20260512-")
    facts = served.ask("collector", "GET", f"/cases/{made.json()['case_id']}")
    assert facts.json()["judgement"]["verdict"] in ("no_permit", "outside_validity")
    assert served.ask("handler", "GET", f"/cases/{made.json()['case_id']}").status_code == 404
    blank = served.ask("collector", "POST", "/findings", {**NEW_FINDING, "address": " "})
    assert (blank.status_code, blank.json()["code"]) == (400, "excavation.address")
