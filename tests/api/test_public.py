"""The public side over HTTP: report, follow, not fixed, rate, the map, the desk, and what everybody may not see."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from PIL import Image
from sqlalchemy import func, select
from tests.api.world import LAT, World

from cityops.access import AuditFilter, list_audit
from cityops.api import openapi_document
from cityops.api.live_scope import EventScope
from cityops.cases.reports import report_table

PHONE = "13800001234"


def report(**changes: Any) -> dict[str, Any]:
    return {
        "service_code": "ice",
        "description": "三楼屋檐冰柱约一米",
        "lon": 112.5312345,
        "lat": LAT,
        "address": "太榆路 3 号",
        "name": "王女士",
        "phone": PHONE,
        "client_id": "f3c1a0b2-5d6e-4f70-8a91-b2c3d4e5f607",
    } | changes


def picture(*, gps: bool = True) -> bytes:
    """A photo as a telephone takes it: with camera, time and position."""
    exif = Image.Exif()
    exif[271], exif[306] = "Secret Camera", "2026:05:12 23:40:00"
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 42.0, 0.0), 3: "E", 4: (112.0, 31.0, 52.0)})
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 140, 200)).save(kept, "JPEG", exif=exif)
    return kept.getvalue()


def walk(world: World, steps: Callable[[httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]) -> None:
    """A resident who is not signed in, and the acceptor."""

    async def run() -> None:
        async with world.client() as resident, world.client("acceptor") as desk:
            await steps(resident, desk)

    asyncio.run(run())


async def sent(resident: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await resident.post("/api/public/reports", json=report(**changes))
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_services_and_promises(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        answer = (await resident.get("/api/public/services")).json()
        assert [one["service_code"] for one in answer["items"]] == ["ice", "lamp"]
        assert answer["items"][0]["name"] == {"zh": "冰柱积冰", "en": "Ice"}
        assert (answer["contact_days"], answer["not_fixed_days"], answer["photos_max"]) == (90, 15, 5)
        place = (await resident.get("/api/public/place", params={"lon": 112.52, "lat": LAT})).json()
        assert place == {
            "inside": True,
            "district_name": "小店区",
            "street_name": "",
            "community_name": "",
            "road_name": "太榆路",
        }
        away = (await resident.get("/api/public/place", params={"lon": 116.4, "lat": 39.9})).json()
        assert away["inside"] is False

    walk(world, steps)


def test_from_the_phone_to_the_case_and_back(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        receipt = await sent(resident)
        code, report_id = receipt["code"], receipt["report_id"]
        headers = {"X-Report-Code": code}
        for _ in range(2):  # the answer to the first was lost
            kept = await resident.post(
                "/api/public/reports/photos", params={"client_id": "photo-0001"}, content=picture(), headers=headers
            )
            assert (kept.status_code, kept.json()) == (201, {"photos": 1})

        inbox = (await desk.get("/api/reports")).json()
        assert [one["report_id"] for one in inbox["items"]] == [report_id]
        assert inbox["items"][0]["matter"] == "GB/T 47678.5-2026/matter/10001"
        full = (await desk.get(f"/api/reports/{report_id}")).json()
        assert PHONE not in str(full)
        assert [photo["kind"] for photo in full["photos"]] == ["photo"]
        shown = await desk.get(f"/api/evidence/{full['photos'][0]['evidence_id']}/view")
        assert b"Secret Camera" not in shown.content
        assert (await desk.post(f"/api/reports/{report_id}/contact", json={"purpose": "核实位置"})).json() == {
            "name": "王女士",
            "phone": PHONE,
            "email": None,
        }
        filed = await desk.post(f"/api/reports/{report_id}/filing", json={"matter": inbox["items"][0]["matter"]})
        assert filed.status_code == 200, filed.text
        assert filed.json()["joined"] is False
        case_id = filed.json()["case_id"]
        again = await desk.post(f"/api/reports/{report_id}/filing", json={"matter": inbox["items"][0]["matter"]})
        assert again.json() == filed.json()  # a second click
        case = (await desk.get(f"/api/cases/{case_id}")).json()
        assert case["matter"]["name"] == "道路积雪、结冰"
        assert PHONE not in str(case)
        evidence = (await desk.get(f"/api/cases/{case_id}/evidence")).json()
        assert len(evidence["items"]) == 1
        followed = (await resident.post("/api/public/reports/follow", json={"code": code.lower()})).json()
        assert (followed["state"], followed["photos"]) == ("filed", 1)
        assert followed["updates"][-1]["text"]["en"] == "filed, being handled"
        assert resident.cookies.jar._cookies == {}  # type: ignore[attr-defined]

    walk(world, steps)
    with world.context.store.read() as conn:
        lines = list_audit(conn, world.people["auditor"], AuditFilter(action="report.contact")).items
    assert [(line.actor_name, line.purpose) for line in lines] == [("acceptor", "核实位置")]


def test_refused_then_not_fixed_then_rated(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        receipt = await sent(resident)
        code, report_id = receipt["code"], receipt["report_id"]
        early = await resident.post("/api/public/reports/rating", json={"code": code, "stars": 5})
        assert early.status_code == 409
        await desk.post(f"/api/reports/{report_id}/refusal", json={"answer": "已由物业清除"})
        followed = (await resident.post("/api/public/reports/follow", json={"code": code})).json()
        assert (followed["state"], followed["may_say_not_fixed"], followed["may_rate"]) == ("refused", True, False)
        assert followed["not_fixed_until"] == "2026-05-27T23:41:05+08:00"  # 15 days
        said = await resident.post("/api/public/reports/not-fixed", json={"code": code, "words": "还有两根"})
        assert said.json()["state"] == "not_fixed"
        assert said.json()["updates"][-1]["own"] is True
        inbox = (await desk.get("/api/reports", params={"state": "not_fixed"})).json()
        assert [one["not_fixed_count"] for one in inbox["items"]] == [1]
        wrong = await resident.post("/api/public/reports/follow", json={"code": "0" * 20})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "report.code")

    walk(world, steps)


def test_joined_to_an_open_case(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        first, second = await sent(resident), await sent(resident, client_id="another-phone-0002", lon=None, lat=None)
        matter = {"matter": "GB/T 47678.5-2026/matter/10001"}
        case = (await desk.post(f"/api/reports/{first['report_id']}/filing", json=matter)).json()
        nowhere = await desk.post(f"/api/reports/{second['report_id']}/filing", json=matter)
        assert (nowhere.status_code, nowhere.json()["code"]) == (400, "report.no_place")
        place = {"lon": 112.5312, "lat": LAT, "join_case_id": case["case_id"]}
        joined = (await desk.post(f"/api/reports/{second['report_id']}/filing", json=matter | place)).json()
        assert joined == case | {"joined": True}
        for code in (first["code"], second["code"]):
            followed = (await resident.post("/api/public/reports/follow", json={"code": code})).json()
            assert followed["state"] == "filed"

    walk(world, steps)


def test_the_map_shows_published_reports_only(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        quiet = await sent(resident)
        lamp = await sent(resident, service_code="lamp", client_id="lamp-report-000001", description="三盏不亮")
        found = (await resident.get("/api/public/reports")).json()
        assert [one["report_id"] for one in found["items"]] == [lamp["report_id"]]
        assert PHONE not in str(found)
        await desk.post(f"/api/reports/{quiet['report_id']}/publication", json={"published": True})
        found = (await resident.get("/api/public/reports")).json()
        assert {one["report_id"] for one in found["items"]} == {quiet["report_id"], lamp["report_id"]}
        await desk.post(f"/api/reports/{quiet['report_id']}/publication", json={"published": False})
        assert len((await resident.get("/api/public/reports")).json()["items"]) == 1

    walk(world, steps)


def test_a_flood_is_held_back_by_address_and_passes(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        answers = [
            await resident.post("/api/public/reports", json=report(client_id=f"flood-from-one-{number:04}"))
            for number in range(30)
        ]
        assert [answer.status_code for answer in answers] == [201] * 20 + [429] * 10
        assert answers[-1].json()["code"] == "public.throttled"
        assert "12345" in answers[-1].json()["todo"]
        read = await resident.get("/api/public/services")
        assert read.status_code == 200  # reading is another door
        other = httpx.ASGITransport(world.app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=other, base_url="http://city.test") as neighbour:
            answer = await neighbour.post("/api/public/reports", json=report(client_id="from-another-house-1"))
            assert answer.status_code == 201
        world.clock.advance(30)
        later = [
            await resident.post("/api/public/reports", json=report(client_id=f"flood-later-{number:08}"))
            for number in range(2)
        ]
        assert [answer.status_code for answer in later] == [201, 429]
        metrics = await desk.get("/metrics", headers={"Authorization": "Bearer metrics secret"})
        assert 'cityops_public_refused_total{kind="report",reason="often"} 11' in metrics.text

    walk(world, steps)
    with world.context.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(report_table)).scalar_one() == 22


def test_the_desk_hears_of_a_report_at_once_and_nobody_else_does(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        await sent(resident)

    walk(world, steps)
    (event,) = world.context.store.events_after(0, 1000, ["report.received"])
    scope = EventScope(world.context.alerts, world.context.store)
    hearing = {name for name, person in world.people.items() if scope.hears(person, event)}
    assert hearing == {"acceptor", "dispatcher", "shift_leader"}


def test_the_openapi_document_names_open311() -> None:
    tags = {tag["name"]: tag["description"] for tag in openapi_document()["tags"]}
    assert "/open311/v2/discovery.xml" in tags["公众 Public"]


def test_bounds_and_bad_input(world: World) -> None:
    async def steps(resident: httpx.AsyncClient, desk: httpx.AsyncClient) -> None:
        for changes, status in (
            ({"description": "x" * 4001}, 400),
            ({"lon": None, "lat": None, "address": None}, 400),
            ({"lon": 116.4, "lat": 39.9}, 400),
            ({"service_code": "none"}, 404),
            ({"client_id": "short"}, 400),
            ({"answers": {"WHAT": ["x"]}}, 400),
            ({"surprise": 1}, 400),
        ):
            answer = await resident.post("/api/public/reports", json=report(**changes))
            assert answer.status_code == status, (changes, answer.text)
            assert answer.json()["message"]
        receipt = await sent(resident)
        headers = {"X-Report-Code": receipt["code"]}
        path = "/api/public/reports/photos"
        large = await resident.post(
            path, params={"client_id": "photo-0001"}, content=picture() + b"0" * (32 << 20), headers=headers
        )
        assert large.status_code in (400, 413)
        text = await resident.post(
            path, params={"client_id": "photo-0002"}, content=b"#!/bin/sh\n" * 200, headers=headers
        )
        assert text.status_code == 400
        nobody = await resident.post(
            path, params={"client_id": "photo-0003"}, content=picture(), headers={"X-Report-Code": "1" * 20}
        )
        assert nobody.status_code == 404
        for number in range(10):
            content = picture(gps=False) + bytes([number])
            kept = await resident.post(
                path, params={"client_id": f"photo-1{number:04}"}, content=content, headers=headers
            )
            assert kept.status_code == 201, kept.text
        full = await resident.post(path, params={"client_id": "photo-99999"}, content=picture(), headers=headers)
        assert (full.status_code, full.json()["code"]) == (429, "evidence.full")
        other_site = await resident.post("/api/public/reports", json=report(), headers={"Sec-Fetch-Site": "cross-site"})
        assert other_site.status_code == 403

    walk(world, steps)
