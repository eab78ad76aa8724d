"""Guarded claims a second: ``Store.write`` from 16 threads (group commit) against one commit each, in the same run.

A claim is ``UPDATE … SET version = version + 1 WHERE id = ? AND version = ?``: what every step of a case does.
Both sides use the same SQLAlchemy Core statement on the same SQLite settings (WAL, synchronous FULL).

``python bench/store_claims.py [--seconds 5] [--threads 16]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, bindparam, insert, update

from cityops.kit import SystemClock
from cityops.store import Store
from cityops.store.engines import Engines, open_engines

RESULT = Path(__file__).parent / "results" / "store_claims.json"
ROWS = 1000

claims = Table("claims", MetaData(), Column("id", Integer, primary_key=True), Column("version", BigInteger))
CLAIM = (
    update(claims)
    .where(claims.c.id == bindparam("row"), claims.c.version == bindparam("expected"))
    .values(version=claims.c.version + 1)
)


def claim(conn: Connection, row: int, expected: int) -> int:
    return conn.execute(CLAIM, {"row": row, "expected": expected}).rowcount


def run_threads(count: int, seconds: float, one: Callable[[int, int], int]) -> float:
    """Claims a second: each thread claims rows of its own, one after the other, until the time is over."""
    done = [0] * count
    start = threading.Barrier(count + 1)
    until = [0.0]

    def body(number: int) -> None:
        start.wait()
        turn = 0
        while time.perf_counter() < until[0]:
            if one(number + count * (turn % (ROWS // count)), turn // (ROWS // count)) != 1:
                raise RuntimeError("a claim was lost")
            turn += 1
        done[number] = turn

    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    until[0] = time.perf_counter() + seconds
    began = time.perf_counter()
    start.wait()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def prepare(engines: Engines) -> None:
    with engines.writer.begin() as conn:
        claims.metadata.create_all(conn)
        conn.execute(insert(claims), [{"id": number, "version": 0} for number in range(ROWS)])


def one_by_one(folder: str, seconds: float) -> float:
    """One thread, one connection, one commit a claim."""
    engines = open_engines(f"sqlite:///{folder}/single.db", readers=1)
    prepare(engines)
    with engines.writer.connect() as conn:

        def one(row: int, expected: int) -> int:
            with conn.begin():
                return claim(conn, row, expected)

        rate = run_threads(1, seconds, one)
    engines.dispose()
    return rate


def grouped(folder: str, seconds: float, threads: int) -> tuple[float, float]:
    """Claims a second through ``Store.write``, and how many shared one commit on average."""
    url = f"sqlite:///{folder}/grouped.db"
    engines = open_engines(url, readers=1)
    prepare(engines)
    engines.dispose()
    with Store.open(url, clock=SystemClock()) as store:
        rate = run_threads(threads, seconds, lambda row, expected: store.write(lambda conn: claim(conn, row, expected)))
        counters = store.counters()
    return rate, counters["works"] / counters["groups"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=16)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        single = one_by_one(folder, arguments.seconds)
        rate, per_commit = grouped(folder, arguments.seconds, arguments.threads)
    result: dict[str, Any] = {
        "command": f"python bench/store_claims.py --seconds {arguments.seconds:g} --threads {arguments.threads}",
        "cores": os.cpu_count(),
        "load_1min_before": round(load, 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "one_by_one_claims_per_s": round(single),
        "store_write_claims_per_s": round(rate),
        "claims_per_commit": round(per_commit, 1),
        "ratio": round(rate / single, 2),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"one by one, 1 thread:             {single:9,.0f} claims/s")
    print(f"Store.write, {arguments.threads:3} threads:         {rate:9,.0f} claims/s ({per_commit:.1f} a commit)")
    print(f"ratio:                            {rate / single:9.2f}")


if __name__ == "__main__":
    main()
