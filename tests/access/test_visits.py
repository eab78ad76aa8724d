"""The bounds of those who are not signed in: they hold, they are told, and they are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.access import Visits
from cityops.kit import BusyError, ManualClock


def admitted(visits: Visits, address: str, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            visits.admit(address)
        except BusyError:
            continue
        count += 1
    return count


def test_so_many_at_once_then_one_at_a_time(clock: ManualClock) -> None:
    visits = Visits(clock, at_once=3, every_s=10)
    assert admitted(visits, "198.51.100.7", 10) == 3
    assert admitted(visits, "198.51.100.8", 1) == 1  # another one is not kept waiting
    clock.advance(9)
    assert admitted(visits, "198.51.100.7", 1) == 0
    clock.advance(1)
    assert admitted(visits, "198.51.100.7", 2) == 1
    assert visits.refused == 7 + 1 + 1


def test_the_refusal_says_how_long_to_wait(clock: ManualClock) -> None:
    visits = Visits(clock, at_once=1, every_s=60)
    visits.admit("198.51.100.7")
    clock.advance(18)
    with pytest.raises(BusyError) as refused:
        visits.admit("198.51.100.7")
    assert refused.value.todo is not None
    assert "42 s" in refused.value.todo.en


def test_a_household_is_one_address(clock: ManualClock) -> None:
    visits = Visits(clock, at_once=1, every_s=60)
    visits.admit("2001:db8:1:2:aaaa::1")
    assert admitted(visits, "2001:db8:1:2:bbbb::2", 1) == 0
    assert admitted(visits, "2001:db8:1:3::1", 1) == 1
    visits.admit("::ffff:198.51.100.7")
    assert admitted(visits, "198.51.100.7", 1) == 0


def test_nothing_of_an_address_is_kept(clock: ManualClock) -> None:
    visits, other = (Visits(clock, at_once=3, every_s=10) for _ in range(2))
    for one in (visits, other):
        one.admit("198.51.100.7")
    kept, kept_by_other = (list(one._busy_until_s) for one in (visits, other))
    assert b"198.51.100.7" not in kept[0]
    assert kept != kept_by_other  # each process has a key of its own
    clock.advance(11)
    assert (visits.remembered(), visits._busy_until_s) == (0, {})


def test_a_flood_from_everywhere_overfills_and_recovers(clock: ManualClock) -> None:
    visits = Visits(clock, at_once=2, every_s=30, rows_max=100)
    for number in range(100):
        visits.admit(f"198.51.{number}.1")
    assert admitted(visits, "203.0.113.1", 1) == 0
    assert visits.refused_full == 1
    assert admitted(visits, "198.51.5.1", 1) == 1  # known ones go on
    clock.advance(61)
    assert admitted(visits, "203.0.113.1", 1) == 1
    assert visits.remembered() == 1


@settings(max_examples=60)
@given(st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 20))
def test_never_more_than_the_bound(gaps_s: list[int], at_once: int, every_s: int) -> None:
    """In any window of w seconds at most ``at_once + w / every_s`` visits come in."""
    clock = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
    visits = Visits(clock, at_once=at_once, every_s=every_s)
    times_s: list[int] = []
    now_s = 0
    for gap_s in gaps_s:
        clock.advance(gap_s)
        now_s += gap_s
        if admitted(visits, "a", 1):
            times_s.append(now_s)
    for first, begin_s in enumerate(times_s):
        for last in range(first, len(times_s)):
            assert last - first + 1 <= at_once + (times_s[last] - begin_s) / every_s
