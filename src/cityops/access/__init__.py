"""People, units, roles, scopes, sessions, audit (权限与审计)."""

from cityops.access.accounts import Account, Accounts
from cityops.access.api_keys import ApiKey, ApiKeys
from cityops.access.audit import (
    AuditEntry,
    AuditFilter,
    AuditPage,
    AuditReport,
    AuditTrail,
    audit_seal,
    list_audit,
    record_audit,
    verify_audit,
)
from cityops.access.masking import mask_phone, mask_plate
from cityops.access.passwords import Passwords
from cityops.access.principal import SYSTEM, Principal, scope_clause
from cityops.access.roles import ROLE_PERMISSIONS, Permission, Role
from cityops.access.sessions import SessionLimits, Sessions
from cityops.access.units import Unit, UnitKind, Units
from cityops.access.visits import Visits

__all__ = [
    "ROLE_PERMISSIONS",
    "SYSTEM",
    "Account",
    "Accounts",
    "ApiKey",
    "ApiKeys",
    "AuditEntry",
    "AuditFilter",
    "AuditPage",
    "AuditReport",
    "AuditTrail",
    "Passwords",
    "Permission",
    "Principal",
    "Role",
    "SessionLimits",
    "Sessions",
    "Unit",
    "UnitKind",
    "Units",
    "Visits",
    "audit_seal",
    "list_audit",
    "mask_phone",
    "mask_plate",
    "record_audit",
    "scope_clause",
    "verify_audit",
]
