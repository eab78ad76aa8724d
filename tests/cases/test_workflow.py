"""Workflows are checked when they are loaded, and a fault is named by its entry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from cityops.access import Permission
from cityops.cases import Workflow, check_workflow, ensure_sound
from cityops.kit import ConfigError

from .conftest import SCENE

PERMISSIONS = [permission.value for permission in Permission]


def declared() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(SCENE.read_text(encoding="utf-8"))["workflows"][0]
    return copy.deepcopy(found)


def faults_after(change: Callable[[dict[str, Any]], None]) -> list[str]:
    data = declared()
    change(data)
    return [str(fault) for fault in check_workflow(Workflow.model_validate(data), PERMISSIONS)]


def transition(data: dict[str, Any], action: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t for t in data["transitions"] if t["action"] == action)
    return found


def test_the_shipped_workflow_is_sound() -> None:
    assert check_workflow(Workflow.model_validate(declared()), PERMISSIONS) == []


def change_initial(data: dict[str, Any]) -> None:
    data["initial"] = "nowhere"


def drop_ways_out(data: dict[str, Any]) -> None:
    data["transitions"] = [t for t in data["transitions"] if t["action"] not in ("check_pass", "check_fail", "void")]


def drop_ways_in(data: dict[str, Any]) -> None:
    data["transitions"] = [t for t in data["transitions"] if t["action"] != "arrive"]
    transition(data, "recall")["from"] = ["dispatched", "accepted"]
    transition(data, "void")["from"] = ["filed"]


def leave_the_end(data: dict[str, Any]) -> None:
    transition(data, "check_fail")["from"] = ["handled", "closed"]


def name_unknown_state(data: dict[str, Any]) -> None:
    transition(data, "accept")["to"] = "acepted"


def name_unknown_permission(data: dict[str, Any]) -> None:
    transition(data, "close")["permission"] = "cases.shut"


def name_unknown_effect(data: dict[str, Any]) -> None:
    transition(data, "finish")["effects"].append({"do": "send_flowers"})


def name_unknown_task(data: dict[str, Any]) -> None:
    transition(data, "dispatch")["effects"].append({"do": "open_task", "task": "fields"})


def name_unknown_task_state(data: dict[str, Any]) -> None:
    transition(data, "finish")["effects"][0]["to"] = "finished"


def drop_the_crew_field(data: dict[str, Any]) -> None:
    transition(data, "dispatch")["form"] = []


def require_unknown_state(data: dict[str, Any]) -> None:
    transition(data, "close")["requires"][0]["states"] = ["aproved"]


def repeat_an_action(data: dict[str, Any]) -> None:
    data["transitions"].append(copy.deepcopy(transition(data, "close")))


def never_open_a_task(data: dict[str, Any]) -> None:
    data["tasks"]["rectification"]["at_opening"] = False


def strand_a_task(data: dict[str, Any]) -> None:
    task = data["tasks"]["rectification"]
    task["transitions"] = [t for t in task["transitions"] if t["action"] in ("submit_rectification",)]


def reopen_into_an_end(data: dict[str, Any]) -> None:
    again = {**transition(data, "recall"), "action": "reopen", "kind": "reopen", "from": ["closed"], "to": "void"}
    data["transitions"].append(again)


def come_after_something_open(data: dict[str, Any]) -> None:
    data["transitions"].append(
        {**transition(data, "recall"), "action": "appeal", "kind": "after", "from": ["filed"], "to": "stay"}
    )


def require_unknown_condition(data: dict[str, Any]) -> None:
    transition(data, "close")["requires"].append({"that": "good_weather", "otherwise": {"zh": "雨", "en": "rain"}})


def name_a_person_without_a_field(data: dict[str, Any]) -> None:
    transition(data, "accept")["effects"].append({"do": "name_person"})


def let_the_crew_be_optional(data: dict[str, Any]) -> None:
    transition(data, "dispatch")["form"][0]["required"] = False


def act_on_no_task(data: dict[str, Any]) -> None:
    transition(data, "recall")["effects"].append({"do": "end_deferral"})


def wait_on_unknown_states(data: dict[str, Any]) -> None:
    data["tasks"]["rectification"]["transitions"][0]["during"] = ["closing"]


def leave_a_task_unknown_state(data: dict[str, Any]) -> None:
    transition(data, "arrive")["task_from"] = ["asleep"]


def ask_for_a_standard_without_any(data: dict[str, Any]) -> None:
    field = {"name": "standard", "title": {"zh": "标准", "en": "Standard"}, "kind": "standard", "required": True}
    transition(data, "close")["form"].append(field)


def go_on_past_the_last_stage(data: dict[str, Any]) -> None:
    transition(data, "arrive")["effects"].append({"do": "next_stage"})


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (change_initial, "initial", "'nowhere' does not exist"),
        (drop_ways_out, "states.handled", "dead end"),
        (drop_ways_in, "states.on_scene", "cannot be reached"),
        (leave_the_end, "states.closed", "has a transition out of it"),
        (name_unknown_state, "transitions.2", "unknown state 'acepted'"),
        (name_unknown_permission, "transitions.9.permission", "unknown permission 'cases.shut'"),
        (name_unknown_effect, "transitions.6.effects.2", "unknown effect 'send_flowers'"),
        (name_unknown_task, "transitions.0.effects.2", "unknown task 'fields'"),
        (name_unknown_task_state, "transitions.6.effects.0", "unknown task state 'finished'"),
        (drop_the_crew_field, "transitions.0.effects.0", "no crew field"),
        (require_unknown_state, "transitions.9.requires.0", "requires unknown rectification ['aproved']"),
        (repeat_an_action, "transitions.12", "leaves 'checked' twice"),
        (never_open_a_task, "tasks.rectification", "no step ever opens"),
        (strand_a_task, "tasks.rectification.states.submitted", "dead end"),
        (reopen_into_an_end, "transitions.12.kind", "does not fit the end states"),
        (reopen_into_an_end, "states.closed", "has a transition out of it"),
        (come_after_something_open, "transitions.12.kind", "does not fit the end states"),
        (require_unknown_condition, "transitions.9.requires.1", "unknown condition 'good_weather'"),
        (name_a_person_without_a_field, "transitions.2.effects.2", "no person field that is required"),
        (let_the_crew_be_optional, "transitions.0.effects.0", "no crew field that is required"),
        (act_on_no_task, "transitions.4", "goes through no task"),
        (wait_on_unknown_states, "tasks.rectification.transitions.0", "unknown states ['closing']"),
        (leave_a_task_unknown_state, "transitions.5", "unknown states ['asleep']"),
        (ask_for_a_standard_without_any, "transitions.9.form", "the workflow has none"),
        (go_on_past_the_last_stage, "transitions.5", "without 'stages_left'"),
    ],
)
def test_a_fault_is_found_and_named(change: Callable[[dict[str, Any]], None], path: str, words: str) -> None:
    faults = faults_after(change)
    assert any(fault.startswith(f"{path}: ") and words in fault for fault in faults), faults


def test_an_unsound_workflow_stops_the_start_in_two_languages() -> None:
    data = declared()
    name_unknown_effect(data)
    with pytest.raises(ConfigError, match=r"transitions\.6\.effects\.2") as faulty:
        ensure_sound(Workflow.model_validate(data), PERMISSIONS)
    assert "效果“send_flowers”不存在" in faulty.value.text.zh


@pytest.mark.parametrize("key", ["permission", "form", "effects", "title", "from", "to"])
def test_every_transition_says_its_permission_form_and_effects(key: str) -> None:
    data = declared()
    del transition(data, "accept")[key]
    with pytest.raises(ValidationError, match=key):
        Workflow.model_validate(data)


@pytest.mark.parametrize(
    "limit",
    [{"amount": 0, "unit": "working_day"}, {"amount": 1.5, "unit": "working_day"}, {"amount": 1, "unit": "day"}],
)
def test_an_impossible_limit_is_refused(limit: dict[str, Any]) -> None:
    data = declared()
    data["limit"] = limit
    with pytest.raises(ValidationError, match="limit"):
        Workflow.model_validate(data)


def test_the_progress_bar_shows_the_way_and_where_one_is() -> None:
    workflow = Workflow.model_validate(declared())
    way = workflow.way("accepted")
    assert [entry["state"] for entry in way] == [
        "filed",
        "dispatched",
        "accepted",
        "on_scene",
        "handled",
        "checked",
        "closed",
    ]
    assert [entry["passed"] for entry in way] == [True, True, False, False, False, False, False]
    assert [entry["stage"] for entry in way][:3] == ["file", "dispatch", "handle"]
