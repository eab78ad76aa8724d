"""The list of a million cases: every filter the page has, pages near and far, on SQLite and PostgreSQL.

Run: ``python -m bench.case_list [--cases 1000000] [--rounds 15] [--on sqlite postgresql]``. The cases are seeded and
shaped like three years of a city: 2 % open, 20 units, 6 districts with 10 streets each, 3 % late, in every 20th a
second unit has a task too. Each kind of question is asked ``rounds`` times with other values, as the dispatcher and as
a unit, through ``Cases.list``, which is what ``GET /api/cases`` calls. The baseline, in the same run on the same store:
the first page by the bare index,
``SELECT * FROM case_file ORDER BY opened_ms DESC, id DESC LIMIT 50``, without counts, filters, deadlines or views.
``cpu`` is the processor time of the asking thread, which does not depend on what else the machine does: of SQLite all
of the work, of PostgreSQL the client's part. The result is printed and kept in ``bench/results/case_list.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench.databases import DATABASES
from sqlalchemy import Connection, Index, Table, insert, select, text

from cityops.access import Principal, Role
from cityops.cases import CaseFilter, Cases, case_table, deadline_table, task_table
from cityops.kit import IdMaker, Limit, LimitUnit, ManualClock, WorkingCalendar, compute_deadline, from_ms
from cityops.scenes import workflows_of
from cityops.scenes.urban_management import scene
from cityops.store import Store, metadata

RESULT = Path(__file__).parent / "results" / "case_list.json"
SEED = 20261122
NOW_MS = 1_795_312_800_000  # 2026-11-22 10:00 in Shanghai
DAY_MS = 86_400_000
DAYS = 3 * 365
LIMIT_MS = 2 * DAY_MS
UNITS = [f"U{number:025d}" for number in range(20)]
DISTRICTS = ["140105", "140106", "140107", "140108", "140109", "140110"]
STREETS = [f"{district}{number:03d}" for district in DISTRICTS for number in range(1, 11)]
OPEN = ["reported", "filed", "dispatched", "handling", "fed_back", "verifying"]
ENDED = ["closed"] * 17 + ["void", "rejected", "merged"]
TITLES = ["路灯不亮", "暴露垃圾", "井盖缺失或移位", "道路积水", "占道经营", "树木倒伏", "积雪结冰", "违法建设"]
ROADS = [
    "并州路",
    "迎泽路",
    "平阳路",
    "长风路",
    "滨河路",
    "建设路",
    "新建路",
    "解放路",
    "府东路",
    "学府路",
    "坞城路",
    "亲贤路",
    "体育路",
    "龙城路",
    "晋阳路",
]
CHUNK = 5_000
JOINT_EVERY = 20
PAGE = 50
DISPATCHER = Principal("A1", "dispatcher", "派遣员", Role.DISPATCHER)
UNIT = Principal("A2", "unit", "负责人", Role.UNIT, UNITS[3], "单位 3")


def rows(count: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]]:
    """Cases, their handling tasks and the deadlines of these, oldest first, a chunk at a time."""
    chance = random.Random(SEED)
    for first in range(0, count, CHUNK):
        cases, deadlines = [], []
        tasks: list[dict[str, Any]] = []
        for number in range(first, min(count, first + CHUNK)):
            case = case_row(chance, number, age=(count - number) / count)
            cases.append(case)
            tasks += task_rows(case, number)
            deadlines.append(deadline_row(case, number))
        yield cases, tasks, deadlines


def case_row(chance: random.Random, number: int, age: float) -> dict[str, Any]:
    """A case; ``age``: 1 for the oldest, 0 for now."""
    opened_ms = NOW_MS - round(age * DAYS * DAY_MS)
    ended = chance.random() > 0.001 / (age + 0.001) * 0.9 and chance.random() > 0.012
    late = chance.random() < 0.03
    unit = chance.randrange(len(UNITS))
    title = f"{chance.choice(ROADS)}{chance.choice(TITLES)}{number % 997}"
    return {
        "id": f"C{number:025d}",
        "number": f"UM-{from_ms(opened_ms):%Y%m%d}-{number:07d}",
        "scene": "urban_management",
        "kind": "urban_case",
        "title_zh": title,
        "title_en": title,
        "state": chance.choice(ENDED if ended else OPEN),
        "severity": 2,
        "area_code": chance.choice(STREETS),
        "lon": 112.5 + chance.random() / 10,
        "lat": 37.7 + chance.random() / 10,
        "place": {"district_name": "小店区", "road_name": "并州路"},
        "unit_id": UNITS[unit],
        "unit_name": f"单位 {unit}",
        "rework": 0,
        "reopened": 0,
        "level": "city",
        "ended": ended,
        "opened_ms": opened_ms,
        "closed_ms": opened_ms + DAY_MS if ended else None,
        "changed_ms": opened_ms,
        "late_ms": opened_ms + LIMIT_MS if late or not ended else None,
        "version": 5,
    }


def task_rows(case: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """The handling of a case by its unit, now and then by a second one too."""
    ended, unit = case["ended"], UNITS.index(case["unit_id"])
    units = [unit, (unit + 1) % len(UNITS)] if number % JOINT_EVERY == 0 else [unit]
    for guest, one in enumerate(units):
        yield {
            "id": f"{'J' if guest else 'T'}{number:025d}",
            "case_id": case["id"],
            "created_ms": case["opened_ms"],
            "done_ms": case["closed_ms"],
            "kind": "handle",
            "state": "finished" if ended else "in_hand",
            "owner": "named",
            "ended": ended,
            "unit_id": UNITS[one],
            "unit_name": f"单位 {one}",
            "lead": not guest,
            "guest": bool(guest),
            "data": {},
        }


def deadline_row(case: dict[str, Any], number: int) -> dict[str, Any]:
    """When the unit's handling is due, without the basis, which is the same for all."""
    return {
        "id": f"D{number:025d}",
        "case_id": case["id"],
        "task_id": f"T{number:025d}",
        "started_ms": case["opened_ms"],
        "due_ms": case["opened_ms"] + LIMIT_MS,
        "provisional": False,
        "explanation_zh": "2个工作日",
        "explanation_en": "2 working days",
        "basis": {},
        "done_ms": case["closed_ms"],
    }


