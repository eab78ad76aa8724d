"""The lamps of the Jinci underpass: planned, agreed with the traffic police, done by night, accepted; roads follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from tests.scenes.rooms import scene_context

from cityops.access import SYSTEM, Principal
from cityops.kit import SHANGHAI, ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError, to_ms
from cityops.places import City, RoadClass
from cityops.scenes import SceneContext, load_scenes, seed_city
from cityops.scenes.people import person, take
from cityops.scenes.urban_management.plan import Item, Plan, PlannedWork
from cityops.scenes.urban_management.works import PlannedWorks
from cityops.store import Deliveries, Store

LAMPS, CABLE = "LED 灯具", "照明供电线缆"


class Town:
    """The demo's people around one planned work."""

    def __init__(self, context: SceneContext, clock: ManualClock) -> None:
        self.context, self.clock = context, clock
        self.works = PlannedWorks(context)
        self.lamps, self.traffic, self.water = (person(context, name) for name in ("lamps", "traffic", "water"))
        self.dispatcher = person(context, "dispatcher")
        network = context.city.network
        edge = int((network.edge_class == RoadClass.PRIMARY).nonzero()[0][0])
        start, end = int(network.edge_from[edge]), int(network.edge_to[edge])
        self.plan = Plan(
            (float(network.node_lon[start]), float(network.node_lat[start])),
            (float(network.node_lon[end]), float(network.node_lat[end])),
            date(2026, 11, 23),
            date(2026, 11, 26),
            "22:00",
            "05:00",
            True,
            (Item(LAMPS, "套", 1126), Item(CABLE, "米", 8500)),
        )

    def step(self, who: Principal, work: PlannedWork, action: str, comment: str | None = None, **form: object) -> None:
        take(self.context, who, work.case.case_id, action, comment, **form)
        self.deliver()

    def deliver(self) -> None:
        (subscriber,) = load_scenes()["urban_management"].subscribers(self.context)
        while Deliveries(self.context.store, [subscriber]).round():
            pass
        assert self.context.store.dead_letters(limit=10)[1] == 0

    def closed_now(self) -> int:
        return len(self.context.dispatch.closures.edges_in_force(self.clock.now_ms()))

    def shown(self) -> list[tuple[bool, bool]]:
        return [
            (one.half, one.in_force)
            for one in self.context.dispatch.closures.list(SYSTEM)
            if one.case_id == self.case_id
        ]

    def until(self, day: int, hour: int) -> None:
        at_ms = to_ms(datetime(2026, 11, day, hour, 30, tzinfo=SHANGHAI))
        self.clock.advance((at_ms - self.clock.now_ms()) / 1000)

    def drafted(self) -> PlannedWork:
        work = self.works.draft(self.lamps, "晋阳大道晋祠下穿通道照明灯具更换", self.plan)
        self.case_id = work.case.case_id  # the demo has a work of its own
        return work

    def agreed(self, work: PlannedWork) -> None:
        self.step(self.lamps, work, "ask")
        self.step(self.traffic, work, "agree", conditions="保留一个方向通行")


def town_of(store: Store, clock: ManualClock, city: City, folder: Path) -> Town:
    context = scene_context(store, clock, city, folder)
    seed_city(context)
    load_scenes()["urban_management"].demo(context)
    return Town(context, clock)


