"""Every write is checked against the declaration: what is right passes as it is, what is wrong is named by field."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import clean
from cityops.registers import ObjectFaultsError, object_faults
from cityops.registers.checking import tidied
from cityops.registers.geometry import MAX_POINTS, geometry_fault

from .canteens import CANTEEN, PLACELESS, SHAPES, canteen

SQUARE = [[112.5, 37.8], [112.6, 37.8], [112.6, 37.9], [112.5, 37.8]]


def faults(**data: Any) -> list[str]:
    return [one.field for one in object_faults(CANTEEN, canteen(data={"mode": "own", **data}))]


@pytest.mark.parametrize(
    "data",
    [
        {"uses": ["own", "contract"], "served": 0, "area_m2": 0.5, "gas": False, "opened": "2026-02-28"},
        {"served": 5000, "area_m2": 3, "remarks": "第一行\n第二行", "site": "https://example.org/a?b=1"},
        {"phone": "0351-1234567", "manager": "某某"},
        {"phone": "+86 138 0000 0000"},
        {"phone": "0351-1234567转801"},
    ],
)
def test_right_values_pass_as_they_are(data: dict[str, Any]) -> None:
    whole = {"mode": "own", **data}
    assert tidied(CANTEEN, canteen(data=whole)).data == whole


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "rented"}, "mode"),
        ({"mode": ["own"]}, "mode"),
        ({"uses": ["own", "own"]}, "uses"),
        ({"uses": "own"}, "uses"),
        ({"uses": ["rented"]}, "uses"),
        ({"served": "200"}, "served"),
        ({"served": 200.5}, "served"),
        ({"served": 5001}, "served"),
        ({"served": -1}, "served"),
        ({"served": True}, "served"),
        ({"area_m2": 0.4}, "area_m2"),
        ({"area_m2": "12"}, "area_m2"),
        ({"area_m2": math.inf}, "area_m2"),
        ({"area_m2": math.nan}, "area_m2"),
        ({"area_m2": 10**400}, "area_m2"),
        ({"served": -(10**400)}, "served"),
        ({"gas": "true"}, "gas"),
        ({"gas": 1}, "gas"),
        ({"opened": "2026-02-29"}, "opened"),
        ({"opened": "20260228"}, "opened"),
        ({"opened": "2026-2-8"}, "opened"),
        ({"school": " 一中"}, "school"),
        ({"school": "一\n中"}, "school"),
        ({"school": "一" * 201}, "school"),
        ({"school": 5}, "school"),
        ({"remarks": "\x07"}, "remarks"),
        ({"remarks": "\ud800"}, "remarks"),
        ({"remarks": "\uffff"}, "remarks"),
        ({"site": "ftp://example.org"}, "site"),
        ({"phone": "电话"}, "phone"),
        ({"phone": "138****0000"}, "phone"),
        ({"manager": "张**"}, "manager"),
        ({"owner": "某人"}, "owner"),
    ],
)
def test_a_wrong_value_is_named_by_its_field(data: dict[str, Any], field: str) -> None:
    assert faults(**data) == [field]
    with pytest.raises(ObjectFaultsError) as refused:
        tidied(CANTEEN, canteen(data={"mode": "own", **data}))
    assert [one.field for one in refused.value.faults] == [field]


def test_all_faults_are_named_at_once() -> None:
    wrong = canteen(code="K-1", title="", state="away", lon=200.0, area_code="十四", data={"served": "many"})
    named = [one.field for one in object_faults(CANTEEN, wrong)]
    assert named == ["title", "code", "state", "lon", "area_code", "mode", "served"]


def test_values_that_are_empty_are_not_kept() -> None:
    assert tidied(CANTEEN, canteen(data={"mode": "own", "school": "", "uses": [], "served": None})).data == {
        "mode": "own"
    }
    assert tidied(CANTEEN, canteen(data={"mode": "own", "served": 0, "gas": False})).data["served"] == 0


@pytest.mark.parametrize("place", [{"lon": None}, {"lat": math.nan}, {"lon": True}, {"lat": 90.5}, {"lon": "112.5"}])
def test_half_a_place_or_none_on_earth_is_refused(place: dict[str, Any]) -> None:
    assert list(object_faults(CANTEEN, canteen(**place)))


def test_a_register_without_places_takes_none() -> None:
    assert [one.field for one in object_faults(PLACELESS, canteen(state="active", data={}))] == ["lon"]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": SQUARE[:2]},
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "Polygon", "coordinates": [SQUARE, SQUARE]},
    ],
)
def test_lines_and_areas_are_kept_with_their_middle(geometry: dict[str, Any]) -> None:
    found = tidied(SHAPES, canteen(geometry=geometry, lon=None, lat=None, state="active", data={}))
    assert found.geometry == geometry
    line = geometry["type"] == "LineString"
    # of the area: the mean of its three corners
    assert (found.lon, found.lat) == ((112.55, 37.8) if line else (112.5666667, 37.8333333))


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [112.5, 37.8]},
        {"type": "LineString", "coordinates": SQUARE[:1]},
        {"type": "LineString", "coordinates": [[112.5, 37.8], [112.6, 97.8]]},
        {"type": "LineString", "coordinates": [[112.5, 37.8, 5], [112.6, 37.8, 5]]},
        {"type": "LineString", "coordinates": [[112.5, 37.8], [112.6, "37.8"]]},
        {"type": "LineString", "coordinates": [[112.5, 37.8], [10**400, math.nan]]},
        {"type": "LineString", "coordinates": [[112.5, 37.8], [112.6, math.nan]]},
        {"type": "LineString", "coordinates": [[112.5, 37.8]] * (MAX_POINTS + 1)},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [SQUARE[:3]]},
        {"type": "Polygon", "coordinates": [[*SQUARE[:3], [0, 0]]]},
        {"type": "Polygon", "coordinates": [SQUARE] * 400},
        {"type": "Polygon", "coordinates": SQUARE},
        {"type": "Polygon", "coordinates": [SQUARE], "crs": {"type": "name"}},
        {"type": "Polygon"},
        [SQUARE],
    ],
)
def test_a_wrong_geometry_is_refused(geometry: Any) -> None:
    assert geometry_fault("shape", geometry) is not None
    assert geometry_fault("point", {"type": "Polygon", "coordinates": [SQUARE]}) is not None
    assert geometry_fault("line", {"type": "Polygon", "coordinates": [SQUARE]}) is not None


def test_coordinates_are_kept_to_seven_decimals() -> None:
    line = {"type": "LineString", "coordinates": [[112.123456789, 37.8], [112.6, 37.987654321]]}
    found = tidied(SHAPES, canteen(geometry=line, lon=None, lat=None, state="active", data={}))
    assert found.geometry == {"type": "LineString", "coordinates": [[112.1234568, 37.8], [112.6, 37.9876543]]}


CONTROL = {*map(chr, range(32)), "\x7f", "\ufffe", "\uffff"}


@given(st.text(max_size=220))
def test_a_text_is_kept_exactly_when_it_comes_back_as_it_is(text: str) -> None:
    fits = bool(text) and text == clean(text) and len(text) <= 200 and not set(text) & CONTROL
    if "_x" in text:  # how xlsx writes a control character
        return
    assert (faults(school=text) == []) == fits


@given(st.integers(-10_000, 10_000))
def test_whole_numbers_within_the_bounds(number: int) -> None:
    assert (faults(served=number) == []) == (0 <= number <= 5000)


@given(st.floats())
def test_numbers_within_the_bounds(number: float) -> None:
    assert (faults(area_m2=number) == []) == (0.5 <= number <= 1e15)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_taken_as_it_is_written(day: date) -> None:
    assert faults(opened=day.isoformat()) == []
    assert faults(opened=day.strftime("%d.%m.%Y")) == ["opened"]


NAMES = st.sampled_from(["mode", "served", "gas", "x", "uses"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2)


@given(st.dictionaries(NAMES, VALUES))
def test_what_passes_once_passes_again_unchanged(data: dict[str, Any]) -> None:
    try:
        once = tidied(CANTEEN, canteen(data=data))
    except ObjectFaultsError:
        return
    assert tidied(CANTEEN, once) == once
