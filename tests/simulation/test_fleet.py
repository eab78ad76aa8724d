"""The fleet: shares, turns that fit what a truck is said to do, night hauls across starts."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cityops.places import City
from cityops.simulation.fleet import EPOCH_MS, NIGHT_HAUL_COUNT, Behaviour, behaviour_of, build_truck
from cityops.simulation.town import choose_hauls

HOUR_MS = 3_600_000
NOW_MS = EPOCH_MS + 325 * 24 * HOUR_MS
SET_OUT_MS = 239 * 60_000


def test_shares_of_a_large_fleet() -> None:
    drawn = 10_000
    counts = Counter(behaviour_of(index, 2026) for index in range(NIGHT_HAUL_COUNT + 1 + drawn))
    assert counts.pop(Behaviour.NIGHT_HAUL) == NIGHT_HAUL_COUNT
    assert counts.pop(Behaviour.WRONG_CLOCK) == 1
    expected = {
        Behaviour.FATIGUED: 0.02,
        Behaviour.SHORT_REST: 0.01,
        Behaviour.SPEEDING: 0.06,
        Behaviour.NOISY: 0.01,
        Behaviour.STEADY: 0.90,
    }
    assert set(counts) == set(expected)
    for behaviour, share in expected.items():
        deviation = (drawn * share * (1 - share)) ** 0.5
        assert abs(counts[behaviour] - drawn * share) < 4 * deviation, behaviour


def first_of(behaviour: Behaviour) -> int:
    return next(index for index in range(5_000) if behaviour_of(index, 2026) is behaviour)


@pytest.mark.parametrize(
    ("behaviour", "drive_h", "rest_min"),
    [
        (Behaviour.STEADY, (1.5, 3.6), (22, 50)),
        (Behaviour.FATIGUED, (4.2, 5.0), (22, 50)),
        (Behaviour.SHORT_REST, (1.5, 3.6), (8, 18)),
    ],
)
def test_the_turns_are_those_of_the_behaviour(
    city: City, behaviour: Behaviour, drive_h: tuple[float, float], rest_min: tuple[float, float]
) -> None:
    truck = build_truck(city.network, city.center, first_of(behaviour), 2026)
    assert drive_h[0] * 3600 <= truck.turns.drive_s <= drive_h[1] * 3600
    assert rest_min[0] * 60 <= truck.turns.rest_s <= rest_min[1] * 60
    # What the states show over two days is what the turns say: the longest time at the wheel and the shortest rest.
    minutes = truck.at(np.arange(NOW_MS, NOW_MS + 48 * HOUR_MS, 60_000)).moving
    changes = np.flatnonzero(np.diff(minutes.astype(np.int8)))
    stretches = np.diff(changes)
    driven = stretches[minutes[changes[:-1] + 1]]
    rested = stretches[~minutes[changes[:-1] + 1]]
    assert abs(int(driven.max()) - truck.turns.drive_s / 60) <= 1
    assert abs(int(rested.min()) - truck.turns.rest_s / 60) <= 1


def test_a_truck_built_again_is_where_it_would_have_been(city: City) -> None:
    index = first_of(Behaviour.SPEEDING)
    times = np.arange(NOW_MS, NOW_MS + 6 * HOUR_MS, 7_000)
    first = build_truck(city.network, city.center, index, 2026).at(times)
    again = build_truck(city.network, city.center, index, 2026)
    half = len(times) // 2
    for part, rows in ((again.at(times[:half]), slice(0, half)), (again.at(times[half:]), slice(half, None))):
        for name in ("lon", "lat", "speed_kmh", "course_deg", "moving", "covered", "driven_km"):
            assert getattr(part, name).tobytes() == getattr(first, name)[rows].tobytes()


def test_a_night_haul_has_driven_four_hours_a_minute_after_the_start(city: City, tmp_path: Path) -> None:
    hauls = choose_hauls(tmp_path / "hauls.json", NOW_MS, 300)
    truck = build_truck(city.network, city.center, 0, 2026, haul_from_ms=hauls[0])
    driven_s, moving = truck.turns.driven_s(np.array([NOW_MS, NOW_MS + 60_000, hauls[0] - 1]))
    assert driven_s.tolist() == [239 * 60, 4 * 3600, 0]
    assert moving.tolist() == [True, True, False]


def test_a_night_haul_that_nobody_sent_stays_parked(city: City) -> None:
    truck = build_truck(city.network, city.center, 3, 2026)
    assert not truck.at(np.array([EPOCH_MS, NOW_MS, NOW_MS + 1000 * HOUR_MS])).moving.any()


def test_each_start_sends_one_more_and_the_earlier_ones_drive_on(tmp_path: Path) -> None:
    state = tmp_path / "simulation" / "hauls.json"
    assert choose_hauls(state, NOW_MS, 300) == {0: NOW_MS - SET_OUT_MS}
    later_ms = NOW_MS + 600_000
    assert choose_hauls(state, later_ms, 300) == {0: NOW_MS - SET_OUT_MS, 1: later_ms - SET_OUT_MS}
    # 16 h after it set out the first is over, and free to set out again.
    day_ms = NOW_MS - SET_OUT_MS + 16 * HOUR_MS
    assert choose_hauls(state, day_ms, 300) == {0: day_ms - SET_OUT_MS, 1: later_ms - SET_OUT_MS}


def test_all_twelve_can_be_under_way_and_no_truck_outside_the_fleet(tmp_path: Path) -> None:
    for start in range(NIGHT_HAUL_COUNT + 3):
        hauls = choose_hauls(tmp_path / "hauls.json", NOW_MS + start * 1000, 300)
    assert sorted(hauls) == list(range(NIGHT_HAUL_COUNT))
    for start in range(4):
        few = choose_hauls(tmp_path / "few.json", NOW_MS + start * 1000, 2)
    assert sorted(few) == [0, 1]


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"a": 1}', '{"1": null}'])
def test_a_damaged_file_is_said_and_replaced(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    state = tmp_path / "hauls.json"
    state.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert choose_hauls(state, NOW_MS, 300) == {0: NOW_MS - SET_OUT_MS}
    assert "cannot be read" in caplog.text
    assert json.loads(state.read_text()) == {"0": NOW_MS - SET_OUT_MS}
