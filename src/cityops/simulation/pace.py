"""How simulated time runs: from a moment in the past, faster than the clock, until it has caught up; then with it."""

from __future__ import annotations

from dataclasses import dataclass

from cityops.kit import Clock


@dataclass(frozen=True)
class Pace:
    """``since_ms``: the simulated moment at the clock's ``start_ms``. ``speed_up`` at least 1."""

    clock: Clock
    start_ms: int
    since_ms: int
    speed_up: float

    def event_ms(self) -> int:
        """The simulated moment now; never in the future."""
        now_ms = self.clock.now_ms()
        return min(now_ms, self.since_ms + round((now_ms - self.start_ms) * self.speed_up))

    def wait_s(self, event_ms: int) -> float:
        """Seconds of the clock until the simulated time reaches ``event_ms``."""
        fast_ms = self.start_ms + (event_ms - self.since_ms) / self.speed_up
        return max(0.0, (max(fast_ms, event_ms) - self.clock.now_ms()) / 1000)
