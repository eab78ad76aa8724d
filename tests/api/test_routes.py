"""The other routes, each once through the whole product."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import httpx
import numpy as np
import pytest
from tests.api.world import NOW_MS, PASSWORD, World

from cityops.access import SYSTEM

ALPHA, BETA = "晋A11111", "晋A22222"


def ask(world: World, who: str | None, method: str, path: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with world.client(who) as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def did(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def on_shift(world: World, lon: float = 112.51) -> str:
    crew_id = world.crews["crew1"]
    did(ask(world, "crew", "POST", f"/api/crews/{crew_id}/shift", json={"on": True}))
    did(ask(world, "crew", "POST", f"/api/crews/{crew_id}/position", json={"lon": lon, "lat": 37.70}))
    return crew_id


def test_a_crew_reports_itself_and_only_itself(world: World) -> None:
    crew_id = world.crews["crew1"]
    where = {"lon": 112.52, "lat": 37.70}
    early = ask(world, "crew", "POST", f"/api/crews/{crew_id}/position", json=where)
    assert (early.status_code, early.json()["code"]) == (409, "crew.off_duty")
    assert did(ask(world, "crew", "POST", f"/api/crews/{crew_id}/shift", json={"on": True}))["state"] == "free"
    here = did(ask(world, "crew", "POST", f"/api/crews/{crew_id}/position", json=where))
    assert (here["lon"], here["lat"], here["at"]) == (112.52, 37.70, "2026-05-12T23:41:05+08:00")
    other = ask(world, "crew", "POST", f"/api/crews/{world.crews['crew2']}/shift", json={"on": True})
    assert other.status_code == 403
    listed = did(ask(world, "dispatcher", "GET", "/api/crews"))["items"]
    assert {crew["name"]: (crew["state"], crew["lon"]) for crew in listed} == {
        "crew1": ("free", 112.52),
        "crew2": ("off_duty", None),
    }
    assert did(ask(world, "crew", "POST", f"/api/crews/{crew_id}/shift", json={"on": False}))["lon"] is None


def test_a_phones_gcj02_position_is_stored_as_wgs84(world: World) -> None:
    """Beijing's 116.404, 39.915 in GCJ-02 is about 116.3978, 39.9136 in WGS-84 (some 540 m and 155 m away)."""
    on_shift(world)
    given = {"lon": 116.404, "lat": 39.915, "coordinate_system": "gcj02"}
    here = did(ask(world, "crew", "POST", f"/api/crews/{world.crews['crew1']}/position", json=given))
    assert (here["lon"], here["lat"]) == (pytest.approx(116.39775, abs=2e-4), pytest.approx(39.9136, abs=2e-4))


def test_closing_a_road_changes_the_recommendation(world: World) -> None:
    """From 112.51 (node 1) to the alert at 112.52 (node 2): one edge of 1 km at 60 km/h, one minute."""
    crew_id = on_shift(world)
    case = world.open_case(world.raise_alert(ALPHA))
    path = f"/api/cases/{case.case_id}/recommendations"
    ranked = did(ask(world, "dispatcher", "GET", path))
    (first,) = ranked["items"]
    assert (first["crew"]["crew_id"], first["travel_time_s"], first["distance_m"]) == (crew_id, 60.0, 1000.0)
    assert "1.0" in first["reason"]["en"]
    assert [one["crew_id"] for one in ranked["unable"]] == [world.crews["crew2"]]
    closed = did(
        ask(world, "dispatcher", "POST", "/api/closures", json={"lon": 112.515, "lat": 37.70, "reason": "施工"}), 201
    )
    assert did(ask(world, "dispatcher", "GET", path))["items"] == []
    assert len(did(ask(world, "enterprise", "GET", "/api/closures"))["items"]) == 1
    did(ask(world, "dispatcher", "DELETE", f"/api/closures/{closed['closure_id']}"), 204)
    assert did(ask(world, "enterprise", "GET", "/api/closures"))["items"] == []
    assert len(did(ask(world, "dispatcher", "GET", path))["items"]) == 1