@pytest.fixture
def town(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Town:
    return town_of(sqlite_store, clock, city, tmp_path)


def test_1126_lamps_in_four_nights_with_half_of_the_road_closed(
    store: Store, clock: ManualClock, city: City, tmp_path: Path
) -> None:
    town = town_of(store, clock, city, tmp_path)
    work = town.drafted()
    town.step(town.lamps, work, "ask")
    assert town.shown() == []  # nothing is closed before the police agree
    town.step(town.traffic, work, "agree", conditions="保留一个方向通行")
    assert town.shown() == [(True, False)]  # planned, visible on the map
    town.step(town.lamps, work, "begin")
    for night, lamps in zip(range(23, 27), (300, 300, 300, 226), strict=True):
        town.until(night, 23)
        assert town.shown() == [(True, True)]
        assert town.closed_now() == 0  # traffic passes on the other half
        done = {LAMPS: lamps, CABLE: 2125}
        work = town.works.record_night(town.lamps, work.case.case_id, date(2026, 11, night), done, "")
    assert [(item.done, item.total) for item in work.items] == [(1126, 1126), (8500, 8500)]
    town.step(town.lamps, work, "finish", result="灯具更换、线缆检修完成")
    assert town.shown() == []
    town.step(town.dispatcher, work, "accept_work")
    assert town.works.get(town.dispatcher, work.case.case_id).case.state == "closed"


def test_a_night_is_corrected_and_never_more_than_planned(town: Town) -> None:
    work = town.drafted()
    case_id = work.case.case_id
    town.agreed(work)
    with pytest.raises(ConflictError):  # not begun
        town.works.record_night(town.lamps, case_id, date(2026, 11, 23), {LAMPS: 1}, "")
    town.step(town.lamps, work, "begin")
    with pytest.raises(InvalidError, match="not begun yet"):
        town.works.record_night(town.lamps, case_id, date(2026, 11, 23), {LAMPS: 1}, "")
    town.until(24, 23)
    town.works.record_night(town.lamps, case_id, date(2026, 11, 23), {LAMPS: 1000}, "")
    with pytest.raises(InvalidError, match="1127, more than the planned 1126"):
        town.works.record_night(town.lamps, case_id, date(2026, 11, 24), {LAMPS: 127}, "")
    work = town.works.record_night(town.lamps, case_id, date(2026, 11, 23), {LAMPS: 999}, "少一套")
    work = town.works.record_night(town.lamps, case_id, date(2026, 11, 24), {LAMPS: 127}, "")
    assert [(one.done[LAMPS], one.corrected) for one in work.nights] == [(999, 1), (127, 0)]
    for night, done in ((22, {LAMPS: 1}), (24, {"灯笼": 1}), (24, {LAMPS: -1}), (24, {})):
        with pytest.raises(InvalidError):
            town.works.record_night(town.lamps, case_id, date(2026, 11, night), done, "")


def test_roads_open_when_a_work_is_suspended_cancelled_or_sent_back(town: Town) -> None:
    work = town.drafted()
    town.step(town.lamps, work, "ask")
    town.step(town.lamps, work, "withdraw", "日期有误")
    town.step(town.lamps, work, "ask")
    town.step(town.traffic, work, "send_back", "早高峰前须撤场")
    later = replace(town.plan, night_ends="04:30")
    assert town.works.revise(town.lamps, work.case.case_id, later).plan.night_ends == "04:30"
    town.agreed(work)
    with pytest.raises(ConflictError):
        town.works.revise(town.lamps, work.case.case_id, town.plan)
    town.step(town.dispatcher, work, "cancel_agreement", "重大活动保障")
    assert town.shown() == []
    town.agreed(work)
    town.step(town.lamps, work, "begin")
    town.step(town.dispatcher, work, "suspend", "大雪")
    assert town.shown() == []
    town.step(town.dispatcher, work, "resume")
    assert town.shown() == [(True, False)]
    town.step(town.lamps, work, "finish", result="完成")
    town.step(town.dispatcher, work, "not_accepted", "两套不亮")
    town.step(town.dispatcher, work, "suspend", "停工整改")
    town.step(town.dispatcher, work, "void", "另行招标")
    assert town.shown() == []


def test_only_the_unit_itself_writes(town: Town) -> None:
    work = town.drafted()
    with pytest.raises(NotFoundError):
        town.works.get(town.water, work.case.case_id)
    assert town.works.list(town.water) == []
    town.step(town.lamps, work, "ask")
    assert work.case.number in {one.case.number for one in town.works.list(town.traffic)}
    with pytest.raises(ForbiddenError):
        town.works.revise(town.traffic, work.case.case_id, town.plan)
    with pytest.raises(ForbiddenError):
        town.works.draft(town.dispatcher, "x", town.plan)


def test_plans_that_are_not_sound(town: Town) -> None:
    for wrong in (
        {"first_night": date(2026, 11, 27)},
        {"first_night": date(2026, 11, 1), "last_night": date(2026, 11, 2)},
        {"night_begins": "25:00"},
        {"items": ()},
        {"items": (Item(LAMPS, "套", 1), Item(LAMPS, "套", 2))},
        {"items": (Item(LAMPS, "套", 0),)},
        {"end": (0.0, 0.0)},
    ):
        with pytest.raises(InvalidError):
            town.works.draft(town.lamps, "照明", replace(town.plan, **wrong))
