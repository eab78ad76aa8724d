"""Proposals: where events lie close together, the same whatever the order; decided once, whoever decides."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.hazard_spots.town import ANALYST, DESK, LAT, LON, METRE, Town

from cityops.access import Principal, Role
from cityops.kit import ConflictError, ForbiddenError, InvalidError
from cityops.scenes.hazard_spots.decisions import Decided, Decision, decide
from cityops.scenes.hazard_spots.events import Counting, Events, Kind, distance_m
from cityops.scenes.hazard_spots.proposals import Proposal, clusters, proposals

ROUNDS: Final = 8
"""How often people decide at once: a moment that only some meetings meet."""


def proposed(town: Town) -> list[Proposal]:
    return proposals(town.context, Counting(town.context)).items


def say(town: Town, who: Principal = DESK, north_m: float = 0, **more: str) -> Decided:
    given = {"verdict": "confirm", "title": "某路口", "category": "hazard", **more}
    decision = Decision(lon=LON, lat=LAT + north_m * METRE, **given)  # type: ignore[arg-type]
    return decide(town.context, who, Counting(town.context), decision)


def test_a_place_with_enough_events_is_proposed(either: Town) -> None:
    """5 in 30 days within 100 m; 4 are too few; at an open spot, older than 30 days or apart they do not count."""
    either.spot("known", north_m=2000)
    either.alert("2026-11-20 07:10", count=3)
    either.alert("2026-11-21 07:10", north_m=80)
    either.case("2026-11-22 08:00", north_m=40)
    either.alert("2026-11-20 12:00", north_m=1000, count=4)
    either.alert("2026-10-23 08:59:59", north_m=1000, count=4)
    either.alert("2026-11-20 12:00", north_m=2050, count=50)
    (one,) = proposed(either)
    assert (one.count, one.first_day.isoformat(), one.last_day.isoformat()) == (5, "2026-11-20", "2026-11-22")
    assert one.kinds == ((Kind("alert", "overspeed"), 4), (Kind("case", "urban_management"), 1))
    assert (one.hours[7], one.hours[8], sum(one.hours)) == (4, 1, 5)
    assert one.lat == pytest.approx(LAT + 24 * METRE, abs=1e-6)  # the mean of 0, 0, 0, 80 and 40 m
    assert one.radius_m == 60  # the farthest is 56 m off: to the next ten


def events_of(points: list[tuple[int, int]]) -> Events:
    """Events by metres east and north of the middle."""
    east, north = (np.array(axis, dtype=np.float64) for axis in zip(*points, strict=True))
    at_ms, one = np.arange(len(points), dtype=np.int64), np.ones(len(points), dtype=np.int64)
    scale = METRE / np.cos(np.radians(LAT))
    return Events(LON + east * scale, LAT + north * METRE, at_ms, one, one * 0, (Kind("alert", "x"),), None)


POINTS = st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), min_size=1, max_size=60)


@given(POINTS, st.integers(2, 6), st.randoms(use_true_random=False))
def test_clusters_are_the_same_in_any_order(points: list[tuple[int, int]], least: int, order: random.Random) -> None:
    """As sets of places; each holds enough, none shares an event, and no circle with enough is left over."""
    shuffled = points[:]
    order.shuffle(shuffled)
    found = []
    for some in (points, shuffled):
        events = events_of(some)
        members = list(clusters(events, np.ones(len(some), dtype=np.bool_), 100, least))
        found.append([sorted(some[index] for index in one) for one in members])
        taken = [int(index) for one in members for index in one]
        assert len(set(taken)) == len(taken)
        assert all(len(one) >= least for one in members)
        left = [index for index in range(len(some)) if index not in taken]
        for index in left:
            away = distance_m(events.lon[left], events.lat[left], events.lon[index], events.lat[index])
            assert (away <= 99.9).sum() < least
    assert found[0] == found[1]


def test_confirmed_it_is_a_spot_with_its_evidence_frozen(either: Town) -> None:
    either.alert("2026-11-20 07:10", count=6)
    made = say(either)
    spot = made.spot
    assert (made.created, spot.state, spot.code, spot.title) == (True, "confirmed", "SP-20261122-001", "某路口")
    assert (spot.data["found_on"], spot.data["confirmed_on"]) == ("2026-11-22", "2026-11-22")
    assert (spot.data["source"], spot.data["events"], spot.data["radius_m"]) == ("data", 6, 20)
    assert spot.data["evidence"] == (
        "2026-11-22 机器提议：近 30 天半径 20 米内 6 起（超速行驶 6）；"
        "首起 2026-11-20，末起 2026-11-20；最多在 7 时（6 起）。\n"
        "2026-11-22, proposed by the machine: 6 in 30 days within 20 m (Overspeed 6); "
        "first 2026-11-20, last 2026-11-20; most from 7:00 (6)."
    )
    assert proposed(either) == []
    again = say(either)
    assert (again.created, again.spot.id) == (False, spot.id)
    (change,) = either.context.registers.history(DESK, spot.id)
    assert (change.actor_name, change.reason) == ("值班长", "机器提议，确认 Proposed by the machine, confirmed")


def test_dismissed_it_is_quiet_for_90_days_unless_it_doubles(either: Town) -> None:
    either.alert("2026-11-20 07:10", count=6)
    with pytest.raises(InvalidError, match="reason"):
        say(either, verdict="dismiss", why=" ")
    spot = say(either, verdict="dismiss", why="施工围挡，已撤").spot
    assert (spot.state, spot.data["dismissed_why"]) == ("dismissed", "施工围挡，已撤")
    assert "confirmed_on" not in spot.data
    either.alert("2026-11-21 07:10", count=5)  # 11 of 12
    assert proposed(either) == []
    assert say(either).spot.id == spot.id
    either.alert("2026-11-21 08:10")
    (one,) = proposed(either)
    assert one.count == 12
    made = say(either)
    assert (made.created, made.spot.code) == (True, "SP-20261122-002")


def test_after_90_days_it_may_be_proposed_again(town: Town) -> None:
    town.alert("2026-11-20 07:10", count=6)
    say(town, verdict="dismiss", why="x")
    for days, expected in ((89, 0), (1, 1)):
        town.clock.advance(days * 86_400)
        if days == 89:
            town.alert("2027-02-15 07:10", count=6)
        assert len(proposed(town)) == expected


def test_at_most_fifty_are_shown_the_fullest(town: Town) -> None:
    for number in range(52):
        town.alert("2026-11-20 07:10", north_m=300 * number, count=5 + number)
    assert [one.count for one in proposed(town)] == [*range(56, 6, -1)]


def test_a_spot_dismissed_by_hand_keeps_its_place_quiet(town: Town) -> None:
    town.spot("no", state="dismissed", dismissed_on="2026-11-01", dismissed_why="x")
    town.alert("2026-11-20 07:10", count=60)
    assert proposed(town) == []


def test_where_nothing_is_proposed_nothing_is_made(town: Town) -> None:
    town.alert("2026-11-20 07:10", count=6)
    with pytest.raises(ConflictError) as refused:
        say(town, north_m=150)
    assert refused.value.code == "hazard_spots.gone"
    for who in (ANALYST, Principal("c", "c", "x", Role.CREW)):
        with pytest.raises(ForbiddenError):
            say(town, who)
    assert list(town.context.registers.every(DESK, "hazard_spot")) == []


def test_decided_by_many_at_once_it_is_one_spot(either: Town) -> None:
    for number in range(1, ROUNDS + 1):
        north_m = 1000 * number
        either.alert("2026-11-20 07:10", north_m=north_m, count=6)
        together = Barrier(6)

        def at_once(_: int, together: Barrier = together, north_m: float = north_m) -> Decided:
            together.wait()
            return say(either, north_m=north_m)

        with ThreadPoolExecutor(6) as pool:
            made = [*pool.map(at_once, range(6))]
        assert [one.created for one in made].count(True) == 1
        assert {one.spot.code for one in made} == {f"SP-20261122-{number:03d}"}
    assert len(either.context.registers.every(DESK, "hazard_spot")) == ROUNDS


def test_decided_by_many_at_different_places_each_has_its_spot(either: Town) -> None:
    for number in range(6):
        either.alert("2026-11-20 07:10", north_m=1000 * number, count=6)
    with ThreadPoolExecutor(6) as pool:
        made = [*pool.map(lambda number: say(either, north_m=1000 * number), range(6))]
    assert all(one.created for one in made)
    assert sorted(one.spot.code for one in made) == [f"SP-20261122-{number:03d}" for number in range(1, 7)]
