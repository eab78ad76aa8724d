"""Open311 against the running product: the PyPI client ``georeport`` and a client written from the specification."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.gateways.open311.client import Client
from tests.stories.conftest import Install
from tests.stories.processes import PATIENCE_S, Installation, wait_until

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(1800)]

MATTER = "GB/T 47678.5-2026/matter/06010"
REFUSE = {"service_code": "refuse", "description": "两袋垃圾", "phone": "13800001234"}
SERVICES = ["ice", "snow", "refuse", "lamp", "manhole", "road", "digging", "other"]


class Mounted(Client):
    """The client of the gateway's tests, below the path where the product has it."""

    def request(self, method: str, path: str, *rest: Any) -> Any:
        return super().request(method, f"/open311/v2{path}", *rest)


@contextmanager
def serving(city: Installation) -> Iterator[None]:
    """``cityops serve`` until the block ends."""
    served = city.start("serve")
    wait_until(lambda: city.serves() or served.process.poll() is not None, "the web interface")
    yield
    assert served.stop() == 0


@contextmanager
def signed_in(city: Installation, username: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=city.address, trust_env=False, timeout=PATIENCE_S) as client:
        answer = client.post("/api/session", json={"username": username, "password": "cityops-demo"})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client


def place(city: Installation) -> dict[str, str]:
    """The middle of the city."""
    lon, lat = httpx.get(f"{city.address}/api/map", trust_env=False, timeout=PATIENCE_S).json()["center"]
    return {"lat": str(lat), "long": str(lon)}


def test_both_clients_and_the_desk(install: Install) -> None:
    city = install(CITYOPS_DEMO_TRUCKS="5", CITYOPS_OPEN311_JURISDICTION="city.example")
    with serving(city):
        code, text = city.command("open311", "key", "fixmystreet")
        assert code == 0
        found = re.search(r"^fixmystreet: (\S{43})$", text, re.MULTILINE)
        assert found is not None
        client = Mounted(city.http_port, found[1])
        discovery = client.get("/discovery.xml").xml
        assert discovery.findtext("endpoints/endpoint/url") == f"{city.address}/open311/v2"
        assert discovery.findtext("endpoints/endpoint/type") == "test"  # a synthetic city
        assert [row["service_code"] for row in client.get("/services.xml").rows("service")] == SERVICES

        (sent,) = client.post(REFUSE | place(city) | {"jurisdiction_id": "city.example"}).rows("request")
        report_id = sent["service_request_id"] or ""
        assert Mounted(city.http_port, "wrong").post(REFUSE | place(city)).status == 403
        assert client.get("/services.xml", jurisdiction_id="elsewhere.example").status == 404

        with signed_in(city, "acceptor") as desk:
            filed = desk.post(f"/api/reports/{report_id}/filing", json={"matter": MATTER})
            assert filed.status_code == 200, filed.text
            case = desk.get(f"/api/cases/{filed.json()['case_id']}").json()
            step = {"version": case["version"], "form": {"answer": "与昨日一件重复"}, "comment": "重复"}
            refused = desk.post(f"/api/cases/{case['case_id']}/steps/reject", json=step)
            assert refused.status_code == 200, refused.text

        def closed() -> bool:
            (row,) = client.get(f"/requests/{report_id}.xml").rows("request")
            return row["status"] == "closed"

        wait_until(closed, "the answer to reach the sender")
        (row,) = client.get(f"/requests/{report_id}.xml").rows("request")
        assert row["status_notes"] == f"您反映的问题（{case['number']}）不予立案：与昨日一件重复"
        assert "13800001234" not in str(row)
        metrics = city.metrics()
        assert metrics["cityops_open311_accepted_total"] == 1
        assert metrics["cityops_open311_refused_key_total"] == 1
        check_georeport(city, report_id)

        assert city.command("open311", "revoke", "fixmystreet")[0] == 0
        assert client.post(REFUSE | place(city)).status == 403
        assert "fixmystreet" in city.command("open311", "list")[1]
    assert city.command("open311", "revoke", "nobody")[0] == 2


def check_georeport(city: Installation, report_id: str) -> None:
    """What the package from PyPI reads, in both formats; where it is not installed this part is left out."""
    try:
        georeport = importlib.import_module("georeport")
    except ModuleNotFoundError:
        return
    for form in ("json", "xml"):
        reader = georeport.GeoReport(f"{city.address}/open311/v2", "city.example", output_format=form)
        assert [one["service_code"] for one in reader.get_service_list()] == SERVICES
        definition = reader.get_service_definition("manhole")
        assert definition["service_code"] == "manhole"
        one = reader.get_service_request(report_id)
        assert (one["service_code"], one["status"]) == ("refuse", "closed")
        listed = reader.get_service_requests(status="closed", service_code="refuse")
        rows = listed if isinstance(listed, list) else [listed]  # its XML form gives one row without a list
        assert [row["service_request_id"] for row in rows] == [report_id]
        with pytest.raises(Exception, match="404"):
            reader.get_service_request("none")
