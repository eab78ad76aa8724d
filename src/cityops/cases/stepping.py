"""Which transition a person asks for, and whether it may be taken: the rules, apart from the writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import RowMapping

from cityops.access import Principal, Role
from cityops.cases.workflow import CANCELLED, Machine, Transition, Workflow
from cityops.kit import ConflictError, InvalidError, NotFoundError, Text

KEPT: Final = Text(
    "案件没有变化，填写的内容仍在页面上", "the case was not changed; what you typed is still on the page"
)
RELOAD: Final = Text("刷新案件后再操作", "reload the case, then decide again")


def owes_or_oversees(principal: Principal, task: RowMapping) -> bool:
    """Whether a person sees a task: enterprises and crews their own, everybody else every task of a case in scope."""
    if principal.role == Role.ENTERPRISE:
        return principal.unit_id is not None and bool(task["unit_id"] == principal.unit_id)
    if principal.role == Role.CREW:
        return principal.crew_id is not None and bool(task["crew_id"] == principal.crew_id)
    return True


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


def through_task(
    workflow: Workflow,
    transition: Transition,
    tasks: Sequence[RowMapping],
    principal: Principal,
    named: str | None,
) -> str | None:
    """The id of the open task that a case's step goes through, or ``None`` for a step that needs none.

    Raises:
        ConflictError: there is no such open task for this person. InvalidError: another task was named.
    """
    if transition.task is None:
        if named is not None:
            raise InvalidError(
                "这一步不属于任何任务", "this step goes through no task", code="case.task_wrong", kept=KEPT
            )
        return None
    fitting = [t["id"] for t in tasks if t["kind"] == transition.task and owes_or_oversees(principal, t)]
    if not fitting or (named is not None and named not in fitting):
        title = workflow.tasks[transition.task].title
        raise ConflictError(
            f"没有由您承担的“{title.zh}”任务",
            f"there is no open task {title.en!r} for you in this case",
            code="case.not_possible",
            kept=KEPT,
            todo=RELOAD,
        )
    return str(named or fitting[0])


def unmet(transition: Transition, tasks: Sequence[RowMapping]) -> Text | None:
    """Why the workflow's conditions do not allow this step yet, or ``None``. ``tasks``: all of the case's tasks."""
    for requirement in transition.requires:
        of_kind = (t for t in tasks if t["kind"] == requirement.task and t["state"] != CANCELLED)
        if any(task["state"] not in requirement.states for task in of_kind):
            return requirement.otherwise.text
    return None


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
