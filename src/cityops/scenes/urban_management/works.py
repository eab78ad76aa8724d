"""Planned works (计划作业) on roads: drafted by a unit, agreed with the traffic police, done night by night.

The roads are closed when the police have agreed and opened when the work is over, in the same order as the steps of
the case: the closures follow its events, each exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from cityops.access import Permission, Principal, Role, record_audit
from cityops.cases import CaseFilter, NewCase, case_scope, case_table, step_table
from cityops.dispatch import Stretch
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, Text
from cityops.scenes.registry import SceneContext
from cityops.scenes.urban_management.plan import (
    Night,
    Plan,
    PlannedWork,
    moment,
    nights_of,
    plan_of,
    row_of,
    view_of,
)
from cityops.scenes.urban_management.tables import planned_work_night_table, planned_work_table
from cityops.store import Event, Subscriber, emit

SCENE: Final = "urban_management"
KIND: Final = "planned_work"
TRAFFIC_POLICE: Final = "UM-TRAFFIC"
"""Code of the unit that agrees to works on roads (交警会签)."""
MAX_NIGHTS: Final = 120
MAX_ITEMS: Final = 10
MAX_AMOUNT: Final = 1_000_000
_DRAFT_STATES: Final = ("drafted",)
_CLOSES: Final = frozenset({"agree", "resume"})
_OPENS: Final = frozenset({"suspend", "finish", "cancel_agreement", "void"})
_LISTED: Final = 200
_w, _n = planned_work_table.c, planned_work_night_table.c
_KEPT: Final = Text("没有保存", "nothing was kept")


class PlannedWorks:
    """Drafts, nights, closures of planned works."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    # --- the plan ------------------------------------------------------------------------------------------------

    def draft(self, principal: Principal, title: str, plan: Plan) -> PlannedWork:
        """Draft a work of the person's own unit.

        Raises:
            ForbiddenError: not of a unit. InvalidError: the plan is not sound, or there is no such road.
        """
        principal.require(Permission.UNIT_HANDLE)
        if principal.role is not Role.UNIT:
            raise ForbiddenError(
                "计划作业由专业部门负责人拟定",
                "a planned work is drafted by the head of a responsible unit",
                code="work.unit",
            )
        words = title.strip()
        if not 0 < len(words) <= 100:
            raise _invalid("请填写名称（不超过100字）", "give a title of at most 100 characters")
        stretch = self._checked(plan)
        police = self._context.units.find(TRAFFIC_POLICE)
        lon, lat = plan.start
        place = self._context.city.locate(lon, lat)
        new = NewCase(
            scene=SCENE,
            kind=KIND,
            title=Text(words, words),
            severity=1,
            lon=lon,
            lat=lat,
            area_code=place.street_code or place.district_code or None,
            place=asdict(place),
            unit_id=principal.unit_id,
            unit_name=principal.unit_name,
            police_unit_id=police.id if police else None,
            police_unit_name=police.name if police else None,
        )

        def work(conn: Connection) -> str:
            case_id = self._context.cases.open_in(conn, principal, new)
            conn.execute(insert(planned_work_table).values(case_id=case_id, **row_of(plan, stretch)))
            return case_id

        return self.get(principal, self._context.store.write(work))

    def revise(self, principal: Principal, case_id: str, plan: Plan) -> PlannedWork:
        """Change the plan while it is a draft; ``ConflictError`` afterwards."""
        stretch = self._checked(plan)

        def work(conn: Connection) -> None:
            case = self._own(conn, principal, case_id)
            if case["state"] not in _DRAFT_STATES:
                raise _not_now("方案已送审，退回后才能修改", "the plan is under way; it can be changed once it is back")
            conn.execute(update(planned_work_table).where(_w.case_id == case_id).values(**row_of(plan, stretch)))
            title = Text("修改方案", "Plan changed")
            self._context.cases.note_in(conn, principal, case_id, "plan_revised", title, {})

        self._context.store.write(work)
        return self.get(principal, case_id)

    # --- the nights ----------------------------------------------------------------------------------------------

    def record_night(
        self, principal: Principal, case_id: str, night: date, done: Mapping[str, int], notes: str
    ) -> PlannedWork:
        """Write down, or correct, what was done in a night.

        Raises:
            ConflictError: the work is not going on. InvalidError: not a night of the plan or not begun yet, an unknown
                item, or more than was planned in all.
        """

        def work(conn: Connection) -> None:
            case = self._own(conn, principal, case_id)
            if case["state"] != "working":
                raise _not_now("只有施工中的作业可以记录进度", "only a work that is going on has progress")
            row = conn.execute(select(planned_work_table).where(_w.case_id == case_id)).mappings().one()
            plan = plan_of(row)
            nights = nights_of(conn, [case_id])[case_id]
            self._check_night(plan, night, done, [one for one in nights if one.night != night], notes)
            self._write_night(conn, principal, case_id, night, done, notes)

        self._context.store.write(work)
        return self.get(principal, case_id)

    def _check_night(
        self, plan: Plan, night: date, done: Mapping[str, int], others: Sequence[Night], notes: str
    ) -> None:
        if not plan.first_night <= night <= plan.last_night:
            raise _invalid("不在计划的夜间内", "not one of the plan's nights")
        if moment(night, plan.window().begins) > self._context.clock.now_ms():
            raise _invalid("这一夜还没有开始", "this night has not begun yet")
        if len(notes) > 500:
            raise _invalid("备注不超过500字", "notes have at most 500 characters")
        totals = {item.name: item for item in plan.items}
        if not done or not set(done) <= set(totals) or min(done.values()) < 0:
            raise _invalid("请填写计划中的项目及数量", "give amounts of the plan's items")
        for name, amount in done.items():
            before, item = sum(one.done.get(name, 0) for one in others), totals[name]
            if before + amount > item.total:
                raise _invalid(
                    f"“{name}”合计 {before + amount} 超过计划的 {item.total}{item.unit}",
                    f"{name!r} comes to {before + amount}, more than the planned {item.total}",
                )

    def _write_night(
        self, conn: Connection, principal: Principal, case_id: str, night: date, done: Mapping[str, int], notes: str
    ) -> None:
        now_ms = self._context.clock.now_ms()
        values = {
            "done": dict(done),
            "notes": notes.strip(),
            "actor_id": principal.account_id,
            "actor_name": principal.display_name,
            "at_ms": now_ms,
        }
        here = (_n.case_id == case_id) & (_n.night == night.isoformat())
        again = update(planned_work_night_table).where(here).values(corrected=_n.corrected + 1, **values)
        if conn.execute(again).rowcount == 0:
            first = {"case_id": case_id, "night": night.isoformat(), "corrected": 0, **values}
            conn.execute(insert(planned_work_night_table).values(first))
        emit(conn, "case.changed", case_id, {"case_id": case_id, "action": "night"})
        record_audit(
            conn,
            at_ms=now_ms,
            actor=principal,
            action="work.night",
            object_type="case",
            object_id=case_id,
            detail={"night": night.isoformat(), "done": dict(done)},
        )

    # --- reading -------------------------------------------------------------------------------------------------

    def get(self, principal: Principal, case_id: str) -> PlannedWork:
        """One work; ``NotFoundError`` outside the person's scope."""
        case = self._context.cases.get(principal, case_id)
        with self._context.store.read() as conn:
            row = conn.execute(select(planned_work_table).where(_w.case_id == case_id)).mappings().one_or_none()
            if row is None:
                raise NotFoundError("这不是计划作业", "this is no planned work", code="work.not_found")
            return view_of(case, row, nights_of(conn, [case_id])[case_id])

    def list(self, principal: Principal) -> list[PlannedWork]:
        """The works this person may see, the newest 200, newest first."""
        principal.require(Permission.CASES_READ)
        cases = self._context.cases.list(principal, CaseFilter(scene=SCENE, kind=KIND, page_size=_LISTED)).items
        ids = [case.case_id for case in cases]
        with self._context.store.read() as conn:
            found = conn.execute(select(planned_work_table).where(_w.case_id.in_(ids))).mappings()
            rows, nights = {row["case_id"]: row for row in found}, nights_of(conn, ids)
        return [view_of(case, rows[case.case_id], nights[case.case_id]) for case in cases if case.case_id in rows]

    # --- the roads -----------------------------------------------------------------------------------------------

    def subscriber(self) -> Subscriber:
        """Closes and opens roads as the cases of planned works go on."""
        return Subscriber(f"{SCENE}.works", ("case.changed",), self.follow)

    def follow(self, conn: Connection, event: Event) -> None:
        """One event of any case."""
        action, case_id = str(event.payload["action"]), str(event.payload["case_id"])
        if action not in _CLOSES | _OPENS:
            return
        row = conn.execute(select(planned_work_table).where(_w.case_id == case_id)).mappings().one_or_none()
        if row is None:
            return
        closures, actor = self._context.dispatch.closures, _who(conn, case_id, action)
        closures.end_of_case_in(conn, actor, case_id)
        plan, now_ms = plan_of(row), self._context.clock.now_ms()
        begins_ms, ends_ms = plan.period_ms()
        if action in _CLOSES and ends_ms > now_ms:
            title = conn.execute(select(case_table.c.title_zh).where(case_table.c.id == case_id)).scalar_one()
            stretch = closures.stretch(plan.start, plan.end)
            closures.create_in(
                conn,
                actor,
                stretch,
                title,
                from_ms=begins_ms,
                to_ms=ends_ms,
                nightly=plan.window(),
                half=plan.half,
                case_id=case_id,
            )

    # --- helpers -------------------------------------------------------------------------------------------------

    def _own(self, conn: Connection, principal: Principal, case_id: str) -> RowMapping:
        query = select(case_table).where(case_table.c.id == case_id, case_table.c.kind == KIND, case_scope(principal))
        case = conn.execute(query.with_for_update()).mappings().one_or_none()
        if case is None:
            raise NotFoundError("没有这项作业，或不属于您", "no such work, or not yours", code="work.not_found")
        if not principal.can(Permission.UNIT_HANDLE) or case["unit_id"] != principal.unit_id:
            raise ForbiddenError(
                "只有作业单位可以填写", "only the unit that does the work may write this", code="work.unit"
            )
        return case

    def _checked(self, plan: Plan) -> Stretch:
        nights = (plan.last_night - plan.first_night).days + 1
        if not 1 <= nights <= MAX_NIGHTS:
            raise _invalid(f"夜间作业为 1 至 {MAX_NIGHTS} 夜", f"a work takes 1 to {MAX_NIGHTS} nights")
        if plan.period_ms()[1] <= self._context.clock.now_ms():
            raise _invalid("计划的夜间已经过去", "the plan's nights are over")
        names = [item.name.strip() for item in plan.items]
        sound = all(names) and all(0 < item.total <= MAX_AMOUNT and len(item.name) <= 60 for item in plan.items)
        if not 1 <= len(names) <= MAX_ITEMS or len(set(names)) != len(names) or not sound:
            raise _invalid("请列出 1 至 10 个不同的项目及计划数量", "list 1 to 10 different items with their amounts")
        return self._context.dispatch.closures.stretch(plan.start, plan.end)


def _who(conn: Connection, case_id: str, action: str) -> Principal:
    """Who took that step last, for the audit of what follows from it."""
    query = (
        select(step_table)
        .where(step_table.c.case_id == case_id, step_table.c.action == action)
        .order_by(step_table.c.sequence.desc())
        .limit(1)
    )
    row = conn.execute(query).mappings().one()
    return Principal(
        row["actor_id"], row["actor_name"], row["actor_name"], Role(row["actor_role"]), row["unit_id"], row["unit_name"]
    )


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="work.invalid", kept=_KEPT, todo=Text("改正后重试", "correct it and try again"))


def _not_now(zh: str, en: str) -> ConflictError:
    return ConflictError(zh, en, code="work.state", kept=_KEPT)
