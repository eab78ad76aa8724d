"""The discretion table (裁量基准) as dated data: which fine a case may get, and which grade the facts suggest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, Self

import yaml
from pydantic import model_validator

from cityops.kit import ConfigError, Data, Words

_FOLDER: Final = Path(__file__).parent / "data"


class Statutory(Data):
    """What the law allows at all. ``check``: the source was not read in the original."""

    article: str
    max_yuan: float
    check: bool


class Grade(Data):
    """A grade (裁量档次): the range of the fine, and up to which area it is suggested (None: any)."""

    zh: str
    en: str
    min_yuan: float
    max_yuan: float
    area_up_to_m2: float | None = None


class DiscretionTable(Data):
    """A table with its validity (both days included). ``grades`` from the lightest to the gravest."""

    name: str
    valid_from: date
    valid_to: date | None
    notice: Words
    statutory: Statutory
    repeat_months: int
    repeat_grade: str
    grades: dict[str, Grade]

    @model_validator(mode="after")
    def _ranges_are_within_the_law(self) -> Self:
        for name, grade in self.grades.items():
            if not 0 <= grade.min_yuan <= grade.max_yuan <= self.statutory.max_yuan:
                raise ValueError(f"the range of grade {name!r} is not within the law")
        if self.repeat_grade not in self.grades or list(self.grades.values())[-1].area_up_to_m2 is not None:
            raise ValueError("the grade of repeated digging exists, and the last grade holds any area")
        return self

    def suggested(self, area_m2: float, earlier: int) -> str:
        """The grade that area and earlier cases suggest; a person chooses."""
        by_area = next(n for n, g in self.grades.items() if g.area_up_to_m2 is None or area_m2 <= g.area_up_to_m2)
        names = list(self.grades)
        return max(by_area, self.repeat_grade, key=names.index) if earlier else by_area


class _File(Data):
    tables: tuple[DiscretionTable, ...]


def read_tables(path: Path = _FOLDER / "discretion.yaml") -> tuple[DiscretionTable, ...]:
    """The tables in ``path``; a faulty file raises ``ValidationError``, which stops the start."""
    with path.open(encoding="utf-8") as file:
        return _File.model_validate(yaml.safe_load(file)).tables


def table_on(tables: Sequence[DiscretionTable], day: date) -> DiscretionTable:
    """The table in force on a day; ``ConfigError`` when there is none."""
    for table in tables:
        if table.valid_from <= day and (table.valid_to is None or day <= table.valid_to):
            return table
    raise ConfigError(
        f"{day} 没有有效的裁量基准", f"no discretion table is in force on {day}", code="excavation.no_table"
    )
