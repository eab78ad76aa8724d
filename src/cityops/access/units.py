"""Units (单位): police units, enterprises, district offices, crew bases, the city itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access.audit import record_audit
from cityops.access.principal import Principal, scope_clause
from cityops.access.roles import Permission
from cityops.access.tables import unit
from cityops.kit import Clock, ConflictError, CreditCode, IdMaker, InvalidError, NotFoundError, Text
from cityops.store import Store


class UnitKind(StrEnum):
    """What a unit is."""

    CITY = "city"  # 市级中心
    DISTRICT = "district"  # 区县
    POLICE = "police"  # 公安交警
    ENTERPRISE = "enterprise"  # 企业
    DEPARTMENT = "department"  # 专业部门（市政、环卫、园林、执法等）
    MEDIATION = "mediation"  # 综治中心（矛盾纠纷化解）
    CREW_BASE = "crew_base"  # 处置队伍驻地


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; ``area_code`` is the division it lies in or answers for."""

    id: str
    code: str
    name: str
    kind: UnitKind
    parent_id: str | None
    area_code: str | None
    credit_code: str | None
    contact_phone: str | None


class Units:
    """The units of the city."""

    def __init__(self, store: Store, clock: Clock, ids: IdMaker) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def create(
        self,
        actor: Principal,
        *,
        code: str,
        name: str,
        kind: UnitKind | str,
        parent_id: str | None = None,
        area_code: str | None = None,
        credit_code: str | None = None,
        contact_phone: str | None = None,
    ) -> Unit:
        """A new unit.

        Raises:
            ForbiddenError: the actor may not manage accounts and units.
            InvalidError: an empty name or code, an unknown kind, or a credit code whose check digits do not fit.
            ConflictError: there is a unit with this code, or no such parent.
        """
        actor.require(Permission.ACCOUNTS_MANAGE)
        made = Unit(
            id=self._ids.next(),
            code=_filled(code, 64),
            name=_filled(name, 128),
            kind=_kind(kind),
            parent_id=parent_id,
            area_code=area_code,
            credit_code=CreditCode.parse(credit_code).text if credit_code else None,
            contact_phone=contact_phone,
        )
        self._store.write(lambda conn: self._insert(conn, actor, made))
        return made

    def get(self, unit_id: str) -> Unit:
        """The unit; ``NotFoundError`` when there is none."""
        with self._store.read() as conn:
            row = conn.execute(select(unit).where(unit.c.id == unit_id)).mappings().one_or_none()
        if row is None:
            raise _no_unit()
        return _unit(row)

    def find(self, code: str) -> Unit | None:
        """The unit with this code, if there is one."""
        with self._store.read() as conn:
            row = conn.execute(select(unit).where(unit.c.code == code)).mappings().one_or_none()
        return None if row is None else _unit(row)

    def ids(self, codes: Iterable[str]) -> dict[str, str]:
        """The ids by code of those of these units that there are."""
        query = select(unit.c.code, unit.c.id).where(unit.c.code.in_(sorted(codes)))
        with self._store.read() as conn:
            return {row.code: row.id for row in conn.execute(query)}

    def list(self, principal: Principal, *, kind: UnitKind | str | None = None, limit: int = 10_000) -> list[Unit]:
        """The units this person may see, by code; at most ``limit``."""
        principal.require(Permission.UNITS_READ)
        scope = scope_clause(principal, unit_column=unit.c.id, area_column=unit.c.area_code)
        query = select(unit).where(scope).order_by(unit.c.code).limit(limit)
        if kind is not None:
            query = query.where(unit.c.kind == _kind(kind).value)
        with self._store.read() as conn:
            return [_unit(row) for row in conn.execute(query).mappings()]

    def _insert(self, conn: Connection, actor: Principal, made: Unit) -> None:
        now_ms = self._clock.now_ms()
        row = {name: getattr(made, name) for name in Unit.__slots__} | {"kind": made.kind.value, "created_ms": now_ms}
        try:
            conn.execute(insert(unit), row)
        except IntegrityError as error:
            raise ConflictError(
                f"单位代码 {made.code} 已存在，或上级单位不存在",
                f"the unit code {made.code} is taken, or there is no such parent",
                code="unit.conflict",
                kept=Text("没有新建单位", "no unit was created"),
                todo=Text("请换一个代码，或核对上级单位", "choose another code, or check the parent"),
            ) from error
        record_audit(
            conn,
            at_ms=now_ms,
            actor=actor,
            action="unit.create",
            object_type="unit",
            object_id=made.id,
            detail={"code": made.code, "name": made.name, "kind": made.kind.value},
        )


def _unit(row: RowMapping) -> Unit:
    values = {name: row[name] for name in Unit.__slots__}
    return Unit(**{**values, "kind": UnitKind(row["kind"])})


def _kind(kind: UnitKind | str) -> UnitKind:
    if kind not in tuple(UnitKind):
        known = "、".join(UnitKind)
        raise InvalidError(
            f"没有这种单位类型：{kind}（可用：{known}）",
            f"no such kind of unit: {kind} (there are: {', '.join(UnitKind)})",
            code="unit.kind",
        )
    return UnitKind(kind)


def _filled(value: str, limit: int) -> str:
    text = value.strip()
    if not 0 < len(text) <= limit:
        raise InvalidError(
            f"单位的代码和名称需为 1 至 {limit} 个字符",
            f"a unit's code and name have 1 to {limit} characters",
            code="unit.text",
        )
    return text


def _no_unit() -> NotFoundError:
    return NotFoundError("没有这个单位", "there is no such unit", code="unit.missing")
