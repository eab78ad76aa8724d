"""Which transition a person asks for, and whether it may be taken: the rules, apart from the writing."""

from __future__ import annotations

from typing import Final

from sqlalchemy import RowMapping

from cityops.access import Permission
from cityops.cases.conditions import CONDITIONS, OF_ANOTHER, Situation
from cityops.cases.scope import owes_or_oversees
from cityops.cases.workflow import CANCELLED, Machine, Requirement, Transition, Workflow
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, Text

KEPT: Final = Text(
    "案件没有变化，填写的内容仍在页面上", "the case was not changed; what you typed is still on the page"
)
_NOT_NOW: Final = Text("案件或任务当前状态下不能办理这一步", "not possible in the present state of the case or task")
RELOAD: Final = Text("刷新案件后再操作", "reload the case, then decide again")


def machine_of(workflow: Workflow, action: str, task: RowMapping | None) -> Machine:
    """The machine that knows this action: the case's own, or that of the task the step is taken through.

    Raises:
        InvalidError: ``case.no_action``: no machine knows it; ``case.task_missing``: it belongs to a task, name one.
    """
    if workflow.knows(action):
        return workflow
    if not any(kind.knows(action) for kind in workflow.tasks.values()):
        raise InvalidError(
            f"流程“{workflow.title.zh}”没有“{action}”这一步",
            f"workflow {workflow.name!r} has no step {action!r}",
            code="case.no_action",
            kept=KEPT,
        )
    if task is None or not workflow.tasks[task["kind"]].knows(action):
        raise InvalidError(
            f"“{action}”属于某项任务，请指明任务",
            f"{action!r} belongs to a task: name the task",
            code="case.task_missing",
            kept=KEPT,
        )
    return workflow.tasks[task["kind"]]


def permission_of(machine: Machine, state: str, action: str) -> str:
    """The permission this action needs, in this state if it is possible there, else as first declared."""
    transition = machine.find(action, state) or next(t for t in machine.transitions if t.action == action)
    return transition.permission


def through_task(at: Situation, transition: Transition, named: str | None) -> RowMapping | None:
    """The open task that a case's step goes through, or ``None`` for a step that needs none.

    Raises:
        ConflictError: there is no such open task for this person. InvalidError: another task was named.
    """
    if transition.task is None:
        if named is not None:
            raise InvalidError(
                "这一步不属于任何任务", "this step goes through no task", code="case.task_wrong", kept=KEPT
            )
        return None
    for task in open_tasks_of(at, transition.task):
        if named is None or task["id"] == named:
            return task
    title = at.workflow.tasks[transition.task].title
    raise ConflictError(
        f"没有由您承担的“{title.zh}”任务",
        f"there is no open task {title.en!r} for you in this case",
        code="case.not_possible",
        kept=KEPT,
        todo=RELOAD,
    )


def open_tasks_of(at: Situation, kind: str) -> list[RowMapping]:
    """The case's open tasks of a kind that this person owes or oversees, oldest first."""
    return [t for t in at.tasks if t["kind"] == kind and not t["ended"] and owes_or_oversees(at.principal, t)]


def ensure_role(at: Situation, transition: Transition) -> None:
    """Raise ``ForbiddenError`` unless this person's role and level may take the step."""
    if not has_role(at, transition):
        raise ForbiddenError(
            f"您的岗位不能“{transition.title.zh}”",
            f"people in your position may not take the step {transition.title.en!r}",
            code="case.role",
            kept=KEPT,
            todo=Text("请由有此职责的人员办理", "ask somebody who has this duty"),
        )


def has_role(at: Situation, transition: Transition) -> bool:
    """Whether the role is one that the step names, and the person not below the level the case is on."""
    roles = transition.roles
    if roles and at.principal.role not in roles:
        return False
    by_task = at.principal.role.is_of_unit or at.principal.role.is_of_field  # whatever level holds the case
    return by_task or not _below(at)


def _below(at: Situation) -> bool:
    """Whether the person's areas are smaller than the level that holds the case (市、区、街道)."""
    levels, level, own = at.workflow.levels, at.case["level"], at.workflow.level_of(at.principal.area_codes)
    return level in levels and own is not None and levels.index(own) > levels.index(level)


def judge(at: Situation, transition: Transition) -> tuple[bool, Text | None]:
    """Whether the engine would let this person take the step now, given a right form; if not, why.

    The reason is told only for a condition of the case that somebody can change, not for what is another's to do.
    """
    if not (at.principal.can(Permission(transition.permission)) and has_role(at, transition)):
        return False, None
    if not _in_place(at, transition):
        return False, None
    failing = _failing(at, transition)
    if failing is None:
        return True, None
    return False, None if failing.that in OF_ANOTHER else failing.otherwise.text


def unmet(at: Situation, transition: Transition) -> Text | None:
    """Why the workflow's conditions do not allow this step now, or ``None``."""
    if not _in_place(at, transition):
        return _NOT_NOW
    failing = _failing(at, transition)
    return None if failing is None else failing.otherwise.text


def _in_place(at: Situation, transition: Transition) -> bool:
    """Whether case and task are in a state in which the step is possible."""
    if transition.task_from and (at.task is None or at.task["state"] not in transition.task_from):
        return False
    return not transition.during or at.case["state"] in transition.during


def _failing(at: Situation, transition: Transition) -> Requirement | None:
    return next((requirement for requirement in transition.requires if not _holds(at, requirement)), None)


def _holds(at: Situation, requirement: Requirement) -> bool:
    if requirement.that is not None:
        return CONDITIONS[requirement.that](at)
    through = at.task["id"] if requirement.others and at.task is not None else None
    return all(
        task["state"] in requirement.states
        for task in at.tasks
        if task["kind"] == requirement.task and task["state"] != CANCELLED and task["id"] != through
    )


def stale(number: str) -> ConflictError:
    """Somebody was faster."""
    return ConflictError(
        f"案件 {number} 已被他人更新",
        f"case {number} was changed by somebody else in the meantime",
        code="case.stale",
        kept=KEPT,
        todo=RELOAD,
    )


def not_possible(machine: Machine, state: str, action: str) -> ConflictError:
    """The step exists, but not in this state."""
    here = machine.states[state].title if state in machine.states else None
    zh, en = (here.zh, here.en) if here else (state, state)
    title = next(t.title for t in machine.transitions if t.action == action)
    return ConflictError(
        f"当前状态“{zh}”下不能“{title.zh}”",
        f"{title.en!r} is not possible while the state is {en!r}",
        code="case.not_possible",
        kept=KEPT,
        todo=RELOAD,
    )


def not_ready(why: Text) -> ConflictError:
    """A condition of the workflow is not met."""
    return ConflictError(why.zh, why.en, code="case.not_ready", kept=KEPT)


def not_found() -> NotFoundError:
    """No such case, or not for this person: the two are not told apart."""
    return NotFoundError("没有这个案件，或您无权查看", "no such case, or not yours to see", code="case.not_found")
