"""Reports as xlsx (批量导入): every row is checked first; filing a row again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cityops.access import Principal
from cityops.cases.catalogue import (
    CatalogueItem,
    Column,
    FieldError,
    Import,
    ItemKey,
    Kind,
    RowError,
    SheetRow,
    parse_one,
    read_rows,
    write_rows,
)
from cityops.cases.intake.intake import Intake
from cityops.cases.intake.values import NewCaseReport
from cityops.cases.rulebook import Rules
from cityops.kit import SHANGHAI, CityOpsError, InvalidError, Text, to_ms
from cityops.places import City

IMPORT_MAX: Final = 5_000
"""Rows of one file."""
REPORT_COLUMNS: Final[Sequence[Column]] = (
    Column("事项", "matter", required=True, width=28),
    Column("问题描述", "description", required=False, width=48),
    Column("经度", "lon", required=False),
    Column("纬度", "lat", required=False),
    Column("单元网格", "grid", required=False, width=20),
    Column("地址", "address", required=False, width=32),
    Column("地址补充", "address_note", required=False, width=24),
    Column("上报人", "reporter_name", required=False),
    Column("联系方式", "reporter_contact", required=False),
    Column("要求回访", "wants_answer", required=False),
    Column("发现时间", "seen_at", required=False, width=20),
    Column("来源编号", "reference", required=False),
)
_YES_NO: Final = {"": False, "否": False, "是": True}
_TIME: Final = "%Y-%m-%d %H:%M"
_EXAMPLE: Final = (
    "06010",
    "绿化带旁有一堆垃圾，约两平方米",
    "112.5514",
    "37.8052",
    "",
    "学府街",
    "公交站东侧",
    "",
    "",
    "否",
    "2026-11-20 08:30",
    "",
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A valid row: its number in the sheet, and the report."""

    row: int
    report: NewCaseReport


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of some rows: how many were filed (also those filed before), and which were refused."""

    filed: int
    errors: list[RowError]


def template() -> bytes:
    """The empty sheet with its heading and one example row."""
    return write_rows("上报导入", REPORT_COLUMNS, [_EXAMPLE])


def import_reports(content: bytes, rules: Rules, city: City) -> Import[ReportRow]:
    """The reports in an xlsx with the errors of each row; nothing is filed.

    The matter is a code of five digits or a name of the catalogue in force; the place is a position in WGS-84 degrees
    or the code of a unit grid. A report's ``client_id`` comes from the file's content and its row.

    Raises:
        InvalidError: ``import.file``: not such a table at all, or more than ``IMPORT_MAX`` rows.
    """
    rows = read_rows(content, REPORT_COLUMNS)
    if len(rows) > IMPORT_MAX:
        raise InvalidError(
            f"一次最多导入 {IMPORT_MAX} 行",
            f"at most {IMPORT_MAX} rows at a time",
            code="import.file",
            kept=Text("未导入任何内容。", "Nothing was imported."),
            todo=Text("请分成几个文件导入。", "Split it into several files."),
        )
    file_id = sha256(content).hexdigest()[:40]
    return reports_of(rows, rules, city, lambda row: f"{file_id}-{row.row}")


def reports_of(
    rows: Sequence[SheetRow], rules: Rules, city: City, client_id: Callable[[SheetRow], str]
) -> Import[ReportRow]:
    """The reports in rows of text, with the errors of each row; ``client_id`` makes that of a row's report."""
    reader = _Reader(rules, city, client_id)
    valid: list[ReportRow] = []
    errors: list[RowError] = []
    for row in rows:
        read = parse_one(row, REPORT_COLUMNS, reader.read)
        if isinstance(read, ReportRow):
            valid.append(read)
        else:
            errors.extend(read)
    return Import(valid, errors, len(rows))


