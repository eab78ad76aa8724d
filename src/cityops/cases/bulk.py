"""The hand-over of a leaver's open tasks (任务移交): nothing is reassigned in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, RowMapping, false, func, select

from cityops.access import Permission, Principal, Role
from cityops.cases.assigning import hold_task
from cityops.cases.directory import find_account, find_person
from cityops.cases.records import Act, add_step, audit
from cityops.cases.tables import task_table
from cityops.cases.views import ChoicePage, ChoiceView, HolderView
from cityops.kit import ConflictError, ForbiddenError, InvalidError, Text
from cityops.store import emit, metadata

MAX_BULK: Final = 500
"""Cases that one bulk call may touch."""
MAX_HOLDERS: Final = 200

HANDED_OVER: Final = Text("任务移交", "Task handed over")
_KEPT: Final = Text("没有移交任何任务", "no task was handed over")


def open_tasks_held(
    conn: Connection, principal: Principal, from_id: str, to_id: str, reason: str
) -> Sequence[RowMapping]:
    """The open tasks held by ``from_id``, after checking that they may be handed over to ``to_id``."""
    leaver = _leaver(conn, principal, from_id)
    if not reason.strip():
        raise InvalidError("移交必须写明理由", "a hand-over needs a reason", code="case.reason_missing", kept=_KEPT)
    if from_id == to_id:
        raise InvalidError("不能移交给本人", "not to the same person", code="case.same_person", kept=_KEPT)
    find_person(conn, to_id, role=Role(leaver["role"]), unit_id=leaver["unit_id"])
    query = select(task_table).where(task_table.c.person_id == from_id, task_table.c.ended.is_(False))
    return list(conn.execute(query.order_by(task_table.c.id)).mappings())


def _leaver(conn: Connection, principal: Principal, account_id: str) -> RowMapping:
    """The account whose tasks are to be handed over, if this person may do that."""
    leaver = find_account(conn, account_id)
    same_unit = principal.unit_id is not None and principal.unit_id == leaver["unit_id"]
    if not (principal.can(Permission.CASES_DISPATCH) or (principal.role.is_of_unit and same_unit)):
        raise ForbiddenError(
            "只能移交本单位人员的任务，或由派遣员移交",
            "only a dispatcher, or somebody of the same unit, may hand over these tasks",
            code="case.hand_over",
            kept=_KEPT,
        )
    return leaver


def people_who_hold(conn: Connection, principal: Principal) -> list[HolderView]:
    """People with open tasks that this person may hand over, those who are switched off first; at most 200."""
    account, unit = metadata.tables["account"], metadata.tables["unit"]
    held = func.count(task_table.c.id)
    query = (
        select(account.c.id, account.c.display_name, account.c.role, account.c.active, unit.c.name, held.label("held"))
        .select_from(task_table.join(account, account.c.id == task_table.c.person_id).outerjoin(unit))
        .where(task_table.c.ended.is_(False))
        .group_by(account.c.id, unit.c.name)
        .order_by(account.c.active, held.desc(), account.c.id)
        .limit(MAX_HOLDERS)
    )
    if not principal.can(Permission.CASES_DISPATCH):
        own = principal.unit_id if principal.role.is_of_unit else None
        query = query.where(account.c.unit_id == own if own is not None else false())
    return [
        HolderView(row.id, row.display_name, row.role, row.name, bool(row.active), row.held)
        for row in conn.execute(query)
    ]


def colleagues_of(conn: Connection, principal: Principal, account_id: str) -> ChoicePage:
    """Active people of the same role and unit, to whom the tasks may go; at most 200."""
    leaver, account = _leaver(conn, principal, account_id), metadata.tables["account"]
    same_unit = account.c.unit_id.is_(None) if leaver["unit_id"] is None else account.c.unit_id == leaver["unit_id"]
    query = (
        select(account.c.id, account.c.display_name)
        .where(account.c.role == leaver["role"], same_unit, account.c.active.is_(True), account.c.id != account_id)
        .order_by(account.c.display_name, account.c.id)
        .limit(MAX_HOLDERS + 1)
    )
    found = [ChoiceView(row.id, Text(row.display_name, row.display_name)) for row in conn.execute(query)]
    return ChoicePage(found[:MAX_HOLDERS], len(found) > MAX_HOLDERS)


def hand_over_task(act: Act, task_id: str, from_id: str, to_id: str, reason: str) -> None:
    """Move one task, with its line on the timeline, its audit row and notices to both."""
    query = select(task_table).where(task_table.c.id == task_id, task_table.c.ended.is_(False))
    task = act.conn.execute(query.with_for_update()).mappings().one_or_none()
    if task is None or task["person_id"] != from_id:
        raise ConflictError("任务已变化，未移交", "the task has changed and was not handed over", code="case.stale")
    leaver = find_account(act.conn, from_id)
    person = find_person(act.conn, to_id, role=Role(leaver["role"]), unit_id=leaver["unit_id"])
    hold_task(act, task, {"person_id": person["id"], "person_name": person["display_name"]})
    names = {"from": leaver["display_name"], "to": person["display_name"]}
    add_step(act, "hand_over", HANDED_OVER, task_id=task_id, comment=reason.strip(), data=names)
    emit(act.conn, "case.changed", act.case_id, {"case_id": act.case_id, "action": "hand_over"})
    audit(act, "hand_over", {"task_id": task_id, "from": from_id, "to": to_id, "reason": reason.strip()})
