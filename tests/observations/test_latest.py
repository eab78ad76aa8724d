from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cityops.observations import (
    VEHICLE_POSITION,
    Batch,
    Implausible,
    LatestPositions,
    split_plausible,
)


def test_only_a_newer_event_time_wins(positions: Any) -> None:
    latest = LatestPositions()
    assert latest.apply(Batch.empty(VEHICLE_POSITION)) == 0
    assert latest.apply(positions([5, 3, 5], [100, 100, 200], speed_kmh=[1, 2, 3])) == 2
    sequence, rows = latest.changed_since(0)
    assert rows["device"].tolist() == [3, 5]
    assert rows["speed_kmh"].tolist() == [2, 3]
    assert latest.apply(positions([5, 3], [150, 100], speed_kmh=9)) == 0
    assert latest.changed_since(sequence)[1].tolist() == []
    assert latest.apply(positions([4, 3], [1, 101], speed_kmh=9)) == 2
    later, rows = latest.changed_since(sequence)
    assert rows["device"].tolist() == [3, 4]
    assert later > sequence
    assert latest.snapshot()["device"].tolist() == [3, 4, 5]


def test_a_snapshot_restores(positions: Any) -> None:
    latest, again = LatestPositions(), LatestPositions()
    latest.apply(positions([2, 1], [10, 20]))
    again.apply(Batch.from_struct(VEHICLE_POSITION, latest.snapshot()))
    assert again.snapshot().tobytes() == latest.snapshot().tobytes()


@given(st.lists(st.lists(st.tuples(st.integers(-2, 6), st.integers(0, 9)), max_size=8), max_size=6))
def test_it_equals_the_plain_rule(positions: Any, parts: list[list[tuple[int, int]]]) -> None:
    latest = LatestPositions()
    expected: dict[int, int] = {}
    seen = 0
    for part in parts:
        before = dict(expected)
        for device, at_ms in part:
            expected[device] = max(expected.get(device, -1), at_ms)
        devices = [device for device, _ in part]
        latest.apply(positions(devices, [at_ms for _, at_ms in part]))
        seen, rows = latest.changed_since(seen)
        changed = {device for device in expected if before.get(device) != expected[device]}
        assert set(rows["device"].tolist()) == changed
    rows = latest.snapshot()
    assert dict(zip(rows["device"].tolist(), rows["event_ms"].tolist(), strict=True)) == expected


def test_of_20_000_devices_only_what_changed_is_given(positions: Any) -> None:
    latest = LatestPositions()
    latest.apply(positions(np.arange(20_000), np.full(20_000, 1)))
    sequence, _ = latest.changed_since(0)
    latest.apply(positions(np.arange(0, 20_000, 10), np.full(2_000, 2)))
    _, rows = latest.changed_since(sequence)
    assert rows["device"].tolist() == list(range(0, 20_000, 10))
    assert set(rows["event_ms"].tolist()) == {2}


def test_implausible_times_and_places_are_named(positions: Any) -> None:
    now = 1_800_000_000_000
    day = 24 * 3_600_000
    times = [now, now + 300_000, now + 300_001, now - 30 * day, now - 30 * day - 1, now, now, now]
    lon = [112.5, 180.0, 112.5, -180.0, 112.5, 180.1, 112.5, np.nan]
    lat = [37.8, 90.0, 37.8, 0.0, 99.0, 37.8, -90.5, 37.8]
    batch = positions(list(range(8)), times, lon=lon, lat=lat)
    good, refused = split_plausible(batch, now)
    assert good.columns["device"].tolist() == [0, 1, 3]
    assert {part.reason: part.batch.columns["device"].tolist() for part in refused} == {
        Implausible.FUTURE: [2],
        Implausible.PAST: [4],
        Implausible.PLACE: [5, 6, 7],
    }


def test_a_plausible_batch_stays_as_it_is(positions: Any) -> None:
    batch = positions(1, [1_800_000_000_000])
    good, refused = split_plausible(batch, 1_800_000_000_000, future_s=0, past_days=0)
    assert good is batch
    assert refused == ()
