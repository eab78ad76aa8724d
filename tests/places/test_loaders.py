"""Loaders of real cities: an OpenStreetMap extract and a file of divisions, both written by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.kit import CoordinateSystem, DivisionLevel, InvalidError, from_wgs84
from cityops.places import RoadClass, RoadNetwork, import_city, import_divisions, import_osm, load_city, save_city
from cityops.places.geometry import signed_area

NODES = {
    1: (112.500, 37.860), 2: (112.510, 37.860), 3: (112.520, 37.860), 4: (112.510, 37.870), 5: (112.510, 37.850),
    6: (112.530, 37.860), 7: (112.540, 37.870), 8: (112.540, 37.850), 9: (112.600, 37.900), 10: (112.610, 37.900),
}  # fmt: skip


def way(refs: list[int], **tags: str) -> str:
    nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f"<way id='{refs[0]}00'>{nodes}{tagged(tags)}</way>"


def tagged(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def extract(ways: list[str], node_tags: dict[int, dict[str, str]] | None = None) -> str:
    extra = node_tags or {}
    nodes = "".join(
        f'<node id="{ref}" lon="{lon}" lat="{lat}">{tagged(extra.get(ref, {}))}</node>'
        for ref, (lon, lat) in NODES.items()
    )
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{"".join(ways)}<relation id="1"/></osm>'


TOWN = extract(
    [
        way([1, 2, 3], highway="primary", name="迎泽大街", maxspeed="70"),
        way([4, 2, 5], highway="residential", name="并州路"),
        way([3, 6], highway="motorway", ref="G20", maxspeed="signals"),
        way([6, 7], highway="motorway", ref="G20", maxspeed="110", tunnel="yes"),
        way([7, 8, 6, 3], highway="motorway_link", oneway="yes"),
        way([5, 1], highway="trunk", oneway="-1", maxspeed="50 mph"),
        way([4, 1], highway="footway"),
        way([4, 3], highway="service"),
        way([5, 3], highway="residential", access="private"),
        way([1, 4, 999], highway="tertiary"),
        way([9, 10], highway="secondary", name="孤路"),
    ],
    {
        2: {"highway": "traffic_signals"},
        6: {"highway": "motorway_junction", "name": "东山"},
        9: {"amenity": "hospital", "name": "市医院"},
        10: {"amenity": "bench", "name": "长椅"},
    },
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def directed(network: RoadNetwork) -> dict[tuple[int, int], int]:
    """Edge numbers by the extract's node numbers."""
    places = {tuple(np.round(place, 6)): ref for ref, place in NODES.items()}
    refs = [places[lon, lat] for lon, lat in zip(network.node_lon.round(6), network.node_lat.round(6), strict=True)]
    ends = zip(network.edge_from.tolist(), network.edge_to.tolist(), strict=True)
    return {(refs[start], refs[end]): number for number, (start, end) in enumerate(ends)}


def test_osm_roads_directions_classes_and_limits(tmp_path: Path) -> None:
    network = import_osm(write(tmp_path / "town.osm", TOWN)).network
    edges = directed(network)
    assert set(edges) == {
        (1, 2), (2, 1), (2, 3), (3, 2),
        (4, 2), (2, 4), (2, 5), (5, 2),
        (3, 6), (6, 7), (7, 8), (8, 6), (6, 3),
        (1, 5),
        (1, 4), (4, 1),
    }  # fmt: skip
    classes = {pair: RoadClass(int(network.edge_class[number])) for pair, number in edges.items()}
    assert classes[1, 2] is RoadClass.PRIMARY
    assert classes[4, 2] is RoadClass.RESIDENTIAL
    assert classes[3, 6] is RoadClass.MOTORWAY
    assert classes[7, 8] is RoadClass.RAMP
    assert classes[1, 5] is RoadClass.TRUNK
    assert classes[1, 4] is RoadClass.SECONDARY
    limits = {pair: float(network.edge_limit_kmh[number]) for pair, number in edges.items()}
    assert limits[1, 2] == 70
    assert limits[4, 2] == 30
    assert limits[3, 6] == 120  # "signals" is no number: the class's limit
    assert limits[6, 7] == 110
    assert limits[1, 5] == pytest.approx(80.467, abs=0.001)
    tunnels = {pair for pair, number in edges.items() if network.is_tunnel[number]}
    assert tunnels == {(6, 7)}
    assert network.names[network.edge_name[edges[6, 7]]] == "G20"
    assert float(network.edge_length_m[edges[1, 2]]) == pytest.approx(878.0, abs=1.0)  # 0.01 degrees at 37.86 N


