"""What a field of a form may name (可选项): units that can take a task, people who may, cases to merge into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy import case as sql_case

from cityops.access import Role
from cityops.cases.conditions import Situation
from cityops.cases.directory import find_person, find_unit, transfer_clause
from cityops.cases.scope import case_scope
from cityops.cases.tables import case_table, task_table
from cityops.cases.views import ChoicePage, ChoiceView
from cityops.cases.workflow import FormField, Transition
from cityops.kit import Text
from cityops.store import metadata

MAX_CHOICES: Final = 50
"""Choices shown at once; whoever looks for another types part of its name."""

_unit: Final = metadata.tables["unit"]
_account: Final = metadata.tables["account"]


def choices_of(at: Situation, transition: Transition, field: FormField, words: str) -> ChoicePage:
    """The choices of a field that names a unit, a person or a case; ``words``: part of a name, number or title.

    Exactly those that the step would take: people of the field's role, and of the task's unit where the task is given
    to one of its people; open cases of the same kind in this person's scope.
    """
    match field.kind:
        case "unit" | "units":
            found = _units(at, transition, words)
        case "person":
            found = _people(at, transition, field.role, words)
        case "case":
            found = _cases(at, words)
        case _:
            found = []
    return ChoicePage(found[:MAX_CHOICES], len(found) > MAX_CHOICES)


def _units(at: Situation, transition: Transition, words: str) -> list[ChoiceView]:
    """Units with somebody who signs in for them: those it can be transferred to, or without an open task in it."""
    taken = {task["unit_id"] for task in at.tasks if task["unit_id"] is not None and not task["ended"]}
    transfers = any(effect.do == "transfer_unit" for effect in transition.effects)
    fitting = transfer_clause(at.case) if transfers else _unit.c.id.not_in(taken)
    staffed = select(_account.c.unit_id).where(_account.c.role == Role.UNIT.value, _account.c.active.is_(True))
    query = (
        select(_unit.c.id, _unit.c.name, _unit.c.code, _open_tasks(task_table.c.unit_id == _unit.c.id).label("open"))
        .where(_unit.c.id.in_(staffed), fitting, _holds(words, _unit.c.name, _unit.c.code))
        .order_by(_unit.c.code)
        .limit(MAX_CHOICES + 1)
    )
    rows = at.conn.execute(query)
    return [ChoiceView(row.id, Text(row.name, row.name), _load(row.open)) for row in rows]


def _people(at: Situation, transition: Transition, role: Role | None, words: str) -> list[ChoiceView]:
    """Active people of this role, those with the fewest open tasks first."""
    held = _open_tasks(task_table.c.person_id == _account.c.id).label("open")
    query = select(_account.c.id, _account.c.display_name, held).where(
        _account.c.active.is_(True), _holds(words, _account.c.display_name, _account.c.username)
    )
    if role is not None:
        query = query.where(_account.c.role == role.value)
    unit_id = at.task["unit_id"] if at.task is not None and _gives_to_a_person(transition) else None
    if unit_id is not None:
        query = query.where(_account.c.unit_id == unit_id)
    rows = at.conn.execute(query.order_by(held, _account.c.display_name, _account.c.id).limit(MAX_CHOICES + 1))
    return [ChoiceView(row.id, Text(row.display_name, row.display_name), _load(row.open)) for row in rows]


def _cases(at: Situation, words: str) -> list[ChoiceView]:
    """Open cases of the same kind in this person's scope, those on the same vehicle first, then newest first."""
    case = case_table.c
    on_another = sql_case((case.vehicle_id == at.case["vehicle_id"], 0), else_=1)
    query = (
        select(case.id, case.number, case.title_zh, case.title_en, case.state)
        .where(
            case_scope(at.principal),
            case.scene == at.case["scene"],
            case.kind == at.case["kind"],
            case.ended.is_(False),
            case.id != at.case["id"],
            _holds(words, case.number, case.title_zh, case.title_en),
        )
        .order_by(on_another, case.opened_ms.desc(), case.id.desc())
        .limit(MAX_CHOICES + 1)
    )
    titles = {name: state.title.text for name, state in at.workflow.states.items()}
    return [
        ChoiceView(row.id, Text(f"{row.number} {row.title_zh}", f"{row.number} {row.title_en}"), titles[row.state])
        for row in at.conn.execute(query)
    ]


def names_of(at: Situation, transition: Transition, form: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values as the timeline keeps them: units, people and cases by name, as they were called then.

    Values that are not of the form (a scene's rule of the step adds them) stay as they are.

    Raises:
        InvalidError: a unit or person that is named does not exist.
    """
    kinds = {field.name: field for field in transition.form}
    return {name: _name(at, kinds[name], value) if name in kinds else value for name, value in form.items()}


def _name(at: Situation, field: FormField, value: Any) -> Any:
    match field.kind:
        case "unit":
            return find_unit(at.conn, value)["name"]
        case "units":
            return "、".join(find_unit(at.conn, name)["name"] for name in value)
        case "person":
            return find_person(at.conn, value, role=field.role, unit_id=None)["display_name"]
        case "case":
            known = or_(case_table.c.id == value, case_table.c.number == value)
            return at.conn.execute(select(case_table.c.number).where(known, case_scope(at.principal))).scalar() or value
        case _:
            return value


def _gives_to_a_person(transition: Transition) -> bool:
    return any(effect.do == "name_person" for effect in transition.effects)


def _holds(words: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(column.icontains(words.strip(), autoescape=True) for column in columns))


def _open_tasks(clause: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(task_table).where(clause, task_table.c.ended.is_(False)).scalar_subquery()


def _load(count: int) -> Text:
    return Text(f"在办 {count} 项", f"{count} open tasks" if count != 1 else "1 open task")
