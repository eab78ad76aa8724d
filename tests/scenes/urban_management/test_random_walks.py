"""Random legal and illegal steps on the urban management workflow: the engine does what the declaration says.

``CITYOPS_WALKS`` sets how many walks; the suite walks few, many were walked by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cityops.access import Principal, verify_audit
from cityops.cases import Step
from cityops.kit import SHANGHAI, CityOpsError, ManualClock
from cityops.store import Store

from .model import CASE_ACTIONS, TASK_ACTIONS, Asked, Model
from .town import Town

WALKS = int(os.environ.get("CITYOPS_WALKS", "5"))
START = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
WAIT = "wait"
FORWARD = [
    "file",
    "dispatch",
    "accept",
    "feed_back",
    "confirm",
    "request_final_check",
    "final_check_pass",
    "close",
    "appeal",
    "appeal_pass",
    "appeal_approve",
]
ACTIONS = [*CASE_ACTIONS, *TASK_ACTIONS, WAIT]
WHO = ["acceptor", "dispatcher", "collector", "collector2", "water", "wu", "lamps", "roads"]
FIXED: dict[str, dict[str, object]] = {
    "reject": {"answer": "不予立案"},
    "split": {"parts": "另一件事"},
    "add_unit": {"joint": ["ROADS"]},
    "supervise": {"order": "办"},
    "feed_back": {"result": "好"},
    "finish_part": {"result": "好"},
    "pass_stage": {"result": "好"},
    "submit_to_lead": {"result": "好"},
    "give_person": {"person": "wu"},
    "ask_deferral": {"until": "in three days", "grounds": "等配件"},
    "grant_deferral": {"until": "in three days"},
    "appeal": {"grounds": "暴雨"},
    "appeal_pass": {"opinion": "属实"},
    "answer_supervision": {"report": "已派人"},
}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all walks, each with a case of its own."""
    clock = ManualClock(START)
    folder: Path = tmp_path_factory.mktemp("walks")
    with Store.open(f"sqlite:///{folder}/w.db", clock=clock) as store:
        store.create_all()
        yield Town(store, clock)


def form_of(action: str, dice: int, target: str) -> dict[str, object]:
    """A form that is valid in itself."""
    match action:
        case "file":
            return {"standard": ("cover_missing", "building_unlawful")[dice % 2]}
        case "dispatch":
            return {"unit": "WATER", **({"joint": ["LAMPS"]} if dice % 2 else {})}
        case "merge":
            return {"into": target}
        case "close":
            return {"closing": ("replaced", "demolished")[dice % 2]}
        case "transfer_level":
            return {"level": ("city", "district", "street")[dice % 3]}
        case "request_precheck" | "request_final_check":
            return {"collector": ("collector", "collector2")[dice % 2]}
    return dict(FIXED.get(action, {}))


def wanted(model: Model, action: str, who: str, dice: int, target: str, wild: bool, bad: int) -> Asked:
    """The step to try; tame ones take an action and a person that fit, if there are any."""
    forms = {name: form_of(name, dice, target) for name in ACTIONS}
    if not wild:
        fitting = [a for name in ACTIONS if name != WAIT for a in every(model, name, forms[name]) if model.may(a)]
        ahead = [a for a in fitting if a.action in FORWARD]
        pool = ahead if ahead and dice % 3 else fitting
        if pool:
            return pool[dice % len(pool)]
    places = [n for n, task in enumerate(model.tasks) if task.kind == TASK_ACTIONS.get(action)]
    place = places[dice % len(places)] if places else None
    return Asked(action, who, place, forms[action], fresh=bad != 0, reason=bad != 1)


def every(model: Model, action: str, form: dict[str, object]) -> list[Asked]:
    kind = TASK_ACTIONS.get(action)
    places = [None] if kind is None else [n for n, task in enumerate(model.tasks) if task.kind == kind]
    return [Asked(action, who, place, form) for who in WHO for place in places]


step = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(WHO), st.integers(0, 999), st.booleans(), st.integers(0, 9))


@settings(max_examples=WALKS, deadline=None, suppress_health_check=list(HealthCheck))
@given(walk=st.lists(step, min_size=15, max_size=35))
def test_random_sequences_do_what_the_declaration_says(
    walked: Town, walk: list[tuple[str, str, int, bool, int]]
) -> None:
    town = walked
    people = {name: getattr(town, name) for name in WHO if name != "wu"} | {"wu": town.water2}
    target, case_id, model = town.report().number, town.report().case_id, Model()
    for action, who, dice, wild, bad in walk:
        if action == WAIT and wild:
            town.clock.advance(40 * 24 * 3600)
            model.epoch += 1
            continue
        asked = wanted(model, "file" if action == WAIT else action, who, dice, target, wild, bad)
        expected = model.may(asked)
        assert happens(town, people[asked.who], case_id, asked, model.version) is expected, (asked, model.state)
        if expected:
            event(asked.action)
            model.take(asked)
        agrees(town, people, case_id, model, dice, target)
    with town.store.read() as conn:
        assert verify_audit(conn).ok


def happens(town: Town, who: Principal, case_id: str, asked: Asked, version: int) -> bool:
    tasks = town.cases.get(town.dispatcher, case_id).tasks
    until = (town.clock.now() + timedelta(days=3)).isoformat()
    task_id = None if asked.task is None else tasks[asked.task].task_id
    form = {**asked.form, **({"until": until} if "until" in asked.form else {})}
    step = Step(version if asked.fresh else version - 1, task_id, form, "理由" if asked.reason else None)
    try:
        town.cases.act(who, case_id, asked.action, step)
    except CityOpsError:
        return False
    return True


def agrees(town: Town, people: dict[str, Principal], case_id: str, model: Model, dice: int, target: str) -> None:
    """State, tasks and timeline as the model says, and everybody is offered what the model allows."""
    seen = town.cases.get(town.dispatcher, case_id)
    assert (seen.state, seen.version, len(seen.timeline)) == (model.state, model.version, model.version)
    assert [(t.kind, t.state, t.lead) for t in seen.tasks] == [(t.kind, t.state, t.lead) for t in model.tasks]
    name = WHO[dice % len(WHO)]
    try:
        offered = {(a.name, a.task_id) for a in town.cases.get(people[name], case_id).actions}
    except CityOpsError:
        offered = set()
    for action in (a for a in ACTIONS if a != WAIT):
        for asked in every(model, action, form_of(action, dice, target)):
            if asked.who == name and model.may(asked):
                assert action in {offer for offer, _ in offered}, (action, name, model.state)
