"""The routes of the scenes and their overlays: who may use each, and a change from the sheet to a published version."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.api.test_permissions import ROLES, RULE_READERS
from tests.api.world import SETTINGS, compose
from tests.scenes.overlay.conftest import ACCEPT
from tests.scenes.serving import Served, documented, names

from cityops.places import City
from cityops.scenes.overlay.routes import router

OVERLAY = "/api/scenes/{scene}/overlay"
ADMIN = "administrator"
ALLOWED = {
    "GET /api/scenes": RULE_READERS,
    f"GET {OVERLAY}": RULE_READERS,
    f"POST {OVERLAY}/check": ADMIN,
    f"GET {OVERLAY}/sheet.xlsx": RULE_READERS,
    f"POST {OVERLAY}/sheet": ADMIN,
    f"GET {OVERLAY}/trials": RULE_READERS,
    f"POST {OVERLAY}/trials": ADMIN,
    "GET /api/trials/{trial_id}": RULE_READERS,
    "POST /api/trials/{table}": ADMIN,
    "DELETE /api/trials/{trial_id}": ADMIN,
    f"GET {OVERLAY}/versions": RULE_READERS,
    f"POST {OVERLAY}/versions": ADMIN,
    f"GET {OVERLAY}/changes": RULE_READERS,
    f"POST {OVERLAY}/roll-back": ADMIN,
}
OWN = {**documented([router], "/api/scenes"), **documented([router], "/api/trials")}
URBAN = "/scenes/urban_management/overlay"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        yield Served(world, city, folder, [router], "/api")


def test_the_table_names_every_route() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, who: str) -> None:
    expected = {route: who in roles.split() for route, roles in ALLOWED.items()}
    assert served.opened(who, [*ALLOWED]) == expected


def did(served: Served, method: str, path: str, body: Any = None, status: int = 200, **params: str) -> Any:
    answer = served.ask(ADMIN, method, path, body, **params)
    assert answer.status_code == status, answer.text
    return answer.json()


def sheet_with(content: bytes, path: str, value: str) -> bytes:
    book = load_workbook(io.BytesIO(content))
    rows = book.worksheets[0]
    for row in range(2, rows.max_row + 1):
        if rows.cell(row, 1).value == path:
            rows.cell(row, 4).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_change_is_read_from_a_sheet_checked_tried_published_and_rolled_back(served: Served) -> None:
    listed = {one["name"]: one for one in did(served, "GET", "/scenes")["items"]}
    assert (listed["urban_management"]["overlay_version"], listed["urban_management"]["package"]) == (0, "cityops")
    shown = did(served, "GET", URBAN)
    leaf = next(one for one in shown["leaves"] if one["path"] == ACCEPT)
    assert (leaf["kind"], leaf["built_in"], leaf["value"], shown["published"]) == ("limit", "1", "1", None)

    sheet = served.ask(ADMIN, "GET", f"{URBAN}/sheet.xlsx").content
    wrong = did(served, "POST", f"{URBAN}/sheet", sheet_with(sheet, ACCEPT, "many"))
    assert [(one["column"], one["text"]["en"]) for one in wrong["errors"]] == [("本市值", "must be a number")]
    assert wrong["errors"][0]["row"] > 1
    read = did(served, "POST", f"{URBAN}/sheet", sheet_with(sheet, ACCEPT, "2"))
    assert read == {"values": {ACCEPT: "2"}, "errors": []}

    values = {"values": read["values"]}
    checked = did(served, "POST", f"{URBAN}/check", values)
    assert (checked["valid"], checked["changes"]["changed_count"]) == (True, 1)
    faulty = did(served, "POST", f"{URBAN}/check", {"values": {ACCEPT: "0"}})
    assert (faulty["valid"], [one["path"] for one in faulty["faults"]]) == (False, [ACCEPT])

    body = {**values, "expected_version": 0, "note": "放宽受理时限"}
    refused = did(served, "POST", f"{URBAN}/versions", body, 409)
    assert (refused["code"], refused["kept_en"]) == (
        "overlay.untried",
        "Nothing was published; what is in force stands.",
    )
    trial = did(served, "POST", f"{URBAN}/trials", {**values, "expected_version": 0}, 201)
    assert served.context.trials.step()
    done = did(served, "GET", f"/trials/{trial['trial_id']}")
    assert (done["state"], done["result"]["limits"][0]["clocks"], done["result"]["days"]) == ("done", 0, 90)
    assert did(served, "DELETE", f"/trials/{trial['trial_id']}", None, 409)["code"] == "trial.over"
    assert did(served, "POST", f"{URBAN}/versions", body, 201)["version"] == 1
    assert next(one for one in did(served, "GET", URBAN)["leaves"] if one["path"] == ACCEPT)["value"] == "2"
    assert did(served, "POST", f"{URBAN}/versions", body, 409)["code"] == "rules.stale"

    back = {"to_version": 0, "expected_version": 1, "note": "恢复"}
    assert did(served, "POST", f"{URBAN}/roll-back", back, 201)["version"] == 2
    changes = did(served, "GET", f"{URBAN}/changes", before="1", after="2")
    assert [(one["before"]["value"], one["after"]["value"]) for one in changes["changed"]] == [("2", "1")]
    assert [one["version"] for one in did(served, "GET", f"{URBAN}/versions")["items"]] == [2, 1]
    assert len(did(served, "GET", f"{URBAN}/trials")["items"]) == 1
    did(served, "GET", "/scenes/nothing/overlay", None, 404)
