"""Evidence over a real server: streamed in, kept once, shown as copies, refused in words, in scope."""

from __future__ import annotations

import hashlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select
from tests.api.serving import PATIENCE_S, Serving, serving, wait_for
from tests.api.world import World
from tests.cases.evidence.conftest import EXECUTABLE, docx, film, photo, wav

from cityops.access import SYSTEM, list_audit
from cityops.cases.evidence import EvidenceLimits, Kind, evidence_table

MIB = 1024 * 1024


@pytest.fixture
def server(world: World) -> Iterator[Serving]:
    with serving(world.app) as running:
        yield running


def client(server: Serving, world: World, who: str) -> httpx.Client:
    token, csrf = world.credentials(who)
    headers = {"X-CSRF-Token": csrf, "Cookie": f"cityops_session={token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S, trust_env=False)


def put(http: httpx.Client, content: Any, client_id: str = "phone-0001", **more: Any) -> httpx.Response:
    return http.post("/api/evidence", params={"client_id": client_id, "role": "report", **more}, content=content)


def rows(world: World) -> int:
    with world.context.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(evidence_table)).scalar_one())


def a_case(world: World) -> str:
    return world.open_case(world.raise_alert("晋A11111")).case_id


def test_a_photo_is_kept_bit_by_bit_and_shown_as_a_copy_without_exif(server: Serving, world: World) -> None:
    content = photo(640, 480, taken="2026:05:12 08:30:00", offset="+08:00", gps=True)
    case_id = a_case(world)
    with client(server, world, "acceptor") as http:
        answer = put(http, content, role="before", case_id=case_id, name="../井盖.HEIC", lon=112.6, lat=37.9)
        assert answer.status_code == 201, answer.text
        item = answer.json()
        assert item["sha256"] == hashlib.sha256(content).hexdigest()
        assert (item["kind"], item["media_type"], item["name"]) == ("photo", "image/jpeg", "井盖.jpg")
        assert (item["width"], item["height"], item["size_bytes"]) == (640, 480, len(content))
        assert item["taken_at"] == "2026-05-12T08:30:00+08:00"
        # 37 deg 52 min 12 s = 37.87, 112 deg 33 min 18 s = 112.555: the camera's own position wins over the phone's.
        assert (item["lon"], item["lat"]) == (pytest.approx(112.555), pytest.approx(37.87))
        assert item["position_source"] == "exif"
        original = http.get(f"/api/evidence/{item['evidence_id']}/original")
        assert original.content == content
        assert original.headers["content-disposition"].startswith("attachment")
        assert original.headers["cache-control"] == "private, no-store"
        for rendition, size in (("view", (640, 480)), ("thumbnail", (320, 240))):
            shown = http.get(f"/api/evidence/{item['evidence_id']}/{rendition}")
            picture = Image.open(io.BytesIO(shown.content))
            assert (picture.size, dict(picture.getexif())) == (size, {})
            assert b"Secret Camera Maker" not in shown.content
            assert shown.headers["content-type"] == "image/jpeg"
            assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
            assert shown.headers["x-content-type-options"] == "nosniff"
            assert shown.headers["content-disposition"].startswith("inline")


def test_the_original_photo_is_for_the_desk_the_auditor_and_who_took_it(server: Serving, world: World) -> None:
    case_id = a_case(world)
    with client(server, world, "enterprise") as http:
        item = put(http, photo(), case_id=case_id).json()["evidence_id"]
    seen = {}
    for who in ("acceptor", "auditor", "enterprise", "district", "analyst", "enterprise2", "district2"):
        with client(server, world, who) as http:
            seen[who] = (http.get(f"/api/evidence/{item}/view"), http.get(f"/api/evidence/{item}/original"))
    codes = {who: (view.status_code, original.status_code) for who, (view, original) in seen.items()}
    assert codes == {
        "acceptor": (200, 200),
        "auditor": (200, 200),
        "enterprise": (200, 200),
        "district": (200, 403),
        "analyst": (200, 403),
        "enterprise2": (404, 404),
        "district2": (404, 404),
    }
    assert seen["district"][1].json()["code"] == "evidence.original"
    with world.context.store.read() as conn:
        audit = [row.actor_name for row in list_audit(conn, SYSTEM).items if row.action == "evidence.original"]
    assert sorted(audit) == ["acceptor", "auditor", "enterprise"]


def test_before_and_after_stand_as_a_pair(server: Serving, world: World) -> None:
    case_id = a_case(world)
    with client(server, world, "acceptor") as http:
        before = put(http, photo(80, 40), "pair-before", role="before", case_id=case_id).json()["evidence_id"]
        after = put(http, photo(40, 80), "pair-after1", role="after", case_id=case_id, before_id=before).json()
        put(http, docx(), "pair-paper1", role="document", case_id=case_id)
        listed = http.get(f"/api/cases/{case_id}/evidence").json()
    assert [item["role"] for item in listed["items"]] == ["before", "after", "document"]
    assert listed["pairs"] == [{"before_id": before, "after_id": after["evidence_id"]}]
    with client(server, world, "enterprise2") as http:
        assert http.get(f"/api/cases/{case_id}/evidence").status_code == 404