def test_a_moving_truck_is_met_at_an_exit_ahead(world: World) -> None:
    """Eastwards at 60 km/h from 112.525 (2.5 km) to the exit at node 6 (6 km): 3.5 minutes; the crew waits there."""
    on_shift(world, lon=112.56)
    case = world.open_case(world.raise_alert(ALPHA))
    world.move((world.devices[ALPHA], NOW_MS, 112.525, 60.0))
    world.clock.advance(2)
    (first,) = did(ask(world, "dispatcher", "GET", f"/api/cases/{case.case_id}/recommendations"))["items"]
    assert first["meet_name"] == "六号出口"
    assert first["vehicle_eta_s"] == pytest.approx(210, abs=10)
    assert first["margin_s"] > 0


def test_the_loop_from_alert_to_dispatch_by_steps(world: World) -> None:
    crew_id = on_shift(world)
    alert_id = world.raise_alert(ALPHA)
    case = did(ask(world, "acceptor", "POST", f"/api/alerts/{alert_id}/case", json={"comment": "核实"}), 201)
    path = f"/api/cases/{case['case_id']}"
    seen = did(ask(world, "dispatcher", "GET", path))
    assert "dispatch" in {action["name"] for action in seen["actions"]}
    step = {"version": seen["version"], "form": {"crew": crew_id, "instruction": "现场核查"}}
    stale = ask(world, "dispatcher", "POST", f"{path}/steps/dispatch", json={**step, "version": 99})
    assert stale.status_code == 409
    done = did(ask(world, "dispatcher", "POST", f"{path}/steps/dispatch", json=step))
    assert (done["state"], done["crew_id"], done["version"]) == ("dispatched", crew_id, seen["version"] + 1)
    mine = did(ask(world, "crew", "GET", "/api/tasks"))["items"]
    assert [(task["kind"], task["crew_id"], task["case_version"]) for task in mine] == [
        ("field", crew_id, done["version"])
    ]
    accept = {"version": done["version"], "task_id": mine[0]["task_id"]}
    assert did(ask(world, "crew", "POST", f"{path}/steps/accept", json=accept))["state"] == "accepted"
    spoken = did(ask(world, "dispatcher", "GET", path))["words"]
    assert spoken["fields"]["instruction"] == {"zh": "处置要求", "en": "Instruction"}
    assert set(spoken["fields"]) == {"crew", "instruction"}  # what its timeline holds, not every form's
    lines = did(ask(world, "auditor", "GET", "/api/audit", params={"object_id": case["case_id"]}))["items"]
    assert [(line["action"], line["title"]) for line in lines] == [
        ("case.accept", {"zh": "接单", "en": "Accept"}),
        ("case.dispatch", {"zh": "派遣", "en": "Dispatch"}),
        ("case.open", None),
    ]
    assert lines[0]["states"] == {
        "dispatched": {"zh": "已派遣", "en": "Dispatched"},
        "accepted": {"zh": "已接单", "en": "Accepted"},
    }
    assert ask(world, "enterprise", "POST", f"{path}/steps/dispatch", json=step).status_code in (403, 409)
    unread = [notice for notice in did(ask(world, "enterprise", "GET", path))["notices"] if not notice["read_at"]]
    assert unread
    did(ask(world, "enterprise", "POST", f"{path}/read"), 204)
    assert [one for one in did(ask(world, "enterprise", "GET", path))["notices"] if not one["read_at"]] == []
    assert did(ask(world, "dispatcher", "GET", "/api/cases", params={"state": "accepted"}))["page"]["total"] == 1
    assert did(ask(world, "dispatcher", "GET", "/api/cases", params={"state": "filed"}))["counts"] == {"accepted": 1}


