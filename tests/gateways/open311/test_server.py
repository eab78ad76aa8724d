from __future__ import annotations

import http.client
import json
import re
import socket
import xml.etree.ElementTree as ElementTree

import pytest

from cityops.cases.reports import CaseReports, ReportDesk, ReportState
from cityops.gateways.open311 import Open311Counters
from cityops.kit import IdMaker, ManualClock
from cityops.store import Store

from .client import FORM, Client
from .conftest import ACCEPTOR, SERVICES, serving, stored


def test_discovery(client: Client) -> None:
    found = client.get("/discovery.xml").xml
    assert found.tag == "discovery"
    assert found.findtext("endpoints/endpoint/specification") == "http://wiki.open311.org/GeoReport_v2"
    assert found.findtext("endpoints/endpoint/url") == "https://city.example/open311/v2"
    assert [one.text for one in found.findall("endpoints/endpoint/formats/format")] == ["text/xml", "application/json"]
    reply = client.get("/discovery.json")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(reply.body)["endpoints"][0]["formats"] == ["text/xml", "application/json"]


def test_services(client: Client) -> None:
    rows = client.get("/services.xml").rows("service")
    assert [row["service_code"] for row in rows] == ["ice", "lamp", "noise", "hazard"]
    assert rows[0] == {
        "service_code": "ice",
        "service_name": "冰柱积冰",
        "description": "挑檐冰柱、路面积冰",
        "metadata": "false",
        "type": "realtime",
        "keywords": "冰, ice",
        "group": "市容环境",
    }
    assert [row["type"] for row in rows] == ["realtime", "realtime", "batch", "blackbox"]
    assert json.loads(client.get("/services.json").body)[1]["metadata"] is True


def test_definition(client: Client) -> None:
    found = client.get("/services/lamp.xml").xml
    assert found.tag == "service_definition"
    attributes = found.findall("attributes/attribute")
    assert [one.findtext("order") for one in attributes] == ["1", "2", "3", "4", "5", "6"]
    assert [one.findtext("variable") for one in attributes][:2] == ["true", "false"]
    side = attributes[2]
    assert side.findtext("datatype") == "singlevaluelist"
    assert [(one.findtext("key"), one.findtext("name")) for one in side.findall("values/value")] == [
        ("L", "左"),
        ("R", "右"),
    ]
    plain = json.loads(client.get("/services/lamp.json").body)
    assert plain["attributes"][3]["values"] == [{"key": "dark", "name": "不亮"}, {"key": "bent", "name": "歪斜"}]
    missing = client.get("/services/none.xml")
    assert (missing.status, missing.errors()[0][0]) == (404, 404)


def test_request_is_taken_and_shown(client: Client, sqlite_store: Store, counters: Open311Counters) -> None:
    reply = client.post(
        {
            "jurisdiction_id": "city.example",
            "service_code": "ice",
            "lat": "37.8706",
            "long": "112.5489",
            "description": "三楼挑檐 <b>冰柱</b> & 积冰\n约一米",
            "first_name": "建国",
            "phone": "13800001234",
            "email": "a@b.example",
            "device_id": "tt222111",
            "media_url": "http://127.0.0.1:9/never-fetched.jpg",
        }
    )
    assert reply.status == 200
    (row,) = reply.rows("request")
    assert "token" not in row
    code = re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){3}", row["service_notice"] or "")
    assert code
    (kept,) = stored(sqlite_store)
    assert kept["contact"] == {"first_name": "建国", "phone": "13800001234", "email": "a@b.example"}
    assert kept["source"] == "open311:fixmystreet"
    assert "tt222111" not in str(kept)
    assert code[0].replace("-", "")[8:] not in str(kept)
    shown = client.get(f"/requests/{row['service_request_id']}.xml")
    assert shown.rows("request") == [
        {
            "service_request_id": row["service_request_id"],
            "status": "open",
            "status_notes": "已收到",
            "service_name": "冰柱积冰",
            "service_code": "ice",
            "description": "三楼挑檐 <b>冰柱</b> & 积冰\n约一米",
            "agency_responsible": None,
            "service_notice": "两小时内到场",
            "requested_datetime": "2026-11-22T09:00:00+08:00",
            "updated_datetime": "2026-11-22T09:00:00+08:00",
            "expected_datetime": None,
            "address": None,
            "address_id": None,
            "zipcode": None,
            "lat": "37.8706",
            "long": "112.5489",
            "media_url": "http://127.0.0.1:9/never-fetched.jpg",
        }
    ]
    assert b"<b>" not in shown.body
    assert b"13800001234" not in shown.body
    plain = json.loads(client.get(f"/requests/{row['service_request_id']}.json").body)
    assert (plain[0]["lat"], plain[0]["expected_datetime"]) == (37.8706, None)
    assert counters.accepted == 1


