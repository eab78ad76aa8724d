"""Which tasks are a person's own work, and which notices are addressed to the person (我的工作)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from cityops.access import Permission, Principal
from cityops.cases.scope import own_task_clause
from cityops.cases.tables import case_table, notice_table, task_table
from cityops.cases.workflow import Transition, Workflow, Workflows


def own_tasks(principal: Principal, workflows: Workflows, *, mine: bool) -> ColumnElement[bool]:
    """Of a unit, a crew or a person their own tasks; of others, if ``mine``, those that wait for a step of theirs."""
    if principal.role.is_of_field or principal.role.is_of_unit:
        return own_task_clause(principal)
    if not mine:
        return true()
    waiting = [
        and_(
            case_table.c.scene == scene,
            case_table.c.kind == kind,
            task_table.c.kind == name,
            task_table.c.state.in_(sorted(_states_open_to(principal, workflow, name))),
        )
        for (scene, kind), workflow in workflows.items()
        for name in workflow.tasks
    ]
    return or_(false(), *waiting)


def _states_open_to(principal: Principal, workflow: Workflow, name: str) -> set[str]:
    """The states of a kind of task out of which this person may take a step.

    The desk's own tasks have no steps of their own: the case's steps settle them, so they are the work of whoever may
    take such a step.
    """
    machine = workflow.tasks[name]
    found = {state for t in machine.transitions if _is_for(principal, t) for state in t.sources}
    if machine.owner == "desk" and any(_is_for(principal, t) and _settles(t, name) for t in workflow.transitions):
        found |= {state for state, spec in machine.states.items() if not spec.end}
    return found


def _settles(transition: Transition, name: str) -> bool:
    return transition.kind == "forward" and any(e.do == "move_task" and e.task == name for e in transition.effects)


def _is_for(principal: Principal, transition: Transition) -> bool:
    fits = not transition.roles or principal.role in transition.roles
    return fits and principal.can(Permission(transition.permission))


def notices_of(principal: Principal) -> ColumnElement[bool]:
    """The notices addressed to this person: by name, to the own crew or unit, or to the desk one sits at."""
    notice = notice_table.c
    by_name = notice.person_id == principal.account_id
    if principal.role.is_of_field:
        return or_(by_name, _is(notice.crew_id, principal.crew_id))
    if principal.can(Permission.CASES_SUPERVISE):
        return or_(by_name, notice.owner.in_(("police", "desk", "supervisor")))
    if principal.can(Permission.CASES_DISPATCH):
        return or_(by_name, notice.owner.in_(("police", "desk")))
    if principal.can(Permission.CASES_OPEN):
        return or_(by_name, notice.owner == "desk", _is(notice.unit_id, principal.unit_id))
    return or_(by_name, _is(notice.unit_id, principal.unit_id))


def _is(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    return false() if value is None else column == value
