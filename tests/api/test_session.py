"""Signing in, the cookie, the CSRF header, signing out, throttling."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api.world import PASSWORD, World

from cityops.access import SYSTEM
from cityops.api import ApiSettings, SceneCard, create_app
from cityops.api.own_scenes import own_scenes
from cityops.kit import Text

CLOSURE = {"lon": 112.505, "lat": 37.70, "reason": "路灯更换"}


async def sign_in(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await client.post("/api/session", json={"username": "dispatcher", "password": PASSWORD, **more})


def test_sign_in_act_and_sign_out(world: World) -> None:
    async def run() -> None:
        async with world.client() as client:
            answer = await sign_in(client)
            assert answer.status_code == 200
            cookie = answer.headers["set-cookie"].lower()
            for word in ("cityops_session=", "httponly", "samesite=strict", "path=/"):
                assert word in cookie
            assert "secure" not in cookie
            me = answer.json()
            assert (me["username"], me["role"], me["area_codes"]) == ("dispatcher", "dispatcher", [])
            assert "cases.dispatch" in me["permissions"]
            assert (await client.get("/api/session")).json() == me

            refused = await client.post("/api/closures", json=CLOSURE)
            assert (refused.status_code, refused.json()["code"]) == (403, "session.csrf")
            assert (await client.get("/api/closures")).json() == {"items": []}

            client.headers["X-CSRF-Token"] = me["csrf_token"]
            made = await client.post("/api/closures", json=CLOSURE)
            assert made.status_code == 201
            assert made.json()["road_name"] == "太榆路"

            gone = await client.delete("/api/session")
            assert gone.status_code == 204
            nobody = await client.get("/api/session")
            assert (nobody.status_code, nobody.json()) == (200, None)

    asyncio.run(run())


def test_a_crews_account_tells_which_crew_it_is(shared_world: World) -> None:
    async def run() -> None:
        for who, crew_id in (("crew", shared_world.crews["crew1"]), ("dispatcher", None), ("enterprise", None)):
            async with shared_world.client(who) as client:
                assert (await client.get("/api/session")).json()["crew_id"] == crew_id

    asyncio.run(run())


def test_a_session_ended_elsewhere_is_over_here(world: World) -> None:
    async def run() -> None:
        async with world.client("analyst") as client:
            token = client.cookies["cityops_session"]
            assert (await client.get("/api/session")).json()["username"] == "analyst"
            world.context.sessions.sign_out(token)
            assert (await client.get("/api/session")).json() is None
            answer = await client.get("/api/cases")
            assert answer.status_code == 401
            assert answer.json()["todo"]

    asyncio.run(run())


def test_an_idle_session_ends(world: World) -> None:
    async def run() -> None:
        async with world.client("analyst") as client:
            world.clock.advance(9 * 3600)
            assert (await client.get("/api/alerts")).status_code == 401

    asyncio.run(run())


def test_wrong_passwords_are_slowed_down_and_do_not_say_what_was_wrong(world: World) -> None:
    async def run() -> list[httpx.Response]:
        async with world.client() as client:
            answers = [await sign_in(client, password=f"wrong {number}") for number in range(6)]
            return [*answers, await sign_in(client), await sign_in(client, username="nobody", password="wrong")]

    *wrong, right, unknown = asyncio.run(run())
    assert [answer.status_code for answer in wrong[:5]] == [401] * 5
    assert wrong[5].status_code == 429
    assert right.status_code == 429  # even the right password has to wait
    assert unknown.status_code == 401
    assert {key: unknown.json()[key] for key in ("code", "message")} == {
        key: wrong[0].json()[key] for key in ("code", "message")
    }


@pytest.mark.parametrize("body", [{}, {"username": "", "password": "x"}, {"username": "x" * 65, "password": "x"}, []])
def test_an_incomplete_sign_in_names_the_field(shared_world: World, body: Any) -> None:
    async def run() -> httpx.Response:
        async with shared_world.client() as client:
            return await client.post("/api/session", json=body)

    answer = asyncio.run(run())
    assert answer.status_code == 400
    assert answer.json()["fields"]


def test_another_site_cannot_act(shared_world: World) -> None:
    async def run() -> list[httpx.Response]:
        headers = {"Sec-Fetch-Site": "cross-site"}
        async with shared_world.client("dispatcher") as client:
            signed = await client.post("/api/closures", json=CLOSURE, headers=headers)
            fresh = await client.post("/api/session", json={"username": "a", "password": "b"}, headers=headers)
            form = await client.post("/api/session", content=b"username=a", headers={"Content-Type": "text/plain"})
            return [signed, fresh, form]

    signed, fresh, form = asyncio.run(run())
    assert (signed.status_code, signed.json()["code"]) == (403, "session.site")
    assert (fresh.status_code, fresh.json()["code"]) == (403, "session.site")
    assert form.status_code == 400


def test_behind_https_the_cookie_is_secure(world: World) -> None:
    from dataclasses import replace

    secured = replace(world.context, settings=ApiSettings(version="0.1.0", secure_cookies=True))

    async def run() -> httpx.Response:
        async with world.client(app=create_app(secured)) as client:
            return await sign_in(client)

    answer = asyncio.run(run())
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_the_product_shows_demo_accounts_only_in_the_demo(world: World) -> None:
    from dataclasses import replace

    plain = create_app(replace(world.context, settings=ApiSettings(version="0.1.0")))

    async def run() -> tuple[Any, Any]:
        async with world.client() as demo, world.client(app=plain) as real:
            return (await demo.get("/api/product")).json(), (await real.get("/api/product")).json()

    demo, real = asyncio.run(run())
    assert [one["username"] for one in demo["demo_accounts"]] == ["dispatcher"]
    assert real["demo_accounts"] == []
    assert demo["city"] == "测试城"
    assert demo["now"] == "2026-05-12T23:41:05+08:00"


def test_people_of_units_get_the_scenes_that_hold_something_for_their_unit(world: World) -> None:
    cards = [
        SceneCard("canteens", Text("学校食堂", "School canteens"), ("canteen",)),
        SceneCard("key_vehicles", Text("重点车辆", "Key vehicles"), ()),
        SceneCard("urban_management", Text("城市管理", "Urban management"), ()),
    ]
    services = replace(world.context, scenes=cards)
    every = [card.name for card in cards]

    def scenes_of(*usernames: str) -> dict[str, list[str]]:
        return {name: own_scenes(services, world.people[name]) for name in usernames}

    # Nothing yet for a new unit. Who works the whole city or an area has every scene.
    assert scenes_of("unit", "crew", "dispatcher") == {"unit": [], "crew": [], "dispatcher": every}
    world.context.registers.create(
        SYSTEM, register="canteen", code="C-001", title="食堂", data={"mode": "own"}, unit_id=world.units["alpha"]
    )
    # An enterprise does not read this register; its unit's case does count, for the whole unit and for no other.
    assert scenes_of("unit", "handler", "enterprise") == {
        "unit": ["canteens"],
        "handler": ["canteens"],
        "enterprise": [],
    }
    world.open_case(world.raise_alert("晋A11111"))
    assert scenes_of("unit", "handler", "enterprise", "enterprise2", "collector", "district2") == {
        "unit": ["canteens", "key_vehicles"],
        "handler": ["canteens", "key_vehicles"],
        "enterprise": ["key_vehicles"],
        "enterprise2": [],
        "collector": every,
        "district2": every,
    }
    # A supervising unit; a scene that is off is not there, and who has no unit does not own nobody's objects.
    data = {"mode": "own"}
    world.context.registers.create(
        SYSTEM, register="canteen", code="C-002", title="二", data=data, supervisor_id=world.units["beta"]
    )
    beta = replace(world.people["unit"], unit_id=world.units["beta"])
    assert own_scenes(services, beta) == ["canteens"]
    assert own_scenes(replace(services, scenes=cards[1:]), beta) == []
    assert own_scenes(services, replace(beta, unit_id=None)) == []
