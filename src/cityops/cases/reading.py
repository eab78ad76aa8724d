"""Reading cases and tasks: scoped queries and the views made from their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, bindparam, func, not_, or_, select

from cityops.access import Principal, mask_plate
from cityops.cases.conditions import Situation
from cityops.cases.deadlines import deadline_view
from cityops.cases.filing import Filing
from cityops.cases.inputs import CaseFilter, TaskFilter
from cityops.cases.listing import MAX_PAGE_SIZE, checked_page, list_cases
from cityops.cases.owed import notices_of, own_tasks
from cityops.cases.records import task_rows
from cityops.cases.scope import PEOPLE, case_scope, inside_scope, owes_or_oversees
from cityops.cases.showing import (
    action_view,
    masked,
    matter_view,
    notice_view,
    place_view,
    relation_view,
    step_view,
    suggested_view,
)
from cityops.cases.standards import chosen_standard
from cityops.cases.stepping import judge, not_found, open_tasks_of
from cityops.cases.tables import case_table, deadline_table, notice_table, step_table, task_table
from cityops.cases.views import (
    SEVERITY_NAMES,
    ActionView,
    BlockedView,
    CaseDetailView,
    CasePage,
    CaseView,
    NoticeView,
    OfferedCase,
    OfferView,
    PageView,
    RelationView,
    TaskPage,
    TaskView,
    TimelineStepView,
)
from cityops.cases.workflow import CANCELLED, CANCELLED_TITLE, STAY, Machine, Transition, Workflow, Workflows
from cityops.kit import Clock, NotFoundError, Text, WorkingCalendar, from_ms

MAX_RELATIONS: Final = 50
_CURRENT: Final = select(deadline_table).where(
    deadline_table.c.case_id.in_(bindparam("of_cases", expanding=True)), deadline_table.c.current.is_(True)
)
_LINES: Final = select(step_table).where(step_table.c.case_id == bindparam("of_case")).order_by(step_table.c.sequence)
_NOTICES: Final = select(notice_table).where(notice_table.c.case_id == bindparam("of_case")).order_by(notice_table.c.id)
_MORE_OF_CASE: Final = ("level", "standard", "closing", "rework", "reopened", "origin_id", "merged_into_id")


class Reader:
    """Turns rows into views for one person at one moment."""

    def __init__(self, workflows: Workflows, clock: Clock, calendar: WorkingCalendar, filing: Filing) -> None:
        self._workflows = workflows
        self._clock = clock
        self._calendar = calendar
        self._filing = filing

    # --- cases ---------------------------------------------------------------------------------------------

    def page(self, conn: Connection, principal: Principal, query: CaseFilter) -> CasePage:
        """A page of cases, newest first, with counts by state under the other conditions."""
        now = self._clock.now()
        found = list_cases(conn, principal, query, self._clock.now_ms())
        deadlines = self._deadlines(conn, [row["id"] for row in found.rows])
        states = {name: state.title.text for w in self._workflows.values() for name, state in w.states.items()}
        return CasePage(
            items=[self._case(principal, row, _pressing(row["id"], deadlines), now) for row in found.rows],
            page=found.page,
            counts=found.counts,
            states={name: states.get(name, Text(name, name)) for name in found.counts},
            more=sorted(found.more),
            searched_to=None if found.searched_to_ms is None else from_ms(found.searched_to_ms),
        )

    def detail(self, conn: Connection, principal: Principal, case_id: str) -> CaseDetailView:
        """A case in the person's scope; ``NotFoundError`` otherwise."""
        row = conn.execute(_seen_one(principal), {"of_case": case_id}).mappings().one_or_none()
        if row is None or not row["in_scope"]:
            raise not_found()
        return self._detail(conn, principal, row)

    def detail_by_id(self, conn: Connection, principal: Principal, case_id: str) -> CaseDetailView:
        """A case whatever the scope: for somebody who has just acted on it and may have handed it over."""
        row = conn.execute(_seen_one(principal), {"of_case": case_id}).mappings().one()
        return self._detail(conn, principal, row)

    def _detail(self, conn: Connection, principal: Principal, row: RowMapping) -> CaseDetailView:
        case_id, workflow = row["id"], self._workflows[row["scene"], row["kind"]]
        now = self._clock.now()
        deadlines = self._deadlines(conn, [case_id])
        all_tasks = task_rows(conn, [case_id])
        actions, blocked = self._steps(conn, principal, row, all_tasks) if row["in_scope"] else ([], [])
        inside = _is_inside(row)
        tasks = [
            self._task(
                principal,
                t,
                row,
                workflow,
                deadlines.get((case_id, t["id"])),
                now,
                [action for action in actions if action.task_id == t["id"]],
                inside,
            )
            for t in all_tasks
            if owes_or_oversees(principal, t)
        ]
        base = self._case(principal, row, _pressing(case_id, deadlines), now)
        standard = chosen_standard(row)
        closing = None if standard is None else standard.closings.get(row["closing"])
        seen_tasks = {task.task_id for task in tasks}
        return CaseDetailView(
            **{name: getattr(base, name) for name in CaseView.__dataclass_fields__},
            inside=inside,
            description=row["description"] if inside else "",
            suggested=suggested_view(row),
            tasks=tasks,
            timeline=self._timeline(conn, principal, case_id, seen_tasks, inside),
            actions=actions,
            notices=self._case_notices(conn, principal, row),
            workflow=workflow.way(row["state"]),
            blocked=blocked,
            relations=self._relations(conn, principal, row),
            standard_title=None if standard is None else standard.title.text,
            closing_title=None if closing is None else closing.text,
        )

    def _relations(self, conn: Connection, principal: Principal, row: RowMapping) -> list[RelationView]:
        """The cases in this person's scope that this one was split or merged with."""
        others = [row[name] for name in ("merged_into_id", "origin_id") if row[name] is not None]
        found = list(conn.execute(_related(principal), {"of_case": row["id"], "others": others}).mappings())
        return [relation_view(_relation(row, other), other, self._workflows, principal) for other in found]

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
            matter=matter_view(row),
            **{name: row[name] for name in _MORE_OF_CASE},
        )

    def _deadlines(self, conn: Connection, case_ids: Collection[str]) -> dict[tuple[str, str | None], RowMapping]:
        if not case_ids:
            return {}
        found = conn.execute(_CURRENT, {"of_cases": list(case_ids)}).mappings()
        return {(row["case_id"], row["task_id"]): row for row in found}

    def _timeline(
        self, conn: Connection, principal: Principal, case_id: str, seen_tasks: Collection[str], inside: bool
    ) -> list[TimelineStepView]:
        lines = conn.execute(_LINES, {"of_case": case_id}).mappings()
        return [step_view(row, principal, seen_tasks, inside=inside) for row in lines]

    # --- actions -------------------------------------------------------------------------------------------

    def _steps(
        self, conn: Connection, principal: Principal, case: RowMapping, tasks: Sequence[RowMapping]
    ) -> tuple[list[ActionView], list[BlockedView]]:
        """The steps that this person may take now, those that the engine would not refuse; and those held back."""
        workflow = self._workflows[case["scene"], case["kind"]]
        at = Situation(conn, self._calendar, principal, workflow, case, tasks, self._clock.now_ms())
        options = partial(self._filing.options, conn, workflow, case)
        actions, blocked = [], []
        for transition, task, machine in self._within_reach(at):
            task_id = None if task is None else task["id"]
            possible, why = judge(replace(at, task=task), transition)
            if possible:
                target = None if transition.to == STAY else machine.states[transition.to]
                actions.append(action_view(transition, task_id, options, target))
            elif why is not None:
                blocked.append(BlockedView(transition.action, transition.title.text, task_id, why))
        return actions, blocked

    def _within_reach(self, at: Situation) -> Iterator[tuple[Transition, RowMapping | None, Machine]]:
        """The transitions out of the states that the case and this person's tasks are in."""
        for transition in at.workflow.leaving(at.case["state"]):
            through = [None] if transition.task is None else open_tasks_of(at, transition.task)[:1]
            for task in through:
                yield transition, task, at.workflow
        for task in at.tasks:
            if owes_or_oversees(at.principal, task):
                machine = at.workflow.tasks[task["kind"]]
                for transition in machine.leaving(task["state"]):
                    yield transition, task, machine

    # --- tasks ---------------------------------------------------------------------------------------------

    def tasks(
        self, conn: Connection, principal: Principal, *, mine: bool, query: TaskFilter, page: int, page_size: int
    ) -> TaskPage:
        """Open tasks in the person's scope, most urgent first; ``mine``: the person's own work."""
        at = checked_page(page, page_size)
        joined = task_table.join(case_table, case_table.c.id == task_table.c.case_id).outerjoin(
            deadline_table, (deadline_table.c.task_id == task_table.c.id) & deadline_table.c.current.is_(True)
        )
        owed = own_tasks(principal, self._workflows, mine=mine)
        where = and_(case_scope(principal), task_table.c.ended.is_(False), owed, *self._of_tasks(query))
        total = conn.execute(select(func.count()).select_from(joined).where(where)).scalar_one()
        ids = conn.execute(
            select(task_table.c.id)
            .select_from(joined)
            .where(where)
            .order_by(deadline_table.c.due_ms.is_(None), deadline_table.c.due_ms, task_table.c.id)
            .limit(at.page_size)
            .offset((at.page - 1) * at.page_size)
        ).scalars()
        return TaskPage(self._tasks(conn, principal, ids.all()), PageView(total, page, page_size))

    def _of_tasks(self, query: TaskFilter) -> list[ColumnElement[bool]]:
        task, due = task_table.c, deadline_table.c
        late = and_(due.done_ms.is_(None), due.due_ms < self._clock.now_ms())
        conditions: list[ColumnElement[bool]] = [] if query.overdue is None else [late if query.overdue else not_(late)]
        if query.kinds:
            conditions.append(task.kind.in_(query.kinds))
        if query.unit_id is not None:
            conditions.append(task.unit_id == query.unit_id)
        return conditions

    def offers(self, conn: Connection, principal: Principal, case_ids: Sequence[str]) -> list[OfferView]:
        """Steps that several cases offer, each with the cases that offer it with the same form."""
        found: dict[str, OfferView] = {}
        query = select(case_table).where(case_table.c.id.in_(case_ids), case_scope(principal)).order_by(case_table.c.id)
        for case in conn.execute(query).mappings().all():
            actions, _ = self._steps(conn, principal, case, task_rows(conn, [case["id"]]))
            taken = set()
            for action in actions:
                key = repr(replace(action, task_id=None))
                if action.name not in taken:  # one step a case, through the first of several tasks
                    offer = found.setdefault(key, OfferView(action, []))
                    offer.cases.append(OfferedCase(case["id"], case["version"], action.task_id))
                    taken.add(action.name)
        return sorted(found.values(), key=lambda offer: -len(offer.cases))

    def task(self, conn: Connection, principal: Principal, task_id: str) -> TaskView:
        """One task with the steps this person may take through it; of the desk's own, with those of the case."""
        task = conn.execute(select(task_table).where(task_table.c.id == task_id)).mappings().one_or_none()
        if task is None or not owes_or_oversees(principal, task):
            raise NotFoundError("没有这项任务，或您无权查看", "no such task, or not yours to see", code="case.no_task")
        found = self._tasks(conn, principal, [task_id])
        if not found:
            raise not_found()
        return found[0]

    def _tasks(self, conn: Connection, principal: Principal, task_ids: Sequence[str]) -> list[TaskView]:
        """Those of these tasks whose cases are in the person's scope, in this order."""
        of_tasks = select(task_table.c.case_id).where(task_table.c.id.in_(task_ids))
        scoped = _seen_by(principal).where(case_table.c.id.in_(of_tasks), case_scope(principal))
        cases = {row["id"]: row for row in conn.execute(scoped).mappings()}
        deadlines, now = self._deadlines(conn, cases), self._clock.now()
        beside: dict[str, list[RowMapping]] = {case_id: [] for case_id in cases}
        for row in task_rows(conn, cases):
            beside[row["case_id"]].append(row)
        found = {}
        for case_id, rows in beside.items():
            case = cases[case_id]
            steps, _ = self._steps(conn, principal, case, rows)
            for task in rows:
                if task["id"] in task_ids:
                    of_case = task["owner"] == "desk"
                    mine = [step for step in steps if step.task_id == task["id"] or (of_case and step.task_id is None)]
                    workflow, due = self._workflows[case["scene"], case["kind"]], deadlines.get((case_id, task["id"]))
                    found[task["id"]] = self._task(principal, task, case, workflow, due, now, mine, _is_inside(case))
        return [found[task_id] for task_id in task_ids if task_id in found]

    def _task(
        self,
        principal: Principal,
        task: RowMapping,
        case: RowMapping,
        workflow: Workflow,
        deadline: RowMapping | None,
        now: datetime,
        actions: Sequence[ActionView],
        inside: bool,
    ) -> TaskView:
        spec = workflow.tasks[task["kind"]]
        return TaskView(
            task_id=task["id"],
            case_id=case["id"],
            case_number=case["number"],
            case_title=masked(Text(case["title_zh"], case["title_en"]), case["plate"], principal),
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
            data=dict(task["data"]) if inside else {},
            place=place_view(case),
            case_version=case["version"],
            actions=list(actions),
        )

    # --- notices -------------------------------------------------------------------------------------------

    def notices(self, conn: Connection, principal: Principal, *, unread_only: bool, limit: int) -> list[NoticeView]:
        """Notices to this person, unit or crew, newest first; those by name also when the task is another's by now."""
        by_name = notice_table.c.person_id == principal.account_id
        query = select(notice_table, case_table.c.plate).join(case_table)
        query = query.where(notices_of(principal), or_(by_name, case_scope(principal)))
        if unread_only:
            query = query.where(notice_table.c.read_ms.is_(None))
        query = query.order_by(notice_table.c.sent_ms.desc(), notice_table.c.id.desc()).limit(min(limit, MAX_PAGE_SIZE))
        return [notice_view(row, row["plate"], principal) for row in conn.execute(query).mappings()]

    def _case_notices(self, conn: Connection, principal: Principal, case: RowMapping) -> list[NoticeView]:
        query = _NOTICES
        if principal.role.is_of_field or principal.role.is_of_unit:
            query = query.where(notices_of(principal))
        rows = conn.execute(query, {"of_case": case["id"]}).mappings()
        return [notice_view(row, case["plate"], principal) for row in rows]


