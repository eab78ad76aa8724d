"""Roles (角色) and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What a person is in the city's work."""

    ADMINISTRATOR = "administrator"  # 系统管理员
    ACCEPTOR = "acceptor"  # 受理员
    DISPATCHER = "dispatcher"  # 派遣员
    CREW = "crew"  # 处置人员
    ENTERPRISE = "enterprise"  # 企业
    DISTRICT = "district"  # 区县
    ANALYST = "analyst"  # 研判员
    AUDITOR = "auditor"  # 审计员
    COLLECTOR = "collector"  # 信息采集员、网格员
    UNIT = "unit"  # 专业部门（责任单位）
    HANDLER = "handler"  # 专业部门的承办人
    SHIFT_LEADER = "shift_leader"  # 值班长

    @property
    def is_of_unit(self) -> bool:
        """Whether such a person speaks for a unit, and sees what is that unit's."""
        return self in (Role.ENTERPRISE, Role.UNIT)

    @property
    def is_of_field(self) -> bool:
        """Whether such a person works on tasks of the own crew or name, and sees no other."""
        return self in (Role.CREW, Role.COLLECTOR, Role.HANDLER)


class Permission(StrEnum):
    """One thing a person may be allowed to do."""

    MAP_READ = "map.read"
    ALERTS_READ = "alerts.read"
    ALERTS_ACT = "alerts.act"
    CASES_READ = "cases.read"
    CASES_REPORT = "cases.report"
    CASES_OPEN = "cases.open"
    CASES_DISPATCH = "cases.dispatch"
    CASES_HANDLE = "cases.handle"
    CASES_CHECK = "cases.check"
    CASES_CLOSE = "cases.close"
    CASES_SUPERVISE = "cases.supervise"
    UNIT_HANDLE = "unit.handle"
    RECTIFICATION_SUBMIT = "rectification.submit"
    RECTIFICATION_REVIEW = "rectification.review"
    CREWS_READ = "crews.read"
    CREWS_REPORT = "crews.report"
    CLOSURES_MANAGE = "closures.manage"
    DEVICES_READ = "devices.read"
    DEVICES_APPROVE = "devices.approve"
    UNITS_READ = "units.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    AUDIT_READ = "audit.read"
    LEARN_READ = "learn.read"
    PLATES_READ = "plates.read"
    CONTACTS_READ = "contacts.read"
    TIPOFFS_HANDLE = "tipoffs.handle"
    RULES_READ = "rules.read"
    RULES_PUBLISH = "rules.publish"
    REGISTERS_READ = "registers.read"
    REGISTERS_MANAGE = "registers.manage"
    INSPECTIONS_READ = "inspections.read"
    INSPECTIONS_RECORD = "inspections.record"
    PATROL_REPORT = "patrol.report"
    PATROL_READ = "patrol.read"


_P = Permission
_LOOKS: Final = frozenset({_P.REGISTERS_READ, _P.INSPECTIONS_READ})
"""Registers and inspections; which, their declarations say."""
_INSPECTS: Final = _LOOKS | {_P.INSPECTIONS_RECORD}
_ACCEPTOR: Final = _LOOKS | frozenset(
    {
        _P.MAP_READ,
        _P.ALERTS_READ,
        _P.ALERTS_ACT,
        _P.CASES_READ,
        _P.CASES_REPORT,
        _P.CASES_OPEN,
        _P.CREWS_READ,
        _P.UNITS_READ,
        _P.LEARN_READ,
        _P.PLATES_READ,
        _P.CONTACTS_READ,
        _P.RULES_READ,
    }
)
_DISPATCHER: Final = _ACCEPTOR | {
    _P.CASES_DISPATCH,
    _P.CASES_CHECK,
    _P.CASES_CLOSE,
    _P.RECTIFICATION_REVIEW,
    _P.CLOSURES_MANAGE,
    _P.DEVICES_READ,
    _P.PATROL_READ,
}
_UNIT: Final = _INSPECTS | frozenset(
    {
        _P.MAP_READ,
        _P.CASES_READ,
        _P.CASES_REPORT,
        _P.UNIT_HANDLE,
        _P.RECTIFICATION_SUBMIT,
        _P.RECTIFICATION_REVIEW,
        _P.UNITS_READ,
        _P.LEARN_READ,
        _P.RULES_READ,
    }
)

ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: _LOOKS
        | frozenset(
            {
                _P.ACCOUNTS_MANAGE,
                _P.DEVICES_READ,
                _P.DEVICES_APPROVE,
                _P.UNITS_READ,
                _P.MAP_READ,
                _P.AUDIT_READ,
                _P.LEARN_READ,
                _P.RULES_READ,
                _P.RULES_PUBLISH,
                _P.REGISTERS_MANAGE,
            }
        ),
        Role.ACCEPTOR: _ACCEPTOR,
        Role.DISPATCHER: _DISPATCHER,
        Role.SHIFT_LEADER: _DISPATCHER | {_P.CASES_SUPERVISE, _P.TIPOFFS_HANDLE, _P.REGISTERS_MANAGE},
        Role.COLLECTOR: _INSPECTS
        | frozenset({_P.MAP_READ, _P.CASES_READ, _P.CASES_REPORT, _P.CASES_HANDLE, _P.RULES_READ, _P.PATROL_REPORT}),
        Role.UNIT: _UNIT,
        Role.HANDLER: _INSPECTS | frozenset({_P.MAP_READ, _P.CASES_READ, _P.CASES_REPORT, _P.UNIT_HANDLE}),
        Role.CREW: _INSPECTS
        | frozenset({_P.MAP_READ, _P.CASES_READ, _P.CASES_HANDLE, _P.CREWS_READ, _P.CREWS_REPORT, _P.PLATES_READ}),
        Role.ENTERPRISE: _INSPECTS
        | frozenset(
            {
                _P.MAP_READ,
                _P.ALERTS_READ,
                _P.CASES_READ,
                _P.RECTIFICATION_SUBMIT,
                _P.UNITS_READ,
                _P.LEARN_READ,
                _P.PLATES_READ,
            }
        ),
        Role.DISTRICT: _INSPECTS
        | frozenset({_P.MAP_READ, _P.ALERTS_READ, _P.CASES_READ, _P.UNITS_READ, _P.CREWS_READ, _P.LEARN_READ}),
        Role.ANALYST: _LOOKS | frozenset({_P.MAP_READ, _P.ALERTS_READ, _P.CASES_READ, _P.LEARN_READ, _P.UNITS_READ}),
        Role.AUDITOR: _LOOKS | frozenset({_P.AUDIT_READ, _P.CASES_READ, _P.ALERTS_READ}),
    }
)

MACHINE_PERMISSIONS: Final = frozenset(
    {permission for permission in Permission if permission.value.endswith(".read")}
    | {_P.ALERTS_ACT, _P.CASES_REPORT, _P.CASES_OPEN, _P.ACCOUNTS_MANAGE, _P.DEVICES_APPROVE}
)
"""What the machine may do by itself: read, raise alerts, open cases, and what an operator asks for at its console.

Never to dispatch, handle, check, close or review: a person decides that.
"""
