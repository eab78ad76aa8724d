"""Registers of typed objects (台账)."""

from cityops.registers.registers import PAGE_LIMIT, DataCheck, RegisterChange, RegisterObject, RegisterPage, Registers
from cityops.registers.vehicles import VEHICLE, VehicleClass

__all__ = [
    "PAGE_LIMIT",
    "VEHICLE",
    "DataCheck",
    "RegisterChange",
    "RegisterObject",
    "RegisterPage",
    "Registers",
    "VehicleClass",
]
