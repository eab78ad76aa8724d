"""Whatever is sent, the answer is well-formed and never a 5xx."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from cityops.cases.reports import CaseReports, ReportDesk
from cityops.gateways.open311 import Open311Counters, Open311Settings, open311_app
from cityops.kit import ManualClock

from .client import FORM, Client
from .conftest import open_doors

KEY = f"api_key={Client(0).key}"
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
NAMES = st.sampled_from(
    [
        "service_code", "lat", "long", "address_string", "address_id", "description", "media_url", "phone", "email",
        "jurisdiction_id", "attribute[POLE]", "attribute[FAULT][]", "attribute[", "start_date", "end_date", "status",
        "service_request_id", "first_name",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            "ice",
            "lamp",
            "noise",
            "hazard",
            "37.87",
            "112.55",
            "1e999",
            "-0",
            "nan",
            "open",
            "closed",
            "dark",
            "city.example",
        ]
    ),
    st.sampled_from(["2026-11-22T09:00:00+08:00", "0001-01-01T00:00:00Z", "2026-11-22T09:00:00 08:00", "2026-W01"]),
    st.text(max_size=60),
)


def app(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> Starlette:
    settings = Open311Settings("https://city.example", "city.example", "c", "k", "2026-01-01T00:00:00Z")
    return open311_app(reports, desk, settings, clock, doors=open_doors(clock), counters=Open311Counters())


def send(made: Starlette, method: str, path: str, body: bytes = b"", content_type: str = FORM) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=made)
        async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as client:
            return await client.request(method, path, content=body, headers={"Content-Type": content_type})

    return asyncio.run(once())


def check(response: httpx.Response) -> None:
    assert response.status_code in (200, 400, 403, 404)
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(response.content)
    assert (root.tag == "errors") == (response.status_code != 200)


@QUICK
@given(st.binary(max_size=400), st.sampled_from([FORM, "text/plain", "multipart/form-data; boundary=x", ""]))
def test_random_bytes_as_a_form(
    reports: CaseReports, desk: ReportDesk, clock: ManualClock, body: bytes, content_type: str
) -> None:
    check(send(app(reports, desk, clock), "POST", "/requests.xml", body, content_type))
    check(send(app(reports, desk, clock), "POST", "/requests.xml", KEY.encode() + b"&" + body))


@QUICK
@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_random_forms_and_queries(
    reports: CaseReports, desk: ReportDesk, clock: ManualClock, fields: list[tuple[str, str]]
) -> None:
    form = urlencode([("api_key", Client(0).key), *fields], errors="replace")
    check(send(app(reports, desk, clock), "POST", "/requests.xml", form.encode()))
    query = urlencode(fields, errors="replace")
    check(send(app(reports, desk, clock), "GET", f"/requests.xml?{query}"))
    check(send(app(reports, desk, clock), "GET", f"/servicerequestupdates.xml?{query}"))
    check(send(app(reports, desk, clock), "POST", "/servicerequestupdates.xml", form.encode()))


@QUICK
@given(st.sampled_from(["services", "requests", "tokens"]), st.text(min_size=1, max_size=40))
def test_random_paths(reports: CaseReports, desk: ReportDesk, clock: ManualClock, part: str, name: str) -> None:
    path = urlencode({"": name}, errors="replace")[1:]
    check(send(app(reports, desk, clock), "GET", f"/{part}/{path}.xml"))