def test_a_crew_is_shown_its_way_by_road(world: World) -> None:
    """From 112.54 (node 4) to the alert at 112.52 (node 2): two edges of 1 km at 60 km/h."""
    crew_id = on_shift(world, lon=112.54)
    case = world.open_case(world.raise_alert(ALPHA))
    step = {"version": case.version, "form": {"crew": crew_id}}
    did(ask(world, "dispatcher", "POST", f"/api/cases/{case.case_id}/steps/dispatch", json=step))
    (task,) = did(ask(world, "crew", "GET", "/api/tasks"))["items"]
    path = f"/api/tasks/{task['task_id']}/route"
    way = did(ask(world, "crew", "GET", path))
    assert (way["length_m"], way["duration_s"], way["from_lon"]) == (2000.0, 120.0, 112.54)
    assert [lon for lon, _ in way["line"]] == [pytest.approx(lon) for lon in (112.54, 112.53, 112.52)]
    assert way["to"]["road_name"] == "太榆路"
    did(ask(world, "dispatcher", "POST", "/api/closures", json={"lon": 112.535, "lat": 37.70, "reason": "施工"}), 201)
    blocked = did(ask(world, "crew", "GET", path))
    assert (blocked["line"], blocked["length_m"], blocked["duration_s"]) == ([], None, None)
    assert ask(world, "crew", "GET", "/api/tasks/none/route").status_code == 404


def test_an_enterprise_sees_its_answer_waiting_and_why_it_came_back(world: World) -> None:
    case = world.open_case(world.raise_alert(ALPHA))
    path = f"/api/cases/{case.case_id}"

    def rectification() -> Any:
        tasks = did(ask(world, "enterprise", "GET", "/api/tasks"))["items"]
        return next((task for task in tasks if task["kind"] == "rectification"), None)

    def step(who: str, action: str, **more: Any) -> None:
        task = rectification()
        body = {"version": task["case_version"], "task_id": task["task_id"], **more}
        did(ask(world, who, "POST", f"{path}/steps/{action}", json=body))

    answer = {"cause": "排班过紧", "measures": "增加一名驾驶人", "responsible": "张主管"}
    step("enterprise", "submit_rectification", form=answer)
    waiting = rectification()
    assert (waiting["state"], waiting["state_title"]["zh"], waiting["actions"]) == ("submitted", "待审核", [])
    assert waiting["data"] == answer
    assert waiting["words"]["fields"].keys() >= answer.keys()
    assert waiting["words"]["fields"]["measures"] == {"zh": "整改措施", "en": "Measures taken"}
    step("dispatcher", "return_rectification", comment="请附排班表")
    back = rectification()
    assert (back["state"], back["data"]["comment"]) == ("returned", "请附排班表")
    assert [action["name"] for action in back["actions"]] == ["submit_rectification"]
    step("enterprise", "submit_rectification", form=answer)
    step("dispatcher", "approve_rectification")
    assert rectification() is None


def test_open_and_ended_cases_are_told_apart(world: World) -> None:
    still_open = world.open_case(world.raise_alert(ALPHA))
    ended = world.open_case(world.raise_alert(BETA))
    void = {"version": ended.version, "comment": "误报"}
    did(ask(world, "dispatcher", "POST", f"/api/cases/{ended.case_id}/steps/void", json=void))

    def listed(**params: str) -> tuple[set[str], dict[str, int]]:
        answer = did(ask(world, "dispatcher", "GET", "/api/cases", params=params))
        assert answer["page"]["total"] == len(answer["items"])
        return {item["case_id"] for item in answer["items"]}, answer["counts"]

    assert listed() == ({still_open.case_id, ended.case_id}, {"filed": 1, "void": 1})
    assert listed(ended="false") == ({still_open.case_id}, {"filed": 1})
    assert listed(ended="true") == ({ended.case_id}, {"void": 1})
    assert ask(world, "dispatcher", "GET", "/api/cases", params={"ended": "maybe"}).status_code == 400


def test_a_crew_sees_the_truck_of_its_case_moving(world: World) -> None:
    crew_id = on_shift(world)
    world.move((world.devices[ALPHA], NOW_MS, 112.52, 60), (world.devices[BETA], NOW_MS, 112.57, 60))
    assert did(ask(world, "crew", "GET", "/api/vehicles/live"))["items"] == []
    case = world.open_case(world.raise_alert(ALPHA))
    step = {"version": case.version, "form": {"crew": crew_id}}
    did(ask(world, "dispatcher", "POST", f"/api/cases/{case.case_id}/steps/dispatch", json=step))
    world.clock.advance(2)
    assert [item["plate"] for item in did(ask(world, "crew", "GET", "/api/vehicles/live"))["items"]] == [ALPHA]


