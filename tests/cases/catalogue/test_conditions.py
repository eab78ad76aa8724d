"""Filing and closing conditions: the published example, stages, seasons, xlsx there and back, errors by row."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from cityops.cases.catalogue import (
    NATIONAL,
    Catalogue,
    Condition,
    ConditionTable,
    ItemKey,
    Kind,
    MonthDay,
    RunsFrom,
    Season,
    Stage,
    example_table,
    export_conditions,
    import_conditions,
)
from cityops.kit import SHANGHAI, InvalidError, Limit, LimitUnit, Text, WorkingCalendar

CATALOGUE = Catalogue.built_in()
TODAY = date(2026, 7, 3)
REFUSE = ItemKey(NATIONAL, Kind.MATTER, "06010")
BUILDING = ItemKey(NATIONAL, Kind.MATTER, "06001")
TREE = ItemKey(NATIONAL, Kind.MATTER, "04002")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def example() -> ConditionTable:
    return example_table(CATALOGUE)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar.official()


def limits(example: ConditionTable, code: str) -> list[tuple[str, float, str]]:
    return [
        (stage.name, stage.limit.amount, stage.limit.unit.value)
        for condition in example.of(ItemKey(NATIONAL, Kind.MATTER, code), TODAY)
        for stage in condition.stages
    ]


def test_the_example_holds_the_published_limits_and_says_it_is_one(example: ConditionTable) -> None:
    assert (example.name, example.label.zh[:2], example.label.en[:7]) == ("example", "示例", "Example")
    sewer = [
        ("处置", 2, "urgent_hour"),
        ("处置", 4, "working_hour"),
        ("处置", 2, "working_day"),
        ("处置", 5, "working_day"),
    ]
    assert limits(example, "01002") == sewer
    assert limits(example, "01001") == sewer
    assert limits(example, "01006") == [sewer[0], ("处置", 1, "working_day"), *sewer[2:]]
    assert limits(example, "01037") == [("处置", 2, "working_day")]
    assert limits(example, "04002") == [("补植", 15, "working_day")]
    assert limits(example, "06010") == [("清除", 4, "working_hour")]
    assert limits(example, "06001") == [
        ("责令停止", 4, "working_hour"), ("作出处罚", 7, "working_day"), ("拆除", 20, "working_day"),
    ]  # fmt: skip
    assert len(example.conditions) == 16


def test_conditions_are_dated(example: ConditionTable) -> None:
    assert example.of(REFUSE, date(2026, 6, 30)) == []
    assert example.get(REFUSE, 1, date(2026, 7, 1)) is not None
    assert example.get(REFUSE, 2, date(2026, 7, 1)) is None


def test_stages_of_an_unlawful_building(example: ConditionTable, calendar: WorkingCalendar) -> None:
    """Filed Friday 16:00: two working hours are left today, so stop by Monday 10:00; then 7 and 20 working days."""
    condition = example.of(BUILDING, TODAY)[0]
    planned = condition.deadlines(at("2026-07-03T16:00"), calendar)
    assert [(one.result.due, one.planned) for one in planned] == [
        (at("2026-07-06T10:00"), False), (at("2026-07-15T18:00"), True), (at("2026-08-12T18:00"), True),
    ]  # fmt: skip
    # Stopped on the Friday already: the seven days begin to count on Monday.
    known = condition.deadlines(at("2026-07-03T16:00"), calendar, finished={"责令停止": at("2026-07-03T17:00")})
    assert (known[1].result.due, known[1].planned) == (at("2026-07-14T18:00"), False)


def test_stages_may_all_run_from_filing(calendar: WorkingCalendar) -> None:
    days = [Stage("处罚", Limit(7, LimitUnit.WORKING_DAY)), Stage("拆除", Limit(20, LimitUnit.WORKING_DAY))]
    condition = Condition(BUILDING, 1, "立", "结", tuple(days))
    due = [one.result.due for one in condition.deadlines(at("2026-07-03T16:00"), calendar)]
    assert due == [at("2026-07-14T18:00"), at("2026-07-31T18:00")]


def test_a_stage_may_run_from_the_one_before(calendar: WorkingCalendar) -> None:
    hour = LimitUnit.URGENT_HOUR
    stages = (Stage("停", Limit(2, hour)), Stage("拆", Limit(3, hour), RunsFrom.PREVIOUS))
    condition = Condition(BUILDING, 1, "立", "结", stages)
    filed = at("2026-07-03T16:00")
    planned = condition.deadlines(filed, calendar)
    assert [(one.result.due.hour, one.planned) for one in planned] == [(18, False), (21, True)]
    known = condition.deadlines(filed, calendar, finished={"停": at("2026-07-03T16:30")})
    assert [(one.result.due, one.planned) for one in known][1] == (at("2026-07-03T19:30"), False)


def test_a_tree_is_planted_in_the_season(example: ConditionTable, calendar: WorkingCalendar) -> None:
    condition = example.of(TREE, TODAY)[0]
    assert condition.clock_start(at("2027-03-10T09:00")) == at("2027-03-10T09:00")
    assert condition.clock_start(at("2026-11-22T09:00")) == at("2027-03-01T00:00")
    # 15 working days after Monday 1 March 2027 end on Monday 22 March.
    assert condition.deadlines(at("2026-11-22T09:00"), calendar)[0].result.due == at("2027-03-22T18:00")


month_days = st.dates(date(2023, 1, 1), date(2023, 12, 31)).map(lambda day: MonthDay(day.month, day.day))


@given(month_days, month_days, st.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_a_season_begins_within_a_year_and_in_itself(first: MonthDay, last: MonthDay, day: date) -> None:
    begin = Season(first, last).begin(day)
    assert begin in Season(first, last)
    assert 0 <= (begin - day).days <= 366
    assert begin == day or (begin.month, begin.day) == tuple(first)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"number": 0}, "number from 1"),
        ({"filing": ""}, "not empty"),
        ({"stages": ()}, "at least one stage"),
        ({"stages": (Stage("甲", Limit(1, LimitUnit.WORKING_DAY)),) * 2}, "nor twice"),
        ({"stages": (Stage("甲", Limit(1, LimitUnit.WORKING_DAY), RunsFrom.PREVIOUS),)}, "runs from filing"),
        ({"valid_from": TODAY, "valid_to": TODAY}, "valid_to is after"),
        ({"note": " 空格"}, "cannot be kept"),
        ({"evidence": ("甲；乙",)}, "cannot be kept"),
    ],
)
def test_unsound_conditions_are_refused(changes: dict[str, Any], says: str) -> None:
    sound: dict[str, Any] = {
        "stages": (Stage("处置", Limit(1, LimitUnit.WORKING_DAY)),),
        "filing": "立",
        "closing": "结",
    }
    with pytest.raises(InvalidError, match=says):
        Condition(**{"key": REFUSE, "number": 1, **sound, **changes})


def test_two_conditions_of_one_number_on_one_day_are_refused() -> None:
    stages = (Stage("处置", Limit(1, LimitUnit.WORKING_DAY)),)
    old = Condition(REFUSE, 1, "立", "结", stages, valid_to=TODAY)
    new = Condition(REFUSE, 1, "立", "结", stages, valid_from=TODAY)
    assert len(ConditionTable("市", Text("市", "city"), [old, new]).conditions) == 2
    with pytest.raises(InvalidError, match="06010 #1"):
        ConditionTable("市", Text("市", "city"), [old, new, Condition(REFUSE, 1, "立", "结", stages)])


words = (
    st.text(st.sampled_from("井盖缺失= 0,;,；\n'\"<&>=+-@甲乙é"), min_size=1, max_size=12).map(str.strip).filter(bool)
)
plain_words = st.text("甲乙丙丁=0 a", min_size=1, max_size=6).map(str.strip).filter(bool)
amounts = st.one_of(
    st.tuples(st.integers(1, 10_000), st.sampled_from(list(LimitUnit))),
    st.tuples(
        st.integers(1, 6_000).map(lambda n: n / 60), st.sampled_from([LimitUnit.URGENT_HOUR, LimitUnit.WORKING_HOUR])
    ),
).map(lambda pair: Limit(*pair))
days = st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31))


@st.composite
def any_condition(draw: st.DrawFn, number: int) -> Condition:
    names = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    stages = tuple(
        Stage(name, draw(amounts), RunsFrom.PREVIOUS if place and draw(st.booleans()) else RunsFrom.FILING)
        for place, name in enumerate(names)
    )
    begin, end = draw(days), draw(days)
    if begin is not None and end is not None and begin >= end:
        end = None
    return Condition(
        draw(st.sampled_from([REFUSE, BUILDING, TREE])), number, draw(words), draw(words), stages,
        draw(st.none() | st.builds(Season, month_days, month_days)), tuple(draw(st.lists(plain_words, max_size=3))),
        begin, end, draw(st.just("") | words), draw(st.just("") | words),
    )  # fmt: skip


@settings(max_examples=40)
@given(st.data())
def test_an_exported_table_is_imported_without_loss(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 4))
    conditions = [data.draw(any_condition(number)) for number in range(1, count + 1)]
    imported = import_conditions(export_conditions(conditions), CATALOGUE)
    assert imported.errors == []
    assert imported.accept() == conditions


def test_the_example_survives_too(example: ConditionTable) -> None:
    assert import_conditions(export_conditions(example.conditions), CATALOGUE).accept() == example.conditions


def edited(example: ConditionTable, edits: dict[str, Any]) -> bytes:
    """The exported example with cells changed as somebody in a spreadsheet would."""
    book = load_workbook(io.BytesIO(export_conditions(example.conditions)))
    for cell, value in edits.items():
        book.worksheets[0][cell] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def row_of(example: ConditionTable, key: ItemKey) -> int:
    row = 2
    for condition in example.conditions:
        if condition.key == key:
            return row
        row += len(condition.stages)
    raise AssertionError(key)


def test_errors_name_row_and_column_and_nothing_is_imported_unless_chosen(example: ConditionTable) -> None:
    refuse, building, tree = (row_of(example, key) for key in (REFUSE, BUILDING, TREE))
    content = edited(example, {f"G{refuse}": "四", f"H{building + 1}": "周", f"J{tree}": "02-30", "B2": 1001})
    imported = import_conditions(content, CATALOGUE)
    found = {(error.row, error.column) for error in imported.errors}
    assert found == {
        (2, "事项代码"), (refuse, "时限"), (tree, "季节起"),
        (building, ""), (building + 1, "时限单位"), (building + 2, ""),
    }  # fmt: skip
    assert imported.rows == 18
    with pytest.raises(InvalidError) as raised:
        imported.accept()
    assert raised.value.code == "import.rows"
    assert raised.value.kept == Text("未导入任何内容。", "Nothing was imported.")
    assert len(imported.accept(valid_only=True)) == 16 - 4


def test_rows_of_one_condition_must_agree(example: ConditionTable) -> None:
    row = row_of(example, BUILDING)
    imported = import_conditions(edited(example, {f"E{row + 1}": "另一种结案条件"}), CATALOGUE)
    assert {(error.row, error.column) for error in imported.errors} == {(row, ""), (row + 1, "结案条件"), (row + 2, "")}


def test_dates_numbers_and_formulas_from_a_spreadsheet(example: ConditionTable) -> None:
    row = row_of(example, REFUSE)
    good = import_conditions(edited(example, {f"M{row}": datetime(2027, 1, 1), f"G{row}": 6.0}), CATALOGUE)
    changed = next(one for one in good.accept() if one.key == REFUSE)
    assert (changed.valid_from, changed.stages[0].limit) == (date(2027, 1, 1), Limit(6, LimitUnit.WORKING_HOUR))
    bad = import_conditions(edited(example, {f"D{row}": "=1+1", f"Z{row}": "旁注"}), CATALOGUE)
    assert [(error.row, error.column) for error in bad.errors] == [(row, "立案条件"), (row, "")]


def test_overlapping_rows_are_both_refused(example: ConditionTable) -> None:
    one = example.of(REFUSE, TODAY)[0]
    other = Condition(REFUSE, 1, "立", "结", one.stages, valid_from=date(2027, 1, 1))
    imported = import_conditions(export_conditions([one, other]), CATALOGUE)
    assert [(error.row, error.column) for error in imported.errors] == [(2, "条件序号"), (3, "条件序号")]
    assert imported.valid == []


def book_of(rows: list[list[str]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a readable xlsx"),
        (b"PK\x03\x04 nonsense", "not a readable xlsx"),
        (book_of([]), "sheet is empty"),
        (book_of([["标准"]]), "missing"),
        (book_of([["标准", "什么"]]), "unknown"),
        (b"x" * 10_000_001, "over 10 MB"),
    ],
)
def test_what_is_no_such_table_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        import_conditions(content, CATALOGUE)


def test_too_many_rows_are_refused_loudly() -> None:
    columns = ["标准", "事项代码", "条件序号", "立案条件", "结案条件", "阶段", "时限", "时限单位"]
    with pytest.raises(InvalidError, match="more than 20000 rows"):
        import_conditions(book_of([columns, *[["x"]] * 20_001]), CATALOGUE)
