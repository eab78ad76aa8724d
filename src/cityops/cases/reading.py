"""Reading cases and tasks: scoped queries and the views made from their rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, false, func, or_, select, true

from cityops.access import Permission, Principal, mask_plate
from cityops.cases.conditions import Situation
from cityops.cases.deadlines import deadline_view
from cityops.cases.scope import case_scope, owes_or_oversees, own_task_clause
from cityops.cases.showing import action_view, masked, notice_view, place_view, step_view
from cityops.cases.stepping import may_take, not_found, open_tasks_of, options_of
from cityops.cases.tables import case_table, deadline_table, notice_table, step_table, task_table
from cityops.cases.views import (
    SEVERITY_NAMES,
    ActionView,
    CaseDetailView,
    CaseFilter,
    CasePage,
    CaseView,
    NoticeView,
    PageView,
    TaskPage,
    TaskView,
    TimelineStepView,
)
from cityops.cases.workflow import CANCELLED, CANCELLED_TITLE, Machine, Transition, Workflow, Workflows
from cityops.kit import Clock, InvalidError, NotFoundError, Text, WorkingCalendar, from_ms

MAX_PAGE_SIZE: Final = 500
_MORE_OF_CASE: Final = ("level", "standard", "closing", "rework", "reopened", "origin_id", "merged_into_id")


class Reader:
    """Turns rows into views for one person at one moment."""

    def __init__(self, workflows: Workflows, clock: Clock, calendar: WorkingCalendar) -> None:
        self._workflows = workflows
        self._clock = clock
        self._calendar = calendar

    # --- cases ---------------------------------------------------------------------------------------------

    def page(self, conn: Connection, principal: Principal, query: CaseFilter) -> CasePage:
        """A page of cases, newest first, with counts by state under the other conditions."""
        page = checked_page(query.page, query.page_size)
        base = and_(case_scope(principal), *self._conditions(query))
        grouped = select(case_table.c.state, func.count()).where(base).group_by(case_table.c.state)
        counts = {str(state): int(count) for state, count in conn.execute(grouped)}
        total = sum(counts.values()) if query.state is None else counts.get(query.state, 0)
        found = base if query.state is None else and_(base, case_table.c.state == query.state)
        rows = conn.execute(
            select(case_table)
            .where(found)
            .order_by(case_table.c.opened_ms.desc(), case_table.c.id.desc())
            .limit(page.page_size)
            .offset((page.page - 1) * page.page_size)
        ).mappings()
        cases = rows.all()
        deadlines = self._deadlines(conn, [row["id"] for row in cases])
        now = self._clock.now()
        items = [self._case(principal, row, deadlines.get((row["id"], None)), now) for row in cases]
        return CasePage(items, PageView(total, page.page, page.page_size), counts)

    def _conditions(self, query: CaseFilter) -> list[ColumnElement[bool]]:
        case = case_table.c
        conditions = [
            column == value
            for column, value in (
                (case.scene, query.scene),
                (case.kind, query.kind),
                (case.unit_id, query.unit_id),
                (case.vehicle_id, query.vehicle_id),
                (case.crew_id, query.crew_id),
                (case.ended, query.ended),
            )
            if value is not None
        ]
        if query.from_ms is not None:
            conditions.append(case.opened_ms >= query.from_ms)
        if query.to_ms is not None:
            conditions.append(case.opened_ms < query.to_ms)
        if query.q:
            wanted = query.q.strip()
            columns = (case.number, case.title_zh, case.title_en, case.plate, case.unit_name)
            conditions.append(or_(*(column.icontains(wanted, autoescape=True) for column in columns)))
        if query.overdue is not None:
            late = self._late_cases()
            conditions.append(case.id.in_(late) if query.overdue else case.id.not_in(late))
        return conditions

    def _late_cases(self) -> Any:
        due = deadline_table.c
        now_ms = self._clock.now_ms()
        running = and_(due.done_ms.is_(None), due.due_ms < now_ms)
        return select(due.case_id).where(or_(running, due.done_ms > due.due_ms), due.task_id.is_(None))

    def detail(self, conn: Connection, principal: Principal, case_id: str) -> CaseDetailView:
        """A case in the person's scope; ``NotFoundError`` otherwise."""
        inside = select(case_table.c.id).where(case_table.c.id == case_id, case_scope(principal))
        if conn.execute(inside).scalar() is None:
            raise not_found()
        return self.detail_by_id(conn, principal, case_id)

    def detail_by_id(self, conn: Connection, principal: Principal, case_id: str) -> CaseDetailView:
        """A case whatever the scope: for somebody who has just acted on it and may have handed it over."""
        row = conn.execute(select(case_table).where(case_table.c.id == case_id)).mappings().one()
        workflow = self._workflows[row["scene"], row["kind"]]
        now = self._clock.now()
        deadlines = self._deadlines(conn, [case_id])
        all_tasks = self.task_rows(conn, case_id)
        in_scope = conn.execute(
            select(case_table.c.id).where(case_table.c.id == case_id, case_scope(principal))
        ).scalar()
        actions = self._actions(conn, principal, row, all_tasks) if in_scope else []
        tasks = [
            self._task(principal, t, row, workflow, deadlines.get((case_id, t["id"])), now, actions)
            for t in all_tasks
            if owes_or_oversees(principal, t)
        ]
        base = self._case(principal, row, deadlines.get((case_id, None)), now)
        seen_tasks = {task.task_id for task in tasks}
        return CaseDetailView(
            **{name: getattr(base, name) for name in CaseView.__dataclass_fields__},
            tasks=tasks,
            timeline=self._timeline(conn, principal, case_id, seen_tasks),
            actions=actions,
            notices=self._case_notices(conn, principal, case_id),
            workflow=workflow.way(row["state"]),
        )

    def _case(self, principal: Principal, row: RowMapping, deadline: RowMapping | None, now: datetime) -> CaseView:
        workflow = self._workflows[row["scene"], row["kind"]]
        state = workflow.states[row["state"]]
        return CaseView(
            case_id=row["id"],
            number=row["number"],
            scene=row["scene"],
            kind=row["kind"],
            title=masked(Text(row["title_zh"], row["title_en"]), row["plate"], principal),
            state=row["state"],
            state_title=state.title.text,
            stage=state.stage,
            severity=SEVERITY_NAMES[row["severity"]],
            place=place_view(row),
            vehicle_id=row["vehicle_id"],
            plate=mask_plate(row["plate"], principal) if row["plate"] else None,
            unit_id=row["unit_id"],
            unit_name=row["unit_name"],
            crew_id=row["crew_id"],
            crew_name=row["crew_name"],
            deadline=deadline_view(deadline, now, self._calendar),
            opened_at=from_ms(row["opened_ms"]),
            closed_at=None if row["closed_ms"] is None else from_ms(row["closed_ms"]),
            alert_id=row["alert_id"],
            version=row["version"],
            **{name: row[name] for name in _MORE_OF_CASE},
        )

    def _deadlines(self, conn: Connection, case_ids: Collection[str]) -> dict[tuple[str, str | None], RowMapping]:
        if not case_ids:
            return {}
        now = deadline_table.c.current.is_(True)
        query = select(deadline_table).where(deadline_table.c.case_id.in_(case_ids), now)
        return {(row["case_id"], row["task_id"]): row for row in conn.execute(query).mappings()}

    def _timeline(
        self, conn: Connection, principal: Principal, case_id: str, seen_tasks: Collection[str]
    ) -> list[TimelineStepView]:
        query = select(step_table).where(step_table.c.case_id == case_id).order_by(step_table.c.sequence)
        return [step_view(row, principal, seen_tasks) for row in conn.execute(query).mappings()]

    # --- actions -------------------------------------------------------------------------------------------

    def _actions(
        self, conn: Connection, principal: Principal, case: RowMapping, tasks: Sequence[RowMapping]
    ) -> list[ActionView]:
        """The steps that this person may take now: exactly those that the engine would not refuse."""
        workflow = self._workflows[case["scene"], case["kind"]]
        at = Situation(conn, self._calendar, principal, workflow, case, tasks, self._clock.now_ms())
        offered: list[tuple[Transition, RowMapping | None]] = []
        for transition in workflow.leaving(case["state"]):
            through = [None] if transition.task is None else open_tasks_of(at, transition.task)[:1]
            offered += [(transition, task) for task in through]
        for task in tasks:
            if owes_or_oversees(principal, task):
                offered += [(transition, task) for transition in workflow.tasks[task["kind"]].leaving(task["state"])]
        options = partial(options_of, workflow, case)
        return [
            action_view(transition, None if task is None else task["id"], options)
            for transition, task in offered
            if may_take(replace(at, task=task), transition)
        ]

    # --- tasks ---------------------------------------------------------------------------------------------

    def task_rows(self, conn: Connection, case_id: str) -> list[RowMapping]:
        """All tasks of a case, oldest first."""
        query = select(task_table).where(task_table.c.case_id == case_id).order_by(task_table.c.id)
        return list(conn.execute(query).mappings())

    def tasks(self, conn: Connection, principal: Principal, *, mine: bool, page: int, page_size: int) -> TaskPage:
        """Open tasks in the person's scope, most urgent first; ``mine``: those of the own unit or crew."""
        at = checked_page(page, page_size)
        joined = task_table.join(case_table, case_table.c.id == task_table.c.case_id).outerjoin(
            deadline_table, (deadline_table.c.task_id == task_table.c.id) & deadline_table.c.current.is_(True)
        )
        where = and_(case_scope(principal), task_table.c.ended.is_(False), self._own_tasks(principal, mine))
        total = conn.execute(select(func.count()).select_from(joined).where(where)).scalar_one()
        ids = conn.execute(
            select(task_table.c.id)
            .select_from(joined)
            .where(where)
            .order_by(deadline_table.c.due_ms.is_(None), deadline_table.c.due_ms, task_table.c.id)
            .limit(at.page_size)
            .offset((at.page - 1) * at.page_size)
        ).scalars()
        return TaskPage(
            [self.task(conn, principal, task_id) for task_id in ids.all()], PageView(total, page, page_size)
        )

    def _own_tasks(self, principal: Principal, mine: bool) -> ColumnElement[bool]:
        """Of a crew and an enterprise their own tasks; of others, if ``mine``, those in which they may take a step."""
        if principal.role.is_of_field or principal.role.is_of_unit:
            return own_task_clause(principal)
        if not mine:
            return true()
        waiting = [
            and_(
                case_table.c.scene == scene,
                case_table.c.kind == kind,
                task_table.c.kind == name,
                task_table.c.state.in_(_states_open_to(principal, spec)),
            )
            for (scene, kind), workflow in self._workflows.items()
            for name, spec in workflow.tasks.items()
        ]
        return or_(false(), *waiting)

    def task(self, conn: Connection, principal: Principal, task_id: str) -> TaskView:
        """One task with the steps this person may take through it."""
        task = conn.execute(select(task_table).where(task_table.c.id == task_id)).mappings().one_or_none()
        if task is None or not owes_or_oversees(principal, task):
            raise NotFoundError("没有这项任务，或您无权查看", "no such task, or not yours to see", code="case.no_task")
        inside = select(case_table).where(case_table.c.id == task["case_id"], case_scope(principal))
        case = conn.execute(inside).mappings().one_or_none()
        if case is None:
            raise not_found()
        workflow = self._workflows[case["scene"], case["kind"]]
        actions = self._actions(conn, principal, case, self.task_rows(conn, case["id"]))
        deadline = self._deadlines(conn, [case["id"]]).get((case["id"], task_id))
        return self._task(principal, task, case, workflow, deadline, self._clock.now(), actions)

    def _task(
        self,
        principal: Principal,
        task: RowMapping,
        case: RowMapping,
        workflow: Workflow,
        deadline: RowMapping | None,
        now: datetime,
        actions: Sequence[ActionView],
    ) -> TaskView:
        spec = workflow.tasks[task["kind"]]
        return TaskView(
            task_id=task["id"],
            case_id=case["id"],
            case_number=case["number"],
            kind=task["kind"],
            title=spec.title.text,
            state=task["state"],
            state_title=CANCELLED_TITLE if task["state"] == CANCELLED else spec.states[task["state"]].title.text,
            unit_id=task["unit_id"],
            unit_name=task["unit_name"],
            crew_id=task["crew_id"],
            crew_name=task["crew_name"],
            person_id=task["person_id"],
            person_name=task["person_name"],
            lead=task["lead"],
            deadline=deadline_view(deadline, now, self._calendar),
            created_at=from_ms(task["created_ms"]),
            done_at=None if task["done_ms"] is None else from_ms(task["done_ms"]),
            data=dict(task["data"]),
            place=place_view(case),
            case_version=case["version"],
            actions=[action for action in actions if action.task_id == task["id"]],
        )

    # --- notices -------------------------------------------------------------------------------------------

    def notices_of(self, principal: Principal) -> ColumnElement[bool]:
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

    def notices(self, conn: Connection, principal: Principal, *, unread_only: bool, limit: int) -> list[NoticeView]:
        """Notices to this person's unit or crew, newest first."""
        query = _notices().where(self.notices_of(principal), case_scope(principal))
        if unread_only:
            query = query.where(notice_table.c.read_ms.is_(None))
        query = query.order_by(notice_table.c.sent_ms.desc(), notice_table.c.id.desc()).limit(min(limit, MAX_PAGE_SIZE))
        return [notice_view(row, principal) for row in conn.execute(query).mappings()]

    def _case_notices(self, conn: Connection, principal: Principal, case_id: str) -> list[NoticeView]:
        query = _notices().where(notice_table.c.case_id == case_id)
        if principal.role.is_of_field or principal.role.is_of_unit:
            query = query.where(self.notices_of(principal))
        return [notice_view(row, principal) for row in conn.execute(query.order_by(notice_table.c.id)).mappings()]


def checked_page(page: int, page_size: int) -> PageView:
    """The page asked for; ``InvalidError`` when it is out of bounds."""
    if page < 1 or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InvalidError(
            f"页码从1起，每页1至{MAX_PAGE_SIZE}条",
            f"pages count from 1, with 1 to {MAX_PAGE_SIZE} rows",
            code="page.range",
        )
    return PageView(0, page, page_size)


def _notices() -> Select[Any]:
    return select(notice_table, case_table.c.plate).join(case_table)


def _states_open_to(principal: Principal, machine: Machine) -> set[str]:
    """The states out of which this person may take a step."""
    return {
        state
        for transition in machine.transitions
        if principal.can(Permission(transition.permission))
        for state in transition.sources
    }


def _is(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    return false() if value is None else column == value
