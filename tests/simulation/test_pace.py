"""Simulated time: from the past, faster than the clock, never ahead of it."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import SHANGHAI, ManualClock, to_ms
from cityops.simulation.pace import Pace

START = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
HOUR_MS = 3_600_000


def pace_at(since_h: float, speed_up: float) -> tuple[ManualClock, Pace]:
    clock = ManualClock(START)
    return clock, Pace(clock, to_ms(START), to_ms(START) - round(since_h * HOUR_MS), speed_up)


def test_an_hour_at_sixty_one_times_is_caught_up_in_a_minute() -> None:
    clock, pace = pace_at(1, 61)
    assert pace.event_ms() == to_ms(START) - HOUR_MS
    clock.advance(30)
    assert pace.event_ms() == to_ms(START) - HOUR_MS + 61 * 30_000
    clock.advance(30)
    assert pace.event_ms() == clock.now_ms()
    clock.advance(30)
    assert pace.event_ms() == clock.now_ms()


def test_how_long_to_wait_by_hand() -> None:
    _, pace = pace_at(1, 60)
    assert pace.wait_s(to_ms(START) - HOUR_MS) == 0
    assert pace.wait_s(to_ms(START) - HOUR_MS + 60_000) == 1.0
    assert pace.wait_s(to_ms(START) + 90_000) == 90.0


@given(
    since_h=st.floats(0, 100),
    speed_up=st.floats(1, 10_000),
    passed_s=st.integers(0, 1_000_000),
    ahead_ms=st.integers(0, 10_000_000),
)
def test_it_is_never_in_the_future_and_waiting_brings_one_there(
    since_h: float, speed_up: float, passed_s: int, ahead_ms: int
) -> None:
    clock, pace = pace_at(since_h, speed_up)
    clock.advance(passed_s)
    now_ms = pace.event_ms()
    assert now_ms <= clock.now_ms()
    clock.advance(pace.wait_s(now_ms + ahead_ms) + 0.001)
    assert now_ms + ahead_ms <= pace.event_ms() <= clock.now_ms()
