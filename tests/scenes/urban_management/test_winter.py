"""Winter patrol: rounds over midnight, what is found becomes a case once, what was not looked at is visible."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from tests.scenes.rooms import scene_context
from tests.together import at_once

from cityops.access import Principal
from cityops.kit import SHANGHAI, ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError, to_ms
from cityops.places import City
from cityops.scenes import SceneContext, load_scenes, seed_city
from cityops.scenes.people import person, take
from cityops.scenes.urban_management.winter import Result, SpotKind, WinterPatrol, round_day
from cityops.store import Store

ON = (date(2026, 11, 20), date(2027, 3, 15))


class Night:
    """The demo's people and places in the night of 2026-11-22."""

    def __init__(self, context: SceneContext, clock: ManualClock) -> None:
        self.context, self.clock, self.patrol = context, clock, WinterPatrol(context)
        self.leader, self.dispatcher = person(context, "leader"), person(context, "dispatcher")
        self.collector, self.other = person(context, "collector1"), person(context, "collector2")
        self.spots = {one.title: one.spot_id for one in self.patrol.round(self.leader).spots}

    def until(self, day: int, hour: int, minute: int = 0) -> None:
        at_ms = to_ms(datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI))
        self.clock.advance((at_ms - self.clock.now_ms()) / 1000)

    def look(self, title: str, result: Result, client_id: str, who: Principal | None = None) -> None:
        self.patrol.visit(who or self.collector, self.spots[title], client_id, result)

    def cases(self) -> list[str]:
        return [case.title.zh for case in self.context.cases.list(self.dispatcher).items if "PW" not in case.number]


@pytest.fixture
def night(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Night:
    return opened(sqlite_store, clock, city, tmp_path)


def opened(store: Store, clock: ManualClock, city: City, folder: Path) -> Night:
    context = scene_context(store, clock, city, folder)
    seed_city(context)
    load_scenes()["urban_management"].demo(context)
    return Night(context, clock)


@pytest.mark.parametrize(
    ("hour", "day"), [(19, date(2026, 11, 22)), (20, date(2026, 11, 23)), (23, date(2026, 11, 23))]
)
def test_a_round_is_named_by_the_day_it_ends(hour: int, day: date) -> None:
    assert round_day(datetime(2026, 11, 22, hour, 30, tzinfo=SHANGHAI)) == day


def test_icicles_found_at_dawn_are_one_case_and_the_unvisited_are_seen(night: Night) -> None:
    night.patrol.switch_on(night.leader, *ON, "寒潮蓝色预警")
    night.until(22, 22)
    night.look("晋祠坡道", Result.CLEAR, "phone1-01")
    night.until(23, 5, 40)
    for _ in range(2):  # the phone sends it twice
        night.look("南内环西立交桥", Result.ICICLES, "phone1-02")
    found = night.patrol.round(night.dispatcher)
    assert (found.day, len(found.spots), found.looked_at, found.with_ice) == (date(2026, 11, 23), 8, 2, 1)
    assert [bool(one.visits) for one in found.spots] == [False] * 6 + [True] * 2
    assert night.cases() == ["南内环西立交桥：桥下、护栏或伸缩缝有冰溜子"]
    night.until(23, 20)  # the next round begins with nobody having looked
    assert night.patrol.round(night.dispatcher).looked_at == 0
    assert night.patrol.round(night.dispatcher, date(2026, 11, 23)).looked_at == 2


def test_find_one_handle_one_is_counted_from_the_cases(night: Night) -> None:
    night.patrol.switch_on(night.leader, *ON, "")
    night.look("晋祠坡道", Result.ICE, "phone1-01")
    night.look("太原北站背阴路段", Result.ICE, "phone1-02")
    seen = night.patrol.round(night.dispatcher).spots
    handled = next(one.visits[0].case_id for one in seen if one.title == "晋祠坡道")
    assert handled is not None
    take(night.context, person(night.context, "acceptor"), handled, "reject", "误报", answer="已融化")
    season = night.patrol.season(night.dispatcher, ON[0])
    assert (season.found, season.handled) == (2, 1)


def test_off_is_off(night: Night) -> None:
    with pytest.raises(ConflictError):
        night.look("晋祠坡道", Result.CLEAR, "phone1-01")
    with pytest.raises(ConflictError):
        night.patrol.switch_off(night.leader, "")
    with pytest.raises(ForbiddenError):
        night.patrol.switch_on(night.dispatcher, *ON, "")
    for period in ((ON[1], ON[0]), (date(2025, 1, 1), date(2025, 2, 1)), (ON[0], date(2028, 1, 1))):
        with pytest.raises(InvalidError):
            night.patrol.switch_on(night.leader, *period, "")
    night.patrol.switch_on(night.leader, *ON, "")
    night.look("晋祠坡道", Result.CLEAR, "phone1-01")
    with pytest.raises(ForbiddenError):
        night.look("晋祠坡道", Result.CLEAR, "phone1-03", night.dispatcher)
    with pytest.raises(ConflictError):  # another person's number
        night.look("晋祠坡道", Result.CLEAR, "phone1-01", night.other)
    with pytest.raises(NotFoundError):
        night.patrol.visit(night.collector, "nowhere", "phone1-04", Result.CLEAR)
    night.patrol.switch_off(night.leader, "回暖")
    assert night.patrol.mode(night.dispatcher) is None
    with pytest.raises(ConflictError):
        night.look("晋祠坡道", Result.CLEAR, "phone1-05")


def test_the_leader_adds_a_place_and_a_former_one_stays_in_the_rounds_where_it_was_seen(night: Night) -> None:
    night.patrol.switch_on(night.leader, *ON, "")
    night.look("晋祠坡道", Result.CLEAR, "phone1-01")
    made = night.patrol.add_spot(night.leader, " 长风桥 ", SpotKind.BRIDGE, 112.553, 37.834)
    assert [(one.title, one.kind) for one in night.patrol.round(night.leader).spots if one.spot_id == made] == [
        ("长风桥", SpotKind.BRIDGE)
    ]
    night.patrol.remove_spot(night.leader, night.spots["晋祠坡道"])
    night.patrol.remove_spot(night.leader, night.spots["太原北站背阴路段"])
    tonight = night.patrol.round(night.leader)
    assert (len(tonight.spots), tonight.looked_at) == (8, 1)  # 8 + 1 new - 1 that nobody had looked at
    night.until(23, 20)
    assert len(night.patrol.round(night.leader).spots) == 7
    with pytest.raises(NotFoundError):
        night.look("晋祠坡道", Result.CLEAR, "phone1-02")
    with pytest.raises(NotFoundError):
        night.patrol.remove_spot(night.leader, night.spots["晋祠坡道"])
    with pytest.raises(ForbiddenError):
        night.patrol.add_spot(night.dispatcher, "长风桥", SpotKind.BRIDGE, 112.553, 37.834)
    for title, lon in ((" ", 112.553), ("海上", 118.0)):
        with pytest.raises(InvalidError):
            night.patrol.add_spot(night.leader, title, SpotKind.BRIDGE, lon, 37.834)


def test_a_look_that_comes_twice_at_once_is_one(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> None:
    night = opened(store, clock, city, tmp_path)
    night.patrol.switch_on(night.leader, *ON, "寒潮蓝色预警")
    night.until(22, 22)
    assert at_once(store, *[lambda: night.look("晋祠坡道", Result.ICE, "phone1-01")] * 3) == [None] * 3
    assert night.cases() == ["晋祠坡道：路面结冰"]
    assert night.patrol.round(night.leader).looked_at == 1