def fill(store: Store, count: int) -> None:
    """Write the cases and let the database look at what it holds, as its own housekeeping does in daily work."""
    filled = (case_table, task_table, deadline_table)
    indexes = [index for table in filled for index in table.indexes]
    store.write(partial(change, indexes=indexes, there=False))  # made once at the end
    basis = deadline_basis()
    for cases, tasks, deadlines in rows(count):
        clocks = [{**row, "basis": basis} for row in deadlines]
        store.write(partial(write, batches=((case_table, cases), (task_table, tasks), (deadline_table, clocks))))
    store.write(partial(change, indexes=indexes, there=True))
    if store.dialect == "sqlite":
        store.refresh_statistics()
    else:
        tables = ", ".join(table.name for table in filled)
        store.write(lambda conn: conn.execute(text(f"ANALYZE {tables}")))


def change(conn: Connection, indexes: Iterable[Index], *, there: bool) -> None:
    for index in indexes:
        if there:
            index.create(conn)
        else:
            index.drop(conn)


def write(conn: Connection, batches: Iterable[tuple[Table, list[dict[str, Any]]]]) -> None:
    for table, chunk in batches:
        conn.execute(insert(table), chunk)


def deadline_basis() -> dict[str, Any]:
    """What a real deadline keeps of its computation."""
    limit = Limit(2, LimitUnit.WORKING_DAY)
    return compute_deadline(from_ms(NOW_MS - DAYS * DAY_MS), limit, WorkingCalendar.official()).basis


