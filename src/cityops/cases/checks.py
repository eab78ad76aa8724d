"""Checks of a workflow when it is loaded: what is wrong is named by its entry, before any case can meet it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from cityops.cases.workflow import Effect, Machine, TaskKind, Transition, Workflow
from cityops.kit import ConfigError, Text

CREW_EFFECTS = frozenset({"assign_crew", "crew_on_scene", "release_crew"})
TASK_EFFECTS = frozenset({"open_task", "move_task", "cancel_tasks", "acknowledge_notice", "count_rework"})
EFFECTS = CREW_EFFECTS | TASK_EFFECTS
"""Every effect there is. Those of the crews are carried out by the dispatch room."""


class Fault(NamedTuple):
    """A fault in a declaration: ``path`` leads to the entry, ``text`` says what is wrong with it."""

    path: tuple[str | int, ...]
    text: Text

    def __str__(self) -> str:
        return f"{'.'.join(str(part) for part in self.path)}: {self.text.en}"


def check_workflow(workflow: Workflow, permissions: Collection[str]) -> list[Fault]:
    """All faults of a workflow; an empty list when it can be used.

    Args:
        workflow: what to check.
        permissions: the permissions that exist.
    """
    faults = list(_machine_faults((), workflow, (), permissions))
    for name, task in workflow.tasks.items():
        moved_to = _moved_to(workflow, name)
        faults += _machine_faults(("tasks", name), task, moved_to, permissions)
        if task.owner != "crew" and not (task.at_opening or _opens(workflow, name)):
            faults.append(_fault(("tasks", name), "没有任何步骤会产生此任务", "no step ever opens this task"))
        if task.at_opening and task.owner == "crew":
            faults.append(_fault(("tasks", name), "立案时尚无处置力量", "there is no crew yet when a case is opened"))
    for path, transition in _all_transitions(workflow):
        faults += _reference_faults(path, transition, workflow)
    return faults


def ensure_sound(workflow: Workflow, permissions: Collection[str]) -> None:
    """Raise ``ConfigError`` naming every faulty entry, or return."""
    faults = check_workflow(workflow, permissions)
    if faults:
        zh = "；".join(f"{'.'.join(map(str, f.path))}：{f.text.zh}" for f in faults)
        en = "; ".join(map(str, faults))
        raise ConfigError(
            f"流程“{workflow.title.zh}”（{workflow.name}）有误：{zh}", f"workflow {workflow.name!r} is not sound: {en}"
        )


def _fault(path: tuple[str | int, ...], zh: str, en: str) -> Fault:
    return Fault(path, Text(zh, en))


def _all_transitions(workflow: Workflow) -> Iterable[tuple[tuple[str | int, ...], Transition]]:
    for index, transition in enumerate(workflow.transitions):
        yield ("transitions", index), transition
    for name, task in workflow.tasks.items():
        for index, transition in enumerate(task.transitions):
            yield ("tasks", name, "transitions", index), transition


def _effects(workflow: Workflow) -> Iterable[Effect]:
    return (effect for _, transition in _all_transitions(workflow) for effect in transition.effects)


def _opens(workflow: Workflow, task: str) -> bool:
    return any(effect.do == "open_task" and effect.task == task for effect in _effects(workflow))


def _moved_to(workflow: Workflow, task: str) -> tuple[str, ...]:
    moves = (e.to for e in _effects(workflow) if e.do == "move_task" and e.task == task)
    return tuple(to for to in moves if to is not None)


def _machine_faults(
    path: tuple[str | int, ...], machine: Machine, moved_to: tuple[str, ...], permissions: Collection[str]
) -> Iterable[Fault]:
    if machine.initial not in machine.states:
        yield _fault(
            (*path, "initial"),
            f"起始状态“{machine.initial}”不存在",
            f"initial state {machine.initial!r} does not exist",
        )
        return
    seen: set[tuple[str, str]] = set()
    for index, transition in enumerate(machine.transitions):
        yield from _transition_faults((*path, "transitions", index), machine, transition, permissions, seen)
    edges = {(source, t.to) for t in machine.transitions for source in t.sources}
    reachable = _closure({machine.initial, *moved_to}, edges)
    ends = {name for name, state in machine.states.items() if state.end}
    finishing = _closure(ends, {(to, source) for source, to in edges})
    carried = bool(ends & set(moved_to))
    for name, state in machine.states.items():
        if name not in reachable:
            yield _fault((*path, "states", name), f"状态“{name}”无法到达", f"state {name!r} cannot be reached")
        if name not in finishing and not carried:
            yield _fault((*path, "states", name), f"状态“{name}”没有出路", f"state {name!r} is a dead end")
        if state.end and any(source == name for source, _ in edges):
            yield _fault(
                (*path, "states", name),
                f"结束状态“{name}”之后还有步骤",
                f"end state {name!r} has a transition out of it",
            )


def _transition_faults(
    path: tuple[str | int, ...],
    machine: Machine,
    transition: Transition,
    permissions: Collection[str],
    seen: set[tuple[str, str]],
) -> Iterable[Fault]:
    for state in (*transition.sources, transition.to):
        if state not in machine.states:
            yield _fault(
                path,
                f"“{transition.action}”指向未知状态“{state}”",
                f"{transition.action!r} names unknown state {state!r}",
            )
    for source in transition.sources:
        if (transition.action, source) in seen:
            yield _fault(
                path, f"“{transition.action}”在“{source}”有两次定义", f"{transition.action!r} leaves {source!r} twice"
            )
        seen.add((transition.action, source))
    if transition.permission not in permissions:
        yield _fault(
            (*path, "permission"),
            f"“{transition.action}”的权限“{transition.permission}”不存在",
            f"{transition.action!r} names unknown permission {transition.permission!r}",
        )
    names = [field.name for field in transition.form]
    if len(names) != len(set(names)):
        yield _fault(
            (*path, "form"), f"“{transition.action}”的表单字段重名", f"form of {transition.action!r} repeats a field"
        )


def _reference_faults(path: tuple[str | int, ...], transition: Transition, workflow: Workflow) -> Iterable[Fault]:
    action = transition.action
    if transition.task is not None and transition.task not in workflow.tasks:
        yield _fault(
            (*path, "task"),
            f"“{action}”的任务“{transition.task}”不存在",
            f"{action!r} names unknown task {transition.task!r}",
        )
    for index, effect in enumerate(transition.effects):
        where = (*path, "effects", index)
        if effect.do not in EFFECTS:
            yield _fault(
                where, f"“{action}”的效果“{effect.do}”不存在", f"{action!r} names unknown effect {effect.do!r}"
            )
        elif effect.do in {"open_task", "move_task"}:
            yield from _task_effect_faults(where, action, effect, workflow.tasks)
        elif effect.do == "assign_crew" and transition.field_of("crew") is None:
            yield _fault(where, f"“{action}”派人却没有选人字段", f"{action!r} assigns a crew and has no crew field")
    for index, requirement in enumerate(transition.requires):
        task = workflow.tasks.get(requirement.task)
        unknown = [s for s in requirement.states if task is None or s not in task.states]
        if unknown:
            where = (*path, "requires", index)
            yield _fault(
                where,
                f"“{action}”的条件不存在：{requirement.task} {unknown}",
                f"{action!r} requires unknown {requirement.task} {unknown}",
            )


def _task_effect_faults(
    where: tuple[str | int, ...], action: str, effect: Effect, tasks: dict[str, TaskKind]
) -> Iterable[Fault]:
    task = tasks.get(effect.task or "")
    if task is None:
        yield _fault(where, f"“{action}”的任务“{effect.task}”不存在", f"{action!r} names unknown task {effect.task!r}")
    elif effect.do == "move_task" and effect.to not in task.states:
        yield _fault(
            where, f"“{action}”的任务状态“{effect.to}”不存在", f"{action!r} names unknown task state {effect.to!r}"
        )


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, frontier = set(start), list(start)
    while frontier:
        here = frontier.pop()
        for source, to in edges:
            if source == here and to not in found:
                found.add(to)
                frontier.append(to)
    return found
