"""Registers (台账): typed objects with a unit, a place, a state, data of their own, and the history of every change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, Final, Unpack

from sqlalchemy import Connection, Select, func, select

from cityops.access import Principal, record_audit
from cityops.kit import Clock, ConfigError, IdMaker, InvalidError, NotFoundError, Text
from cityops.places import City
from cityops.registers.checking import ObjectFaultsError
from cityops.registers.declaration import RegisterSpec
from cityops.registers.erasing import erase_some
from cityops.registers.finding import PAGE_LIMIT, ordered, wanted_objects
from cityops.registers.people import may_read, object_scope, require_write, shown_change
from cityops.registers.planning import (
    ObjectCheck,
    Plan,
    Progress,
    Stamp,
    changed_object,
    new_object,
    plan_rows,
    stale,
    write_plan,
)
from cityops.registers.tables import register_change, register_link, register_object
from cityops.registers.values import (
    CHANGEABLE,
    NewObject,
    ObjectFilter,
    ObjectValues,
    Put,
    RegisterChange,
    RegisterObject,
    RegisterPage,
    Relation,
    Sort,
)
from cityops.registers.vehicles import VEHICLES
from cityops.store import Store

BULK_LIMIT: Final = 5_000
"""Objects that one bulk edit changes at most."""
_COMMUNITY_DIGITS: Final = 12
_o, _l = register_object.c, register_link.c


def _silent(done: int) -> None:
    """Progress that nobody looks at."""


class Registers:
    """All registers of the city. Every write is checked against the declaration and kept with its history.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        specs: the registers that the scenes declare; vehicles are there anyhow.
        city: finds the division of a point; None: none is filled in.
        checks: by register, a rule of its own that the declaration cannot say.

    Raises:
        ConfigError: two registers have the same name.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        specs: Iterable[RegisterSpec],
        city: City | None = None,
        checks: Mapping[str, ObjectCheck] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._city = city
        self._checks = dict(checks or {})
        self._specs: dict[str, RegisterSpec] = {}
        for spec in (VEHICLES, *specs):
            if spec.name in self._specs:
                raise ConfigError(f"台账“{spec.name}”声明了两次", f"the register {spec.name!r} is declared twice")
            self._specs[spec.name] = spec

    # --- declarations --------------------------------------------------------------------------------------------

    def spec(self, register: str) -> RegisterSpec:
        """The declaration of a register; ``NotFoundError`` when there is none."""
        found = self._specs.get(register)
        if found is None:
            raise NotFoundError(f"没有台账“{register}”", f"there is no register {register!r}", code="register.unknown")
        return found

    def specs(self, principal: Principal) -> Sequence[RegisterSpec]:
        """The registers that this person reads, without private ones."""
        return [spec for spec in self._specs.values() if not spec.private and may_read(principal, spec)]

    # --- one object ----------------------------------------------------------------------------------------------

    def create(self, actor: Principal, **values: Unpack[NewObject]) -> RegisterObject:
        """A new object, version 1.

        Raises:
            NotFoundError: no such register. ObjectFaultsError: values that the register does not allow.
            ForbiddenError: the person does not write it. ConflictError: the code is taken, or there is no such unit.
        """
        return self._store.write(lambda conn: self.create_in(conn, actor, **values))

    def create_in(
        self, conn: Connection, actor: Principal, *, reason: str | None = None, **values: Unpack[NewObject]
    ) -> RegisterObject:
        """``create`` in the running transaction."""
        given: dict[str, Any] = dict(values)
        spec = self.spec(given.pop("register"))
        made = new_object(spec, given, self._stamp(actor, spec))
        write_plan(conn, Plan(spec, added=[made]), actor, reason, _silent)
        return made

    def update(
        self,
        actor: Principal,
        object_id: str,
        expected_version: int,
        changes: Mapping[str, Any],
        *,
        reason: str | None = None,
    ) -> RegisterObject:
        """Change fields of an object this person may see. ``data`` is replaced as a whole.

        Raises:
            ConflictError: somebody changed it since ``expected_version``, or the new code is taken.
            ObjectFaultsError, InvalidError: a value that is not allowed, or a field that cannot be changed.
            ForbiddenError: this person does not write it. NotFoundError: no such object, or not for this person.
        """
        return self._store.write(
            lambda conn: self.update_in(conn, actor, object_id, expected_version, changes, reason=reason)
        )

    def update_in(
        self,
        conn: Connection,
        actor: Principal,
        object_id: str,
        expected_version: int,
        changes: Mapping[str, Any],
        *,
        reason: str | None = None,
    ) -> RegisterObject:
        """``update`` in the running transaction."""
        _refuse_unknown(changes)
        before = self.get_in(conn, actor, object_id)
        spec = self.spec(before.register)
        require_write(actor, spec, before)
        if before.version != expected_version:
            raise stale(before.code, before.version)
        after = changed_object(spec, before, changes, self._stamp(actor, spec))
        if after is before:
            return before
        write_plan(conn, Plan(spec, changed=[(before, after)]), actor, reason, _silent)
        return after

    def get(self, principal: Principal, object_id: str) -> RegisterObject:
        """The object; ``NotFoundError`` when there is none for this person. Hide its personal values with ``shown``."""
        with self._store.read() as conn:
            return self.get_in(conn, principal, object_id)

    def get_in(self, conn: Connection, principal: Principal, object_id: str) -> RegisterObject:
        """``get`` in the running transaction."""
        row = conn.execute(select(register_object).where(_o.id == object_id)).mappings().one_or_none()
        spec = None if row is None else self._specs.get(row["register"])
        if spec is not None:
            visible = conn.execute(select(_o.id).where(_o.id == object_id, object_scope(principal, spec)))
            if visible.one_or_none() is not None:
                return RegisterObject(**row)  # type: ignore[arg-type]
        raise NotFoundError("台账中没有这一项", "the register has no such object", code="register.missing")

    def find(self, principal: Principal, register: str, code: str) -> RegisterObject | None:
        """The object with this code, if there is one for this person."""
        query = select(register_object).where(_o.code == code, object_scope(principal, self.spec(register)))
        with self._store.read() as conn:
            row = conn.execute(query).mappings().one_or_none()
        return None if row is None else RegisterObject(**row)

    def history(self, principal: Principal, object_id: str) -> list[RegisterChange]:
        """Every change of an object this person may see, oldest first; personal values as the person may see them."""
        query = select(register_change).where(register_change.c.object_id == object_id)
        with self._store.read() as conn:
            of = self.get_in(conn, principal, object_id)
            rows = conn.execute(query.order_by(register_change.c.version)).mappings().all()
        names = [field.name for field in fields(RegisterChange)]
        changes = [RegisterChange(**{name: row[name] for name in names}) for row in rows]
        return [shown_change(principal, self.spec(of.register), of, change) for change in changes]

    def related(self, principal: Principal, object_id: str, *, limit: int = 200) -> list[Relation]:
        """Objects that this one names, and objects that name it, as far as this person sees them."""
        with self._store.read() as conn:
            self.get_in(conn, principal, object_id)
            found: list[Relation] = []
            for named, here, there in ((True, _l.from_id, _l.to_id), (False, _l.to_id, _l.from_id)):
                query = select(_l.field, register_object).join(register_object, _o.id == there).where(here == object_id)
                rows = conn.execute(query.order_by(_l.field, _o.code).limit(limit)).mappings().all()
                visible = self._visible(conn, principal, [row["id"] for row in rows])
                for row in rows:
                    values = {name: value for name, value in row.items() if name != "field"}
                    if row["id"] in visible:
                        found.append(Relation(row["field"], named, RegisterObject(**values)))
        return found

    # --- many objects --------------------------------------------------------------------------------------------

    def list(
        self,
        principal: Principal,
        register: str,
        *,
        page: int = 1,
        page_size: int = 50,
        sort: Sort = "code",
        **wanted: Unpack[ObjectFilter],
    ) -> RegisterPage:
        """Objects of a register that this person may see; archived ones only by their state."""
        size, number = max(1, min(page_size, PAGE_LIMIT)), max(page, 1)
        query = self._query(principal, register, wanted)
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            rows = conn.execute(ordered(query, sort).offset((number - 1) * size).limit(size)).mappings()
            items = [RegisterObject(**row) for row in rows]
        return RegisterPage(items, total, number, size)

    def every(self, principal: Principal, register: str, **wanted: Unpack[ObjectFilter]) -> Sequence[RegisterObject]:
        """All objects of a register this person may see, by code; archived ones only by their state."""
        with self._store.read() as conn:
            return self.every_in(conn, principal, register, **wanted)

    def every_in(
        self, conn: Connection, principal: Principal, register: str, **wanted: Unpack[ObjectFilter]
    ) -> Sequence[RegisterObject]:
        """``every`` in the running transaction."""
        rows = conn.execute(ordered(self._query(principal, register, wanted), "code")).mappings()
        return [RegisterObject(**row) for row in rows]

    def counts(self, principal: Principal) -> dict[str, dict[str, int]]:
        """How many objects this person sees, by register and state; private registers are left out."""
        found: dict[str, dict[str, int]] = {}
        with self._store.read() as conn:
            for spec in self.specs(principal):
                query = select(_o.state, func.count()).where(object_scope(principal, spec)).group_by(_o.state)
                found[spec.name] = {row[0]: row[1] for row in conn.execute(query)}
        return found

    def put_many(
        self, actor: Principal, register: str, rows: Iterable[ObjectValues], *, reason: str | None = None
    ) -> Put:
        """Bring many objects of a register in, by code, in one transaction: new ones are added, known ones changed.

        What a row does not give stays as it is. Raises what ``create`` and ``update`` raise; then nothing is kept.
        """
        return self.carry_out(actor, self.plan(actor, register, rows), reason=reason)

    def plan(
        self, actor: Principal, register: str, rows: Iterable[ObjectValues], *, progress: Progress = _silent
    ) -> Plan:
        """What these rows would add and change, with every fault of every row; nothing is written."""
        spec, given = self.spec(register), [*rows]
        for row in given:
            _refuse_unknown(row)
        with self._store.read() as conn:
            return plan_rows(conn, spec, given, self._stamp(actor, spec), progress)

    def plan_changes(
        self, actor: Principal, register: str, objects: Iterable[RegisterObject], changes: Mapping[str, Any]
    ) -> Plan:
        """What the same change of several objects would do; fields of ``data`` are merged into what each has."""
        rows = [
            {"code": one.code, "title": one.title, **changes, "data": {**one.data, **changes.get("data", {})}}
            for one in objects
        ]
        return self.plan(actor, register, rows)  # type: ignore[arg-type]

    def carry_out(
        self,
        actor: Principal,
        plan: Plan,
        *,
        reason: str | None = None,
        valid_only: bool = False,
        action: str = "register.put",
        progress: Progress = _silent,
    ) -> Put:
        """Write a plan in one transaction; raises the first of its faults, unless only what is valid is wanted.

        ``action``: how the audit names it.
        """
        if plan.faults and not valid_only:
            first = plan.faults[0].row
            raise ObjectFaultsError([one.fault for one in plan.faults if one.row == first], plan.spec)
        put = Put(len(plan.added), len(plan.changed), plan.unchanged)
        if plan.added or plan.changed:
            self._store.write(lambda conn: self._carry_out(conn, actor, plan, put, reason, action, progress))
        return put

    # --- upkeep --------------------------------------------------------------------------------------------------

    def erase_personal(self) -> int:
        """Erase the personal values of archived objects whose retention has passed; returns of how many."""
        erased = 0
        for spec in self._specs.values():
            while count := self._store.write(partial(erase_some, spec=spec, now_ms=self._clock.now_ms())):
                erased += count
        return erased

    # --- parts ---------------------------------------------------------------------------------------------------

    def _carry_out(
        self,
        conn: Connection,
        actor: Principal,
        plan: Plan,
        put: Put,
        reason: str | None,
        action: str,
        progress: Progress,
    ) -> None:
        write_plan(conn, plan, actor, reason, progress)
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=actor,
            action=action,
            object_type="register",
            object_id=plan.spec.name,
            purpose=reason,
            detail={"added": put.added, "changed": put.changed, "unchanged": put.unchanged},
        )

    def _query(self, principal: Principal, register: str, wanted: ObjectFilter) -> Select[Any]:
        spec = self.spec(register)
        return select(register_object).where(object_scope(principal, spec), *wanted_objects(spec, wanted))

    def _visible(self, conn: Connection, principal: Principal, ids: Sequence[str]) -> set[str]:
        if not ids:
            return set()
        registers = conn.execute(select(_o.register).where(_o.id.in_(ids)).distinct()).scalars().all()
        found: set[str] = set()
        for spec in (self._specs[name] for name in registers if name in self._specs):
            found.update(conn.execute(select(_o.id).where(_o.id.in_(ids), object_scope(principal, spec))).scalars())
        return found

    def _stamp(self, actor: Principal, spec: RegisterSpec) -> Stamp:
        return Stamp(actor, self._clock.now_ms(), self._ids.next, self._area_code, self._checks.get(spec.name))

    def _area_code(self, lon: float, lat: float) -> str | None:
        """The community, or the smallest division known there; None outside the city."""
        place = -1 if self._city is None else int(self._city.area_index(lon, lat)[0])
        return None if self._city is None or place < 0 else self._city.area_codes[place][:_COMMUNITY_DIGITS]


def _refuse_unknown(changes: Mapping[str, Any]) -> None:
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise InvalidError(
            f"不能修改：{'、'.join(unknown)}",
            f"cannot be changed: {', '.join(unknown)}",
            code="register.invalid",
            kept=Text("台账没有改变", "the register was not changed"),
        )
