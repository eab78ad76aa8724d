"""A model of the workflow, made from the declaration alone, against the engine: random legal and illegal steps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.access import Principal, verify_audit
from cityops.cases import Cases, Step, Workflow
from cityops.dispatch import Crews, crew_effects
from cityops.kit import SHANGHAI, CityOpsError, IdMaker, ManualClock, WorkingCalendar
from cityops.store import Store

from .conftest import ACCEPTOR, COMPANY, DISPATCHER, DISTRICT, OTHER_COMPANY, SCENE, new_case, on_shift

RAW: dict[str, Any] = yaml.safe_load(SCENE.read_text(encoding="utf-8"))["workflows"][0]
ACTIONS = [t["action"] for t in RAW["transitions"]] + [
    t["action"] for task in RAW["tasks"].values() for t in task.get("transitions", ())
]
FORMS: dict[str, dict[str, Any]] = {
    "by_phone": {"result": "driver_warned", "spoke_with": "驾驶人"},
    "finish": {"result": "fined"},
    "submit_rectification": {"cause": "赶货", "measures": "谈话", "responsible": "王经理"},
}
FIELD_MOVES = {
    "accept": "accepted",
    "arrive": "on_scene",
    "finish": "done",
    "decline": "declined",
    "recall": "recalled",
}
CALENDAR = WorkingCalendar.official()
WHO = ["dispatcher", "acceptor", "company", "other", "district", "crew0", "crew1"]
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(WHO), st.integers(0, 1), st.booleans(), st.booleans()),
    min_size=10,
    max_size=40,
)


class Model:
    """What the declaration says, in the plainest way."""

    def __init__(self) -> None:
        self.state = RAW["initial"]
        self.tasks = {name: task["initial"] for name, task in RAW["tasks"].items() if task.get("at_opening")}
        self.crew: int | None = None
        self.version = 1

    def may(self, action: str, who: str, crew: int, fresh: bool, reason: bool) -> bool:
        """Whether this step must be taken (True) or refused (False)."""
        found = self._find(action)
        if found is None or not fresh:
            return False
        transition, _ = found
        if transition.get("kind", "forward") != "forward" and not reason:
            return False
        if action == "close" and self.tasks["rectification"] not in ("approved", "waived"):
            return False
        permission = transition["permission"]
        if permission == "rectification.submit":
            return who == "company"
        if permission == "cases.handle":
            return self.crew is not None and who == f"crew{self.crew}"
        return who == "dispatcher"

    def _find(self, action: str) -> tuple[dict[str, Any], str | None] | None:
        for transition in RAW["transitions"]:
            if transition["action"] == action and self.state in transition["from"]:
                return transition, None
        for name, task in RAW["tasks"].items():
            for transition in task.get("transitions", ()):
                if transition["action"] == action and self.tasks.get(name) in transition["from"]:
                    return transition, name
        return None

    def take(self, action: str, crew: int) -> None:
        found = self._find(action)
        assert found is not None
        transition, task = found
        self.version += 1
        if task is not None:
            self.tasks[task] = transition["to"]
            return
        self.state = transition["to"]
        if action == "dispatch":
            self.crew, self.tasks["field"] = crew, "open"
        if action in FIELD_MOVES:
            self.tasks["field"] = FIELD_MOVES[action]
        if action in ("decline", "recall", "check_fail", "void"):
            self.crew = None
        if self.state in ("closed", "void"):
            for name, state in self.tasks.items():
                if not RAW["tasks"][name]["states"][state].get("end"):
                    self.tasks[name] = "cancelled"


@contextmanager
def engine() -> Iterator[tuple[Store, Cases, Crews]]:
    clock = ManualClock(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI))
    workflows = {("key_vehicles", "key_vehicle"): Workflow.model_validate(RAW)}
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(f"sqlite:///{Path(folder)}/w.db", clock=clock) as store,
    ):
        store.create_all()
        ids = IdMaker(clock)
        yield store, Cases(store, clock, ids, workflows, CALENDAR, crew_effects()), Crews(store, clock, ids)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_random_sequences_do_what_the_declaration_says(walk: list[tuple[str, str, int, bool, bool]]) -> None:
    with engine() as (store, cases, crews):
        members = [on_shift(crews, f"C{n}") for n in range(2)]
        people: dict[str, Principal] = {
            "dispatcher": DISPATCHER,
            "acceptor": ACCEPTOR,
            "company": COMPANY,
            "other": OTHER_COMPANY,
            "district": DISTRICT,
            "crew0": members[0],
            "crew1": members[1],
        }
        case_id = cases.open(DISPATCHER, new_case()).case_id
        model = Model()
        for action, who, crew, fresh, reason in walk:
            form = {"crew": members[crew].crew_id} if action == "dispatch" else FORMS.get(action, {})
            task_id = _task_id(cases, case_id, action)
            step = Step(model.version if fresh else model.version - 1, task_id, form, "理由" if reason else None)
            # Merging is offered and needs another case, which is not here: the engine refuses it.
            expected = action != "merge" and model.may(action, who, crew, fresh, reason)
            try:
                cases.act(people[who], case_id, action, step)
                happened = True
            except CityOpsError:
                happened = False
            assert happened is expected, (action, who, model.state, model.tasks)
            if happened:
                model.take(action, crew)
            _agrees(cases, crews, case_id, model)
        with store.read() as conn:
            report = verify_audit(conn)
        assert (report.ok, report.rows) == (True, model.version)


def _task_id(cases: Cases, case_id: str, action: str) -> str | None:
    for name, task in RAW["tasks"].items():
        if any(t["action"] == action for t in task.get("transitions", ())):
            return next(t.task_id for t in cases.get(DISPATCHER, case_id).tasks if t.kind == name)
    return None


def _agrees(cases: Cases, crews: Crews, case_id: str, model: Model) -> None:
    seen = cases.get(DISPATCHER, case_id)
    latest = {task.kind: task.state for task in seen.tasks}  # of several field tasks the last one counts
    assert (seen.state, seen.version, len(seen.timeline)) == (model.state, model.version, model.version)
    assert latest == model.tasks
    working = model.crew is not None and model.state in ("dispatched", "accepted", "on_scene")
    assert [c.state != "free" for c in crews.list(DISPATCHER)] == [working and model.crew == n for n in range(2)]
    offered = {action.name for action in seen.actions}
    possible = {action for action in ACTIONS if model.may(action, "dispatcher", 0, True, True)}
    assert offered == possible
