"""Effects that name who works and move their clocks: units, persons, stages, deferral, level, exemption."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, select, update

from cityops.cases.deadlines import Row, finish_deadlines, recompute
from cityops.cases.directory import find_person, find_unit, may_be_transferred
from cityops.cases.effects import EffectHandler
from cityops.cases.records import Act, open_task, send_notice, start_stage, tell_task
from cityops.cases.tables import deadline_table, task_table
from cityops.cases.workflow import Effect, Transition
from cityops.kit import ConflictError, InvalidError, Text, to_ms

_KEPT: Final = Text("案件没有变化", "the case was not changed")


def _assign_units(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Give each unit that the form names a task of its own; the one of the ``unit`` field leads and answers for all."""
    assert effect.task is not None  # the check at load holds this
    lead_field, joint_field = transition.field_of("unit"), transition.field_of("units")
    lead = act.form.get(lead_field.name) if lead_field else None
    joint = list(act.form.get(joint_field.name, ())) if joint_field else []
    taken = {task["unit_id"] for task in act.open_tasks(effect.task)}
    for name in ([lead] if lead else []) + joint:
        unit = find_unit(act.conn, name)
        if unit["id"] in taken:
            raise InvalidError(
                f"“{unit['name']}”已承担此案",
                f"{unit['name']!r} has a task in this case already",
                code="case.unit_twice",
                kept=_KEPT,
            )
        taken.add(unit["id"])
        leads = name == lead
        if leads:
            act.set_case(unit_id=unit["id"], unit_name=unit["name"])
        open_task(act, effect.task, {"unit_id": unit["id"], "unit_name": unit["name"]}, lead=leads)


