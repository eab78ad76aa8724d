"""The condition table as xlsx: one row a stage; rows of one condition repeat what they share."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from cityops.cases.catalogue.catalogue import Catalogue, data_text
from cityops.cases.catalogue.conditions import (
    Condition,
    ConditionTable,
    RunsFrom,
    Season,
    Stage,
    conflicts,
    parse_month_day,
)
from cityops.cases.catalogue.items import ItemKey, Kind
from cityops.cases.catalogue.sheets import (
    Column,
    FieldError,
    Import,
    RowError,
    SheetRow,
    cell_words,
    day_field,
    day_text,
    join_list,
    parse_one,
    read_rows,
    split_list,
    whole_number,
    write_rows,
)
from cityops.kit import Limit, LimitUnit, Text

_RUNS_FROM: Final = (Text("立案", "filing"), Text("上一阶段", "previous stage"))
_STAGES: Final = (
    Text("处置", "handling"),
    Text("清除", "clearing"),
    Text("补植", "replanting"),
    Text("责令停止", "stop-work order"),
    Text("作出处罚", "decision on the fine"),
    Text("拆除", "removal"),
)
_EVIDENCE: Final = (
    Text("处置前照片；处置后照片", "photo before; photo after"),
    Text("夜间处置前照片；夜间处置后照片", "photo at night before; photo at night after"),
    Text(
        "现场照片；责令停止通知书；处罚决定书；拆除后照片",
        "photo of the place; stop-work notice; decision on the fine; photo after the removal",
    ),
)
_NOTICES: Final = (Text("公开的地方立结案条件（示例）", "Published local conditions (example)"),)
_OURS: Final = Text("条件与事项代码的对应由本产品确定", "which condition goes with which matter is ours to say")
_NOTES: Final = (
    _OURS,
    Text(
        f"{_OURS.zh}；后一阶段自前一阶段完成起算（check）",
        f"{_OURS.en}; a stage runs from the end of the one before (to be checked)",
    ),
    Text(
        f"{_OURS.zh}；种植季起止日期未见于公开表（check），请按本市实际设置",
        f"{_OURS.en}; the planting season's days are not in the published table (to be checked): set your city's own",
    ),
)
CONDITION_COLUMNS: Final[Sequence[Column]] = (
    Column("标准", "standard", required=True, width=22),
    Column("事项代码", "code", required=True),
    Column("条件序号", "number", required=True),
    Column("立案条件", "filing", required=True, width=40),
    Column("结案条件", "closing", required=True, width=40),
    Column("阶段", "stage", required=True, words=cell_words(_STAGES)),
    Column("时限", "amount", required=True),
    Column("时限单位", "unit", required=True, words=cell_words(unit.words for unit in LimitUnit)),
    Column("起算", "runs_from", required=False, words=cell_words(_RUNS_FROM)),
    Column("季节起", "season_first", required=False),
    Column("季节止", "season_last", required=False),
    Column("所需证据", "evidence", required=False, width=30, words=cell_words(_EVIDENCE)),
    Column("生效日期", "valid_from", required=False),
    Column("失效日期", "valid_to", required=False),
    Column("依据", "notice", required=False, width=40, words=cell_words(_NOTICES)),
    Column("备注", "note", required=False, width=40, words=cell_words(_NOTES)),
)
_UNITS: Final = {unit.words.zh: unit for unit in LimitUnit}
_STARTS: Final = {"": RunsFrom.FILING} | dict(zip((text.zh for text in _RUNS_FROM), RunsFrom, strict=True))
_STAGE_FIELDS: Final = frozenset({"stage", "amount", "unit", "runs_from"})
_AMOUNT: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,20})?")
EXAMPLE: Final = "example"


def import_conditions(content: bytes, catalogue: Catalogue) -> Import[Condition]:
    """The conditions in an xlsx. A condition with one bad row is bad as a whole.

    Raises:
        InvalidError: ``import.file``: not such a table at all.
    """
    return conditions_of(read_rows(content, CONDITION_COLUMNS), catalogue)


def export_conditions(conditions: Iterable[Condition]) -> bytes:
    """The conditions as xlsx; ``import_conditions`` gives back the same."""
    rows = (row for condition in conditions for row in condition_rows(condition))
    return write_rows(
        "立结案条件", CONDITION_COLUMNS, ([row[column.name] for column in CONDITION_COLUMNS] for row in rows)
    )


def example_table(catalogue: Catalogue) -> ConditionTable:
    """The built-in table: a published local example, no city's law (示例，不是任何城市的现行规定)."""
    lines = csv.DictReader(io.StringIO(data_text("example_conditions.csv")), strict=True)
    rows = [SheetRow(number, dict(line)) for number, line in enumerate(lines, start=2)]
    label = Text(
        "示例：公开的地方立结案条件，仅供参考，请导入本市的条件表",
        "Example: a published local table, for reference only; import your city's own",
    )
    return ConditionTable(EXAMPLE, label, conditions_of(rows, catalogue).accept())


