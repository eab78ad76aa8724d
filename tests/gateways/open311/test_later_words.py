"""Later words of senders (servicerequestupdates, POST), and the doors: keys, addresses, floods."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from cityops.access import Principal, Role
from cityops.cases.reports import CaseReports, NewReport, ReportDesk, ReportState
from cityops.gateways.open311 import Open311Counters
from cityops.kit import ManualClock

from .client import FORM, Client, Reply
from .conftest import open_doors, serving

ACCEPTOR = Principal("A-acceptor", "acceptor", "张受理", Role.ACCEPTOR)


def say(client: Client, report_id: str, form: str = "xml", **fields: str) -> Reply:
    given = {"api_key": client.key, "service_request_id": report_id, "description": "又多了一根", **fields}
    body = urlencode({name: value for name, value in given.items() if value}).encode()
    return client.request("POST", f"/servicerequestupdates.{form}", body, {"Content-Type": FORM})


def test_words_are_for_the_desk_and_kept_once(client: Client, desk: ReportDesk, counters: Open311Counters) -> None:
    report_id = client.report()
    (row,) = say(client, report_id, update_id="fms-17").rows("request_update")
    assert row["update_id"]
    again = json.loads(say(client, report_id, "json", update_id="fms-17").body)
    assert again == [{"update_id": row["update_id"]}]
    assert counters.updates == 2
    assert [(item.text, item.own) for item in desk.history(ACCEPTOR, report_id)] == [
        ("已收到", False),
        ("又多了一根", True),
    ]
    public = client.get("/servicerequestupdates.xml").rows("request_update")
    assert [item["description"] for item in public] == ["已收到"]  # a sender's words are not everybody's


def test_open_again(client: Client, desk: ReportDesk, clock: ManualClock) -> None:
    report_id = client.report()
    desk.refuse(ACCEPTOR, report_id, "已清除")
    assert say(client, report_id, description="没有清除", status="OPEN").status == 200
    assert desk.detail(ACCEPTOR, report_id).state is ReportState.NOT_FIXED
    (shown,) = client.get(f"/requests/{report_id}.xml").rows("request")
    assert shown["status"] == "open"
    desk.refuse(ACCEPTOR, report_id, "已清除，见照片")
    clock.advance(16 * 86_400)
    late = say(client, report_id, description="还在", status="open")
    assert (late.status, late.errors()[0][0]) == (400, 400)
    assert say(client, report_id, description="谢谢", status="closed").status == 200


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"service_request_id": ""}, 400, "service_request_id was not provided"),
        ({"description": ""}, 400, "description was not provided"),
        ({"status": "pending"}, 400, "open or closed"),
        ({"service_request_id": "none"}, 404, "no such report"),
        ({"api_key": "wrong"}, 403, "api_key"),
        ({"jurisdiction_id": "other.example"}, 404, "jurisdiction_id"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"update_id": "x" * 65}, 400, "64"),
    ],
)
def test_faults(client: Client, fields: dict[str, str], status: int, words: str) -> None:
    reply = say(client, client.report(), **fields)
    assert reply.status == status
    ((code, description),) = reply.errors()
    assert code == status
    assert words in description


def test_a_report_of_another_sender_is_not_there(client: Client, reports: CaseReports) -> None:
    other = reports.submit(NewReport("ice", "portal", "x", address_id="9")).report_id or ""
    assert say(client, other).status == 404


def test_reading_too_often_is_429_and_passes(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> None:
    doors = open_doors(clock, reads=10)
    with serving(reports, desk, clock, Open311Counters(), doors) as client:
        answers = [client.get("/services.xml").status for _ in range(12)]
        assert answers == [200] * 10 + [429] * 2
        assert client.get("/services.xml").errors()[0][0] == 429
        assert json.loads(client.get("/services.json").body)[0]["code"] == 429
        clock.advance(360)
        assert client.get("/services.xml").status == 200


def test_sending_too_often_is_429_by_key_and_nothing_more_is_kept(
    reports: CaseReports, desk: ReportDesk, clock: ManualClock
) -> None:
    counters = Open311Counters()
    with serving(reports, desk, clock, counters, open_doors(clock, sends=3)) as client:
        answers = [client.post({"service_code": "ice", "address_id": "9"}).status for _ in range(5)]
        assert answers == [200] * 3 + [429] * 2
        assert reports.waiting()[0] == 3
        assert client.get("/requests.xml").status == 200  # reading is another door
        clock.advance(1200)
        assert client.post({"service_code": "ice", "address_id": "9"}).status == 200
    assert (counters.accepted, counters.refused_busy) == (4, 2)


def test_a_full_inbox_is_429(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> None:
    reports._waiting_max = 2
    with serving(reports, desk, clock, Open311Counters()) as client:
        answers = [client.post({"service_code": "ice", "address_id": "9"}) for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 429]
    assert "too many reports wait" in answers[-1].errors()[0][1]
