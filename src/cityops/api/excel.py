"""Lists as xlsx files, written row by row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi.responses import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from cityops.api import schemas
from cityops.kit import SHANGHAI, InvalidError, Text

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS: Final = 50_000
EXPORT_PAGE: Final = 500
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BOLD: Final = Font(bold=True)

SEVERITIES: Final = {"notice": "提示", "warning": "警告", "serious": "严重", "critical": "特别严重"}
ALERT_STATES: Final = {"active": "进行中", "ended": "已结束", "withdrawn": "已撤回"}

ALERT_COLUMNS: Final[Sequence[tuple[str, int]]] = (
    ("发生时间 Started", 20),
    ("等级 Severity", 16),
    ("状态 State", 16),
    ("预警 Alert", 28),
    ("说明 Summary", 60),
    ("车牌 Plate", 14),
    ("单位 Unit", 28),
    ("区县 District", 14),
    ("道路 Road", 20),
    ("结束时间 Ended", 20),
    ("案件 Case", 22),
    ("编号 Id", 28),
)
CASE_COLUMNS: Final[Sequence[tuple[str, int]]] = (
    ("案件编号 Number", 22),
    ("登记时间 Opened", 20),
    ("案由 Title", 40),
    ("等级 Severity", 16),
    ("状态 State", 20),
    ("车牌 Plate", 14),
    ("单位 Unit", 28),
    ("处置力量 Crew", 20),
    ("区县 District", 14),
    ("道路 Road", 20),
    ("时限 Due", 20),
    ("超期 Overdue", 12),
    ("结案时间 Closed", 20),
    ("编号 Id", 28),
)


def alert_row(alert: schemas.Alert) -> list[Any]:
    """One alert in the order of ``ALERT_COLUMNS``."""
    return [
        alert.started_at,
        f"{SEVERITIES[alert.severity]} {alert.severity}",
        f"{ALERT_STATES[alert.state]} {alert.state}",
        f"{alert.title.zh} {alert.title.en}",
        alert.summary.zh,
        alert.plate,
        alert.unit_name,
        alert.place.district_name if alert.place else None,
        alert.place.road_name if alert.place else None,
        alert.ended_at,
        alert.case_number,
        alert.alert_id,
    ]


def case_row(case: schemas.Case) -> list[Any]:
    """One case in the order of ``CASE_COLUMNS``."""
    overdue = case.deadline is not None and case.deadline.overdue
    return [
        case.number,
        case.opened_at,
        f"{case.title.zh} {case.title.en}",
        f"{SEVERITIES[case.severity]} {case.severity}",
        f"{case.state_title.zh} {case.state_title.en}",
        case.plate,
        case.unit_name,
        case.crew_name,
        case.place.district_name if case.place else None,
        case.place.road_name if case.place else None,
        case.deadline.due_at if case.deadline else None,
        "是 yes" if overdue else "否 no",
        case.closed_at,
        case.case_id,
    ]


def write_sheet(title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]) -> bytes:
    """An xlsx file with one sheet. Moments become Asia/Shanghai without a zone, which is all that xlsx knows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for index, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    header = []
    for name, _ in columns:
        cell = WriteOnlyCell(sheet, name)
        cell.font = _BOLD
        header.append(cell)
    sheet.append(header)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    """Text stays text: a value that starts with ``=`` must not become a formula in the reader's spreadsheet."""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).replace(tzinfo=None)
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, _CONTROL.sub("", value))
        cell.data_type = "s"
        return cell
    return value


def sheet_response(content: bytes, filename: str) -> Response:
    """An xlsx file that the browser saves."""
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


def too_many_rows(total: int) -> InvalidError:
    """The refusal of an export beyond ``MAX_ROWS``."""
    return InvalidError(
        f"符合条件的至少有 {total} 条，超过一次导出的上限 {MAX_ROWS} 条。",
        f"At least {total} rows match; one export holds at most {MAX_ROWS}.",
        code="export.too_many",
        todo=Text("请缩短时间范围或增加筛选条件。", "Narrow the time range or add a filter."),
    )
