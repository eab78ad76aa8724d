"""The road network against small networks drawn by hand, brute force, and a plain Dijkstra."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.kit import InvalidError
from cityops.places import City, RoadClass, RoadNetwork
from cityops.places.builder import NetworkBuilder, RoadKind
from cityops.places.geometry import Floats, LocalPlane

STREET = RoadKind(RoadClass.PRIMARY, 36.0, 60.0, "迎泽大街")  # 10 m/s
LANE = RoadKind(RoadClass.RESIDENTIAL, 18.0, 30.0, "并州路东一巷")  # 5 m/s
PLANE = LocalPlane.around(112.55, 37.87)


def add(builder: NetworkBuilder, east_m: float, north_m: float) -> int:
    lon, lat = PLANE.degrees(np.array(east_m), np.array(north_m))
    return builder.add_node(float(lon), float(lat))


def square() -> RoadNetwork:
    """A main street 0-1-2 eastwards, 1 km each; a lane 0-3-2 to its south, 3 at (1000, -500)."""
    builder = NetworkBuilder()
    nodes = [add(builder, *at) for at in ((0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0), (1000.0, -500.0))]
    builder.add_line(nodes[:3], STREET)
    builder.add_line([nodes[0], nodes[3], nodes[2]], LANE)
    return builder.build().network


def edge(network: RoadNetwork, start: int, end: int) -> int:
    return int(np.flatnonzero((network.edge_from == start) & (network.edge_to == end))[0])


def test_the_route_takes_the_faster_road_and_says_how_long() -> None:
    network = square()
    route = network.route(0, 2)
    assert route is not None
    assert route.nodes.tolist() == [0, 1, 2]
    assert route.length_m == pytest.approx(2000, rel=0.003)
    assert route.duration_s == pytest.approx(200, rel=0.003)
    assert route.line[0] == pytest.approx((network.node_lon[0], network.node_lat[0]))
    assert [network.names[name] for name in network.edge_name[route.edges]] == ["迎泽大街", "迎泽大街"]


def test_a_closure_applies_at_once_and_in_its_direction_only() -> None:
    network = square()
    closed = frozenset({edge(network, 0, 1)})
    around = network.route(0, 2, closed)
    assert around is not None
    assert around.nodes.tolist() == [0, 3, 2]
    assert around.duration_s == pytest.approx(2 * np.hypot(1000, 500) / 5, rel=0.003)
    back = network.route(2, 0, closed)
    assert back is not None
    assert back.nodes.tolist() == [2, 1, 0]
    assert network.route(0, 2, closed | {edge(network, 0, 3)}) is None
    both = frozenset({edge(network, 0, 1), int(network.edge_twin[edge(network, 0, 1)])})
    assert network.times_to(2, closures=both)[0] == pytest.approx(around.duration_s)
    assert network.times_from(2, closures=both)[0] == pytest.approx(around.duration_s)


def test_times_stop_at_the_limit() -> None:
    times = square().times_to(2, limit_s=150)
    assert times[1] == pytest.approx(100, rel=0.003)
    assert np.isinf(times[0])


def test_one_way_roads_are_one_way() -> None:
    builder = NetworkBuilder()
    a, b, c = (add(builder, *at) for at in ((0.0, 0.0), (900.0, 0.0), (450.0, 700.0)))
    builder.add_line([a, b, c, a], STREET, one_way=True)
    network = builder.build().network
    assert (network.edge_twin == -1).all()
    there, back = network.route(a, b), network.route(b, a)
    assert there is not None
    assert back is not None
    assert (len(there.edges), len(back.edges)) == (1, 2)
    assert network.times_to(a)[b] == pytest.approx(back.duration_s)
    assert network.times_from(a)[b] == pytest.approx(there.duration_s)


def test_no_way_at_all_is_none_and_to_oneself_is_nothing() -> None:
    network = square()
    all_edges = frozenset(range(network.edge_count))
    assert network.route(0, 2, all_edges) is None
    standing = network.route(1, 1)
    assert standing is not None
    assert (standing.length_m, standing.duration_s, len(standing.line)) == (0, 0, 1)


def test_unknown_nodes_and_edges_are_refused() -> None:
    network = square()
    for ask in (lambda: network.route(0, 4), lambda: network.times_to(-1), lambda: network.times_to(0, closures={99})):
        with pytest.raises(InvalidError) as caught:
            ask()
        assert caught.value.code == "places.node"


def test_match_within_sixty_metres() -> None:
    network = square()
    lon, lat = PLANE.degrees(
        np.array([500.0, 500.0, 500.0, -59.0, 1e6, np.nan]), np.array([30.0, 59.0, 61.0, 0.0, 0.0, 0.0])
    )
    found, gap_m = network.match(lon, lat)
    street = min(edge(network, 0, 1), edge(network, 1, 0))
    assert found.tolist()[:3] == [street, street, -1]
    assert found[3] >= 0
    assert found.tolist()[4:] == [-1, -1]
    assert gap_m[:2] == pytest.approx([30, 59], abs=0.3)
    assert np.isinf(gap_m[2])
    assert [found.dtype.str, gap_m.dtype.str] == ["<i4", "<f4"]


def test_match_by_course_gives_the_direction_of_travel() -> None:
    network = square()
    lon, lat = PLANE.degrees(np.array([500.0, 500.0]), np.array([5.0, 5.0]))
    found, _ = network.match(lon, lat, np.array([85.0, 275.0]))
    assert found.tolist() == [edge(network, 0, 1), edge(network, 1, 0)]
    assert network.edge_course_deg(found) == pytest.approx([90, 270], abs=0.5)


def test_one_point_can_be_given_as_numbers() -> None:
    network = square()
    found, _ = network.match(float(network.node_lon[1]), float(network.node_lat[1]))
    assert found.shape == (1,)
    assert network.nearest_node(float(network.node_lon[1]) + 1e-4, float(network.node_lat[1])) == 1


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_match_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    builder = NetworkBuilder()
    nodes = [add(builder, *rng.uniform(-1500, 1500, 2)) for _ in range(25)]
    for _ in range(40):
        builder.add_line(rng.choice(nodes, 2, replace=False).tolist(), LANE)
    network = builder.build().network
    east_m, north_m = rng.uniform(-1700, 1700, (2, 200))
    found, gap_m = network.match(*PLANE.degrees(east_m, north_m))
    expected = all_distances(network, *PLANE.degrees(east_m, north_m))
    nearest_m = expected.min(axis=1)
    assert ((found >= 0) == (nearest_m <= 60)).all()
    on = found >= 0
    assert gap_m[on] == pytest.approx(nearest_m[on], abs=0.01)
    assert expected[np.flatnonzero(on), found[on]] == pytest.approx(nearest_m[on], abs=0.01)


def all_distances(network: RoadNetwork, lon: Floats, lat: Floats) -> Floats:
    """(points, edges) metres in the network's plane."""
    plane = network.plane
    nodes = np.column_stack([plane.east_m(network.node_lon), plane.north_m(network.node_lat)])
    points = np.column_stack([plane.east_m(lon), plane.north_m(lat)])[:, None, :]
    a, b = nodes[network.edge_from], nodes[network.edge_to]
    share = (((points - a) * (b - a)).sum(axis=2) / ((b - a) ** 2).sum(axis=1)).clip(0, 1)
    return np.asarray(np.linalg.norm(points - (a + share[..., None] * (b - a)), axis=2))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_travel_times_equal_a_plain_dijkstra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    builder = NetworkBuilder()
    nodes = [add(builder, *rng.uniform(-3000, 3000, 2)) for _ in range(20)]
    for number in range(45):
        kind = STREET if number % 3 else LANE
        builder.add_line(rng.choice(nodes, 2, replace=False).tolist(), kind, one_way=bool(rng.integers(2)))
    network = builder.build().network
    closures = frozenset(rng.choice(network.edge_count, network.edge_count // 6, replace=False).tolist())
    goal = int(rng.integers(network.node_count))
    times = network.times_to(goal, closures=closures)
    for start in range(network.node_count):
        expected = plain_dijkstra(network, start, goal, closures)
        assert times[start] == pytest.approx(expected)
        assert network.times_from(start, closures=closures)[goal] == pytest.approx(expected)
        route = network.route(start, goal, closures)
        assert (route is None) == np.isinf(expected)
        if route is not None:
            assert route.duration_s == pytest.approx(expected)
            assert network.edge_to[route.edges].tolist() == route.nodes[1:].tolist()
            assert network.edge_from[route.edges].tolist() == route.nodes[:-1].tolist()
            assert not closures.intersection(route.edges.tolist())


def plain_dijkstra(network: RoadNetwork, start: int, goal: int, closures: frozenset[int]) -> float:
    best = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        cost, here = heapq.heappop(queue)
        if here == goal:
            return cost
        for number in np.flatnonzero(network.edge_from == here).tolist():
            there = int(network.edge_to[number])
            total = cost + float(network.edge_length_m[number]) / (float(network.edge_speed_kmh[number]) / 3.6)
            if number not in closures and total < best.get(there, np.inf):
                best[there] = total
                heapq.heappush(queue, (total, there))
    return float("inf")


def test_the_builder_keeps_the_fastest_duplicate_and_the_largest_part() -> None:
    builder = NetworkBuilder()
    a, b, lost, far = (add(builder, *at) for at in ((0.0, 0.0), (500.0, 0.0), (0.0, 900.0), (500.0, 900.0)))
    builder.add_line([a, b], LANE)
    builder.add_line([a, b], STREET)
    builder.add_line([a, a], STREET)
    builder.add_line([b, lost], STREET, one_way=True)
    builder.add_exit(b, "武宿出口")
    builder.add_exit(far, "无")
    built = builder.build()
    assert built.node_of.tolist() == [0, 1, -1, -1]
    assert built.network.edge_class.tolist() == [RoadClass.PRIMARY, RoadClass.PRIMARY]
    assert built.dropped_edges == 2 + 2 + 1
    assert [(one.node, one.name) for one in built.network.exits] == [(1, "武宿出口")]
    assert set(built.network.names) == {"", "并州路东一巷", "迎泽大街"}
    assert built.network.names[0] == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"edge_to": np.array([1, 9], np.int32)}, "not there"),
        ({"edge_to": np.array([1], np.int32)}, "different lengths"),
        ({"edge_from": np.array([0, 0], np.int32), "edge_to": np.array([1, 1], np.int32)}, "two edges"),
        ({"edge_speed_kmh": np.array([0, 30], np.float32)}, "without speed"),
        ({"edge_name": np.array([0, 5], np.int32)}, "name"),
        ({"node_lat": np.array([37.8])}, "node arrays"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, object], why: str) -> None:
    fields: dict[str, object] = {
        "node_lon": np.array([112.5, 112.6]),
        "node_lat": np.array([37.8, 37.8]),
        "edge_from": np.array([0, 1], np.int32),
        "edge_to": np.array([1, 0], np.int32),
        "edge_length_m": np.array([100, 100], np.float32),
        "edge_class": np.array([3, 3], np.uint8),
        "edge_speed_kmh": np.array([30, 30], np.float32),
        "edge_limit_kmh": np.array([60, 60], np.float32),
        "edge_name": np.array([0, 0], np.int32),
        "is_tunnel": np.array([False, False]),
        "names": [""],
        "exits": [],
    }
    assert RoadNetwork(**fields).edge_count == 2  # type: ignore[arg-type]
    with pytest.raises(InvalidError, match=why):
        RoadNetwork(**(fields | change))  # type: ignore[arg-type]


def test_times_to_and_from_agree_with_routes_in_the_demo_city(city: City) -> None:
    network = city.network
    station = network.nearest_node(112.583, 37.8605)
    times = network.times_to(station)
    for start in (0, 5_000, 11_000, network.node_count - 1):
        route = network.route(start, station)
        assert route is not None
        assert route.duration_s == pytest.approx(times[start])