def file_rows(intake: Intake, principal: Principal, rows: Sequence[ReportRow]) -> ImportOutcome:
    """File rows, each in a transaction of its own; a row filed before is not filed again.

    Returns:
        How many are cases now, and what was refused in the others; those can be sent again.
    """
    filed = 0
    errors: list[RowError] = []
    for row in rows:
        try:
            intake.file(principal, row.report)
            filed += 1
        except CityOpsError as error:
            errors.append(RowError(row.row, "", error.text))
    return ImportOutcome(filed, errors)


class _Reader:
    """Reads rows by the rules in force."""

    def __init__(self, rules: Rules, city: City, client_id: Callable[[SheetRow], str]) -> None:
        self._city = city
        self._client_id = client_id
        self._grids = {grid.code for grid in city.grids}
        self._by_code: dict[str, CatalogueItem] = {}
        self._by_name: dict[str, list[CatalogueItem]] = {}
        for item in rules.items(Kind.MATTER):
            self._by_code.setdefault(item.code, item)
            self._by_name.setdefault(item.name, []).append(item)

    def read(self, row: SheetRow) -> ReportRow:
        """The report of a row; ``FieldError`` says what is wrong with which field."""
        fields = row.fields
        lon, lat = self._position(row)
        if fields["wants_answer"] not in _YES_NO:
            raise FieldError("wants_answer", "应为“是”或“否”", "是 (yes) or 否 (no)")
        wants_answer = _YES_NO[fields["wants_answer"]]
        if wants_answer and not fields["reporter_contact"]:
            raise FieldError("reporter_contact", "需要回访时请填联系方式", "to be called back, a contact is needed")
        if len(fields["reference"]) > 80:
            raise FieldError("reference", "不超过 80 字", "at most 80 characters")
        report = NewCaseReport(
            source="import",
            key=self._matter(fields["matter"]),
            lon=lon,
            lat=lat,
            description=fields["description"],
            address=_line(row, "address"),
            address_note=_line(row, "address_note"),
            reporter_name=_line(row, "reporter_name"),
            reporter_contact=_line(row, "reporter_contact"),
            wants_answer=wants_answer,
            seen_at_ms=_seen_ms(fields["seen_at"]),
            client_id=self._client_id(row),
            reference=fields["reference"] or None,
        )
        return ReportRow(row.row, report)

    def _matter(self, text: str) -> ItemKey:
        named = self._by_name.get(text, [])
        found = self._by_code.get(text) or (named[0] if len(named) == 1 else None)
        if found is None:
            raise FieldError(
                "matter",
                f"目录中没有事项“{text}”，或名称不唯一（请用五位代码）",
                f"no matter {text!r} in the catalogue, or several of this name (use the code of five digits)",
            )
        return found.key

    def _position(self, row: SheetRow) -> tuple[float, float]:
        fields = row.fields
        if fields["grid"]:
            if fields["grid"] not in self._grids:
                raise FieldError("grid", f"没有单元网格 {fields['grid']}", f"there is no unit grid {fields['grid']}")
            found = self._city.find(fields["grid"], 1)[0]
            return found.lon, found.lat
        lon, lat = _degrees(row, "lon"), _degrees(row, "lat")
        west, south, east, north = self._city.bounds
        if not (west <= lon <= east and south <= lat <= north):
            raise FieldError("lon", "位置不在本市范围内", "the place is outside this city")
        return lon, lat


def _degrees(row: SheetRow, name: str) -> float:
    text = row.fields[name]
    try:
        return float(text)
    except ValueError as error:
        raise FieldError(name, f"应为经纬度的度数：{text}", f"degrees, not {text!r}") from error


def _line(row: SheetRow, name: str) -> str | None:
    text = row.fields[name]
    if len(text) > 200:
        raise FieldError(name, "不超过 200 字", "at most 200 characters")
    return text or None


def _seen_ms(text: str) -> int | None:
    try:
        return to_ms(datetime.strptime(text[:16], _TIME).replace(tzinfo=SHANGHAI)) if text else None
    except ValueError as error:
        raise FieldError("seen_at", f"应为 2026-11-20 08:30 的形式：{text}", f"as 2026-11-20 08:30: {text}") from error
