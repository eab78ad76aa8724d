"""Inspections over HTTP: what a phone keeps, what it sends, what the desk reads, and what is printed."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.api.world import NOW, WEST, World
from tests.inspections.conftest import photo

from cityops.access import SYSTEM

AT = NOW.isoformat()


@pytest.fixture
def canteen(world: World) -> str:
    made = world.context.registers.create(
        SYSTEM, register="canteen", code="C-001", title="一中食堂", unit_id=world.units["alpha"],
        supervisor_id=world.units["police"], area_code=WEST, lon=112.52, lat=37.70, data={"mode": "own"},
    )  # fmt: skip
    return made.id


def new(canteen: str, evidence: list[str], **changes: Any) -> dict[str, Any]:
    failed = {"no": "1.2", "result": "failed", "words": "有<缺>口", "evidence": [0]}
    items = [{"no": "1.1", "result": "left_out", "words": "停水"}, failed]
    values = {
        "client_id": "phone-0001", "scene": "canteens", "plan": "monthly", "object_id": canteen, "started_at": AT,
        "finished_at": AT, "checklist_version": 0, "items": items, "evidence_ids": evidence,
    }  # fmt: skip
    return {**values, **changes}


async def upload(client: httpx.AsyncClient, name: str, colour: str) -> str:
    query = {"client_id": name, "role": "before", "name": "photo.jpg"}
    return str((await client.post("/api/evidence", params=query, content=photo(colour))).json()["evidence_id"])


def test_an_inspection_from_the_phone_to_the_printed_page(world: World, canteen: str) -> None:
    async def run() -> None:
        async with world.client("district") as phone, world.client("dispatcher") as desk:
            kept = (await phone.get("/api/inspections/bundle", params={"lon": 112.5, "lat": 37.7})).json()
            assert [(one["code"], one["state"]) for one in kept["items"]] == [("C-001", "pending")]
            assert [one["no"] for one in kept["checklists"][0]["items"]] == ["1.1", "1.2"]
            ids = [await upload(phone, "upload-0001", "red"), await upload(phone, "upload-0002", "blue")]
            body = new(canteen, ids)
            made = await phone.post("/api/inspections", json=body)
            assert made.status_code == 201
            again = await phone.post("/api/inspections", json=body)
            assert again.json() == made.json()
            read = (await desk.get(f"/api/inspections/{made.json()['inspection_id']}")).json()
            assert [(one["no"], one["result"]) for one in read["items"]] == [("1.1", "left_out"), ("1.2", "failed")]
            attached = [(one["evidence_id"], one["item_no"]) for one in read["attachments"]]
            assert attached == [(ids[0], "1.2"), (ids[1], None)]
            assert [one["grade"] for one in read["hazards"]] == ["general"]
            shown = await desk.get(f"/api/attachments/{ids[1]}/thumbnail")
            assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
            page = (await desk.get(f"/api/inspections/{made.json()['inspection_id']}/print")).text
            assert "有&lt;缺&gt;口" in page
            assert "未检" in page
            found = (await desk.get("/api/hazards", params={"late": False})).json()
            assert [one["object_code"] for one in found["items"]] == ["C-001"]
            due = (await desk.get("/api/inspections/due", params={"state": ["done", "overdue"]})).json()
            assert [one["last_at"] for one in due["items"]] == [AT]
            plan = {"scene": "canteens", "plan": "monthly"}
            covered = (await desk.get("/api/inspections/coverage", params=plan)).json()["items"]
            told = [(one["area_name"], one["due"], one["failed"], one["left_out"]) for one in covered]
            assert told == [("小店区", 1, 1, 1)]

    asyncio.run(run())


def test_what_is_refused(world: World, canteen: str) -> None:
    async def run() -> None:
        async with world.client("district") as phone, world.client("district2") as other:
            for body, code in (
                (new(canteen, []), "inspection.evidence"),
                (new(canteen, [], items=[]), "inspection.invalid"),
                (new(canteen, [], items=[], plan="daily"), "inspection.no_plan"),
                (new(canteen, [], client_id="x"), "invalid.fields"),
            ):
                assert (await phone.post("/api/inspections", json=body)).json()["code"] == code
            assert (await other.post("/api/inspections", json=new(canteen, [], items=[]))).status_code == 404
            assert (await other.get(f"/api/objects/{canteen}/attachments")).status_code == 404

    asyncio.run(run())


def test_a_checklist_is_published_like_every_rule_table(world: World) -> None:
    async def run() -> None:
        async with world.client("administrator") as admin:
            tables = {one["name"]: one for one in (await admin.get("/api/rules")).json()["items"]}
            assert tables["checklist:canteen"]["rows"] == 2
            assert "school_calendar" in tables
            sheet = (await admin.get("/api/rules/checklist:canteen/sheet.xlsx")).content
            query: dict[str, str | int] = {"note": "原样发布", "expected_version": 0}
            done = await admin.post("/api/rules/checklist:canteen/versions", params=query, content=sheet)
            assert (done.status_code, done.json()["version"]) == (201, 1)
            now = (await admin.get("/api/inspections/checklists/canteen")).json()
            assert (now["version"], [one["no"] for one in now["items"]]) == (1, ["1.1", "1.2"])
            before = (await admin.get("/api/inspections/checklists/canteen", params={"version": 0})).json()
            assert before["items"] == now["items"]

    asyncio.run(run())
