"""Checklists (检查表) as versioned data: a file of the scene is version 0, what the city publishes counts over it."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast, get_args

from sqlalchemy import Connection

from cityops.cases.catalogue import Column, FieldError, Import, RowError, RuleTables, SheetRow, parse_one, whole_number
from cityops.inspections.declaration import Grade
from cityops.inspections.rectification import GRADE_WORDS
from cityops.kit import ConfigError, NotFoundError, Text

TABLE_PREFIX: Final = "checklist:"
"""A checklist is the rule table ``checklist:<name>``."""
MAX_ITEMS: Final = 500
_PROOF_WORDS: Final = {
    "none": Text("不需要", "none"),
    "photo": Text("照片", "photo"),
    "photo_if_failed": Text("不合格时拍照", "photo when it failed"),
}
_GRADE_WORDS: Final[Mapping[str, Text]] = {name: Text(words["zh"], words["en"]) for name, words in GRADE_WORDS.items()}
CHECKLIST_COLUMNS: Final[Sequence[Column]] = (
    Column("编号", "no", required=True, width=8),
    Column("类别", "class", required=True, width=20),
    Column("检查项目", "item", required=True, width=48),
    Column("检查方法", "method", required=False, width=40),
    Column("适用范围", "scope", required=False, width=24),
    Column("依据", "basis", required=False, width=40),
    Column("权重", "weight", required=False, width=8),
    Column("取证", "evidence", required=False, width=12, words=_PROOF_WORDS),
    Column("不合格定级", "grade", required=False, width=12, words=_GRADE_WORDS),
    Column("类别（英文）", "class_en", required=False, width=24),
    Column("检查项目（英文）", "item_en", required=False, width=48),
)
Proof = Literal["none", "photo", "photo_if_failed"]
"""What an item asks for besides its result: nothing, a photo, a photo when it failed."""
_NO_LENGTH: Final = 20


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """An item of a checklist (检查项目). ``grade``: of the hazard when it fails; ``weight``: its part of the score."""

    no: str
    group: Text
    item: Text
    method: str
    scope: str
    basis: str
    weight: int
    evidence: Proof
    grade: Grade


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of a checklist; version 0 is the scene's own file."""

    name: str
    title: Text
    version: int
    items: tuple[ChecklistItem, ...]


def read_checklist_file(path: Path) -> list[dict[str, str]]:
    """The rows of a scene's CSV file, checked.

    Raises:
        ConfigError: it cannot be read, or has faulty rows, each named ``file:line``.
    """
    names = [column.name for column in CHECKLIST_COLUMNS]
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        rows = [{name: (row.get(name) or "").strip() for name in names} for row in reader]
        unknown = [name for name in reader.fieldnames or () if name not in names]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"无法读取检查表 {path}：{error}", f"cannot read the checklist {path}: {error}") from error
    if unknown:
        raise ConfigError(f"{path}:1：没有列 {unknown}", f"{path}:1: there is no column {unknown}")
    found = checklist_items_of([SheetRow(number, row) for number, row in enumerate(rows, start=2)])
    if found.errors or not found.valid:
        faults = found.errors or [RowError(1, "", Text("没有检查项目", "there are no items"))]
        zh = "；".join(f"{path}:{fault.row} {fault.column} {fault.text.zh}" for fault in faults)
        en = "; ".join(f"{path}:{fault.row} {fault.column} {fault.text.en}" for fault in faults)
        raise ConfigError(f"检查表有误：{zh}", f"faulty checklist: {en}")
    return rows


def checklist_items_of(rows: Sequence[SheetRow]) -> Import[ChecklistItem]:
    """The items in rows of text, with what is wrong in each row; no number may be there twice."""
    errors: list[RowError] = []
    items: dict[str, ChecklistItem] = {}
    for row in rows:
        item = parse_one(row, CHECKLIST_COLUMNS, _item)
        if isinstance(item, list):
            errors += item
        elif item.no in items:
            errors.append(RowError(row.row, "编号", Text(f"编号“{item.no}”重复", f"number {item.no!r} is there twice")))
        else:
            items[item.no] = item
    if len(rows) > MAX_ITEMS:
        errors.append(RowError(MAX_ITEMS + 2, "", Text(f"超过 {MAX_ITEMS} 项", f"more than {MAX_ITEMS} items")))
    return Import(list(items.values()), errors, len(rows))


class Checklists:
    """The checklists in force; a version published by any process is seen at the next look.

    Args:
        rules: the published rule tables.
        built_in: by name, title and rows of the scenes' own files.
    """

    def __init__(self, rules: RuleTables, built_in: Mapping[str, tuple[Text, Sequence[Mapping[str, str]]]]) -> None:
        self._rules = rules
        self._built_in = built_in
        self._lock = threading.Lock()
        self._read: dict[tuple[str, int], Checklist] = {}

    def names(self) -> list[tuple[str, Text]]:
        """Names and titles of all checklists."""
        return [(name, title) for name, (title, _) in self._built_in.items()]

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of the scene's own file."""
        return [dict(row) for row in self._declared(name)[1]]

    def in_force(self, name: str, conn: Connection | None = None) -> Checklist:
        """The version in force today; ``NotFoundError`` when no scene has such a checklist."""
        return self.at(name, self._rules.numbers(conn).get(TABLE_PREFIX + name, 0), conn)

    def at(self, name: str, version: int, conn: Connection | None = None) -> Checklist:
        """A version; ``NotFoundError`` when there is none."""
        with self._lock:
            known = self._read.get((name, version))
        if known is None:
            known = self._make(name, version, conn)
            with self._lock:
                self._read[name, version] = known
        return known

    def _make(self, name: str, version: int, conn: Connection | None) -> Checklist:
        title, own = self._declared(name)
        rows = [SheetRow(number, dict(row)) for number, row in enumerate(own, start=2)]
        if version:
            rows = self._rules.at(TABLE_PREFIX + name, version, conn)[1]
        return Checklist(name, title, version, tuple(checklist_items_of(rows).valid))

    def _declared(self, name: str) -> tuple[Text, Sequence[Mapping[str, str]]]:
        found = self._built_in.get(name)
        if found is None:
            raise NotFoundError(
                f"没有检查表“{name}”", f"there is no checklist {name!r}", code="inspection.no_checklist"
            )
        return found


def _item(row: SheetRow) -> ChecklistItem:
    fields = {column.name: row.fields.get(column.name, "") for column in CHECKLIST_COLUMNS}
    evidence, grade = fields["evidence"] or "none", fields["grade"] or "general"
    if len(fields["no"]) > _NO_LENGTH:
        raise FieldError("no", f"编号最多 {_NO_LENGTH} 个字符", f"a number has at most {_NO_LENGTH} characters")
    if evidence not in get_args(Proof):
        raise FieldError("evidence", "应为 none、photo 或 photo_if_failed", "none, photo or photo_if_failed")
    if grade not in get_args(Grade):
        raise FieldError("grade", "应为 general、serious 或 major", "general, serious or major")
    return ChecklistItem(
        no=fields["no"],
        group=Text(fields["class"], fields["class_en"] or fields["class"]),
        item=Text(fields["item"], fields["item_en"] or fields["item"]),
        method=fields["method"],
        scope=fields["scope"],
        basis=fields["basis"],
        weight=whole_number(row, "weight") if fields["weight"] else 1,
        evidence=cast("Proof", evidence),
        grade=cast("Grade", grade),
    )
