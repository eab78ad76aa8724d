"""The way of one alert through the interface, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.api.serving import PATIENCE_S, Listener, serving
from tests.api.world import NOW_MS, PASSWORD, SETTINGS, World, compose


@pytest.fixture
def product(tmp_path: Path, database_url: str) -> Iterator[World]:
    yield from compose(tmp_path, database_url, SETTINGS)


def test_from_sign_in_to_a_dispatched_crew_seen_live(product: World) -> None:
    world = product
    crew_id = world.crews["crew1"]
    world.context.dispatch.crews.begin_shift(world.people["crew"], crew_id)

    async def act(url: str, alert_id: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            signed = await client.post("/api/session", json={"username": "dispatcher", "password": PASSWORD})
            client.headers["X-CSRF-Token"] = signed.json()["csrf_token"]
            case = (await client.post(f"/api/alerts/{alert_id}/case", json={})).json()
            path = f"/api/cases/{case['case_id']}"
            ranked = (await client.get(f"{path}/recommendations")).json()
            assert ranked["items"][0]["crew"]["crew_id"] == crew_id
            step = {"version": case["version"], "form": {"crew": crew_id}}
            done = await client.post(f"{path}/steps/dispatch", json=step)
            assert done.json()["state"] == "dispatched"
            assert (await client.post(f"{path}/steps/dispatch", json=step)).status_code == 409
            assert (await client.get("/api/cases.xlsx")).status_code == 200
            assert (await client.get(f"{path}/print")).status_code == 200
            assert (await client.get("/api/learn/today")).json()["cases_open"] == 1

    with serving(world.app) as live, Listener(live.url, world.credentials("crew")[0]) as crew:
        crew.until("ready")
        world.move((world.devices["晋A11111"], NOW_MS, 112.52, 60))
        alert_id = world.raise_alert("晋A11111")
        asyncio.run(act(live.url, alert_id))
        while crew.until("change").data["topic"] != "task.created":
            pass
        world.clock.advance(2)
        world.move((world.devices["晋A11111"], NOW_MS + 1, 112.53, 60))
        while crew.until("positions").data["rows"][0][1] != 112.53:
            pass  # the position from before the task may come first


def test_the_null_character_is_refused_before_it_meets_a_database(product: World) -> None:
    with serving(product.app) as live, httpx.Client(base_url=live.url, timeout=PATIENCE_S) as client:
        signed = client.post("/api/session", json={"username": "dispatcher", "password": PASSWORD})
        client.headers["X-CSRF-Token"] = signed.json()["csrf_token"]
        in_query = client.get("/api/cases", params={"q": "a\x00b"})
        in_path = client.get("/api/cases/a%00b")
        in_body = client.post("/api/closures", json={"lon": 112.5, "lat": 37.8, "reason": "挖\x00沟"})
        split = client.post(
            "/api/closures",
            content=iter([b'{"lon": 112.5, "lat": 37.8, "reason": "a\\u0', b'000b"}']),
            headers={"Content-Type": "application/json"},
        )
    assert [answer.status_code for answer in (in_query, in_path, in_body, split)] == [400] * 4
    assert {answer.json()["code"] for answer in (in_query, in_path)} == {"http.nul"}
    assert {answer.json()["code"] for answer in (in_body, split)} == {"body.unreadable"}


def test_a_register_takes_a_sheet_of_many_objects(product: World) -> None:
    """Ten thousand objects are over a megabyte; what is no sheet is told so, not that it is too large."""
    with serving(product.app) as live, httpx.Client(base_url=live.url, timeout=PATIENCE_S) as client:
        signed = client.post("/api/session", json={"username": "shift_leader", "password": PASSWORD})
        client.headers["X-CSRF-Token"] = signed.json()["csrf_token"]
        answer = client.post("/api/registers/canteen/import", params={"reason": "测试"}, content=b"x" * 2_000_000)
    assert answer.status_code == 202, answer.text
