"""The discretion table: dated, within the law, and wide enough for the six published cases."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from cityops.kit import CityOpsError
from cityops.scenes.road_excavation.demo_data import PUBLISHED_FILES
from cityops.scenes.road_excavation.discretion import DiscretionTable, read_tables, table_on

TABLES = read_tables()
FIRST = TABLES[0]


def test_the_six_published_fines_are_within_their_grade() -> None:
    for row in PUBLISHED_FILES:
        table = table_on(TABLES, date.fromisoformat(row["found_on"]))
        grade = table.grades[table.suggested(float(row["area_m2"]), 0)]
        assert grade.min_yuan <= float(row["fine_yuan"]) <= grade.max_yuan, row


@pytest.mark.parametrize(
    ("area_m2", "earlier", "grade"),
    [
        (0.6, 0, "minor"),
        (1, 0, "minor"),
        (1.01, 0, "ordinary"),
        (10, 0, "ordinary"),
        (10.5, 0, "serious"),
        (0.6, 1, "serious"),
    ],
)
def test_area_and_repetition_suggest_a_grade(area_m2: float, earlier: int, grade: str) -> None:
    assert FIRST.suggested(area_m2, earlier) == grade


def test_no_table_before_the_first_and_none_invented() -> None:
    with pytest.raises(CityOpsError, match="no discretion table"):
        table_on(TABLES, date(2022, 12, 31))


def test_the_source_says_what_was_not_read_in_the_original() -> None:
    assert FIRST.statutory.check
    assert "自拟" in FIRST.notice.zh


def test_a_range_beyond_the_law_is_no_table() -> None:
    raw = FIRST.model_dump()
    raw["grades"]["serious"]["max_yuan"] = 20001
    with pytest.raises(ValidationError, match="not within the law"):
        DiscretionTable.model_validate(raw)
