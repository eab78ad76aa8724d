"""What is due, overdue and covered, computed in SQL from plans and inspections; nothing of it is stored.

An object is overdue when the last period that is over passed without an inspection and none was made since. It counts
for a period if it was in the register when the period began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from cityops.access import Principal
from cityops.inspections.declaration import FrequencyRule, InspectionPlan
from cityops.inspections.periods import Period, counts, last_over, period_at
from cityops.inspections.school import SchoolCalendar
from cityops.inspections.tables import inspection_table
from cityops.inspections.views import DueFilter
from cityops.registers import ARCHIVED, RegisterObject, RegisterSpec, conditions_clause, object_scope, register_object

_o, _i = register_object.c, inspection_table.c
_RANKS: Final = {"overdue": 0, "pending": 1, "done": 2, "idle": 3}
_DISTRICT_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """A plan of a scene with the register it is about."""

    scene: str
    plan: InspectionPlan
    register: RegisterSpec

    @property
    def key(self) -> str:
        """The plan's name in the whole city."""
        return f"{self.scene}/{self.plan.name}"

    def school(self, calendar: SchoolCalendar) -> SchoolCalendar | None:
        """The calendar that the plan follows, if any."""
        return calendar if self.plan.calendar == "school" else None


def may_perform(principal: Principal, plan: InspectionPlan, inspected: RegisterObject) -> bool:
    """Whether this person's unit makes the plan's inspections of an object that the person sees.

    A person without a unit (a collector, a district) inspects what the supervisor's plans say, in their scope.
    """
    if plan.by == "unit":
        return principal.unit_id is not None and principal.unit_id == inspected.unit_id
    return principal.unit_id in (None, inspected.supervisor_id)


def due_rows(
    works: Iterable[PlannedWork], principal: Principal, wanted: DueFilter, at_ms: int, calendar: SchoolCalendar
) -> Select[Any] | None:
    """Every object with every plan that fits it: ``views.Due`` but ``last_ms``, ``rank``, ``away``; None: no plan."""
    parts = [
        _rule_rows(work, number, principal, wanted, at_ms, calendar)
        for work in works
        for number in range(len(work.plan.rules))
    ]
    if not parts:
        return None
    every = union_all(*parts).subquery("due")
    return select(every)


def _rule_rows(
    work: PlannedWork, number: int, principal: Principal, wanted: DueFilter, at_ms: int, calendar: SchoolCalendar
) -> Select[Any]:
    rule, school = work.plan.rules[number], work.school(calendar)
    now, before = period_at(rule.every, at_ms), last_over(rule, at_ms, school)
    missed = now if before is None else before
    recent = _recent(work.plan.name, wanted.object_id, missed.start_ms, at_ms)
    state = _state(work.register, rule, (now, before), recent.c.last_ms, school)
    rows = select(
        _o.id.label("object_id"), _o.code, _o.title, _o.register, _o.unit_id, _o.supervisor_id, _o.area_code, _o.lon,
        _o.lat,
        literal(work.scene).label("scene"),
        literal(work.plan.name).label("plan"),
        literal(rule.every.value).label("every"),
        state.label("state"),
        case(_RANKS, value=state).label("rank"),
        case((state == "overdue", missed.start_ms), else_=now.start_ms).label("period_from_ms"),
        case((state == "overdue", missed.end_ms), else_=now.end_ms).label("period_to_ms"),
        _away(wanted.near).label("away"),
    )  # fmt: skip
    rows = rows.select_from(register_object.outerjoin(recent, recent.c.object_id == _o.id))
    return rows.where(*_fitting(work, number, principal), *_wanted(work, principal, wanted))


def _recent(plan: str, object_id: str | None, from_ms: int, to_ms: int) -> Subquery:
    """The end of each object's last inspection for the plan, of those in a time; or of one object."""
    made = select(_i.object_id, func.max(_i.finished_ms).label("last_ms"))
    made = made.where(_i.plan == plan, _i.finished_ms.between(from_ms, to_ms)).group_by(_i.object_id)
    return (made if object_id is None else made.where(_i.object_id == object_id)).subquery()


