"""The compiled kernels say exactly what the plain ones say, whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.detection import OBSERVATION, Detector, Runner
from cityops.scenes.key_vehicles.detectors import detectors

KERNELS = [detector for detector in detectors() if isinstance(detector, Detector)]

rows = st.lists(
    st.tuples(
        st.integers(0, 2),  # entity
        st.sampled_from([1, 10, 30, 60, 299, 301, 1199, 1200, 1201, 5400, 20_000]),  # seconds since the last
        st.sampled_from([0.0, 3.0, 5.0, 60.0, 89.0, 97.0, 130.0, 250.0]),  # km/h
        st.sampled_from([0.0, 40.0, 80.0, 100.0]),  # limit
        st.sampled_from([0, 0, 0, 4, 2, 1 << 13, 1 << 18]),  # alarm bits
        st.sampled_from(
            [(0, 0, 0, 0), (0, 0, 0, 0), (0x65, 1, 2, 1), (0x65, 1, 2, 2), (0x65, 0x11, 1, 0), (0x64, 3, 1, 0)]
        ),
        st.sampled_from([0.0, 0.001, 0.01, 0.3]),  # degrees north
        st.sampled_from([1, 1, 1, 0]),  # fixed
        st.sampled_from([1, 1, 0]),  # acc
    ),
    max_size=120,
)


def build(drawn: list[Any]) -> Any:
    out = np.zeros(len(drawn), OBSERVATION)
    clock = [1_770_000_000_000] * 3
    lat = [37.8] * 3
    for number, (entity, seconds, speed, limit, alarm, safety, north, fixed, acc) in enumerate(drawn):
        clock[entity] += seconds * 1000
        lat[entity] += north
        row = out[number]
        row["entity"], row["event_ms"], row["speed_kmh"], row["limit_kmh"] = entity, clock[entity], speed, limit
        row["source"], row["alarm_kind"], row["alarm_level"], row["alarm_flag"] = safety
        row["driver_change"] = safety[:2] == (0x65, 0x11)
        row["alarm"] = 0 if safety[0] else alarm
        row["fixed"], row["acc"], row["lon"], row["lat"] = fixed, acc, 112.5, lat[entity]
        if not fixed:
            row["lon"] = row["lat"] = np.nan
    return out[np.lexsort((out["event_ms"], out["entity"]))]


def as_bytes(array: Any) -> list[bytes]:
    """Fields one by one, because padding bytes mean nothing."""
    return [np.ascontiguousarray(array[name]).tobytes() for name in array.dtype.names]


@pytest.mark.parametrize("detector", KERNELS, ids=lambda detector: detector.id)
@settings(max_examples=40, derandomize=True)
@given(drawn=rows)
def test_plain_and_compiled_agree_to_the_last_bit(detector: Detector, drawn: list[Any]) -> None:
    observations = build(drawn)
    results = []
    for compiled in (False, True):
        runner = Runner(detector, compiled=compiled)
        for entity in range(3):
            runner.set_profile(entity, entity)
        transitions, figures = runner.run(observations)
        results.append([as_bytes(transitions), as_bytes(figures), as_bytes(runner.states), as_bytes(runner.tracks)])
    assert results[0] == results[1]


@pytest.mark.parametrize("detector", KERNELS, ids=lambda detector: detector.id)
def test_every_kernel_fires_on_such_data(detector: Detector) -> None:
    """Guards the property above against data on which nothing ever happens."""
    generator = np.random.default_rng(7)
    moving = [(2, 60, 97.0, 80.0, 4, (0, 0, 0, 0), 0.01, 1, 1)] * 700
    still = [(2, 300, 0.0, 80.0, 0, (0, 0, 0, 0), 0.0, 1, 1)] * int(generator.integers(250, 260))
    runner = Runner(detector, compiled=False)
    runner.set_profile(2, 2)
    transitions, _ = runner.run(build(moving + still))
    kinds = transitions["kind"].tolist()
    assert kinds[0] == 0
    assert kinds[-1] == 2
    assert kinds.count(0) == 1