def condition_rows(condition: Condition) -> list[dict[str, str]]:
    """A condition as rows of text, one a stage; ``conditions_of`` reads them."""
    season = condition.season
    shared = {
        "standard": condition.key.standard,
        "code": condition.key.code,
        "number": str(condition.number),
        "filing": condition.filing,
        "closing": condition.closing,
        "season_first": str(season.first) if season else "",
        "season_last": str(season.last) if season else "",
        "evidence": join_list(condition.evidence),
        "valid_from": day_text(condition.valid_from),
        "valid_to": day_text(condition.valid_to),
        "notice": condition.notice,
        "note": condition.note,
    }
    return [
        {
            **shared,
            "stage": stage.name,
            "amount": str(stage.limit.amount if stage.limit.amount % 1 else int(stage.limit.amount)),
            "unit": stage.limit.unit.words.zh,
            "runs_from": "上一阶段" if stage.runs_from is RunsFrom.PREVIOUS else "立案",
        }
        for stage in condition.stages
    ]


def conditions_of(rows: Sequence[SheetRow], catalogue: Catalogue) -> Import[Condition]:
    """The conditions in rows of text, with the errors of each row."""
    groups: dict[tuple[str, ...], list[SheetRow]] = {}
    for row in rows:
        name = tuple(row.fields[field] for field in ("standard", "code", "number", "valid_from"))
        groups.setdefault(name, []).append(row)
    errors: list[RowError] = []
    valid: list[tuple[Condition, int]] = []
    for group in groups.values():
        read = _condition(group, catalogue)
        if isinstance(read, Condition):
            valid.append((read, group[0].row))
        else:
            errors.extend(read)
    good, clashes = _without_clashes(valid)
    return Import(good, sorted([*errors, *clashes], key=lambda error: error.row), len(rows))


def _condition(group: Sequence[SheetRow], catalogue: Catalogue) -> Condition | list[RowError]:
    first, errors, stages = group[0], list[RowError](), list[Stage]()
    for row in group:
        stage = parse_one(row, CONDITION_COLUMNS, _stage)
        if isinstance(stage, Stage):
            stages.append(stage)
        else:
            errors.extend(stage)
        different = [
            column.heading
            for column in CONDITION_COLUMNS
            if column.name not in _STAGE_FIELDS and row.fields[column.name] != first.fields[column.name]
        ]
        if different:
            fault = Text(f"与同一条件的第 {first.row} 行不一致", f"not as in row {first.row} of the same condition")
            errors.append(RowError(row.row, "、".join(different), fault))
    whole = parse_one(first, CONDITION_COLUMNS, lambda row: _whole(row, tuple(stages), catalogue)) if stages else []
    if isinstance(whole, Condition) and not errors:
        return whole
    errors += [error for error in whole if error not in errors] if isinstance(whole, list) else []
    named = {error.row for error in errors}
    bad = min(named)
    partner = Text(f"同一条件的第 {bad} 行有误", f"row {bad} of the same condition has errors")
    return errors + [RowError(row.row, "", partner) for row in group if row.row not in named]


def _stage(row: SheetRow) -> Stage:
    fields = row.fields
    if not _AMOUNT.fullmatch(fields["amount"]):
        raise FieldError("amount", f"时限应为正数：{fields['amount']}", f"a positive number, not {fields['amount']}")
    unit = _UNITS.get(fields["unit"])
    if unit is None:
        raise FieldError("unit", f"应为 {'、'.join(_UNITS)}", f"one of {', '.join(_UNITS)}")
    if fields["runs_from"] not in _STARTS:
        raise FieldError("runs_from", "应为“立案”或“上一阶段”", "立案 (filing) or 上一阶段 (previous stage)")
    amount = float(fields["amount"])
    limit = Limit(int(amount) if amount.is_integer() else amount, unit)
    return Stage(fields["stage"], limit, _STARTS[fields["runs_from"]])


def _whole(row: SheetRow, stages: tuple[Stage, ...], catalogue: Catalogue) -> Condition:
    fields = row.fields
    key = ItemKey(fields["standard"], Kind.MATTER, fields["code"])
    if not catalogue.has(key):
        raise FieldError(
            "code",
            f"目录中没有 {key.standard} 事项 {key.code}（代码应为文本格式，保留前面的 0）",
            f"no matter {key.code} in {key.standard} (keep the code as text, with its leading zeros)",
        )
    return Condition(
        key=key,
        number=whole_number(row, "number"),
        filing=fields["filing"],
        closing=fields["closing"],
        stages=stages,
        season=_season(row),
        evidence=split_list(fields["evidence"]),
        valid_from=day_field(row, "valid_from"),
        valid_to=day_field(row, "valid_to"),
        notice=fields["notice"],
        note=fields["note"],
    )


def _season(row: SheetRow) -> Season | None:
    first, last = row.fields["season_first"], row.fields["season_last"]
    if not first and not last:
        return None
    try:
        return Season(parse_month_day(first), parse_month_day(last))
    except ValueError as error:
        raise FieldError(
            "season_first",
            f"季节应为 03-15 的形式，起止都要填写：{first} – {last}",
            f"two days as 03-15: {first} – {last}",
        ) from error


def _without_clashes(valid: Sequence[tuple[Condition, int]]) -> tuple[list[Condition], list[RowError]]:
    """Conditions with the same number on one day: neither is taken, a person decides."""
    good: list[Condition] = []
    errors: list[RowError] = []
    same: dict[tuple[ItemKey, int], list[Condition]] = {}
    for condition, _ in valid:
        same.setdefault((condition.key, condition.number), []).append(condition)
    for condition, row in valid:
        if conflicts(same[condition.key, condition.number]):
            fault = Text("同一事项、同一序号的有效期重叠", "the same matter and number twice on one day")
            errors.append(RowError(row, "条件序号", fault))
        else:
            good.append(condition)
    return good, errors
