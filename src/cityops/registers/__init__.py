"""Registers of typed objects (台账)."""

from cityops.registers.declaration import (
    ARCHIVED,
    Condition,
    FieldOption,
    RegisterField,
    RegisterSpec,
    RegisterState,
    unknown_fields,
)
from cityops.registers.registers import DataCheck, RegisterChange, RegisterObject, RegisterPage, Registers
from cityops.registers.vehicles import VEHICLE, VehicleClass

__all__ = [
    "ARCHIVED",
    "VEHICLE",
    "Condition",
    "DataCheck",
    "FieldOption",
    "RegisterChange",
    "RegisterField",
    "RegisterObject",
    "RegisterPage",
    "RegisterSpec",
    "RegisterState",
    "Registers",
    "VehicleClass",
    "unknown_fields",
]
