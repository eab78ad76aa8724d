"""A hazard from its finding to its end: interim measure, suspension, more time, check, look-back, the ways back."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.inspections.conftest import RECTIFIED, Room, at
from tests.inspections.test_recording import failing, hazards

from cityops.access import Permission
from cityops.cases import check_workflow
from cityops.inspections import FoundHazard, RectificationSpec, rectification_workflow
from cityops.kit import InvalidError, NotFoundError

ISSUED = {"interim_measure": "用挡板封堵", "responsible": "后勤主任"}


@pytest.fixture
def hazard(sqlite_room: Room) -> str:
    sqlite_room.record("inspector", failing(sqlite_room))
    return hazards(sqlite_room)[0].case_id


def due_ms(room: Room) -> int | None:
    return hazards(room)[0].due_ms


def offered(room: Room, who: str, case_id: str) -> set[str]:
    return {action.name for action in room.cases.get(room.people[who], case_id).actions}


@pytest.mark.parametrize("look_back", [True, False])
def test_the_workflow_is_sound_with_and_without_a_look_back(look_back: bool) -> None:
    spec = RectificationSpec.model_validate({**RECTIFIED, **({} if look_back else {"look_back": None})})
    workflow = rectification_workflow(spec)
    assert check_workflow(workflow, [permission.value for permission in Permission]) == []
    assert ("look_back" in workflow.states) is look_back
    assert {name: one.limits[0].amount for name, one in workflow.standards.items()} == {  # type: ignore[union-attr]
        "general": 10,
        "serious": 5,
        "major": 1,
    }


def test_a_hazard_to_its_end(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    assert offered(room, "school1", hazard) == {"accept_rectification"}
    assert offered(room, "market", hazard) == {"void_hazard"}
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    room.clock.advance(86_400)
    case = room.act("school1", hazard, "submit_hazard", measures="更换防鼠板")
    assert (case.state, due_ms(room)) == ("recheck", at("2026-11-23 18:00"))  # two working days from Thursday
    case = room.act("market", hazard, "recheck_passed", found="完好")
    assert case.state == "look_back"
    assert due_ms(room) == at("2026-12-20 00:00")  # thirty calendar days after the check on the 19th
    case = room.act("market", hazard, "look_back_passed", found="未反弹")
    assert (case.state, case.rework, case.reopened) == ("closed", 0, 0)
    assert [one.ended for one in hazards(room)] == [True]
    assert all(task.actions == [] for task in case.tasks)


def test_the_interim_measure_is_required(sqlite_room: Room, hazard: str) -> None:
    with pytest.raises(InvalidError, match="Interim measure"):
        sqlite_room.act("school1", hazard, "accept_rectification", responsible="后勤主任")


def test_taking_it_out_of_use_stops_no_clock(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    assert due_ms(room) == at("2026-11-24 00:00")
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    assert room.act("school1", hazard, "suspend_use", suspended_part="南侧库房").state == "suspended"
    assert due_ms(room) == at("2026-11-24 00:00")
    room.clock.advance(2 * 86_400)
    assert room.act("school1", hazard, "resume_use", "已清空").state == "rectifying"
    assert due_ms(room) == at("2026-11-24 00:00")


def test_more_time_needs_a_reason_and_somebody_who_grants_it(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    until = "2026-11-21T09:00:00+08:00"
    with pytest.raises(InvalidError, match="needs a reason"):
        room.act("school1", hazard, "ask_extension", wanted_until=until)
    room.act("school1", hazard, "ask_extension", "配件缺货", wanted_until=until)
    assert due_ms(room) == at("2026-11-19 18:00")  # the request is to be answered within a working day
    assert "ask_extension" not in offered(room, "school1", hazard)
    assert "grant_extension" not in offered(room, "school1", hazard)
    room.act("market", hazard, "grant_extension", until=until)
    assert due_ms(room) == at("2026-11-27 00:00")  # three days later, for the clock stood for three
    room.act("school1", hazard, "ask_extension", "仍缺货", wanted_until="2026-11-25T09:00:00+08:00")
    room.act("market", hazard, "refuse_extension", "可先用替代件")
    assert due_ms(room) == at("2026-11-27 00:00")


def test_a_check_that_fails_sends_it_back_and_the_deadline_stays(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    room.act("school1", hazard, "submit_hazard", measures="打胶")
    assert due_ms(room) == at("2026-11-20 18:00")  # the supervisor's two working days
    case = room.act("market", hazard, "recheck_failed", "缺口仍在")
    assert (case.state, case.rework) == ("rectifying", 1)
    assert due_ms(room) == at("2026-11-24 00:00")
    room.act("school1", hazard, "submit_hazard", measures="更换")
    assert room.act("market", hazard, "recheck_passed", found="完好").state == "look_back"


def test_a_look_back_that_fails_begins_it_anew(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    room.act("school1", hazard, "submit_hazard", measures="更换")
    room.act("market", hazard, "recheck_passed", found="完好")
    room.clock.advance(20 * 86_400)  # 8 December
    case = room.act("market", hazard, "look_back_failed", "防鼠板又拆除")
    assert (case.state, case.reopened) == ("rectifying", 1)
    assert due_ms(room) == at("2026-12-14 00:00")  # five days again
    room.act("school1", hazard, "submit_hazard", measures="重新安装")
    room.act("market", hazard, "recheck_passed", found="完好")
    assert room.act("market", hazard, "look_back_passed", found="完好").state == "closed"
    room.record("inspector", failing(room))  # found once more after the end: a new hazard
    assert len(hazards(room)) == 2


def test_the_unit_never_checks_itself_and_others_do_nothing(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    room.act("school1", hazard, "accept_rectification", **ISSUED)
    room.act("school1", hazard, "submit_hazard", measures="更换")
    assert offered(room, "school1", hazard) == set()
    assert offered(room, "market", hazard) == {"recheck_passed", "recheck_failed", "void_hazard"}
    assert "recheck_passed" in offered(room, "dispatcher", hazard)  # the command centre can step in
    assert offered(room, "west", hazard) == set()


def test_the_command_centre_gives_it_to_another_unit(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    case = room.act("dispatcher", hazard, "reassign_hazard", "食堂由二校代管", unit="school2")
    assert (case.state, case.unit_name) == ("issued", "school2单位")
    assert offered(room, "school2", hazard) == {"accept_rectification"}
    assert offered(room, "school1", hazard) == set()


def test_a_canteen_without_units_leaves_its_hazard_with_the_command_centre(sqlite_room: Room) -> None:
    room = sqlite_room
    room.canteen("D", None, None, "140105", served=10)
    room.record("west", failing(room, "west", "D"))
    [found] = hazards(room)
    assert found.unit_name is None
    assert "reassign_hazard" in offered(room, "dispatcher", found.case_id)


def test_a_void_hazard_needs_a_reason_and_ends_every_task(sqlite_room: Room, hazard: str) -> None:
    room = sqlite_room
    case = room.act("market", hazard, "void_hazard", "误报")
    assert (case.state, hazards(room)[0].ended, due_ms(room)) == ("void", True, None)
    assert offered(room, "school1", hazard) == set()


FORMS = {
    "interim_measure": "封堵",
    "responsible": "王某",
    "suspended_part": "库房",
    "measures": "更换",
    "found": "完好",
    "wanted_until": "2027-02-01T09:00:00+08:00",
    "until": "2027-02-01T09:00:00+08:00",
    "unit": "school2",
}
PEOPLE = ("school1", "school2", "market", "dispatcher")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(dice=st.randoms(use_true_random=False))
def test_whatever_people_do_somebody_can_go_on_until_it_ends(sqlite_room: Room, dice: random.Random) -> None:
    """At every step of any walk somebody is offered a step, an end leaves nothing open, and a clock runs until then."""
    room = sqlite_room
    made = room.record("school1", room.daily("school1", "A", hazards=[FoundHazard("电线裸露", "general")]))
    (hazard,) = room.inspections.get(room.people["market"], made.id).hazards
    for _ in range(12):
        steps = sorted((who, name) for who in PEOPLE if may_see(room, who, hazard.case_id)
                       for name in offered(room, who, hazard.case_id))  # fmt: skip
        case = room.cases.get(room.people["dispatcher"], hazard.case_id)
        if case.closed_at is not None:
            assert steps == []
            assert [one.due_ms for one in hazards(room, q=hazard.number)] == [None]
            return
        assert steps, case.state
        assert case.deadline is not None, case.state
        who, name = dice.choice(steps)
        case = room.cases.get(room.people[who], hazard.case_id)
        action = next(one for one in case.actions if one.name == name)
        form = {field.name: FORMS[field.name] for field in action.fields if field.name in FORMS}
        room.act(who, hazard.case_id, name, "理由" if action.needs_reason else None, **form)


def may_see(room: Room, who: str, case_id: str) -> bool:
    try:
        room.cases.get(room.people[who], case_id)
    except NotFoundError:
        return False
    return True
