"""Random legal and illegal steps on the dispute workflow: the engine does what the raw declaration says.

``CITYOPS_WALKS`` sets how many walks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.scenes.scoping import every_unit_sees_its_own

import cityops.scenes.disputes as room
from cityops.access import verify_audit
from cityops.cases import Step
from cityops.kit import SHANGHAI, CityOpsError, ManualClock
from cityops.places import City
from cityops.scenes.disputes.demo import COUNTY, TOWN, VILLAGE
from cityops.store import Store

from .centres import Centres

WALKS = int(os.environ.get("CITYOPS_WALKS", "5"))
RAW: dict[str, Any] = yaml.safe_load((Path(room.__file__).parent / "scene.yaml").read_text("utf-8"))["workflows"][0]
ACTIONS = [t["action"] for t in RAW["transitions"]]
OF_TASKS = {t["action"]: kind for kind, task in RAW["tasks"].items() for t in task.get("transitions", ())}
UNITS = {"village": VILLAGE, "town": TOWN, "county": COUNTY, "mediator": VILLAGE, "leader": None}
ABOVE = {VILLAGE: TOWN, TOWN: COUNTY, COUNTY: "DIS-CITY"}
LEVELS = {VILLAGE: "village", TOWN: "town", COUNTY: "county"}
WHO = list(UNITS)
NOW = "2026-11-22T09:00:00+08:00"
FORMS: dict[str, dict[str, Any]] = {
    "refuse": {"answer": "不属受理范围"},
    "flag_risk": {"grounds": "扬言"},
    "name_mediator": {"mediator": "mediator_village"},
    "record_meeting": {"held_at": NOW, "present": 3, "record": "协商"},
    "agree": {"content": "修好"},
    "agree_orally": {"content": "道歉"},
    "fail": {"cause": "分歧"},
    "hand_over": {"route": "court", "office": "法院", "materials": "笔录"},
    "record_visit": {"visited_at": NOW, "performance": "kept"},
    "record_later_visit": {"visited_at": NOW, "result": "好"},
    "apply_confirmation": {"court": "法院"},
    "close_elsewhere": {"outcome": "判决"},
    "confirmation_granted": {"ruling": "1号"},
    "advise": {"measure": "go_on", "instruction": "走访"},
}


@dataclass
class Task:
    kind: str
    state: str
    unit: str
    person: bool = False

    @property
    def ended(self) -> bool:
        return self.state == "cancelled" or bool(RAW["tasks"][self.kind]["states"][self.state].get("end"))

    def is_of(self, who: str) -> bool:
        return self.person if who == "mediator" else self.unit == UNITS[who]


@dataclass
class Model:
    """The case as the declaration alone says it must be."""

    state: str = RAW["initial"]
    unit: str = VILLAGE
    version: int = 1
    tasks: list[Task] = field(default_factory=lambda: [Task("hold", "held", VILLAGE), Task("reply", "open", VILLAGE)])

    def find(self, who: str, action: str, form: dict[str, Any]) -> tuple[dict[str, Any], Task | None] | None:
        """The transition and its task, if this person may take it now."""
        if who == "leader":
            return None
        own = next((t for t in reversed(self.tasks) if t.kind == OF_TASKS.get(action)), None)
        if action in OF_TASKS:
            if own is None or own.ended or not own.is_of(who) or not self.sees(who):
                return None
            choices, state = RAW["tasks"][own.kind]["transitions"], own.state
        else:
            choices, state = RAW["transitions"], self.state
        found = next((t for t in choices if t["action"] == action and state in t["from"]), None)
        if found is None or ("handler" if who == "mediator" else "unit") not in found["roles"]:
            return None
        through = own
        if "task" in found:
            through = next((t for t in self.tasks if t.kind == found["task"] and not t.ended and t.is_of(who)), None)
            if through is None:
                return None
        allowed = self.sees(who) and self.state in found.get("during", [self.state])
        met = all(self.met(one) for one in found.get("requires", ()))
        return (found, through) if allowed and met and self.fits(action, form) else None

    def sees(self, who: str) -> bool:
        if who == "mediator":
            return any(t.person and not t.ended for t in self.tasks)
        return self.unit == UNITS[who] or any(t.unit == UNITS[who] for t in self.tasks)

    def met(self, entry: dict[str, Any]) -> bool:
        if "that" in entry:
            return True  # the clock stands still, so the window is open
        kind = [t for t in self.tasks if t.kind == entry["task"] and t.state != "cancelled"]
        return all(t.state in entry["states"] for t in kind)

    def fits(self, action: str, form: dict[str, Any]) -> bool:
        if action == "transfer":
            return bool(form["unit"] != self.unit)
        return action != "name_mediator" or self.unit == VILLAGE  # the form names the village's mediator

    def take(self, who: str, action: str, form: dict[str, Any]) -> None:
        found = self.find(who, action, form)
        assert found is not None
        transition, through = found
        self.version += 1
        if action in OF_TASKS and through is not None:
            through.state = transition["to"]
        elif transition["to"] != "stay":
            self.state = transition["to"]
        for effect in transition["effects"]:
            self.carry_out(effect, through, form)

    def carry_out(self, effect: dict[str, Any], through: Task | None, form: dict[str, Any]) -> None:
        match effect["do"]:
            case "move_task" | "cancel_tasks":
                for task in self.tasks:
                    if task.kind == effect["task"] and not task.ended:
                        task.state = effect.get("to", "cancelled")
            case "open_task":
                kind = effect["task"]
                unit = ABOVE[self.unit] if RAW["tasks"][kind]["owner"] == "above" else self.unit
                self.tasks.append(Task(kind, RAW["tasks"][kind]["initial"], unit))
            case "transfer_unit":
                self.unit = form["unit"]
                self.tasks.append(Task("hold", "held", self.unit))
            case "name_person" | "unname_person":
                assert through is not None
                through.person = effect["do"] == "name_person"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, city: City) -> Iterator[Centres]:
    folder = tmp_path_factory.mktemp("walks")
    clock = ManualClock(datetime.fromisoformat(NOW).astimezone(SHANGHAI))
    with Store.open(f"sqlite:///{folder}/w.db", clock=clock) as store:
        store.create_all()
        yield Centres(store, clock, city, folder)


def form_of(action: str, dice: int) -> dict[str, Any]:
    return {"unit": (VILLAGE, TOWN, COUNTY)[dice % 3]} if action == "transfer" else FORMS.get(action, {})


TAME = {"refuse", "withdraw", "transfer", "fail", "close_elsewhere"}
"""Steps that end or set back a walk: a tame step takes them seldom, or no walk would get far."""
throws = st.randoms(use_true_random=False).map(lambda random: random.randrange(10_000))
step = st.tuples(
    st.sampled_from([*ACTIONS, *OF_TASKS]), st.sampled_from(WHO), throws, st.sampled_from([1, 0, 0]), throws
)


@settings(max_examples=WALKS, suppress_health_check=list(HealthCheck))
@given(st.lists(step, min_size=12, max_size=30))
def test_random_sequences_do_what_the_declaration_says(
    walked: Centres, walk: list[tuple[str, str, int, int, int]]
) -> None:
    case_id, model = walked.registered().case_id, Model()
    for action, who, dice, wild, bad in walk:
        if not wild:
            every = [(a, w) for a in (*ACTIONS, *OF_TASKS) for w in WHO if a not in TAME or dice % 5 == 0]
            fitting = [(a, w) for a, w in every if model.find(w, a, form_of(a, dice))]
            action, who = fitting[dice % len(fitting)] if fitting else (action, who)
        form, stale, silent = form_of(action, dice), bad % 10 == 0, bad % 10 == 1
        needs_reason = any(
            t["action"] == action and t.get("kind") in ("return", "void", "reopen")
            for machine in (RAW, *RAW["tasks"].values())
            for t in machine.get("transitions", ())
        )
        expected = model.find(who, action, form) is not None and not stale and not (silent and needs_reason)
        assert happens(walked, who, case_id, action, form, model, stale, silent) is expected, (action, who, model)
        if expected:
            event(action)
            model.take(who, action, form)
        agrees(walked, case_id, model, dice)
    every_unit_sees_its_own(walked.store, walked.cases)
    with walked.store.read() as conn:
        assert verify_audit(conn).ok


def happens(
    centres: Centres,
    who: str,
    case_id: str,
    action: str,
    form: dict[str, Any],
    model: Model,
    stale: bool,
    silent: bool,
) -> bool:
    tasks = centres.cases.get(centres.leader, case_id).tasks
    named = [task.task_id for task in tasks if task.kind == OF_TASKS.get(action)]
    version = model.version - 1 if stale else model.version
    step_taken = Step(version, named[-1] if named else None, form, None if silent else "当事人要求")
    try:
        centres.cases.act(person(centres, who), case_id, action, step_taken)
    except CityOpsError:
        return False
    return True


def agrees(centres: Centres, case_id: str, model: Model, dice: int) -> None:
    """State, tasks and level as the model says, and what one person is offered is what the model allows."""
    seen = centres.cases.get(centres.leader, case_id)
    assert (seen.state, seen.version, seen.level) == (model.state, model.version, LEVELS[model.unit])
    assert [(t.kind, t.state) for t in seen.tasks] == [(t.kind, t.state) for t in model.tasks]
    who = WHO[dice % len(WHO)]
    try:
        offered = {one.name for one in centres.cases.get(person(centres, who), case_id).actions}
    except CityOpsError:
        offered = set()
    allowed = {
        action
        for action in (*ACTIONS, *OF_TASKS)
        for unit in (0, 1, 2)
        if action != "name_mediator" and model.find(who, action, form_of(action, unit))
    }
    assert offered - {"name_mediator"} == allowed, (who, model)


def person(centres: Centres, who: str) -> Any:
    return getattr(centres, who)