def test_osm_exits_signals_places_and_what_was_left_out(tmp_path: Path) -> None:
    read = import_osm(write(tmp_path / "town.osm", TOWN))
    assert [one.name for one in read.network.exits] == ["东山"]
    assert [one.name for one in read.junctions] == ["迎泽大街并州路路口"]
    assert (read.junctions[0].lon, read.junctions[0].lat) == NODES[2]
    assert [(poi.name, poi.kind) for poi in read.pois] == [("市医院", "hospital")]
    counts = read.counts
    assert (counts.roads, counts.ways_skipped, counts.missing_nodes, counts.unknown_limits) == (8, 3, 1, 1)
    assert counts.dropped_edges == 2  # the road that leads nowhere, both ways


def test_osm_gzip_reads_the_same(tmp_path: Path) -> None:
    plain = import_osm(write(tmp_path / "town.osm", TOWN)).network
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress(TOWN.encode()))
    assert np.array_equal(import_osm(packed).network.edge_to, plain.edge_to)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not valid XML"),
        ("<osm><way", "not valid XML"),
        ("<osm></osm>", "no road"),
        (extract([way([1, 2], highway="footway")]), "no road"),
        (extract([way([998, 999], highway="primary")]), "none of the nodes"),
        (extract([way([1, 2], highway="motorway")]), "do not lead to each other"),
    ],
)
def test_bad_extracts_are_refused_with_a_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why) as caught:
        import_osm(write(tmp_path / "bad.osm", text))
    assert caught.value.code == "places.osm"
    assert caught.value.kept is not None


