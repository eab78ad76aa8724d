"""Tip-offs over HTTP, from the words to the reward; and that nothing stored leads to the person who sent one."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.api.serving import PATIENCE_S, serving
from tests.api.test_public import picture
from tests.api.world import LAT, World

from cityops.access import SYSTEM, AuditFilter, list_audit, verify_audit
from cityops.cases.evidence import EvidenceRole, NewEvidence
from cityops.kit import SHANGHAI, to_ms

WORDS = "地下室堆放大量易燃物，通道被堵"
TIP_OFF = {"matter": "fire", "description": WORDS, "address": "某市场地下一层", "lon": 112.52, "lat": LAT}
ADDRESS = "203.0.113.77"
AT = datetime(2026, 5, 12, 23, 41, 5, tzinfo=SHANGHAI)
"""When the world's clock stands: the person sends it then, from ``ADDRESS``."""


def sender(world: World) -> httpx.AsyncClient:
    """A browser of somebody who is not signed in, at an address of its own."""
    transport = httpx.ASGITransport(world.app, client=(ADDRESS, 40_777))
    headers = {"User-Agent": "SecretBrowser/1.0", "Cookie": "tracker=SecretCookie"}
    return httpx.AsyncClient(transport=transport, base_url="http://city.test", headers=headers)


async def send(world: World) -> str:
    """Words and two photos; returns the code."""
    async with sender(world) as person:
        answer = await person.post("/api/public/tip-offs", json=TIP_OFF)
        assert answer.status_code == 201, answer.text
        assert "set-cookie" not in answer.headers
        code = str(answer.json()["code"])
        for gps in (True, False):
            kept = await person.post(
                "/api/public/tip-offs/photos", content=picture(gps=gps), headers={"X-Tip-Off-Code": code}
            )
            assert kept.status_code == 201, kept.text
        await person.post("/api/public/tip-offs/follow", json={"code": code})
        wrong = await person.post("/api/public/tip-offs/follow", json={"code": "1" * 20})
        assert wrong.status_code == 404
    return code


def test_from_the_words_to_the_reward(world: World) -> None:
    async def run() -> None:
        code = await send(world)
        async with world.client("acceptor") as acceptor:
            assert (await acceptor.get("/api/tip-offs")).status_code == 403
        async with world.client("shift_leader") as leader, sender(world) as person:
            (row,) = (await leader.get("/api/tip-offs")).json()["items"]
            assert (row["day"], row["matter_name"]["en"], row["description"]) == ("2026-05-12", "Fire hazard", WORDS)
            tip_off = f"/api/tip-offs/{row['tip_off_id']}"
            assert len((await leader.get(tip_off)).json()["photos"]) == 1  # both photos show the same: kept once
            filed = await leader.post(f"{tip_off}/filing", json={"matter": "GB/T 47678.5-2026/matter/06013"})
            assert filed.status_code == 200, filed.text
            case = (await leader.get(f"/api/cases/{filed.json()['case_id']}")).json()
            assert case["description"] == WORDS
            early = await leader.post("/api/tip-offs/counter/payment", json={"code": code})
            assert early.status_code == 409
            decision = {"state": "confirmed", "answer": "情况属实，奖励 500 元", "reward_fen": 50_000}
            decided = await leader.post(f"{tip_off}/decision", json=decision)
            assert decided.json()["reward_state"] == "granted"
            seen = (await person.post("/api/public/tip-offs/follow", json={"code": code.lower()})).json()
            assert (seen["answer"], seen["reward_fen"]) == ("情况属实，奖励 500 元", 50_000)
            shown = (await leader.post("/api/tip-offs/counter/look-up", json={"code": code})).json()
            assert shown["reward_fen"] == 50_000
            paid = await leader.post("/api/tip-offs/counter/payment", json={"code": code})
            assert paid.json()["reward_state"] == "paid"
            assert (await leader.post("/api/tip-offs/counter/payment", json={"code": code})).status_code == 409

    asyncio.run(run())
    with world.context.store.read() as conn:
        assert verify_audit(conn).ok
        lines = list_audit(conn, world.people["auditor"], AuditFilter(object_type="tip_off")).items
    assert {(line.action, line.actor_name) for line in lines} == {
        ("tip_off.file", "shift_leader"),
        ("tip_off.decide", "shift_leader"),
        ("tip_off.pay", "shift_leader"),
    }


def dump(folder: Path) -> list[str]:
    """Every row of every table."""
    with contextlib.closing(sqlite3.connect(folder / "cityops.db")) as database:
        return list(database.iterdump())


def moments(text: str) -> Iterator[int]:
    """Every number in a text that could be a moment of that day: seconds, milliseconds, or a finer count."""
    for found in re.findall(r"\d{10,19}", text):
        yield int(found) // 10 ** (len(found) - 10)


