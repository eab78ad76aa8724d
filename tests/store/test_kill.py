"""kill -9 at random points: every acknowledged write must be there afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.store.helpers import SCRATCH, names

from cityops.kit import ManualClock
from cityops.store import Store

WRITER = """
import sys, threading
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
        sys.stdout.write(name + "\\n")
        sys.stdout.flush()
        number += 1
threads = [threading.Thread(target=run, args=(thread,)) for thread in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.parametrize("round_number", range(5))
def test_nothing_acknowledged_is_lost(tmp_path: Path, clock: ManualClock, round_number: int) -> None:
    url = f"sqlite:///{tmp_path}/cityops.db"
    with Store.open(url, clock=clock) as store:
        store.create_all()
        store.write(SCRATCH.create_all)
    out = tmp_path / "acknowledged"
    for start in range(2):  # the second writer takes over what the first left behind
        with out.open("ab") as sink:
            process = subprocess.Popen([sys.executable, "-c", WRITER, url, str(start)], stdout=sink)
            before, deadline = out.stat().st_size, time.monotonic() + 60
            while out.stat().st_size == before and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(random.Random(10 * round_number + start).uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            assert process.wait(30) == -signal.SIGKILL
    text = out.read_text()
    acknowledged = set(text[: text.rfind("\n")].split("\n"))
    assert {name[0] for name in acknowledged} == {"0", "1"}
    with Store.open(url, clock=clock) as store:
        with store.read() as conn:
            kept = set(names(conn))
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert acknowledged - kept == set()
        events = store.events_after(0, 1_000_000)
        assert {event.key for event in events} == kept  # a change and its event are one transaction
        assert len(events) == len(kept)
