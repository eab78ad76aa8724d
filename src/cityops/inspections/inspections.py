"""Inspections (检查): what is due, what was found, what became of it. The face of the room."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from cityops.access import SYSTEM, Permission, Principal, record_audit
from cityops.cases import Cases
from cityops.cases.catalogue import RuleTables, SheetRow
from cityops.cases.evidence import Content, EvidenceBook, Rendition
from cityops.inspections.alarms import Alarms
from cityops.inspections.checklists import Checklists
from cityops.inspections.declaration import AlarmSpec, InspectionPlan
from cityops.inspections.due import PlannedWork, covered_rows, due_rows
from cityops.inspections.history import PastInspection, bring_in
from cityops.inspections.periods import counts, period_at
from cityops.inspections.reading import (
    answered_items,
    attachments,
    hazard_of,
    hazards_query,
    in_scope,
    inspection_of,
    inspections_query,
    last_made,
    unit_names,
)
from cityops.inspections.recording import Recorder, attach
from cityops.inspections.school import SCHOOL_CALENDAR, SchoolCalendar, school_rows, school_spans_of
from cityops.inspections.tables import attachment_table, hazard_table, inspection_table
from cityops.inspections.views import (
    Attachment,
    Covered,
    Due,
    DueFilter,
    DuePage,
    Hazard,
    HazardFilter,
    Inspection,
    InspectionDetail,
    InspectionFilter,
    NewInspection,
)
from cityops.kit import Clock, IdMaker, NotFoundError, Text, WorkingCalendar
from cityops.places import City
from cityops.registers import Registers, may_write
from cityops.store import Store, Subscriber

MAX_PAGE: Final = 500
T = TypeVar("T")
_i, _a = inspection_table.c, attachment_table.c


@dataclass(frozen=True)
class SceneInspections:
    """What a scene declares about inspections; ``checklists``: title and rows of each, by name."""

    scene: str
    plans: Sequence[InspectionPlan]
    checklists: Mapping[str, tuple[Text, Sequence[Mapping[str, str]]]]
    alarms: Sequence[AlarmSpec] = ()


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A page of a list and how many there are in all."""

    items: list[T]
    total: int
    page: int
    page_size: int


