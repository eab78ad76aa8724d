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


class Permission(StrEnum):
    """One thing a person may be allowed to do."""

    MAP_READ = "map.read"
    ALERTS_READ = "alerts.read"
    ALERTS_ACT = "alerts.act"
    CASES_READ = "cases.read"
    CASES_OPEN = "cases.open"
    CASES_DISPATCH = "cases.dispatch"
    CASES_HANDLE = "cases.handle"
    CASES_CHECK = "cases.check"
    CASES_CLOSE = "cases.close"
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


_P = Permission
_ACCEPTOR: Final = frozenset(
    {
        _P.MAP_READ,
        _P.ALERTS_READ,
        _P.ALERTS_ACT,
        _P.CASES_READ,
        _P.CASES_OPEN,
        _P.CREWS_READ,
        _P.UNITS_READ,
        _P.LEARN_READ,
        _P.PLATES_READ,
    }
)

ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(
            {
                _P.ACCOUNTS_MANAGE,
                _P.DEVICES_READ,
                _P.DEVICES_APPROVE,
                _P.UNITS_READ,
                _P.MAP_READ,
                _P.AUDIT_READ,
                _P.LEARN_READ,
            }
        ),
        Role.ACCEPTOR: _ACCEPTOR,
        Role.DISPATCHER: _ACCEPTOR
        | {
            _P.CASES_DISPATCH,
            _P.CASES_CHECK,
            _P.CASES_CLOSE,
            _P.RECTIFICATION_REVIEW,
            _P.CLOSURES_MANAGE,
            _P.DEVICES_READ,
        },
        Role.CREW: frozenset(
            {_P.MAP_READ, _P.CASES_READ, _P.CASES_HANDLE, _P.CREWS_READ, _P.CREWS_REPORT, _P.PLATES_READ}
        ),
        Role.ENTERPRISE: frozenset(
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
        Role.DISTRICT: frozenset(
            {_P.MAP_READ, _P.ALERTS_READ, _P.CASES_READ, _P.UNITS_READ, _P.CREWS_READ, _P.LEARN_READ}
        ),
        Role.ANALYST: frozenset({_P.MAP_READ, _P.ALERTS_READ, _P.CASES_READ, _P.LEARN_READ, _P.UNITS_READ}),
        Role.AUDITOR: frozenset({_P.AUDIT_READ, _P.CASES_READ, _P.ALERTS_READ}),
    }
)

MACHINE_PERMISSIONS: Final = frozenset(
    {permission for permission in Permission if permission.value.endswith(".read")}
    | {_P.ALERTS_ACT, _P.CASES_OPEN, _P.ACCOUNTS_MANAGE, _P.DEVICES_APPROVE}
)
"""What the machine may do by itself: read, raise alerts, open cases, and what an operator asks for at its console.

Never to dispatch, handle, check, close or review: a person decides that.
"""