def _state(
    register: RegisterSpec,
    rule: FrequencyRule,
    periods: tuple[Period, Period | None],
    last_ms: ColumnElement[Any],
    school: SchoolCalendar | None,
) -> ColumnElement[str]:
    now, before = periods
    counting = counts(rule, now, school)
    idle = _o.state.in_([name for name, one in register.all_states.items() if one.idle])
    done = last_ms >= now.start_ms if counting else false()
    missed = false() if before is None else and_(_o.created_ms <= before.start_ms, last_ms.is_(None))
    return case((idle, "idle"), (done, "done"), (missed, "overdue"), else_="pending" if counting else "idle")


def _fitting(work: PlannedWork, number: int, principal: Principal) -> Sequence[ColumnElement[bool]]:
    """The objects in the person's scope whose first fitting rule is this one."""
    rules = work.plan.rules
    earlier = [not_(conditions_clause(work.register, rule.when)) for rule in rules[:number]]
    fits = conditions_clause(work.register, rules[number].when)
    return (object_scope(principal, work.register), _o.state != ARCHIVED, fits, *earlier)


def _wanted(work: PlannedWork, principal: Principal, wanted: DueFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.object_id is not None:
        yield _o.id == wanted.object_id
    if wanted.unit_id is not None:
        yield or_(_o.unit_id == wanted.unit_id, _o.supervisor_id == wanted.unit_id)
    if wanted.area:
        yield _o.area_code.startswith(wanted.area, autoescape=True)
    if wanted.q:
        yield or_(_o.code.contains(wanted.q, autoescape=True), _o.title.contains(wanted.q, autoescape=True))
    if not wanted.mine:
        return
    if work.plan.by == "unit":
        yield false() if principal.unit_id is None else _o.unit_id == principal.unit_id
    elif principal.unit_id is not None:
        yield _o.supervisor_id == principal.unit_id


def _away(near: tuple[float, float] | None) -> ColumnElement[Any]:
    """The squared distance in degrees of latitude, for the order only; objects without a point come last."""
    if near is None:
        return literal(0.0)
    lon, lat = near
    east, north = (_o.lon - lon) * _SHRINK, _o.lat - lat
    return func.coalesce(east * east + north * north, 1e9)


_SHRINK: Final = 0.79
"""A degree of longitude against one of latitude at 38° N; the order of what is near needs no more."""


def covered_rows(
    work: PlannedWork,
    number: int,
    principal: Principal,
    period: Period,
    area: str | None,
    *,
    counting: bool,
    running: bool,
) -> Select[Any]:
    """By district, of the objects that a rule is about in a period: due, passed, failed, missing, idle, left_out.

    ``counting``: something is due in it at all. While it is ``running``, objects that came after its start are due too.
    """
    made = (
        select(
            _i.object_id,
            func.max(case((_i.result == "failed", 1), else_=0)).label("bad"),
            func.sum(_i.left_out).label("left_out"),
        )
        .where(_i.plan == work.plan.name, _i.finished_ms >= period.start_ms, _i.finished_ms < period.end_ms)
        .group_by(_i.object_id)
        .subquery()
    )
    idle = _o.state.in_([name for name, one in work.register.all_states.items() if one.idle])
    late = false() if running else _o.created_ms > period.start_ms
    waived = or_(idle, late) if counting else true()
    where = [*_fitting(work, number, principal), _o.created_ms < period.end_ms]
    if area:
        where.append(_o.area_code.startswith(area, autoescape=True))
    rows = (
        select(
            func.substr(_o.area_code, 1, _DISTRICT_DIGITS).label("area_code"),
            made.c.bad,
            made.c.left_out,
            case((waived, 1), else_=0).label("waived"),
        )
        .select_from(register_object.outerjoin(made, made.c.object_id == _o.id))
        .where(*where)
        .subquery()
    )
    seen = rows.c.bad.is_not(None)
    return (
        select(
            rows.c.area_code,
            _count(or_(seen, rows.c.waived == 0)).label("due"),
            _count(rows.c.bad == 0).label("passed"),
            _count(rows.c.bad == 1).label("failed"),
            _count(and_(not_(seen), rows.c.waived == 0)).label("missing"),
            _count(and_(not_(seen), rows.c.waived == 1)).label("idle"),
            func.coalesce(func.sum(rows.c.left_out), 0).label("left_out"),
        )
        .group_by(rows.c.area_code)
        .order_by(rows.c.area_code)
    )


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((which, 1), else_=0))
