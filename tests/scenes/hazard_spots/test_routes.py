"""The scene's own routes: who may use them, what they answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.test_permissions import ROLES
from tests.api.world import SETTINGS, compose
from tests.scenes.hazard_spots.town import LAT, LON, Town
from tests.scenes.serving import Served, documented, names

from cityops.access import SYSTEM
from cityops.places import City
from cityops.scenes.hazard_spots.routes import router

BASE = "/api/scenes/hazard_spots"
READERS = "administrator acceptor dispatcher shift_leader district analyst auditor unit handler"
WRITERS = "administrator shift_leader unit handler"
ALLOWED = {
    f"GET {BASE}/ranking": READERS,
    f"GET {BASE}/spots/{{spot_id}}": READERS,
    f"GET {BASE}/deployment": READERS,
    f"GET {BASE}/deployment.xlsx": READERS,
    f"GET {BASE}/proposals": READERS,
    f"POST {BASE}/decisions": WRITERS,
}
OWN = documented([router], BASE)
DECISION = {"lon": LON, "lat": LAT, "verdict": "confirm", "title": "某路口", "category": "disorder"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for world in compose(folder, f"sqlite:///{folder}/c.db", SETTINGS):
        yield Served(world, city, folder, [router], BASE)


@pytest.fixture(scope="module")
def town(served: Served) -> Town:
    """A treated spot with 12 speeding alerts before and 3 after, and 6 at a place 2 km off that is no spot yet.

    It is 12 May 2026, 23:41; treated on 20 April, so that the 21 days from 21 April to 11 May are over.
    """
    made = Town(served.context)
    more = {"radius_m": 150, "confirmed_on": "2026-04-01", "treated_on": "2026-04-20", "found_on": "2026-03-01"}
    made.spot("A", state="treated", **more)
    made.alert("2025-01-01 12:00", lon=None, lat=None)
    made.alert("2026-04-10 07:30", count=12)
    made.alert("2026-04-25 18:10", count=3, severity=4)
    made.alert("2026-05-10 07:30", north_m=2000, count=6)
    measure = {"spot": "A", "what": "lighting", "words": "加灯", "planned_on": "2026-04-01", "due_on": "2026-05-11"}
    create = served.context.registers.create
    create(SYSTEM, register="spot_measure", code="1", title="加灯", data={**measure, "owner": "照明岗"})
    return made


def test_the_table_names_every_route_of_the_scene() -> None:
    assert names(OWN) == ALLOWED.keys()


@pytest.mark.parametrize("who", [*ROLES, ""])
def test_every_route_opens_to_exactly_the_roles_of_the_table(served: Served, town: Town, who: str) -> None:
    assert served.opened(who, [*ALLOWED]) == {route: who in roles.split() for route, roles in ALLOWED.items()}


def test_the_ranking_explains_its_score(served: Served, town: Town) -> None:
    """From 12 April 23:41 on: only the 3 of 25 April; the 12 of 10 April are of the 30 days before."""
    answer = served.ask("analyst", "GET", "/ranking").json()
    (row,) = answer["items"]
    assert (row["code"], row["rank"], row["score"], row["worst"], row["overdue_measures"]) == ("A", 1, 3, 4, 1)
    assert (row["last_30"], row["before_30"], row["last_90"]) == (3, 12, 15)
    assert row["parts"] == [
        {
            "source": "alert", "name": "overspeed", "title": {"zh": "超速行驶", "en": "Overspeed"},
            "last_30": 3, "last_90": 15, "weight": 1, "points": 3,
        }
    ]  # fmt: skip
    assert answer["counted_from"] is None


def test_one_spot_before_and_after(served: Served, town: Town) -> None:
    """12 and 3: -75 %, p = 2 · 576 / 32,768; there are no cases at all, so nothing is said of them."""
    (row,) = served.ask("shift_leader", "GET", "/ranking").json()["items"]
    found = served.ask("shift_leader", "GET", f"/spots/{row['spot_id']}").json()
    assert found["comparisons"] == [
        {
            "source": "alert", "days": 21, "before": 12, "after": 3, "difference": -9, "percent": -75,
            "p": pytest.approx(0.03515625), "verdict": "unlikely",
        }
    ]  # fmt: skip
    by_day = {one["day"]: one["alerts"] for one in found["days"]}
    assert (len(by_day), by_day["2026-04-10"], by_day["2026-04-25"], max(by_day)) == (90, 12, 3, "2026-05-12")
    assert sum(by_day.values()) == 15
    (measure,) = found["measures"]
    assert (measure["what"], measure["owner"], measure["overdue"]) == ("lighting", "照明岗", True)
    assert served.ask("shift_leader", "GET", "/spots/1").status_code == 404
    assert served.ask("shift_leader", "GET", f"/spots/{measure['measure_id']}").status_code == 404


def test_deployment_near_the_spot_and_in_the_city(served: Served, town: Town) -> None:
    (row,) = served.ask("shift_leader", "GET", "/ranking").json()["items"]
    here = served.ask("shift_leader", "GET", "/deployment", spot=row["spot_id"], by="detector", windows="1").json()
    assert (here["total"], here["few"], here["spots"], here["share"]) == (15, False, ["A"], 0.8)
    assert here["windows"] == [{"from_hour": 6, "to_hour": 8, "count": 12, "share": 0.8, "groups": {"overspeed": 12}}]
    city = served.ask("shift_leader", "GET", "/deployment").json()
    assert (city["total"], city["rows"][0]["title"]["en"]) == (21, "Class not registered")
    sheet = served.ask("shift_leader", "GET", "/deployment.xlsx", spot=row["spot_id"])
    assert sheet.content[:2] == b"PK"
    assert served.ask("shift_leader", "GET", "/deployment", windows="7").status_code == 400
    assert served.ask("shift_leader", "GET", "/deployment", spot="1").status_code == 404


def test_no_answer_names_a_vehicle_or_a_person(served: Served, town: Town) -> None:
    (row,) = served.ask("analyst", "GET", "/ranking").json()["items"]
    for path in ("/ranking", f"/spots/{row['spot_id']}", "/deployment", "/proposals"):
        text = served.ask("analyst", "GET", path).text
        assert "晋A" not in text
        assert "vehicle_id" not in text


def test_a_proposal_is_decided_once(served: Served, town: Town) -> None:
    found = served.ask("shift_leader", "GET", "/proposals").json()
    assert (found["decides"], found["propose_from"], found["within_m"]) == (True, 5, 100)
    (one,) = found["items"]
    assert (one["count"], one["hours"][7], one["first_day"]) == (6, 6, "2026-05-10")
    body = {**DECISION, "lon": one["lon"], "lat": one["lat"]}
    assert served.ask("shift_leader", "POST", "/decisions", {**body, "verdict": "dismiss"}).status_code == 400
    made = served.ask("shift_leader", "POST", "/decisions", body).json()
    assert (made["created"], made["state"]) == (True, "confirmed")
    assert served.ask("shift_leader", "POST", "/decisions", body).json() == {**made, "created": False}
    assert served.ask("shift_leader", "GET", "/proposals").json()["items"] == []
    refused = served.ask("shift_leader", "POST", "/decisions", {**body, "lat": 37.9})
    assert (refused.status_code, refused.json()["code"]) == (409, "hazard_spots.gone")
    assert served.ask("analyst", "GET", "/proposals").json()["decides"] is False
