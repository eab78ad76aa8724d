"""Which cases and tasks a person sees (可见范围)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, and_, false, or_, select

from cityops.access import Principal, Role, scope_clause
from cityops.cases.tables import case_table, reporter_table, task_table

PEOPLE: Final = 1024
"""So many people's statements are kept: making one anew costs more than carrying it out."""


@lru_cache(maxsize=PEOPLE)
def case_scope(principal: Principal) -> ColumnElement[bool]:
    """The cases a person may see: a district its areas', a unit and a crew their own and those they have a task in.

    A unit keeps seeing what it had a task in (it answers for it, and may appeal); a person or crew only while the task
    is open. A collector also sees what the collector reported.
    """
    own = scope_clause(
        principal,
        unit_column=case_table.c.unit_id,
        area_column=case_table.c.area_code,
        crew_column=case_table.c.crew_id,
    )
    if principal.role.is_of_unit:
        return or_(own, _as_guest(principal))
    if principal.role.is_of_field:
        mine = case_table.c.id.in_(_tasks_where(_own_open(principal)))
        if principal.role is Role.COLLECTOR:
            reported = select(reporter_table.c.case_id).where(reporter_table.c.account_id == principal.account_id)
            return or_(mine, case_table.c.id.in_(reported))
        return or_(own, mine) if principal.role is Role.CREW else mine
    return own


def scope_parts(principal: Principal) -> Sequence[ColumnElement[bool]]:
    """The cases of ``case_scope`` as parts that have none in common: each by itself is found through an index."""
    if principal.role.is_of_unit and principal.unit_id is not None:
        held = case_table.c.unit_id == principal.unit_id
        return held, and_(case_table.c.unit_id.is_distinct_from(principal.unit_id), _as_guest(principal))
    return (case_scope(principal),)


def owes_or_oversees(principal: Principal, task: RowMapping) -> bool:
    """Whether a person sees a task: units, crews and persons their own, others every task of a case in scope."""
    if principal.role.is_of_unit:
        return principal.unit_id is not None and bool(task["unit_id"] == principal.unit_id)
    if principal.role.is_of_field:
        of_crew = principal.crew_id is not None and bool(task["crew_id"] == principal.crew_id)
        return of_crew or bool(task["person_id"] == principal.account_id)
    return True


def own_task_clause(principal: Principal) -> ColumnElement[bool]:
    """The tasks of this person, unit or crew."""
    if principal.role.is_of_field:
        of_crew = _is(task_table.c.crew_id, principal.crew_id)
        return or_(of_crew, task_table.c.person_id == principal.account_id)
    return _is(task_table.c.unit_id, principal.unit_id)


def inside_scope(principal: Principal) -> ColumnElement[bool]:
    """The cases in which a person may read what was written, of those in scope.

    A confidential one (保密) only who works on it: who is of the unit that holds it, or has an open task in it.
    """
    works: ColumnElement[bool] = false()
    if principal.role.is_of_unit or principal.role.is_of_field:
        works = case_table.c.id.in_(_tasks_where(own_task_clause(principal) & task_table.c.ended.is_(False)))
    if principal.role.is_of_unit:
        works = or_(works, _is(case_table.c.unit_id, principal.unit_id))
    return and_(case_scope(principal), or_(case_table.c.confidential.is_(False), works))


def _own_open(principal: Principal) -> ColumnElement[bool]:
    return _is(task_table.c.person_id, principal.account_id) & task_table.c.ended.is_(False)


def _as_guest(principal: Principal) -> ColumnElement[bool]:
    """The cases that another unit or nobody holds, in which this person's unit has or had a task."""
    mine = _is(task_table.c.unit_id, principal.unit_id) & task_table.c.guest.is_(True)
    return case_table.c.id.in_(_tasks_where(mine))


def _tasks_where(clause: ColumnElement[bool]) -> Any:
    return select(task_table.c.case_id).where(clause)


def _is(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    return false() if value is None else column == value
