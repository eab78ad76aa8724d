"""The demo city: what it promises, and that its areas tile."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cityops.kit import DivisionLevel
from cityops.places import City, RoadClass, build_demo_city
from cityops.places.geometry import Area, Floats, in_area, signed_area

DISTRICTS = {
    "140105": "小店区",
    "140106": "迎泽区",
    "140107": "杏花岭区",
    "140108": "尖草坪区",
    "140109": "万柏林区",
    "140110": "晋源区",
    "140121": "清徐县",
    "140122": "阳曲县",
    "140123": "娄烦县",
    "140181": "古交市",
}
MAIN_STREETS = {
    "迎泽大街",
    "滨河东路",
    "滨河西路",
    "长风街",
    "南内环街",
    "建设北路",
    "建设南路",
    "唐槐路",
    "晋阳大道",
    "学府街",
    "龙城大街",
    "并州路",
    "府西街",
    "太榆路",
    "太原绕城高速",
    "G20青银高速",
    "东山隧道",
    "108国道",
}


def area_size(area: Area) -> float:
    return sum(signed_area(ring) for polygon in area for ring in polygon)


def test_it_says_that_it_is_synthetic(city: City) -> None:
    assert city.synthetic
    assert city.name == "太原（合成演示）"


def test_the_ten_districts_by_code_and_name(city: City) -> None:
    districts = city.level(DivisionLevel.DISTRICT)
    assert {one.code: one.name for one in districts} == DISTRICTS
    assert {one.parent for one in districts} == {"140100"}


@pytest.mark.parametrize(
    ("place", "lon", "lat", "district"),
    [
        ("五一广场", 112.568, 37.859, "140106"),
        ("太原南站", 112.613, 37.790, "140105"),
        ("晋祠", 112.437, 37.708, "140110"),
        ("尖草坪", 112.515, 37.925, "140108"),
        ("下元", 112.500, 37.866, "140109"),
        ("清徐县城", 112.358, 37.607, "140121"),
        ("黄寨", 112.672, 38.058, "140122"),
        ("娄烦县城", 111.797, 38.067, "140123"),
        ("古交市区", 112.174, 37.917, "140181"),
    ],
)
def test_well_known_places_are_in_their_district(city: City, place: str, lon: float, lat: float, district: str) -> None:
    assert city.locate(lon, lat).district_code == district, place


def test_codes_nest(city: City) -> None:
    by_code = {one.code: one for one in city.divisions}
    assert len(by_code) == len(city.divisions)
    for one in city.divisions:
        digits = {DivisionLevel.DISTRICT: 6, DivisionLevel.STREET: 9, DivisionLevel.COMMUNITY: 12}.get(one.level)
        if digits is not None:
            assert len(one.code) == digits
            assert one.parent is not None
            assert one.level is DivisionLevel.DISTRICT or one.code.startswith(one.parent)
            assert one.parent in by_code
    grid_codes = [grid.code for grid in city.grids]
    assert len(set(grid_codes)) == len(grid_codes)
    assert all(len(code) == 15 and code[:12] in by_code for code in grid_codes)
    names = [(one.parent, one.name) for one in city.divisions]
    assert len(set(names)) == len(names)


def test_every_level_covers_the_city_once(city: City) -> None:
    whole = area_size(city.level(DivisionLevel.CITY)[0].area)
    for level in (DivisionLevel.DISTRICT, DivisionLevel.STREET, DivisionLevel.COMMUNITY):
        assert sum(area_size(one.area) for one in city.level(level)) == pytest.approx(whole, rel=1e-12)
    assert sum(area_size(grid.area) for grid in city.grids) == pytest.approx(whole, rel=1e-12)
    assert min(area_size(grid.area) for grid in city.grids) > 0


def test_every_point_of_the_city_is_in_exactly_one_grid(city: City) -> None:
    """By trying all grids, not by the index; then the index must agree."""
    lon, lat = random_points(city, 1500)
    inside = in_area(lon, lat, city.level(DivisionLevel.CITY)[0].area)
    counts = np.zeros(len(lon), np.int64)
    owner = np.full(len(lon), -1)
    for number, grid in enumerate(city.grids):
        hit = in_area(lon, lat, grid.area)
        counts += hit
        owner[hit] = number
    assert 400 < inside.sum() < 1100
    assert (counts == inside).all()
    assert (city.area_index(lon, lat) == owner).all()
    assert city.area_codes[: len(city.grids)] == tuple(grid.code for grid in city.grids)


def test_a_grid_lies_in_the_divisions_its_code_names(city: City) -> None:
    lon, lat = random_points(city, 400)
    found = city.area_index(lon, lat)
    for place in np.flatnonzero(found >= 0)[:120].tolist():
        code = city.area_codes[found[place]]
        for digits in (6, 9, 12):
            area = city.division(code[:digits]).area
            assert in_area(lon[place : place + 1], lat[place : place + 1], area)[0]


def random_points(city: City, count: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(7)
    west, south, east, north = city.bounds
    return rng.uniform(west, east, count), rng.uniform(south, north, count)


def test_the_network_is_one_piece_of_about_20_000_nodes(city: City) -> None:
    network = city.network
    assert 18_000 <= network.node_count <= 22_000
    ones = np.ones(network.edge_count)
    matrix = csr_array((ones, (network.edge_from, network.edge_to)), shape=(network.node_count,) * 2)
    assert connected_components(matrix, directed=True, connection="strong")[0] == 1


def test_main_streets_carry_their_names(city: City) -> None:
    assert not MAIN_STREETS - set(city.network.names)


def test_limits_follow_class_and_tunnel(city: City) -> None:
    network = city.network
    limits = {
        RoadClass(value): set(network.edge_limit_kmh[(network.edge_class == value) & ~network.is_tunnel].tolist())
        for value in np.unique(network.edge_class).tolist()
    }
    assert limits == {
        RoadClass.MOTORWAY: {100.0, 120.0},
        RoadClass.TRUNK: {80.0},
        RoadClass.PRIMARY: {60.0},
        RoadClass.SECONDARY: {50.0, 70.0},
        RoadClass.RESIDENTIAL: {30.0},
        RoadClass.RURAL: {40.0},
        RoadClass.RAMP: {40.0},
    }
    assert set(network.edge_limit_kmh[network.is_tunnel].tolist()) == {80.0}
    assert (network.edge_speed_kmh <= network.edge_limit_kmh).all()
    assert {network.names[name] for name in network.edge_name[network.is_tunnel]} >= {
        "东山隧道",
        "东山3号隧道",
        "西山特长隧道",
    }


def test_motorways_are_one_way_and_left_by_named_exits(city: City) -> None:
    network = city.network
    motorway = network.edge_class == RoadClass.MOTORWAY
    assert (network.edge_twin[motorway] == -1).all()
    names = {one.name for one in network.exits}
    assert {"武宿出口", "东山出口", "阳曲产业园区出口", "古交出口", "清徐出口"} <= names
    for one in network.exits:
        classes = set(network.edge_class[network.edge_from == one.node].tolist())
        assert RoadClass.RAMP in classes, one.name
        assert RoadClass.MOTORWAY in set(network.edge_class[network.edge_to == one.node].tolist()), one.name


def test_edges_are_as_long_as_they_look(city: City) -> None:
    network = city.network
    east_m = network.plane.east_m(network.node_lon)
    north_m = network.plane.north_m(network.node_lat)
    drawn_m = np.hypot(
        east_m[network.edge_to] - east_m[network.edge_from], north_m[network.edge_to] - north_m[network.edge_from]
    )
    assert network.edge_length_m == pytest.approx(drawn_m, rel=0.02, abs=0.5)
    assert network.edge_length_m.max() < 1500
    assert network.edge_length_m.min() > 5


def test_36_signalised_junctions_at_crossings(city: City) -> None:
    assert len(city.junctions) == 36
    assert len({one.node for one in city.junctions}) == 36
    network = city.network
    for one in city.junctions:
        roads = {network.names[name] for name in network.edge_name[network.edge_from == one.node]}
        assert len([road for road in roads if road in one.name]) == 2, one.name


def test_places_of_the_sources_are_there_and_near_a_road(city: City) -> None:
    pois = {poi.name: poi for poi in city.pois}
    assert not {"唐槐路", "潇河", "晋祠", "尖草坪", "南内环西立交桥", "晋东小商品市场", "阳曲产业园区"} - set(pois)
    for poi in pois.values():
        assert city.locate(poi.lon, poi.lat).district_code, poi.name
        node = city.network.nearest_node(poi.lon, poi.lat)
        gap = np.hypot((city.network.node_lon[node] - poi.lon) * 88, (city.network.node_lat[node] - poi.lat) * 111)
        assert gap < 3.0, poi.name


def test_the_same_seed_gives_the_same_city_and_another_another(city: City) -> None:
    again, other = build_demo_city(), build_demo_city(seed=7)
    assert np.array_equal(again.network.node_lon, city.network.node_lon)
    assert np.array_equal(again.network.edge_to, city.network.edge_to)
    assert again.network.names == city.network.names
    assert [one.name for one in again.divisions] == [one.name for one in city.divisions]
    assert other.network.node_count != city.network.node_count
    assert len(other.junctions) == 36
