"""Real processes of the product: started, watched, killed; what they print is kept and shown when a story fails."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import httpx

PATIENCE_S = 180.0  # a start beside a full test run takes a minute
_TAIL_CHARACTERS = 6_000
# Below the range that the system gives to outgoing connections: those of the simulator must not take a server's port.
_PORTS = range(12_000, 30_000)


def free_ports(count: int) -> list[int]:
    """Different ports nobody listens on."""
    found: list[int] = []
    for port in random.sample(_PORTS, 200):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
            if len(found) == count:
                return found
    raise AssertionError("no free port found")


def wait_until(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Look every 20 ms, less often the longer it takes; fails in words after ``patience_s``."""
    begun_s = time.monotonic()
    while not condition():
        waited_s = time.monotonic() - begun_s
        assert waited_s < patience_s, f"waited {patience_s:.0f} s in vain for {what}"
        time.sleep(min(max(0.02, waited_s / 20), 0.25))


def children_of(pid: int) -> list[int]:
    """Processes whose parent is ``pid``, from /proc."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append(int(folder.name))
    return found


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@dataclass
class Process:
    """One started command of the product."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path

    def text(self) -> str:
        """Everything it printed."""
        return self.output.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, its children too if it has any; returns when they are gone."""
        family = [self.process.pid, *children_of(self.process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        for pid in family:
            wait_until(lambda pid=pid: not is_running(pid), f"{self.name}: the end of process {pid}")  # type: ignore[misc]

    def stop(self, number: signal.Signals = signal.SIGTERM, limit_s: float = PATIENCE_S) -> int:
        """Ask it to stop; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(limit_s)

    def exit_code(self, limit_s: float = PATIENCE_S) -> int:
        """Wait for its end."""
        return self.process.wait(limit_s)


@dataclass
class Installation:
    """A data folder with settings, and the processes that a story started in it."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    started: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http_port, self.jt808_port = free_ports(2)
        self.data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def environment(self, **more: str) -> dict[str, str]:
        """The outer environment without its own CityOps settings, and this installation's."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")}
        return {
            **outer,
            "LANG": "C.UTF-8",
            "CITYOPS_DATA_DIR": str(self.data),
            "CITYOPS_HTTP_PORT": str(self.http_port),
            "CITYOPS_JT808_PORT": str(self.jt808_port),
            "CITYOPS_LOG_MIN_FREE_MB": "1",
            **self.settings,
            **more,
        }

    def start(self, *arguments: str, **more: str) -> Process:
        """Start ``cityops`` with ``arguments``; returns at once."""
        return self._start([sys.executable, "-m", "cityops", *arguments], arguments[0], **more)

    def start_script(self, script: Path, *arguments: str) -> Process:
        """Start a Python script of the tests in this installation's environment."""
        return self._start([sys.executable, str(script), *arguments], script.stem)

    def _start(self, line: list[str], name: str, **more: str) -> Process:
        output = self.folder / f"{len(self.started):03d}-{name}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                line,
                env=self.environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        self.started.append(Process(name, process, output))
        return self.started[-1]

    def command(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Run ``cityops`` to its end; its exit code and what it printed."""
        process = self.start(*arguments, **more)
        return process.exit_code(), process.text()

    def serves(self) -> bool:
        """Whether the web interface answers."""
        # Not httpx: asked fifty times a second, its making of a client would take a whole processor from who starts.
        with (
            suppress(OSError, HTTPException),
            closing(HTTPConnection("127.0.0.1", self.http_port, timeout=10.0)) as line,
        ):
            line.request("GET", "/api/product")
            return line.getresponse().status == HTTPStatus.OK
        return False

    def takes_terminals(self) -> bool:
        """Whether the gateway listens."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.jt808_port), timeout=10.0):
            return True
        return False

    def metrics(self) -> dict[str, float]:
        """The figures of /metrics by name, those without labels."""
        answer = httpx.get(f"{self.address}/metrics", timeout=PATIENCE_S, trust_env=False)
        answer.raise_for_status()
        rows = (
            line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#") and "{" not in line
        )
        return {name: float(value) for name, value in rows}

    def tails(self) -> Iterator[str]:
        """The end of every process's output, for the report of a failure."""
        for one in self.started:
            yield f"--- {one.name} (code {one.process.poll()})\n{one.text()[-_TAIL_CHARACTERS:]}"

    def clean_up(self) -> None:
        """Kill what still runs."""
        for one in self.started:
            if one.process.poll() is None:
                one.kill()
