"""Inspections of the demo as files: ``demo/inspections/<plan>.csv``, brought in with the objects of the scene.

Columns: ``code`` of the object, ``made_on`` (2024-01-08), ``result`` (``passed``, ``failed``), ``comment``, and
``figures`` as ``name=value;name=value``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

from cityops.access import SYSTEM
from cityops.inspections import PastInspection
from cityops.kit import SHANGHAI, Text, to_ms
from cityops.scenes.demo_files import OBJECTS
from cityops.scenes.reading import Problem, faulty, read_text
from cityops.scenes.registry import SceneContext
from cityops.scenes.spec import SceneSpec

FOLDER: Final = "inspections"
COLUMNS: Final = ("code", "made_on", "result", "comment", "figures")
_NOON: Final = time(12, 0)


def seed_inspections(context: SceneContext, spec: SceneSpec, folder: Path) -> None:
    """Bring in what is not there yet; ``ConfigError`` with file and line of every fault."""
    for plan in spec.inspection_plans:
        path = folder / OBJECTS / FOLDER / f"{plan.name}.csv"
        if path.exists():
            past, problems = read_inspections(path)
            if problems:
                raise faulty(path, problems)
            context.inspections.bring_in(SYSTEM, spec.name, plan.name, past)


def inspection_faults(spec: SceneSpec, folder: Path) -> Iterator[tuple[Path, list[Problem]]]:
    """All that is wrong with the files of inspections, file by file."""
    plans = {plan.name for plan in spec.inspection_plans}
    for path in sorted((folder / OBJECTS / FOLDER).glob("*.csv")):
        if path.stem in plans:
            yield path, read_inspections(path)[1]
        else:
            yield path, [Problem(1, "", Text("没有同名的检查计划", "there is no inspection plan of this name"))]


def read_inspections(path: Path) -> tuple[list[PastInspection], list[Problem]]:
    """The inspections in a file and all that is wrong with it."""
    reader = csv.DictReader(read_text(path).splitlines(), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        words = ", ".join(COLUMNS)
        return [], [Problem(1, "", Text(f"列应为 {words}", f"the columns are {words}"))]
    found: list[PastInspection] = []
    problems: list[Problem] = []
    for number, row in enumerate(reader, start=1):
        try:
            found.append(_inspection(number, row))
        except (ValueError, TypeError, AttributeError) as error:
            text = Text(f"无法读取（{error}）", f"cannot be read: {error}")
            problems.append(Problem(reader.line_num, "", text))
    return found, problems


def _inspection(number: int, row: dict[str, str]) -> PastInspection:
    if row["result"] not in ("passed", "failed"):
        raise ValueError(f"result: {row['result']}")
    figures = dict(one.split("=", 1) for one in row["figures"].split(";") if one)
    return PastInspection(
        key=f"demo-{number:06d}",
        code=row["code"],
        made_ms=to_ms(datetime.combine(date.fromisoformat(row["made_on"]), _NOON, SHANGHAI)),
        result="failed" if row["result"] == "failed" else "passed",
        comment=row["comment"],
        figures={name: float(value) for name, value in figures.items()},
    )
