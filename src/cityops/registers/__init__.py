"""Registers of typed objects (台账)."""

from cityops.registers.checking import ObjectFaultsError, object_faults
from cityops.registers.conditions import conditions_clause
from cityops.registers.declaration import (
    ARCHIVED,
    Condition,
    FieldOption,
    RegisterField,
    RegisterSpec,
    RegisterState,
    unknown_fields,
)
from cityops.registers.json_schema import object_schema
from cityops.registers.people import may_read, may_write, object_scope, shown, writes
from cityops.registers.planning import CHANGED, ObjectCheck, Plan, Progress, RowFault
from cityops.registers.registers import BULK_LIMIT, Registers
from cityops.registers.tables import register_link, register_object
from cityops.registers.values import (
    NewObject,
    ObjectFault,
    ObjectFilter,
    ObjectValues,
    Put,
    RegisterChange,
    RegisterObject,
    RegisterPage,
    Relation,
    Sort,
)
from cityops.registers.vehicles import VEHICLE, VehicleClass

__all__ = [
    "ARCHIVED",
    "BULK_LIMIT",
    "CHANGED",
    "VEHICLE",
    "Condition",
    "FieldOption",
    "NewObject",
    "ObjectCheck",
    "ObjectFault",
    "ObjectFaultsError",
    "ObjectFilter",
    "ObjectValues",
    "Plan",
    "Progress",
    "Put",
    "RegisterChange",
    "RegisterField",
    "RegisterObject",
    "RegisterPage",
    "RegisterSpec",
    "RegisterState",
    "Registers",
    "Relation",
    "RowFault",
    "Sort",
    "VehicleClass",
    "conditions_clause",
    "may_read",
    "may_write",
    "object_faults",
    "object_schema",
    "object_scope",
    "register_link",
    "register_object",
    "shown",
    "unknown_fields",
    "writes",
]
