"""Drills with timings (演练计时): planned, started, every step pressed by a person, finished with findings.

A press is taken exactly once by its ``client_id`` and carries how long ago it was pressed: a phone without a network
sends later, and the record holds when it happened. What was pressed by mistake is withdrawn, not deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit, scope_clause
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, NotFoundError, Text
from cityops.plans.declaration import FINISH, START, DrillSpec
from cityops.plans.tables import drill_press_table, drill_table
from cityops.plans.views import DrillRow, DrillState, DrillView, NewDrill, NewPress, drill_row, drill_view
from cityops.registers import Registers
from cityops.store import Store

MAX_AGE_MS: Final = 24 * 3_600_000
"""A press that waited longer on a phone is refused: nobody would find its drill still running."""
ON_THE_WAY_MS: Final = 10_000
"""How long a request may be on its way: a start that took longer than the step behind it seems to be the later one."""
PEOPLE_MAX: Final = 100_000
_NOTHING: Final = Text("演练记录没有改变", "the drill's record was not changed")
_d, _p = drill_table.c, drill_press_table.c

Fulfils = Callable[[Connection, Principal, DrillSpec, DrillView], None]
"""Told in the transaction in which somebody finishes a drill."""


@dataclass(frozen=True, slots=True)
class DrillPage:
    """Drills of a page, and how many match in all."""

    items: list[DrillRow]
    total: int
    page: int
    page_size: int


class Drills:
    """The drills of all scenes.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        specs: the kinds of drill by (scene, name).
        registers: the objects that drills take place at; they decide who sees one.
        fulfils: what a finished drill fulfils, in its transaction.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        specs: Mapping[tuple[str, str], DrillSpec],
        registers: Registers,
        fulfils: Fulfils,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._specs = dict(specs)
        self._registers = registers
        self._fulfils = fulfils

    def kinds(self, principal: Principal) -> list[tuple[str, DrillSpec]]:
        """The kinds of drill, with their scenes, of the registers that this person reads."""
        principal.require(Permission.INSPECTIONS_READ)
        read = {spec.name for spec in self._registers.specs(principal)}
        return [(scene, spec) for (scene, _), spec in self._specs.items() if spec.register_name in read]

    def plan(self, principal: Principal, new: NewDrill) -> DrillView:
        """A planned drill; the same ``client_id`` from the same person is the same drill.

        Raises:
            ForbiddenError: this person records no inspections.
            NotFoundError: no such kind of drill, or no such object for this person.
            InvalidError: the object is of another register, or a value is out of its bounds.
        """
        principal.require(Permission.INSPECTIONS_RECORD)
        return self._store.write(lambda conn: self._plan(conn, principal, new))

    def press(self, principal: Principal, drill_id: str, new: NewPress) -> DrillView:
        """Take a step: ``start``, one of the kind's steps, or ``finish`` with the findings in ``words``.

        Raises:
            ConflictError: the drill is not running, or somebody pressed the step already.
            InvalidError: no such step, a time before the start or in no drill, a count where none belongs.
            ForbiddenError, NotFoundError: as of ``plan``.
        """
        principal.require(Permission.INSPECTIONS_RECORD)
        return self._store.write(lambda conn: self._press(conn, principal, drill_id, new))

    def withdraw(self, principal: Principal, drill_id: str, press_id: str, reason: str) -> DrillView:
        """Take back a step that was pressed by mistake, with a reason, while the drill runs."""
        principal.require(Permission.INSPECTIONS_RECORD)
        return self._store.write(lambda conn: self._withdraw(conn, principal, drill_id, press_id, reason))

    def abort(self, principal: Principal, drill_id: str, reason: str) -> DrillView:
        """Break off a drill, or call a planned one off, with a reason; its record stays."""
        principal.require(Permission.INSPECTIONS_RECORD)
        return self._store.write(lambda conn: self._abort(conn, principal, drill_id, reason))

    def get(self, principal: Principal, drill_id: str) -> DrillView:
        """The drill; ``NotFoundError`` when there is none for this person."""
        principal.require(Permission.INSPECTIONS_READ)
        with self._store.read() as conn:
            return self._view(conn, _row(conn, principal, drill_id))

    def list(
        self,
        principal: Principal,
        *,
        scene: str | None = None,
        state: DrillState | None = None,
        object_id: str | None = None,
        page: int = 1,
        page_size: int = 50,
    ) -> DrillPage:
        """Drills that this person may see, the latest first."""
        principal.require(Permission.INSPECTIONS_READ)
        query = select(drill_table).where(_scope(principal))
        for column, value in ((_d.scene, scene), (_d.state, state), (_d.object_id, object_id)):
            if value is not None:
                query = query.where(column == value)
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            shown = query.order_by(_d.planned_ms.desc(), _d.id.desc()).offset((page - 1) * page_size).limit(page_size)
            items = [drill_row(row) for row in conn.execute(shown).mappings()]
        return DrillPage(items, total, page, page_size)

    # --- steps, inside a transaction -----------------------------------------------------------------------------

    def _plan(self, conn: Connection, principal: Principal, new: NewDrill) -> DrillView:
        spec = self._specs.get((new.scene, new.kind))
        if spec is None:
            raise NotFoundError("没有这种演练", "there is no such kind of drill", code="drill.kind", kept=_NOTHING)
        place = self._registers.get_in(conn, principal, new.object_id)
        if place.register != spec.register_name:
            raise _invalid("这种演练不在这类对象上进行", "this kind of drill does not take place at such an object")
        if not 1 <= new.people_expected <= PEOPLE_MAX:
            raise _invalid(f"参演人数需为 1 至 {PEOPLE_MAX}", f"1 to {PEOPLE_MAX} people take part")
        now_ms, drill_id = self._clock.now_ms(), self._ids.next()
        row = {
            "id": drill_id, "client_id": _filled(new.client_id, 64, "client_id"), "scene": new.scene,
            "kind": new.kind, "spec": spec.model_dump(mode="json", by_alias=True), "object_id": place.id,
            "object_title": place.title, "unit_id": place.unit_id, "supervisor_id": place.supervisor_id,
            "area_code": place.area_code, "scenario": new.scenario.strip()[:2000] or spec.scenario.zh,
            "planned_ms": new.planned_ms, "people_expected": new.people_expected, "state": "planned",
            "started_ms": None, "finished_ms": None, "findings": "", "planned_by": principal.account_id,
            "planned_by_name": principal.display_name, "created_ms": now_ms, "version": 1,
        }  # fmt: skip
        try:
            with conn.begin_nested():
                conn.execute(insert(drill_table), row)
        except IntegrityError:
            drill_id = conn.execute(
                select(_d.id).where(_d.planned_by == principal.account_id, _d.client_id == new.client_id)
            ).scalar_one()
        else:
            self._audit(conn, principal, "drill.plan", drill_id, {"name": place.title})
        return self._view(conn, _row(conn, principal, drill_id))

    def _press(self, conn: Connection, principal: Principal, drill_id: str, new: NewPress) -> DrillView:
        drill = _locked(conn, principal, drill_id)
        known = select(_p.id).where(_p.drill_id == drill_id, _p.client_id == new.client_id)
        if conn.execute(known).scalar() is not None:
            return self._view(conn, drill)
        now_ms = self._clock.now_ms()
        if not 0 <= new.age_ms <= MAX_AGE_MS:
            raise _invalid("按下的时间超出24小时", "it was pressed more than 24 hours ago")
        at_ms = self._checked_ms(conn, drill, new, now_ms - new.age_ms)
        conn.execute(
            insert(drill_press_table),
            {
                "id": self._ids.next(), "drill_id": drill_id, "client_id": _filled(new.client_id, 64, "client_id"),
                "step": new.step, "at_ms": at_ms, "received_ms": now_ms, "actor_id": principal.account_id,
                "actor_name": principal.display_name, "people": new.people, "words": new.words.strip(),
            },
        )  # fmt: skip
        if new.step == START:
            _change(conn, drill_id, state="running", started_ms=at_ms)
        elif new.step == FINISH:
            _change(conn, drill_id, state="finished", finished_ms=at_ms, findings=new.words.strip())
            self._audit(conn, principal, "drill.finish", drill_id, {})
            finished = self._view(conn, _row(conn, principal, drill_id))
            self._fulfils(conn, principal, _spec(drill), finished)
        return self._view(conn, _row(conn, principal, drill_id))

    def _checked_ms(self, conn: Connection, drill: RowMapping, new: NewPress, at_ms: int) -> int:
        """When it was pressed, not before what came first; raises unless it may be, at that time, with these values."""
        wanted: DrillState = "planned" if new.step == START else "running"
        if drill["state"] != wanted:
            raise _not_now(drill["state"], new.step)
        step = _spec(drill).step(new.step)
        if step is None and new.step not in (START, FINISH):
            raise _invalid("没有这个环节", "there is no such step")
        _check_values(new, counts=step is not None and step.counts)
        if new.step == START:
            return at_ms
        pressed = select(_p.actor_name, _p.at_ms, _p.step).where(_p.drill_id == drill["id"], _p.withdrawn_ms.is_(None))
        done = conn.execute(pressed).mappings().all()
        earlier = next((one for one in done if one["step"] == new.step), None)
        if earlier is not None:
            raise _already(earlier["actor_name"])
        least: int = max(one["at_ms"] for one in done) if new.step == FINISH else drill["started_ms"]
        if at_ms < least - ON_THE_WAY_MS:
            raise _invalid("按下的时间早于演练开始或最后一个环节", "it was pressed before the start or the last step")
        return max(at_ms, least)

    def _withdraw(self, conn: Connection, principal: Principal, drill_id: str, press_id: str, reason: str) -> DrillView:
        drill = _locked(conn, principal, drill_id)
        if drill["state"] != "running":
            raise _not_now(drill["state"], "withdraw")
        taken_back = (
            update(drill_press_table)
            .where(_p.id == press_id, _p.drill_id == drill_id, _p.withdrawn_ms.is_(None), _p.step != START)
            .values(
                withdrawn_ms=self._clock.now_ms(),
                withdrawn_by=principal.display_name,
                withdrawn_reason=_filled(reason, 500, "reason"),
            )
        )
        if conn.execute(taken_back).rowcount == 0:
            raise NotFoundError("没有可撤回的这一步", "there is no such step to withdraw", kept=_NOTHING)
        self._audit(conn, principal, "drill.withdraw", drill_id, {"reason": reason})
        return self._view(conn, drill)

    def _abort(self, conn: Connection, principal: Principal, drill_id: str, reason: str) -> DrillView:
        drill = _locked(conn, principal, drill_id)
        if drill["state"] not in ("planned", "running"):
            raise _not_now(drill["state"], "abort")
        _change(
            conn, drill_id, state="aborted", finished_ms=self._clock.now_ms(), findings=_filled(reason, 2000, "reason")
        )
        self._audit(conn, principal, "drill.abort", drill_id, {"reason": reason})
        return self._view(conn, _row(conn, principal, drill_id))

    def _view(self, conn: Connection, drill: RowMapping) -> DrillView:
        before = (
            select(drill_table)
            .where(
                _d.object_id == drill["object_id"],
                _d.scene == drill["scene"],
                _d.kind == drill["kind"],
                _d.state == "finished",
                _d.id != drill["id"],
                _d.started_ms < (drill["started_ms"] or self._clock.now_ms()),
            )
            .order_by(_d.started_ms.desc())
            .limit(1)
        )
        last = conn.execute(before).mappings().one_or_none()
        last_presses = [] if last is None else _presses(conn, last["id"], withdrawn=False)
        return drill_view(drill, _presses(conn, drill["id"], withdrawn=True), last, last_presses)

    def _audit(
        self, conn: Connection, principal: Principal, action: str, drill_id: str, detail: dict[str, Any]
    ) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=principal,
            action=action,
            object_type="drill",
            object_id=drill_id,
            detail=detail,
        )


