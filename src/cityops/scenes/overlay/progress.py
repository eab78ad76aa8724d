"""How far a trial is: told about once a second, and where it is asked whether to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cityops.kit import Clock

TELL_EVERY_S: Final = 0.5


class CancelledError(Exception):
    """A person or the end of the process stopped the trial."""


class Progress:
    """Counts pieces of work.

    Args:
        clock: the time.
        tell: keeps (done, total) and says whether to go on.
    """

    def __init__(self, clock: Clock, tell: Callable[[int, int], bool]) -> None:
        self._clock = clock
        self._tell = tell
        self._told_s = float("-inf")
        self.done = 0
        self.total = 0

    def expect(self, pieces: int) -> None:
        """So many more are to be done."""
        self.total += pieces
        self.advance(0)

    def advance(self, pieces: int) -> None:
        """So many more are done; raises ``CancelledError`` when it is to end."""
        self.done += pieces
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            if not self._tell(self.done, self.total):
                raise CancelledError
