"""A petition at the counter (信访): registered once, joint reception, written answer, satisfaction, review."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import Principal
from cityops.cases import CaseDetailView, Registration, Step
from cityops.kit import ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError
from cityops.places import City
from cityops.scenes import SceneContext, seed_city
from cityops.scenes.people import person
from cityops.store import Store

FORM = {"channel": "visit", "topic": "labour", "people": 3, "wishes": "补发三个月工资"}


class Hall:
    """The reception hall with its people."""

    def __init__(self, context: SceneContext) -> None:
        self.context = context
        seed_city(context)
        installed_scenes()["service_tickets"].demo(context)
        self.head, self.officer, self.aid = (person(context, name) for name in ("hall", "hall_h1", "legal_aid"))

    def register(self, who: Principal, number: str = "n-1", **changed: Any) -> CaseDetailView:
        new = Registration(number, "拖欠工资", "三个月工资未付。", {**FORM, **changed})
        made = self.context.registrations.register(who, "service_tickets", "ticket", new)
        assert made.readable == (who is self.head), "a clerk sees own tasks only"
        return self.context.cases.get(self.head, made.case_id)

    def take(
        self, who: Principal, case_id: str, action: str, comment: str | None = None, **form: Any
    ) -> CaseDetailView:
        case = self.context.cases.get(who, case_id)
        (offered,) = [one for one in case.actions if one.name == action]
        return self.context.cases.act(who, case_id, action, Step(case.version, offered.task_id, form, comment))


@pytest.fixture
def hall(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Hall:
    return Hall(scene_context(store, clock, city, tmp_path))


def test_sent_twice_it_is_registered_once(hall: Hall) -> None:
    first, again = hall.register(hall.officer), hall.register(hall.officer)
    other = hall.register(hall.head)
    assert first.case_id == again.case_id != other.case_id
    assert first.unit_name == "迎泽区信访接待大厅（演示）"
    assert first.timeline[0].data == FORM
    assert first.place is None, "no location of a petitioner is kept"


def test_what_is_wrong_is_said_and_nothing_is_registered(hall: Hall) -> None:
    with pytest.raises(InvalidError, match="Topic"):
        hall.register(hall.officer, topic="unknown")
    with pytest.raises(InvalidError, match="What is asked for"):
        hall.register(hall.officer, wishes="")
    with pytest.raises(InvalidError, match="shoe_size"):
        hall.register(hall.officer, shoe_size=43)
    for stranger in (person(hall.context, "dispatcher"), hall.aid):
        with pytest.raises(ForbiddenError):
            hall.register(stranger)
        assert hall.context.registrations.forms(stranger) == ()
    with pytest.raises(NotFoundError):
        hall.context.registrations.register(hall.head, "key_vehicles", "vehicle_alert", Registration("n", "t"))
    assert [(one.scene, one.kind) for one in hall.context.registrations.forms(hall.head)] == [
        ("service_tickets", "ticket")
    ]


def test_the_deadlines_are_those_of_the_regulation(hall: Hall, clock: ManualClock) -> None:
    """信访工作条例: told within 15 days whether it is accepted, done within 60 days."""
    made = hall.register(hall.officer)
    # Due at 24:00 of the last day, the day after registration being the first.
    last = {one.kind: one.deadline.due_at - timedelta(seconds=1) for one in made.tasks if one.deadline}
    days = {kind: (at.date() - clock.now().date()).days for kind, at in last.items()}
    assert days == {"notify": 15, "hold": 60}


def test_from_the_counter_to_the_answer_and_back(hall: Hall) -> None:
    case_id = hall.register(hall.officer).case_id
    hall.take(hall.head, case_id, "accept")
    hall.take(hall.head, case_id, "assign", units=["ST-LEGAL-AID"])
    case = hall.context.cases.get(hall.head, case_id)
    early = Step(
        case.version, next(one.task_id for one in case.tasks if one.kind == "hold"), {"answer": "x", "basis": "y"}
    )
    with pytest.raises(ConflictError, match="has not reported yet"):
        hall.context.cases.act(hall.head, case_id, "answer", early)
    hall.take(hall.aid, case_id, "report", result="用人单位已承诺补发")
    answered = hall.take(hall.head, case_id, "answer", answer="用人单位将于月底前补发。", basis="劳动法第五十条")
    assert answered.state == "answered"
    closed = hall.take(hall.head, case_id, "close", satisfied="satisfied")
    assert closed.state == "closed"
    again = hall.take(hall.head, case_id, "reopen", comment="仍有一个月未补发")
    assert again.state == "accepted"


def test_others_do_not_read_what_was_written(hall: Hall) -> None:
    case_id = hall.register(hall.officer).case_id
    seen = hall.context.cases.get(person(hall.context, "dispatcher"), case_id)
    assert not seen.inside
    assert seen.timeline[0].data == {}
