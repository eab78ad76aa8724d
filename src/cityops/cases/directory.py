"""Who a form may name (名录): units and persons, looked up inside the step's transaction."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, literal, or_, select

from cityops.access import Role
from cityops.kit import ConflictError, InvalidError, Text
from cityops.store import metadata

_unit: Final = metadata.tables["unit"]
_account: Final = metadata.tables["account"]
_NAMED_UNIT: Final = select(_unit).where(or_(_unit.c.id == bindparam("name"), _unit.c.code == bindparam("name")))
_KEPT: Final = Text("案件没有变化", "the case was not changed")


def find_unit(conn: Connection, name: str) -> RowMapping:
    """The unit with this id or code; ``InvalidError`` when there is none."""
    row = conn.execute(_NAMED_UNIT, {"name": name}).mappings().first()
    if row is None:
        raise InvalidError(f"没有单位“{name}”", f"there is no unit {name!r}", code="case.no_unit", kept=_KEPT)
    return row


def find_unit_above(conn: Connection, unit_id: str | None) -> RowMapping:
    """The unit above this one (上级单位); ``ConflictError`` when it has none."""
    above = select(_unit.c.parent_id).where(_unit.c.id == unit_id).scalar_subquery()
    row = conn.execute(select(_unit).where(_unit.c.id == above)).mappings().one_or_none()
    if row is None:
        raise ConflictError("承办单位没有上级单位", "there is no unit above it", code="case.no_unit_above", kept=_KEPT)
    return row


def transfer_clause(case: RowMapping) -> ColumnElement[bool]:
    """The units that a case can be transferred to (移交): others of its unit's kind, above or below it at its place."""
    kind = select(_unit.c.kind).where(_unit.c.id == case["unit_id"]).scalar_subquery()
    same = and_(_unit.c.id != case["unit_id"], _unit.c.kind == kind)
    if case["area_code"] is None:
        return and_(same, _unit.c.area_code.is_not(None))
    area = literal(case["area_code"])
    return and_(same, or_(area.startswith(_unit.c.area_code), _unit.c.area_code.startswith(area)))


def may_be_transferred(conn: Connection, case: RowMapping, unit_id: str) -> bool:
    """Whether a case can be transferred to this unit."""
    query = select(_unit.c.id).where(_unit.c.id == unit_id, transfer_clause(case))
    return conn.execute(query).scalar() is not None


def find_account(conn: Connection, account_id: str, *, lock: bool = False) -> RowMapping:
    """The account with this id, active or not; ``InvalidError`` when there is none.

    ``lock``: until the transaction ends, others that lock it wait.
    """
    query = select(_account).where(_account.c.id == account_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidError("没有这个账号", "there is no such account", code="case.no_person", kept=_KEPT)
    return row


def unit_name(conn: Connection, name: str) -> str:
    """The name of the unit with this id or code; the word itself when there is none."""
    query = select(_unit.c.name).where(or_(_unit.c.id == name, _unit.c.code == name))
    return str(conn.execute(query).scalar() or name)


def person_name(conn: Connection, name: str) -> str:
    """The name of the account with this id or user name, active or not; the word itself when there is none."""
    query = select(_account.c.display_name).where(or_(_account.c.id == name, _account.c.username == name))
    return str(conn.execute(query).scalar() or name)


def find_person(conn: Connection, name: str, *, role: Role | None, unit_id: str | None) -> RowMapping:
    """The active account with this id or user name; of this role and unit, where they are given.

    Raises:
        InvalidError: ``case.no_person``: there is none, or it is not of that role and unit.
    """
    query = select(_account).where(or_(_account.c.id == name, _account.c.username == name), _account.c.active.is_(True))
    row = conn.execute(query).mappings().first()
    fits = row is not None and (role is None or row["role"] == role.value)
    if row is None or not fits or (unit_id is not None and row["unit_id"] != unit_id):
        raise InvalidError(
            f"“{name}”不是可承担此任务的在岗人员",
            f"{name!r} is not an active person who may take this task",
            code="case.no_person",
            kept=_KEPT,
            todo=Text("另选人员", "choose another person"),
        )
    return row
