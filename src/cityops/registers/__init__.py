"""Registers of typed objects (台账)."""

from cityops.registers.excavation_permits import EXCAVATION_PERMIT, check_excavation_permit
from cityops.registers.registers import PAGE_LIMIT, RegisterChange, RegisterObject, RegisterPage, Registers
from cityops.registers.vehicles import VEHICLE, VehicleClass

__all__ = [
    "EXCAVATION_PERMIT",
    "PAGE_LIMIT",
    "VEHICLE",
    "RegisterChange",
    "RegisterObject",
    "RegisterPage",
    "Registers",
    "VehicleClass",
    "check_excavation_permit",
]