def test_unpublished_words_and_exact_place_are_not_shown(client: Client, desk: ReportDesk) -> None:
    given = {
        "service_code": "lamp",
        "lat": "37.870612",
        "long": "112.548934",
        "description": "我家门口",
        "attribute[POLE]": "1",
    }
    (row,) = client.post(given | {"address_string": "某路 3 号 2 单元"}).rows("request")
    report_id = row["service_request_id"] or ""
    (shown,) = client.get("/requests.xml", service_request_id=report_id).rows("request")
    assert (shown["description"], shown["address"], shown["lat"], shown["long"]) == (None, None, "37.871", "112.549")
    desk.publish(ACCEPTOR, report_id, published=True)
    (shown,) = client.get("/requests.xml", service_request_id=report_id).rows("request")
    assert (shown["description"], shown["lat"]) == ("我家门口", "37.870612")


def test_attributes(client: Client, sqlite_store: Store) -> None:
    reply = client.post(
        [
            ("service_code", "lamp"),
            ("address_string", "迎泽大街 1 号"),
            ("attribute[POLE]", "1401234"),
            ("attribute[SIDE]", "L"),
            ("attribute[FAULT][]", "dark"),
            ("attribute[FAULT][]", "bent"),
            ("attribute[COUNT]", "2"),
            ("attribute[SINCE]", "2026-11-20T18:00:00+08:00"),
        ]
    )
    assert reply.status == 200
    assert stored(sqlite_store)[0]["attributes"] == {
        "POLE": ["1401234"],
        "SIDE": ["L"],
        "FAULT": ["dark", "bent"],
        "COUNT": ["2"],
        "SINCE": ["2026-11-20T18:00:00+08:00"],
    }


def test_every_fault_is_named_at_once(client: Client, sqlite_store: Store) -> None:
    reply = client.post(
        [
            ("service_code", "lamp"),
            ("lat", "37.87"),
            ("attribute[SIDE]", "up"),
            ("attribute[COUNT]", "nan"),
            ("attribute[WRONG]", "x"),
            ("attribute[HINT]", "x"),
        ]
    )
    assert reply.status == 400
    words = [words for _, words in reply.errors()]
    assert [code for code, _ in reply.errors()] == [400] * 6
    for expected in (
        "lat and long must both be given",
        "no attribute WRONG",
        "no attribute HINT",
        "required attribute POLE",
        "SIDE does not fit singlevaluelist",
        "COUNT does not fit number",
    ):
        assert sum(expected in one for one in words) == 1
    assert stored(sqlite_store) == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"lat": "37.87", "long": "112.55"}, 400, "service_code was not provided"),
        ({"service_code": "none", "lat": "37.87", "long": "112.55"}, 404, "no service_code none"),
        ({"service_code": "ice"}, 400, "location is missing"),
        ({"service_code": "ice", "lat": "", "long": "", "address_string": " "}, 400, "location is missing"),
        ({"service_code": "ice", "lat": "north", "long": "112.55"}, 400, "lat is not a number"),
        ({"service_code": "ice", "lat": "nan", "long": "112.55"}, 400, "WGS-84"),
        ({"service_code": "ice", "lat": "137.87", "long": "112.55"}, 400, "WGS-84"),
        ({"service_code": "ice", "lat": "39.9", "long": "116.4"}, 400, "outside this city"),
        ({"service_code": "ice", "address_id": "9", "description": "冰" * 4001}, 400, "longer than 4000"),
        ({"service_code": "ice", "address_id": "9", "jurisdiction_id": "other.example"}, 404, "jurisdiction_id"),
        ({"service_code": "ice", "address_id": "9", "attribute[": "x"}, 400, "not an attribute field"),
        ({"service_code": "ice", "address_id": "9", "attribute[A]": "x"}, 400, "no attribute A"),
    ],
)
def test_faults(client: Client, fields: dict[str, str], status: int, words: str) -> None:
    reply = client.post(fields)
    assert reply.status == status
    ((code, description),) = reply.errors()
    assert code == status
    assert words in description
    plain = client.post(fields, form="json")
    assert plain.status == status
    assert words in json.loads(plain.body)[0]["description"]


@pytest.mark.parametrize("key", ["", "wrong", "a-long-random-ke"])
def test_without_the_key_it_is_403(client: Client, counters: Open311Counters, sqlite_store: Store, key: str) -> None:
    reply = Client(client.port, key).post({"service_code": "ice", "lat": "37.87", "long": "112.55"})
    assert (reply.status, reply.errors()[0][0]) == (403, 403)
    assert counters.refused_key == 1
    assert stored(sqlite_store) == []


def test_key_in_the_address_does_not_count(client: Client) -> None:
    body = b"service_code=ice&address_id=9"
    reply = client.request("POST", f"/requests.xml?api_key={client.key}", body, {"Content-Type": FORM})
    assert reply.status == 403


