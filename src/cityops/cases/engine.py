"""The case engine (案件引擎): opens cases and takes steps, each in one transaction, and none outside the workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from cityops.access import Permission, Principal, record_audit
from cityops.cases.checks import ensure_sound
from cityops.cases.deadlines import finish_deadlines, set_deadline
from cityops.cases.effects import TASK_HANDLERS, EffectHandler, set_task_state
from cityops.cases.forms import read_form
from cityops.cases.reading import Reader, case_scope
from cityops.cases.records import Act, add_step, next_number, open_task
from cityops.cases.stepping import (
    machine_of,
    not_found,
    not_possible,
    not_ready,
    owes_or_oversees,
    permission_of,
    stale,
    through_task,
    unmet,
)
from cityops.cases.tables import case_table, notice_table
from cityops.cases.views import (
    CaseDetailView,
    CaseFilter,
    CasePage,
    NewCase,
    NoticeView,
    Step,
    TaskPage,
    TaskView,
)
from cityops.cases.workflow import Transition, Workflow, Workflows
from cityops.kit import (
    Clock,
    ConfigError,
    IdMaker,
    InvalidError,
    NotFoundError,
    Text,
    WorkingCalendar,
)
from cityops.store import Store, emit

_MAX_TITLE: Final = 200


class Cases:
    """Opens cases, takes steps, answers who may see and do what.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        workflows: by (scene, kind); checked here, a faulty one raises ``ConfigError`` that names the entry.
        calendar: working days for the limits.
        effects: handlers of the effects of the crews (``dispatch.crew_effects``); a workflow that uses an effect
            nobody carries out raises ``ConfigError``.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        workflows: Workflows,
        calendar: WorkingCalendar,
        effects: Mapping[str, EffectHandler] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._workflows = dict(workflows)
        self._calendar = calendar
        self._effects = {**TASK_HANDLERS, **(effects or {})}
        for workflow in self._workflows.values():
            ensure_sound(workflow, [permission.value for permission in Permission])
            self._ensure_carried_out(workflow)
        self._reader = Reader(self._workflows, clock)

    # --- opening -------------------------------------------------------------------------------------------

    def open(self, principal: Principal, new: NewCase) -> CaseDetailView:
        """Open a case (立案), or return the one this alert already has.

        Raises:
            ForbiddenError: without ``cases.open``. InvalidError: no such workflow, or a title too long.
        """
        case_id = self._store.write(lambda conn: self.open_in(conn, principal, new))
        with self._store.read() as conn:
            return self._reader.detail_by_id(conn, principal, case_id)

    def open_in(self, conn: Connection, principal: Principal, new: NewCase) -> str:
        """As ``open``, inside a transaction of the caller (an alert's subscriber); returns the case's id."""
        principal.require(Permission.CASES_OPEN)
        workflow = self.workflow(new.scene, new.kind)
        if max(len(new.title.zh), len(new.title.en)) > _MAX_TITLE:
            raise InvalidError("案件标题过长", "the case's title is too long", code="case.title_long")
        if new.alert_id is not None:
            known = conn.execute(select(case_table.c.id).where(case_table.c.alert_id == new.alert_id)).scalar()
            if known is not None:
                return str(known)
        act = self._act(conn, principal, workflow, self._ids.next(), words=new.words)
        self._insert(act, new)
        opened = Text("立案", "Opened")
        add_step(act, "open", opened, states=(None, workflow.initial), comment=new.comment, data=new.data)
        if workflow.limit is not None:
            set_deadline(
                conn,
                ids=self._ids,
                calendar=self._calendar,
                limit=workflow.limit,
                started_ms=act.at_ms,
                case_id=act.case_id,
                task_id=None,
            )
        for kind, task in workflow.tasks.items():
            if task.at_opening:
                open_task(act, kind)
        emit(conn, "case.opened", act.case_id, {"case_id": act.case_id, "action": "open"})
        self._record(act, "open", {"alert_id": new.alert_id, "scene": new.scene})
        return act.case_id

    def _insert(self, act: Act, new: NewCase) -> None:
        act.conn.execute(
            insert(case_table).values(
                id=act.case_id,
                number=next_number(act.conn, act.workflow.number_prefix, act.at_ms),
                scene=new.scene,
                kind=new.kind,
                title_zh=new.title.zh,
                title_en=new.title.en,
                state=act.workflow.initial,
                severity=new.severity,
                area_code=new.area_code,
                lon=new.lon,
                lat=new.lat,
                place=dict(new.place),
                vehicle_id=new.vehicle_id,
                plate=new.plate,
                unit_id=new.unit_id,
                unit_name=new.unit_name,
                police_unit_id=new.police_unit_id,
                police_unit_name=new.police_unit_name,
                alert_id=new.alert_id,
                rework=0,
                ended=False,
                opened_ms=act.at_ms,
                changed_ms=act.at_ms,
                version=1,
            )
        )

    # --- steps ---------------------------------------------------------------------------------------------

    def act(self, principal: Principal, case_id: str, action: str, step: Step) -> CaseDetailView:
        """Take a step (办理). Returns the case as this person sees it right after.

        Raises:
            NotFoundError: no such case for this person, or no such task in it.
            InvalidError: no such action, or the form is wrong.
            ForbiddenError: this person may not take this step.
            ConflictError: ``case.stale``: somebody was faster; ``case.not_possible``: not in this state;
                ``case.not_ready``: a condition of the workflow is not met.
        """
        self._store.write(lambda conn: self.act_in(conn, principal, case_id, action, step))
        with self._store.read() as conn:
            return self._reader.detail_by_id(conn, principal, case_id)

    def act_in(self, conn: Connection, principal: Principal, case_id: str, action: str, step: Step) -> None:
        """As ``act``, inside a transaction of the caller."""
        case = self._scoped(conn, principal, case_id)
        workflow = self.workflow(case["scene"], case["kind"])
        tasks = self._reader.task_rows(conn, case_id)
        task = _named(tasks, step.task_id, principal)
        machine = machine_of(workflow, action, task)
        of_task = task if machine is not workflow else None
        state = case["state"] if of_task is None else of_task["state"]
        principal.require(Permission(permission_of(machine, state, action)))
        if case["version"] != step.version:
            raise stale(case["number"])
        transition = machine.find(action, state)
        if transition is None:
            raise not_possible(machine, state, action)
        form, comment = read_form(transition, step.form, step.comment)
        why = unmet(transition, tasks)
        if why is not None:
            raise not_ready(why)
        still_open = [t for t in tasks if not t["ended"]]
        through = step.task_id if of_task else through_task(workflow, transition, still_open, principal, step.task_id)
        act = self._act(conn, principal, workflow, case_id, form=form)
        self._guard(act, case, transition if of_task is None else None)
        if of_task is not None:
            set_task_state(act, of_task, transition.to, data=_answers(form, comment))
        for effect in transition.effects:
            self._effects[effect.do](act, transition, effect, through)
        add_step(
            act,
            action,
            transition.title.text,
            states=(state, transition.to),
            task_id=through,
            comment=comment,
            data=form,
        )
        emit(conn, "case.changed", case_id, {"case_id": case_id, "action": action})
        self._record(act, action, {"from": state, "to": transition.to, "task_id": through})

    def note_in(
        self, conn: Connection, principal: Principal, case_id: str, action: str, title: Text, change: Mapping[str, Any]
    ) -> None:
        """Write a fact on a case's timeline without a step (an alert was withdrawn, its place moved).

        ``change`` may set ``lon``, ``lat``, ``place``, ``area_code``, ``severity``; the version grows, so nobody acts
        on what has changed under them. An ended case gets the line only.
        """
        case = conn.execute(select(case_table).where(case_table.c.id == case_id)).mappings().one_or_none()
        if case is None:
            raise not_found()
        allowed = {"lon", "lat", "place", "area_code", "severity"}
        if not set(change) <= allowed:
            raise ValueError(f"a note may not change {sorted(set(change) - allowed)}")
        act = self._act(conn, principal, self.workflow(case["scene"], case["kind"]), case_id)
        values = {} if case["ended"] else dict(change)
        act.set_case(**values, changed_ms=act.at_ms, version=case_table.c.version + 1)
        add_step(act, action, title, states=(case["state"], case["state"]))
        emit(conn, "case.changed", case_id, {"case_id": case_id, "action": action})
        self._record(act, action, {"changed": sorted(values)})

    def move_in(
        self, conn: Connection, case_id: str, lon: float, lat: float, area_code: str | None, place: Any
    ) -> bool:
        """Let an open case follow its moving alert; no line and no new version, for it is no step. False if ended."""
        done = conn.execute(
            update(case_table)
            .where(case_table.c.id == case_id, case_table.c.ended.is_(False))
            .values(lon=lon, lat=lat, area_code=area_code, place=dict(place))
        )
        if done.rowcount:
            emit(conn, "case.changed", case_id, {"case_id": case_id, "action": "move"})
        return bool(done.rowcount)

    # --- reading -------------------------------------------------------------------------------------------

    def get(self, principal: Principal, case_id: str) -> CaseDetailView:
        """A case with the steps this person may take now; ``NotFoundError`` outside the person's scope."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.detail(conn, principal, case_id)

    def list(self, principal: Principal, query: CaseFilter = CaseFilter()) -> CasePage:
        """A page of cases, newest first, with counts by state under the other conditions."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.page(conn, principal, query)

    def tasks(self, principal: Principal, *, mine: bool = True, page: int = 1, page_size: int = 50) -> TaskPage:
        """Open tasks this person may see, most urgent first; ``mine``: those of the person's own unit or crew."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.tasks(conn, principal, mine=mine, page=page, page_size=page_size)

    def task(self, principal: Principal, task_id: str) -> TaskView:
        """One task; ``NotFoundError`` outside the person's scope."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.task(conn, principal, task_id)

    def notices(self, principal: Principal, *, unread_only: bool = False, limit: int = 100) -> Sequence[NoticeView]:
        """Notices to this person's unit or crew, newest first."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.notices(conn, principal, unread_only=unread_only, limit=limit)

    def mark_read(self, principal: Principal, case_id: str) -> int:
        """Note that this person's unit or crew has read its notices of a case; returns how many were unread."""

        def work(conn: Connection) -> int:
            self._scoped(conn, principal, case_id)
            mine = self._reader.notices_of(principal)
            unread = (notice_table.c.case_id == case_id) & notice_table.c.read_ms.is_(None)
            done = conn.execute(update(notice_table).where(mine, unread).values(read_ms=self._clock.now_ms()))
            return done.rowcount

        principal.require(Permission.CASES_READ)
        return self._store.write(work)

    def workflow(self, scene: str, kind: str) -> Workflow:
        """The workflow of a kind of case; ``InvalidError`` when there is none."""
        workflow = self._workflows.get((scene, kind))
        if workflow is None:
            raise InvalidError(
                f"没有流程 {scene}/{kind}", f"there is no workflow {scene}/{kind}", code="case.no_workflow"
            )
        return workflow

    # --- inside --------------------------------------------------------------------------------------------

    def _act(
        self,
        conn: Connection,
        principal: Principal,
        workflow: Workflow,
        case_id: str,
        *,
        form: Mapping[str, Any] | None = None,
        words: Mapping[str, Text] | None = None,
    ) -> Act:
        at_ms = self._clock.now_ms()
        return Act(conn, self._ids, self._calendar, principal, workflow, case_id, at_ms, form or {}, words or {})

    def _ensure_carried_out(self, workflow: Workflow) -> None:
        machines = (workflow, *workflow.tasks.values())
        used = {effect.do for machine in machines for t in machine.transitions for effect in t.effects}
        missing = sorted(used - set(self._effects))
        if missing:
            raise ConfigError(
                f"流程“{workflow.title.zh}”的效果无人执行：{missing}",
                f"workflow {workflow.name!r} uses effects that nobody carries out: {missing}",
            )

    def _scoped(self, conn: Connection, principal: Principal, case_id: str) -> RowMapping:
        query = select(case_table).where(case_table.c.id == case_id, case_scope(principal))
        row = conn.execute(query).mappings().one_or_none()
        if row is None:
            raise not_found()
        return row

    def _guard(self, act: Act, case: RowMapping, transition: Transition | None) -> None:
        """Take the version (and the new state): whoever comes second finds no row and changes nothing."""
        values: dict[str, Any] = {"version": case["version"] + 1, "changed_ms": act.at_ms}
        if transition is not None:
            ended = act.workflow.states[transition.to].end
            values |= {"state": transition.to, "ended": ended, "closed_ms": act.at_ms if ended else None}
        here = (case_table.c.id == act.case_id) & (case_table.c.version == case["version"])
        if act.conn.execute(update(case_table).where(here).values(**values)).rowcount == 0:
            raise stale(case["number"])
        if values.get("ended"):
            finish_deadlines(act.conn, act.case_id, act.at_ms)

    def _record(self, act: Act, action: str, detail: Mapping[str, Any]) -> None:
        record_audit(
            act.conn,
            at_ms=act.at_ms,
            actor=act.principal,
            action=f"case.{action}",
            object_type="case",
            object_id=act.case_id,
            detail=dict(detail),
        )


def _named(tasks: Sequence[RowMapping], task_id: str | None, principal: Principal) -> RowMapping | None:
    if task_id is None:
        return None
    for task in tasks:
        if task["id"] == task_id and owes_or_oversees(principal, task):
            return task
    raise NotFoundError("该案件没有这项任务", "this case has no such task", code="case.no_task")


def _answers(form: Mapping[str, Any], comment: str | None) -> dict[str, Any]:
    return {**form, **({"comment": comment} if comment else {})}
