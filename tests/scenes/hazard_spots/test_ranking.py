"""Counts within the radius and the last 30 and 90 days, the score as the sum of its parts, what never counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.hazard_spots.town import ACCEPTOR, ANALYST, DESK, LAT, LON, METRE, Town, at

from cityops.access import SYSTEM, Principal, Role
from cityops.scenes.hazard_spots.answers import ranking_answer
from cityops.scenes.hazard_spots.events import Counting, Kind, day_at, distance_m, midnight_ms
from cityops.scenes.hazard_spots.ranking import RankedSpot, ranking
from cityops.scenes.overlay.desk import OverlayDesk

ADMIN = Principal("admin", "admin", "管理员", Role.ADMINISTRATOR)


def rank(town: Town, who: Principal = DESK, newest: int = 50_000) -> dict[str, RankedSpot]:
    return {one.spot.code: one for one in ranking(town.context, who, Counting(town.context, newest)).spots}


def test_counts_within_radius_and_days(either: Town) -> None:
    """Now is 22 November 09:00: 30 days ago 23 October 09:00, 60 ago 23 September, 90 ago 24 August."""
    either.spot("A", radius_m=150)
    either.case("2026-09-22 23:59", north_m=9000)
    either.alert("2026-10-23 09:00", north_m=149.9)
    either.alert("2026-10-23 08:59:59")
    either.alert("2026-11-22 08:59:59", north_m=-149.9, severity=4)
    either.alert("2026-11-01 12:00", north_m=150.1, count=50)
    either.alert("2026-09-23 09:00")
    either.alert("2026-09-23 08:59:59")
    either.alert("2026-08-24 09:00")
    either.alert("2026-08-24 08:59:59", count=50)
    either.case("2026-11-02 12:00")
    found = rank(either)["A"]
    assert (found.last_30, found.before_30, found.last_90, found.worst) == (3, 2, 7, 4)
    assert [(part.kind, part.last_30, part.last_90, part.weight, part.points) for part in found.parts] == [
        (Kind("alert", "overspeed"), 2, 6, 1, 2),
        (Kind("case", "urban_management"), 1, 1, 1, 1),
    ]
    assert (found.score, found.rank) == (3, 1)


@pytest.mark.parametrize(("first", "before"), [("2026-09-23 00:00", 1), ("2026-09-24 00:00", None)])
def test_a_trend_needs_sixty_days(town: Town, first: str, before: int | None) -> None:
    """On both sources: alerts go back far enough, cases from this day on; 60 days ago it was 23 September 09:00."""
    town.spot("A")
    town.alert("2026-01-01 00:00")
    town.alert("2026-10-01 12:00")
    town.case(first, north_m=9000)
    assert rank(town)["A"].before_30 == before


def test_what_never_counts(either: Town) -> None:
    either.spot("A")
    case_id = either.case("2026-11-02 12:00", scene="key_vehicles")
    either.alert("2026-11-02 12:00", case_id=case_id)  # counts as its case
    either.alert("2026-11-02 12:00", state="withdrawn")
    either.alert("2026-11-02 12:00", detector="no_data")  # without points
    either.alert("2026-11-02 12:00", lon=None, lat=None)
    either.case("2026-11-02 12:00", state="void")
    either.case("2026-11-02 12:00", confidential=True)
    other = either.case("2026-11-02 12:00", scene="key_vehicles", state="merged", merged_into_id=case_id)
    assert other != case_id
    found = rank(either)["A"]
    assert [(part.kind, part.last_90, part.points) for part in found.parts] == [(Kind("case", "key_vehicles"), 1, 3)]


def test_order_and_ranks(town: Town) -> None:
    """Equal scores share a rank; removed and dismissed spots stand last without one; the list has no dismissed ones."""
    gone = {"confirmed_on": "2026-06-02", "treated_on": "2026-06-03", "reviewed_on": "2026-06-04"}
    town.spot("quiet", north_m=5000)
    town.spot("busy")
    town.spot("twin", radius_m=80)
    town.spot("removed", state="removed", removed_on="2026-06-05", **gone)
    town.spot("no", state="dismissed", dismissed_on="2026-11-01", dismissed_why="x")
    town.alert("2026-11-02 12:00", count=4)
    town.alert("2026-09-02 12:00", north_m=90)
    counting = Counting(town.context)
    found = ranking(town.context, DESK, counting)
    assert [(one.spot.code, one.rank, one.score, one.last_90) for one in found.spots] == [
        ("busy", 1, 4, 5),
        ("twin", 1, 4, 4),
        ("quiet", 3, 0, 0),
        ("no", None, 4, 5),
        ("removed", None, 4, 5),
    ]
    listed = ranking_answer(town.context, counting, found).items
    assert [one.code for one in listed] == ["busy", "twin", "quiet", "removed"]


def test_too_many_events_are_said_to_be_cut(town: Town) -> None:
    """Of 5 alerts the newest 3 are looked at: counted from the oldest of these; cases before it are left out too."""
    town.spot("A")
    for day in range(11, 16):
        town.alert(f"2026-11-{day} 12:00")
    town.case("2026-11-12 12:00")
    found = ranking(town.context, DESK, Counting(town.context, newest=3))
    assert found.counted_from_ms == at("2026-11-13 12:00")
    assert found.spots[0].last_30 == 3
    assert ranking(town.context, DESK, Counting(town.context, newest=5)).counted_from_ms is None
    assert rank(town)["A"].last_30 == 6


def test_the_citys_own_points_take_effect(either: Town) -> None:
    either.spot("A")
    either.alert("2026-11-02 12:00", count=2)
    either.alert("2026-11-02 12:00", detector="no_data")
    either.case("2026-11-02 12:00")
    assert rank(either)["A"].score == 3
    context = either.context
    desk = OverlayDesk("hazard_spots", context.overlays, context.rules, context.trials)
    values = {
        "settings.alert_overspeed.value": "2.5",
        "settings.alert_no_data.value": "1",
        "settings.case_urban_management.value": "0",
    }
    desk.publish(ADMIN, values, expected_version=0, note="试行", untried_reason="测试")
    found = rank(either)["A"]
    assert [(part.kind.name, part.points) for part in found.parts] == [("overspeed", 5), ("no_data", 1)]
    assert found.score == 6


def test_everybody_sees_the_own_spots_only(town: Town) -> None:
    create = town.context.units.create
    units = [create(SYSTEM, code=code, name=code, kind="department") for code in ("U1", "U2")]
    town.spot("A", unit_id=units[0].id)
    town.spot("B", unit_id=units[1].id, supervisor_id=units[0].id)
    town.spot("C", unit_id=units[1].id)
    people = {unit.code: Principal(unit.code, unit.code, "x", Role.UNIT, unit.id) for unit in units}
    assert set(rank(town, people["U1"])) == {"A", "B"}
    assert set(rank(town, people["U2"])) == {"B", "C"}
    assert set(rank(town, ANALYST)) == set(rank(town, ACCEPTOR)) == {"A", "B", "C"}
    assert rank(town, Principal("c", "c", "x", Role.CREW)) == {}
    elsewhere = Principal("d", "d", "x", Role.DISTRICT, area_codes=("140181",))
    assert rank(town, elsewhere) == {}


@given(st.floats(-400, 400), st.floats(-400, 400))
def test_distance_is_that_of_the_great_circle(east_m: float, north_m: float) -> None:
    lon, lat = LON + east_m * METRE / math.cos(math.radians(LAT)), LAT + north_m * METRE
    phi, other = math.radians(LAT), math.radians(lat)
    half = math.sin((other - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(other) * math.sin(math.radians(lon - LON) / 2) ** 2
    exact_m = 2 * 6_371_008.8 * math.asin(math.sqrt(half))
    assert distance_m(np.array([lon]), np.array([lat]), LON, LAT)[0] == pytest.approx(exact_m, abs=0.02)


def test_midnight_in_shanghai() -> None:
    at_ms = at("2026-11-22 00:00")
    assert midnight_ms(day_at(at_ms)) == at_ms
    assert day_at(at_ms - 1).isoformat() == "2026-11-21"
