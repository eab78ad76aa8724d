"""kill -9 at random points: every acknowledged write must be there afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.store.helpers import SCRATCH, names

from cityops.kit import ManualClock
from cityops.store import Store

WRITER = """
import os, sys, threading
from cityops.kit import SystemClock
from cityops.store import Store, emit
from tests.store.helpers import add

store = Store.open(sys.argv[1], clock=SystemClock())
def run(thread):
    number = 0
    while True:
        name = f"{sys.argv[2]}-{thread}-{number}"
        def work(conn):
            add(conn, name)
            emit(conn, "case.opened", name, {})
        store.write(work)
        os.write(1, f"{name}\\n".encode())  # one call: lines of different threads do not mix
        number += 1
threads = [threading.Thread(target=run, args=(thread,)) for thread in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def kill_at_random(url: str, name: str, out: Path, dice: random.Random) -> None:
    """Start a writer, wait for its first acknowledgement, and kill it up to 0.2 s later."""
    with out.open("ab") as sink:
        before = out.stat().st_size
        process = subprocess.Popen([sys.executable, "-c", WRITER, url, name], stdout=sink)
        deadline = time.monotonic() + 120
        while out.stat().st_size == before and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        assert process.wait(120) == -signal.SIGKILL


def test_nothing_acknowledged_is_lost(tmp_path: Path, clock: ManualClock) -> None:
    """Five times in a row on one database: each writer takes over what the one before left behind."""
    url = f"sqlite:///{tmp_path}/cityops.db"
    with Store.open(url, clock=clock) as store:
        store.create_all()
        store.write(SCRATCH.create_all)
    out, dice = tmp_path / "acknowledged", random.Random(20261122)
    for number in range(5):
        kill_at_random(url, str(number), out, dice)
        acknowledged = {line for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")}
        assert {line[0] for line in acknowledged} == {str(start) for start in range(number + 1)}
        with Store.open(url, clock=clock) as store:
            with store.read() as conn:
                kept = set(names(conn))
                assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            assert {line.strip() for line in acknowledged} - kept == set()
            events = store.events_after(0, 1_000_000)
            assert {event.key for event in events} == kept  # a change and its event are one transaction
            assert len(events) == len(kept)
