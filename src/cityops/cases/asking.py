"""The reading half of the engine's face: lists, one case, what a person may do, name, hand over. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, select

from cityops.access import Permission, Principal
from cityops.cases.bulk import MAX_BULK, colleagues_of, people_who_hold
from cityops.cases.choices import choices_of
from cityops.cases.conditions import Situation
from cityops.cases.inputs import CaseFilter, TaskFilter
from cityops.cases.reading import Reader
from cityops.cases.records import task_rows
from cityops.cases.scope import PEOPLE, case_scope, owes_or_oversees
from cityops.cases.stepping import (
    ensure_role,
    machine_of,
    not_found,
    not_possible,
    permission_of,
    stale,
    through_task,
)
from cityops.cases.tables import case_table
from cityops.cases.views import (
    CaseDetailView,
    CasePage,
    ChoicePage,
    HolderView,
    NoticeView,
    OfferView,
    TaskPage,
    TaskView,
)
from cityops.cases.workflow import Machine, Transition, Workflow, Workflows
from cityops.kit import Clock, InvalidError, NotFoundError, WorkingCalendar
from cityops.store import Store


class CaseReading:
    """What can be asked about cases. ``Cases`` adds what changes them."""

    def __init__(
        self, store: Store, clock: Clock, calendar: WorkingCalendar, workflows: Workflows, reader: Reader
    ) -> None:
        self._store = store
        self._clock = clock
        self._calendar = calendar
        self._workflows = workflows
        self._reader = reader

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

    def tasks(
        self,
        principal: Principal,
        *,
        mine: bool = True,
        query: TaskFilter = TaskFilter(),
        page: int = 1,
        page_size: int = 50,
    ) -> TaskPage:
        """Open tasks this person may see, most urgent first; ``mine``: the person's own work (see ``owed``)."""
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            return self._reader.tasks(conn, principal, mine=mine, query=query, page=page, page_size=page_size)

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

    def choices(
        self,
        principal: Principal,
        case_id: str,
        action: str,
        field: str,
        *,
        task_id: str | None = None,
        words: str = "",
    ) -> ChoicePage:
        """What a field of a step's form may name here: units, people, cases; ``words``: part of a name or number.

        Raises:
            NotFoundError: no such case for this person, no such task in it, or no such field.
            InvalidError: no such action. ForbiddenError: not this person's step. ConflictError: not in this state.
        """
        with self._store.read() as conn:
            case = self._scoped(conn, principal, case_id)
            at, transition, _ = self._asked(conn, principal, case, action, task_id)
            wanted = next((one for one in transition.form if one.name == field), None)
            if wanted is None:
                raise NotFoundError(
                    f"这一步没有字段“{field}”", f"this step has no field {field!r}", code="case.form_unknown"
                )
            return choices_of(at, transition, wanted, words)

    def offers(self, principal: Principal, case_ids: Sequence[str]) -> Sequence[OfferView]:
        """The steps that these cases offer this person, each with the cases that offer it with the same form.

        Raises:
            InvalidError: ``case.too_many``.
        """
        principal.require(Permission.CASES_READ)
        ensure_not_too_many(len(case_ids))
        with self._store.read() as conn:
            return self._reader.offers(conn, principal, case_ids)

    def holders(self, principal: Principal) -> Sequence[HolderView]:
        """People whose open tasks this person may hand over (任务移交), those who are switched off first."""
        with self._store.read() as conn:
            return people_who_hold(conn, principal)

    def colleagues(self, principal: Principal, account_id: str) -> ChoicePage:
        """To whom this person's open tasks may be handed over."""
        with self._store.read() as conn:
            return colleagues_of(conn, principal, account_id)

    def workflow(self, scene: str, kind: str) -> Workflow:
        """The workflow of a kind of case; ``InvalidError`` when there is none."""
        workflow = self._workflows.get((scene, kind))
        if workflow is None:
            raise InvalidError(
                f"没有流程 {scene}/{kind}", f"there is no workflow {scene}/{kind}", code="case.no_workflow"
            )
        return workflow

    # --- inside --------------------------------------------------------------------------------------------

    def _asked(
        self,
        conn: Connection,
        principal: Principal,
        case: RowMapping,
        action: str,
        task_id: str | None,
        version: int | None = None,
    ) -> tuple[Situation, Transition, Machine]:
        """The step that a person asks for, its machine, and the situation with the task it goes through.

        Raises:
            NotFoundError, InvalidError, ForbiddenError, ConflictError: as ``Cases.act``, but for the form.
        """
        workflow = self.workflow(case["scene"], case["kind"])
        tasks = task_rows(conn, [case["id"]])
        task = _named(tasks, task_id, principal)
        machine = machine_of(workflow, action, task)
        of_task = task if machine is not workflow else None
        state = case["state"] if of_task is None else of_task["state"]
        principal.require(Permission(permission_of(machine, state, action)))
        if version is not None and case["version"] != version:
            raise stale(case["number"])
        transition = machine.find(action, state)
        if transition is None:
            raise not_possible(machine, state, action)
        at = Situation(conn, self._calendar, principal, workflow, case, tasks, self._clock.now_ms(), of_task)
        ensure_role(at, transition)
        if of_task is None:
            at = replace(at, task=through_task(at, transition, task_id))
        return at, transition, machine

    def _scoped(self, conn: Connection, principal: Principal, case_id: str) -> RowMapping:
        row = conn.execute(_one_of(principal), {"of_case": case_id}).mappings().one_or_none()
        if row is None:
            raise not_found()
        return row


@lru_cache(maxsize=PEOPLE)
def _one_of(principal: Principal) -> Select[Any]:
    return select(case_table).where(case_table.c.id == bindparam("of_case"), case_scope(principal))


def ensure_not_too_many(count: int) -> None:
    """Raise ``InvalidError`` for more cases than one bulk call may touch."""
    if count > MAX_BULK:
        raise InvalidError(f"一次最多办理{MAX_BULK}件", f"at most {MAX_BULK} cases at a time", code="case.too_many")


def _named(tasks: Sequence[RowMapping], task_id: str | None, principal: Principal) -> RowMapping | None:
    if task_id is None:
        return None
    for task in tasks:
        if task["id"] == task_id and owes_or_oversees(principal, task):
            return task
    raise NotFoundError("该案件没有这项任务", "this case has no such task", code="case.no_task")
