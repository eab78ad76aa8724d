"""The canteens: 10 classes and 62 items, 259 canteens, 129 renovations that add up, plans by term, figures."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import SYSTEM
from cityops.inspections import CHECKLIST_COLUMNS, DueFilter, ItemAnswer, NewInspection, read_checklist_file
from cityops.kit import SHANGHAI, ManualClock, to_ms
from cityops.places import City
from cityops.scenes import SceneContext, seed_city
from cityops.scenes.people import person
from cityops.store import Store

SCENE = installed_scenes()["school_canteens"]
CLASSES = (
    "供餐人数", "经营方式", "包保责任落实", "人员管理", "制度落实", "设施设备管理", "病媒生物防制", "食品加工过程管控",
    "大宗食材采购", "监管责任落实",
)  # fmt: skip
"""The ten classes as the newspaper names them (S2)."""


def rows(name: str) -> list[dict[str, str]]:
    with (SCENE.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[SceneContext]:
    """The seeded scene on Thursday 2026-11-19, 10:00: a school day."""
    folder = tmp_path_factory.mktemp("canteens")
    clock = ManualClock(datetime(2026, 11, 19, 10, 0, tzinfo=SHANGHAI))
    with Store.open(f"sqlite:///{folder}/c.db", clock=clock) as store:
        store.create_all()
        context = scene_context(store, clock, city, folder)
        seed_city(context)
        SCENE.demo(context)
        yield context


def test_ten_classes_and_62_items() -> None:
    items = read_checklist_file(SCENE.folder / "checklist.csv")
    assert tuple(dict.fromkeys(item["class"] for item in items)) == CLASSES
    assert list(Counter(item["class"] for item in items).values()) == [3, 4, 5, 8, 7, 10, 5, 9, 6, 5]
    assert len(items) == 62
    assert len({item["no"] for item in items}) == 62
    assert all(item[column.name] for item in items for column in CHECKLIST_COLUMNS)


def test_an_item_names_a_source_or_says_that_it_is_the_citys() -> None:
    known = (
        "食品安全法",
        "学校食品安全与营养健康管理规定",
        "企业落实食品安全主体责任监督管理规定",
        "食品经营许可和备案管理办法",
        "反食品浪费法",
        "GB 31654-2021",
        "GB 14934-2016",
        "本市清单",
    )
    for name in ("checklist.csv", "daily.csv", "look_back.csv"):
        for item in read_checklist_file(SCENE.folder / name):
            assert all(part.startswith(known) for part in item["basis"].split("；")), item


def test_the_renovation_adds_up() -> None:
    found = rows("demo/canteen_renovation.csv")
    totals = {
        name: sum(int(row[name]) for row in found)
        for name in ("rooms", "cold_units", "washers", "barriers", "cost_yuan")
    }
    assert totals == {"rooms": 53, "cold_units": 150, "washers": 198, "barriers": 716, "cost_yuan": 5_923_500}
    canteens = {row["code"] for row in rows("demo/canteen.csv")}
    assert len(canteens) == 259
    renovated = [row["canteen"] for row in found]
    assert (len(renovated), len(set(renovated)), set(renovated) <= canteens) == (129, 129, True)
    assert all("（合成）" in row["title"] for row in found)


def test_the_board_says_what_was_reported(town: SceneContext) -> None:
    board = {figure.spec.name: figure for figure in town.figures.board(person(town, "leader"), "school_canteens")}
    reported = {name: figure.reported.value for name, figure in board.items() if figure.reported is not None}
    assert reported == {
        "canteens": 259, "renovated": 129, "rooms": 53, "cold_units": 150, "washers": 198, "barriers": 716,
        "cost": 5_923_500,
    }  # fmt: skip
    assert {name: board[name].value for name in reported} == reported
    assert not any(figure.contradicts for figure in board.values())
    assert board["renovated"].reached
    assert board["cost_each"].value == pytest.approx(45_918.60, abs=0.005)  # 5,923,500 / 129


def test_a_demo_that_is_seeded_twice_is_the_same(town: SceneContext) -> None:
    before = town.registers.counts(SYSTEM)
    SCENE.demo(town)
    assert town.registers.counts(SYSTEM) == before
    assert sum(before["canteen"].values()) == 259


def due(town: SceneContext, username: str, plan: str, day: datetime) -> dict[str, int]:
    wanted = DueFilter(scene="school_canteens", plan=plan, mine=True, at_ms=to_ms(day))
    return town.inspections.due(person(town, username), wanted).counts


def test_who_checks_what_and_when(town: SceneContext) -> None:
    """A school checks itself on school days, market regulation its district's canteens every month of the term."""
    thursday, sunday = town.clock.now(), datetime(2026, 11, 15, 10, 0, tzinfo=SHANGHAI)
    here = Counter(row["state"] for row in rows("demo/canteen.csv") if row["supervisor"] == "MR-140105")
    assert sum(due(town, "school1", "canteen_self_check", thursday).values()) == 1
    monthly = due(town, "market_xd", "canteen_supervision", thursday)
    assert sum(monthly.values()) - monthly.get("idle", 0) == here["active"]
    assert due(town, "school1", "canteen_self_check", sunday).get("pending", 0) == 0


def test_a_failed_item_becomes_a_hazard_of_the_school(town: SceneContext) -> None:
    inspector, school = person(town, "market_xd_h1"), person(town, "school1")
    canteen = town.registers.find(SYSTEM, "canteen", "SC-0001")
    assert canteen is not None
    checklist = town.inspections.checklists.in_force("canteen_62")
    answers = [
        ItemAnswer(item.no, "failed", "未任命专职管理人员")
        if item.no == "4.3"
        else ItemAnswer(item.no, "left_out", "当日未查")
        for item in checklist.items
    ]
    now_ms = town.clock.now_ms()
    made = town.inspections.record(
        inspector,
        NewInspection(
            "canteen-0001", "school_canteens", "canteen_supervision", canteen.id, now_ms, now_ms, tuple(answers),
            checklist_version=checklist.version,
        ),
    )  # fmt: skip
    assert (made.asked, made.failed, made.left_out) == (62, 1, 61)
    (hazard,) = town.inspections.get(school, made.id).hazards
    assert (hazard.grade, hazard.item_no, hazard.number[:3]) == ("serious", "4.3", "SCR")
    assert hazard.due_ms is not None
