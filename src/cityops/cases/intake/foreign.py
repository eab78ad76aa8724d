"""Reports from another system's CSV by a mapping file (外部工单导入): its columns, categories and places as ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import Field, ValidationError, field_validator

from cityops.cases.catalogue import Import, RowError, SheetRow
from cityops.cases.intake.sheet import IMPORT_MAX, REPORT_COLUMNS, ReportRow, reports_of
from cityops.cases.rulebook import Rules
from cityops.kit import SHANGHAI, ConfigError, Data, InvalidError, Text, Words
from cityops.places import City

MAX_BYTES: Final = 20_000_000
Outcome = Literal["closed", "open"]
Affine = tuple[float, float, float]


class SourceColumns(Data):
    """The source's headings of what we need; an empty one is not there."""

    reference: str
    category: str
    detail: str = ""
    seen_at: str
    address: str = ""
    lon: str
    lat: str
    area: str = ""
    outcome: str = ""


class SourcePlace(Data):
    """An affine map of the source's degrees (WGS-84) to the city's: a × longitude + b × latitude + c for each."""

    lon: Affine = (1.0, 0.0, 0.0)
    lat: Affine = (0.0, 1.0, 0.0)

    def put(self, lon: float, lat: float) -> tuple[float, float]:
        """A point of the source in the city."""
        (a, b, c), (d, e, f) = self.lon, self.lat
        return a * lon + b * lat + c, d * lon + e * lat + f


class SourceMatter(Data):
    """Which matter a category (and detail) of the source is; ``*`` stands for any letters."""

    category: str
    detail: str = "*"
    matter: Annotated[str, Field(pattern=r"^\d{5}$")]


class LocalItems(Data):
    """Entries of the city's own extension that the mapping uses."""

    class_code: Annotated[str, Field(pattern=r"^\d\d$")]
    class_name: str
    items: dict[Annotated[str, Field(pattern=r"^\d{3}$")], str]

    @property
    def rows(self) -> list[dict[str, str]]:
        """As rows of the rule table ``local_items``."""
        shared = {"kind": "事项", "class_code": self.class_code, "class_name": self.class_name}
        return [{**shared, "subclass_code": code, "name": name} for code, name in self.items.items()]


class ReportMapping(Data):
    """How another system's requests become reports: everything a mapping file says."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    title: Words
    columns: SourceColumns
    time_format: str
    time_zone: str
    place: SourcePlace = SourcePlace()
    areas: dict[str, tuple[float, float]] = Field(default_factory=dict)
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    matters: Annotated[tuple[SourceMatter, ...], Field(min_length=1)]
    local_items: LocalItems | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError as error:
            raise ValueError(f"no time zone {name!r}") from error
        return name


@dataclass(frozen=True, slots=True)
class ForeignReports:
    """What a file holds: the reports with the errors of each row, and the source's outcome by reference."""

    found: Import[ReportRow]
    outcomes: dict[str, Outcome]


