"""The six published cases: exactly, through the sheet; case 2 flagged with its reason and never repaired."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from cityops.cases import CaseFilter, case_table
from cityops.kit import CityOpsError, InvalidError
from cityops.scenes.road_excavation.demo_data import PUBLISHED_FILES
from cityops.scenes.road_excavation.discretion import read_tables
from cityops.scenes.road_excavation.earlier_files import EarlierFiles
from cityops.scenes.road_excavation.findings import facts_of
from cityops.scenes.road_excavation.rule import ExcavationRule
from cityops.scenes.road_excavation.sheet import write_files

from .town import Town

RULE = ExcavationRule(read_tables())
FLAG = "处罚决定日期 2023-11-07 早于发现日期 2023-11-15"


def imported(town: Town) -> list[Any]:
    page = town.cases.list(town.who("dispatcher"), CaseFilter(scene="road_excavation", kind="imported_case"))
    return sorted(page.items, key=lambda case: case.number)


def told(town: Town, case_id: str) -> dict[str, Any]:
    return town.cases.get(town.who("dispatcher"), case_id).timeline[0].data


def test_the_six_cases_are_there_exactly(town: Town) -> None:
    rows = [told(town, case.case_id) for case in imported(town)]
    assert [row["area_m2"] for row in rows] == [5, 8, 10, 8, 1, 0.6]
    assert [row["fine_yuan"] for row in rows] == [5000, 20000, 5000, 10000, 5000, 5000]
    assert [row["found_on"][:10] for row in rows] == [
        "2023-10-27", "2023-11-15", "2023-10-25", "2023-12-13", "2023-12-13", "2023-12-13",
    ]  # fmt: skip
    assert [row["decided_on"][:10] for row in rows] == [
        "2023-11-07", "2023-11-07", "2023-11-17", "2023-12-25", "2023-12-22", "2024-01-03",
    ]  # fmt: skip
    assert [row["team"] for row in rows] == ["一大队", "二大队", "六大队", "一大队", "四大队", "四大队"]
    assert {row["article"] for row in rows} == {"《城市道路管理条例》第二十七条第一款"}
    places = [case.title.zh for case in imported(town)]
    assert places[1] == "太原某建筑公司擅自挖掘城市道路埋设供热管道"
    assert not {"stopped_on", "transferred_on", "received_on", "paid_on", "restored_on"} & set().union(*rows)


def test_their_places_are_kept(town: Town) -> None:
    with town.context.store.read() as conn:
        query = select(case_table.c.place).where(case_table.c.kind == "imported_case").order_by(case_table.c.number)
        places = list(conn.execute(query).scalars())
    assert [(place["district_name"], place["address"]) for place in places] == [
        ("小店区", "汾东南路人行道"),
        ("万柏林区", "上庄街"),
        ("小店区", "王村南街"),
        ("小店区", "人民北路"),
        ("尖草坪区", "和晋北路"),
        ("尖草坪区", "和平北路"),
    ]


def test_case_2_is_flagged_with_its_reason_and_not_repaired(town: Town) -> None:
    cases = imported(town)
    assert [case.state for case in cases] == ["recorded", "flagged", *["recorded"] * 4]
    second = cases[1].case_id
    assert [flag.zh for flag in facts_of(town.context, RULE, town.who("acceptor"), second).flags] == [FLAG]
    steps = town.cases.get(town.who("acceptor"), second).timeline
    assert [(step.action, step.comment) for step in steps] == [("open", None), ("flag", FLAG)]
    assert (steps[0].data["found_on"][:10], steps[0].data["decided_on"][:10]) == ("2023-11-15", "2023-11-07")


def test_a_flag_goes_only_with_a_correction_that_resolves_it(town: Town) -> None:
    second = imported(town)[1]
    assert town.names("acceptor", second) == {"correct"}
    wrong = {"found_on": "2023-11-15T00:00:00+08:00", "decided_on": "2023-11-10T00:00:00+08:00"}
    with pytest.raises(CityOpsError, match="decision 2023-11-10 is earlier than found 2023-11-15"):
        town.take("acceptor", second, "correct", "核对原件", **wrong)
    right = {"found_on": "2023-11-05T00:00:00+08:00", "decided_on": "2023-11-07T00:00:00+08:00"}
    case = town.take("acceptor", second, "correct", "核对原始决定书，发现日期登记有误", **right)
    assert case.state == "recorded"
    assert facts_of(town.context, RULE, town.who("acceptor"), case.case_id).flags == []
    assert case.timeline[0].data["found_on"][:10] == "2023-11-15"
    assert town.take("acceptor", case, "archive").state == "archived"


def changed(**values: str) -> dict[str, str]:
    return {**PUBLISHED_FILES[0], "file_number": "测试-1", **values}


@pytest.mark.parametrize(
    ("values", "column", "words"),
    [
        ({"area_m2": "八"}, "面积（平方米）", "应为数字：八"),
        ({"area_m2": "0"}, "面积（平方米）", "应大于 0"),
        ({"fine_yuan": "nan"}, "罚款（元）", "应大于 0"),
        ({"found_on": "2023年11月"}, "发现日期", "日期应为"),
        ({"district": "无名区"}, "区县", "没有区县“无名区”"),
        ({"party_kind": "公司"}, "当事人类别", "“个人”或“单位”"),
        ({"party": ""}, "当事人", "不能为空"),
        ({"file_number": "通报20240306-2"}, "案卷号", "已导入"),
    ],
)
def test_a_row_with_an_error_stops_the_import_unless_left_out(
    town: Town, values: dict[str, str], column: str, words: str
) -> None:
    files = EarlierFiles(town.context)
    sheet = write_files([changed(**values), changed(file_number="测试-2")])
    with pytest.raises(InvalidError, match="1 of 2 rows have errors"):
        files.take(town.who("acceptor"), sheet)
    assert len(imported(town)) == 6
    taken = files.take(town.who("acceptor"), sheet, valid_only=True)
    assert [(error.row, error.column) for error in taken.errors] == [(2, column)]
    assert words in taken.errors[0].text.zh
    assert (taken.rows, taken.imported, len(imported(town))) == (2, 1, 7)


def test_a_sum_that_differs_stops_the_import(town: Town) -> None:
    files = EarlierFiles(town.context)
    sheet = write_files([changed(), changed(file_number="测试-2", fine_yuan="7500")])
    with pytest.raises(InvalidError, match="the sum of the fines is 12500, expected 10000"):
        files.take(town.who("acceptor"), sheet, expected_yuan=10000)
    with pytest.raises(InvalidError, match="the number of rows is 2, expected 6"):
        files.take(town.who("acceptor"), sheet, expected_rows=6)
    taken = files.take(town.who("acceptor"), sheet, expected_yuan=12500, expected_rows=2)
    assert (taken.area_m2, taken.fine_yuan) == (10, 12500)


def test_a_date_in_the_future_is_flagged(town: Town) -> None:
    files = EarlierFiles(town.context)
    taken = files.take(town.who("acceptor"), write_files([changed(decided_on="2026-11-23")]))
    assert [reason.zh for reason in taken.flagged[0].reasons] == ["处罚决定日期 2026-11-23 在今天之后"]


def test_only_who_accepts_cases_may_import(town: Town) -> None:
    with pytest.raises(CityOpsError):
        EarlierFiles(town.context).take(town.who("road_inspector"), write_files([changed()]))


def test_the_same_offender_is_shown_with_earlier_cases_and_suggests_a_graver_grade(town: Town) -> None:
    case = town.stopped(
        party="小店区某酒店", found_on="2025-12-01T09:00:00+08:00", stopped_on="2025-12-01T09:30:00+08:00"
    )
    facts = facts_of(town.context, RULE, town.who("road_inspector"), case.case_id)
    assert [(one.found_on, one.fine_yuan, one.by_code) for one in facts.earlier] == [("2023-12-13", 10000, False)]
    assert facts.discretion is not None
    assert (facts.discretion.suggested, len(facts.discretion.earlier)) == ("serious", 1)
    elsewhere = town.stopped(party="另一家酒店")
    assert facts_of(town.context, RULE, town.who("road_inspector"), elsewhere.case_id).earlier == []


def test_two_firms_of_one_name_with_different_codes_are_two_offenders(town: Town) -> None:
    one, other = "91140100MA0GRUKU32", "91140100MA0H12345R"
    town.stopped(party="同名公司", party_code=one)
    case = town.stopped(party="同名公司", party_code=other)
    assert facts_of(town.context, RULE, town.who("road_inspector"), case.case_id).earlier == []
    again = town.stopped(party="改名公司", party_code=one)
    facts = facts_of(town.context, RULE, town.who("road_inspector"), again.case_id)
    assert [(found.party, found.by_code) for found in facts.earlier] == [("同名公司", True)]
