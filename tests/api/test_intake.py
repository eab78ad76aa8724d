"""The hotline desk over a real server: suggest, file, join, import, call back; contacts masked; scope held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.api.serving import PATIENCE_S, Serving, serving
from tests.api.world import LAT, World

from cityops.access import SYSTEM, list_audit
from cityops.api import Model
from cityops.api.examples import intake as examples
from cityops.api.schemas import intake as schemas
from cityops.cases import Step
from cityops.cases.catalogue import write_rows
from cityops.cases.intake import REPORT_COLUMNS

REFUSE = "GB/T 47678.5-2026/matter/06010"
LON = 112.52
HEADINGS = [column.heading for column in REPORT_COLUMNS]


@pytest.fixture
def server(world: World) -> Iterator[Serving]:
    with serving(world.app) as running:
        yield running


def client(server: Serving, world: World, who: str) -> httpx.Client:
    token, csrf = world.credentials(who)
    headers = {"X-CSRF-Token": csrf, "Cookie": f"cityops_session={token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S, trust_env=False)


def call(**more: Any) -> dict[str, Any]:
    told = {
        "source": "hotline",
        "matter": REFUSE,
        "lon": LON,
        "lat": LAT,
        "description": "太榆路边有一堆垃圾",
        "reporter_name": "王小明",
        "reporter_contact": "13812345678",
        "wants_answer": True,
    }
    return told | more


def void(world: World, case_id: str, answer: str) -> None:
    cases, leader = world.context.cases, world.people["shift_leader"]
    step = Step(cases.get(leader, case_id).version, None, {"answer": answer}, "核实无此问题")
    cases.act(leader, case_id, "void", step)


def test_from_the_first_words_to_two_callers_told_and_called(server: Serving, world: World) -> None:
    with client(server, world, "acceptor") as http:
        found = http.get("/api/intake/places", params={"q": "太榆路旁边"}).json()["items"][0]
        assert (found["name"], found["kind"]) == ("太榆路", "road")
        draft = {"words": "路边有暴露垃圾", "lon": LON, "lat": LAT}
        before = http.post("/api/intake/suggestions", json=draft).json()
        assert (before["chosen"], before["matters"][0]["name"]) == (REFUSE, "暴露垃圾")
        assert before["place"]["district_name"] == "小店区"
        assert before["duplicates"] == []
        assert "派遣员决定" in before["route"]["why"]["zh"]  # no routing table was published

        answer = http.post("/api/intake/reports", json=call(client_id="call-0001"))
        assert answer.status_code == 201, answer.text
        first = answer.json()
        assert http.post("/api/intake/reports", json=call(client_id="call-0001")).json() == first
        case = http.get(f"/api/cases/{first['case_id']}").json()
        assert (case["title"]["zh"], case["description"]) == ("太榆路 暴露垃圾", "太榆路边有一堆垃圾")
        assert (case["matter"]["code"], case["matter"]["name"]) == ("06010", "暴露垃圾")

        [near] = http.post("/api/intake/suggestions", json=draft).json()["duplicates"]
        assert (near["number"], near["same_matter"], near["reporters"]) == (first["number"], True, 1)
        query: dict[str, str | float] = {"matter": REFUSE, "lon": LON, "lat": LAT}
        assert http.get("/api/intake/duplicates", params=query).json()["items"] == [near]
        second = http.post("/api/intake/reports", json=call(reporter_name="李四", join_case_id=near["case_id"])).json()
        assert second == {**first, "joined": True}

        void(world, first["case_id"], "已由物业清走")
        owed = http.get("/api/intake/call-backs").json()
        assert owed["total"] == 2
        assert {one["reporter"]["name"] for one in owed["items"]} == {"王**", "李*"}
        assert all("已由物业清走" in one["reporter"]["told"]["zh"] for one in owed["items"])
        reporter_id = owed["items"][0]["reporter"]["reporter_id"]
        made = {"reached": True, "stars": 4, "comment": "满意"}
        assert http.post(f"/api/intake/call-backs/{reporter_id}", json=made).status_code == 204
        again = http.post(f"/api/intake/call-backs/{reporter_id}", json=made)
        assert (again.status_code, again.json()["code"]) == (409, "call_back.not_owed")
        assert http.get("/api/intake/call-backs").json()["total"] == 1


def test_a_contact_is_masked_and_read_only_for_a_purpose_that_is_kept(server: Serving, world: World) -> None:
    with client(server, world, "acceptor") as http:
        case_id = http.post("/api/intake/reports", json=call()).json()["case_id"]
        [shown] = http.get(f"/api/cases/{case_id}/reporters").json()["items"]
        assert (shown["name"], shown["contact"]) == ("王**", "138****5678")
        path = f"/api/intake/reporters/{shown['reporter_id']}/contact"
        assert http.post(path, json={"purpose": ""}).status_code == 400
        assert http.post(path, json={"purpose": "核实位置"}).json() == {"name": "王小明", "contact": "13812345678"}
        everything = http.get(f"/api/cases/{case_id}").text
        assert "13812345678" not in everything
        assert "王小明" not in everything
    with client(server, world, "unit") as http:
        assert http.post(path, json={"purpose": "好奇"}).status_code == 403
    with world.context.store.read() as conn:
        lines = [line for line in list_audit(conn, SYSTEM).items if line.action == "reporter.contact"]
    assert [(line.actor_name, line.purpose) for line in lines] == [("acceptor", "核实位置")]


def test_what_is_wrong_is_said_and_nothing_is_kept(server: Serving, world: World) -> None:
    with client(server, world, "acceptor") as http:
        for wrong, status in (
            ({"matter": "06010"}, 400),
            ({"matter": "GB/T 47678.5-2026/matter/99999"}, 404),
            ({"reporter_contact": None}, 400),
            ({"lon": 200}, 400),
            ({"source": "rumour"}, 400),
            ({"join_case_id": "01JV0CASE00000000000000001"}, 404),
            ({"evidence_ids": ["01JV0CASE00000000000000001"]}, 404),
        ):
            answer = http.post("/api/intake/reports", json=call(**wrong))
            assert answer.status_code == status, (wrong, answer.text)
            assert answer.json()["message"]
        assert http.get("/api/cases").json()["items"] == []
    with client(server, world, "collector") as http:
        answer = http.post("/api/intake/reports", json=call())
        assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")
        own = call(source="field", reporter_name=None, reporter_contact=None, wants_answer=False)
        assert http.post("/api/intake/reports", json=own).status_code == 201


def sheet(*rows: dict[str, str]) -> bytes:
    return write_rows("上报", REPORT_COLUMNS, [[row.get(heading, "") for heading in HEADINGS] for row in rows])


def test_a_sheet_is_checked_first_and_filed_in_parts_once(server: Serving, world: World) -> None:
    good = {"事项": "06010", "经度": str(LON), "纬度": str(LAT)}
    content = sheet(good, good | {"事项": "?"}, good, good)
    with client(server, world, "acceptor") as http:

        def send(**query: Any) -> httpx.Response:
            return http.post("/api/intake/import", params=query, content=content)

        checked = send().json()
        assert (checked["rows"], checked["valid"], checked["filed"], checked["next_row"]) == (4, 3, 0, 2)
        assert [(error["row"], error["column"]) for error in checked["errors"]] == [(3, "事项")]
        refused = send(dry_run=False)
        assert (refused.status_code, refused.json()["code"]) == (400, "import.rows")
        assert http.get("/api/cases").json()["items"] == []
        part = send(dry_run=False, valid_only=True, rows=2).json()
        assert (part["filed"], part["next_row"]) == (2, 5)
        assert send(dry_run=False, valid_only=True, rows=2).json() == part  # the answer was lost, it is sent again
        rest = send(dry_run=False, valid_only=True, rows=2, from_row=part["next_row"]).json()
        assert (rest["filed"], rest["next_row"]) == (1, None)
        assert len(http.get("/api/cases").json()["items"]) == 3
        assert http.post("/api/intake/import", content=b"no xlsx").json()["code"] == "import.file"
        template = http.get("/api/intake/template.xlsx")
        assert http.post("/api/intake/import", content=template.content).json()["rows"] == 1


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (schemas.FoundPlaceList, examples.FOUND_PLACES),
        (schemas.Draft, examples.DRAFT),
        (schemas.Suggestions, examples.SUGGESTIONS),
        (schemas.NearCaseList, examples.NEAR_CASES),
        (schemas.NewCaseReport, examples.NEW_CASE_REPORT),
        (schemas.FiledReport, examples.FILED_REPORT),
        (schemas.ImportResult, examples.IMPORT_RESULT),
        (schemas.CorrectMatter, examples.CORRECT_MATTER),
        (schemas.CaseReporterList, examples.CASE_REPORTERS),
        (schemas.OwedCallList, examples.OWED_CALLS),
        (schemas.CallMade, examples.CALL_MADE),
        (schemas.ReporterContact, examples.REPORTER_CONTACT),
    ],
)
def test_the_examples_fit_their_schemas(model: type[Model], example: dict[str, Any]) -> None:
    model.model_validate(example)
