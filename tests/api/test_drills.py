"""Drills over HTTP: planned, pressed, withdrawn, ended; the server's time and an answer in two languages."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import httpx
import pytest
from tests.api.world import NOW, World

from cityops.access import SYSTEM

NUMBERS = count(1)


@pytest.fixture
def canteen_id(world: World) -> str:
    """A canteen that alpha answers for."""
    made = world.context.registers.create(
        SYSTEM, register="canteen", code="C-001", title="一食堂", unit_id=world.units["alpha"], data={"mode": "own"}
    )
    return made.id


def ask(world: World, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
    async def run() -> httpx.Response:
        async with world.client(who) as client:
            return await client.request(method, f"/api/drills{path}", json=body)

    return asyncio.run(run())


def plan(world: World, canteen_id: str) -> str:
    new = {
        "client_id": "drill-one", "scene": "canteens", "kind": "evacuation", "object_id": canteen_id,
        "planned_at": NOW.isoformat(), "people_expected": 100,
    }  # fmt: skip
    answer = ask(world, "unit", "POST", "", new)
    assert answer.status_code == 201, answer.text
    assert ask(world, "unit", "POST", "", new).json()["drill_id"] == answer.json()["drill_id"]
    return f"/{answer.json()['drill_id']}"


def press(world: World, drill: str, step: str, who: str = "unit", **values: Any) -> httpx.Response:
    body = {"client_id": f"press-{next(NUMBERS):04d}", "step": step, **values}
    return ask(world, who, "POST", f"{drill}/presses", body)


def test_a_drill_from_plan_to_end(world: World, canteen_id: str) -> None:
    kinds = ask(world, "unit", "GET", "/kinds").json()["items"]
    assert [(one["scene"], one["kind"], one["register_name"]) for one in kinds] == [
        ("canteens", "evacuation", "canteen")
    ]
    drill = plan(world, canteen_id)
    assert press(world, drill, "start").json()["state"] == "running"
    world.clock.advance(seconds=130)
    wrong = press(world, drill, "out", "handler").json()
    assert [(step["elapsed_ms"], step["late_ms"]) for step in wrong["steps"]] == [(130_000, 10_000), (None, None)]
    assert wrong["now"] == "2026-05-12T23:43:15+08:00"
    withdrawn = ask(
        world, "unit", "POST", f"{drill}/presses/{wrong['steps'][0]['press_id']}/withdrawal", {"reason": "按错"}
    )
    assert withdrawn.json()["presses"][1]["withdrawn_reason"] == "按错"
    assert press(world, drill, "out", age_ms=20_000).json()["steps"][0]["elapsed_ms"] == 110_000
    world.clock.advance(seconds=10)
    assert press(world, drill, "counted", people=97).json()["missing"] == 3
    ended = press(world, drill, "finish", words="三人在更衣室，未听到广播").json()
    assert (ended["state"], ended["duration_ms"], ended["in_time"], ended["with_target"]) == ("finished", 140_000, 1, 1)
    rows = ask(world, "unit", "GET", "?state=finished").json()
    assert (rows["page"]["total"], rows["items"][0]["title"]["en"]) == (1, "Evacuation")
    assert ask(world, "enterprise2", "GET", drill).status_code == 404


def test_refused_with_words_in_two_languages(world: World, canteen_id: str) -> None:
    drill = plan(world, canteen_id)
    early = press(world, drill, "out")
    assert early.status_code == 409
    assert early.json()["message"] == "演练不在进行中"
    assert early.json()["kept_en"] == "the drill's record was not changed"
    press(world, drill, "start")
    assert press(world, drill, "counted").status_code == 400
    assert press(world, drill, "out", age_ms=24 * 3_600_000 + 1).status_code == 400
    assert ask(world, "unit", "POST", f"{drill}/abort", {"reason": ""}).status_code == 400
    assert ask(world, "unit", "POST", f"{drill}/abort", {"reason": "大风"}).json()["findings"] == "大风"
