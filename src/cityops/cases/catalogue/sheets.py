"""Tables as xlsx, read with errors by row and written so that reading gives back the same.

All values are written as text: codes keep their zeros, and nothing that begins with ``=`` becomes a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from cityops.kit import InvalidError, Text, clean, has_control, kept_as_written

MAX_BYTES: Final = 10_000_000
MAX_UNPACKED_BYTES: Final = 100_000_000
"""What an xlsx may hold unpacked: a file of 10 MB can be made to unpack into all the memory there is."""
MAX_ROWS: Final = 20_000
MAX_CELL: Final = 2_000
"""Longest text of a cell in characters."""
_LIST_MARK: Final = re.compile("[;；]")

T = TypeVar("T")


class Column(NamedTuple):
    """A column: heading as people read it, the field's name, whether a row must fill it, characters at most.

    ``words``: what the cells that are words of ours say in two languages; a city's own cells stand as they are.
    """

    heading: str
    name: str
    required: bool
    width: int = 16
    most: int = MAX_CELL
    words: Mapping[str, Text] = MappingProxyType({})


def cell_words(texts: Iterable[Text]) -> Mapping[str, Text]:
    """``Column.words`` of cells that stand in the sheet in Chinese."""
    return MappingProxyType({text.zh: text for text in texts})


class RowError(NamedTuple):
    """What is wrong in a row; ``row`` counts as the spreadsheet does, the heading is row 1; ``column`` may be empty."""

    row: int
    column: str
    text: Text


class SheetRow(NamedTuple):
    """A row as read: its number in the sheet, the text of each field (empty where nothing stands), what is wrong."""

    row: int
    fields: dict[str, str]
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class Import(Generic[T]):
    """What an import found; nothing is stored yet.

    Attributes:
        valid: what could be read, in the order of the sheet.
        errors: what could not, by row.
        rows: how many rows there were.
    """

    valid: list[T]
    errors: list[RowError]
    rows: int

    def accept(self, *, valid_only: bool = False) -> list[T]:
        """What to store: everything, or only what is valid when the user chose so.

        Raises:
            InvalidError: ``import.rows``: there are errors and the user did not choose the valid rows.
        """
        if self.errors and not valid_only:
            first = self.errors[0]
            count = len({error.row for error in self.errors})
            raise InvalidError(
                f"共 {self.rows} 行，{count} 行有误；第 {first.row} 行 {first.column}：{first.text.zh}",
                f"{count} of {self.rows} rows have errors; row {first.row} {first.column}: {first.text.en}",
                code="import.rows",
                kept=Text("未导入任何内容。", "Nothing was imported."),
                todo=Text(
                    "请修改后重新导入，或选择只导入有效的行。", "Correct them, or choose to import the valid rows."
                ),
            )
        return self.valid


class FieldError(Exception):
    """A field that cannot be read, by its name; whoever reads the row turns it into a ``RowError``."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.field = field
        self.text = Text(zh, en)


