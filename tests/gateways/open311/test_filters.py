"""What is asked for: by state, service, day and number; updates; and that a long list is cut and said to be."""

from __future__ import annotations

import json

import pytest

from cityops.cases.reports import ReportDesk, report_table
from cityops.kit import ManualClock
from cityops.store import Store

from .client import Client
from .conftest import ACCEPTOR, stored


def test_filters(client: Client, desk: ReportDesk, clock: ManualClock) -> None:
    old = client.report()
    clock.advance(80 * 86400)
    middle = client.report()
    clock.advance(20 * 86400)
    (lamp,) = client.post({"service_code": "lamp", "address_id": "9", "attribute[POLE]": "1"}).rows("request")
    new = lamp["service_request_id"] or ""
    desk.refuse(ACCEPTOR, middle, "重复上报")

    def found(**query: str) -> list[str | None]:
        reply = client.get("/requests.xml", **query)
        assert reply.status == 200
        return [row["service_request_id"] for row in reply.rows("request")]

    assert found() == [new, middle]  # the last 90 days, newest first
    assert found(status="closed") == [middle]
    assert found(status="open, closed", service_code="lamp,none") == [new]
    assert found(service_code="", status="", start_date="") == [new, middle]  # empty is not sent
    assert found(service_request_id=f"{old},{new}", status="nonsense") == [new, old]  # overrides all else
    assert found(start_date="2026-11-22T09:00:00+08:00") == [middle, old]
    assert found(start_date="2026-11-22T01:00:01Z", end_date="2026-12-01T00:00:00Z") == []
    assert found(end_date="2026-11-22T01:00:00Z") == [old]
    unescaped = client.request("GET", "/requests.xml?start_date=2026-11-22T09:00:00+08:00")
    assert [row["service_request_id"] for row in unescaped.rows("request")] == [middle, old]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "pending"},
        {"start_date": "2026-11-22"},
        {"start_date": "2026-11-22T09:00:00"},
        {"start_date": "yesterday"},
        {"end_date": "9999-12-31T23:59:59-12:00"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-01T00:00:01Z"},
        {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"service_request_id": ",".join(str(number) for number in range(101))},
    ],
)
def test_wrong_filters_are_400(client: Client, query: dict[str, str]) -> None:
    reply = client.get("/requests.xml", **query)
    assert (reply.status, reply.errors()[0][0]) == (400, 400)


def test_ninety_days_are_allowed(client: Client) -> None:
    reply = client.get("/requests.xml", start_date="2026-01-01T00:00:00Z", end_date="2026-04-01T00:00:00Z")
    assert reply.status == 200


def test_updates(client: Client, desk: ReportDesk, clock: ManualClock) -> None:
    report_id = client.report()
    clock.advance(60)
    desk.refuse(ACCEPTOR, report_id, "重复上报")
    rows = client.get("/servicerequestupdates.xml").rows("request_update")
    assert [(row["status"], row["description"], row["updated_datetime"]) for row in rows] == [
        ("open", "已收到", "2026-11-22T09:00:00+08:00"),
        ("closed", "重复上报", "2026-11-22T09:01:00+08:00"),
    ]
    assert {row["service_request_id"] for row in rows} == {report_id}
    assert (
        client.get("/servicerequestupdates.xml", start_date="2026-11-22T01:00:30Z").rows("request_update") == rows[1:]
    )
    assert json.loads(client.get("/servicerequestupdates.json").body)[1]["status"] == "closed"


def test_more_than_a_thousand_are_cut_and_said(client: Client, sqlite_store: Store) -> None:
    client.report()
    (row,) = stored(sqlite_store)
    copies = [row | {"id": f"C{number:025}", "receipt": f"C{number:07}"} for number in range(1000)]
    sqlite_store.write(lambda conn: conn.execute(report_table.insert(), copies))
    reply = client.get("/requests.xml")
    assert (len(reply.rows("request")), reply.headers["x-more-results"]) == (1000, "true")
    assert "x-more-results" not in client.get("/services.xml").headers