def test_a_part_of_a_film_can_be_asked_for(server: Serving, world: World) -> None:
    content = film()
    with client(server, world, "collector") as http:
        item = put(http, content).json()["evidence_id"]
        part = http.get(f"/api/evidence/{item}/original", headers={"Range": "bytes=10-19", "Accept-Encoding": "gzip"})
    assert part.status_code == 206
    assert part.content == content[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert part.headers["content-type"] == "video/mp4"


def test_what_was_sent_before_filing_can_be_taken_back_until_it_is_filed(server: Serving, world: World) -> None:
    case_id = a_case(world)
    with client(server, world, "collector") as http, client(server, world, "enterprise") as other:
        first, second = (put(http, photo(20, 20 + n), f"free-00{n}1").json()["evidence_id"] for n in range(2))
        assert other.delete(f"/api/evidence/{first}").status_code == 404
        assert http.delete(f"/api/evidence/{first}").status_code == 204
        assert http.get(f"/api/evidence/{first}/view").status_code == 404
        collector = world.people["collector"]
        world.context.store.write(lambda conn: world.context.evidence.attach(conn, collector, [second], case_id))
        refused = http.delete(f"/api/evidence/{second}")
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence.filed")
    assert rows(world) == 1


def test_the_same_upload_again_is_the_same_item(server: Serving, world: World) -> None:
    with client(server, world, "collector") as http:
        first, again = put(http, photo()), put(http, photo())
        other = put(http, photo(10, 10))
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "evidence.client_id")
    assert rows(world) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (EXECUTABLE, "evidence.type"),
        (b"<html>" + bytes(9000), "evidence.type"),
        (photo()[:-200], "evidence.damaged"),
        (b"", "evidence.damaged"),
    ],
)
def test_what_is_no_evidence_is_refused_in_words(server: Serving, world: World, content: bytes, code: str) -> None:
    with client(server, world, "collector") as http:
        answer = put(http, content)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["kept"] == "文件没有保存"
    assert rows(world) == 0


def test_a_photo_over_its_bound_is_refused_while_it_is_still_coming(server: Serving, world: World) -> None:
    bound = EvidenceLimits().bytes_max[Kind.PHOTO]
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield photo()
        while sent < 2 * bound:
            sent += MIB
            yield bytes(MIB)

    with client(server, world, "collector") as http:
        answer = put(http, endless())
        after = put(http, photo(), "phone-0002")
    assert (answer.status_code, answer.json()["code"]) == (400, "evidence.too_long")
    assert "30 MiB" in answer.json()["message"]
    assert after.status_code == 201
    assert rows(world) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "selfie"), ("client_id", "x y"), ("lon", "181"), ("taken_at", "yesterday"), ("x", "1")],
)
def test_a_wrong_field_is_named(server: Serving, world: World, field: str, value: str) -> None:
    with client(server, world, "collector") as http:
        answer = put(http, photo(), **{"client_id": "phone-0001", field: value})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["fields"]] == [field]


def test_a_phone_that_dies_in_the_middle_leaves_nothing_and_sends_again(
    server: Serving, world: World, tmp_path: Path
) -> None:
    content = photo(900, 900)
    uploads = world.app.state.parts.uploads
    token, csrf = world.credentials("collector")
    with socket.create_connection(("127.0.0.1", server.port)) as phone:
        head = (
            "POST /api/evidence?client_id=phone-0001&role=report HTTP/1.1\r\nHost: city.test\r\n"
            f"X-CSRF-Token: {csrf}\r\nCookie: cityops_session={token}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        phone.sendall(head.encode() + content[: len(content) // 2])
        wait_for(lambda: uploads.size_bytes >= len(content) // 2, "the first half to arrive")
        assert uploads.under_way == 1
    wait_for(lambda: uploads.results["broken"] == 1, "the upload to be given up")
    assert (rows(world), uploads.under_way) == (0, 0)
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    with client(server, world, "collector") as http:
        assert put(http, content).status_code == 201
        assert put(http, content).status_code == 201
    assert rows(world) == 1


def test_more_uploads_at_once_than_the_bound_are_refused_and_counted(server: Serving, world: World) -> None:
    uploads = world.app.state.parts.uploads
    uploads.at_once = 0
    with client(server, world, "collector") as http:
        busy = put(http, photo())
        uploads.at_once = 1
        kept = put(http, wav(), "phone-0002")
        counters = http.get("/metrics", headers={"Authorization": "Bearer metrics secret"}).text
    assert (busy.status_code, busy.json()["code"], kept.status_code) == (429, "upload.busy", 201)
    assert 'cityops_uploads_total{result="busy"} 1\n' in counters
    assert 'cityops_uploads_total{result="kept"} 1\n' in counters
    assert f"cityops_upload_bytes_total {len(wav())}\n" in counters
    assert "cityops_uploads_under_way 0\n" in counters


def test_without_a_session_or_its_token_nothing_is_read(server: Serving, world: World) -> None:
    token, _ = world.credentials("collector")
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S, trust_env=False) as http:
        assert put(http, photo()).status_code == 401
        http.headers["Cookie"] = f"cityops_session={token}"
        assert put(http, photo()).json()["code"] == "session.csrf"
    assert rows(world) == 0