def read_mapping(name: str) -> ReportMapping:
    """A mapping from a file, or a built-in one by its name (``nyc311``).

    Raises:
        ConfigError: ``import.mapping``: it cannot be read, or what is wrong by entry.
    """
    path = Path(name)
    built_in = resources.files("cityops.cases.intake") / "mappings" / f"{name}.yaml"
    try:
        text = path.read_text("utf-8") if path.suffix else built_in.read_text("utf-8")
        return ReportMapping.model_validate(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(
            f"映射文件 {name} 有误：{error}",
            f"the mapping {name} cannot be used: {error}",
            code="import.mapping",
            kept=Text("未导入任何内容。", "Nothing was imported."),
            todo=Text("请改正映射文件。", "Correct the mapping file."),
        ) from error


def import_foreign(content: bytes, mapping: ReportMapping, rules: Rules, city: City) -> ForeignReports:
    """The reports of a CSV with the errors of each row; nothing is filed. A row's ``client_id`` is its reference's.

    Raises:
        InvalidError: ``import.file``: no CSV in UTF-8, a column is missing, or too large.
    """
    lines = _lines(content, mapping)
    rows: list[SheetRow] = []
    errors: list[RowError] = []
    outcomes: dict[str, Outcome] = {}
    for number, line in enumerate(lines, start=2):
        row = _row(number, line, mapping)
        if row.errors:
            errors.extend(row.errors)
            continue
        rows.append(row)
        status = line[mapping.columns.outcome] if mapping.columns.outcome else ""
        outcomes[row.fields["reference"]] = mapping.outcomes.get(status, "open")
    found = reports_of(rows, rules, city, lambda row: _client_id(mapping, row.fields["reference"]))
    every = sorted([*errors, *found.errors], key=lambda error: error.row)
    return ForeignReports(Import(found.valid, every, len(lines)), outcomes)


def _client_id(mapping: ReportMapping, reference: str) -> str:
    return sha256(f"{mapping.name} {reference}".encode()).hexdigest()[:40]


def _lines(content: bytes, mapping: ReportMapping) -> list[dict[str, str]]:
    if len(content) > MAX_BYTES:
        raise _bad_file(f"文件超过 {MAX_BYTES // 1_000_000} MB", f"over {MAX_BYTES // 1_000_000} MB")
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), restkey="", restval="")
        wanted = {name for name in mapping.columns.model_dump().values() if name}
        missing = sorted(wanted - set(reader.fieldnames or ()))
        if missing:
            raise _bad_file(f"缺少列 {'、'.join(missing)}", f"no column {', '.join(missing)}")
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad_file(f"不是可读的 UTF-8 CSV：{error}", f"not a readable CSV in UTF-8: {error}") from error
    if len(lines) > IMPORT_MAX:
        raise _bad_file(f"超过 {IMPORT_MAX} 行", f"more than {IMPORT_MAX} rows")
    return lines


def _row(number: int, line: Mapping[str, str], mapping: ReportMapping) -> SheetRow:
    """A line as a row of our own sheet, with what is wrong by the source's column."""
    columns, errors = mapping.columns, list[RowError]()
    category, detail = line[columns.category], line[columns.detail] if columns.detail else ""
    fields = dict.fromkeys((column.name for column in REPORT_COLUMNS), "")
    fields["reference"] = line[columns.reference].strip()
    fields["description"] = f"{category}: {detail}" if detail else category
    fields["address"] = line[columns.address].strip() if columns.address else ""
    matter = next((one.matter for one in mapping.matters if _fits(one, category, detail)), None)
    if matter is None:
        words = Text(f"没有对应的事项：{category}，{detail}", f"no matter for {category}: {detail}")
        errors.append(RowError(number, columns.category, words))
    if not fields["reference"]:
        errors.append(RowError(number, columns.reference, Text("编号不能为空", "must not be empty")))
    point, seen_at = _point(line, mapping), _seen_at(line[columns.seen_at], mapping)
    if point is None:
        errors.append(RowError(number, columns.lon, Text("没有位置，也不知其区域", "no position and no known area")))
    if seen_at is None:
        words = Text(f"时间应为 {mapping.time_format}", f"not a time as {mapping.time_format}")
        errors.append(RowError(number, columns.seen_at, words))
    if matter is not None and point is not None and seen_at is not None:
        fields |= {"matter": matter, "seen_at": seen_at, "lon": f"{point[0]:.6f}", "lat": f"{point[1]:.6f}"}
    return SheetRow(number, fields, tuple(errors))


def _fits(one: SourceMatter, category: str, detail: str) -> bool:
    return fnmatchcase(category, one.category) and fnmatchcase(detail, one.detail)


def _point(line: Mapping[str, str], mapping: ReportMapping) -> tuple[float, float] | None:
    columns = mapping.columns
    lon, lat = line[columns.lon].strip(), line[columns.lat].strip()
    if not lon and not lat:
        area = mapping.areas.get(line[columns.area]) if columns.area else None
        return None if area is None else mapping.place.put(*area)
    try:
        return mapping.place.put(float(lon), float(lat))
    except ValueError:
        return None


def _seen_at(text: str, mapping: ReportMapping) -> str | None:
    try:
        seen = datetime.strptime(text, mapping.time_format).replace(tzinfo=ZoneInfo(mapping.time_zone))
    except ValueError:
        return None
    return seen.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _bad_file(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"无法导入：{zh}。",
        f"cannot import: {en}",
        code="import.file",
        kept=Text("未导入任何内容。", "Nothing was imported."),
        todo=Text("请检查文件和映射文件。", "Check the file and the mapping."),
    )
