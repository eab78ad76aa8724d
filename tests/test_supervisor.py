"""The supervisor restarts what dies, stops what it started, and leaves no orphan."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

from cityops.kit import SystemClock
from cityops.supervisor import Supervisor

WAIT_S = 120.0


def child_that(path: Path, body: str) -> list[str]:
    path.write_text("import os, sys, time, signal, pathlib\n" + textwrap.dedent(body))
    return [sys.executable, str(path)]


def wait_for(path: Path, lines: int) -> list[str]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if path.exists() and len(found := path.read_text().split()) >= lines:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{path} did not get {lines} lines in {WAIT_S} s")


def test_a_child_that_dies_is_started_again_and_the_others_are_not_touched(tmp_path: Path) -> None:
    starts, steady = tmp_path / "starts", tmp_path / "steady"
    dying = child_that(tmp_path / "dying.py", f"open({str(starts)!r}, 'a').write('start\\n'); sys.exit(3)")
    staying = child_that(tmp_path / "staying.py", f"open({str(steady)!r}, 'a').write('start\\n'); time.sleep(60)")
    supervisor = Supervisor({"dying": dying, "staying": staying}, clock=SystemClock(), environment=os.environ)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    wait_for(starts, 3)
    wait_for(steady, 1)
    supervisor.request_stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert steady.read_text().split() == ["start"]


def test_a_child_that_says_what_a_person_must_do_is_not_started_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    wrong = child_that(tmp_path / "wrong.py", f"open({str(starts)!r}, 'a').write('start\\n'); sys.exit(2)")
    staying = child_that(tmp_path / "staying.py", "time.sleep(60)")
    supervisor = Supervisor({"wrong": wrong, "staying": staying}, clock=SystemClock(), environment=os.environ)
    assert supervisor.run() == 0
    assert supervisor.refused == "wrong"
    assert starts.read_text().split() == ["start"]


def test_stop_asks_first_with_sigterm(tmp_path: Path) -> None:
    said = tmp_path / "said"
    polite = child_that(
        tmp_path / "polite.py",
        f"""
        def leave(*_):
            open({str(said)!r}, 'a').write('left\\n')
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        open({str(said)!r}, 'a').write('ready\\n')
        time.sleep(60)
        """,
    )
    supervisor = Supervisor({"polite": polite}, clock=SystemClock(), environment=os.environ)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    wait_for(said, 1)
    supervisor.request_stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert said.read_text().split() == ["ready", "left"]


def test_children_stop_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    child = child_that(
        tmp_path / "child.py",
        f"""
        from cityops.supervisor import watch_lifeline
        watch_lifeline(os.environ)
        open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')
        time.sleep(60)
        """,
    )
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import os\nfrom cityops.kit import SystemClock\nfrom cityops.supervisor import Supervisor\n"
        f"Supervisor({{'child': {child!r}}}, clock=SystemClock(), environment=os.environ).run()\n"
    )
    process = subprocess.Popen([sys.executable, str(parent)])
    child_pid = int(wait_for(pids, 1)[0])
    process.send_signal(signal.SIGKILL)
    process.wait(WAIT_S)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and is_running(child_pid):
        time.sleep(0.02)
    assert not is_running(child_pid)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
