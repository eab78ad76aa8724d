"""Checks of a workflow when it is loaded: what is wrong is named by its entry, before any case can meet it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from cityops.cases.conditions import CONDITIONS
from cityops.cases.document_template import GIVEN
from cityops.cases.machines import Fault, Path, fault, machine_faults
from cityops.cases.workflow import Effect, FieldKind, Requirement, TaskKind, Transition, Workflow
from cityops.kit import ConfigError

DOCUMENT_EFFECTS = frozenset({"make_document"})
CREW_EFFECTS = frozenset({"assign_crew", "crew_on_scene", "release_crew"})
TASK_EFFECTS = frozenset({"open_task", "move_task", "cancel_tasks", "acknowledge_notice", "count_rework"})
WORKFLOW_EFFECTS = frozenset(
    [
        "count_reopening",
        "set_standard",
        "set_closing",
        "assign_units",
        "ask_person",
        "name_person",
        "unname_person",
        "defer",
        "end_deferral",
        "next_stage",
        "transfer_level",
        "transfer_unit",
        "set_unit",
        "exempt_delay",
        "merge_case",
        "split_case",
        "tell_reporters",
    ]
)
EFFECTS = CREW_EFFECTS | TASK_EFFECTS | WORKFLOW_EFFECTS | DOCUMENT_EFFECTS
"""Every effect there is. Those of the crews are carried out by the dispatch room, ``make_document`` by documents."""

OPENING: Final = frozenset({"open_task", "assign_units", "ask_person", "transfer_unit"})
"""Effects that open a task of the kind they name."""
OF_A_KIND: Final = OPENING | {"move_task", "set_unit"}
"""Effects that must name a kind of task."""
NEEDS_FIELD: Final[dict[str, tuple[FieldKind, ...]]] = {
    "assign_crew": ("crew",),
    "assign_units": ("unit", "units"),
    "transfer_unit": ("unit",),
    "ask_person": ("person",),
    "name_person": ("person",),
    "defer": ("datetime",),
    "transfer_level": ("choice",),
    "merge_case": ("case",),
    "split_case": ("long_text",),
    "set_standard": ("standard",),
    "set_closing": ("closing",),
}
"""The fields, one of which the form must require, for an effect to find what it needs."""
OF_A_TASK: Final = frozenset({"name_person", "unname_person", "defer", "end_deferral", "next_stage", "exempt_delay"})
"""Effects on the task that the step is taken through."""


def check_workflow(workflow: Workflow, permissions: Collection[str]) -> list[Fault]:
    """All faults of a workflow; an empty list when it can be used.

    Args:
        workflow: what to check.
        permissions: the permissions that exist.
    """
    faults = list(machine_faults((), workflow, (), permissions))
    for name, task in workflow.tasks.items():
        moved_to = _moved_to(workflow, name)
        faults += machine_faults(("tasks", name), task, moved_to, permissions)
        if task.owner != "crew" and not (task.at_opening or _opens(workflow, name)):
            faults.append(fault(("tasks", name), "没有任何步骤会产生此任务", "no step ever opens this task"))
        if task.at_opening and task.owner == "crew":
            faults.append(fault(("tasks", name), "立案时尚无处置力量", "there is no crew yet when a case is opened"))
    for path, transition in _all_transitions(workflow):
        faults += _reference_faults(path, transition, workflow)
        faults += _place_faults(path, transition, workflow)
        faults += _list_faults(path, transition, workflow)
        faults += _document_faults(path, transition, workflow)
    return faults + list(_template_faults(workflow))


def ensure_sound(workflow: Workflow, permissions: Collection[str]) -> None:
    """Raise ``ConfigError`` naming every faulty entry, or return."""
    faults = check_workflow(workflow, permissions)
    if faults:
        zh = "；".join(f"{'.'.join(map(str, f.path))}：{f.text.zh}" for f in faults)
        en = "; ".join(map(str, faults))
        raise ConfigError(
            f"流程“{workflow.title.zh}”（{workflow.name}）有误：{zh}", f"workflow {workflow.name!r} is not sound: {en}"
        )


def _all_transitions(workflow: Workflow) -> Iterable[tuple[Path, Transition]]:
    for index, transition in enumerate(workflow.transitions):
        yield ("transitions", index), transition
    for name, task in workflow.tasks.items():
        for index, transition in enumerate(task.transitions):
            yield ("tasks", name, "transitions", index), transition


def _effects(workflow: Workflow) -> Iterable[Effect]:
    return (effect for _, transition in _all_transitions(workflow) for effect in transition.effects)


def _opens(workflow: Workflow, task: str) -> bool:
    return any(effect.do in OPENING and effect.task == task for effect in _effects(workflow))


def _moved_to(workflow: Workflow, task: str) -> tuple[str, ...]:
    moves = (e.to for e in _effects(workflow) if e.do == "move_task" and e.task == task)
    return tuple(to for to in moves if to is not None)


def _reference_faults(path: Path, transition: Transition, workflow: Workflow) -> Iterable[Fault]:
    action = transition.action
    if transition.task is not None and transition.task not in workflow.tasks:
        yield fault(
            (*path, "task"),
            f"“{action}”的任务“{transition.task}”不存在",
            f"{action!r} names unknown task {transition.task!r}",
        )
    for index, effect in enumerate(transition.effects):
        where = (*path, "effects", index)
        if effect.do not in EFFECTS:
            yield fault(where, f"“{action}”的效果“{effect.do}”不存在", f"{action!r} names unknown effect {effect.do!r}")
        elif effect.do in OF_A_KIND or (effect.do in ("cancel_tasks", "defer") and effect.task is not None):
            yield from _task_effect_faults(where, action, effect, workflow.tasks)
        yield from _field_faults(where, transition, effect)
    for index, requirement in enumerate(transition.requires):
        if requirement.that is not None:
            yield from _condition_faults((*path, "requires", index), action, requirement)
            continue
        task = workflow.tasks.get(requirement.task or "")
        unknown = [s for s in requirement.states if task is None or s not in task.states]
        if unknown:
            where = (*path, "requires", index)
            yield fault(
                where,
                f"“{action}”的条件不存在：{requirement.task} {unknown}",
                f"{action!r} requires unknown {requirement.task} {unknown}",
            )


def _task_effect_faults(where: Path, action: str, effect: Effect, tasks: dict[str, TaskKind]) -> Iterable[Fault]:
    task = tasks.get(effect.task or "")
    if task is None:
        yield fault(where, f"“{action}”的任务“{effect.task}”不存在", f"{action!r} names unknown task {effect.task!r}")
    elif effect.do == "move_task" and effect.to not in task.states:
        yield fault(
            where, f"“{action}”的任务状态“{effect.to}”不存在", f"{action!r} names unknown task state {effect.to!r}"
        )


def _field_faults(where: Path, transition: Transition, effect: Effect) -> Iterable[Fault]:
    """An effect must find what it needs in every form that can be submitted."""
    kinds = NEEDS_FIELD.get(effect.do, ())
    fields = [transition.field_of(kind) for kind in kinds]
    if kinds and not any(field is not None and field.required for field in fields):
        yield fault(
            where,
            f"“{transition.action}”的效果“{effect.do}”缺少必填字段（{kinds[0]}）",
            f"{transition.action!r} does {effect.do!r} and has no {kinds[0]} field that is required",
        )


def _condition_faults(where: Path, action: str, requirement: Requirement) -> Iterable[Fault]:
    if requirement.that not in CONDITIONS:
        yield fault(
            where,
            f"“{action}”的条件“{requirement.that}”不存在",
            f"{action!r} requires the unknown condition {requirement.that!r}",
        )


def _place_faults(path: Path, transition: Transition, workflow: Workflow) -> Iterable[Fault]:
    """States of other machines that do not exist, and effects on a task where there is none."""
    action, of_task = transition.action, path[0] == "tasks"
    through = workflow.tasks[str(path[1])] if of_task else workflow.tasks.get(transition.task or "")
    unknown = [name for name in transition.during if not of_task or name not in workflow.states]
    unknown += [name for name in transition.task_from if of_task or through is None or name not in through.states]
    if unknown:
        yield fault(path, f"“{action}”以未知状态为前提：{unknown}", f"{action!r} waits on unknown states {unknown}")
    acting = {e.do for e in transition.effects if e.do in OF_A_TASK or e.only == "through"}
    if acting and through is None:
        yield fault(
            path,
            f"“{action}”不经任务，却有效果{sorted(acting)}",
            f"{action!r} goes through no task and does {sorted(acting)}",
        )
    guarded = any(requirement.that == "stages_left" for requirement in transition.requires)
    if "next_stage" in acting and not guarded:
        yield fault(path, f"“{action}”未以“还有阶段”为条件", f"{action!r} does next_stage without 'stages_left'")


def _document_faults(path: Path, transition: Transition, workflow: Workflow) -> Iterable[Fault]:
    """``make_document`` names a template of the workflow, and no other effect names any."""
    for index, effect in enumerate(transition.effects):
        wanted = effect.do in DOCUMENT_EFFECTS
        if (effect.document in workflow.documents) != wanted or (effect.document is not None) != wanted:
            yield fault(
                (*path, "effects", index),
                f"“{transition.action}”的文书模板“{effect.document}”不存在",
                f"{transition.action!r} names no template of the workflow: {effect.document!r}",
            )


def _template_faults(workflow: Workflow) -> Iterable[Fault]:
    """Every field of a template is one that a form asks for or that the case has."""
    forms = {field.name for _, transition in _all_transitions(workflow) for field in transition.form}
    for name, template in workflow.documents.items():
        for unknown in sorted(template.fields() - forms - GIVEN - set(template.extra)):
            yield fault(
                ("documents", name), f"模板的字段“{unknown}”没有来源", f"no form or case gives the field {unknown!r}"
            )


def _list_faults(path: Path, transition: Transition, workflow: Workflow) -> Iterable[Fault]:
    """A transfer offers the levels; a standard can only be chosen where there are some."""
    action, where = transition.action, (*path, "form")
    field = transition.field_of("choice")
    transfers = any(effect.do == "transfer_level" for effect in transition.effects)
    if transfers and field is not None and {option.value for option in field.options} != set(workflow.levels):
        yield fault(where, f"“{action}”的选项不是各层级", f"{action!r} must offer the levels")
    if transition.field_of("standard") is not None and not workflow.standards:
        yield fault(where, "流程没有立案标准", f"{action!r} asks for a standard and the workflow has none")
