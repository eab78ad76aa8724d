"""What transitions do besides changing the state. Those of the crews are handed in by the dispatch room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import func, update

from cityops.cases.deadlines import Row, finish_deadlines, resume_deadlines
from cityops.cases.records import Act, open_task, tell_task
from cityops.cases.tables import notice_table
from cityops.cases.workflow import CANCELLED, Effect, State, Transition

EffectHandler = Callable[[Act, Transition, Effect, str | None], None]
"""Carries out one effect: the act, its transition, the effect, the id of the task the step was taken through."""

StepRule = Callable[[Act, Transition], Mapping[str, Any]]
"""A scene's own rule of a step (办理规则), inside the step's transaction and before its effects: it raises what forbids
the step, may write the scene's own rows, and returns what it adds to the step's data."""


def set_task_state(act: Act, task: Row, to: str, *, data: Mapping[str, object] | None = None) -> None:
    """Move a task to a state of its machine (or ``cancelled``), with its clock and its event."""
    spec = act.workflow.tasks[task["kind"]]
    state = spec.states.get(to, _CANCELLED_STATE)
    values = {"state": to, "ended": state.end, "done_ms": act.at_ms if state.end or state.waiting else None}
    if data:
        values["data"] = {**task["data"], **data}
    act.set_task(task["id"], **values)
    if state.end or state.waiting:
        finish_deadlines(act.conn, act.case_id, act.at_ms, task_id=task["id"])
    else:
        resume_deadlines(act.conn, act.case_id, task["id"], act.calendar, act.workflow.warning_percents)
    tell_task(act, "task.changed", task["id"], task["unit_id"], task["crew_id"])


def _open_task(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    assert effect.task is not None  # the check at load holds this
    open_task(act, effect.task)


def _move_task(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    assert effect.to is not None  # the check at load holds this
    for task in _meant(act, effect, task_id):
        set_task_state(act, task, effect.to)


def _cancel_tasks(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    for task in _meant(act, effect, task_id):
        set_task_state(act, task, CANCELLED)


def _meant(act: Act, effect: Effect, task_id: str | None) -> list[Row]:
    """The open tasks that an effect is about."""
    tasks = act.open_tasks(effect.task)
    if effect.only == "through":
        return [task for task in tasks if task["id"] == task_id]
    if effect.only == "lead":
        return [task for task in tasks if task["lead"]]
    return tasks


def _acknowledge_notice(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    notice = notice_table.c
    unseen = (notice.task_id == task_id) & notice.acknowledged_ms.is_(None)
    read_ms = func.coalesce(notice.read_ms, act.at_ms)
    act.conn.execute(update(notice_table).where(unseen).values(acknowledged_ms=act.at_ms, read_ms=read_ms))


def _count_rework(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    act.set_case(rework=act.case()["rework"] + 1)


def _count_reopening(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    act.set_case(reopened=act.case()["reopened"] + 1)


def _set_closing(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    field = transition.field_of("closing")
    assert field is not None  # the check at load holds this
    act.set_case(closing=act.form[field.name])


_CANCELLED_STATE: Final = State.model_validate({"title": {"zh": "随案终止", "en": "Ended with the case"}, "end": True})

TASK_HANDLERS: Final[Mapping[str, EffectHandler]] = {
    "open_task": _open_task,
    "move_task": _move_task,
    "cancel_tasks": _cancel_tasks,
    "acknowledge_notice": _acknowledge_notice,
    "count_rework": _count_rework,
    "count_reopening": _count_reopening,
    "set_closing": _set_closing,
}