def test_a_cut_off_gzip_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress(TOWN.encode())[:-200])
    with pytest.raises(InvalidError):
        import_osm(packed)
    packed.write_bytes(b"not gzip at all")
    with pytest.raises(InvalidError):
        import_osm(packed)


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Clockwise and not closed, as careless programs write it."""
    return [[west, south], [west, north], [east, north], [east, south]]


def feature(code: str | int, name: str, *polygons: list[list[list[float]]], key: str = "code") -> dict[str, Any]:
    kind = "Polygon" if len(polygons) == 1 else "MultiPolygon"
    coordinates: Any = polygons[0] if len(polygons) == 1 else list(polygons)
    return {
        "type": "Feature",
        "properties": {key: code, "name": name},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


FEATURES = [
    feature("140106001001001", "", [box(112.50, 37.85, 112.52, 37.87)]),
    feature("140106001001002", "", [box(112.52, 37.85, 112.54, 37.87)]),
    feature("140106001001", "海东社区", [box(112.50, 37.85, 112.54, 37.87)]),
    feature("140106001", "柳巷街道", [box(112.50, 37.85, 112.54, 37.87)]),
    feature(140106, "迎泽区", [box(112.50, 37.85, 112.56, 37.87)], [box(112.60, 37.85, 112.62, 37.87)], key="adcode"),
    feature(140100, "太原市", [box(112.40, 37.80, 112.70, 37.95), box(112.45, 37.81, 112.46, 37.82)], key="adcode"),
]


def collection(path: Path, features: list[dict[str, Any]]) -> Path:
    return write(path, json.dumps({"type": "FeatureCollection", "features": features}))


def test_divisions_get_level_and_parent_from_their_codes(tmp_path: Path) -> None:
    divisions, grids = import_divisions(collection(tmp_path / "d.geojson", FEATURES))
    assert [(one.code, one.name, one.level, one.parent) for one in divisions] == [
        ("140100", "太原市", DivisionLevel.CITY, None),
        ("140106", "迎泽区", DivisionLevel.DISTRICT, "140100"),
        ("140106001", "柳巷街道", DivisionLevel.STREET, "140106"),
        ("140106001001", "海东社区", DivisionLevel.COMMUNITY, "140106001"),
    ]
    assert [grid.code for grid in grids] == ["140106001001001", "140106001001002"]
    city = divisions[0].area
    assert signed_area(city[0][0]) == pytest.approx(0.30 * 0.15)
    assert signed_area(city[0][1]) == pytest.approx(-0.01 * 0.01)
    assert len(divisions[1].area) == 2


def test_divisions_published_in_gcj02_are_converted(tmp_path: Path) -> None:
    shifted = [
        list(from_wgs84(point[0], point[1], CoordinateSystem.GCJ02)) for point in box(112.50, 37.85, 112.56, 37.87)
    ]
    path = collection(tmp_path / "d.geojson", [feature("140106", "迎泽区", [shifted])])
    (district,), _ = import_divisions(path, CoordinateSystem.GCJ02)
    assert sorted(map(tuple, district.area[0][0][:4].round(7).tolist())) == [
        (112.5, 37.85), (112.5, 37.87), (112.56, 37.85), (112.56, 37.87),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("features", "why"),
    [
        ([], "no list of features"),
        (
            [feature("140106", "迎泽区", [box(1, 1, 2, 2)]), feature("140106", "又", [box(1, 1, 2, 2)])],
            "feature 2.*before",
        ),
        ([feature("99", "无", [box(1, 1, 2, 2)])], "feature 1"),
        ([feature("990106", "无", [box(1, 1, 2, 2)])], "feature 1.*GB|feature 1.*province"),
        ([feature("140106", "迎泽区", [[[1, 1], [2, 2]]])], "without area"),
        ([feature("140106", "迎泽区", [box(1, 1, 1, 1)])], "without area"),
        ([{"type": "Feature", "properties": {}, "geometry": None}], "feature 1"),
        ([feature("140106", "迎泽区", []) | {"geometry": {"type": "Point", "coordinates": [1, 1]}}], "Point"),
    ],
)
def test_bad_divisions_are_refused_by_feature(tmp_path: Path, features: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(InvalidError, match=why) as caught:
        import_divisions(collection(tmp_path / "d.geojson", features))
    assert caught.value.code == "places.divisions"


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="not valid JSON"):
        import_divisions(write(tmp_path / "d.geojson", "{"))


def test_a_real_city_from_two_files_is_kept_and_located(tmp_path: Path) -> None:
    divisions = collection(tmp_path / "d.geojson", FEATURES)
    save_city(import_city("太原市", divisions, write(tmp_path / "town.osm", TOWN)), tmp_path / "places")
    city = load_city(tmp_path / "places")
    assert not city.synthetic
    assert city.bounds == (112.40, 37.80, 112.70, 37.95)
    place = city.locate(112.505, 37.8601)
    assert (place.district_name, place.street_name, place.community_name) == ("迎泽区", "柳巷街道", "海东社区")
    assert (place.grid_code, place.road_name) == ("140106001001001", "迎泽大街")


def test_without_grids_the_smallest_divisions_locate(tmp_path: Path) -> None:
    districts = collection(tmp_path / "d.geojson", FEATURES[4:5])
    city = import_city("太原市", districts, write(tmp_path / "town.osm", TOWN))
    place = city.locate(112.505, 37.8601)
    assert (place.district_code, place.street_code, place.grid_code) == ("140106", "", "")
    assert city.area_codes == ("140106",)


def test_beyond_the_grids_the_divisions_still_locate(tmp_path: Path) -> None:
    divisions = collection(tmp_path / "d.geojson", FEATURES)
    city = import_city("太原市", divisions, write(tmp_path / "town.osm", TOWN))
    place = city.locate(112.55, 37.86)
    assert (place.district_code, place.street_code, place.grid_code) == ("140106", "", "")
    assert city.locate(112.45, 37.90).district_name == ""
    assert city.area_codes[int(city.area_index(112.45, 37.90)[0])] == "140100"
    only_grids = collection(tmp_path / "g.geojson", FEATURES[:2])
    with pytest.raises(InvalidError, match="only grids"):
        import_city("太原市", only_grids, tmp_path / "town.osm")
