"""Where a truck is: by hand on a loop of two roads, and equal to the bit whenever it is asked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import ConfigError
from cityops.places import City, RoadClass, RoadNetwork
from cityops.simulation.journeys import Loop, Turns, build_loop, course_deg, distance_m

# Eastwards 1,000 m at 36 km/h, then back through a tunnel of 500 m at 18 km/h: 100 s each.
LOOP = Loop(
    time_s=np.array([0.0, 100.0, 200.0]),
    lon=np.array([112.50, 112.51, 112.50]),
    lat=np.array([37.80, 37.80, 37.80]),
    length_m=np.array([1000.0, 500.0]),
    speed_kmh=np.array([36.0, 18.0]),
    course_deg=np.array([90.0, 270.0]),
    tunnel=np.array([False, True]),
)
TURNS = Turns(from_ms=1_000_000, drive_s=150.0, rest_s=50.0)


def moments(*seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([1_000_000 + round(second * 1000) for second in seconds], dtype=np.int64)


def test_turns_of_driving_and_rest_by_hand() -> None:
    driven_s, moving = TURNS.driven_s(moments(-10, 0, 149, 150, 199, 200, 349, 350, 400))
    assert driven_s.tolist() == [0, 0, 149, 150, 150, 150, 299, 300, 300]
    assert moving.tolist() == [False, True, True, False, False, True, True, False, True]


def test_states_on_a_loop_by_hand() -> None:
    states = LOOP.at(moments(50, 100, 140, 160, 250, 400), TURNS)
    # 250 s after setting out the truck has driven 200 s: a whole round. 400 s: 300 s driven, one round and 100 s.
    assert states.lon == pytest.approx([112.505, 112.51, 112.506, 112.505, 112.50, 112.51])
    assert states.lat == pytest.approx([37.80] * 6)
    assert states.speed_kmh.tolist() == [36, 18, 18, 0, 36, 18]
    assert states.course_deg.tolist() == [90, 270, 270, 270, 90, 270]
    assert states.moving.tolist() == [True, True, True, False, True, True]
    assert states.driven_km == pytest.approx([0.5, 1.0, 1.2, 1.25, 1.5, 2.5])


def test_no_signal_in_a_tunnel_except_for_a_truck_that_stands() -> None:
    states = LOOP.at(moments(99, 101, 149, 151), TURNS)
    assert states.covered.tolist() == [True, False, False, True]


@given(st.lists(st.integers(-10_000_000, 400_000_000_000), min_size=1, max_size=30))
def test_a_state_depends_on_its_moment_alone(times: list[int]) -> None:
    together = LOOP.at(np.array(times, dtype=np.int64), TURNS)
    for row, moment in enumerate(times):
        alone = LOOP.at(np.array([moment], dtype=np.int64), TURNS)
        for name in ("lon", "lat", "speed_kmh", "course_deg", "moving", "covered", "driven_km"):
            assert getattr(together, name)[row : row + 1].tobytes() == getattr(alone, name).tobytes()


def test_equal_seeds_give_equal_loops_and_others_do_not(city: City) -> None:
    one, again, other = (build_loop(city.network, seed, speeding=True, top_kmh=95.0) for seed in (7, 7, 8))
    for name in ("time_s", "lon", "lat", "length_m", "speed_kmh", "course_deg", "tunnel"):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    assert one.lon.tolist() != other.lon.tolist()


def test_a_loop_is_closed_and_takes_as_long_as_its_roads(city: City) -> None:
    loop = build_loop(city.network, 11, speeding=False, top_kmh=95.0)
    assert (loop.lon[0], loop.lat[0]) == (loop.lon[-1], loop.lat[-1])
    assert loop.time_s[-1] == pytest.approx(float((loop.length_m / loop.speed_kmh).sum()) * 3.6)
    assert loop.speed_kmh.max() <= 95.0


def limits_on(network: RoadNetwork, loop: Loop) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The limit of each road of a loop, looked up by its ends."""
    nodes = {place: node for node, place in enumerate(zip(network.node_lon, network.node_lat, strict=True))}
    numbers = [nodes[place] for place in zip(loop.lon, loop.lat, strict=True)]
    ends = zip(network.edge_from.tolist(), network.edge_to.tolist(), strict=True)
    edges = {pair: edge for edge, pair in enumerate(ends)}
    chosen = [edges[pair] for pair in pairwise(numbers)]
    return network.edge_limit_kmh[chosen].astype(np.float64)


def test_only_a_speeding_truck_drives_faster_than_allowed(city: City) -> None:
    steady = build_loop(city.network, 3, speeding=False, top_kmh=95.0)
    assert (steady.speed_kmh <= limits_on(city.network, steady)).all()
    fast = build_loop(city.network, 3, speeding=True, top_kmh=95.0)
    over = fast.speed_kmh > np.minimum(limits_on(city.network, fast), 95.0) * 1.14
    assert 0.1 < float(fast.length_m[over].sum() / fast.length_m.sum()) < 0.6


def test_the_legs_begin_near_the_given_place(city: City) -> None:
    for seed in range(5):
        loop = build_loop(city.network, seed, speeding=False, top_kmh=95.0, near=city.center)
        assert distance_m(float(loop.lon[0]), float(loop.lat[0]), *city.center) < 16_100


def test_a_network_without_a_closed_route_is_refused_in_words() -> None:
    one_way = RoadNetwork(
        node_lon=np.array([112.50, 112.51, 112.52, 112.53]),
        node_lat=np.full(4, 37.8),
        edge_from=np.array([0, 1, 2], dtype=np.int32),
        edge_to=np.array([1, 2, 3], dtype=np.int32),
        edge_length_m=np.full(3, 880, dtype=np.float32),
        edge_class=np.full(3, int(RoadClass.PRIMARY), dtype=np.uint8),
        edge_speed_kmh=np.full(3, 50, dtype=np.float32),
        edge_limit_kmh=np.full(3, 60, dtype=np.float32),
        edge_name=np.zeros(3, dtype=np.int32),
        is_tunnel=np.zeros(3, dtype=np.bool_),
        names=["迎泽大街"],
        exits=[],
    )
    with pytest.raises(ConfigError, match="no closed route"):
        build_loop(one_way, 1, speeding=False, top_kmh=95.0)
    with pytest.raises(ConfigError, match="no closed route"):
        build_loop(one_way, 1, speeding=False, top_kmh=95.0, near=(100.0, 20.0))


def test_distance_and_course() -> None:
    # A degree of a great circle is 6,371,008.8 m x pi / 180 = 111,195.08 m.
    assert distance_m(112.0, 0.0, 113.0, 0.0) == pytest.approx(111_195.08, abs=0.01)
    assert distance_m(112.0, 37.0, 112.0, 38.0) == pytest.approx(111_195.08, abs=0.01)
    assert course_deg(112.0, 37.0, 112.01, 37.0) == pytest.approx(90.0)
    assert course_deg(112.0, 37.0, 112.0, 36.99) == pytest.approx(180.0)
    assert course_deg(112.0, 0.0, 111.99, 0.01) == pytest.approx(315.0)
