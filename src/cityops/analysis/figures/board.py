"""The figures of a scene's board (看板数字), computed from items and set against what somebody reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, case, func, insert, select
from sqlalchemy.sql.elements import True_

from cityops.access import Permission, Principal, record_audit, scope_clause
from cityops.analysis.figures.declaration import FigureSpec
from cityops.analysis.tables import reported_figure_table
from cityops.cases import case_table
from cityops.inspections import hazard_table, inspection_table
from cityops.kit import Clock, IdMaker, InvalidError, NotFoundError, Text
from cityops.registers import (
    ARCHIVED,
    Registers,
    RegisterSpec,
    conditions_clause,
    may_read,
    object_scope,
    register_object,
)
from cityops.store import Store

SOURCE_MAX: Final = 200
VALUE_MAX: Final = 1e15
"""Up to here every whole number is itself as a floating-point number too."""
_VOID: Final = "void"
_PERCENT: Final = "%"
_o, _i, _h, _r = register_object.c, inspection_table.c, hazard_table.c, reported_figure_table.c


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure as somebody reported it; ``entered_by`` None: it stands in the declaration."""

    value: float
    at_least: bool
    source: str
    on: date | None
    entered_ms: int | None = None
    entered_by: str | None = None


@dataclass(frozen=True, slots=True)
class NewReported:
    """A reported figure that a person types in; ``at_least``: reported as "over so many" (余)."""

    value: float
    source: str
    on: date
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as the board shows it.

    Attributes:
        value: from the items this person sees, rounded; None where there is nothing to divide by.
        reached: whether it is at its target; None without one.
        reported: the newest report, for whoever sees all items: beside a part of the city it would mean nothing.
        contradicts: the report says something else than the items; both values stand there.
    """

    spec: FigureSpec
    value: float | None
    reached: bool | None
    reported: Reported | None
    contradicts: bool


class Figures:
    """The boards of all scenes.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        registers: the registers whose objects are counted.
        boards: the figures that each scene declares.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        registers: Registers,
        boards: Mapping[str, Sequence[FigureSpec]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._registers = registers
        self._boards = boards

    def board(self, principal: Principal, scene: str) -> list[Figure]:
        """The scene's figures over what this person sees; those of registers the person does not read are left out.

        Raises:
            NotFoundError: there is no such scene.
        """
        readable = [spec for spec in self._specs(scene) if may_read(principal, self._register(spec))]
        with self._store.read() as conn:
            values = self._values(conn, principal, readable)
            latest = {name: rows[0] for name, rows in self._typed_in(conn, scene).items()}
        return [self._figure(principal, spec, values, latest.get(spec.name)) for spec in readable]

    def history(self, principal: Principal, scene: str, figure: str) -> list[Reported]:
        """Everything that was reported for a figure, newest first; what the declaration says comes last.

        Raises:
            NotFoundError: there is no such figure, or not for this person.
        """
        spec = self._spec(principal, scene, figure)
        with self._store.read() as conn:
            typed_in = self._typed_in(conn, scene, figure).get(figure, [])
        return typed_in + [one for one in (_declared(spec),) if one is not None]

    def report(self, principal: Principal, scene: str, figure: str, new: NewReported) -> None:
        """Keep what somebody reported; earlier reports stay in the history.

        Raises:
            ForbiddenError: without ``registers.manage``.
            NotFoundError: there is no such figure, or not for this person.
            InvalidError: no source, or a number that is none.
        """
        principal.require(Permission.REGISTERS_MANAGE)
        self._spec(principal, scene, figure)
        _check(new)
        now_ms = self._clock.now_ms()
        row = {
            "id": self._ids.next(), "scene": scene, "figure": figure, "value": new.value, "at_least": new.at_least,
            "source": new.source.strip(), "on_day": new.on.isoformat(), "entered_ms": now_ms,
            "actor_id": principal.account_id, "actor_name": principal.display_name,
        }  # fmt: skip

        def work(conn: Connection) -> None:
            conn.execute(insert(reported_figure_table), row)
            detail = {"figure": figure, "value": new.value, "source": row["source"], "on": row["on_day"]}
            record_audit(
                conn, at_ms=now_ms, actor=principal, action="figure.report", object_type="scene",
                object_id=scene, detail=detail,
            )  # fmt: skip

        self._store.write(work)

    def _specs(self, scene: str) -> Sequence[FigureSpec]:
        found = self._boards.get(scene)
        if found is None:
            raise NotFoundError(f"没有场景“{scene}”", f"there is no scene {scene!r}", code="figure.no_scene")
        return found

    def _spec(self, principal: Principal, scene: str, figure: str) -> FigureSpec:
        found = next((spec for spec in self._specs(scene) if spec.name == figure), None)
        if found is None or not may_read(principal, self._register(found)):
            raise NotFoundError(f"没有数字“{figure}”", f"there is no figure {figure!r}", code="figure.missing")
        return found

    def _register(self, spec: FigureSpec) -> RegisterSpec:
        return self._registers.spec(spec.register_name)

    def _values(self, conn: Connection, principal: Principal, specs: Sequence[FigureSpec]) -> dict[str, float]:
        """One query for all figures over the same items."""
        values: dict[str, float] = {}

        def group(spec: FigureSpec) -> tuple[str, str]:
            return spec.register_name, spec.of

        for (name, of), same in groupby(sorted(specs, key=group), key=group):
            register, wanted = self._registers.spec(name), list(same)
            sums = [func.coalesce(func.sum(_amount(register, spec)), 0) for spec in wanted]
            query = _items(of, sums).where(object_scope(principal, register))
            row = conn.execute(query).one()
            values.update((spec.name, float(value)) for spec, value in zip(wanted, row, strict=True))
        return values

    def _figure(
        self, principal: Principal, spec: FigureSpec, values: Mapping[str, float], typed_in: Reported | None
    ) -> Figure:
        value = _divided(spec, values)
        whole = self._register(spec).scope == "city" or _sees_all(principal)
        reported = (typed_in or _declared(spec)) if whole else None
        return Figure(
            spec=spec,
            value=value,
            reached=None if spec.target is None or value is None else value >= spec.target,
            reported=reported,
            contradicts=reported is not None and value is not None and _contradicts(spec, value, reported),
        )

    def _typed_in(self, conn: Connection, scene: str, figure: str | None = None) -> dict[str, list[Reported]]:
        query = select(reported_figure_table).where(_r.scene == scene)
        if figure is not None:
            query = query.where(_r.figure == figure)
        found: dict[str, list[Reported]] = {}
        for row in conn.execute(query.order_by(_r.entered_ms.desc(), _r.id.desc())).mappings():
            on = date.fromisoformat(row["on_day"])
            one = Reported(row["value"], row["at_least"], row["source"], on, row["entered_ms"], row["actor_name"])
            found.setdefault(row["figure"], []).append(one)
        return found


def _items(of: str, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    query = select(*columns).select_from(register_object)
    if of == "inspections":
        return query.join(inspection_table, _i.object_id == _o.id)
    if of == "hazards":
        hazards = query.join(hazard_table, _h.object_id == _o.id).join(case_table, case_table.c.id == _h.case_id)
        return hazards.where(case_table.c.state != _VOID)
    return query


def _amount(register: RegisterSpec, spec: FigureSpec) -> ColumnElement[Any]:
    """What an item adds: one, or its field; 0 where the object does not fulfil the conditions.

    An archived object is no longer there: it counts only where a condition asks for its state. What was done with it
    stays done.
    """
    counts = conditions_clause(register, spec.when)
    if spec.of == "objects" and not any(one.field == "state" for one in spec.when):
        counts &= _o.state != ARCHIVED
    if spec.field is None:
        return case((counts, 1), else_=0)
    data = _o.data if spec.of == "objects" else _i.figures
    return case((counts, func.coalesce(data[spec.field].as_float(), 0)), else_=0)


def _divided(spec: FigureSpec, values: Mapping[str, float]) -> float | None:
    """The figure itself, or the share of ``per`` (in percent where its unit says so)."""
    value = values[spec.name]
    if spec.per is not None:
        if not values.get(spec.per):
            return None
        value = value / values[spec.per] * (100 if spec.unit is not None and spec.unit.en == _PERCENT else 1)
    return round(value, spec.decimals)


def _contradicts(spec: FigureSpec, value: float, reported: Reported) -> bool:
    said = round(reported.value, spec.decimals)
    return value < said if reported.at_least else value != said


def _declared(spec: FigureSpec) -> Reported | None:
    found = spec.reported
    return None if found is None else Reported(found.value, found.at_least, found.source, found.on)


def _sees_all(principal: Principal) -> bool:
    """Whether nothing narrows what this person sees."""
    return isinstance(scope_clause(principal, unit_column=_o.unit_id, area_column=_o.area_code), True_)


def _check(new: NewReported) -> None:
    if not abs(new.value) <= VALUE_MAX:
        raise _invalid("数值无效或过大", "the value is not a number or too large")
    if not 0 < len(new.source.strip()) <= SOURCE_MAX:
        raise _invalid(f"来源需为 1 至 {SOURCE_MAX} 个字符", f"the source has 1 to {SOURCE_MAX} characters")


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="figure.invalid", kept=Text("没有保存", "nothing was kept"))
