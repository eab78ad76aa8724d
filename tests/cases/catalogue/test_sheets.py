"""Bounds of what is read from an xlsx, each overfilled; and files that lie."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from openpyxl import Workbook

from cityops.cases.catalogue import Column, RowError, SheetRow, read_rows, write_rows
from cityops.kit import InvalidError

COLUMNS = (Column("名称", "name", required=True), Column("备注", "note", required=False))


def book_of(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def errors(row: SheetRow) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.text.en) for error in row.errors]


def test_columns_may_come_in_any_order_and_empty_rows_are_passed_over() -> None:
    content = book_of([["备注", "名称"], ["甲", "乙"], [None, None], ["  ", None], [None, " 丙 "]])
    assert read_rows(content, COLUMNS) == [
        SheetRow(2, {"name": "乙", "note": "甲"}), SheetRow(5, {"name": "丙", "note": ""}),
    ]  # fmt: skip


def test_cells_that_cannot_be_taken_are_named() -> None:
    content = book_of([["名称", "备注"], [None, "甲"], ["乙", "长" * 2001], ["=1/0", "丙"], ["丁", "戊", "旁"]])
    assert [errors(row) for row in read_rows(content, COLUMNS)] == [
        [(2, "名称", "must not be empty")],
        [(3, "备注", "too long, or with control characters")],
        [(4, "名称", "a formula or an error: paste it as a value")],
        [(5, "", "something stands beyond the last heading")],
    ]


@pytest.mark.parametrize("value", ["=1+1", "+86", "-1", "@甲", "0123", "1e5", "2026-07-01", "TRUE", "a\nb", "'甲"])
def test_text_stays_text(value: str) -> None:
    assert read_rows(write_rows("表", COLUMNS, [[value, ""]]), COLUMNS) == [SheetRow(2, {"name": value, "note": ""})]


def test_a_file_that_lies_about_its_size_is_read_whole() -> None:
    content = book_of([["名称", "备注"], ["甲", "乙"], ["丙", "丁"]])
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                data, count = re.subn(rb'<dimension ref="A1:B3"', b'<dimension ref="A1:A2"', data)
                assert count == 1
            new.writestr(part, data)
    assert [row.fields["note"] for row in read_rows(changed.getvalue(), COLUMNS)] == ["乙", "丁"]


def test_a_small_file_that_unpacks_into_much_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b" " * 100_000_001)
    assert len(packed.getvalue()) < 200_000
    with pytest.raises(InvalidError, match="too large when unpacked"):
        read_rows(packed.getvalue(), COLUMNS)


@pytest.mark.parametrize(
    ("headings", "zh", "en"),
    [
        (["名称", "名称"], "重复 名称；", "twice 名称; "),
        (["名字", "备注", "电话"], "不认识 名字、电话；缺少 名称；", "unknown 名字, 电话; missing 名称; "),
    ],
)
def test_other_headings_are_refused_and_the_known_ones_are_named(headings: list[object], zh: str, en: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_rows(book_of([headings, ["甲", "乙"]]), COLUMNS)
    assert refused.value.text == (
        f"无法导入：{zh}表头应为 名称、备注。",
        f"cannot import: {en}the headings are 名称, 备注",
    )


def test_a_row_error_says_it_in_both_languages() -> None:
    error = read_rows(book_of([["名称", "备注"], [None, "甲"]]), COLUMNS)[0].errors[0]
    assert isinstance(error, RowError)
    assert error.text == ("不能为空", "must not be empty")