def write_rows(title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bytes:
    """An xlsx with one sheet and a heading; every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.freeze_panes = "A2"
    header = []
    for column in columns:
        cell = WriteOnlyCell(sheet, column.heading)
        cell.font = Font(bold=True)
        header.append(cell)
    sheet.append(header)
    for row in rows:
        sheet.append([_text_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read_rows(content: bytes, columns: Sequence[Column]) -> list[SheetRow]:
    """The rows of an xlsx's first sheet, each with its errors. Empty rows are passed over.

    Raises:
        InvalidError: ``import.file``: no xlsx, too large, too many rows, or a heading is missing, unknown or twice.
    """
    sheet_rows = _cells(content)
    if not sheet_rows:
        raise _bad_file("表格是空的", "the sheet is empty")
    names = _header([_plain(cell) for cell in sheet_rows[0]], columns)
    found: list[SheetRow] = []
    for number, cells in enumerate(sheet_rows[1:], start=2):
        if any(_plain(cell) for cell in cells):
            found.append(_row(number, cells, names, columns))
    return found


def parse_one(row: SheetRow, columns: Sequence[Column], parse: Callable[[SheetRow], T]) -> T | list[RowError]:
    """The row through ``parse``, or what is wrong in it: what ``parse`` raised as FieldError or InvalidError."""
    if row.errors:
        return list(row.errors)
    try:
        return parse(row)
    except FieldError as error:
        heading = next(column.heading for column in columns if column.name == error.field)
        return [RowError(row.row, heading, error.text)]
    except InvalidError as error:
        return [RowError(row.row, "", error.text)]


def day_field(row: SheetRow, name: str) -> date | None:
    """A field that holds a day as ``2026-07-01``; None when it is empty."""
    text = row.fields[name]
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FieldError(name, f"日期应为 2026-07-01 的形式：{text}", f"write a day as 2026-07-01: {text}") from error


def whole_number(row: SheetRow, name: str) -> int:
    """A field that holds a whole number of at most nine digits."""
    text = row.fields[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise FieldError(name, f"应为正整数：{text}", f"a positive whole number, not {text}")
    return int(text)


def day_text(day: date | None) -> str:
    """A day as ``day_field`` reads it."""
    return day.isoformat() if day else ""


def storable(text: str) -> bool:
    """Whether a cell gives the text back as it is."""
    return kept_as_written(text, MAX_CELL)


def storable_in_list(text: str) -> bool:
    """Whether ``split_list(join_list([..., text]))`` gives the text back."""
    return bool(text) and storable(text) and not _LIST_MARK.search(text)


def join_list(texts: Iterable[str]) -> str:
    """Several texts in one cell."""
    return "；".join(texts)


def split_list(text: str) -> tuple[str, ...]:
    """The texts in one cell, apart by a semicolon of either width."""
    return tuple(part.strip() for part in _LIST_MARK.split(text) if part.strip())


_Cell = tuple[str, Any]
"""Type of a cell as openpyxl names it, and its value."""


def _cells(content: bytes) -> list[list[_Cell]]:
    if len(content) > MAX_BYTES:
        raise _bad_file(f"文件超过 {MAX_BYTES // 1_000_000} MB", f"the file is over {MAX_BYTES // 1_000_000} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise _bad_file("文件解压后过大", "the file is too large when unpacked")
        book = load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size may be wrong, and would cut it off in silence
        rows = [[(cell.data_type, cell.value) for cell in cells] for cells in sheet.iter_rows(max_row=MAX_ROWS + 2)]
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError) as error:
        raise _bad_file(f"不是可读的 xlsx 文件：{error}", f"not a readable xlsx: {error}") from error
    if len(rows) > MAX_ROWS + 1:
        raise _bad_file(f"超过 {MAX_ROWS} 行", f"more than {MAX_ROWS} rows")
    return rows


def _header(headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    by_heading = {column.heading: column.name for column in columns}
    while headings and not headings[-1]:
        headings = headings[:-1]
    unknown = [heading for heading in headings if heading not in by_heading]
    missing = [column.heading for column in columns if column.required and column.heading not in headings]
    twice = sorted({heading for heading in headings if headings.count(heading) > 1})
    faults = [
        Text(f"{zh} {'、'.join(found)}", f"{en} {', '.join(found)}")
        for zh, en, found in (("不认识", "unknown", unknown), ("缺少", "missing", missing), ("重复", "twice", twice))
        if found
    ]
    if faults:
        raise _bad_file(
            f"{'；'.join(one.zh for one in faults)}；表头应为 {'、'.join(by_heading)}",
            f"{'; '.join(one.en for one in faults)}; the headings are {', '.join(by_heading)}",
        )
    return [by_heading[heading] for heading in headings]


def _row(number: int, cells: Sequence[_Cell], names: Sequence[str], columns: Sequence[Column]) -> SheetRow:
    by_name = dict(zip(names, cells, strict=False))
    fields: dict[str, str] = {}
    errors: list[RowError] = []
    for column in columns:
        cell = by_name.get(column.name, ("n", None))
        fields[column.name] = text = _plain(cell)
        fault = _cell_fault(cell, text, column)
        if fault is not None:
            errors.append(RowError(number, column.heading, fault))
    if any(_plain(cell) for cell in cells[len(names) :]):
        errors.append(RowError(number, "", Text("表头以外的列有内容", "something stands beyond the last heading")))
    return SheetRow(number, fields, tuple(errors))


def _cell_fault(cell: _Cell, text: str, column: Column) -> Text | None:
    if cell[0] in ("f", "e"):
        return Text("单元格是公式或错误值，请粘贴为数值", "a formula or an error: paste it as a value")
    if len(text) > column.most or has_control(text):
        return Text("文字过长或含控制字符", "too long, or with control characters")
    if column.required and not text:
        return Text("不能为空", "must not be empty")
    return None


def _plain(cell: _Cell) -> str:
    """What a person sees in the cell."""
    value = cell[1]
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def _text_cell(sheet: Any, value: str) -> Any:
    cell = WriteOnlyCell(sheet, value or None)
    if value:
        cell.data_type = "s"
        cell.number_format = "@"
    return cell


def _bad_file(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"无法导入：{zh}。",
        f"cannot import: {en}",
        code="import.file",
        kept=Text("未导入任何内容。", "Nothing was imported."),
        todo=Text("请使用导出的表格作为模板。", "Use an exported table as the template."),
    )
