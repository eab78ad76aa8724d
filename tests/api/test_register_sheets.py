"""Whatever a register can hold comes back from its sheet as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registers.canteens import CANTEEN, SHAPES, canteen

from cityops.api.register_sheets import RegisterSheet, Shown
from cityops.kit import clean, has_control
from cityops.registers import RegisterObject, RegisterSpec, object_faults
from cityops.registers.checking import tidied

UNITS = {"01U": "甲局", "02U": "乙局", "03U": "乙局"}
"""Two units of one name: the sheet names these by their ids."""


def texts(most: int, *, lines: bool = False) -> st.SearchStrategy[str]:
    given_text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=most).map(clean)
    return given_text.filter(lambda text: bool(text) and not has_control(text) and (lines or "\n" not in text))


DATA = st.fixed_dictionaries(
    {"mode": st.sampled_from(["own", "contract"])},
    optional={
        "uses": st.lists(st.sampled_from(["own", "contract"]), min_size=1, unique=True),
        "served": st.integers(0, 5000),
        "area_m2": st.floats(0.5, 1e15) | st.integers(1, 10**15),
        "gas": st.booleans(),
        "opened": st.dates(min_value=date(1000, 1, 1)).map(date.isoformat),
        "school": texts(40),
        "remarks": texts(60, lines=True),
        "site": st.just("https://example.org/a?b=1;c"),
        "manager": texts(10).filter(lambda text: "**" not in text),
        "phone": st.from_regex(r"0351-[0-9]{7}", fullmatch=True),
    },
)
PLACE = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
POINTS = st.lists(PLACE.map(list), min_size=3, max_size=6)


def back(spec: RegisterSpec, made: RegisterObject) -> RegisterObject:
    """The object as its sheet gives it back."""
    sheet = RegisterSheet(spec, UNITS)
    found, numbers = sheet.read(sheet.write([made]))
    assert (found.errors, numbers) == ([], [2])
    values: dict[str, Any] = dict(found.valid[0])
    return tidied(spec, replace(made, **values))


@settings(max_examples=40)
@given(
    data=DATA,
    place=st.none() | PLACE,
    title=texts(30),
    state=st.sampled_from(["open", "holiday", "archived"]),
    unit=st.sampled_from([None, *UNITS]),
)
def test_every_object_comes_back(
    data: dict[str, Any], place: tuple[float, float] | None, title: str, state: str, unit: str | None
) -> None:
    lon, lat = place or (None, None)
    made = tidied(CANTEEN, canteen(data=data, lon=lon, lat=lat, title=title, state=state, unit_id=unit))
    assert back(CANTEEN, made) == made


@settings(max_examples=40)
@given(POINTS, st.booleans())
def test_lines_and_areas_come_back(points: list[list[float]], area: bool) -> None:
    geometry = (
        {"type": "Polygon", "coordinates": [[*points, points[0]], [*reversed(points), points[-1]]]}
        if area
        else {"type": "LineString", "coordinates": points}
    )
    made = tidied(SHAPES, canteen(geometry=geometry, lon=None, lat=None, state="active", data={}))
    assert back(SHAPES, made) == made


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from(["x", "y", "b"]), min_size=1, max_size=2)))
def test_words_of_a_list_are_never_taken_for_another_value(words: dict[str, list[str]]) -> None:
    shown = Shown(words)
    for value in words:
        assert shown.read("f", shown.show(value)) == value


def test_the_objects_of_the_tests_are_right() -> None:
    assert list(object_faults(CANTEEN, canteen())) == []
