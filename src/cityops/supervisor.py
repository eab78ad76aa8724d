"""Keeps the product's processes alive: starts them, restarts one that dies, stops all of them on Ctrl-C.

Each child holds the reading end of a pipe whose writing end only the supervisor holds. When the supervisor dies,
however it dies, the pipe closes and the children stop by themselves: no orphan keeps a port or the log's lock.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cityops.kit import Clock

LIFELINE_VARIABLE: Final = "_CITYOPS_LIFELINE_FD"
_STOP_LIMIT_S: Final = 10.0
_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 10.0
_STEADY_S: Final = 30.0
REFUSED: Final = 2
"""Exit code of a child that has said in words what a person must do; starting it again would not help."""

_logger = logging.getLogger(__name__)


@dataclass
class Child:
    """One process of the product."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    wait_s: float = _FIRST_WAIT_S
    restarts: int = 0
    due_s: float = field(default=0.0)


class Supervisor:
    """Runs ``children`` (name → command line) until told to stop."""

    def __init__(self, children: Mapping[str, Sequence[str]], *, clock: Clock, environment: Mapping[str, str]) -> None:
        self._children = [Child(name, arguments) for name, arguments in children.items()]
        self._clock = clock
        self._environment = dict(environment)
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._stop = threading.Event()
        self.refused: str | None = None

    def add(self, name: str, arguments: Sequence[str]) -> None:
        """One child more; from the thread of ``run`` (``on_tick``), where it is started at once."""
        child = Child(name, arguments)
        self._children.append(child)
        self._start(child)

    def request_stop(self) -> None:
        """Ask ``run`` to stop everything; safe in a signal handler."""
        self._stop.set()

    def run(self, *, on_tick: Callable[[], None] = lambda: None) -> int:
        """Start everything and watch it until ``request_stop``; returns the number of restarts.

        A child that ends with ``REFUSED`` ends everything; its name is then in ``refused``.
        """
        try:
            for child in list(self._children):
                self._start(child)
            while not self._stop.wait(0.1):
                for child in self._children:
                    self._watch(child)
                on_tick()
        finally:
            self._stop_all()
        return sum(child.restarts for child in self._children)

    def _start(self, child: Child) -> None:
        environment = self._environment | {LIFELINE_VARIABLE: str(self._lifeline_read)}
        child.process = subprocess.Popen(
            list(child.arguments),
            env=environment,
            pass_fds=(self._lifeline_read,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.started_s = self._clock.monotonic_s()

    def _watch(self, child: Child) -> None:
        now_s = self._clock.monotonic_s()
        if child.process is None:
            if now_s >= child.due_s:
                child.restarts += 1
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        child.process = None
        if code == REFUSED:
            self.refused = child.name
            self._stop.set()
            return
        if now_s - child.started_s > _STEADY_S:
            child.wait_s = _FIRST_WAIT_S
        _logger.error("%s stopped with code %s; starting it again in %.1f s", child.name, code, child.wait_s)
        child.due_s = now_s + child.wait_s
        child.wait_s = min(child.wait_s * 2, _LONGEST_WAIT_S)

    def _stop_all(self) -> None:
        # In reverse: first who sends (simulation), then who takes in (gateway), then who works on it.
        for child in reversed(self._children):
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline_s = self._clock.monotonic_s() + _STOP_LIMIT_S
        for child in reversed(self._children):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline_s - self._clock.monotonic_s()))
            except subprocess.TimeoutExpired:
                _logger.error("%s did not stop within %.0f s and is killed", child.name, _STOP_LIMIT_S)
                child.process.kill()
                child.process.wait()
        os.close(self._lifeline_write)
        os.close(self._lifeline_read)


def watch_lifeline(environment: Mapping[str, str]) -> None:
    """In a child: stop this process as Ctrl-C would when the supervisor is gone."""
    number = environment.get(LIFELINE_VARIABLE)
    if number is None:
        return

    def wait() -> None:
        os.read(int(number), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def command(*arguments: str) -> list[str]:
    """The command line of this very program with ``arguments``."""
    return [sys.executable, "-m", "cityops", *arguments]
