"""An inspection is recorded once and whole, with the cases of its hazards; who may, and what it must say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.inspections.conftest import SCENE, Room, at
from tests.together import at_once

from cityops.access import verify_audit
from cityops.cases import case_table
from cityops.cases.evidence import EvidenceBook, EvidenceLimits, Rendition, evidence_table
from cityops.inspections import (
    FoundHazard,
    Hazard,
    HazardFilter,
    InspectionFilter,
    ItemAnswer,
    attachment_table,
    hazard_table,
    inspection_table,
)
from cityops.kit import BusyError, CityOpsError, ConflictError, ForbiddenError, InvalidError, NotFoundError


def rows(room: Room, table: Any) -> int:
    with room.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def hazards(room: Room, who: str = "dispatcher", **wanted: Any) -> list[Hazard]:
    return room.inspections.hazards(room.people[who], HazardFilter(**wanted)).items


def failing(room: Room, who: str = "inspector", code: str = "A", **changes: Any) -> Any:
    answer = ItemAnswer("1.2", "failed", "右侧有缺口", evidence_ids=(room.photo(who, "blue"),))
    return room.monthly(who, code, items=room.answers(who, i12=answer), **changes)


def test_a_failed_item_opens_a_case_for_the_unit_that_answers(room: Room) -> None:
    made = room.record("inspector", failing(room))
    assert (made.result, made.asked, made.failed, made.left_out) == ("failed", 3, 1, 0)
    assert made.score == 25.0  # one of four by weight
    [hazard] = hazards(room)
    assert (hazard.title.zh, hazard.grade, hazard.state, hazard.item_no) == (
        "A食堂：防鼠板完好",
        "serious",
        "issued",
        "1.2",
    )
    assert hazard.due_ms == at("2026-11-24 00:00")  # the end of the fifth calendar day for a serious hazard
    case = room.cases.get(room.people["school1"], hazard.case_id)
    assert (case.unit_name, case.severity, case.number[:2]) == ("school1单位", "serious", "SC")
    assert case.place is not None
    assert case.place.district_code == "140105"
    assert case.description == "右侧有缺口\n检查项目 1.2：防鼠板完好"
    assert [task.kind for task in case.tasks] == ["rectify"]
    overseer = room.cases.get(room.people["market"], hazard.case_id)
    assert [task.kind for task in overseer.tasks] == ["oversee"]
    photos = room.evidence.of_case(room.people["school1"], hazard.case_id)
    assert len(photos) == 1
    with room.store.read() as conn:
        assert verify_audit(conn).ok


def test_the_same_inspection_sent_again_is_the_same(room: Room) -> None:
    new = failing(room)
    first = room.record("inspector", new)
    room.clock.advance(3600)
    assert room.record("inspector", new) == first
    assert (rows(room, inspection_table), rows(room, hazard_table), rows(room, case_table)) == (1, 1, 1)
    with pytest.raises(InvalidError, match="another inspection"):
        room.record("inspector", replace(new, object_id=room.objects["B"].id))
    room.record("market", replace(failing(room, "market"), client_id=new.client_id))  # another person's own number
    assert rows(room, inspection_table) == 2


def test_the_same_inspection_sent_twice_at_once_is_one(room: Room) -> None:
    new = failing(room)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: room.record("inspector", new), range(4)))
    assert len({one.id for one in made}) == 1
    assert (rows(room, inspection_table), rows(room, hazard_table), rows(room, case_table)) == (1, 1, 1)


def test_the_same_item_found_by_two_inspections_at_once_is_one_case(room: Room) -> None:
    first, second = failing(room), failing(room)
    at_once(room.store, lambda: room.record("inspector", first), lambda: room.record("inspector", second))
    assert (rows(room, inspection_table), rows(room, hazard_table), rows(room, case_table)) == (2, 1, 1)
    [hazard] = hazards(room)
    timeline = room.cases.get(room.people["dispatcher"], hazard.case_id).timeline
    assert [step.action for step in timeline] == ["open", "found_again"]


def test_a_photo_shows_one_thing(room: Room) -> None:
    answer = ItemAnswer("1.2", "failed", "缺口", evidence_ids=(room.photo("inspector", "blue"),))
    first, second = (room.monthly("inspector", "A", items=room.answers("inspector", i12=answer)) for _ in range(2))
    room.record("inspector", first)
    with pytest.raises(InvalidError, match="inspection's or object's already"):
        room.record("inspector", second)
    assert rows(room, inspection_table) == 1
    market, object_id, own = room.people["market"], room.objects["A"].id, room.photo("market")
    room.inspections.attach(market, object_id, [own])
    with pytest.raises(InvalidError, match="inspection's or object's already"):
        room.inspections.attach(market, object_id, [own])


def test_nothing_is_kept_of_an_inspection_that_fails_half_way(room: Room) -> None:
    good, foreign = room.photo("inspector"), room.photo("school1")
    wrong = (ItemAnswer("2.1", "failed", "无留样", evidence_ids=(foreign,)), ItemAnswer("1.1", "passed"))
    items = (ItemAnswer("1.2", "failed", "缺口", evidence_ids=(good,)), *wrong)
    with pytest.raises(NotFoundError):
        room.record("inspector", room.monthly("inspector", "A", items=items))
    counts = [rows(room, table) for table in (inspection_table, hazard_table, case_table, attachment_table)]
    assert counts == [0, 0, 0, 0]
    with room.store.read() as conn:
        assert conn.execute(select(evidence_table.c.report_id).where(evidence_table.c.id == good)).scalar() is None


def test_an_item_that_fails_again_while_it_is_rectified_opens_no_second_case(sqlite_room: Room) -> None:
    room = sqlite_room
    room.record("inspector", failing(room))
    room.clock.advance(86_400)
    room.record("market", failing(room, "market"))
    [hazard] = hazards(room)
    case = room.cases.get(room.people["market"], hazard.case_id)
    assert case.timeline[-1].action == "found_again"
    assert len(room.evidence.of_case(room.people["market"], hazard.case_id)) == 2
    room.record("inspector", failing(room, code="B"))
    assert len(hazards(room)) == 2  # another canteen's is another hazard


def test_what_was_left_out_is_shown_with_its_reason(sqlite_room: Room) -> None:
    room = sqlite_room
    items = room.answers(
        "inspector", i11=ItemAnswer("1.1", "left_out", "冷库上锁"), i12=ItemAnswer("1.2", "not_applicable")
    )
    made = room.record("inspector", room.monthly("inspector", "A", items=items))
    assert (made.result, made.left_out, made.score) == ("passed", 1, None)  # what was inspected has no weight
    detail = room.inspections.get(room.people["school1"], made.id)
    shown = [(one.no, one.group.zh, one.item.zh, one.result, one.words) for one in detail.items]
    assert shown == [
        ("1.1", "环境", "地面清洁", "left_out", "冷库上锁"),
        ("1.2", "环境", "防鼠板完好", "not_applicable", ""),
        ("2.1", "留样", "留样满 48 小时", "passed", ""),
    ]
    assert [(one.item_no, one.kind) for one in detail.attachments] == [("2.1", "photo")]
    with pytest.raises(NotFoundError):
        room.inspections.get(room.people["school2"], made.id)


@pytest.mark.parametrize(
    ("items", "what"),
    [
        ({"i11": None}, "not answered: 1.1"),
        ({"i11": ItemAnswer("9.9", "passed")}, "not in the checklist"),
        ({"i11": ItemAnswer("1.2", "passed")}, "twice: 1.2"),
        ({"i11": ItemAnswer("1.1", "left_out", " ")}, "say why it was left out"),
        ({"i12": ItemAnswer("1.2", "failed", "缺口")}, "item 1.2: needs a photo"),
        ({"i21": ItemAnswer("2.1", "passed")}, "item 2.1: needs a photo"),
        ({"i11": ItemAnswer("1.1", "passed", grade="major")}, "only a failed item has a grade"),
        ({"i11": ItemAnswer("1.1", "passed", "字" * 1001)}, "more than 1000"),
    ],
)
def test_an_answer_that_is_not_one_is_refused_with_what_is_wrong(
    sqlite_room: Room, items: dict[str, ItemAnswer], what: str
) -> None:
    room = sqlite_room
    with pytest.raises(InvalidError, match=what) as refused:
        room.record("inspector", room.monthly("inspector", "A", items=room.answers("inspector", **items)))
    assert refused.value.code == "inspection.invalid"
    assert refused.value.kept is not None
    assert "手机" in refused.value.kept.zh
    assert rows(room, inspection_table) == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "short"}, InvalidError),
        ({"started_ms": at("2027-01-01")}, InvalidError),
        ({"lon": 112.5}, InvalidError),
        ({"figures": {"Tonnes": 1.0}}, InvalidError),
        ({"figures": {"tonnes": float("nan")}}, InvalidError),
        ({"checklist_version": None}, InvalidError),
        ({"checklist_version": 7}, NotFoundError),
        ({"comment": "字" * 2001}, InvalidError),
        ({"hazards": [FoundHazard(" ", "major")]}, InvalidError),
        ({"plan": "weekly"}, NotFoundError),
        ({"object_id": "01A"}, NotFoundError),
    ],
)
def test_wrong_fields_are_refused(sqlite_room: Room, changes: dict[str, Any], error: type[CityOpsError]) -> None:
    room = sqlite_room
    with pytest.raises(error):
        room.record("inspector", room.monthly("inspector", "A", **changes))
    assert rows(room, inspection_table) == 0


def test_each_inspects_what_is_theirs(sqlite_room: Room) -> None:
    room = sqlite_room
    room.record("school1", room.daily("school1", "A"))
    room.record("west", room.monthly("west", "A"))  # a district supervises what lies in it
    for who, new, error in (
        ("school1", room.monthly("school1", "A"), ForbiddenError),  # the school does not supervise itself
        ("inspector", room.daily("inspector", "A"), ForbiddenError),  # nor does the supervisor check for it
        ("school2", room.daily("school2", "A"), NotFoundError),
        ("east", room.monthly("east", "A"), NotFoundError),
        ("dispatcher", room.monthly("dispatcher", "A"), ForbiddenError),
    ):
        with pytest.raises(error):
            room.record(who, new)


def test_a_plan_without_a_checklist_asks_what_was_done_and_takes_hazards(sqlite_room: Room) -> None:
    room = sqlite_room
    with pytest.raises(InvalidError, match="say what was done"):
        room.record("school1", room.daily("school1", "A", comment=" "))
    made = room.record("school1", room.daily("school1", "A", hazards=[FoundHazard("燃气软管老化", "major")]))
    assert (made.result, made.score, made.failed) == ("failed", None, 1)
    [hazard] = hazards(room)
    assert (hazard.title.zh, hazard.due_ms) == ("A食堂：燃气软管老化", at("2026-11-20 00:00"))
    room.record("school1", room.daily("school1", "A", hazards=[FoundHazard("燃气软管老化", "major")]))
    assert len(hazards(room)) == 2  # beside the list nobody can tell that it is the same: a person merges


def test_an_inspection_sent_late_counts_when_it_was_made(sqlite_room: Room) -> None:
    room = sqlite_room
    made = room.record(
        "inspector",
        room.monthly("inspector", "A", started_ms=at("2026-11-03 10:00"), finished_ms=at("2026-11-03 11:00")),
    )
    assert (made.finished_ms, made.received_ms) == (at("2026-11-03 11:00"), at("2026-11-18 09:00"))
    ahead = room.monthly("inspector", "B", finished_ms=at("2026-12-24"))  # a phone whose clock is wrong
    assert room.record("inspector", ahead).finished_ms == at("2026-11-18 09:00")


def test_figures_counted_on_the_way_are_kept(sqlite_room: Room) -> None:
    room = sqlite_room
    made = room.record("inspector", room.monthly("inspector", "A", figures={"tonnes": 12.5}))
    assert made.figures == {"tonnes": 12.5}


def test_the_version_of_the_checklist_is_the_one_the_phone_had(sqlite_room: Room) -> None:
    room = sqlite_room
    admin = replace(room.people["keeper"], role=type(room.people["keeper"].role).ADMINISTRATOR)
    newer = [{"no": "1.1", "class": "环境", "item": "地面清洁无积水"}]
    old = room.monthly("inspector", "A")
    room.rules.publish(admin, "checklist:items", newer, expected_version=0, note="精简")
    assert room.inspections.checklists.in_force("items").version == 1
    made = room.record("inspector", old)
    assert made.checklist_version == 0
    now = room.record(
        "inspector", room.monthly("inspector", "B", items=(ItemAnswer("1.1", "passed"),), checklist_version=1)
    )
    assert [one.item.zh for one in room.inspections.get(room.people["market"], now.id).items] == ["地面清洁无积水"]
    assert len(room.inspections.get(room.people["market"], made.id).items) == 3


def test_history_and_hazards_of_an_object(room: Room) -> None:
    for _ in range(3):
        room.record("inspector", room.monthly("inspector", "A"))
        room.clock.advance(3600)
    room.record("inspector", failing(room, code="B"))
    page = room.inspections.inspections(
        room.people["market"], InspectionFilter(object_id=room.objects["A"].id, page_size=2)
    )
    assert (page.total, [one.finished_ms for one in page.items]) == (
        3,
        [at("2026-11-18 11:00"), at("2026-11-18 10:00")],
    )
    failed = room.inspections.inspections(room.people["market"], InspectionFilter(result="failed"))
    assert [one.object_code for one in failed.items] == ["B"]
    assert [one.object_code for one in hazards(room, "school2")] == ["B"]
    assert hazards(room, "school1") == []
    assert hazards(room, late=True) == []
    room.clock.advance(6 * 86_400)
    assert [one.late for one in hazards(room, late=True)] == [True]
    assert hazards(room, grade="major") == []
    assert len(hazards(room, grade="serious", ended=False, scene=SCENE)) == 1


def test_photos_and_documents_of_an_object(sqlite_room: Room) -> None:
    room = sqlite_room
    mine = room.photo("market")
    object_id = room.objects["A"].id
    kept = room.inspections.attach(room.people["market"], object_id, [mine])
    assert [(one.evidence_id, one.inspection_id) for one in kept] == [(mine, None)]
    shown = room.inspections.content(room.people["school1"], mine, Rendition.VIEW)
    assert shown.media_type == "image/jpeg"
    with pytest.raises(NotFoundError):
        room.inspections.content(room.people["school2"], mine, Rendition.VIEW)
    with pytest.raises(NotFoundError):
        room.inspections.attach(room.people["market"], object_id, [room.photo("school1")])
    with pytest.raises(ForbiddenError):
        room.inspections.attach(room.people["school1"], object_id, [room.photo("school1")])
    with pytest.raises(ConflictError):
        room.evidence.take_back(room.people["market"], mine)


def test_kept_photos_do_not_count_as_unfiled(sqlite_room: Room) -> None:
    room = sqlite_room
    few = replace(room, evidence=EvidenceBook(room.store, room.files, room.clock, room.ids, limits=FEW))
    for _ in range(3):
        few.record("inspector", few.monthly("inspector", "A"))
    assert rows(room, attachment_table) == 3
    few.photo("inspector")
    with pytest.raises(BusyError):
        few.photo("inspector")


FEW = EvidenceLimits(unfiled_per_uploader=1)
