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
from tests.scenes.scoping import every_unit_sees_its_own

from cityops.access import Principal, verify_audit
from cityops.cases import Step
from cityops.kit import SHANGHAI, CityOpsError, ManualClock
from cityops.store import Store

from .model import CASE_ACTIONS, TASK_ACTIONS, Asked, Model
from .town import Town

WALKS = int(os.environ.get("CITYOPS_WALKS", "6"))
START = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
WAIT = "wait"
RARE = {"void", "reject", "merge", "split", "return_case", "recall", "return_to_acceptor"}
"""Steps that end or set back a walk: a tame step takes them seldom, or no walk would get far."""
BEGINNINGS: list[list[str]] = [
    [],
    ["file", "dispatch", "accept"],
    ["file", "dispatch", "accept", "give_person", "submit_to_lead"],
    ["file", "dispatch", "accept", "accept_part"],
    ["file", "dispatch", "accept", "supervise", "answer_supervision"],
    ["file", "dispatch", "accept", "feed_back", "confirm", "request_final_check"],
    ["file", "dispatch", "accept", "feed_back", "confirm", "close"],
    ["file", "dispatch", "accept", WAIT, "feed_back", "confirm", "close", "appeal"],
]
ACTIONS = [*CASE_ACTIONS, *TASK_ACTIONS, WAIT]
WHO = ["acceptor", "dispatcher", "leader", "collector", "collector2", "water", "wu", "lamps", "roads"]
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
            return {"standard": ("m01001_1", "m06001_1")[dice % 2]}
        case "dispatch":
            return {"unit": "WATER", **({"joint": ["LAMPS"]} if dice % 2 else {})}
        case "merge":
            return {"into": target}
        case "close":
            return {"closing": ("met", "no_such")[dice % 2]}
        case "transfer_level":
            return {"level": ("city", "district", "street")[dice % 3]}
        case "request_precheck" | "request_final_check":
            return {"collector": ("collector", "collector2")[dice % 2]}
    return dict(FIXED.get(action, {}))


def wanted(model: Model, action: str, who: str, dice: int, target: str, wild: bool, bad: int) -> Asked:
    """The step to try; tame ones take an action and a person that fit, if there are any."""
    forms = {name: form_of(name, dice, target) for name in ACTIONS}
    if not wild:
        fitting = {name: [a for a in every(model, name, forms[name]) if model.may(a)] for name in ACTIONS}
        pool = [name for name, steps in fitting.items() if steps and (name not in RARE or dice % 7 == 0)]
        if pool:
            steps = fitting[pool[dice % len(pool)]]
            return steps[dice % len(steps)]
    places = [n for n, task in enumerate(model.tasks) if task.kind == TASK_ACTIONS.get(action)]
    place = places[dice % len(places)] if places else None
    return Asked(action, who, place, forms[action], fresh=bad != 0, reason=bad != 1)


def every(model: Model, action: str, form: dict[str, object]) -> list[Asked]:
    kind = TASK_ACTIONS.get(action)
    places = [None] if kind is None else [n for n, task in enumerate(model.tasks) if task.kind == kind]
    return [Asked(action, who, place, form) for who in WHO for place in places]


throws = st.randoms(use_true_random=False).map(lambda random: random.randrange(10_000))
step = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(WHO), throws, st.sampled_from([True, False, False]), throws)


@settings(max_examples=WALKS, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(BEGINNINGS), st.lists(step, min_size=10, max_size=30))
def test_random_sequences_do_what_the_declaration_says(
    walked: Town, beginning: list[str], walk: list[tuple[str, str, int, bool, int]]
) -> None:
    town = walked
    people = {name: getattr(town, name) for name in WHO}
    target, case_id, model = town.report().number, town.report().case_id, Model()
    joint = int("accept_part" in beginning)
    for action in beginning:
        fitting = [a for a in every(model, action, form_of(action, joint, target)) if model.may(a)]
        assert fitting or action == WAIT
        tread(town, people, case_id, model, fitting[0] if fitting else WAIT)
    for action, who, dice, wild, bad in walk:
        asked = WAIT if action == WAIT and wild else wanted(model, action, who, dice, target, wild, bad % 10)
        tread(town, people, case_id, model, asked)
        agrees(town, people, case_id, model, dice, target)
    every_unit_sees_its_own(town.store, town.cases)
    with town.store.read() as conn:
        assert verify_audit(conn).ok


def tread(town: Town, people: dict[str, Principal], case_id: str, model: Model, asked: Asked | str) -> None:
    """One step in both worlds: it happens in both or in neither."""
    if isinstance(asked, str):
        town.clock.advance(40 * 24 * 3600)
        model.epoch += 1
        return
    expected = model.may(asked)
    assert happens(town, people[asked.who], case_id, asked, model.version) is expected, (asked, model.state)
    if expected:
        event(asked.action)
        model.take(asked)


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
