"""Registers over HTTP: declared forms, lists, changes with history, bulk, sheets in and out without loss, codes."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from tests.api.qr import modules_of, read_qr
from tests.api.serving import PATIENCE_S
from tests.api.test_routes import ask, did
from tests.api.world import World

from cityops.access import SYSTEM, AuditFilter, list_audit
from cityops.api import create_app
from cityops.api.register_sheets import RegisterSheet
from cityops.registers import register_object

OWN = {"mode": "own"}


@pytest.fixture
def town(world: World) -> World:
    """Three canteens: two of the first unit, one of the second."""
    alpha, beta = world.units["alpha"], world.units["beta"]
    world.context.registers.put_many(
        SYSTEM,
        "canteen",
        [
            {
                "code": "C-001", "title": "一中食堂", "unit_id": alpha, "lon": 112.52, "lat": 37.7,
                "data": {"mode": "own", "served": 820, "phone": "0351-1234567"},
            },
            {
                "code": "C-002", "title": "二中食堂", "unit_id": alpha, "lon": 112.57, "lat": 37.7,
                "data": {"mode": "contract", "served": 40, "main": "C-001"},
            },
            {"code": "C-003", "title": "三中食堂", "unit_id": beta, "data": {"mode": "own"}},
        ],
    )  # fmt: skip
    return world


def objects(world: World, who: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = did(ask(world, who, "GET", "/api/registers/canteen/objects", params=query))["items"]
    return found


def codes(world: World, who: str, **query: Any) -> list[str]:
    return [one["code"] for one in objects(world, who, **query)]


def imported(world: World, who: str, content: bytes, register: str = "canteen", **query: Any) -> dict[str, Any]:
    """An import, watched to its end."""
    path = f"/api/registers/{register}/import"
    job = did(ask(world, who, "POST", path, params={"reason": "秋季核对", **query}, content=content), 202)
    deadline = time.monotonic() + PATIENCE_S
    while job["phase"] not in ("done", "refused"):
        assert time.monotonic() < deadline, job
        time.sleep(0.01)
        job = did(ask(world, who, "GET", f"/api/registers/imports/{job['job_id']}"))
    return job  # type: ignore[no-any-return]


def sheet(world: World, who: str, register: str = "canteen", **query: Any) -> bytes:
    return ask(world, who, "GET", f"/api/registers/{register}/objects.xlsx", params=query).content


def edited(content: bytes, row: int, cells: dict[str, Any]) -> bytes:
    """The sheet with cells changed whose headings begin so."""
    book = load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    heading = [str(cell.value).split(" ")[0] for cell in page[1]]
    for name, value in cells.items():
        page.cell(row, heading.index(name) + 1).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def stored(world: World) -> list[Any]:
    with world.context.store.read() as conn:
        return list(conn.execute(select(register_object).order_by(register_object.c.id)).all())


def test_the_overview_counts_what_each_person_sees(town: World) -> None:
    def seen(who: str) -> dict[str, Any]:
        items = did(ask(town, who, "GET", "/api/registers"))["items"]
        return {one["name"]: one["counts"] for one in items}

    assert seen("dispatcher") == {"canteen": {"open": 3}, "pipe": {}}
    assert seen("unit") == {"canteen": {"open": 2}, "pipe": {}}
    assert seen("district2") == {"canteen": {"open": 1}, "pipe": {}}
    assert seen("crew") == {"pipe": {}}
    card = did(ask(town, "unit", "GET", "/api/registers"))["items"][0]
    assert (card["scene"], card["scene_title"]["en"], card["may_write"]) == ("canteens", "School canteens", True)


def test_a_register_says_all_that_a_form_needs(town: World) -> None:
    found = did(ask(town, "dispatcher", "GET", "/api/registers/canteen"))
    assert [field["name"] for field in found["fields"]] == ["mode", "served", "phone", "main"]
    assert [state["value"] for state in found["states"]] == ["open", "holiday", "archived"]
    assert found["may_write"] is False
    assert found["fields"][3]["register_name"] == "canteen"
    data = found["json_schema"]["properties"]["data"]
    assert data["properties"]["served"] == {"type": "integer", "minimum": 0, "maximum": 1e15, "title": "就餐人数"}
    assert (data["required"], data["additionalProperties"]) == (["mode"], False)
    for who, register in (("crew", "canteen"), ("dispatcher", "vehicle"), ("dispatcher", "nothing")):
        assert ask(town, who, "GET", f"/api/registers/{register}").status_code == 404


def test_lists_are_narrowed_and_scoped(town: World) -> None:
    assert codes(town, "dispatcher") == ["C-001", "C-002", "C-003"]
    assert codes(town, "unit") == ["C-001", "C-002"]
    assert codes(town, "district") == ["C-001"]
    assert codes(town, "dispatcher", where="mode:own") == ["C-001", "C-003"]
    assert codes(town, "dispatcher", where=["mode:own", "mode:contract"]) == ["C-002"]
    assert codes(town, "dispatcher", q="二中") == ["C-002"]
    assert codes(town, "dispatcher", unit_id=town.units["beta"]) == ["C-003"]
    assert codes(town, "dispatcher", bbox="112.5,37.6,112.55,37.8") == ["C-001"]
    for wrong in ({"bbox": "1,2"}, {"where": "served:5"}, {"where": "mode"}, {"area": "x"}):
        assert ask(town, "dispatcher", "GET", "/api/registers/canteen/objects", params=wrong).status_code == 400


def test_personal_values_are_masked_in_lists_sheets_and_history(town: World) -> None:
    assert objects(town, "unit")[0]["data"]["phone"] == "0351-1234567"
    assert objects(town, "dispatcher")[0]["data"]["phone"] == "0351-1234567"
    masked = objects(town, "analyst")[0]
    assert (masked["data"]["phone"], masked["hidden"]) == ("035*****4567", ["phone"])
    rows = load_workbook(io.BytesIO(sheet(town, "analyst"))).worksheets[0]
    assert "035*****4567" in [cell.value for cell in rows[2]]
    history = did(ask(town, "analyst", "GET", f"/api/registers/objects/{masked['object_id']}/history"))["items"]
    assert {"field": "phone", "before": None, "after": "035*****4567"} in history[0]["changes"]


def test_an_object_is_added_changed_and_archived_with_its_history(town: World) -> None:
    new = {
        "code": "C-004",
        "title": "四中食堂",
        "unit_id": town.units["alpha"],
        "lon": 112.52,
        "lat": 37.7,
        "data": OWN,
    }
    made = did(ask(town, "unit", "POST", "/api/registers/canteen/objects", json=new), 201)
    assert (made["state"], made["area_code"], made["area_name"], made["editable"]) == ("open", "140105", "小店区", True)
    path = f"/api/registers/objects/{made['object_id']}"
    change = {"expected_version": 1, "reason": "扩建", "changes": {"data": {"served": 300}}}
    changed = did(ask(town, "unit", "POST", path, json=change))
    assert (changed["data"], changed["version"], changed["lon"]) == ({"mode": "own", "served": 300}, 2, 112.52)
    assert ask(town, "unit", "POST", path, json=change).status_code == 409
    gone = {"expected_version": 2, "reason": "停办", "changes": {"state": "archived", "data": {"served": None}}}
    assert did(ask(town, "unit", "POST", path, json=gone))["data"] == OWN
    assert codes(town, "unit") == ["C-001", "C-002"]
    assert codes(town, "unit", state="archived") == ["C-004"]
    history = did(ask(town, "unit", "GET", f"{path}/history"))
    assert history["names"] == {town.units["alpha"]: "甲运输公司", "140105": "小店区"}
    items = history["items"]
    assert [(one["version"], one["reason"]) for one in items] == [(3, "停办"), (2, "扩建"), (1, None)]
    assert items[0]["changes"] == [
        {"field": "served", "before": 300, "after": None},
        {"field": "state", "before": "open", "after": "archived"},
    ]


def test_faults_are_named_by_field(town: World) -> None:
    wrong = {"code": "four", "title": "四中食堂", "data": {"served": "many", "owner": "x"}}
    answer = ask(town, "shift_leader", "POST", "/api/registers/canteen/objects", json=wrong)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "register.invalid"
    assert [field["field"] for field in problem["fields"]] == ["code", "owner", "mode", "served"]
    assert "就餐人数：应为数字" in problem["message"]
    empty = ask(town, "shift_leader", "POST", "/api/registers/canteen/objects", json={"code": "", "title": ""})
    assert [field["field"] for field in empty.json()["fields"]] == ["code", "title", "code", "mode"]
    foreign = {"code": "C-009", "title": "x", "unit_id": town.units["beta"], "data": OWN}
    assert ask(town, "unit", "POST", "/api/registers/canteen/objects", json=foreign).status_code == 403
    assert ask(town, "dispatcher", "POST", "/api/registers/canteen/objects", json=foreign).status_code == 403


def test_relations_are_shown_from_both_ends(town: World) -> None:
    first, second, _ = objects(town, "dispatcher")
    related = did(ask(town, "dispatcher", "GET", f"/api/registers/objects/{first['object_id']}/related"))["items"]
    assert [(one["field"], one["named"], one["entry"]["code"]) for one in related] == [("main", False, "C-002")]
    related = did(ask(town, "dispatcher", "GET", f"/api/registers/objects/{second['object_id']}/related"))["items"]
    assert [(one["named"], one["entry"]["code"]) for one in related] == [(True, "C-001")]


def test_several_are_changed_after_a_preview(town: World) -> None:
    edit = {"wanted": {"fields": {"mode": "own"}}, "changes": {"state": "holiday"}, "reason": "寒假"}
    preview = did(ask(town, "shift_leader", "POST", "/api/registers/canteen/bulk", json=edit))
    assert preview == {"matched": 2, "changed": 2, "unchanged": 0, "faults": [], "written": False}
    assert codes(town, "dispatcher", state="holiday") == []
    late = {**edit, "preview": False, "expected": 1}
    assert ask(town, "shift_leader", "POST", "/api/registers/canteen/bulk", json=late).status_code == 409
    done = did(ask(town, "shift_leader", "POST", "/api/registers/canteen/bulk", json={**late, "expected": 2}))
    assert (done["changed"], done["written"]) == (2, True)
    assert codes(town, "dispatcher", state="holiday") == ["C-001", "C-003"]
    ids = [one["object_id"] for one in objects(town, "unit")]
    wrong = {"object_ids": ids, "changes": {"data": {"served": -1}}, "reason": "x"}
    preview = did(ask(town, "unit", "POST", "/api/registers/canteen/bulk", json=wrong))
    assert [fault["code"] for fault in preview["faults"]] == codes(town, "unit")
    assert ask(town, "unit", "POST", "/api/registers/canteen/bulk", json={**wrong, "preview": False}).status_code == 400
    both = {**edit, "object_ids": ids}
    assert ask(town, "shift_leader", "POST", "/api/registers/canteen/bulk", json=both).status_code == 400


def test_a_sheet_comes_back_without_loss(town: World) -> None:
    before = stored(town)
    job = imported(town, "shift_leader", sheet(town, "shift_leader"))
    assert (job["phase"], job["rows"], job["unchanged"]) == ("done", 3, 3)
    assert stored(town) == before
    # somebody who is not shown the telephone sends the masked sheet back: it stays
    job = imported(town, "administrator", sheet(town, "administrator"))
    assert (job["phase"], job["unchanged"]) == ("done", 3)
    assert stored(town) == before


def test_a_sheet_adds_and_changes_by_code(town: World) -> None:
    content = edited(sheet(town, "unit"), 2, {"编号": "C-010", "名称": "新食堂"})
    content = edited(content, 3, {"就餐人数（人）": "55", "状态": "放假停用", "经营方式": "自营"})
    job = imported(town, "unit", content)
    assert (job["phase"], job["added"], job["changed"], job["unchanged"]) == ("done", 1, 1, 0)
    second = objects(town, "unit", q="C-002")[0]
    assert (second["state"], second["data"]) == ("holiday", {"mode": "own", "served": 55, "main": "C-001"})
    history = did(ask(town, "unit", "GET", f"/api/registers/objects/{second['object_id']}/history"))["items"]
    assert history[0]["reason"] == "秋季核对"
    assert codes(town, "unit") == ["C-001", "C-002", "C-010"]


def test_wrong_rows_are_named_and_keep_all_out(town: World) -> None:
    before = stored(town)
    content = edited(sheet(town, "unit"), 2, {"就餐人数（人）": "很多", "经营方式": "租"})
    content = edited(content, 3, {"中心厨房": "C-099", "名称": "改名"})
    job = imported(town, "unit", content)
    assert (job["phase"], job["problem"]["code"], job["error_count"]) == ("refused", "import.rows", 2)
    assert [(one["row"], one["column"].split(" ")[0]) for one in job["errors"]] == [(2, "经营方式"), (3, "中心厨房")]
    assert stored(town) == before
    content = edited(sheet(town, "unit"), 2, {"经营方式": "租"})
    content = edited(content, 3, {"名称": "改名"})
    job = imported(town, "unit", content, valid_only="true")
    assert (job["phase"], job["changed"], job["error_count"]) == ("done", 1, 1)


@pytest.mark.parametrize("content", [b"no sheet", b""])
def test_what_is_no_sheet_is_refused(town: World, content: bytes) -> None:
    path = "/api/registers/canteen/import"
    answer = ask(town, "unit", "POST", path, params={"reason": "x"}, content=content)
    if answer.status_code == 202:
        job = imported(town, "unit", content)
        assert (job["phase"], job["problem"]["code"]) == ("refused", "import.file")
    else:
        assert answer.json()["code"] == "import.file"


def test_an_import_is_seen_by_who_began_it(town: World) -> None:
    job = imported(town, "unit", sheet(town, "unit"))
    assert ask(town, "shift_leader", "GET", f"/api/registers/imports/{job['job_id']}").status_code == 404
    assert ask(town, "unit", "GET", "/api/registers/imports/01UNKNOWN").status_code == 404


def test_who_asks_for_an_import_after_a_restart_is_told_what_was_kept(town: World) -> None:
    content = edited(sheet(town, "unit"), 2, {"编号": "C-010", "名称": "新食堂"})
    before = imported(town, "unit", content)
    assert (before["phase"], before["added"]) == ("done", 1)
    again = create_app(town.context)  # the process that comes after: the same store, nothing in memory
    answer = ask(replace(town, app=again), "unit", "GET", f"/api/registers/imports/{before['job_id']}")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (404, "import.unknown")
    assert "平台已重启" in said["message"]
    assert "the platform was restarted" in said["message_en"]
    assert (said["kept"], said["kept_en"]) == (
        "一次导入要么全部写入，要么一行也不写，不会只写一半",
        "an import is written as a whole or not at all, never a part of it",
    )
    assert "不会重复" in said["todo"]
    once_more = imported(town, "unit", content)
    assert (once_more["added"], once_more["changed"], once_more["unchanged"]) == (0, 0, once_more["rows"])


def test_lines_and_areas_go_through_sheets_and_onto_the_map(town: World) -> None:
    line = {"type": "LineString", "coordinates": [[112.5123457, 37.7], [112.5223457, 37.7]]}
    new = {"code": "P", "title": "p", "geometry": line}
    made = did(ask(town, "shift_leader", "POST", "/api/registers/pipe/objects", json=new), 201)
    assert (made["geometry"], made["lon"]) == (line, 112.5173457)
    layer = ask(town, "crew", "GET", "/api/registers/pipe/layer").json()
    assert layer["features"][0]["geometry"] == line
    job = imported(town, "shift_leader", sheet(town, "shift_leader", "pipe"), "pipe")
    assert (job["phase"], job["unchanged"]) == ("done", 1)
    points = ask(town, "dispatcher", "GET", "/api/registers/canteen/layer", params={"where": "mode:own"}).json()
    assert [one["properties"]["code"] for one in points["features"]] == ["C-001"]
    assert "phone" not in str(points)


def test_the_template_is_the_sheet_without_rows(town: World) -> None:
    content = ask(town, "unit", "GET", "/api/registers/canteen/template.xlsx").content
    book = load_workbook(io.BytesIO(content))
    names = {unit.id: unit.name for unit in town.context.units.list(SYSTEM)}
    columns = RegisterSheet(town.context.registers.spec("canteen"), names).columns
    assert [[cell.value for cell in row] for row in book.worksheets[0].rows] == [[one.heading for one in columns]]


def test_the_code_on_the_label_opens_the_object(town: World) -> None:
    first = objects(town, "unit")[0]
    answer = ask(town, "unit", "GET", f"/api/registers/objects/{first['object_id']}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert read_qr(modules_of(answer.text)) == f"http://city.test/field?object={first['object_id']}"
    labels = ask(town, "unit", "GET", "/api/registers/canteen/labels").text
    assert labels.count("<figure>") == 2
    assert "C-001" in labels


def test_exports_imports_and_bulk_edits_are_audited(town: World) -> None:
    imported(town, "unit", edited(sheet(town, "unit"), 2, {"名称": "改名"}))
    with town.context.store.read() as conn:
        found = list_audit(conn, town.people["auditor"], AuditFilter(object_type="register")).items
    assert [(one.action, one.detail) for one in reversed(found)][1:] == [
        ("register.export", {"rows": 2}),
        ("register.import", {"added": 0, "changed": 1, "unchanged": 1}),
    ]