def test_an_unknown_terminal_is_approved_for_a_vehicle(world: World) -> None:
    world.context.devices.note_pending("jt808", "013900009999", "晋A99999", "DEMO1", "T1", "0000001", NOW_MS)
    (waiting,) = did(ask(world, "administrator", "GET", "/api/devices/pending"))["items"]
    assert waiting["plate"] == "晋A·***99"  # an administrator does not read plates
    approval = {"plate": "晋A·99999", "vehicle_class": "coach", "unit_id": world.units["beta"], "driving_limit_h": 2}
    path = f"/api/devices/pending/{waiting['pending_id']}/approve"
    for wrong, status in (({"plate": "晋AI0000"}, 400), ({"vehicle_class": "tank"}, 400), ({"unit_id": "none"}, 404)):
        assert ask(world, "administrator", "POST", path, json=approval | wrong).status_code == status
    made = did(ask(world, "administrator", "POST", path, json=approval))
    assert (made["unit_name"], made["online"]) == ("乙运输公司", False)
    vehicle = world.context.registers.find(SYSTEM, "vehicle", "晋A99999")
    assert vehicle is not None
    assert (vehicle.unit_id, vehicle.data["driving_limit_h"]) == (world.units["beta"], 2)
    assert ask(world, "administrator", "POST", path, json=approval).status_code == 404
    listed = did(ask(world, "dispatcher", "GET", "/api/devices", params={"q": "9999"}))
    assert [device["plate"] for device in listed["items"]] == ["晋A99999"]
    assert ask(world, "dispatcher", "GET", "/api/devices", params={"q": "晋A99999"}).status_code == 400
    elsewhere = {**approval, "plate": ALPHA}
    world.context.devices.note_pending("jt808", "013900008888", None, None, None, None, NOW_MS)
    (waiting,) = did(ask(world, "administrator", "GET", "/api/devices/pending"))["items"]
    path = f"/api/devices/pending/{waiting['pending_id']}/approve"
    assert ask(world, "administrator", "POST", path, json=elsewhere).json()["code"] == "vehicle.other_unit"


def test_accounts_are_made_used_and_switched_off(world: World) -> None:
    new = {"username": "Night", "password": PASSWORD, "display_name": "夜班", "role": "dispatcher"}
    made = did(ask(world, "administrator", "POST", "/api/accounts", json=new), 201)
    assert (made["username"], made["active"], made["last_sign_in"]) == ("night", True, None)
    assert ask(world, "administrator", "POST", "/api/accounts", json=new).status_code == 409
    unscoped = {**new, "username": "firm", "role": "enterprise"}
    assert ask(world, "administrator", "POST", "/api/accounts", json=unscoped).status_code == 400
    did(ask(world, "night", "GET", "/api/alerts"))
    path = f"/api/accounts/{made['account_id']}"
    did(ask(world, "administrator", "POST", f"{path}/password", json={"password": "another long sentence"}), 204)
    assert ask(world, "night", "GET", "/api/alerts").status_code == 401
    did(ask(world, "administrator", "DELETE", path), 204)
    rows = {row["username"]: row for row in did(ask(world, "administrator", "GET", "/api/accounts"))["items"]}
    assert rows["night"]["active"] is False
    assert rows["enterprise"]["unit_name"] == "甲运输公司"
    did(ask(world, "administrator", "POST", f"{path}/activate"), 204)
    actions = did(ask(world, "auditor", "GET", "/api/audit", params={"object_id": made["account_id"]}))["items"]
    assert [row["action"] for row in actions] == [
        "account.activate",
        "account.deactivate",
        "account.password",
        "session.sign_in",
        "account.create",
    ]
    assert actions[0]["actor"] == "administrator"
    assert actions[0]["sequence"] > actions[-1]["sequence"]


