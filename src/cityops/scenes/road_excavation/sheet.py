"""Earlier files as xlsx (历史案卷): columns, rows with errors, and doubts that are kept and shown, never repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from cityops.cases.catalogue import Column, FieldError, Import, SheetRow, day_field, parse_one, read_rows, write_rows
from cityops.kit import SHANGHAI, CreditCode, Text
from cityops.scenes.road_excavation.dates import contradictions

PARTY_KINDS: Final[Mapping[str, str]] = {"个人": "person", "单位": "organisation"}
_DAYS: Final = ("found_on", "stopped_on", "transferred_on", "received_on", "decided_on", "paid_on", "restored_on")
COLUMNS: Final[Sequence[Column]] = (
    Column("案卷号", "file_number", True, 18),
    Column("当事人", "party", True, 24),
    Column("当事人类别", "party_kind", True, 12),
    Column("统一社会信用代码", "party_code", False, 22),
    Column("区县", "district", True, 12),
    Column("地点", "address", True, 24),
    Column("面积（平方米）", "area_m2", True, 14),
    Column("埋设物", "buried", False, 14),
    Column("发现方式", "finder", False, 18),
    Column("发现日期", "found_on", True, 14),
    Column("责令停工日期", "stopped_on", False, 14),
    Column("移送日期", "transferred_on", False, 14),
    Column("签收日期", "received_on", False, 14),
    Column("执法大队", "team", True, 28),
    Column("决定日期", "decided_on", True, 14),
    Column("罚款（元）", "fine_yuan", True, 12),
    Column("违反条款", "article", True, 30),
    Column("缴款日期", "paid_on", False, 14),
    Column("恢复日期", "restored_on", False, 14),
)

_TOLD: Final = (
    "file_number",
    "party",
    "party_kind",
    "party_code",
    "district",
    "address",
    "buried",
    "finder",
    "team",
    "article",
)


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """A row of the sheet. ``days`` by name, as far as they are given; ``flags``: contradictions among them."""

    row: int
    file_number: str
    party: str
    party_kind: str
    party_code: str | None
    district_code: str
    district: str
    address: str
    area_m2: float
    buried: str
    finder: str
    team: str
    fine_yuan: float
    article: str
    days: Mapping[str, date]
    flags: tuple[Text, ...]

    @property
    def told(self) -> dict[str, Any]:
        """What the file says, by the field names of the live workflow."""
        moments = {name: datetime.combine(day, time(), SHANGHAI).isoformat() for name, day in self.days.items()}
        texts = {name: value for name in _TOLD if (value := getattr(self, name))}
        return {**texts, "area_m2": self.area_m2, "fine_yuan": self.fine_yuan, **moments}


def read_files(content: bytes, districts: Mapping[str, str], today: date) -> Import[EarlierFile]:
    """The earlier files in an xlsx; a row that cannot be read is an error, dates that contradict are a flag.

    Args:
        content: the xlsx.
        districts: code by name.
        today: nothing happened after it.

    Raises:
        InvalidError: not an xlsx with these headings.
    """
    valid, errors = [], []
    rows = read_rows(content, COLUMNS)
    seen: dict[str, int] = {}
    for row in rows:
        found = parse_one(row, COLUMNS, lambda row: _file(row, districts, today, seen))
        if isinstance(found, EarlierFile):
            valid.append(found)
        else:
            errors += found
    return Import(valid, errors, len(rows))


def write_files(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """An xlsx with these columns; ``rows`` hold texts by column name."""
    return write_rows("掘路案卷", COLUMNS, ([str(row.get(column.name) or "") for column in COLUMNS] for row in rows))


def _file(row: SheetRow, districts: Mapping[str, str], today: date, seen: dict[str, int]) -> EarlierFile:
    text = row.fields
    if text["party_kind"] not in PARTY_KINDS:
        raise FieldError("party_kind", "应为“个人”或“单位”", "write 个人 (person) or 单位 (organisation)")
    if text["district"] not in districts:
        raise FieldError("district", f"没有区县“{text['district']}”", f"there is no district {text['district']!r}")
    if text["file_number"] in seen:
        other = seen[text["file_number"]]
        raise FieldError("file_number", f"与第 {other} 行重复", f"the same as in row {other}")
    days = {name: day for name in _DAYS if (day := day_field(row, name)) is not None}
    made = EarlierFile(
        row=row.row,
        **{name: text[name] for name in ("file_number", "party", "district", "address", "buried", "finder")},
        party_kind=PARTY_KINDS[text["party_kind"]],
        party_code=CreditCode.parse(text["party_code"]).text if text["party_code"] else None,
        district_code=districts[text["district"]],
        area_m2=_amount(row, "area_m2", 100_000),
        team=text["team"],
        fine_yuan=_amount(row, "fine_yuan", 10_000_000),
        article=text["article"],
        days=days,
        flags=tuple(contradictions(days, today)),
    )
    seen[made.file_number] = row.row
    return made


def _amount(row: SheetRow, name: str, most: float) -> float:
    """A number over 0 and at most ``most``."""
    text = row.fields[name]
    try:
        value = float(text)
    except ValueError as error:
        raise FieldError(name, f"应为数字：{text}", f"a number, not {text}") from error
    if not 0 < value <= most:
        raise FieldError(name, f"应大于 0 且不超过 {most:g}：{text}", f"over 0 and at most {most:g}: {text}")
    return value
