"""What is due of 10,000 objects with three plans, from 120,000 inspections, and a plan's coverage of a period.

Run: ``python -m bench.inspections [--objects 10000] [--rounds 5]``. On both databases: the first page of the list with
its counts by state, what one unit has to inspect, one object's plans, and the coverage of a month by district. The
baseline, in the same run: reading all the objects with their data. The result is printed and kept in
``bench/results/inspections.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench.databases import postgresql_url, sqlite_url
from sqlalchemy import insert

from cityops.access import SYSTEM, Permission, Principal, Role, UnitKind, Units
from cityops.cases import Cases
from cityops.cases.catalogue import RuleTables
from cityops.cases.evidence import EvidenceBook
from cityops.inspections import DueFilter, InspectionPlan, Inspections, SceneInspections, inspection_table
from cityops.kit import SHANGHAI, IdMaker, ManualClock, WorkingCalendar, to_ms
from cityops.places import City, build_demo_city
from cityops.registers import Registers, RegisterSpec
from cityops.store import Files, Store

RESULT: Final = Path(__file__).parent / "results" / "inspections.json"
NOW: Final = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)
BEGAN: Final = datetime(2026, 1, 5, 8, tzinfo=SHANGHAI)
SEED: Final = 20261122
PER_OBJECT: Final = 12
DISTRICTS: Final = ("140105", "140106", "140107", "140108", "140109", "140110")
KINDS: Final = ("home", "office", "market")
BUILDING: Final = RegisterSpec.model_validate(
    {
        "name": "building",
        "title": {"zh": "建筑", "en": "Buildings"},
        "fields": [
            {"name": "kind", "title": {"zh": "类别", "en": "Kind"}, "kind": "choice", "filter": True,
             "options": [{"value": one, "title": {"zh": one, "en": one}} for one in KINDS]},
            {"name": "height", "title": {"zh": "高度", "en": "Height"}, "kind": "number"},
        ],
        "read": ["dispatcher", "unit"],
    }
)  # fmt: skip
_HIGH: Final = [{"field": "height", "least": 100}]
_MARKET: Final = [{"field": "kind", "any_of": ["market"]}]
PLANS: Final = [
    ("patrol", "unit", [{"every": "two_hours", "when": _MARKET}, {"every": "day"}]),
    ("inspection", "supervisor", [{"every": "half_month", "when": _HIGH}, {"every": "month"}]),
    ("assessment", "supervisor", [{"every": "year"}]),
]  # fmt: skip


def compose(store: Store, folder: Path, clock: ManualClock, city: City) -> tuple[Inspections, Registers]:
    """The room over a register of buildings with three plans."""
    ids, calendar = IdMaker(clock), WorkingCalendar.official()
    registers = Registers(store, clock, ids, [BUILDING], city)
    plans = [
        InspectionPlan.model_validate(
            {"name": name, "title": {"zh": name, "en": name}, "register": "building", "by": by, "rules": rules}
        )
        for name, by, rules in PLANS
    ]
    room = Inspections(
        store, clock, ids, registers=registers, cases=Cases(store, clock, ids, {}, calendar),
        evidence=EvidenceBook(store, Files(folder / "files"), clock, ids),
        rules=RuleTables(store, clock, Permission.RULES_PUBLISH), calendar=calendar, city=city,
        declared=[SceneInspections("fire", plans, {})],
    )  # fmt: skip
    return room, registers


def fill(store: Store, registers: Registers, ids: IdMaker, unit_id: str, count: int, dice: random.Random) -> None:
    """Buildings of one supervising unit, each inspected twelve times since January."""
    rows: list[Any] = [
        {"code": f"B-{number:05d}", "title": f"建筑 {number}（合成）", "unit_id": unit_id if number % 50 == 0 else None,
         "supervisor_id": unit_id, "area_code": dice.choice(DISTRICTS), "lon": 112.4 + dice.random() * 0.3,
         "lat": 37.7 + dice.random() * 0.3,
         "data": {"kind": dice.choice(KINDS), "height": float(dice.randrange(20, 180))}}
        for number in range(count)
    ]  # fmt: skip
    registers.put_many(SYSTEM, "building", rows)
    began, now = to_ms(BEGAN), to_ms(NOW)
    fixed = {
        "scene": "fire", "register": "building", "inspector_id": "A", "inspector_name": "演示", "received_ms": now,
        "result": "passed", "asked": 0, "failed": 0, "left_out": 0, "comment": "", "figures": {},
    }  # fmt: skip
    made: list[dict[str, Any]] = []
    for one in registers.every(SYSTEM, "building"):
        for _ in range(PER_OBJECT):
            at_ms = dice.randrange(began, now)
            mine = {"id": ids.next(), "object_id": one.id, "plan": dice.choice(PLANS)[0], "client_id": ids.next()}
            made.append({**fixed, **mine, "started_ms": at_ms, "finished_ms": at_ms})
    for start in range(0, len(made), 5000):
        part = made[start : start + 5000]
        store.write(lambda conn, part=part: conn.execute(insert(inspection_table), part))  # type: ignore[misc]


def middle_ms(work: Callable[[], object], rounds: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begin))
    return round(sorted(times)[len(times) // 2], 1)


def measure(url: str, city: City, count: int, rounds: int) -> dict[str, float]:
    """All questions on one database."""
    clock = ManualClock(BEGAN)
    with tempfile.TemporaryDirectory() as folder, Store.open(url, clock=clock) as store:
        store.create_all()
        ids = IdMaker(clock)
        unit = Units(store, clock, ids).create(SYSTEM, code="fire", name="消防", kind=UnitKind.DEPARTMENT)
        room, registers = compose(store, Path(folder), clock, city)
        fill(store, registers, ids, unit.id, count, random.Random(SEED))
        clock.advance((NOW - BEGAN).total_seconds())
        desk = Principal("A-desk", "desk", "派遣员", Role.DISPATCHER)
        mine = Principal("A-unit", "unit", "消防", Role.UNIT, unit_id=unit.id)
        some = registers.every(SYSTEM, "building")[17].id
        plan = room.plan(desk, "fire", "inspection")
        assert room.due(desk, DueFilter()).total == 3 * count
        return {
            "due_of_all_ms": middle_ms(lambda: room.due(desk, DueFilter()), rounds),
            "overdue_of_one_plan_ms": middle_ms(
                lambda: room.due(desk, DueFilter(plan="patrol", state=("overdue",))), rounds
            ),
            "mine_nearest_500_ms": middle_ms(
                lambda: room.due(mine, DueFilter(mine=True, near=(112.55, 37.87), page_size=500)), rounds
            ),
            "one_object_ms": middle_ms(lambda: room.due(desk, DueFilter(object_id=some)), rounds),
            "coverage_of_a_month_ms": middle_ms(lambda: room.coverage(desk, plan, to_ms(NOW)), rounds),
            "reading_all_objects_ms": middle_ms(lambda: registers.every(desk, "building"), rounds),
        }


def main() -> None:
    """Measure on both databases, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    load, city = round(os.getloadavg()[0], 1), build_demo_city()
    databases = {}
    for name, made in (("sqlite", sqlite_url), ("postgresql", postgresql_url)):
        with made() as url:
            databases[name] = measure(url, city, asked.objects, asked.rounds)
    result = {
        "objects": asked.objects,
        "plans": len(PLANS),
        "inspections": asked.objects * PER_OBJECT,
        "databases": databases,
        "cpus": os.cpu_count(),
        "load": load,
        "python": platform.python_version(),
    }
    print(json.dumps(result, indent=2))
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
