"""The scene's routes over a real socket: who may use them, what they say, and the parties' phones without a session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from tests.browser.town import Town, running_town

from cityops.scenes import load_scenes
from cityops.scenes.quick_accident import examples, routes, routes_party, views
from cityops.scenes.quick_accident.figures import QuickFigures

from .street import AT, PHONES, PLATES, jpeg

BASE = "/api/scenes/quick_accident"
DESK = "acceptor dispatcher leader"
READERS = f"{DESK} sanitation sanitation_h1 collector1 crew1 enterprise1 district1 analyst auditor"
PUBLIC = "public"
ALLOWED = {
    "GET /accidents": READERS,
    "POST /accidents": DESK,
    "GET /accidents/{case_id}": READERS,
    "POST /accidents/{case_id}/screening": f"{DESK} sanitation sanitation_h1",
    "POST /accidents/{case_id}/suggestion": f"{DESK} sanitation sanitation_h1",
    "POST /accidents/{case_id}/decision": "dispatcher leader sanitation sanitation_h1",
    "POST /accidents/{case_id}/parties/{party_id}/ask": f"{DESK} sanitation sanitation_h1",
    "POST /accidents/{case_id}/parties/{party_id}/link": f"{DESK} sanitation sanitation_h1 collector1 crew1",
    "POST /accidents/{case_id}/links/{link_id}/handed": f"{DESK} sanitation sanitation_h1 collector1 crew1",
    "DELETE /accidents/{case_id}/links/{link_id}": f"{DESK} sanitation sanitation_h1 collector1 crew1",
    "GET /figures": f"admin {DESK} sanitation enterprise1 district1 analyst",
    "GET /party/greeting": PUBLIC,
    "POST /party/identity": PUBLIC,
    "GET /party": PUBLIC,
    "POST /party/facts": PUBLIC,
    "POST /party/photos": PUBLIC,
    "GET /party/photos/{evidence_id}": PUBLIC,
    "POST /party/moved": PUBLIC,
    "POST /party/answer": PUBLIC,
}
PEOPLE = ["admin", *READERS.split()]
BODIES: dict[str, Any] = {
    "POST /accidents": {**examples.REPORTED, "parties": []},  # wrong, so that the table registers nothing
    "POST /accidents/{case_id}/screening": examples.SCREENING,
    "POST /accidents/{case_id}/suggestion": examples.FAULTS,
    "POST /accidents/{case_id}/decision": examples.DECISION,
    "POST /accidents/{case_id}/parties/{party_id}/ask": examples.ASKED,
    "POST /accidents/{case_id}/links/{link_id}/handed": examples.HANDED,
}


OPENED: list[httpx.Client] = []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("town")) as served:
        yield served
        for one in OPENED:
            one.close()


def client(town: Town, username: str | None = None) -> httpx.Client:
    made = httpx.Client(base_url=town.address, trust_env=False, timeout=120)
    OPENED.append(made)
    if username is not None:
        signed_in = made.post("/api/session", json={"username": username, "password": "cityops-demo"})
        assert signed_in.status_code == 200, signed_in.text
        made.headers["X-CSRF-Token"] = signed_in.json()["csrf_token"]
    return made


def test_the_table_names_every_route_of_the_scene_and_no_other() -> None:
    found = {
        f"{method} {route.path.removeprefix(BASE)}"
        for router in load_scenes()["quick_accident"].routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize("who", [*PEOPLE, None])
def test_every_route_opens_to_exactly_the_roles_of_the_table(town: Town, who: str | None) -> None:
    opened = {}
    visitor = client(town, who)
    for route in (name for name, roles in ALLOWED.items() if roles != PUBLIC):
        method, path = route.split()
        answer = visitor.request(method, BASE + re.sub(r"\{\w+\}", "1", path), json=BODIES.get(route))
        assert answer.status_code < 500, (route, answer.text)
        refused = answer.status_code == 401 or answer.json().get("code") == "access.forbidden"
        opened[route] = not refused
    expected = {route: who in roles.split() for route, roles in ALLOWED.items() if roles != PUBLIC}
    assert opened == expected


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (views.AccidentDetail, examples.DETAIL),
        (views.AccidentList, examples.LIST),
        (views.AccidentLink, examples.LINK),
        (views.NewLink, examples.NEW_LINK),
        (views.PartyGreeting, examples.GREETING),
        (views.PartyKey, examples.KEY),
        (views.PartyPage, examples.PAGE),
        (QuickFigures, examples.FIGURES),
        (routes.ReportedAccident, examples.REPORTED),
        (routes.Screening, examples.SCREENING),
        (routes.TickedFaults, examples.FAULTS),
        (routes.SuggestedLevels, examples.SUGGESTED),
        (routes.LiabilityDecision, examples.DECISION),
        (routes.AskedOfParty, examples.ASKED),
        (routes.HandedOver, examples.HANDED),
        (routes_party.PartyIdentity, examples.IDENTITY),
        (routes_party.PartyTold, examples.TOLD),
        (routes_party.PartyAnswer, examples.ANSWER),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_example_says_exactly_what_its_schema_says(model: type, example: dict[str, Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    parsed = adapter.validate_python(example)
    assert adapter.dump_python(parsed, mode="json", exclude_unset=True) == example


def registered(desk: httpx.Client) -> dict[str, Any]:
    parties = [{"phone": phone, "plate": plate} for phone, plate in zip(PHONES, PLATES, strict=True)]
    body = {"source": "camera", "lon": AT[0], "lat": AT[1], "address": "唐槐路", "parties": parties}
    answer = desk.post(f"{BASE}/accidents", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def phone_of(town: Town, desk: httpx.Client, accident: dict[str, Any], number: int) -> httpx.Client:
    """A phone that was let in through its link."""
    party_id = accident["parties"][number]["party_id"]
    made = desk.post(f"{BASE}/accidents/{accident['case_id']}/parties/{party_id}/link")
    assert made.status_code == 201, made.text
    phone = client(town)
    phone.headers["X-Party-Token"] = made.json()["path"].removeprefix("/p#")
    said = {"plate_end": PLATES[number][-3:], "phone_end": PHONES[number][-4:], "consents": True}
    phone.headers["X-Party-Key"] = phone.post(f"{BASE}/party/identity", json=said).json()["key"]
    return phone


def test_an_accident_is_settled_online_over_http(town: Town) -> None:
    desk = client(town, "dispatcher")
    accident = registered(desk)
    at = f"{BASE}/accidents/{accident['case_id']}"
    a, b = (phone_of(town, desk, accident, number) for number in (0, 1))
    big = jpeg(size=64) + b"\0" * 400_000  # more than the bound of every other body
    sent = a.post(f"{BASE}/party/photos", params={"view": "front", "client_id": "front-0001"}, content=big)
    assert sent.status_code == 201, sent.text
    (photo,) = sent.json()["photos"]
    shown = a.get(f"{BASE}/party/photos/{photo['evidence_id']}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert b.get(f"{BASE}/party/photos/{photo['evidence_id']}").status_code == 404
    assert desk.post(f"{at}/screening", json={"exclusions": []}).json()["way"] == "online"
    assert desk.post(f"{at}/suggestion", json={"faults": {"A": ["rear_end"]}}).json() == {"levels": ["full", "none"]}
    version = desk.get(at).json()["version"]
    decision = {"version": version, "faults": {"A": ["rear_end"]}, "levels": {"A": "full", "B": "none"}}
    decided = desk.post(f"{at}/decision", json=decision)
    assert decided.json()["decision"]["shares"] == {"A": 100, "B": 0}
    assert desk.post(f"{at}/decision", json=decision).status_code == 409  # the same click again
    for phone in (a, b):
        page = phone.post(f"{BASE}/party/moved").json()
        answer = {"decision_id": page["decision"]["decision_id"], "agrees": True}
        page = phone.post(f"{BASE}/party/answer", json=answer).json()
    assert page["stage"] == "settled"
    seen = desk.get(at).json()
    assert (seen["state"], seen["cleared_at"] is None) == ("settled", False)


def test_a_phone_needs_no_session_and_a_session_is_no_phone(town: Town) -> None:
    desk = client(town, "dispatcher")
    phone = phone_of(town, desk, registered(desk), 0)
    assert phone.get(f"{BASE}/party").status_code == 200
    assert phone.get(f"{BASE}/accidents").status_code == 401
    assert desk.get(f"{BASE}/party").status_code == 400  # no token
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert phone.post(f"{BASE}/party/moved", headers=cross).status_code == 403


def test_guessing_is_slowed_down(town: Town) -> None:
    """Last in this file: the address of the tests has to wait afterwards."""
    guesser = client(town)
    seen = [
        guesser.get(f"{BASE}/party/greeting", headers={"X-Party-Token": f"guess{number}"}).status_code
        for number in range(80)
    ]
    assert set(seen) == {404, 429}
    assert seen[-1] == 429
