"""Rule tables over HTTP: sheets out and in with errors by row, versions, comparing, rolling back; routes explained."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.api.test_routes import ask, did
from tests.api.world import LAT, World

from cityops.analysis.evaluation import built_in_rules
from cityops.kit import CityOpsError

WEB = Path(__file__).parents[2] / "web" / "src"
LAMP = "GB/T 47678.5-2026/matter/01037"
TABLES = ("local_items", "conditions", "routes", "duplicates", "scores", "school_calendar", "checklist:canteen")


def sheet(world: World, table: str, version: int | None = None) -> bytes:
    query = {} if version is None else {"version": version}
    return ask(world, "acceptor", "GET", f"/api/rules/{table}/sheet.xlsx", params=query).content


def edited(content: bytes, *rows: dict[str, str], row: int | None = None, **cells: str) -> bytes:
    """The sheet with cells of a row changed by heading, and rows added."""
    book = load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    heading = [cell.value for cell in page[1]]
    if row is not None:
        for name, value in cells.items():
            page.cell(row, heading.index(name) + 1).value = value
    for one in rows:
        page.append([one.get(str(name), "") for name in heading])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def publish(world: World, table: str, content: bytes, expected: int, status: int = 201) -> Any:
    query = {"note": "试行", "expected_version": expected}
    answer = ask(world, "administrator", "POST", f"/api/rules/{table}/versions", params=query, content=content)
    return did(answer, status)


def route(unit: str, **fields: str) -> dict[str, str]:
    return {"主办单位": unit, **fields}


@pytest.mark.parametrize("table", TABLES)
def test_what_is_exported_can_be_published_as_it_is(world: World, table: str) -> None:
    content = sheet(world, table)
    found = did(ask(world, "administrator", "POST", f"/api/rules/{table}/check", content=content))
    assert (found["valid"], found["errors"]) == (True, [])
    changes = found["changes"]
    assert (changes["added_count"], changes["changed_count"], changes["removed_count"]) == (0, 0, 0)
    made = publish(world, table, content, 0)
    assert made["version"] == 1
    tables = did(ask(world, "unit", "GET", "/api/rules"))["items"]
    assert [one["name"] for one in tables] == list(TABLES)
    in_force = next(one for one in tables if one["name"] == table)
    assert (in_force["version"], in_force["rows"], in_force["left_out"]) == (1, made["rows"], [])
    assert (
        sheet(world, table, 1) == sheet(world, table)
        or made["rows"] == 0
        or load(sheet(world, table, 1)) == load(sheet(world, table))
    )


@pytest.mark.parametrize("table", TABLES)
def test_what_is_built_in_in_our_words_is_there_in_english(world: World, table: str) -> None:
    shown = next(one for one in did(ask(world, "unit", "GET", "/api/rules"))["items"] if one["name"] == table)
    words = {column["name"]: column["words"] for column in shown["columns"] if column["words"]}
    rows = did(ask(world, "unit", "GET", f"/api/rules/{table}", params={"page_size": 200}))["items"]
    assert [(name, row[name]) for row in rows for name in words if row.get(name) and row[name] not in words[name]] == []
    assert all(text["en"].isascii() or "–" in text["en"] for column in words.values() for text in column.values())


def test_rows_are_found_by_what_a_cell_says_in_either_language(world: World) -> None:
    def found(words: str) -> int:
        query = {"q": words, "version": 0}
        return int(did(ask(world, "unit", "GET", "/api/rules/conditions", params=query))["page"]["total"])

    # Of the example's 18 stages eleven are in working days, three in urgent hours.
    assert (found("working day"), found("工作日"), found("urgent"), found("no such words")) == (11, 11, 3, 0)


def load(content: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))


def test_errors_are_named_by_row_and_nothing_is_published(world: World) -> None:
    content = edited(sheet(world, "conditions"), row=3, 时限="many", 时限单位="星期")
    found = did(ask(world, "administrator", "POST", "/api/rules/conditions/check", content=content))
    assert (found["valid"], [(one["row"], one["column"]) for one in found["errors"]]) == (False, [(3, "时限")])
    refused = publish(world, "conditions", content, 0, 400)
    assert (refused["code"], refused["kept_en"]) == ("import.rows", "Nothing was imported.")
    routes = edited(sheet(world, "routes"), route("NO-SUCH"), route("police", 来源="hotline"))
    found = did(ask(world, "administrator", "POST", "/api/rules/routes/check", content=routes))
    assert [(one["row"], one["column"]) for one in found["errors"]] == [(2, "主办单位")]
    scores = edited(sheet(world, "scores"), row=2, 权重="41")
    found = did(ask(world, "administrator", "POST", "/api/rules/scores/check", content=scores))
    assert [(one["row"], one["column"]) for one in found["errors"]] == [(2, "权重")]
    assert did(ask(world, "administrator", "POST", "/api/rules/routes/check", content=b"no xlsx"), 400)["code"] == (
        "import.file"
    )
    assert [one["version"] for one in did(ask(world, "acceptor", "GET", "/api/rules"))["items"]] == [0] * 7


def test_every_column_has_english_words_in_the_interface(world: World) -> None:
    """In Chinese the column is called as in the sheet."""
    english = json.loads((WEB / "locales" / "en" / "rules.json").read_text(encoding="utf-8"))["column"]
    tables = did(ask(world, "acceptor", "GET", "/api/rules"))["items"]
    assert {one["name"] for table in tables for one in table["columns"]} == set(english)


def test_versions_are_compared_and_rolled_back_and_never_overwritten(world: World) -> None:
    first = edited(sheet(world, "routes"), route("police"), route("alpha", 来源="portal"))
    publish(world, "routes", first, 0)
    second = edited(first, route("beta", 来源="hotline"), row=3, 主办单位="beta")
    publish(world, "routes", second, 1)
    stale = publish(world, "routes", first, 1, 409)
    assert stale["code"] == "rules.stale"
    query = {"before": 1, "after": 2}
    changes = did(ask(world, "dispatcher", "GET", "/api/rules/routes/changes", params=query))
    assert [row["source"] for row in changes["added"]] == ["hotline"]
    assert [(one["before"]["unit_id"], one["after"]["unit_id"], one["fields"]) for one in changes["changed"]] == [
        ("alpha", "beta", ["unit_id"])
    ]
    assert changes["removed"] == []
    body = {"to_version": 1, "expected_version": 2, "note": "派错单位"}
    back = did(ask(world, "administrator", "POST", "/api/rules/routes/roll-back", json=body), 201)
    assert (back["version"], back["copied_from"]) == (3, 1)
    versions = did(ask(world, "dispatcher", "GET", "/api/rules/routes/versions"))["items"]
    assert [(one["version"], one["note"]) for one in versions] == [(3, "派错单位"), (2, "试行"), (1, "试行")]
    since = did(ask(world, "dispatcher", "GET", "/api/rules/routes/changes", params={"before": 1, "after": 3}))
    assert (since["added_count"], since["changed_count"], since["removed_count"]) == (0, 0, 0)
    rows = did(ask(world, "dispatcher", "GET", "/api/rules/routes", params={"version": 2, "q": "beta"}))
    assert (rows["version"], rows["page"]["total"]) == (2, 2)
    did(ask(world, "dispatcher", "GET", "/api/rules/routes", params={"version": 9}), 404)
    did(ask(world, "dispatcher", "GET", "/api/rules/nothing"), 404)


def test_the_catalogue_is_whole_and_found_by_words_and_pinyin(world: World) -> None:
    matters = did(ask(world, "collector", "GET", "/api/catalogue", params={"page_size": 200}))
    components = did(ask(world, "collector", "GET", "/api/catalogue", params={"kind": "component"}))
    assert (matters["page"]["total"], components["page"]["total"]) == (250, 153)
    assert sum(one["count"] for one in matters["classes"]) == 250
    for words in ("01037", "路灯", "ludeng"):
        found = did(ask(world, "collector", "GET", "/api/catalogue", params={"q": words}))["items"]
        assert "路灯异常" in [one["name"] for one in found]
    own = {"类型": "事项", "大类代码": "90", "大类名称": "其他诉求类", "小类代码": "001", "名称": "政务服务诉求"}
    publish(world, "local_items", edited(sheet(world, "local_items"), own), 0)
    (local,) = did(ask(world, "collector", "GET", "/api/catalogue", params={"class_code": "90"}))["items"]
    assert (local["code"], local["local"], local["conditions"]) == ("90001", True, 0)


def test_a_route_explains_itself_and_so_does_its_deadline(world: World) -> None:
    content = edited(sheet(world, "routes"), route("police"), route("alpha", 区域代码="140105"))
    publish(world, "routes", content, 0)
    body = {"matter": LAMP, "lon": 112.52, "lat": LAT, "source": "hotline", "at": "2026-11-20T16:00:00+08:00"}
    found = did(ask(world, "collector", "POST", "/api/route-test", json=body))
    assert (found["place"]["district_name"], found["area"], found["unit_name"]) == ("小店区", "140105", "甲运输公司")
    assert [(one["row"]["unit_id"], one["fits"], one["wins"]) for one in found["considered"]] == [
        ("alpha", True, True),
        ("police", True, False),
    ]
    assert found["considered"][1]["why"]["zh"] == "适用，但有更具体的规则"
    assert "派往“甲运输公司”" in found["words"]["zh"]
    ((stage,),) = [one["stages"] for one in found["standards"]]
    # Two working days after Friday 20 November: Tuesday the 24th, the weekend skipped and said so.
    assert stage["due_at"] == "2026-11-24T18:00:00+08:00"
    assert "周末" in stage["explanation"]["zh"] or "星期" in stage["explanation"]["zh"]
    east = did(ask(world, "collector", "POST", "/api/route-test", json={**body, "lon": 112.57}))
    assert east["unit_name"] == "小店大队"
    assert [one["why"]["zh"] for one in east["considered"]] == ["适用，且最具体", "区域不在 140105 内"]
    did(ask(world, "collector", "POST", "/api/route-test", json={**body, "matter": "x/matter/1"}), 404)
    for bad in ({"lon": None}, {"grid": "140105999999999"}):
        did(ask(world, "collector", "POST", "/api/route-test", json={**body, **bad}), 400)


def test_the_built_in_scores_are_what_the_sheet_says(world: World) -> None:
    rows = load(sheet(world, "scores"))[1:]
    weights = {(row[0], row[1]): int(row[2]) for row in rows}
    assert weights["处置单位", "结案率"] == 30
    assert sum(weights.values()) == 100 * len(built_in_rules()[0].posts)


def test_publishing_by_code_needs_the_permission_too(world: World) -> None:
    with pytest.raises(CityOpsError):
        world.context.rules.publish(world.people["dispatcher"], "routes", [], expected_version=0, note="x")
