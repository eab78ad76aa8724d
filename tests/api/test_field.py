"""Work in the street over HTTP: the catalogue for a phone, a patrol with its coverage, refusals in words."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from tests.api.world import NOW_MS, World

from cityops.kit import from_ms

DUTY = "/api/patrol/shifts/duty-0001"
HOUR_MS = 3_600_000


def ask(world: World, who: str, method: str, path: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with world.client(who) as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def iso(ms: int) -> str:
    return from_ms(ms).isoformat()


def test_the_catalogue_for_a_phone_has_every_entry_with_its_pinyin(shared_world: World) -> None:
    """GB/T 47678.5-2026 has 153 components and 250 matters."""
    answer = ask(shared_world, "collector", "GET", "/api/field/catalogue")
    items = answer.json()["items"]
    assert sum(item["kind"] == "component" for item in items) == 153
    assert sum(item["kind"] == "matter" for item in items) == 250
    (refuse,) = [item for item in items if item["name"] == "暴露垃圾"]
    assert refuse["pinyin"] == "bao lu la ji"
    tag = answer.headers["etag"]
    again = ask(shared_world, "collector", "GET", "/api/field/catalogue", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_patrol_is_sent_in_pieces_and_read_as_coverage(world: World) -> None:
    """On duty from two hours ago to one hour ago; one position is from before, one comes twice."""
    began_ms = NOW_MS - 2 * HOUR_MS
    begun = ask(world, "collector", "PUT", DUTY, json={"started_at": iso(began_ms)})
    assert begun.json() == {
        "client_id": "duty-0001",
        "started_at": iso(began_ms),
        "ended_at": None,
        "points": 0,
    }
    points = [{"at": iso(began_ms + ms), "lon": 112.52, "lat": 37.70} for ms in (-1000, 0, 60_000, 60_000)]
    kept = ask(world, "collector", "POST", f"{DUTY}/points", json={"points": points})
    assert kept.json() == {"kept": 2, "known": 1, "refused": 1}
    ended = ask(
        world, "collector", "PUT", DUTY, json={"started_at": iso(began_ms), "ended_at": iso(began_ms + HOUR_MS)}
    )
    assert (ended.json()["points"], ended.json()["ended_at"]) == (2, iso(began_ms + HOUR_MS))
    period = {"from": iso(NOW_MS - 24 * HOUR_MS), "to": iso(NOW_MS)}
    found = ask(world, "dispatcher", "GET", "/api/patrol/coverage", params=period).json()
    # This small city has no grids: nothing is walked, and the period ends with the last hour that is over, 23:00.
    assert (found["walked"], found["streets"]) == ([], [])
    assert found["to_at"] == "2026-05-12T23:00:00+08:00"


def test_a_patrol_refuses_in_words(world: World) -> None:
    points = {"points": [{"at": iso(NOW_MS), "lon": 112.52, "lat": 37.70}]}
    unknown = ask(world, "collector", "POST", f"{DUTY}/points", json=points)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "patrol.no_shift")
    future = ask(world, "collector", "PUT", DUTY, json={"started_at": iso(NOW_MS + HOUR_MS)})
    assert (future.status_code, future.json()["code"]) == (400, "patrol.time")
    many = {"points": points["points"] * 501}
    assert ask(world, "collector", "POST", f"{DUTY}/points", json=many).json()["code"] == "invalid.fields"
    naive = ask(world, "dispatcher", "GET", "/api/patrol/coverage", params={"from": "2026-05-12", "to": "2026-05-13"})
    assert naive.status_code == 400


def test_an_answer_to_no_task_is_refused(shared_world: World) -> None:
    answer = {"client_id": "phone-0001", "action": "precheck_confirm", "answered_at": iso(NOW_MS)}
    refused = ask(shared_world, "collector", "POST", "/api/tasks/none/answers", json=answer)
    assert (refused.status_code, refused.json()["code"]) == (404, "case.no_task")
