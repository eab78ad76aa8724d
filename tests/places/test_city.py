"""Places in words, layers for the map, and the folder a city is kept in."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.kit import DivisionLevel, InvalidError, NotFoundError
from cityops.places import LAYER_NAMES, City, PlaceInfo, RoadNetwork, build_demo_city, load_city, save_city
from cityops.places.geometry import in_area, representative_point
from cityops.places.layers import chains


def test_locate_names_everything_around_a_point(city: City) -> None:
    junction = next(one for one in city.junctions if one.name == "迎泽大街五一路路口")
    place = city.locate(junction.lon, junction.lat)
    assert place.district_name == "迎泽区"
    assert place.street_name == city.division(place.street_code).name
    assert place.community_name == city.division(place.community_code).name
    assert place.grid_code.startswith(place.community_code)
    assert place.community_code.startswith(place.street_code)
    assert place.road_name in ("迎泽大街", "五一路", "并州路")


def test_outside_the_city_there_is_no_place(city: City) -> None:
    assert city.locate(113.9, 37.0) == PlaceInfo()
    assert city.locate(float("nan"), 37.0) == PlaceInfo()


def test_children_and_unknown_codes(city: City) -> None:
    assert "坞城街道" in [one.name for one in city.children("140105")]
    with pytest.raises(NotFoundError):
        city.division("999999")


def test_a_representative_point_is_inside(city: City) -> None:
    for one in city.divisions[:400]:
        lon, lat = representative_point(one.area)
        assert in_area(np.array([lon]), np.array([lat]), one.area)[0], one.name


def test_layers_are_geojson_with_counts_that_match(city: City) -> None:
    layers = {name: city.layer(name) for name in LAYER_NAMES}
    json.dumps(layers)
    counts = {name: len(layer["features"]) for name, layer in layers.items()}
    assert counts["districts"] == 10
    assert counts["streets"] == len(city.level(DivisionLevel.STREET))
    assert counts["communities"] == len(city.level(DivisionLevel.COMMUNITY))
    assert counts["grids"] == len(city.grids)
    assert counts["junctions"] == 36
    assert counts["pois"] == len(city.pois)
    for name in ("districts", "streets", "communities", "grids", "landscape"):
        for feature in layers[name]["features"]:
            for ring in rings(feature["geometry"]):
                assert ring[0] == ring[-1]
                assert len(ring) >= 4


def rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def test_road_layers_draw_every_road_once(city: City) -> None:
    network = city.network
    pairs = {tuple(sorted(pair)) for pair in zip(network.edge_from.tolist(), network.edge_to.tolist(), strict=True)}
    drawn = sum(
        len(line) - 1
        for name in ("roads_major", "roads_minor")
        for feature in city.layer(name)["features"]
        for line in feature["geometry"]["coordinates"]
    )
    assert drawn == len(pairs)
    tunnel = next(f for f in city.layer("roads_major")["features"] if f["properties"]["name"] == "东山隧道")
    assert tunnel["properties"] == {"name": "东山隧道", "class": "motorway", "tunnel": True}


def test_an_unknown_layer_is_an_error_that_lists_them(city: City) -> None:
    with pytest.raises(NotFoundError) as caught:
        city.layer("rivers")  # type: ignore[arg-type]
    assert caught.value.todo is not None
    assert "roads_major" in caught.value.todo.en


def test_chains_join_end_to_end_and_use_each_segment_once() -> None:
    assert chains([(1, 2), (3, 2), (3, 4)]) == [[1, 2, 3, 4]]
    assert chains([(1, 2), (2, 3), (3, 1)]) == [[1, 2, 3, 1]]
    star = chains([(0, 1), (0, 2), (0, 3)])
    assert sorted(sorted(line) for line in star) == [[0, 1], [0, 2], [0, 3]]


def test_a_saved_city_comes_back_the_same(city: City, tmp_path: Path) -> None:
    save_city(city, tmp_path / "places")
    back = load_city(tmp_path / "places")
    assert (back.name, back.synthetic, back.center, back.bounds) == (
        city.name,
        city.synthetic,
        city.center,
        city.bounds,
    )
    for one in fields(RoadNetwork):
        before, after = getattr(city.network, one.name), getattr(back.network, one.name)
        assert np.array_equal(before, after) if isinstance(before, np.ndarray) else before == after
        assert not isinstance(before, np.ndarray) or before.dtype == after.dtype
    assert (back.junctions, back.pois) == (city.junctions, city.pois)
    for name in LAYER_NAMES:
        assert back.layer(name) == city.layer(name)
    assert back.locate(112.568, 37.859) == city.locate(112.568, 37.859)


def test_saving_again_replaces_the_city_and_leaves_nothing_behind(city: City, tmp_path: Path) -> None:
    save_city(city, tmp_path)
    save_city(replace(city, name="另一座城市", pois=()), tmp_path)
    assert (load_city(tmp_path).name, load_city(tmp_path).pois) == ("另一座城市", ())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_crash_before_the_last_step_of_saving_leaves_the_former_city(city: City, tmp_path: Path) -> None:
    """What a power cut leaves: new arrays are there, the file of words still names the old ones."""
    save_city(city, tmp_path)
    words = (tmp_path / "city.json").read_bytes()
    arrays = (tmp_path / "arrays-a.npz").read_bytes()
    save_city(replace(city, landscape=()), tmp_path)
    (tmp_path / "city.json").write_bytes(words)
    (tmp_path / "arrays-a.npz").write_bytes(arrays)
    assert len(load_city(tmp_path).landscape) == len(city.landscape)


def test_no_city_and_damaged_files_are_errors_with_words(city: City, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as missing:
        load_city(tmp_path)
    assert missing.value.code == "places.city"
    save_city(city, tmp_path)
    (tmp_path / "arrays-a.npz").write_bytes(b"PK")
    with pytest.raises(InvalidError) as damaged:
        load_city(tmp_path)
    assert damaged.value.code == "places.city"
    (tmp_path / "city.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidError, match="cannot be read"):
        load_city(tmp_path)
    (tmp_path / "city.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(InvalidError, match="format"):
        load_city(tmp_path)
    save_city(city, tmp_path)
    assert load_city(tmp_path).name == city.name


def best_cpu_s(work: Any, repeats: int = 3) -> float:
    """Processor time of the fastest run: other programs on the machine do not count."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def test_generation_loading_and_matching_are_fast(city: City, tmp_path: Path) -> None:
    """Aims: generation under 5 s, loading under 0.5 s, matching at least 200,000 points a second."""
    assert best_cpu_s(build_demo_city, repeats=1) < 5
    save_city(city, tmp_path)
    assert best_cpu_s(lambda: load_city(tmp_path)) < 0.5
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(112.45, 112.65, 100_000), rng.uniform(37.7, 37.98, 100_000)
    city.network.match(112.5, 37.8)
    assert best_cpu_s(lambda: city.network.match(lon, lat)) < 0.5
