"""Registers of typed objects (台账)."""

from cityops.registers.registers import DataCheck, RegisterChange, RegisterObject, RegisterPage, Registers
from cityops.registers.vehicles import VEHICLE, VehicleClass

__all__ = [
    "VEHICLE",
    "DataCheck",
    "RegisterChange",
    "RegisterObject",
    "RegisterPage",
    "Registers",
    "VehicleClass",
]
