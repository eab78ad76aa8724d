"""A model of the workflow, made from the raw declaration alone: what must happen, in the plainest way."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import cityops.cases.catalogue as catalogue
import cityops.scenes.urban_management as room

RAW: dict[str, Any] = yaml.safe_load((Path(room.__file__).parent / "scene.yaml").read_text("utf-8"))["workflows"][0]
_TABLE = Path(catalogue.__file__).parent / "data" / "example_conditions.csv"
STAGES = Counter(
    f"m{row['code']}_{row['number']}" for row in csv.DictReader(_TABLE.read_text("utf-8").splitlines(), strict=True)
)
"""How many stages each filing standard has: the condition table has a row a stage."""
CLOSING = "met"
"""A condition of the table has one closing condition."""
CASE_ACTIONS = [t["action"] for t in RAW["transitions"]]
TASK_ACTIONS = {t["action"]: kind for kind, task in RAW["tasks"].items() for t in task.get("transitions", ())}
UNITS = {"water": "WATER", "wu": "WATER", "lamps": "LAMPS", "roads": "ROADS"}
ROLES = {
    "acceptor": "acceptor",
    "dispatcher": "dispatcher",
    "leader": "shift_leader",
    "collector": "collector",
    "collector2": "collector",
    "water": "unit",
    "wu": "handler",
    "lamps": "unit",
    "roads": "unit",
}
_DISPATCHER = {"cases.open", "cases.dispatch", "cases.check", "cases.close"}
PERMISSIONS = {
    "acceptor": {"cases.open"},
    "dispatcher": _DISPATCHER,
    "shift_leader": {*_DISPATCHER, "cases.supervise"},
    "collector": {"cases.handle"},
    "unit": {"unit.handle"},
    "handler": {"unit.handle"},
}


@dataclass
class Task:
    kind: str
    state: str
    unit: str | None = None
    person: str | None = None
    lead: bool = False
    stage: int = 0
    began: int = 0
    done: int | None = None
    was_late: bool = False

    @property
    def ended(self) -> bool:
        states = RAW["tasks"][self.kind]["states"]
        return self.state == "cancelled" or bool(states[self.state].get("end"))

    @property
    def late(self) -> bool:
        return self.was_late or (self.done is not None and self.done > self.began)

    def move(self, to: str, epoch: int) -> None:
        self.state = to
        if self.ended or RAW["tasks"][self.kind]["states"][to].get("waiting"):
            self.done = epoch if self.done is None else self.done
        else:
            self.done = None


@dataclass
class Asked:
    """A step somebody asks for: a valid form, a task by its place in the list, a fresh version or not."""

    action: str
    who: str
    task: int | None = None
    form: dict[str, Any] = field(default_factory=dict)
    fresh: bool = True
    reason: bool = True


class Model:
    """One case. ``epoch`` counts the long waits: what began before one and is done after it is late."""

    def __init__(self) -> None:
        self.state: str = RAW["initial"]
        self.tasks = [Task(kind, spec["initial"]) for kind, spec in RAW["tasks"].items() if spec.get("at_opening")]
        self.version, self.epoch, self.closed = 1, 0, 0
        self.unit: str | None = None
        self.standard: str | None = None
        self.level = "city"
        self.passer: str | None = None

    def may(self, asked: Asked) -> bool:
        found = self._find(asked)
        if found is None or not asked.fresh:
            return False
        transition, task = found
        role = ROLES[asked.who]
        if transition["permission"] not in PERMISSIONS[role] or role not in transition.get("roles", [role]):
            return False
        if transition.get("kind", "forward") in ("return", "void", "reopen") and not asked.reason:
            return False
        if self.state not in transition.get("during", [self.state]):
            return False
        if "task_from" in transition and (task is None or task.state not in transition["task_from"]):
            return False
        if not all(self._holds(entry, task, asked) for entry in transition.get("requires", ())):
            return False
        return self._form_fits(asked, task)

    def _find(self, asked: Asked) -> tuple[dict[str, Any], Task | None] | None:
        if asked.action in TASK_ACTIONS:
            if asked.task is None:
                return None
            task = self.tasks[asked.task]
            for transition in RAW["tasks"][task.kind].get("transitions", ()):
                if transition["action"] == asked.action and task.state in transition["from"]:
                    return (transition, task) if self._sees(asked.who, task) else None
            return None
        for transition in RAW["transitions"]:
            if transition["action"] == asked.action and self.state in transition["from"]:
                if "task" not in transition:
                    return transition, None
                open_ones = [t for t in self.tasks if t.kind == transition["task"] and not t.ended]
                mine = [t for t in open_ones if self._sees(asked.who, t)]
                return (transition, mine[0]) if mine else None
        return None

    def _sees(self, who: str, task: Task) -> bool:
        role = ROLES[who]
        if role == "unit":
            return task.unit == UNITS[who]
        return role not in {"collector", "handler"} or task.person == who

    def _holds(self, entry: dict[str, Any], task: Task | None, asked: Asked) -> bool:
        if "task" in entry:
            others = [t for t in self.tasks if t.kind == entry["task"] and t.state != "cancelled"]
            return all(t.state in entry["states"] for t in others if not (entry.get("others") and t is task))
        left = 0
        if task is not None and self.standard is not None:
            left = STAGES[self.standard] - 1 - task.stage
        facts: dict[str, bool] = {
            "lead": task is not None and task.lead,
            "joint": task is not None and not task.lead,
            "holder": task is not None and task.person == asked.who,
            "not_holder": task is not None and task.person != asked.who,
            "other_person": self.passer != asked.who,
            "stages_left": left > 0,
            "stages_done": left <= 0,
            "never_appealed": all(t.kind != "appeal" for t in self.tasks),
            "was_late": any(t.late for t in self.tasks if t.unit is not None and t.unit == UNITS.get(asked.who)),
            "within_reopen_window": self.closed == self.epoch,
        }
        return facts[entry["that"]]

    def _form_fits(self, asked: Asked, task: Task | None) -> bool:
        form = asked.form
        if asked.action == "close":
            return self.standard is not None and form["closing"] == CLOSING
        if asked.action == "add_unit":
            busy = {t.unit for t in self.tasks if t.kind == "handle" and not t.ended}
            return form["joint"][0] not in busy
        if asked.action == "give_person":
            return task is not None and task.unit == UNITS[form["person"]]  # both of one unit
        return asked.action != "transfer_level" or form["level"] != self.level

    def take(self, asked: Asked) -> None:
        found = self._find(asked)
        assert found is not None
        transition, task = found
        self.version += 1
        if asked.action == "appeal_pass":
            self.passer = asked.who
        to = transition["to"]
        if asked.action in TASK_ACTIONS:
            assert task is not None
            task.move(task.state if to == "stay" else to, self.epoch)
        elif to != "stay":
            self.state = to
            if RAW["states"][to].get("end"):
                self.closed = self.epoch
                for one in (t for t in self.tasks if t.kind != "appeal"):
                    one.done = self.epoch if one.done is None else one.done
        for effect in transition["effects"]:
            self._effect(effect, task, asked)

    def _effect(self, effect: dict[str, Any], task: Task | None, asked: Asked) -> None:
        match effect["do"]:
            case "move_task" | "cancel_tasks":
                for one in self.tasks:
                    only = effect.get("only", "all")
                    meant = only == "all" or (only == "lead" and one.lead) or (only == "through" and one is task)
                    if one.kind == effect["task"] and not one.ended and meant:
                        one.move(effect.get("to", "cancelled"), self.epoch)
            case "open_task":
                owner = RAW["tasks"][effect["task"]]["owner"]
                unit = {"unit": self.unit, "asker": UNITS.get(asked.who)}.get(owner)
                self._open(effect["task"], unit=unit)
            case "assign_units":
                lead = asked.form.get("unit")
                if lead is not None:
                    self.unit = lead
                    self._open("handle", unit=lead, lead=True)
                for unit in asked.form.get("joint", ()):
                    self._open("handle", unit=unit)
            case "ask_person":
                self._open(effect["task"], person=asked.form["collector"])
            case "name_person" | "unname_person":
                assert task is not None
                task.person = asked.form.get("person") if effect["do"] == "name_person" else None
            case "next_stage":
                assert task is not None
                task.was_late = task.was_late or self.epoch > task.began
                task.stage, task.began, task.done = task.stage + 1, self.epoch, None
            case "set_standard":
                self.standard = asked.form["standard"]
            case "transfer_level":
                self.level = asked.form["level"]

    def _open(self, kind: str, **more: Any) -> None:
        self.tasks.append(Task(kind, RAW["tasks"][kind]["initial"], began=self.epoch, **more))
