"""A turnstile (旋转门) before an SQLite file: processes that write to it take turns, and none starves.

SQLite alone lets whoever tries at the right moment have the lock; a waiting process sleeps between its tries, so a busy
one takes it again and again. Here a process first takes the turn, then waits for the passage, then gives the
turn on: who has just passed queues behind who waits. Both locks go with the process when it is killed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Turnstile:
    """Two lock files beside the database; open with ``with``."""

    def __init__(self, database: Path) -> None:
        self._paths = [database.with_name(f"{database.name}-{name}") for name in ("turn", "passage")]
        self._open: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        self._open = [path.open("ab") for path in self._paths]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._open:
            file.close()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Wait for the turn; nobody else writes until this ends."""
        turn, passage = self._open
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(passage, fcntl.LOCK_EX)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(passage, fcntl.LOCK_UN)
