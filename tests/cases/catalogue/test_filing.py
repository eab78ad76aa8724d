"""A condition table as the filing standards of a workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from cityops.cases.catalogue import (
    NATIONAL,
    Catalogue,
    ConditionTable,
    ItemKey,
    Kind,
    RunsFrom,
    example_table,
    filing_standards,
)
from cityops.kit import SHANGHAI, from_ms, to_ms

CATALOGUE = Catalogue.built_in()
TODAY = date(2026, 11, 22)
EXAMPLE = example_table(CATALOGUE)
BUILDING = ItemKey(NATIONAL, Kind.MATTER, "06001")


def test_every_condition_of_the_example_becomes_a_standard() -> None:
    standards = filing_standards(EXAMPLE, CATALOGUE, TODAY)
    assert len(standards) == 16
    building = standards["m06001_1"]
    assert building.title.zh == "私搭乱建：正在或已经搭建违法建筑"
    assert [(limit.amount, limit.unit.value, limit.title and limit.title.zh) for limit in building.limits] == [
        (4, "working_hour", "责令停止"), (7, "working_day", "作出处罚"), (20, "working_day", "拆除"),
    ]  # fmt: skip
    assert building.matter == f"{NATIONAL} matter 06001"
    assert filing_standards(EXAMPLE, CATALOGUE, date(2026, 6, 30)) == {}


def test_the_season_says_the_same_in_both_rooms() -> None:
    tree = ItemKey(NATIONAL, Kind.MATTER, "04002")
    condition = EXAMPLE.of(tree, TODAY)[0]
    standard = filing_standards(EXAMPLE, CATALOGUE, TODAY)["m04002_1"]
    for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 30), date(2026, 5, 1), TODAY):
        filed = datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
        assert from_ms(standard.clock_start_ms(to_ms(filed))) == condition.clock_start(filed)


def test_a_later_stage_may_run_from_filing_too() -> None:
    condition = EXAMPLE.of(BUILDING, TODAY)[0]
    stages = tuple(replace(stage, runs_from=RunsFrom.FILING) for stage in condition.stages)
    table = ConditionTable("市", EXAMPLE.label, [replace(condition, stages=stages)])
    runs_from = [limit.runs_from for limit in filing_standards(table, CATALOGUE, TODAY)["m06001_1"].limits]
    assert runs_from == ["filing", "filing", "filing"]


def test_the_standards_of_one_matter() -> None:
    assert set(filing_standards(EXAMPLE, CATALOGUE, TODAY, BUILDING)) == {"m06001_1"}
    covers = filing_standards(EXAMPLE, CATALOGUE, TODAY, ItemKey(NATIONAL, Kind.MATTER, "01001"))
    assert list(covers) == ["m01001_1", "m01001_2", "m01001_3", "m01001_4"]
    assert filing_standards(EXAMPLE, CATALOGUE, TODAY, ItemKey(NATIONAL, Kind.MATTER, "06028")) == {}
