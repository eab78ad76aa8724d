from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from cityops.api import schemas
from cityops.api.metrics import HttpCounters
from cityops.api.middleware import BodyBound, Gate, RequestLimits, SecurityHeaders, content_security_policy
from cityops.api.problems import install_problems
from cityops.kit import ConflictError, Text

Send = Callable[[Any], Awaitable[None]]


def small_app(counters: HttpCounters, *, max_in_flight: int = 8, body_timeout_s: float = 5.0) -> FastAPI:
    app = FastAPI(openapi_url=None)
    install_problems(app)
    body = BodyBound(1000, body_timeout_s, body_timeout_s)
    limits = RequestLimits(in_flight=max_in_flight, body=body)
    app.add_middleware(Gate, counters=counters, limits=limits)
    app.add_middleware(SecurityHeaders, policy=content_security_policy(tianditu=False), counters=counters, secure=False)

    @app.post("/api/closures")
    def add(closure: schemas.NewClosure) -> schemas.NewClosure:
        return closure

    @app.get("/api/stale")
    def stale() -> None:
        raise ConflictError(
            "案件已被他人更新。", "Changed by somebody.", code="case.stale", kept=Text("没有保存", "not saved")
        )

    return app


async def ask(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.request(method, path, **more)


def ask_now(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    return asyncio.run(ask(app, method, path, **more))


def test_an_expected_error_is_a_problem_with_its_status() -> None:
    answer = ask_now(small_app(HttpCounters()), "GET", "/api/stale")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "code": "case.stale",
        "message": "案件已被他人更新。",
        "message_en": "Changed by somebody.",
        "kept": "没有保存",
        "kept_en": "not saved",
        "todo": None,
        "todo_en": None,
    }


@pytest.mark.parametrize(
    ("body", "field", "zh", "en"),
    [
        ({"lon": 1, "lat": 2}, "reason", "「原因」必须填写", "reason: is required"),
        ({"lon": 1, "lat": 2, "reason": ""}, "reason", "「原因」至少 1 个字符", "reason: needs at least 1 characters"),
        ({"lon": 1, "lat": 2, "reason": "雪" * 201}, "reason", "「原因」最多 200 个字符", "at most 200"),
        ({"lon": 181, "lat": 2, "reason": "x"}, "lon", "「经度」不能大于 180", "longitude: must not be above 180"),
        ({"lon": 1, "lat": -91, "reason": "x"}, "lat", "「纬度」不能小于 -90", "latitude: must not be below -90"),
        ({"lon": "east", "lat": 2, "reason": "x"}, "lon", "「经度」必须是数字", "longitude: must be a number"),
        ({"lon": 1, "lat": 2, "reason": "x", "why": 1}, "why", "「why」不是可识别的字段", "why: is not a known field"),
        (
            {"lon": 1, "lat": 2, "reason": "x", "to_at": "2026-05-01T08:00:00"},
            "to_at",
            "「结束时间」必须带时区，例如 +08:00",
            "to: needs a time zone",
        ),
        ({"lon": 1, "lat": 2, "reason": "x", "to_at": "soon"}, "to_at", "「结束时间」必须是时间", "to: must be a time"),
    ],
)
def test_a_wrong_field_is_named_in_the_users_words(body: dict[str, Any], field: str, zh: str, en: str) -> None:
    answer = ask_now(small_app(HttpCounters()), "POST", "/api/closures", json=body)
    assert answer.status_code == 400
    problem = schemas.InvalidInput.model_validate(answer.json())
    assert problem.code == "invalid.fields"
    assert [one.field for one in problem.fields] == [field]
    assert problem.fields[0].message.startswith(zh)
    assert en in problem.fields[0].message_en
    assert problem.message == problem.fields[0].message
    assert problem.kept == "没有任何数据被改动。"


def test_broken_json_is_a_problem() -> None:
    headers = {"Content-Type": "application/json"}
    answer = ask_now(small_app(HttpCounters()), "POST", "/api/closures", content=b"{", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid.fields"
    assert "不是有效的 JSON" in answer.json()["message"]


def test_a_moment_comes_back_in_shanghai() -> None:
    body = {"lon": 1, "lat": 2, "reason": "x", "from_at": "2026-05-01T00:30:00Z"}
    answer = ask_now(small_app(HttpCounters()), "POST", "/api/closures", json=body)
    assert answer.json()["from_at"] == "2026-05-01T08:30:00+08:00"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/api/nothing", 404, "route.unknown"), ("PUT", "/api/stale", 405, "route.method")],
)
def test_unknown_addresses_and_methods_are_problems(method: str, path: str, status: int, code: str) -> None:
    answer = ask_now(small_app(HttpCounters()), method, path)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_beyond_the_bound_is_refused() -> None:
    body = {"lon": 1, "lat": 2, "reason": "x" * 2000}
    counters = HttpCounters()
    answer = ask_now(small_app(counters), "POST", "/api/closures", json=body)
    assert answer.status_code == 413
    assert counters.refused_large_body == 1
    assert answer.json()["code"] == "body.too_large"
    assert answer.json()["todo_en"] == "Make it smaller and send it again."


def test_a_body_that_does_not_arrive_in_time_is_refused_and_counted() -> None:
    counters = HttpCounters()
    app = small_app(counters, body_timeout_s=0.05)
    sent: list[dict[str, Any]] = []

    async def run() -> None:
        chunks = [{"type": "http.request", "body": b'{"lon":', "more_body": True}]

        async def receive() -> dict[str, Any]:
            if chunks:
                return chunks.pop()
            await asyncio.sleep(200)
            raise AssertionError("the gate waited longer than its bound")

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json"), (b"content-length", b"500")]
        scope = {"type": "http", "method": "POST", "path": "/api/closures", "headers": headers, "query_string": b""}
        await app(scope, receive, send)

    asyncio.run(run())
    assert sent[0]["status"] == 408
    assert b"body.too_slow" in sent[1]["body"]
    assert counters.refused_slow_body == 1
    assert counters.in_flight == 0


def test_requests_beyond_the_bound_are_refused_loudly_and_counted() -> None:
    counters = HttpCounters()
    release, full, entered = asyncio.Event(), asyncio.Event(), [0]
    app = small_app(counters, max_in_flight=3)

    @app.get("/api/slow")
    async def slow() -> str:
        entered[0] += 1
        if entered[0] == 3:
            full.set()
        await release.wait()
        return "done"

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            held = [asyncio.create_task(client.get("/api/slow")) for _ in range(3)]
            await full.wait()
            refused = [await client.get("/api/slow") for _ in range(2)]
            release.set()
            return [*refused, *await asyncio.gather(*held), await client.get("/api/slow")]

    answers = asyncio.run(run())
    assert [one.status_code for one in answers] == [429, 429, 200, 200, 200, 200]
    assert answers[0].json()["code"] == "http.busy"
    assert answers[0].headers["retry-after"] == "1"
    assert counters.refused_busy == 2
    assert counters.in_flight == 0
    assert counters.responses == {429: 2, 200: 4}


def test_every_answer_carries_the_security_headers() -> None:
    answer = ask_now(small_app(HttpCounters()), "GET", "/api/stale")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["worker-src"] == "'self' blob:"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["connect-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "strict-transport-security" not in answer.headers


def test_tianditu_is_let_in_only_when_it_is_set() -> None:
    assert "tianditu" not in content_security_policy(tianditu=False)
    assert "img-src 'self' data: blob: https://*.tianditu.gov.cn;" in content_security_policy(tianditu=True)
