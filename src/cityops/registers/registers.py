"""Registers (台账): typed objects with a unit, a place, a state, data of their own, and the history of every change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Principal, scope_clause
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, NotFoundError, Text
from cityops.registers.tables import register_change, register_object
from cityops.registers.vehicles import VEHICLE, check_vehicle
from cityops.store import Store

PAGE_LIMIT: Final = 1000
_CHANGEABLE: Final = frozenset(
    {"code", "title", "unit_id", "supervisor_id", "area_code", "lon", "lat", "geometry", "state", "data"}
)
_LENGTHS: Final = {"register": 64, "code": 64, "title": 128, "state": 32}


@dataclass(frozen=True, slots=True)
class RegisterObject:
    """One object of a register; ``lon`` and ``lat`` in WGS-84 degrees, ``data`` what this register adds."""

    id: str
    register: str
    code: str
    title: str
    unit_id: str | None
    supervisor_id: str | None
    area_code: str | None
    lon: float | None
    lat: float | None
    geometry: dict[str, Any] | None
    state: str
    data: dict[str, Any]
    version: int
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """One change: ``changes`` maps a field to its value before and after; ``before`` is None when it was created."""

    version: int
    at_ms: int
    actor_id: str
    actor_name: str
    reason: str | None
    changes: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """Objects by code, and how many match in all."""

    items: list[RegisterObject]
    total: int
    page: int
    page_size: int


DataCheck = Callable[[dict[str, Any]], None]
"""Checks the ``data`` of a register's objects; raises ``InvalidError``."""