def _pressing(case_id: str, deadlines: Mapping[tuple[str, str | None], RowMapping]) -> RowMapping | None:
    """The deadline that a case stands under: its own, or the first one that runs of its tasks."""
    own = deadlines.get((case_id, None))
    if own is not None:
        return own
    running = [row for (of, _), row in deadlines.items() if of == case_id and row["done_ms"] is None]
    return min(running, key=lambda row: row["due_ms"], default=None)


def _relation(row: RowMapping, other: RowMapping) -> str:
    if other["id"] == row["merged_into_id"]:
        return "merged_into"
    if other["id"] == row["origin_id"]:
        return "origin"
    return "merged_here" if other["merged_into_id"] == row["id"] else "part"


@lru_cache(maxsize=PEOPLE)
def _seen_by(principal: Principal) -> Select[Any]:
    """Cases, whether each is in the person's scope, and whether what was written in it would be read there."""
    return select(case_table, case_scope(principal).label("in_scope"), inside_scope(principal).label("inside"))


@lru_cache(maxsize=PEOPLE)
def _seen_one(principal: Principal) -> Select[Any]:
    return _seen_by(principal).where(case_table.c.id == bindparam("of_case"))


@lru_cache(maxsize=PEOPLE)
def _related(principal: Principal) -> Select[Any]:
    """The cases in the person's scope that came from a case or went into it, and those it names itself."""
    case, named = case_table.c, case_table.c.id.in_(bindparam("others", expanding=True))
    related = or_(case.merged_into_id == bindparam("of_case"), case.origin_id == bindparam("of_case"), named)
    return select(case_table).where(case_scope(principal), related).order_by(case.id).limit(MAX_RELATIONS)


def _is_inside(case: RowMapping) -> bool:
    """Whether the person may read what was written in the case."""
    return not case["confidential"] or bool(case["inside"])
