"""Time: the only module that asks the system for it. Everything else gets a ``Clock``."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware ``datetime``; a naive one raises ``ValueError``."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return round(moment.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """The moment in Asia/Shanghai of ``at_ms`` milliseconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(at_ms / 1000, tz=SHANGHAI)


class Clock(Protocol):
    """What a part of the product may ask of time."""

    def now(self) -> datetime:
        """The current moment in Asia/Shanghai, aware: its date and hour are those of the city."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never run backwards, for durations only."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current moment in Asia/Shanghai, aware: its date and hour are those of the city."""
        return datetime.now(SHANGHAI)

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is told to move: for tests, drills and backtests."""

    def __init__(self, start: datetime) -> None:
        self._at_ms = to_ms(start)
        self._start_ms = self._at_ms

    def now(self) -> datetime:
        """The current moment in Asia/Shanghai, aware: its date and hour are those of the city."""
        return from_ms(self._at_ms)

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return self._at_ms

    def monotonic_s(self) -> float:
        """Seconds since this clock was made."""
        return (self._at_ms - self._start_ms) / 1000

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (not negative)."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._at_ms += round(seconds * 1000)
