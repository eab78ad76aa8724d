"""Work on many cases over HTTP: shared steps, bulk steps with an outcome each, hand-over, notices, bounded lists."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.test_routes import ALPHA, BETA, ask, did
from tests.api.world import World


@pytest.fixture
def two_cases(world: World) -> list[dict[str, Any]]:
    opened = []
    for plate in (ALPHA, BETA):
        path = f"/api/alerts/{world.raise_alert(plate)}/case"
        opened.append(did(ask(world, "acceptor", "POST", path, json={"comment": "核实"}), 201))
    return opened


def test_shared_steps_are_taken_in_bulk_and_each_case_answers_for_itself(
    world: World, two_cases: list[dict[str, Any]]
) -> None:
    ids = [case["case_id"] for case in two_cases]
    offers = did(ask(world, "dispatcher", "GET", "/api/steps", params={"case_id": ids}))["items"]
    void = next(offer for offer in offers if offer["action"]["name"] == "void")
    assert [case["case_id"] for case in void["cases"]] == sorted(ids)
    assert void["action"]["leads_to"] == {"zh": "作废", "en": "Void"}
    stale = [{**case, "version": case["version"] + (case["case_id"] == ids[1])} for case in void["cases"]]
    body = {"cases": stale, "form": {"reason": "设备误报"}}
    outcomes = did(ask(world, "dispatcher", "POST", "/api/steps/void", json=body))["items"]
    answered = {one["case_id"]: (one["done"], one["problem"] and one["problem"]["code"]) for one in outcomes}
    assert answered == {ids[0]: (True, None), ids[1]: (False, "case.stale")}
    states = [did(ask(world, "dispatcher", "GET", f"/api/cases/{case_id}"))["state"] for case_id in ids]
    assert states == ["void", "filed"]


def test_bulk_calls_have_bounds(world: World, two_cases: list[dict[str, Any]]) -> None:
    one = {"case_id": two_cases[0]["case_id"], "version": 1}
    wrong: list[dict[str, Any]] = [{"cases": []}, {"cases": [one] * 501}, {"cases": [{**one, "state": "void"}]}]
    for body in wrong:
        assert ask(world, "dispatcher", "POST", "/api/steps/void", json=body).status_code == 400
    many = {"case_id": ["x"] * 101}
    assert ask(world, "dispatcher", "GET", "/api/steps", params=many).status_code == 400
    assert did(ask(world, "dispatcher", "GET", "/api/steps", params={"case_id": ["x"]}))["items"] == []


def test_choices_are_scoped_to_the_case_and_the_step(world: World, two_cases: list[dict[str, Any]]) -> None:
    path = f"/api/cases/{two_cases[0]['case_id']}/steps"
    asked = {"field": "crew"}
    found = did(ask(world, "dispatcher", "GET", f"{path}/dispatch/choices", params=asked))
    assert found == {"items": [], "more": False}  # crews are ranked by a route of their own
    for who, action, field, status in (
        ("dispatcher", "dispatch", "nobody", 404),
        ("acceptor", "dispatch", "crew", 403),
        ("enterprise2", "dispatch", "crew", 404),
        ("dispatcher", "fly", "crew", 400),
        ("dispatcher", "close", "crew", 409),
    ):
        answer = ask(world, who, "GET", f"{path}/{action}/choices", params={"field": field})
        assert answer.status_code == status, (who, action, field, answer.text)


def test_notices_of_a_unit_are_its_own(world: World, two_cases: list[dict[str, Any]]) -> None:
    notices = did(ask(world, "enterprise", "GET", "/api/notices", params={"unread": True}))["items"]
    assert [notice["case_id"] for notice in notices] == [two_cases[0]["case_id"]]
    did(ask(world, "enterprise", "POST", f"/api/cases/{two_cases[0]['case_id']}/read"), 204)
    assert did(ask(world, "enterprise", "GET", "/api/notices", params={"unread": True}))["items"] == []
    assert len(did(ask(world, "enterprise", "GET", "/api/notices"))["items"]) == 1


def test_a_hand_over_needs_a_leaver_a_colleague_and_a_reason(world: World) -> None:
    handler = world.people["handler"].account_id
    assert did(ask(world, "dispatcher", "GET", "/api/hand-over"))["items"] == []
    assert did(ask(world, "unit", "GET", f"/api/hand-over/{handler}")) == {"items": [], "more": False}
    order = {"from_id": handler, "to_id": handler, "reason": "调离"}
    same = ask(world, "dispatcher", "POST", "/api/hand-over", json=order)
    assert (same.status_code, same.json()["code"]) == (400, "case.same_person")
    assert ask(world, "dispatcher", "POST", "/api/hand-over", json={**order, "reason": ""}).status_code == 400
    foreign = {**order, "from_id": world.people["crew"].account_id}
    answer = ask(world, "unit", "POST", "/api/hand-over", json=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "case.hand_over")


def test_the_list_is_paged_up_to_a_bound(world: World, two_cases: list[dict[str, Any]]) -> None:
    listed = did(ask(world, "dispatcher", "GET", "/api/cases", params={"page_size": 1, "page": 2}))
    assert (listed["page"]["total"], listed["page"]["at_least"], listed["more"]) == (2, False, [])
    assert listed["states"] == {"filed": {"zh": "已立案", "en": "Filed"}}
    deep = ask(world, "dispatcher", "GET", "/api/cases", params={"page_size": 50, "page": 202})
    assert (deep.status_code, deep.json()["code"]) == (400, "page.deep")
    sheet = ask(world, "dispatcher", "GET", "/api/cases.xlsx")
    assert sheet.status_code == 200