def _scope(principal: Principal) -> ColumnElement[bool]:
    """Drills at objects that the person's unit answers for or supervises, or in the person's areas."""
    return or_(
        *(
            scope_clause(principal, unit_column=unit, area_column=_d.area_code)
            for unit in (_d.unit_id, _d.supervisor_id)
        )
    )


def _row(conn: Connection, principal: Principal, drill_id: str) -> RowMapping:
    query = select(drill_table).where(_d.id == drill_id, _scope(principal))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("没有这次演练", "there is no such drill", code="drill.missing")
    return row


def _locked(conn: Connection, principal: Principal, drill_id: str) -> RowMapping:
    """The drill, held until the transaction ends: two people who press the same step are told apart."""
    conn.execute(update(drill_table).where(_d.id == drill_id).values(version=_d.version + 1))
    return _row(conn, principal, drill_id)


def _change(conn: Connection, drill_id: str, **values: Any) -> None:
    conn.execute(update(drill_table).where(_d.id == drill_id).values(**values))


def _presses(conn: Connection, drill_id: str, *, withdrawn: bool) -> Sequence[RowMapping]:
    query = select(drill_press_table).where(_p.drill_id == drill_id).order_by(_p.at_ms, _p.id)
    return conn.execute(query if withdrawn else query.where(_p.withdrawn_ms.is_(None))).mappings().all()


