"""Enrichment: fix, road, limit, night, driver change, and the key that tells facts apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from cityops.detection import Enricher, SpeedLimits, sort_and_merge
from cityops.detection.observation import is_night
from cityops.kit import SHANGHAI, InvalidError, to_ms
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Batch
from cityops.places import RoadClass, RoadNetwork

NIGHT_MS = to_ms(datetime(2026, 3, 4, 23, 0, tzinfo=SHANGHAI))
DAY_MS = to_ms(datetime(2026, 3, 4, 12, 0, tzinfo=SHANGHAI))


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    """A motorway (90) along latitude 37.80 and a lane without a sign along 37.81, 2.6 km each."""
    return RoadNetwork(
        node_lon=np.array([112.50, 112.53, 112.50, 112.53]),
        node_lat=np.array([37.80, 37.80, 37.81, 37.81]),
        edge_from=np.array([0, 2], np.int32),
        edge_to=np.array([1, 3], np.int32),
        edge_length_m=np.array([2640, 2640], np.float32),
        edge_class=np.array([RoadClass.MOTORWAY, RoadClass.RURAL], np.uint8),
        edge_speed_kmh=np.array([80, 30], np.float32),
        edge_limit_kmh=np.array([90, 0], np.float32),
        edge_name=np.array([1, 0], np.int32),
        is_tunnel=np.array([False, False]),
        names=["", "绕城高速"],
        exits=[],
    )


@pytest.fixture
def enricher(network: RoadNetwork) -> Enricher:
    by_road = np.zeros((3, len(RoadClass)))
    by_road[:, RoadClass.RURAL] = 40
    return Enricher(network, SpeedLimits(by_road, np.array([100.0, 80.0, 100.0]), np.array([1.0, 1.0, 0.8])))


def rows_of(stream: Any, rows: list[dict[str, Any]]) -> Batch:
    out = np.zeros(len(rows), stream.struct_dtype)
    for number, row in enumerate(rows):
        for name, value in row.items():
            out[number][name] = value
    return Batch.from_struct(stream, out)


def position(enricher: Enricher, vehicle_class: int = 0, **values: Any) -> Any:
    row = {"event_ms": DAY_MS, "lon": 112.51, "lat": 37.80, "speed_kmh": 60.5, "status": 3} | values
    batch = rows_of(VEHICLE_POSITION, [row])
    return enricher.positions(batch, np.array([7]), np.array([vehicle_class]))[0]


def test_the_road_and_its_limit(enricher: Enricher) -> None:
    row = position(enricher)
    assert (row["road_class"], row["limit_kmh"], row["entity"], row["speed_kmh"]) == (RoadClass.MOTORWAY, 90, 7, 60.5)
    assert position(enricher, lat=37.81)["limit_kmh"] == 40
    assert position(enricher, lat=37.805)["road_class"] == RoadClass.UNKNOWN  # 556 m from either
    assert position(enricher, lat=37.805)["limit_kmh"] == 100


def test_the_vehicle_caps_the_limit_and_night_lowers_it(enricher: Enricher) -> None:
    assert position(enricher, vehicle_class=1)["limit_kmh"] == 80
    assert position(enricher, vehicle_class=2, event_ms=NIGHT_MS)["limit_kmh"] == 72
    assert position(enricher, vehicle_class=2)["limit_kmh"] == 90


def test_status_bits(enricher: Enricher) -> None:
    assert [position(enricher, status=bits)["acc"] for bits in (0, 1, 2, 3)] == [0, 1, 0, 1]
    unfixed = position(enricher, status=1)
    assert unfixed["fixed"] == 0
    assert np.isnan(unfixed["lon"])
    assert unfixed["road_class"] == RoadClass.UNKNOWN


def test_a_change_of_driver_is_told_by_the_camera_or_the_card_only(enricher: Enricher) -> None:
    alarms = [(0x65, 0x11), (0x65, 0x10), (0x64, 0x11), (0, 0x11)]
    batch = rows_of(
        VEHICLE_SAFETY_ALARM,
        [{"event_ms": DAY_MS, "system": s, "kind": k, "lon": 112.51, "lat": 37.8, "level": 2} for s, k in alarms],
    )
    rows = enricher.alarms(batch, np.zeros(4, np.int64), np.zeros(4, np.int64))
    assert rows["driver_change"].tolist() == [1, 0, 0, 1]
    assert rows["source"].tolist() == [0x65, 0x65, 0x64, 0x65]
    assert rows["order_key"][3] == rows["order_key"][0]
    assert rows["limit_kmh"].tolist() == [90, 90, 90, 90]


@pytest.mark.parametrize(
    ("hour", "minute", "night"), [(21, 59, 0), (22, 0, 1), (0, 0, 1), (5, 59, 1), (6, 0, 0), (12, 0, 0)]
)
def test_night_is_from_22_to_6(hour: int, minute: int, night: int) -> None:
    at_ms = to_ms(datetime(2026, 3, 4, hour, minute, tzinfo=SHANGHAI))
    assert is_night(np.array([at_ms]))[0] == night


def test_different_facts_of_one_moment_have_different_keys(enricher: Enricher) -> None:
    facts = [
        {"event_ms": DAY_MS, "system": system, "kind": kind, "flag": flag, "level": level}
        for system in (0x64, 0x65, 0x66, 0x67)
        for kind in (1, 2, 0x11, 255)
        for flag in (0, 1, 2)
        for level in (1, 2)
    ]
    zeros = np.zeros(len(facts), np.int64)
    alarms = enricher.alarms(rows_of(VEHICLE_SAFETY_ALARM, facts), zeros, zeros)
    here = enricher.positions(rows_of(VEHICLE_POSITION, [{"event_ms": DAY_MS}]), zeros[:1], zeros[:1])
    later = enricher.positions(rows_of(VEHICLE_POSITION, [{"event_ms": DAY_MS + 1}]), zeros[:1], zeros[:1])
    keys = alarms["order_key"]
    assert len(set(keys.tolist())) == len(facts)
    assert here["order_key"][0] < keys.min()
    assert keys.max() < later["order_key"][0]


def test_sorting_drops_repetitions_only(enricher: Enricher) -> None:
    facts = [{"event_ms": DAY_MS + at} for at in (5, 1, 5, 3)]
    entity = np.array([0, 0, 0, 1])
    rows = enricher.positions(rows_of(VEHICLE_POSITION, facts), entity, np.zeros(4, np.int64))
    sorted_rows, dropped = sort_and_merge([rows[:2], rows[2:]])
    assert dropped == 1
    assert sorted_rows["event_ms"].tolist() == [DAY_MS + 1, DAY_MS + 5, DAY_MS + 3]


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidError):
        SpeedLimits(np.zeros((2, 8)), np.ones(3), np.ones(3))
