"""Places by what people call them, in the demo city: names, parts of names, sentences, grid codes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.places import City


def names(city: City, words: str) -> list[tuple[str, str]]:
    return [(one.name, one.kind) for one in city.find(words)]


def test_a_road_is_found_by_its_name_and_lies_on_it(city: City) -> None:
    found = city.find("学府街")[0]
    assert (found.name, found.kind, found.district_name) == ("学府街", "road", "小店区")
    assert city.locate(found.lon, found.lat).road_name == "学府街"


def test_the_whole_name_comes_first_then_what_begins_so(city: City) -> None:
    found = names(city, "坞城路")
    assert found[0] == ("坞城路", "road")
    assert all(name.startswith("坞城路") for name, _ in found)


def test_a_sentence_that_names_two_roads_means_where_they_cross(city: City) -> None:
    found = names(city, "平阳路和学府街路口的井盖没了")
    assert found[0] == ("学府街平阳路路口", "crossing")
    assert {("平阳路", "road"), ("学府街", "road")} <= set(found)
    crossing = city.find("平阳路和学府街路口的井盖没了")[0]
    junction = next(one for one in city.junctions if one.name == crossing.name)
    assert (crossing.lon, crossing.lat) == (junction.lon, junction.lat)


def test_a_point_of_interest_and_a_division(city: City) -> None:
    assert names(city, "五一广场")[0] == ("五一广场", "poi")
    assert ("小店区", "district") in names(city, "小店区")


def test_a_grid_code_leads_into_the_grid(city: City) -> None:
    for grid in city.grids[::97]:
        [found] = city.find(grid.code)
        assert found.kind == "grid"
        assert city.locate(found.lon, found.lat).grid_code == grid.code


def test_nothing_for_nothing(city: City) -> None:
    assert city.find("  ") == []
    assert city.find("没有这个地方的名字") == []
    assert city.find("学府街", 0) == []


@settings(max_examples=60)
@given(words=st.text(max_size=40), limit=st.integers(1, 10))
def test_any_text_is_answered_within_the_limit_and_inside_the_city(city: City, words: str, limit: int) -> None:
    west, south, east, north = city.bounds
    found = city.find(words, limit)
    assert len(found) <= limit
    assert all(west <= one.lon <= east and south <= one.lat <= north for one in found)