def test_a_form_in_another_type_or_too_long_is_400(client: Client) -> None:
    multipart = client.request("POST", "/requests.xml", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"})
    assert (multipart.status, multipart.errors()[0][0]) == (400, 400)
    assert client.post({"service_code": "ice", "description": "x" * 70_000}).status == 400
    assert client.post([(f"f{number}", "x") for number in range(400)]).status == 400
    assert client.post([("service_code", "ice"), ("service_code", "lamp")]).status == 400


def test_token_becomes_a_number_once_it_is_dealt_with(client: Client, desk: ReportDesk, sqlite_store: Store) -> None:
    (row,) = client.post({"service_code": "noise", "address_id": "9"}).rows("request")
    assert "service_request_id" not in row
    token = row["token"]
    assert token
    assert (client.get(f"/tokens/{token}.xml").status, client.get("/tokens/none.xml").status) == (404, 404)
    report_id = str(stored(sqlite_store)[0]["id"])
    assert client.get("/requests.xml").rows("request") == []
    assert client.get(f"/requests/{report_id}.xml").status == 404
    desk.refuse(ACCEPTOR, report_id, "不在本市范围")
    assert client.get(f"/tokens/{token}.xml").rows("request") == [{"service_request_id": report_id, "token": token}]
    (shown,) = client.get(f"/requests/{report_id}.xml").rows("request")
    assert (shown["status"], shown["status_notes"]) == ("closed", "不在本市范围")


def test_a_black_box_gives_neither_and_shows_nothing(client: Client) -> None:
    (row,) = client.post({"service_code": "hazard", "address_id": "9"}).rows("request")
    assert row.keys() == {"service_notice", "account_id"}
    assert client.get("/requests.xml").rows("request") == []
    assert client.get("/servicerequestupdates.xml").rows("request_update") == []


def test_unknown_addresses_formats_and_methods(client: Client) -> None:
    for path in ("/", "/nothing.xml", "/services", "/requests/.xml", "/a/b/c.xml"):
        reply = client.get(path)
        assert (reply.status, reply.errors()[0][0]) == (404, 404), path
    assert client.get("/services.html").errors()[0][0] == 404
    assert json.loads(client.get("/nothing.json").body)[0]["code"] == 404
    assert client.request("DELETE", "/requests.xml").errors()[0][0] == 405
    assert client.get("/services.xml", jurisdiction_id="other.example").status == 404
    assert client.get("/services.xml", jurisdiction_id="").status == 200


def test_characters_that_xml_cannot_hold(client: Client) -> None:
    report_id = client.report(description="a\x00b\x0bc\ufffed]]>&amp;<!--")
    (row,) = client.get(f"/requests/{report_id}.xml").rows("request")
    assert (
        row["description"]
        == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d]]>&amp;<!--"
    )


def test_the_same_idempotency_key_is_the_same_request(client: Client, sqlite_store: Store) -> None:
    given = {"service_code": "ice", "lat": "37.87", "long": "112.55"}
    first = client.post(given, **{"Idempotency-Key": "retry-00001"}).rows("request")[0]
    again = client.post(given, **{"Idempotency-Key": "retry-00001"}).rows("request")[0]
    assert first["service_request_id"] == again["service_request_id"]
    assert "follow-up code" not in (again["service_notice"] or "")
    assert len(stored(sqlite_store)) == 1
    assert client.post(given | {"description": "x"}, **{"Idempotency-Key": "retry-00001"}).status == 400


def test_a_form_that_does_not_arrive_in_time_is_refused(
    reports: CaseReports, desk: ReportDesk, clock: ManualClock
) -> None:
    with (
        serving(reports, desk, clock, Open311Counters(), body_timeout_s=0.2) as client,
        socket.create_connection(("127.0.0.1", client.port), timeout=100) as slow,
    ):
        head = f"POST /requests.xml HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\nservice"
        slow.sendall(head.encode())
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        body = answer.read()
    assert answer.status == 400
    assert b"did not arrive in time" in body


def test_too_many_at_once_is_429_and_counted(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> None:
    counters = Open311Counters()
    with (
        serving(reports, desk, clock, counters, in_flight_max=1) as client,
        socket.create_connection(("127.0.0.1", client.port), timeout=100) as held,
    ):
        head = f"POST /requests.xml HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 9\r\n\r\n"
        held.sendall(head.encode())
        reply = client.get("/services.xml")
        for _ in range(50):
            if reply.status == 429:
                break
            reply = client.get("/services.xml")
        assert (reply.status, reply.errors()[0][0]) == (429, 429)
        held.sendall(b"api_key=x")
        assert b" 403 " in held.recv(65536)
        assert client.get("/services.xml").status == 200
    assert counters.refused_busy >= 1


def test_kept_after_a_restart(client: Client, sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> None:
    report_id = client.report(description="冰")
    again = CaseReports(sqlite_store, clock, ids, SERVICES)
    assert again.get(report_id).description == "冰"
    assert ElementTree.fromstring(client.get("/requests.xml").body).tag == "service_requests"
    assert stored(sqlite_store)[0]["state"] == ReportState.RECEIVED.value
