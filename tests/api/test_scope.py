"""What each person sees: scope on lists and things, masked plates, look-ups that name a case, audit rows."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from tests.api.world import EAST, NOW_MS, WEST, World

from cityops.access import SYSTEM, AuditFilter, list_audit

ALPHA, BETA = "晋A11111", "晋A22222"
CITY = ("acceptor", "dispatcher")


def ask(world: World, who: str, method: str, path: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with world.client(who) as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def get(world: World, who: str, path: str, **params: Any) -> Any:
    answer = ask(world, who, "GET", path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def audit_of(world: World, action: str) -> list[Any]:
    with world.context.store.read() as conn:
        return list_audit(conn, SYSTEM, AuditFilter(action=action)).items


@pytest.fixture
def two_alerts(world: World) -> dict[str, str]:
    """Alerts of both enterprises: the first in 小店区, the second in 迎泽区."""
    return {ALPHA: world.raise_alert(ALPHA, area=WEST), BETA: world.raise_alert(BETA, area=EAST)}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("acceptor", {ALPHA, BETA}),
        ("dispatcher", {ALPHA, BETA}),
        ("enterprise", {ALPHA}),
        ("enterprise2", {BETA}),
        ("district", {ALPHA}),
        ("district2", {BETA}),
        ("analyst", {ALPHA, BETA}),
        ("auditor", {ALPHA, BETA}),
    ],
)
def test_alerts_are_scoped_and_plates_masked(
    world: World, two_alerts: Mapping[str, str], who: str, sees: set[str]
) -> None:
    listed = get(world, who, "/api/alerts")
    masks = {"晋A11111": "晋A·***11", "晋A22222": "晋A·***22"}
    full = who in ("acceptor", "dispatcher", "enterprise", "enterprise2")
    assert {item["plate"] for item in listed["items"]} == (sees if full else {masks[plate] for plate in sees})
    assert listed["page"] == {"total": len(sees), "page": 1, "page_size": 50, "at_least": False}
    for plate, alert_id in two_alerts.items():
        for path in (f"/api/alerts/{alert_id}", f"/api/alerts/{alert_id}/track"):
            assert ask(world, who, "GET", path).status_code == (200 if plate in sees else 404)


def test_an_alert_tells_its_evidence(world: World, two_alerts: Mapping[str, str]) -> None:
    alert = get(world, "dispatcher", f"/api/alerts/{two_alerts[ALPHA]}")
    assert alert["identity"] == f"key_vehicles/no_data/v1/{world.devices[ALPHA]}/{NOW_MS - 600_000}"
    assert alert["severity"] == "serious"
    assert alert["unit_name"] == "甲运输公司"
    assert alert["evidence"]["figures"] == {"silent_s": 300.0}
    assert alert["rule"] == {"zh": "测试规则", "en": "rule of the test"}
    assert alert["place"]["road_name"] == "太榆路"
    assert alert["started_at"] == "2026-05-12T23:31:05+08:00"
    assert [step["action"] for step in alert["history"]] == ["raised"]
    assert alert["history"][0]["title"]["zh"] == "发出预警"


def test_filters_of_the_list(world: World, two_alerts: Mapping[str, str]) -> None:
    world.raise_alert(ALPHA, severity=2, started_ms=NOW_MS - 86_400_000)
    assert get(world, "dispatcher", "/api/alerts")["page"]["total"] == 3
    assert get(world, "dispatcher", "/api/alerts", severity="warning")["page"]["total"] == 1
    assert get(world, "dispatcher", "/api/alerts", unit_id=world.units["beta"])["page"]["total"] == 1
    assert get(world, "dispatcher", "/api/alerts", state="ended")["page"]["total"] == 0
    today = {"from": "2026-05-12T00:00:00+08:00", "to": "2026-05-13T00:00:00+08:00"}
    assert get(world, "dispatcher", "/api/alerts", **today)["page"]["total"] == 2
    second = get(world, "dispatcher", "/api/alerts", page=2, page_size=2)
    assert (len(second["items"]), second["page"]["total"]) == (1, 3)
    for wrong in (
        {"state": "open"},
        {"page": 0},
        {"page_size": 201},
        {"from": "yesterday"},
        {"from": "2026-05-12T00:00:00"},
    ):
        assert ask(world, "dispatcher", "GET", "/api/alerts", params=wrong).status_code == 400
    backwards = {"from": today["to"], "to": today["from"]}
    assert ask(world, "dispatcher", "GET", "/api/alerts", params=backwards).json()["code"] == "invalid.period"


def test_a_case_is_opened_once_and_seen_by_whose_it_is(world: World, two_alerts: Mapping[str, str]) -> None:
    path = f"/api/alerts/{two_alerts[ALPHA]}/case"
    made = ask(world, "acceptor", "POST", path, json={"comment": "电话无人接听"})
    assert made.status_code == 201
    case = made.json()
    assert (case["alert_id"], case["state"], case["plate"]) == (two_alerts[ALPHA], "filed", ALPHA)
    again = ask(world, "acceptor", "POST", path, json={})
    assert again.json()["case_id"] == case["case_id"]
    assert get(world, "dispatcher", f"/api/alerts/{two_alerts[ALPHA]}")["case_number"] == case["number"]
    seen = {who: ask(world, who, "GET", f"/api/cases/{case['case_id']}").status_code for who in world.people}
    assert seen == {
        "administrator": 403,
        "acceptor": 200,
        "dispatcher": 200,
        "crew": 404,
        "enterprise": 200,
        "enterprise2": 404,
        "district": 200,
        "district2": 404,
        "analyst": 200,
        "auditor": 200,
        "shift_leader": 200,
        "unit": 200,
        "collector": 404,
        "handler": 404,
    }
    units = {unit["name"]: unit for unit in get(world, "dispatcher", "/api/units")["items"]}
    assert (units["甲运输公司"]["open_cases"], units["甲运输公司"]["vehicles"]) == (1, 1)
    assert units["乙运输公司"]["open_cases"] == 0
    assert [unit["name"] for unit in get(world, "enterprise", "/api/units")["items"]] == ["甲运输公司"]


def test_a_look_up_names_a_case_about_this_vehicle_and_is_audited(world: World, two_alerts: Mapping[str, str]) -> None:
    case = world.open_case(two_alerts[ALPHA])
    world.move((world.devices[ALPHA], NOW_MS - 1000, 112.525, 61.26))
    wanted = f"/api/vehicles/{world.vehicles[ALPHA]}"
    reason = {"purpose": "核对疲劳驾驶", "case_id": case.case_id}
    found = get(world, "dispatcher", wanted, **reason)
    assert (found["plate"], found["speed_kmh"], found["unit_name"]) == (ALPHA, 61.3, "甲运输公司")
    assert found["terminal_phone"] == "139****0001"
    assert found["place"]["district_name"] == "小店区"
    assert found["place"]["road_name"] == "太榆路"
    assert found["active_alerts"] == 1
    (line,) = audit_of(world, "vehicle.read")
    assert (line.actor_name, line.object_id, line.purpose) == ("dispatcher", world.vehicles[ALPHA], "核对疲劳驾驶")
    assert line.detail == {"case_id": case.case_id}
    # Without a case, without a purpose, for another vehicle, outside the scope, without the permission: nothing.
    refused = [
        ("dispatcher", wanted, {"purpose": "核对"}, 400),
        ("dispatcher", wanted, {"case_id": case.case_id}, 400),
        ("dispatcher", wanted, {"purpose": " x", "case_id": "none"}, 404),
        ("dispatcher", f"/api/vehicles/{world.vehicles[BETA]}", reason, 403),
        ("enterprise2", wanted, reason, 404),
        ("crew", wanted, reason, 404),
        ("analyst", wanted, reason, 403),
        ("administrator", wanted, reason, 403),
    ]
    for who, path, params, status in refused:
        assert ask(world, who, "GET", path, params=params).status_code == status, (who, params)
    assert len(audit_of(world, "vehicle.read")) == 1


def test_a_track_is_the_alerts_own_window_and_audited(world: World, two_alerts: Mapping[str, str]) -> None:
    started_ms = NOW_MS - 600_000
    device = world.devices[ALPHA]
    world.move(
        (device, started_ms - 600_001, 112.50, 50),  # eleven minutes before: not part of it
        (device, started_ms - 600_000, 112.51, 51),
        (device, started_ms, 112.52, 52),
        (world.devices[BETA], started_ms, 112.58, 70),
        (device, NOW_MS, 112.53, 53),
    )
    track = get(world, "dispatcher", f"/api/alerts/{two_alerts[ALPHA]}/track")
    assert [(point["lon"], point["speed_kmh"]) for point in track["items"]] == [
        (112.51, 51),
        (112.52, 52),
        (112.53, 53),
    ]
    assert track["items"][1]["at"] == "2026-05-12T23:31:05+08:00"
    (line,) = audit_of(world, "alert.track")
    assert (line.object_id, line.detail) == (two_alerts[ALPHA], {"points": 3})
    case = world.open_case(two_alerts[ALPHA])
    assert len(get(world, "enterprise", f"/api/cases/{case.case_id}/track")["items"]) == 3
    assert ask(world, "enterprise2", "GET", f"/api/cases/{case.case_id}/track").status_code == 404
    assert len(audit_of(world, "case.track")) == 1


def test_live_vehicles_are_scoped(world: World, two_alerts: Mapping[str, str]) -> None:
    world.move((world.devices[ALPHA], NOW_MS - 1000, 112.52, 60), (world.devices[BETA], NOW_MS - 400_000, 112.57, 0))
    everybody = {
        "dispatcher": {ALPHA, BETA},
        "enterprise": {ALPHA},
        "enterprise2": {BETA},
        "district": {"晋A·***11"},
        "district2": {"晋A·***22"},
        "analyst": {"晋A·***11", "晋A·***22"},
        "administrator": {"晋A·***11", "晋A·***22"},
        "crew": set(),
    }
    for who, plates in everybody.items():
        assert {item["plate"] for item in get(world, who, "/api/vehicles/live")["items"]} == plates, who


def test_the_state_of_a_vehicle(world: World) -> None:
    alpha, beta = world.devices[ALPHA], world.devices[BETA]
    world.move((alpha, NOW_MS - 1000, 112.52, 60), (beta, NOW_MS - 301_000, 112.57, 60))

    def states() -> dict[str, str]:
        return {item["plate"]: item["state"] for item in get(world, "dispatcher", "/api/vehicles/live")["items"]}

    assert states() == {ALPHA: "moving", BETA: "offline"}
    world.move((alpha, NOW_MS, 112.52, 2.9))
    world.raise_alert(BETA)
    world.clock.advance(2)
    assert states() == {ALPHA: "stopped", BETA: "alerting"}


def test_exports_are_scoped_filtered_and_audited(world: World, two_alerts: Mapping[str, str]) -> None:
    world.open_case(two_alerts[BETA])
    answer = ask(world, "enterprise2", "GET", "/api/alerts.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="alerts.xlsx"'
    assert answer.headers["cache-control"] == "no-store"
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[5] for row in rows[1:]] == [BETA]
    assert rows[1][10].startswith("KV")  # type: ignore[union-attr]
    assert audit_of(world, "alert.export")[0].detail == {"rows": 1}
    cases = ask(world, "district", "GET", "/api/cases.xlsx").content
    sheet = load_workbook(io.BytesIO(cases)).active
    assert sheet is not None
    assert sheet.max_row == 1  # the only case lies in the other district
    assert audit_of(world, "case.export")[0].detail == {"rows": 0}


def test_the_printed_case_is_scoped_and_audited(world: World, two_alerts: Mapping[str, str]) -> None:
    case = world.open_case(two_alerts[ALPHA])
    page = ask(world, "analyst", "GET", f"/api/cases/{case.case_id}/print")
    assert page.headers["content-type"].startswith("text/html")
    assert "script" not in page.headers["content-security-policy"]
    assert case.number in page.text
    assert "晋A·***11" in page.text
    assert ALPHA not in page.text
    assert audit_of(world, "case.print")[0].object_id == case.case_id
    assert ask(world, "district2", "GET", f"/api/cases/{case.case_id}/print").status_code == 404
