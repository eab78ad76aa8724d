"""Reports as xlsx: every row is checked first, filing again changes nothing."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from cityops.cases.catalogue import write_rows
from cityops.cases.intake import IMPORT_MAX, REPORT_COLUMNS, file_rows, import_reports, template
from cityops.kit import SHANGHAI, InvalidError, to_ms

from .conftest import LAT, LON, REFUSE, Desk

HEADINGS = [column.heading for column in REPORT_COLUMNS]
GOOD = {"事项": "06010", "问题描述": "一堆垃圾", "经度": str(LON), "纬度": str(LAT), "地址": "学府街"}


def sheet(*rows: dict[str, str]) -> bytes:
    return write_rows("上报", REPORT_COLUMNS, [[row.get(heading, "") for heading in HEADINGS] for row in rows])


def errors_of(desk: Desk, *rows: dict[str, str]) -> list[tuple[int, str]]:
    found = import_reports(sheet(*rows), desk.rulebook.rules(), desk.city)
    return [(error.row, error.column) for error in found.errors]


def test_the_template_is_itself_a_valid_sheet(small_desk: Desk) -> None:
    found = import_reports(template(), small_desk.rulebook.rules(), small_desk.city)
    assert (found.rows, found.errors) == (1, [])
    [row] = found.valid
    assert row.report.seen_at_ms == to_ms(datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI))
    assert (row.report.source, row.report.key, row.report.address_note) == ("import", REFUSE, "公交站东侧")


def test_a_matter_by_name_and_a_place_by_grid(small_desk: Desk) -> None:
    grid = small_desk.city.locate(LON, LAT).grid_code
    rows = sheet({"事项": "暴露垃圾", "单元网格": grid})
    [row] = import_reports(rows, small_desk.rulebook.rules(), small_desk.city).valid
    assert row.report.key == REFUSE
    assert small_desk.city.locate(row.report.lon, row.report.lat).grid_code == grid


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"事项": "没有这个事项"}, "事项"),
        ({"事项": ""}, "事项"),
        ({"经度": "东"}, "经度"),
        ({"纬度": ""}, "纬度"),
        ({"经度": "nan"}, "经度"),
        ({"经度": "100"}, "经度"),
        ({"单元网格": "1"}, "单元网格"),
        ({"要求回访": "也许"}, "要求回访"),
        ({"要求回访": "是"}, "联系方式"),
        ({"发现时间": "昨天"}, "发现时间"),
        ({"地址": "字" * 201}, "地址"),
        ({"来源编号": "x" * 81}, "来源编号"),
    ],
)
def test_each_wrong_row_is_named_with_its_column(small_desk: Desk, wrong: dict[str, str], column: str) -> None:
    assert errors_of(small_desk, GOOD, GOOD | wrong) == [(3, column)]


def test_a_time_that_excel_keeps_as_a_time_is_read(small_desk: Desk) -> None:
    book = Workbook()
    sheet_of_book = book.active
    assert sheet_of_book is not None
    sheet_of_book.append(HEADINGS)
    values: dict[str, Any] = {**GOOD, "经度": LON, "纬度": LAT, "发现时间": datetime(2026, 11, 20, 8, 30)}
    sheet_of_book.append([values.get(heading) for heading in HEADINGS])
    buffer = io.BytesIO()
    book.save(buffer)
    [row] = import_reports(buffer.getvalue(), small_desk.rulebook.rules(), small_desk.city).valid
    assert row.report.seen_at_ms == to_ms(datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI))


def test_nothing_is_accepted_while_a_row_is_wrong_unless_the_user_chooses_the_valid_ones(desk: Desk) -> None:
    found = import_reports(sheet(GOOD, GOOD | {"事项": "?"}, GOOD), desk.rulebook.rules(), desk.city)
    with pytest.raises(InvalidError, match="1 of 3 rows"):
        found.accept()
    rows = found.accept(valid_only=True)
    assert [row.row for row in rows] == [2, 4]
    assert file_rows(desk.intake, desk.acceptor, rows).filed == 2
    assert file_rows(desk.intake, desk.acceptor, rows).filed == 2  # sent again after a lost answer
    assert len(desk.near()) == 2


def test_a_row_that_the_desk_refuses_is_named_and_the_others_are_filed(small_desk: Desk) -> None:
    rows = import_reports(sheet(GOOD, GOOD), small_desk.rulebook.rules(), small_desk.city).accept()
    outcome = file_rows(small_desk.intake, small_desk.collector, rows)
    assert (outcome.filed, [error.row for error in outcome.errors]) == (0, [2, 3])


def test_too_many_rows_are_refused_as_a_whole(small_desk: Desk) -> None:
    content = sheet(*[GOOD] * (IMPORT_MAX + 1))
    with pytest.raises(InvalidError, match="at most 5000 rows"):
        import_reports(content, small_desk.rulebook.rules(), small_desk.city)