def _spec(drill: RowMapping) -> DrillSpec:
    return DrillSpec.model_validate(drill["spec"])


def _check_values(new: NewPress, *, counts: bool) -> None:
    if counts != (new.people is not None):
        raise _invalid("人数只随清点环节填写，且必须填写", "people are given with the head count, and only there")
    if new.people is not None and not 0 <= new.people <= PEOPLE_MAX:
        raise _invalid(f"人数需为 0 至 {PEOPLE_MAX}", f"the count is 0 to {PEOPLE_MAX}")
    if len(new.words.strip()) > 2000 or (new.step == FINISH and not new.words.strip()):
        raise _invalid(
            "结束时请写明演练小结，不超过2000字", "say at the end what was found, in at most 2000 characters"
        )


def _filled(text: str, limit: int, name: str) -> str:
    found = text.strip()
    if not 0 < len(found) <= limit:
        raise _invalid(f"{name} 需为 1 至 {limit} 个字符", f"{name} has 1 to {limit} characters")
    return found


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="drill.invalid", kept=_NOTHING)


def _already(actor: str) -> ConflictError:
    return ConflictError(
        f"{actor} 已按下这个环节",
        f"{actor} pressed this step already",
        code="drill.pressed",
        kept=_NOTHING,
        todo=Text("时间不对时请先撤回", "withdraw it first if its time is wrong"),
    )


def _not_now(state: str, step: str) -> ConflictError:
    return ConflictError(
        "演练不在进行中" if step != START else "演练已经开始或结束",
        f"the drill is {state}: {step} is not possible now",
        code="drill.not_now",
        kept=_NOTHING,
        todo=Text("请刷新后查看演练状态", "reload and look at the drill's state"),
    )
