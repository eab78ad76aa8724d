"""The way of a spot and of a measure: dates with their steps, in order, and back; the demo in every state."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scenes.hazard_spots.town import DESK, LAT, LON, Town
from tests.scenes.rooms import installed_scenes

from cityops.access import SYSTEM, Principal, Role
from cityops.kit import ForbiddenError, InvalidError
from cityops.registers import ObjectFaultsError, RegisterObject
from cityops.scenes import seed_city
from cityops.scenes.hazard_spots.demo import MEASURES, SPOTS
from cityops.scenes.hazard_spots.ledger import is_overdue
from cityops.scenes.people import person

FIRST = {"category": "congestion", "road": "某路", "source": "grid", "found_on": "2026-11-01"}


def go(town: Town, spot: RegisterObject, state: str, **data: Any) -> RegisterObject:
    """A step: the state, and dates set or (None) taken away; ``who`` takes it."""
    who = data.pop("who", DESK)
    changed = {name: value for name, value in {**spot.data, **data}.items() if value is not None}
    return town.context.registers.update(who, spot.id, spot.version, {"state": state, "data": changed})


def test_the_whole_way_and_back(either: Town) -> None:
    spot = either.spot("A", **FIRST)
    spot = go(either, spot, "confirmed", confirmed_on="2026-11-02")
    spot = go(either, spot, "treated", treated_on="2026-11-02")
    spot = go(either, spot, "reviewed", reviewed_on="2026-11-10")
    back = {"treated_on": None, "reviewed_on": None}
    spot = go(either, spot, "confirmed", confirmed_on="2026-11-11", **back)
    spot = go(either, spot, "treated", treated_on="2026-11-12")
    spot = go(either, spot, "reviewed", reviewed_on="2026-11-20")
    spot = go(either, spot, "removed", removed_on="2026-11-21")
    spot = go(either, spot, "confirmed", confirmed_on="2026-11-22", removed_on=None, **back)
    assert (spot.state, spot.version) == ("confirmed", 9)
    assert spot.data == {**FIRST, "confirmed_on": "2026-11-22"}
    assert len(either.context.registers.history(DESK, spot.id)) == 9
    assert go(either, spot, "archived").state == "archived"


STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("found", "treated", {"confirmed_on": "2026-11-02", "treated_on": "2026-11-03"}),
    ("found", "removed", {"removed_on": "2026-11-03"}),
    ("found", "confirmed", {}),
    ("found", "confirmed", {"confirmed_on": "2026-10-31"}),
    ("found", "confirmed", {"confirmed_on": "2026-11-02", "treated_on": "2026-11-03"}),
    ("found", "dismissed", {"dismissed_on": "2026-11-02"}),
    ("found", "dismissed", {"dismissed_on": "2026-11-02", "dismissed_why": "x", "confirmed_on": "2026-11-02"}),
    ("confirmed", "found", {"confirmed_on": None}),
    ("confirmed", "dismissed", {"confirmed_on": None, "dismissed_on": "2026-11-02", "dismissed_why": "x"}),
    ("confirmed", "treated", {"treated_on": "2026-11-01"}),
    ("confirmed", "confirmed", {"confirmed_on": None}),
    ("confirmed", "confirmed", {"dismissed_why": "x"}),
]


def test_out_of_order_is_refused_and_nothing_changes(town: Town) -> None:
    for number, (begin, state, data) in enumerate(STEPS):
        first = {**FIRST, "confirmed_on": "2026-11-02"} if begin == "confirmed" else FIRST
        spot = town.spot(f"A{number}", state=begin, **first)
        with pytest.raises(InvalidError):
            go(town, spot, state, **data)
        assert town.context.registers.get(DESK, spot.id) == spot


def test_a_spot_needs_its_place_and_a_radius_that_is_one(town: Town) -> None:
    with pytest.raises(ObjectFaultsError) as refused:
        town.context.registers.create(SYSTEM, register="hazard_spot", code="A", title="A", data=FIRST)
    assert [fault.field for fault in refused.value.faults] == ["lon"]
    assert "经度：点位要在地图上标出位置" in refused.value.text.zh
    for radius_m in (19, 501):
        with pytest.raises(InvalidError, match="20"):
            town.spot("A", radius_m=radius_m)
    assert town.spot("A", radius_m=20).data["radius_m"] == 20


def test_measures_are_due_and_overdue(town: Town) -> None:
    """Due on the 21st it is overdue on the 22nd, due today it is not; done or dropped it never is."""
    town.spot("A")
    first = {"spot": "A", "what": "lighting", "words": "加灯", "planned_on": "2026-11-01"}

    def measure(code: str, state: str, due_on: str, **more: str) -> RegisterObject:
        data = {**first, "due_on": due_on, **more}
        return town.context.registers.create(
            SYSTEM, register="spot_measure", code=code, title=code, state=state, data=data
        )

    today = town.context.clock.now().date()
    overdue = [
        is_overdue(measure("1", "planned", "2026-11-21"), today),
        is_overdue(measure("2", "doing", "2026-11-22"), today),
        is_overdue(measure("3", "done", "2026-11-02", done_on="2026-11-20"), today),
        is_overdue(measure("4", "dropped", "2026-11-02"), today),
    ]
    assert overdue == [True, False, False, False]
    for state, data in (("done", {}), ("done", {"done_on": "2026-10-31"}), ("planned", {"due_on": "2026-10-31"})):
        with pytest.raises(InvalidError):
            measure("5", state, **{"due_on": "2026-11-30", **data})
    with pytest.raises(InvalidError, match="followed by"):
        go(town, measure("6", "dropped", "2026-11-30"), "done", done_on="2026-11-21")


def test_a_unit_writes_its_own_spots_only(town: Town) -> None:
    create = town.context.units.create
    own, other = (create(SYSTEM, code=code, name=code, kind="department") for code in ("U1", "U2"))
    officer = Principal("u", "u", "x", Role.UNIT, own.id)
    spot = town.spot("A", unit_id=own.id, **FIRST)
    assert go(town, spot, "confirmed", who=officer, confirmed_on="2026-11-02").state == "confirmed"
    values: dict[str, Any] = {"register": "hazard_spot", "title": "B", "lon": LON, "lat": LAT, "data": FIRST}
    assert town.context.registers.create(officer, code="B", unit_id=own.id, **values).state == "found"
    with pytest.raises(ForbiddenError):
        town.context.registers.create(officer, code="C", unit_id=other.id, **values)
    with pytest.raises(ForbiddenError):
        town.context.registers.create(Principal("a", "a", "x", Role.ANALYST), code="C", **values)


def test_the_demo_shows_every_state(either: Town) -> None:
    seed_city(either.context)
    scene = installed_scenes()["hazard_spots"]
    for _ in range(2):  # the second time changes nothing
        scene.demo(either.context)
    registers = either.context.registers
    spots = registers.every(SYSTEM, "hazard_spot")
    assert len(spots) == len(SPOTS) == 12
    assert {one.state for one in spots} == set(registers.spec("hazard_spot").states)
    assert {one.state for one in registers.every(SYSTEM, "spot_measure")} == {"planned", "doing", "done", "dropped"}
    assert len(registers.every(SYSTEM, "spot_measure")) == len(MEASURES)
    assert all("演示" in one.title for one in spots)
    assert len(registers.every(person(either.context, "spots1"), "hazard_spot")) == 12, "it supervises all"
    roads = registers.every(person(either.context, "spots_roads"), "hazard_spot")
    assert {one.unit_id for one in roads} == {person(either.context, "spots_roads").unit_id}
