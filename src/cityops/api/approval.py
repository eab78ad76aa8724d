"""Approving a terminal: the vehicle is found or registered first, then the terminal may send."""

from __future__ import annotations

from typing import Final

from cityops.access import Principal
from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.kit import ConflictError, Plate, Text
from cityops.observations import Device
from cityops.registers import VEHICLE, RegisterObject, VehicleClass

_UNKNOWN_COLOR: Final = "unknown"


def approve_terminal(
    services: ApiContext, person: Principal, pending_id: int, approval: schemas.ApproveDevice
) -> Device:
    """Let a waiting terminal send for a vehicle.

    Two steps, each whole: when the second fails the vehicle is registered without a terminal, and approving again
    finishes the work.

    Raises:
        InvalidError: no such plate, unit or vehicle class. NotFoundError: the terminal does not wait any more.
        ConflictError: the plate belongs to a vehicle of another unit.
    """
    vehicle_class = VehicleClass.parse(approval.vehicle_class)
    unit = services.units.get(approval.unit_id)
    vehicle = _vehicle(services, person, Plate.parse(approval.plate), unit.id, unit.area_code, approval)
    return services.devices.approve(
        person,
        pending_id,
        vehicle_id=vehicle.id,
        unit_id=unit.id,
        plate=vehicle.code,
        vehicle_class=vehicle_class,
    )


def _vehicle(
    services: ApiContext,
    person: Principal,
    plate: Plate,
    unit_id: str,
    area_code: str | None,
    approval: schemas.ApproveDevice,
) -> RegisterObject:
    known = services.registers.find(person, VEHICLE, plate.text)
    if known is not None:
        if known.unit_id != unit_id:
            raise ConflictError(
                "该车牌已登记在其他单位名下。",
                "This plate is registered for another unit.",
                code="vehicle.other_unit",
                kept=Text("终端仍在待审批列表中。", "The terminal still waits for approval."),
                todo=Text("请核对车牌与单位。", "Check the plate and the unit."),
            )
        return known
    data: dict[str, object] = {"vehicle_class": approval.vehicle_class, "plate_color": _UNKNOWN_COLOR}
    if approval.driving_limit_h is not None:
        data["driving_limit_h"] = approval.driving_limit_h
    return services.registers.create(
        person, register=VEHICLE, code=plate.text, title=plate.text, unit_id=unit_id, area_code=area_code, data=data
    )