def test_learn_today_counts_what_this_person_may_see(world: World) -> None:
    world.open_case(world.raise_alert(ALPHA))
    world.raise_alert(BETA, started_ms=NOW_MS - 1_200_000)
    today = did(ask(world, "dispatcher", "GET", "/api/learn/today"))
    assert (today["date"], today["alerts_total"], today["cases_open"]) == ("2026-05-12", 2, 1)
    assert today["by_hour"][23] == 2
    assert sum(today["by_hour"]) == 2
    assert did(ask(world, "enterprise2", "GET", "/api/learn/today"))["alerts_total"] == 1
    assert did(ask(world, "district", "GET", "/api/learn/rates"))["items"] == []


def test_map_layers_are_cached_by_their_tag(shared_world: World) -> None:
    base = did(ask(shared_world, "analyst", "GET", "/api/map"))
    assert (base["city"], base["synthetic"], base["center"]) == ("测试城", True, [112.55, 37.7])
    assert {"districts", "roads_major", "junctions", "pois"} <= set(base["layers"])
    for name in base["layers"]:
        layer = did(ask(shared_world, "analyst", "GET", f"/api/map/layers/{name}"))
        assert layer["type"] == "FeatureCollection"
    answer = ask(shared_world, "analyst", "GET", "/api/map/layers/districts")
    assert [feature["properties"]["name"] for feature in answer.json()["features"]] == ["小店区", "迎泽区"]
    again = {"If-None-Match": answer.headers["etag"]}
    kept = ask(shared_world, "analyst", "GET", "/api/map/layers/districts", headers=again)
    assert (kept.status_code, kept.content) == (304, b"")
    assert ask(shared_world, "analyst", "GET", "/api/map/layers/people").status_code == 404


def test_large_answers_are_compressed(shared_world: World) -> None:
    headers = {"Accept-Encoding": "gzip"}

    async def run() -> bytes:
        async with (
            shared_world.client() as client,
            client.stream("GET", "/api/openapi.json", headers=headers) as answer,
        ):
            assert answer.headers["content-encoding"] == "gzip"
            return b"".join([chunk async for chunk in answer.aiter_raw()])

    raw = asyncio.run(run())
    assert len(raw) * 4 < len(gzip.decompress(raw))


def test_health_tells_figures_only_to_who_may_see_them(shared_world: World) -> None:
    public = did(ask(shared_world, None, "GET", "/api/health"))
    assert {part["name"] for part in public["parts"]} == {"live", "store"}
    assert all(part["figures"] == {} for part in public["parts"])
    inside = did(ask(shared_world, "dispatcher", "GET", "/api/health"))
    assert {part["name"]: part["figures"] for part in inside["parts"]}["store"] == {"rows": 42.0}
    # No server runs here, so the live stream is not there, and health says so.
    assert {part["name"]: part["ok"] for part in inside["parts"]} == {"live": False, "store": True}
    assert inside["ok"] is False


def test_metrics_need_their_token(shared_world: World) -> None:
    assert ask(shared_world, None, "GET", "/metrics").status_code == 403
    answer = ask(shared_world, None, "GET", "/metrics", headers={"Authorization": "Bearer metrics secret"})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "cityops_test_rows_total 42\n" in answer.text
    assert 'cityops_http_responses_total{status="403"}' in answer.text
    assert "cityops_live_clients 0\n" in answer.text


def test_the_documents_need_nothing_from_elsewhere(shared_world: World) -> None:
    page = ask(shared_world, None, "GET", "/api/docs")
    assert "/api/cases/{case_id}/steps/{action}" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    document = did(ask(shared_world, None, "GET", "/api/openapi.json"))
    assert document["info"]["version"] == "0.1.0"
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert "swagger" not in ask(shared_world, None, "GET", path).text


def test_a_truck_without_a_fix_is_not_drawn(world: World) -> None:
    world.move((world.devices[ALPHA], NOW_MS, np.nan, 0.0))
    assert did(ask(world, "dispatcher", "GET", "/api/vehicles/live"))["items"] == []
