"""Who acts (操作主体), and the one place where a query is narrowed to what this person may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_, true

from cityops.access.roles import MACHINE_PERMISSIONS, ROLE_PERMISSIONS, Permission, Role
from cityops.kit import ForbiddenError, Text

_SYSTEM_ID: Final = "system"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: the person behind a session, or the machine (``SYSTEM``)."""

    account_id: str
    username: str
    display_name: str
    role: Role
    unit_id: str | None = None
    unit_name: str | None = None
    area_codes: tuple[str, ...] = ()
    crew_id: str | None = None

    @property
    def is_system(self) -> bool:
        """Whether the machine itself acts."""
        return self.account_id == _SYSTEM_ID

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything this principal may do."""
        return MACHINE_PERMISSIONS if self.is_system else ROLE_PERMISSIONS[self.role]

    def can(self, permission: Permission) -> bool:
        """Whether this principal may do it."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises ``ForbiddenError`` when this principal may not do it."""
        if self.can(permission):
            return
        raise ForbiddenError(
            f"您的角色没有此项权限（{permission.value}）",
            f"your role does not have this permission ({permission.value})",
            code="access.forbidden",
            kept=Text("没有改变任何内容", "nothing was changed"),
            todo=Text("请联系管理员，或由有权限的同事办理", "ask the administrator, or a colleague who has it"),
        )


SYSTEM: Final = Principal(_SYSTEM_ID, "system", "系统", Role.ADMINISTRATOR)
"""The machine's own acts; see ``MACHINE_PERMISSIONS``."""


def scope_clause(
    principal: Principal,
    *,
    unit_column: ColumnElement[Any] | None,
    area_column: ColumnElement[Any] | None,
    crew_column: ColumnElement[Any] | None = None,
) -> ColumnElement[bool]:
    """The condition that narrows a query to what this person may see; to be put into every WHERE.

    - enterprise and unit: rows of its own unit;
    - district: rows in its areas (``140105`` holds every code that begins with it);
    - crew, collector, handler: its own rows by ``crew_column``, or its unit's rows where a table has no crews;
    - all other roles: the whole city, or their areas when they are given any.

    A row without the column the role is scoped by, or a person without the value, matches nothing.
    """
    if principal.role.is_of_unit:
        return _equals(unit_column, principal.unit_id)
    if principal.role.is_of_field:
        if crew_column is not None:
            return _equals(crew_column, principal.crew_id)
        return _equals(unit_column, principal.unit_id)
    if principal.role is Role.DISTRICT or principal.area_codes:
        return _within(area_column, principal.area_codes)
    return true()


def _equals(column: ColumnElement[Any] | None, value: str | None) -> ColumnElement[bool]:
    return false() if column is None or value is None else column == value


def _within(column: ColumnElement[Any] | None, area_codes: tuple[str, ...]) -> ColumnElement[bool]:
    if column is None:
        return false()
    return or_(false(), *(column.startswith(code, autoescape=True) for code in area_codes))
