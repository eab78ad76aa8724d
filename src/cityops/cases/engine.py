"""The case engine (案件引擎): opens cases and takes steps, each in one transaction, and none outside the workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from cityops.access import Permission, Principal
from cityops.cases.asking import CaseReading, ensure_not_too_many
from cityops.cases.assigning import ASSIGNING_HANDLERS
from cityops.cases.bulk import hand_over_task, open_tasks_held
from cityops.cases.catalogue import RuleTables
from cityops.cases.checks import ensure_sound
from cityops.cases.choices import names_of
from cityops.cases.conditions import Situation
from cityops.cases.deadlines import finish_deadlines, resume_deadlines
from cityops.cases.duplicates import set_matter_open
from cityops.cases.effects import TASK_HANDLERS, EffectHandler, StepRule, set_task_state
from cityops.cases.filing import Filing
from cityops.cases.forms import read_form
from cityops.cases.inputs import NewCase, Reporter, Step
from cityops.cases.joining import JOINING_HANDLERS, join_report
from cityops.cases.lateness import note_lateness
from cityops.cases.opening import open_case
from cityops.cases.owed import notices_of
from cityops.cases.reading import Reader
from cityops.cases.records import Act, add_step, audit
from cityops.cases.rulebook import Rulebook
from cityops.cases.stepping import (
    not_found,
    not_ready,
    stale,
    unmet,
)
from cityops.cases.tables import case_table, notice_table
from cityops.cases.views import CaseDetailView, Outcome
from cityops.cases.workflow import Transition, Workflow, Workflows
from cityops.kit import (
    CityOpsError,
    Clock,
    ConfigError,
    IdMaker,
    Text,
    WorkingCalendar,
)
from cityops.store import Store, emit, hold


class Cases(CaseReading):
    """Opens cases, takes steps, answers who may see and do what.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        workflows: by (scene, kind), read at every step: titles, words and limits may change while the product runs,
            states and steps never. Checked here: a faulty one raises ``ConfigError`` that names the entry.
        calendar: working days for the limits.
        effects: handlers of the effects of the crews (``dispatch.crew_effects``); a workflow that uses an effect
            nobody carries out raises ``ConfigError``.
        step_rules: the scenes' own rules of steps, by (scene, kind).
        rulebook: the city's rules in force; None: read from the store by a rulebook of its own.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        workflows: Workflows,
        calendar: WorkingCalendar,
        effects: Mapping[str, EffectHandler] | None = None,
        step_rules: Mapping[tuple[str, str], StepRule] | None = None,
        rulebook: Rulebook | None = None,
    ) -> None:
        self._ids = ids
        self._step_rules = step_rules or {}
        self._filing = Filing(rulebook or Rulebook(RuleTables(store, clock, Permission.RULES_PUBLISH), clock))
        of_filing: dict[str, EffectHandler] = {"set_standard": self._filing.choose}
        self._effects = {**TASK_HANDLERS, **ASSIGNING_HANDLERS, **JOINING_HANDLERS, **of_filing, **(effects or {})}
        for workflow in workflows.values():
            ensure_sound(workflow, [permission.value for permission in Permission])
            self._ensure_carried_out(workflow)
        reader = Reader(workflows, clock, calendar, self._filing)
        super().__init__(store, clock, calendar, workflows, reader)

    # --- opening -------------------------------------------------------------------------------------------

    def open(self, principal: Principal, new: NewCase) -> CaseDetailView:
        """Open a case (立案), or return the one this alert already has.

        Raises:
            ForbiddenError: without ``cases.report``. InvalidError: no such workflow, or a title too long.
        """

        def work(conn: Connection) -> CaseDetailView:
            return self._reader.detail_by_id(conn, principal, self.open_in(conn, principal, new))

        return self._store.write(work)

    def open_in(
        self, conn: Connection, principal: Principal, new: NewCase, may: Permission = Permission.CASES_REPORT
    ) -> str:
        """As ``open``, inside a transaction of the caller; returns the case's id.

        ``may``: the permission by which it is opened (whoever inspects opens the hazards found).
        """
        principal.require(may)
        workflow = self.workflow(new.scene, new.kind)
        if new.alert_id is not None:
            hold(conn, f"alert:{new.alert_id}")
            known = conn.execute(select(case_table.c.id).where(case_table.c.alert_id == new.alert_id)).scalar()
            if known is not None:
                return str(known)
        act = self._act(conn, principal, workflow, self._ids.next(), words=new.words)
        open_case(act, new)
        return act.case_id

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

        def work(conn: Connection) -> CaseDetailView:
            self.act_in(conn, principal, case_id, action, step)
            return self._reader.detail_by_id(conn, principal, case_id)  # before anybody else acts on it

        return self._store.write(work)

    def act_in(self, conn: Connection, principal: Principal, case_id: str, action: str, step: Step) -> None:
        """As ``act``, inside a transaction of the caller."""
        case = self._scoped(conn, principal, case_id)
        at, transition, machine = self._asked(conn, principal, case, action, step.task_id, step.version)
        options = partial(self._filing.options, conn, at.workflow, case)
        form, comment = read_form(transition, step.form, step.comment, options)
        why = unmet(at, transition)
        if why is not None:
            raise not_ready(why)
        self._carry_out(at, transition, form, comment, at.task if machine is not at.workflow else None)

    def _carry_out(
        self,
        at: Situation,
        transition: Transition,
        form: Mapping[str, Any],
        comment: str | None,
        of_task: RowMapping | None,
    ) -> None:
        """Write the step: version, state, effects, timeline, event and audit row."""
        case_id, through = at.case["id"], None if at.task is None else at.task["id"]
        act = self._act(at.conn, at.principal, at.workflow, case_id, form=form, task_id=through)
        rule = self._step_rules.get((at.case["scene"], at.case["kind"]))
        if rule is not None:
            _hold(at.conn, at.case)
            form = {**form, **rule(act, transition)}
            act = replace(act, form=form)
        state = at.case["state"] if of_task is None else of_task["state"]
        target, shown = transition.target(state), names_of(at, transition, form)
        act.know_tasks(at.tasks)
        self._guard(act, at.case, at.case["state"] if of_task else target)
        if of_task is not None:
            set_task_state(act, of_task, target, data=_answers(shown, comment))
        for effect in transition.effects:
            self._effects[effect.do](act, transition, effect, through)
        note_lateness(at.conn, case_id)
        add_step(
            act,
            transition.action,
            transition.title.text,
            states=(state, target),
            task_id=through,
            comment=comment,
            data=shown,
        )
        emit(at.conn, "case.changed", case_id, {"case_id": case_id, "action": transition.action})
        audit(act, transition.action, {"from": state, "to": target, "task_id": through})

    def act_many(self, principal: Principal, action: str, steps: Mapping[str, Step]) -> Sequence[Outcome]:
        """Take the same step in many cases (批量办理), each guarded and each in a transaction of its own.

        Args:
            principal: who acts.
            action: the step.
            steps: by case id, at most 500.

        Raises:
            InvalidError: ``case.too_many``: nothing was done.
        """
        ensure_not_too_many(len(steps))
        return [self._outcome(case_id, partial(self._step, principal, action, step)) for case_id, step in steps.items()]

    def hand_over(self, principal: Principal, from_id: str, to_id: str, reason: str) -> Sequence[Outcome]:
        """Hand a leaver's open tasks to a named colleague (任务移交): audited, on every timeline, both told.

        Every task is moved in a transaction of its own; calling again moves what is left.

        Raises:
            ForbiddenError: neither a dispatcher nor of the leaver's own unit. InvalidError: no reason, or the colleague
                is not active, of another role or of another unit.
        """
        with self._store.read() as conn:
            held = open_tasks_held(conn, principal, from_id, to_id, reason)
        return [
            self._outcome(row["case_id"], partial(self._hand_over_one, principal, row["id"], from_id, to_id, reason))
            for row in held
        ]

    def _hand_over_one(
        self, principal: Principal, task_id: str, from_id: str, to_id: str, reason: str, conn: Connection, case_id: str
    ) -> None:
        case = conn.execute(select(case_table).where(case_table.c.id == case_id)).mappings().one()
        act = self._act(conn, principal, self.workflow(case["scene"], case["kind"]), case_id, task_id=task_id)
        self._guard(act, case, case["state"])
        hand_over_task(act, task_id, from_id, to_id, reason)

    def join_in(
        self, conn: Connection, principal: Principal, case_id: str, reporter: Reporter, data: Mapping[str, Any]
    ) -> None:
        """Add one more report to an open case (并入已有案件), in a transaction of the caller, who has checked the case.

        Nobody's open form becomes stale by it: the version stays.

        Raises:
            ForbiddenError: without ``cases.report``. NotFoundError: no such case.
            ConflictError: ``case.target_ended``.
        """
        principal.require(Permission.CASES_REPORT)
        case = conn.execute(select(case_table).where(case_table.c.id == case_id).with_for_update()).mappings().first()
        if case is None:
            raise not_found()
        act = self._act(conn, principal, self.workflow(case["scene"], case["kind"]), case_id)
        join_report(act, case, reporter, data)

    def _step(self, principal: Principal, action: str, step: Step, conn: Connection, case_id: str) -> None:
        self.act_in(conn, principal, case_id, action, step)

    def _outcome(self, case_id: str, work: Callable[[Connection, str], None]) -> Outcome:
        try:
            self._store.write(lambda conn: work(conn, case_id))
        except CityOpsError as error:
            return Outcome(case_id, False, error)
        return Outcome(case_id, True)

    def note_in(
        self, conn: Connection, principal: Principal, case_id: str, action: str, title: Text, change: Mapping[str, Any]
    ) -> None:
        """Write a fact on a case's timeline without a step (an alert was withdrawn, its place moved).

        ``change`` may set ``lon``, ``lat``, ``place``, ``area_code``, ``severity``, and the matter with what follows
        from it; the version grows, so nobody acts on what has changed under them. An ended case gets the line only.
        """
        case = conn.execute(select(case_table).where(case_table.c.id == case_id).with_for_update()).mappings().first()
        if case is None:
            raise not_found()
        allowed = {"lon", "lat", "place", "area_code", "severity", "matter", "matter_name", "suggested"}
        if not set(change) <= allowed:
            raise ValueError(f"a note may not change {sorted(set(change) - allowed)}")
        act = self._act(conn, principal, self.workflow(case["scene"], case["kind"]), case_id)
        values = {} if case["ended"] else dict(change)
        act.step_case(case["version"], **values, changed_ms=act.at_ms)
        add_step(act, action, title, states=(case["state"], case["state"]))
        emit(conn, "case.changed", case_id, {"case_id": case_id, "action": action})
        audit(act, action, {"changed": sorted(values)})

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

    def mark_read(self, principal: Principal, case_id: str) -> int:
        """Note that this person's unit or crew has read its notices of a case; returns how many were unread."""

        def work(conn: Connection) -> int:
            self._scoped(conn, principal, case_id)
            mine = notices_of(principal)
            unread = (notice_table.c.case_id == case_id) & notice_table.c.read_ms.is_(None)
            done = conn.execute(update(notice_table).where(mine, unread).values(read_ms=self._clock.now_ms()))
            return done.rowcount

        principal.require(Permission.CASES_READ)
        return self._store.write(work)

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
        task_id: str | None = None,
    ) -> Act:
        at_ms = self._clock.now_ms()
        told = words or {}
        return Act(conn, self._ids, self._calendar, principal, workflow, case_id, at_ms, form or {}, told, task_id)

    def _ensure_carried_out(self, workflow: Workflow) -> None:
        machines = (workflow, *workflow.tasks.values())
        used = {effect.do for machine in machines for t in machine.transitions for effect in t.effects}
        missing = sorted(used - set(self._effects))
        if missing:
            raise ConfigError(
                f"流程“{workflow.title.zh}”的效果无人执行：{missing}",
                f"workflow {workflow.name!r} uses effects that nobody carries out: {missing}",
            )

    def _guard(self, act: Act, case: RowMapping, to: str) -> None:
        """Take the version and the new state: whoever comes second finds no row and changes nothing."""
        values: dict[str, Any] = {"changed_ms": act.at_ms, "state": to}
        ended = act.workflow.states[to].end
        if ended != case["ended"]:
            values |= {"ended": ended, "closed_ms": act.at_ms if ended else None}
        if not act.step_case(case["version"], **values):
            raise stale(case["number"])
        if ended != case["ended"]:
            set_matter_open(act.conn, act.case_id, not ended)
        if ended and not case["ended"]:
            finish_deadlines(act.conn, act.case_id, act.at_ms, lasting=act.workflow.lasting_tasks)
        elif case["ended"] and not ended:
            resume_deadlines(act.conn, act.case_id, None, self._calendar, act.workflow.warning_percents)


def _hold(conn: Connection, case: RowMapping) -> None:
    """Hold a case for a scene's own rule, which may write before the engine does; whoever comes second is told."""
    version = conn.execute(select(case_table.c.version).where(case_table.c.id == case["id"]).with_for_update())
    if version.scalar_one() != case["version"]:
        raise stale(case["number"])


def _answers(form: Mapping[str, Any], comment: str | None) -> dict[str, Any]:
    return {**form, **({"comment": comment} if comment else {})}
