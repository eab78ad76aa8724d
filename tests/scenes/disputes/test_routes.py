"""The scene's routes: who may use each, what they answer, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.test_permissions import DESK, ROLES, URBAN
from tests.api.world import PASSWORD, SETTINGS, compose
from tests.scenes.serving import Served, documented, names

from cityops.access import SYSTEM
from cityops.places import City
from cityops.scenes.disputes import examples
from cityops.scenes.disputes.demo import DEMO_ACCOUNTS, DEMO_UNITS, VILLAGE
from cityops.scenes.disputes.routes import router
from cityops.scenes.people import CITY_UNITS, seed_units

BASE = "/api/scenes/disputes"
READERS = f"{DESK} crew enterprise district analyst auditor {URBAN}"
LEARNERS = f"administrator {DESK} enterprise district analyst unit"
HANDLERS = "unit handler"
ALLOWED = {
    f"GET {BASE}/forms": READERS,
    f"POST {BASE}/cases": f"{DESK} {URBAN}",
    f"GET {BASE}/cases/{{case_id}}": READERS,
    f"GET {BASE}/cases/{{case_id}}/parties": HANDLERS,
    f"POST {BASE}/cases/{{case_id}}/parties": HANDLERS,
    f"POST {BASE}/matters/{{case_id}}/dispute": HANDLERS,
    f"GET {BASE}/meetings": READERS,
    f"POST {BASE}/schedules": HANDLERS,
    f"DELETE {BASE}/schedules/{{schedule_id}}": HANDLERS,
    f"POST {BASE}/schedules/{{schedule_id}}/{{planned_day}}/minutes": HANDLERS,
    f"POST {BASE}/schedules/{{schedule_id}}/{{planned_day}}/cancel": HANDLERS,
    f"GET {BASE}/figures": LEARNERS,
    f"POST {BASE}/figures/reported": "shift_leader",
}
OWN = documented([router], BASE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        centres = Served(world, city, folder, [router], BASE)
        units = seed_units(centres.context, (*CITY_UNITS, *DEMO_UNITS))
        for one in DEMO_ACCOUNTS:
            centres.context.accounts.create(
                SYSTEM,
                username=one.username,
                password=PASSWORD,
                display_name=one.display_name,
                role=one.role,
                unit_id=units[one.unit or ""],
            )
        yield centres


def test_the_table_names_every_route_of_the_scene() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, who: str) -> None:
    expected = {route: who in roles.split() for route, roles in ALLOWED.items()}
    assert served.opened(who, [*ALLOWED]) == expected


def test_a_dispute_is_registered_read_and_kept_from_others(served: Served) -> None:
    made = served.ask("dispute_village", "POST", "/cases", examples.NEW_DISPUTE)
    assert made.status_code == 201
    case_id = made.json()["case_id"]
    own = served.ask("dispute_village", "GET", f"/cases/{case_id}").json()
    assert (own["account"], own["amount_yuan"], own["parties"]) == ("楼上卫生间渗水，楼下要求修缮。", 3000.0, 2)
    other = served.ask("acceptor", "GET", f"/cases/{case_id}").json()
    assert (other["account"], other["inside"], other["field"]) == (None, False, "neighbours")
    parties = served.ask("dispute_village", "GET", f"/cases/{case_id}/parties", purpose="hand_over").json()["items"]
    assert [(one["name"], one["contact"]) for one in parties] == [("住户甲", "139****0001"), ("住户乙", None)]
    refused = served.ask("unit", "GET", f"/cases/{case_id}/parties", purpose="mediation")
    assert refused.status_code == 404
    added = served.ask("dispute_village", "POST", f"/cases/{case_id}/parties", {"role": "agent", "name": "丙"})
    assert added.status_code == 204


def test_the_hotline_registers_at_the_centre_it_names_or_at_the_lowest_at_the_place(served: Served, city: City) -> None:
    named = served.ask("acceptor", "POST", "/cases", {**examples.NEW_DISPUTE, "centre": VILLAGE, "source": "hotline"})
    assert named.status_code == 201
    nowhere = served.ask("acceptor", "POST", "/cases", examples.NEW_DISPUTE)
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "dispute.no_centre")
    grid = next(grid for grid in city.grids if grid.code.startswith("140106001001"))
    lon, lat = (float(value) for value in grid.area[0][0].mean(axis=0))
    placed = served.ask("acceptor", "POST", "/cases", {**examples.NEW_DISPUTE, "lon": lon, "lat": lat})
    assert placed.status_code == 201
    seen = served.ask("dispute_village", "GET", f"/cases/{placed.json()['case_id']}").json()
    assert seen["inside"]
    shown = served.context.cases.get(served.world.people["shift_leader"], placed.json()["case_id"]).place
    assert shown is not None
    assert (shown.lon, shown.lat) == city.point_in("140106001001") != (lon, lat)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"field": "weather"}, "dispute.field"),
        ({"source": "rumour"}, "dispute.source"),
        ({"topic": "nothing"}, "dispute.topic"),
        ({"parties": [{"role": "boss", "name": "甲"}]}, "dispute.party"),
        ({"parties": []}, "invalid.fields"),
        ({"people": 0}, "invalid.fields"),
        ({"amount_yuan": -1}, "invalid.fields"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_registered(
    served: Served, change: dict[str, Any], code: str
) -> None:
    before = served.ask("shift_leader", "GET", "/figures").json()["total"]["found"]
    answer = served.ask("dispute_village", "POST", "/cases", {**examples.NEW_DISPUTE, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert served.ask("shift_leader", "GET", "/figures").json()["total"]["found"] == before


def test_the_same_reference_is_registered_once(served: Served) -> None:
    new = {**examples.NEW_DISPUTE, "reference": "12345-77"}
    first, second = (served.ask("dispute_village", "POST", "/cases", new).json() for _ in range(2))
    assert first == second


def test_a_meeting_is_planned_recorded_and_shown(served: Served) -> None:
    today = served.world.clock.now().date().isoformat()
    plan = {**examples.NEW_SCHEDULE, "on_day": int(today[-2:]), "from_day": today, "moves": "stays"}
    made = served.ask("dispute_village", "POST", "/schedules", plan)
    assert made.status_code == 201
    schedule_id = made.json()["schedule_id"]
    minutes = {**examples.MINUTES, "held_day": today}
    path = f"/schedules/{schedule_id}/{today}"
    assert served.ask("dispute_village", "POST", f"{path}/minutes", minutes).status_code == 201
    assert served.ask("dispute_village", "POST", f"{path}/cancel", examples.CANCEL).status_code == 409
    (meeting,) = served.ask("dispute_village", "GET", "/meetings", first=today, last=today).json()["items"]
    assert (meeting["state"], meeting["own"], len(meeting["matters"])) == ("held", True, 2)
    (seen,) = served.ask("dispute_town", "GET", "/meetings", first=today, last=today).json()["items"]
    assert (seen["own"], seen["attendance"]) == (False, {"owners_committee": 3, "residents": 14})
    assert served.ask("district2", "GET", "/meetings", first=today, last=today).json()["items"] == [
        {**meeting, "own": False}
    ]
    assert served.ask("district", "GET", "/meetings", first=today, last=today).json()["items"] == []
    open_matter = next(one for one in meeting["matters"] if one["state"] == "raised")
    taken = {**examples.TAKEN_UP, "version": 1}
    stale = served.ask("dispute_village", "POST", f"/matters/{open_matter['case_id']}/dispute", {**taken, "version": 9})
    assert stale.status_code == 409
    assert served.ask("dispute_village", "POST", f"/matters/{open_matter['case_id']}/dispute", taken).status_code == 201
    assert served.ask("dispute_village", "DELETE", f"/schedules/{schedule_id}").status_code == 204
    assert served.ask("dispute_town", "DELETE", f"/schedules/{schedule_id}").status_code == 404


def test_a_reported_figure_that_contradicts_itself_is_shown_with_both(served: Served) -> None:
    made = served.ask("shift_leader", "POST", "/figures/reported", examples.NEW_REPORTED)
    assert (made.status_code, made.json()) == (201, examples.REPORTED)
    again = served.ask("shift_leader", "POST", "/figures/reported", examples.NEW_REPORTED)
    assert (again.status_code, again.json()["code"]) == (409, "dispute.reported")
    (shown,) = served.ask("analyst", "GET", "/figures").json()["reported"]
    assert shown == examples.REPORTED


def test_the_forms_name_the_centres_of_three_levels(served: Served) -> None:
    forms = served.ask("dispute_village", "GET", "/forms").json()
    assert {len(forms["fields"]), len(forms["levels"])} == {12, 3}
    levels = {one["name"]: one["level"] for one in forms["centres"]}
    assert levels["柳巷街道综治中心（演示）"] == "town"
