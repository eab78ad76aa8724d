"""An import that is killed in the middle of writing left nothing behind; the same rows again are in once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from cityops.access import SYSTEM
from cityops.kit import IdMaker, ManualClock, SystemClock
from cityops.registers import ObjectValues, Put, Registers
from cityops.store import Store

from .canteens import CANTEEN

ROWS = 1200
_KILLED_AFTER = 1000
"""Rows that were written, of a transaction that is not over."""


def rows() -> list[ObjectValues]:
    return [{"code": f"C-{n:04d}", "title": f"食堂 {n}", "data": {"mode": "own"}} for n in range(ROWS)]


def registers_over(store: Store) -> Registers:
    return Registers(store, SystemClock(), IdMaker(SystemClock()), (CANTEEN,))


def die_in_the_middle(url: str) -> None:
    """What the process does that is killed."""

    def progress(done: int) -> None:
        if done >= _KILLED_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)

    with Store.open(url, clock=SystemClock()) as store:
        registers = registers_over(store)
        registers.carry_out(SYSTEM, registers.plan(SYSTEM, "canteen", rows()), progress=progress)


def test_a_kill_while_rows_are_written_leaves_none(tmp_path: Path, clock: ManualClock) -> None:
    url = f"sqlite:///{tmp_path}/killed.db"
    with Store.open(url, clock=clock) as store:
        store.create_all()
    command = [
        sys.executable,
        "-c",
        f"from tests.registers.test_interrupted import die_in_the_middle; die_in_the_middle({url!r})",
    ]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], timeout=200, check=False)
    assert killed.returncode == -signal.SIGKILL
    with Store.open(url, clock=clock) as store:
        registers = registers_over(store)
        assert registers.counts(SYSTEM)["canteen"] == {}
        assert registers.put_many(SYSTEM, "canteen", rows()) == Put(ROWS, 0, 0)
        assert registers.put_many(SYSTEM, "canteen", rows()) == Put(0, 0, ROWS)
