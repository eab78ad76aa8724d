"""Duplicates: distance, time, kin, closed cases, and the same as looking at every case."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from cityops.cases.catalogue import NATIONAL, Catalogue, ItemKey, Kind
from cityops.cases.duplicates import (
    Candidate,
    DuplicateRule,
    DuplicateRules,
    change_matter,
    default_rules,
    export_duplicate_rules,
    find_duplicates,
    import_duplicate_rules,
    set_matter_open,
)
from cityops.cases.duplicates.cells import EARTH_RADIUS_M, cell_of, cells_near, distance_m
from cityops.kit import InvalidError, NotFoundError
from cityops.store import Store

from .conftest import Placed, ms

CATALOGUE = Catalogue.built_in()
RULES = default_rules(CATALOGUE)
LAMP, REFUSE, RUBBLE, SEWER, WATER = (
    ItemKey(NATIONAL, Kind.MATTER, code) for code in ("01037", "06010", "06011", "01002", "01001")
)
LON, LAT = 112.56, 37.73
NOW = ms("2026-11-22T01:00:00")
METRE_NORTH = 360 / (2 * math.pi * EARTH_RADIUS_M)
"""Degrees of latitude in a metre."""
HOUR_MS = 3_600_000


def north(metres: float) -> float:
    return LAT + metres * METRE_NORTH


def find(store: Store, key: ItemKey = REFUSE, rules: DuplicateRules = RULES, **more: object) -> list[Candidate]:
    with store.read() as conn:
        return find_duplicates(conn, rules, key, lon=LON, lat=LAT, at_ms=NOW, **more)  # type: ignore[arg-type]


def test_nearest_first_with_distance_and_age(store: Store, place: Callable[[list[Placed]], None]) -> None:
    place([
        ("FAR", REFUSE, LON, north(49), NOW - HOUR_MS),
        ("NEAR", RUBBLE, LON, north(-10), NOW - 90_500),
        ("LATER", REFUSE, LON, north(20), NOW + 60_000),
        ("BEYOND", REFUSE, LON, north(51), NOW),
        ("LAMP", LAMP, LON, LAT, NOW),
        ("OLD", REFUSE, LON, LAT, NOW - 72 * HOUR_MS - 1),
        ("LIMIT", REFUSE, LON, north(30), NOW - 72 * HOUR_MS),
    ])  # fmt: skip
    found = find(store)
    assert [(one.case_id, one.number, round(one.distance_m, 3), one.age_s, one.same_matter) for one in found] == [
        ("NEAR", "NNEAR", 10.0, 90, False),
        ("LATER", "NLATER", 20.0, -60, True),
        ("LIMIT", "NLIMIT", 30.0, 72 * 3600, True),
        ("FAR", "NFAR", 49.0, 3600, True),
    ]
    assert [one.case_id for one in find(store, limit=1)] == ["NEAR"]
    assert [one.case_id for one in find(store, exclude=["NEAR", "FAR"])] == ["LATER", "LIMIT"]
    assert [one.case_id for one in find(store, LAMP)] == ["LAMP"]


def test_closed_cases_are_not_shown_until_reopened(store: Store, place: Callable[[list[Placed]], None]) -> None:
    place([("A", REFUSE, LON, LAT, NOW)])
    store.write(lambda conn: set_matter_open(conn, "A", False))
    assert find(store) == []
    store.write(lambda conn: set_matter_open(conn, "A", True))
    assert [one.case_id for one in find(store)] == ["A"]
    store.write(lambda conn: change_matter(conn, "A", LAMP))
    assert find(store) == []
    assert [one.case_id for one in find(store, LAMP)] == ["A"]


def test_only_a_case_with_a_matter_can_be_corrected_but_any_may_end(store: Store) -> None:
    store.write(lambda conn: set_matter_open(conn, "X", False))
    with pytest.raises(NotFoundError, match="case X"):
        store.write(lambda conn: change_matter(conn, "X", LAMP))


def test_manhole_covers_are_kin_by_default(store: Store, place: Callable[[list[Placed]], None]) -> None:
    place([("SEWER", SEWER, LON, LAT, NOW)])
    assert [(one.case_id, one.same_matter) for one in find(store, WATER)] == [("SEWER", False)]
    assert len(RULES.kin(WATER)) == 20
    assert RULES.kin(LAMP) == [LAMP]


def test_rules_of_matter_class_and_all() -> None:
    rules = DuplicateRules(
        [
            DuplicateRule(NATIONAL, "06010", 30, 24, "g"),
            DuplicateRule(NATIONAL, "06", 80, 48),
            DuplicateRule("", "", 200, 12),
        ]
    )
    assert [rules.of(key).radius_m for key in (REFUSE, RUBBLE, LAMP)] == [30, 80, 200]
    assert DuplicateRules().of(LAMP) == DuplicateRule("", "", 50, 72)


def test_answers_are_those_of_looking_at_every_case(store: Store, place: Callable[[list[Placed]], None]) -> None:
    chance = random.Random(7)
    keys = [REFUSE, RUBBLE, LAMP]
    cases: list[Placed] = [
        (
            f"C{number}",
            chance.choice(keys),
            LON + chance.uniform(-0.02, 0.02),
            LAT + chance.uniform(-0.02, 0.02),
            NOW - chance.randrange(96 * HOUR_MS),
        )
        for number in range(600)
    ]
    place(cases)
    rules = DuplicateRules([DuplicateRule(NATIONAL, code, 700, 48, "垃圾") for code in ("06010", "06011")])
    expected = sorted(
        (distance_m(LON, LAT, lon, lat), case_id)
        for case_id, key, lon, lat, opened_ms in cases
        if key in (REFUSE, RUBBLE) and NOW - opened_ms <= 48 * HOUR_MS and distance_m(LON, LAT, lon, lat) <= 700
    )
    found = find(store, rules=rules, limit=50)
    assert 10 < len(expected) <= 50
    assert [(one.distance_m, one.case_id) for one in found] == expected


def test_distances_that_are_known() -> None:
    assert distance_m(112, 37, 112, 38) == pytest.approx(111_195.08, abs=0.01)
    # The equator's quarter, and the antipodes.
    assert distance_m(0, 0, 90, 0) == pytest.approx(math.pi / 2 * EARTH_RADIUS_M)
    assert distance_m(0, 0, 180, 0) == pytest.approx(math.pi * EARTH_RADIUS_M)
    assert distance_m(179.999, 10, -179.999, 10) == pytest.approx(distance_m(0, 10, 0.002, 10))


lats = st.floats(-84, 84)


@given(st.floats(-180, 180), lats, st.floats(0, 2 * math.pi), st.floats(0, 1), st.floats(1, 2000))
def test_whatever_is_near_lies_in_a_cell_that_is_looked_at(
    lon: float, lat: float, bearing: float, share: float, radius_m: float
) -> None:
    reach = share * radius_m / EARTH_RADIUS_M
    phi = math.radians(lat)
    other = math.asin(math.sin(phi) * math.cos(reach) + math.cos(phi) * math.sin(reach) * math.cos(bearing))
    turn = math.atan2(
        math.sin(bearing) * math.sin(reach) * math.cos(phi), math.cos(reach) - math.sin(phi) * math.sin(other)
    )
    other_lon = (lon + math.degrees(turn) + 180) % 360 - 180
    if distance_m(lon, lat, other_lon, math.degrees(other)) <= radius_m:
        assert cell_of(other_lon, math.degrees(other)) in cells_near(lon, lat, radius_m)


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 86), (math.nan, 0), (0, math.inf)])
def test_impossible_positions_are_refused(sqlite_store: Store, lon: float, lat: float) -> None:
    def ask(conn: Connection) -> None:
        find_duplicates(conn, RULES, REFUSE, lon=lon, lat=lat, at_ms=NOW)

    with sqlite_store.read() as conn, pytest.raises(InvalidError) as raised:
        ask(conn)
    assert raised.value.code == "duplicates.position"


@pytest.mark.parametrize("limit", [0, 51])
def test_limits_are_bounded(sqlite_store: Store, limit: int) -> None:
    with pytest.raises(InvalidError):
        find(sqlite_store, limit=limit)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([(NATIONAL, "06010", 0, 1, "")], "1 to 2000 m"),
        ([(NATIONAL, "06010", 2001, 1, "")], "1 to 2000 m"),
        ([(NATIONAL, "06010", 1, 0, "")], "1 to 8784 h"),
        ([(NATIONAL, "", 1, 1, "")], "five digits"),
        ([(NATIONAL, "06", 1, 1, "g")], "single matter"),
        ([(NATIONAL, "06", 1, 1, ""), (NATIONAL, "06", 2, 2, "")], "twice"),
    ],
)
def test_unsound_rules_are_refused(rules: list[tuple[str, str, int, int, str]], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        DuplicateRules(DuplicateRule(*rule) for rule in rules)


def test_rules_there_and_back() -> None:
    rules = [DuplicateRule(NATIONAL, "06010", 30, 24, "垃圾"), DuplicateRule(NATIONAL, "06", 80, 48)]
    rules.append(DuplicateRule("", "", 200, 12))
    assert import_duplicate_rules(export_duplicate_rules(rules), CATALOGUE).accept() == rules
    twice = import_duplicate_rules(export_duplicate_rules([*rules, rules[1]]), CATALOGUE)
    assert [error.row for error in twice.errors] == [3, 5]
    unknown = import_duplicate_rules(export_duplicate_rules([DuplicateRule(NATIONAL, "99", 1, 1)]), CATALOGUE)
    assert [(error.row, error.text.en[:22]) for error in unknown.errors] == [(2, "no entry or class 99 i")]