def questions(count: int) -> dict[str, Callable[[random.Random], tuple[Principal, CaseFilter]]]:
    """Each kind of question a person asks, with values drawn anew each time."""

    def month(chance: random.Random) -> dict[str, int]:
        begin = NOW_MS - chance.randrange(1, DAYS - 31) * DAY_MS
        return {"from_ms": begin, "to_ms": begin + 30 * DAY_MS}

    def as_dispatcher(**fixed: Any) -> Callable[[random.Random], tuple[Principal, CaseFilter]]:
        def make(chance: random.Random) -> tuple[Principal, CaseFilter]:
            drawn = {name: value(chance) if callable(value) else value for name, value in fixed.items()}
            bounds = drawn.pop("period", {})
            return DISPATCHER, CaseFilter(**drawn, **bounds)

        return make

    street, unit = (lambda c: c.choice(STREETS)), (lambda c: c.choice(UNITS))
    last = min(count, 10_000) // PAGE
    return {
        "first page, no filter": as_dispatcher(),
        "page 20": as_dispatcher(page=20),
        f"page {last}, the last one counted": as_dispatcher(page=last),
        "one state": as_dispatcher(state=lambda c: c.choice([*OPEN, "closed", "void"])),
        "open cases": as_dispatcher(ended=False),
        "scene": as_dispatcher(scene="urban_management"),
        "unit": as_dispatcher(unit_id=unit),
        "district": as_dispatcher(area=lambda c: c.choice(DISTRICTS)),
        "street": as_dispatcher(area=street),
        "overdue": as_dispatcher(overdue=True),
        "overdue, open": as_dispatcher(overdue=True, ended=False),
        "overdue of a unit": as_dispatcher(overdue=True, unit_id=unit),
        "a month": as_dispatcher(period=month),
        "a month, street and state": as_dispatcher(period=month, area=street, state="void"),
        "unit and street": as_dispatcher(unit_id=unit, area=street),
        "words": as_dispatcher(q=lambda c: c.choice(TITLES)),
        "words found nowhere": as_dispatcher(q="没有这样的事"),
        "words in a month of a unit": as_dispatcher(q=lambda c: c.choice(ROADS), period=month, unit_id=unit),
        "case number": as_dispatcher(q=lambda c: f"UM-{from_ms(NOW_MS - c.randrange(1, DAYS) * DAY_MS):%Y%m%d}"),
        "a unit's own list": lambda _: (UNIT, CaseFilter()),
        "a unit's own open cases": lambda _: (UNIT, CaseFilter(ended=False)),
        "a unit's search": lambda c: (UNIT, CaseFilter(q=c.choice(TITLES))),
    }


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that ``work`` takes."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def measure(store: Store, cases: Cases, count: int, rounds: int) -> dict[str, Any]:
    """Percentiles of each question and of the baseline, asked in turns so that load falls on all alike."""
    chance = random.Random(SEED)
    asked = questions(count)
    bare = select(case_table).order_by(case_table.c.opened_ms.desc(), case_table.c.id.desc()).limit(PAGE)

    def baseline() -> object:
        with store.read() as conn:
            return conn.execute(bare).mappings().all()

    took: dict[str, list[float]] = {name: [] for name in asked}
    worked: dict[str, list[float]] = {name: [] for name in asked}
    base_ms = []
    for name in asked:  # once each, not counted: connections and caches as in daily work
        cases.list(*asked[name](chance))
    for _ in range(rounds):
        base_ms.append(timed(baseline))
        for name, make in asked.items():
            person, query = make(chance)
            begin_s = time.thread_time()
            took[name].append(timed(partial(cases.list, person, query)))
            worked[name].append((time.thread_time() - begin_s) * 1000)
    everything = [ms for values in took.values() for ms in values]
    return {
        "baseline_p50_ms": round(statistics.median(base_ms), 2),
        "p50_ms": round(float(np.percentile(everything, 50)), 1),
        "p95_ms": round(float(np.percentile(everything, 95)), 1),
        "worst_question_p95_ms": max(round(float(np.percentile(v, 95)), 1) for v in took.values()),
        "worst_question_cpu_p95_ms": max(round(float(np.percentile(v, 95)), 1) for v in worked.values()),
        "questions": {
            name: {
                "p50_ms": round(statistics.median(v), 1),
                "p95_ms": round(float(np.percentile(v, 95)), 1),
                "cpu_p95_ms": round(float(np.percentile(worked[name], 95)), 1),
            }
            for name, v in took.items()
        },
    }


def run(database: str, count: int, rounds: int) -> dict[str, Any]:
    clock = ManualClock(from_ms(NOW_MS))
    with DATABASES[database]() as url, Store.open(url, clock=clock) as store:
        store.create_all()
        fill_s = timed(lambda: fill(store, count)) / 1000
        cases = Cases(store, clock, IdMaker(clock), workflows_of([scene()]), WorkingCalendar.official())
        result = measure(store, cases, count, rounds)
    print(f"{database}: {count:,} cases, baseline p50 {result['baseline_p50_ms']} ms")
    for name, row in result["questions"].items():
        print(
            f"  {name:36} p50 {row['p50_ms']:8.1f} ms   p95 {row['p95_ms']:8.1f} ms   cpu {row['cpu_p95_ms']:8.1f} ms"
        )
    return {"fill_s": round(fill_s), **result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--on", nargs="+", choices=sorted(DATABASES), default=sorted(DATABASES, reverse=True))
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "command": f"python -m bench.case_list --cases {arguments.cases} --rounds {arguments.rounds}",
        "cases": arguments.cases,
        "cores": os.cpu_count(),
        "load_1min_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "tables": len(metadata.tables),
        "databases": {name: run(name, arguments.cases, arguments.rounds) for name in arguments.on},
    }
    result["load_1min_after"] = round(os.getloadavg()[0], 1)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
