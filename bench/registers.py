"""A sheet of 10,000 objects imported and exported, beside the least any program does: openpyxl and executemany.

Run: ``python -m bench.registers [--objects 10000]``. The product's way is what a person sets off, without HTTP: the
sheet is read, every value checked against the declaration; objects, history, relations and audit are written in one
transaction; then all is exported, and the export imported again, which must change nothing. The baseline reads the same
file with openpyxl and writes its rows into a bare table in one transaction, unchecked. The aim is an import under 20 s.
The result is kept in ``bench/results/registers.json``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from bench.databases import DATABASES
from openpyxl import Workbook, load_workbook

from cityops.access import SYSTEM
from cityops.api.register_imports import ImportJob, import_sheet
from cityops.api.register_sheets import RegisterSheet
from cityops.kit import IdMaker, SystemClock
from cityops.registers import ObjectValues, Registers, RegisterSpec
from cityops.store import Store

RESULT = Path(__file__).parent / "results" / "registers.json"
AIM_S = 20.0
T = TypeVar("T")


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


SPEC = RegisterSpec.model_validate(
    {
        "name": "hydrant",
        "title": words("消火栓", "Hydrants"),
        "code_pattern": r"H-\d{5}",
        "fields": [
            {
                "name": "kind",
                "title": words("类型", "Kind"),
                "kind": "choice",
                "required": True,
                "options": [
                    {"value": "ground", "title": words("地上", "Pillar")},
                    {"value": "underground", "title": words("地下", "Underground")},
                ],
            },
            {"name": "pressure_mpa", "title": words("压力", "Pressure"), "kind": "number", "least": 0, "most": 5},
            {"name": "outlets", "title": words("出水口", "Outlets"), "kind": "integer", "least": 1, "most": 4},
            {"name": "working", "title": words("完好", "Working"), "kind": "boolean"},
            {"name": "installed", "title": words("安装日期", "Installed"), "kind": "date"},
            {"name": "road", "title": words("道路", "Road")},
            {"name": "remarks", "title": words("备注", "Remarks"), "kind": "long_text"},
            {"name": "main", "title": words("主栓", "Main"), "kind": "object", "register": "hydrant"},
        ],
    }
)
"""Fourteen columns with the ones that every register has."""


def objects(count: int, seed: int = 2026) -> list[ObjectValues]:
    """Hydrants with a value in every field; each hundredth names the first."""
    rng = random.Random(seed)
    return [
        {
            "code": f"H-{number:05d}",
            "title": f"消火栓 {number}（合成）",
            "lon": round(rng.uniform(112.4, 112.7), 6),
            "lat": round(rng.uniform(37.7, 38.0), 6),
            "area_code": "140105",
            "data": {
                "kind": rng.choice(["ground", "underground"]),
                "pressure_mpa": round(rng.uniform(0.1, 1.2), 2),
                "outlets": rng.randint(1, 4),
                "working": rng.random() < 0.95,
                "installed": f"20{rng.randint(10, 25)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
                "road": f"合成路 {rng.randint(1, 400)} 号",
                "remarks": "合成数据\n第二行",
                **({"main": "H-00000"} if number and number % 100 == 0 else {}),
            },
        }
        for number in range(count)
    ]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    found = work()
    return round(time.perf_counter() - begun, 2), found


def imported(registers: Registers, sheet: RegisterSheet, content: bytes) -> ImportJob:
    job = ImportJob("bench", "system", SPEC.name)
    import_sheet(job, registers, SYSTEM, sheet, SPEC, content, valid_only=False, reason="bench")
    return job


def everything(registers: Registers) -> list[Any]:
    found = registers.every(SYSTEM, SPEC.name)
    return [(one.code, one.title, one.lon, one.lat, one.area_code, one.state, one.data) for one in found]


def ours(url: str, count: int, content: bytes) -> dict[str, Any]:
    clock = SystemClock()
    with Store.open(url, clock=clock) as store:
        store.create_all()
        registers, sheet = Registers(store, clock, IdMaker(clock), [SPEC]), RegisterSheet(SPEC, {})
        import_s, first = timed(lambda: imported(registers, sheet, content))
        kept = everything(registers)
        export_s, exported = timed(lambda: sheet.write(registers.every(SYSTEM, SPEC.name)))
        again_s, again = timed(lambda: imported(registers, sheet, exported))
        assert (first.put.added, again.put.unchanged) == (count, count), (first.put, again.put)
        assert everything(registers) == kept
    return {"import_s": import_s, "export_s": export_s, "import_unchanged_s": again_s}


def baseline(content: bytes, columns: int) -> dict[str, float]:
    """The sheet is read by openpyxl and taken by sqlite3; openpyxl writes it."""

    def take() -> list[tuple[Any, ...]]:
        sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
        sheet.reset_dimensions()
        found = sheet.iter_rows(min_row=2, values_only=True)
        rows = [(*row, *[None] * (columns - len(row))) for row in found]  # empty cells at the end are left out
        with TemporaryDirectory() as folder:
            conn = sqlite3.connect(Path(folder) / "bare.db")
            conn.execute(f"create table bare ({', '.join(f'c{n}' for n in range(columns))})")
            conn.executemany(f"insert into bare values ({', '.join('?' * columns)})", rows)
            conn.commit()
            conn.close()
        return rows

    def give(rows: list[tuple[Any, ...]]) -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("bare")
        for row in rows:
            sheet.append(row)
        book.save(io.BytesIO())

    import_s, rows = timed(take)
    export_s, _ = timed(lambda: give(rows))
    return {"import_s": import_s, "export_s": export_s}


def sheet_of(count: int) -> bytes:
    """The sheet that is imported: what the product itself exports."""
    clock = SystemClock()
    with TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/made.db", clock=clock) as store:
        store.create_all()
        registers = Registers(store, clock, IdMaker(clock), [SPEC])
        registers.put_many(SYSTEM, SPEC.name, objects(count))
        return RegisterSheet(SPEC, {}).write(registers.every(SYSTEM, SPEC.name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=10_000)
    count = parser.parse_args().objects
    content = sheet_of(count)
    result: dict[str, Any] = {
        "command": f"python -m bench.registers --objects {count}",
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "objects": count,
        "columns": len(RegisterSheet(SPEC, {}).columns),
        "sheet_bytes": len(content),
        "databases": {},
        "baseline": baseline(content, len(RegisterSheet(SPEC, {}).columns)),
        "aim_import_s": AIM_S,
    }
    for name, opened in DATABASES.items():
        with opened() as url:
            result["databases"][name] = ours(url, count, content)
    print(json.dumps(result, indent=1, ensure_ascii=False))
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
