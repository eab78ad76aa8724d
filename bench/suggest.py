"""Suggestions of the hotline desk over the whole catalogue, while a city has many open cases.

Run: ``python -m bench.suggest [--cases 20000] [--rounds 3]``. Every matter of the catalogue in force is looked for by
its name, its code, the initials of its pinyin and in a caller's sentence, each at a place of the demo city with its
routing table published: ``Intake.suggest`` finds the matters, the place, the open cases nearby, the unit and the
deadlines. The baseline, in the same run: the search of the catalogue alone. The result is printed and kept in
``bench/results/suggest.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from cityops.access import Permission, Principal, Role
from cityops.cases import Cases, Rulebook, case_table
from cityops.cases.catalogue import ROUTES, Kind, Reading, RuleTables, route_row
from cityops.cases.duplicates import record_matter
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import Intake
from cityops.kit import IdMaker, ManualClock, WorkingCalendar, from_ms
from cityops.places import build_demo_city
from cityops.scenes import workflows_of
from cityops.scenes.urban_management import scene
from cityops.scenes.urban_management.demo import demo_routes
from cityops.store import Files, Store

RESULT = Path(__file__).parent / "results" / "suggest.json"
SEED = 20261122
NOW_MS = 1_795_312_800_000  # 2026-11-22 10:00 in Shanghai
DAY_MS = 86_400_000
ADMIN = Principal("A-admin", "admin", "管理员", Role.ADMINISTRATOR)
ACCEPTOR = Principal("A-acceptor", "acceptor", "受理员", Role.ACCEPTOR)


def make_intake(store: Store, folder: Path) -> tuple[Intake, Rulebook]:
    """The intake of urban management over the demo city, with its routes published."""
    clock = ManualClock(from_ms(NOW_MS))
    ids, calendar = IdMaker(clock), WorkingCalendar.official()
    tables = RuleTables(store, clock, Permission.RULES_PUBLISH)
    rows = [route_row(route) for route in demo_routes()]
    tables.publish(ADMIN, ROUTES, rows, expected_version=0, note="bench")
    rulebook, workflows = Rulebook(tables, clock), workflows_of([scene()])
    cases = Cases(store, clock, ids, workflows, calendar, rulebook=rulebook)
    evidence = EvidenceBook(store, Files(folder / "files"), clock, ids)
    return Intake(store, clock, ids, cases, workflows, rulebook, build_demo_city(), calendar, evidence), rulebook


def fill(store: Store, rulebook: Rulebook, count: int, dice: random.Random) -> None:
    """Open cases of any matter, anywhere within 6 km of the centre, opened within three days."""
    matters = rulebook.rules().items(Kind.MATTER)

    def work(conn: Connection) -> None:
        for number in range(count):
            item = dice.choice(matters)
            lon, lat = 112.55 + dice.uniform(-0.06, 0.06), 37.83 + dice.uniform(-0.05, 0.05)
            opened_ms = NOW_MS - dice.randrange(3 * DAY_MS)
            row: dict[str, Any] = {"id": f"C{number:025d}", "number": f"UM-{number}", "scene": "urban_management"}
            row |= {"kind": "urban_case", "title_zh": item.name, "title_en": item.name, "state": "reported"}
            row |= {"severity": 1, "lon": lon, "lat": lat, "place": {}, "opened_ms": opened_ms}
            row |= {"changed_ms": opened_ms, "version": 1, "matter": str(item.key), "matter_name": item.name}
            conn.execute(insert(case_table).values(**row))
            record_matter(conn, row["id"], item.key, lon=lon, lat=lat, opened_ms=opened_ms)

    store.write(work)


def queries(rulebook: Rulebook) -> list[str]:
    """What is typed for every matter: name, code, initials, and a sentence."""
    found = []
    for item in rulebook.rules().items(Kind.MATTER):
        found += [
            item.name,
            item.code,
            Reading.of(item.name).initials,
            f"您好，我们小区门口有{item.name}，好几天了没人管",
        ]
    return found


def percentiles(times_s: list[float]) -> dict[str, float]:
    """Milliseconds at the middle, at 95 % and at most."""
    ms = np.array(times_s) * 1000
    p50, p95 = np.percentile(ms, [50, 95])
    return {"p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2), "max_ms": round(float(ms.max()), 2)}


def run(count: int, rounds: int) -> dict[str, Any]:
    """Both measurements."""
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clock = ManualClock(from_ms(NOW_MS))
        with Store.open(f"sqlite:///{folder}/cityops.db", clock=clock) as store:
            store.create_all()
            intake, rulebook = make_intake(store, folder)
            fill(store, rulebook, count, dice)
            typed = queries(rulebook)
            search = rulebook.rules().search
            whole, bare = [], []
            for _ in range(rounds):
                for words in typed:
                    lon, lat = 112.55 + dice.uniform(-0.05, 0.05), 37.83 + dice.uniform(-0.04, 0.04)
                    begun_s = time.perf_counter()
                    intake.suggest(ACCEPTOR, words=words, lon=lon, lat=lat)
                    whole.append(time.perf_counter() - begun_s)
                    begun_s = time.perf_counter()
                    search.rate(words, 8, kind=Kind.MATTER)
                    bare.append(time.perf_counter() - begun_s)
    return {
        "matters": len(typed) // 4,
        "questions": len(whole),
        "open_cases": count,
        "suggest": percentiles(whole),
        "search_alone": percentiles(bare),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    result = run(options.cases, options.rounds)
    RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