def test_nothing_stored_leads_to_the_person(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """All tables, all files with their times, and everything logged, after a tip-off with photos by a real server."""
    caplog.set_level(logging.DEBUG)
    before = set(dump(tmp_path))
    code = asyncio.run(send(world))
    with serving(world.app) as real, httpx.Client(base_url=real.url, timeout=PATIENCE_S, trust_env=False) as person:
        answer = person.post("/api/public/tip-offs", json=TIP_OFF | {"description": "第二件"})
        second = str(answer.json()["code"])
        person.post("/api/public/tip-offs/photos", content=picture(), headers={"X-Tip-Off-Code": second})
        person.post("/api/public/tip-offs/follow", json={"code": second})
    rows = [line for line in dump(tmp_path) if line not in before]
    # No event, no audit line, no session, no throttle: two tip-offs with a photo each, and nothing else in any table.
    assert sorted(re.findall(r'INSERT INTO "(\w+)"', "\n".join(rows))) == ["case_evidence"] * 2 + ["tip_off"] * 2
    assert len(rows) == 4
    midnight_s = to_ms(AT.replace(hour=0, minute=0, second=0)) // 1000
    for line in rows:
        for secret in (ADDRESS, "127.0.0.1", "SecretBrowser", "SecretCookie", "Secret Camera", "23:41"):
            assert secret not in line
        near = [moment for moment in moments(line) if abs(moment - midnight_s) < 3 * 86_400]
        assert set(near) <= {midnight_s}
    files = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert len(files) == 2  # a copy and a thumbnail; the two photos show the same
    for path in [*files, *(one.parent for one in files), tmp_path / "files" / ".partial"]:
        assert path.stat().st_mtime == midnight_s
    for path in files:
        content = path.read_bytes()
        assert b"Secret Camera" not in content
        assert b"Exif" not in content
        with Image.open(io.BytesIO(content)) as shown:
            assert dict(shown.getexif()) == {}
    own = ("httpx", "httpcore", "asyncio", "PIL")  # what the test's own client and pictures say of themselves
    told = [record.getMessage() for record in caplog.records if not record.name.startswith(own)]
    logged = "\n".join(told) + "".join(capfd.readouterr())
    for secret in (ADDRESS, "127.0.0.1", code, second, WORDS, "SecretBrowser", "tip-offs"):
        assert secret not in logged


def test_a_photo_without_a_camera_and_a_film(world: World) -> None:
    async def run() -> None:
        async with sender(world) as person:
            code = (await person.post("/api/public/tip-offs", json=TIP_OFF)).json()["code"]
            headers = {"X-Tip-Off-Code": code}
            film = await person.post(
                "/api/public/tip-offs/photos", content=b"%PDF-1.7\n1 0 obj\n%%EOF\n" * 3, headers=headers
            )
            assert film.status_code == 400
            nobody = await person.post(
                "/api/public/tip-offs/photos", content=picture(), headers={"X-Tip-Off-Code": "2" * 20}
            )
            assert nobody.status_code == 404

    asyncio.run(run())


@pytest.mark.parametrize(
    "changes",
    [{"matter": "none"}, {"description": " "}, {"description": "x" * 4001}, {"lat": None}, {"name": "王女士"}],
)
def test_what_is_refused(world: World, changes: dict[str, Any]) -> None:
    """A name is refused too: there is no field in which one could be left by mistake."""

    async def run() -> None:
        async with sender(world) as person:
            answer = await person.post("/api/public/tip-offs", json=TIP_OFF | changes)
            assert answer.status_code == 400, answer.text

    asyncio.run(run())


def test_a_flood_of_tip_offs_passes_and_leaves_no_trace(world: World) -> None:
    async def run() -> list[int]:
        async with sender(world) as person:
            answers = [await person.post("/api/public/tip-offs", json=TIP_OFF) for _ in range(8)]
            world.clock.advance(60)
            answers.append(await person.post("/api/public/tip-offs", json=TIP_OFF))
            return [one.status_code for one in answers]

    assert asyncio.run(run()) == [201] * 6 + [429] * 2 + [201]
    world.clock.advance(361)
    assert world.app.state.parts.door.visits["tip_off"].remembered() == 0


def test_the_queue_of_tip_offs_overfills_loudly_and_recovers(world: World) -> None:
    tip_offs = world.context.tip_offs
    tip_offs._waiting_max = 2

    async def run() -> None:
        async with sender(world) as person, world.client("shift_leader") as desk:
            codes = [await person.post("/api/public/tip-offs", json=TIP_OFF) for _ in range(3)]
            assert [one.status_code for one in codes] == [201, 201, 429]
            assert codes[-1].json()["code"] == "tip_off.full"
            (first, _) = (await desk.get("/api/tip-offs")).json()["items"]
            decision = {"state": "checking", "answer": "在查"}
            await desk.post(f"/api/tip-offs/{first['tip_off_id']}/decision", json=decision)
            assert (await person.post("/api/public/tip-offs", json=TIP_OFF)).status_code == 201

    asyncio.run(run())
    assert tip_offs.waiting() == (2, 2)


def test_after_midnight_not_even_the_disk_tells_the_hour(world: World, tmp_path: Path) -> None:
    """Rows and files are made anew: their order and inode say when that was done, no longer when the person came."""
    evidence, acceptor = world.context.evidence, world.people["acceptor"]
    own = evidence.add(acceptor, NewEvidence("before-the-tip", EvidenceRole.REPORT), [picture()])
    code = asyncio.run(send(world))
    later = evidence.add(acceptor, NewEvidence("after-the-tip", EvidenceRole.REPORT), [picture() + b"0"])
    tip_offs, path = world.context.tip_offs, tmp_path / "cityops.db"
    (before,) = evidence.of_report(SYSTEM, tip_offs.follow(code).id)
    file = tmp_path / "files" / before.sha256[:2] / before.sha256
    kept = file.read_bytes(), file.stat().st_ino, file.stat().st_mtime

    def order() -> list[str]:
        with contextlib.closing(sqlite3.connect(path)) as database:
            return [str(row[0]) for row in database.execute("SELECT id FROM case_evidence ORDER BY rowid")]

    assert order() == [own.id, before.id, later.id]
    assert tip_offs.settle(evidence.renew_tip_off) == 0  # the day is not over
    world.clock.advance(3600)
    assert tip_offs.settle(evidence.renew_tip_off) == 1
    assert order() == [own.id, later.id, before.id]
    assert evidence.of_report(SYSTEM, tip_offs.follow(code).id) == [before]
    assert (file.read_bytes(), file.stat().st_mtime) == (kept[0], kept[2])
    assert file.stat().st_ino != kept[1]
    assert tip_offs.settle(evidence.renew_tip_off) == 0