class Registers:
    """All registers of the city. Who may change one is the caller's rule; who sees what is decided here.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        checks: by register, what its data must be (the scenes' own registers); vehicles are checked anyhow.
    """

    def __init__(self, store: Store, clock: Clock, ids: IdMaker, checks: Mapping[str, DataCheck] | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._checks: dict[str, DataCheck] = {VEHICLE: check_vehicle, **(checks or {})}

    def _check(self, made: RegisterObject) -> None:
        _check(made)
        check_data = self._checks.get(made.register)
        if check_data is not None:
            check_data(made.data)

    def create(
        self,
        actor: Principal,
        *,
        register: str,
        code: str,
        title: str,
        unit_id: str | None = None,
        supervisor_id: str | None = None,
        area_code: str | None = None,
        lon: float | None = None,
        lat: float | None = None,
        geometry: Mapping[str, Any] | None = None,
        state: str = "active",
        data: Mapping[str, Any] | None = None,
    ) -> RegisterObject:
        """A new object, version 1.

        Raises:
            InvalidError: an empty or too long text, half a place, or data the register does not allow.
            ConflictError: the register has this code already, or there is no such unit.
        """
        now_ms = self._clock.now_ms()
        made = RegisterObject(
            id=self._ids.next(), register=register, code=code, title=title, unit_id=unit_id,
            supervisor_id=supervisor_id, area_code=area_code, lon=lon, lat=lat,
            geometry=None if geometry is None else dict(geometry), state=state, data=dict(data or {}), version=1,
            created_ms=now_ms, updated_ms=now_ms,
        )  # fmt: skip
        self._check(made)
        first = {name: [None, getattr(made, name)] for name in sorted(_CHANGEABLE)}

        def work(conn: Connection) -> None:
            try:
                conn.execute(insert(register_object), _row(made))
            except IntegrityError as error:
                raise _taken(made) from error
            _note(conn, actor, made, first, None)

        self._store.write(work)
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
            InvalidError: a field that cannot be changed, or a value that is not allowed.
            NotFoundError: no such object, or not for this person.
        """
        unknown = set(changes) - _CHANGEABLE
        if unknown:
            raise _invalid(
                f"不能修改：{'、'.join(sorted(unknown))}", f"cannot be changed: {', '.join(sorted(unknown))}"
            )
        return self._store.write(lambda conn: self._update(conn, actor, object_id, expected_version, changes, reason))

    def get(self, principal: Principal, object_id: str) -> RegisterObject:
        """The object; ``NotFoundError`` when there is none for this person."""
        with self._store.read() as conn:
            return _get(conn, principal, object_id)

    def find(self, principal: Principal, register: str, code: str) -> RegisterObject | None:
        """The object with this code, if there is one for this person."""
        wanted = (register_object.c.register == register) & (register_object.c.code == code)
        with self._store.read() as conn:
            query = select(register_object).where(wanted, _scope(principal))
            row = conn.execute(query).mappings().one_or_none()
        return None if row is None else _object(row)

    def history(self, principal: Principal, object_id: str) -> list[RegisterChange]:
        """Every change of an object this person may see, oldest first."""
        query = select(register_change).where(register_change.c.object_id == object_id)
        with self._store.read() as conn:
            _get(conn, principal, object_id)
            rows = conn.execute(query.order_by(register_change.c.version)).mappings().all()
        names = [field.name for field in fields(RegisterChange)]
        return [RegisterChange(**{name: row[name] for name in names}) for row in rows]

    def list(
        self,
        principal: Principal,
        register: str,
        *,
        unit_id: str | None = None,
        state: str | None = None,
        q: str | None = None,
        page: int = 1,
        page_size: int = 50,
    ) -> RegisterPage:
        """Objects of a register this person may see, by code; ``q`` is part of the code or title."""
        size, number = max(1, min(page_size, PAGE_LIMIT)), max(page, 1)
        query = select(register_object).where(register_object.c.register == register, _scope(principal))
        if unit_id is not None:
            query = query.where(register_object.c.unit_id == unit_id)
        if state is not None:
            query = query.where(register_object.c.state == state)
        if q:
            found = register_object.c.code.contains(q, autoescape=True)
            query = query.where(found | register_object.c.title.contains(q, autoescape=True))
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            shown = query.order_by(register_object.c.code).offset((number - 1) * size).limit(size)
            items = [_object(row) for row in conn.execute(shown).mappings()]
        return RegisterPage(items, total, number, size)

    def every(self, principal: Principal, register: str, *, state: str | None = None) -> Sequence[RegisterObject]:
        """All objects of a register this person may see, by code, read page by page."""
        found: list[RegisterObject] = []
        while True:
            number = len(found) // PAGE_LIMIT + 1
            page = self.list(principal, register, state=state, page=number, page_size=PAGE_LIMIT)
            found.extend(page.items)
            if len(page.items) < PAGE_LIMIT:
                return found

    def _update(
        self,
        conn: Connection,
        actor: Principal,
        object_id: str,
        expected_version: int,
        changes: Mapping[str, Any],
        reason: str | None,
    ) -> RegisterObject:
        before = _get(conn, actor, object_id)
        if before.version != expected_version:
            raise _stale(before)
        now_ms = self._clock.now_ms()
        after = RegisterObject(**{**_row(before), **changes, "version": before.version + 1, "updated_ms": now_ms})
        self._check(after)
        changed = {
            name: [getattr(before, name), getattr(after, name)]
            for name in sorted(changes)
            if getattr(before, name) != getattr(after, name)
        }
        guarded = update(register_object).where(
            register_object.c.id == object_id, register_object.c.version == expected_version
        )
        try:
            with conn.begin_nested():
                done = conn.execute(guarded.values(**_row(after))).rowcount
        except IntegrityError as error:
            raise _taken(after) from error
        if done == 0:
            raise _stale(before)
        _note(conn, actor, after, changed, reason)
        return after


def _scope(principal: Principal) -> Any:
    return scope_clause(principal, unit_column=register_object.c.unit_id, area_column=register_object.c.area_code)


def _get(conn: Connection, principal: Principal, object_id: str) -> RegisterObject:
    query = select(register_object).where(register_object.c.id == object_id, _scope(principal))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("台账中没有这一项", "the register has no such object", code="register.missing")
    return _object(row)


def _note(
    conn: Connection, actor: Principal, changed: RegisterObject, changes: dict[str, list[Any]], reason: str | None
) -> None:
    conn.execute(
        insert(register_change),
        {
            "object_id": changed.id,
            "version": changed.version,
            "at_ms": changed.updated_ms,
            "actor_id": actor.account_id,
            "actor_name": actor.display_name,
            "reason": reason,
            "changes": changes,
        },
    )


def _object(row: RowMapping) -> RegisterObject:
    return RegisterObject(**row)


def _row(made: RegisterObject) -> dict[str, Any]:
    return {field.name: getattr(made, field.name) for field in fields(RegisterObject)}


def _check(made: RegisterObject) -> None:
    for name, limit in _LENGTHS.items():
        text = getattr(made, name)
        if not isinstance(text, str) or text != text.strip() or not 0 < len(text) <= limit:
            raise _invalid(
                f"{name} 需为 1 至 {limit} 个字符，前后无空格", f"{name} has 1 to {limit} characters, trimmed"
            )
    if (made.lon is None) != (made.lat is None):
        raise _invalid("经度和纬度需同时填写", "longitude and latitude go together")
    if made.lon is not None and made.lat is not None and not (abs(made.lon) <= 180 and abs(made.lat) <= 90):
        raise _invalid("经纬度超出范围", "longitude or latitude is out of range")


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="register.invalid", kept=Text("台账没有改变", "the register was not changed"))


def _taken(made: RegisterObject) -> ConflictError:
    return ConflictError(
        f"台账中已有编号 {made.code}，或所选单位不存在",
        f"the register has the code {made.code} already, or there is no such unit",
        code="register.taken",
        kept=Text("台账没有改变", "the register was not changed"),
        todo=Text("请换一个编号，或核对单位", "choose another code, or check the unit"),
    )


def _stale(current: RegisterObject) -> ConflictError:
    return ConflictError(
        f"{current.code} 已被他人修改（现为第 {current.version} 版）",
        f"somebody changed {current.code} meanwhile (it is at version {current.version} now)",
        code="register.stale",
        kept=Text("您的修改没有保存", "your change was not kept"),
        todo=Text("请重新打开后再改", "open it again and repeat the change"),
    )