def _transfer_unit(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Hand the case to another unit and to that unit's level (逐级移交); the unit leads a new task of the kind."""
    assert effect.task is not None  # the check at load holds this
    field = transition.field_of("unit")
    assert field is not None  # the check at load holds this
    unit, case = find_unit(act.conn, act.form[field.name]), act.case()
    if not may_be_transferred(act.conn, case, unit["id"]):
        raise InvalidError(
            f"“{unit['name']}”不是管辖案件所在地的其他同类单位",
            f"{unit['name']!r} is no other unit of this kind that answers for the place of the case",
            code="case.no_transfer",
            kept=_KEPT,
        )
    act.set_case(unit_id=unit["id"], unit_name=unit["name"], level=act.workflow.level_of([unit["area_code"]]))
    open_task(act, effect.task, {"unit_id": unit["id"], "unit_name": unit["name"]}, lead=True)


def _set_unit(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """The unit that owes the open task of this kind answers for the case again (a transfer was refused)."""
    for task in act.open_tasks(effect.task):
        act.set_case(unit_id=task["unit_id"], unit_name=task["unit_name"])


def _ask_person(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Open a task for the person that the form names (a collector who checks, 核实或核查)."""
    assert effect.task is not None  # the check at load holds this
    person = _person(act, transition, None)
    open_task(act, effect.task, {"person_id": person["id"], "person_name": person["display_name"]})


def _name_person(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Give the task to a person of the unit that owes it, and tell the person."""
    task = act.task(task_id)
    person = _person(act, transition, task["unit_id"])
    hold_task(act, task, {"person_id": person["id"], "person_name": person["display_name"]})


def _unname_person(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Take the task back from the person; it lies with the unit again, and the person is told."""
    hold_task(act, act.task(task_id), {"person_id": None, "person_name": None})


def hold_task(act: Act, task: Row, person: Mapping[str, Any]) -> None:
    """Write who holds a task, and tell the one who gives it up and the one who gets it: never in silence."""
    act.set_task(task["id"], **person)
    number, title = act.case()["number"], act.workflow.tasks[task["kind"]].title
    for person_id, zh, en in (
        (task["person_id"], "不再由您承办", "is no longer yours"),
        (person["person_id"], "已交由您承办", "was given to you"),
    ):
        if person_id is not None:
            words = Text(f"{number}“{title.zh}”{zh}", f"{number}: {title.en!r} {en}")
            addressed = {"owner": "person", "person_id": person_id}
            send_notice(act, "holder", task["id"], addressed, words, words)
    tell_task(act, "task.changed", task["id"], task["unit_id"], task["crew_id"])


def _defer(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Grant a deferral (缓办): the clock stands from now until the moment granted, which the deadline gets back.

    It is the clock of the task the step is taken through, or of the open tasks of the kind that the effect names.
    """
    field = transition.field_of("datetime")
    assert field is not None  # the check at load holds this
    until_ms = to_ms(datetime.fromisoformat(act.form[field.name]))
    if until_ms <= act.at_ms:
        raise InvalidError("缓办期限应在现在之后", "a deferral ends in the future", code="case.defer_past", kept=_KEPT)
    tasks = act.open_tasks(effect.task) if effect.task else [act.task(task_id)]
    for row in (row for task in tasks for row in _clocks(act, task)):
        _pause(act, row, [*row["basis"]["pauses"], [act.at_ms, until_ms]])


def _end_deferral(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Let the clock run again before the granted time is over; afterwards this changes nothing."""
    for row in _clocks(act, act.task(task_id)):
        _pause(act, row, [[begin, min(end, act.at_ms)] for begin, end in row["basis"]["pauses"]])


def _clocks(act: Act, task: Row) -> list[RowMapping]:
    """The running clocks that stand when this task stands: its own, and the case's when the lead's task stands."""
    due = deadline_table.c
    of_task = due.task_id == task["id"]
    wanted = (of_task | due.task_id.is_(None)) if task["lead"] else of_task
    query = select(deadline_table).where(due.case_id == act.case_id, wanted, due.current.is_(True))
    return list(act.conn.execute(query.where(due.done_ms.is_(None))).mappings())


def _pause(act: Act, row: RowMapping, pauses: list[list[int]]) -> None:
    recompute(act.conn, row, act.calendar, act.workflow.warning_percents, pauses)


def _next_stage(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Stop the clock of the running stage and start the next one's."""
    task = act.task(task_id)
    due = deadline_table.c
    running = select(due.stage).where(due.task_id == task["id"], due.current.is_(True))
    stage = act.conn.execute(running).scalar_one()
    finish_deadlines(act.conn, act.case_id, act.at_ms, task_id=task["id"], superseded=True)
    start_stage(act, task["id"], task["kind"], stage + 1)


def _transfer_level(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Hand the case to another level (市、区、街道)."""
    field = transition.field_of("choice")
    assert field is not None  # the check at load holds this
    level = act.form[field.name]
    if level == act.case()["level"]:
        raise ConflictError("案件已在这一级", "the case is on that level already", code="case.same_level", kept=_KEPT)
    act.set_case(level=level)


def _exempt_delay(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Exempt the appealing unit's missed deadlines from evaluation; when it was due and done stays as it was."""
    unit_id = act.task(task_id)["unit_id"]
    of_unit = select(task_table.c.id).where(task_table.c.case_id == act.case_id, task_table.c.unit_id == unit_id)
    due = deadline_table.c
    late = due.task_id.in_(of_unit) & (due.done_ms > due.due_ms)
    act.conn.execute(update(deadline_table).where(due.case_id == act.case_id, late).values(exempt_ms=act.at_ms))


def _person(act: Act, transition: Transition, unit_id: str | None) -> RowMapping:
    field = transition.field_of("person")
    assert field is not None  # the check at load holds this
    return find_person(act.conn, act.form[field.name], role=field.role, unit_id=unit_id)


ASSIGNING_HANDLERS: Final[Mapping[str, EffectHandler]] = {
    "assign_units": _assign_units,
    "set_unit": _set_unit,
    "transfer_unit": _transfer_unit,
    "ask_person": _ask_person,
    "name_person": _name_person,
    "unname_person": _unname_person,
    "defer": _defer,
    "end_deferral": _end_deferral,
    "next_stage": _next_stage,
    "transfer_level": _transfer_level,
    "exempt_delay": _exempt_delay,
}
