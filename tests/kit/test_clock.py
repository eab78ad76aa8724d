"""Clocks: the city's day begins at midnight in Shanghai, eight hours before that of Greenwich."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from cityops.kit import SHANGHAI, ManualClock, SystemClock


def test_the_date_of_now_is_the_citys() -> None:
    clock = ManualClock(datetime(2026, 11, 22, 17, 30, tzinfo=UTC))  # 01:30 of the 23rd in Shanghai
    assert clock.now().date() == date(2026, 11, 23)
    assert clock.now().hour == 1


def test_the_machines_clock_is_in_shanghai_too() -> None:
    now = SystemClock().now()
    assert now.tzinfo is SHANGHAI
    assert now.utcoffset() == timedelta(hours=8)
