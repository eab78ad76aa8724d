"""Who sees and who changes which objects, and whose personal values (谁可看、谁可改)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_

from cityops.access import Permission, Principal, Role, mask_phone, scope_clause
from cityops.kit import ForbiddenError, Text
from cityops.registers.checking import NOT_SHOWN
from cityops.registers.declaration import RegisterSpec
from cityops.registers.tables import register_object
from cityops.registers.values import RegisterChange, RegisterObject

_NUMBER: Final = re.compile(r"[0-9+ -]+")
_o = register_object.c


def may_read(principal: Principal, spec: RegisterSpec) -> bool:
    """Whether this person reads the register at all; which objects, ``scope`` says."""
    return spec.may_read(principal.role) or may_write(principal, spec)


def may_write(principal: Principal, spec: RegisterSpec) -> bool:
    """Whether this person writes the register: its writers, who keeps all registers, and the machine."""
    if spec.may_write(principal.role) or principal.is_system:
        return True
    return not spec.restricted and principal.can(Permission.REGISTERS_MANAGE)


def object_scope(principal: Principal, spec: RegisterSpec) -> ColumnElement[bool]:
    """The condition for the objects of one register that this person sees; to be put into every WHERE."""
    if not may_read(principal, spec):
        return false()
    of_register = _o.register == spec.name
    if spec.scope == "city":
        return of_register
    by_unit, by_supervisor = (
        scope_clause(principal, unit_column=column, area_column=_o.area_code)
        for column in (_o.unit_id, _o.supervisor_id)
    )
    return of_register & or_(by_unit, by_supervisor)


def require_write(principal: Principal, spec: RegisterSpec, *objects: RegisterObject) -> None:
    """Raises ``ForbiddenError`` unless this person writes the register and each of the objects is theirs.

    Theirs is what the person's unit answers for or supervises, what lies in the person's areas; somebody who has
    neither (a collector) writes what the register's scope shows them.
    """
    if not may_write(principal, spec):
        raise _refused("您的角色不能修改这个台账", "your role does not write this register")
    if not all(_is_theirs(principal, spec, one) for one in objects):
        raise _refused(
            "责任单位和监管单位都不是您的单位，或不在您的辖区",
            "neither the responsible nor the supervising unit is yours, or it is outside your areas",
        )


def writes(principal: Principal, spec: RegisterSpec, found: RegisterObject) -> bool:
    """Whether this person may change the object."""
    return may_write(principal, spec) and _is_theirs(principal, spec, found)


def shown(principal: Principal, spec: RegisterSpec, found: RegisterObject) -> RegisterObject:
    """The object as this person may see it: personal values hidden from who may not read contacts."""
    if _reads_personal(principal, found):
        return found
    return replace(found, data=hidden(spec, found.data))


def shown_change(
    principal: Principal, spec: RegisterSpec, of: RegisterObject, change: RegisterChange
) -> RegisterChange:
    """A change as this person may see it."""
    if "data" not in change.changes or _reads_personal(principal, of):
        return change
    sides = [None if side is None else hidden(spec, side) for side in change.changes["data"]]
    return replace(change, changes={**change.changes, "data": sides})


def with_kept_personal(
    principal: Principal, spec: RegisterSpec, before: RegisterObject, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Data that a person gives who was shown ``before``: what stayed hidden stays as it is."""
    if _reads_personal(principal, before):
        return dict(data)
    seen = hidden(spec, before.data)
    kept = {
        name: before.data[name] for name in seen if seen[name] != before.data[name] and data.get(name) == seen[name]
    }
    return {**data, **kept}


def hidden(spec: RegisterSpec, data: Mapping[str, Any]) -> dict[str, Any]:
    """Data with the personal values hidden."""
    personal = {field.name for field in spec.fields if field.personal}
    return {name: _mask(value) if name in personal else value for name, value in data.items()}


def _mask(value: Any) -> Any:
    """A telephone number with its middle starred; of a name its first character."""
    text = value if isinstance(value, str) else ""
    if _NUMBER.fullmatch(text):
        return mask_phone(text)
    return text[:1] + NOT_SHOWN


def _reads_personal(principal: Principal, found: RegisterObject) -> bool:
    """Who may read contacts, and the unit itself whose object it is."""
    own = principal.unit_id is not None and principal.unit_id == found.unit_id
    return own or principal.can(Permission.CONTACTS_READ)


def _is_theirs(principal: Principal, spec: RegisterSpec, found: RegisterObject) -> bool:
    role = principal.role
    if principal.is_system or not (role.is_of_unit or role.is_of_field or role is Role.DISTRICT):
        return not principal.area_codes or _within(principal, found)
    if principal.unit_id is not None and principal.unit_id in (found.unit_id, found.supervisor_id):
        return True
    if role is Role.DISTRICT:
        return _within(principal, found)
    return principal.unit_id is None and spec.scope == "city" and role.is_of_field


def _within(principal: Principal, found: RegisterObject) -> bool:
    return any((found.area_code or "").startswith(code) for code in principal.area_codes)


def _refused(zh: str, en: str) -> ForbiddenError:
    return ForbiddenError(
        zh,
        en,
        code="register.forbidden",
        kept=Text("台账没有改变", "the register was not changed"),
        todo=Text("请由该单位或台账管理员办理", "ask that unit, or who keeps the registers"),
    )