class Inspections:
    """All inspections of the city.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        registers: what is inspected.
        cases: where hazards become cases.
        evidence: photos and documents.
        rules: published checklists and school calendars.
        calendar: the working days of the state.
        city: names the place of a hazard.
        declared: what the scenes declare; plans are read again whenever they are asked for, for a city may change how
            often they are due.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        *,
        registers: Registers,
        cases: Cases,
        evidence: EvidenceBook,
        rules: RuleTables,
        calendar: WorkingCalendar,
        city: City,
        declared: Iterable[SceneInspections],
    ) -> None:
        scenes = list(declared)
        self._declared = declared
        self._store = store
        self._clock = clock
        self._ids = ids
        self._registers = registers
        self._cases = cases
        self._evidence = evidence
        self._rules = rules
        self._calendar = calendar
        self.checklists = Checklists(rules, {name: one for scene in scenes for name, one in scene.checklists.items()})
        self._recorder = Recorder(clock, ids, registers, cases, evidence, self.checklists, city)
        self._alarms = Alarms(self._recorder, [(scene.scene, alarm) for scene in scenes for alarm in scene.alarms])

    @property
    def _works(self) -> dict[str, PlannedWork]:
        works = (self._work(scene.scene, plan) for scene in self._declared for plan in scene.plans)
        return {work.key: work for work in works}

    def _work(self, scene: str, plan: InspectionPlan) -> PlannedWork:
        return PlannedWork(scene, plan, self._registers.spec(plan.register_name))

    def subscriber(self) -> Subscriber:
        """Opens the hazards of alarms as objects change."""
        return self._alarms.subscriber()

    # --- plans and what they make due ------------------------------------------------------------------------

    def plans(self, principal: Principal) -> list[PlannedWork]:
        """The plans about registers that this person reads."""
        principal.require(Permission.INSPECTIONS_READ)
        seen = {spec.name for spec in self._registers.specs(principal)}
        return [work for work in self._works.values() if work.register.name in seen]

    def plan(self, principal: Principal, scene: str, plan: str) -> PlannedWork:
        """One plan; ``NotFoundError`` when there is none for this person."""
        found = next((work for work in self.plans(principal) if work.key == f"{scene}/{plan}"), None)
        if found is None:
            raise NotFoundError("没有这个检查计划", "there is no such inspection plan", code="inspection.no_plan")
        return found

    def school_calendar(self) -> SchoolCalendar:
        """The terms and holidays in force."""
        published = self._rules.current(SCHOOL_CALENDAR)
        rows = [SheetRow(number, row) for number, row in enumerate(school_rows(), start=2)]
        return SchoolCalendar(school_spans_of(rows if published is None else published[1]).valid, self._calendar)

    def due(self, principal: Principal, wanted: DueFilter) -> DuePage:
        """What is due for whom, overdue first, and how many stand how."""
        at_ms = self._clock.now_ms() if wanted.at_ms is None else min(wanted.at_ms, self._clock.now_ms())
        works = [
            work
            for work in self.plans(principal)
            if wanted.scene in (None, work.scene) and wanted.plan in (None, work.plan.name)
        ]
        size, number = max(1, min(wanted.page_size, MAX_PAGE)), max(1, wanted.page)
        query = due_rows(works, principal, wanted, at_ms, self.school_calendar())
        if query is None:
            return DuePage([], 0, number, size, {})
        rows = query.subquery()
        ordered = select(rows).order_by(*_order(rows.c, wanted)).offset((number - 1) * size).limit(size)
        if wanted.state:
            ordered = ordered.where(rows.c.state.in_(wanted.state))
        with self._store.read() as conn:
            counted = conn.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
            by_state = {str(state): int(count) for state, count in counted}
            found = conn.execute(ordered).mappings().all()
            last = last_made(conn, {(row["object_id"], row["plan"]) for row in found}, at_ms)
            names = unit_names(conn, {row["unit_id"] for row in found})
        items = [_due(row, last.get((row["object_id"], row["plan"])), names.get(row["unit_id"])) for row in found]
        total = sum(count for state, count in by_state.items() if not wanted.state or state in wanted.state)
        return DuePage(items, total, number, size, by_state)

    def tally(self, scene: str, plan: InspectionPlan) -> dict[str, int]:
        """How many objects in the city would stand how now, were this the plan."""
        query = due_rows([self._work(scene, plan)], SYSTEM, DueFilter(), self._clock.now_ms(), self.school_calendar())
        assert query is not None  # a plan has at least one rule
        rows = query.subquery()
        with self._store.read() as conn:
            counted = conn.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
            return {str(state): int(count) for state, count in counted}

    def coverage(self, principal: Principal, work: PlannedWork, at_ms: int, area: str | None = None) -> list[Covered]:
        """By rule and district, what was inspected in the period that holds ``at_ms``, and what was not."""
        now_ms, found = self._clock.now_ms(), []
        school = work.school(self.school_calendar())
        with self._store.read() as conn:
            for number, rule in enumerate(work.plan.rules):
                period = period_at(rule.every, at_ms)
                running = period.start_ms <= now_ms < period.end_ms
                counting = counts(rule, period, school)
                query = covered_rows(work, number, principal, period, area, counting=counting, running=running)
                found += [
                    Covered(rule.every, period.start_ms, period.end_ms, running, **row)
                    for row in conn.execute(query).mappings()
                ]
        return found

    # --- recording and reading -------------------------------------------------------------------------------

    def record(self, principal: Principal, new: NewInspection) -> Inspection:
        """Record an inspection with the cases of its hazards, once; raises like ``Recorder.record``."""
        inspection_id = self._store.write(lambda conn: self.record_in(conn, principal, new))
        with self._store.read() as conn:
            return self._one(conn, principal, inspection_id)

    def record_in(self, conn: Connection, principal: Principal, new: NewInspection) -> str:
        """``record`` in the running transaction; the inspection's id."""
        return self._recorder.record(conn, principal, self.plan(principal, new.scene, new.plan), new)

    def bring_in(self, actor: Principal, scene: str, plan: str, past: Sequence[PastInspection]) -> int:
        """Bring in inspections made before or elsewhere, each once; see ``history.bring_in``.."""
        work = self.plan(actor, scene, plan)
        return self._store.write(lambda conn: bring_in(conn, self._clock, self._ids, actor, work, past))

    def inspections(self, principal: Principal, wanted: InspectionFilter) -> Found[Inspection]:
        """Inspections of objects this person sees, newest first."""
        query = inspections_query(self._visible(principal), wanted)
        with self._store.read() as conn:
            return _page(conn, query, wanted.page, wanted.page_size, inspection_of)

    def get(self, principal: Principal, inspection_id: str) -> InspectionDetail:
        """One inspection with its answers, attachments and hazards; ``NotFoundError`` when not for this person."""
        with self._store.read() as conn:
            found = self._one(conn, principal, inspection_id)
            checklist = None
            if found.checklist is not None and found.checklist_version is not None:
                checklist = self.checklists.at(found.checklist, found.checklist_version, conn)
            items = answered_items(conn, inspection_id, checklist)
            shown = attachments(conn, inspection_id=inspection_id)
            query = hazards_query(self._visible(principal), HazardFilter(), self._clock.now_ms())
            query = query.where(hazard_table.c.inspection_id == inspection_id)
            hazards = [self._hazard(row) for row in conn.execute(query).mappings()]
        return InspectionDetail(found, items, shown, hazards)

    def hazards(self, principal: Principal, wanted: HazardFilter) -> Found[Hazard]:
        """Hazards of objects this person sees, the most urgent first."""
        query = hazards_query(self._visible(principal), wanted, self._clock.now_ms())
        with self._store.read() as conn:
            return _page(conn, query, wanted.page, wanted.page_size, self._hazard)

    # --- photos and documents of objects ---------------------------------------------------------------------

    def attach(self, principal: Principal, object_id: str, evidence_ids: Collection[str]) -> list[Attachment]:
        """Attach own items of evidence to an object that this person writes; all of the object's are returned."""

        def work(conn: Connection) -> None:
            found = self._registers.get_in(conn, principal, object_id)
            if not may_write(principal, self._registers.spec(found.register)):
                principal.require(Permission.REGISTERS_MANAGE)
            self._evidence.keep_for(conn, principal, evidence_ids, object_id)
            at_ms = self._clock.now_ms()
            attach(conn, principal, object_id, [(None, one) for one in dict.fromkeys(evidence_ids)], at_ms)
            record_audit(
                conn,
                at_ms=at_ms,
                actor=principal,
                action="object.attach",
                object_type="register_object",
                object_id=object_id,
                detail={"count": len(evidence_ids)},
            )

        self._store.write(work)
        return self.attachments(principal, object_id)

    def attachments(self, principal: Principal, object_id: str) -> list[Attachment]:
        """Photos and documents of an object this person sees, those of its inspections among them."""
        with self._store.read() as conn:
            self._registers.get_in(conn, principal, object_id)
            return attachments(conn, object_id=object_id)

    def content(self, principal: Principal, evidence_id: str, rendition: Rendition) -> Content:
        """An attachment's file; raises like ``EvidenceBook.content``."""
        with self._store.read() as conn:
            object_id = conn.execute(select(_a.object_id).where(_a.evidence_id == evidence_id)).scalar()
            if object_id is None:
                raise NotFoundError("没有这份材料", "there is no such attachment", code="inspection.no_attachment")
            self._registers.get_in(conn, principal, object_id)
        return self._evidence.content(principal, evidence_id, rendition, seen_by_holder=True)

    # --- inside ----------------------------------------------------------------------------------------------

    def _visible(self, principal: Principal) -> ColumnElement[bool]:
        principal.require(Permission.INSPECTIONS_READ)
        return in_scope(principal, {work.register.name: work.register for work in self._works.values()}.values())

    def _hazard(self, row: RowMapping) -> Hazard:
        return hazard_of(row, self._cases.workflow)

    def _one(self, conn: Connection, principal: Principal, inspection_id: str) -> Inspection:
        query = inspections_query(self._visible(principal), InspectionFilter()).where(_i.id == inspection_id)
        row = conn.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError("没有这次检查", "there is no such inspection", code="inspection.missing")
        return inspection_of(row)


def _order(columns: Any, wanted: DueFilter) -> tuple[Any, ...]:
    first = (columns.away,) if wanted.near is not None else (columns.rank, columns.period_to_ms)
    return (*first, columns.code, columns.plan)


def _due(row: RowMapping, last_ms: int | None, unit_name: str | None) -> Due:
    own = {name: row[name] for name in Due.__slots__ if name not in ("last_ms", "unit_name")}
    return Due(**own, last_ms=last_ms, unit_name=unit_name)


def _page(conn: Connection, query: Select[Any], page: int, page_size: int, made: Callable[[RowMapping], T]) -> Found[T]:
    size, number = max(1, min(page_size, MAX_PAGE)), max(1, page)
    total = conn.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    rows = conn.execute(query.offset((number - 1) * size).limit(size)).mappings()
    return Found([made(row) for row in rows], int(total), number, size)
