"""The look-up of one vehicle: only for a case about it, with a purpose, and never without an audit row."""

from __future__ import annotations

from typing import Any

import numpy as np

from cityops.access import SYSTEM, Principal, mask_phone
from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.api.live_vehicles import LiveVehicles
from cityops.api.present import place_at
from cityops.api.reading import audit_read
from cityops.detection import AlertFilter
from cityops.kit import ForbiddenError, Text, from_ms


def look_up_vehicle(
    services: ApiContext, vehicles: LiveVehicles, person: Principal, vehicle_id: str, *, purpose: str, case_id: str
) -> schemas.Vehicle:
    """The vehicle of a case.

    Raises:
        NotFoundError: no such case for this person, or no such vehicle.
        ForbiddenError: the case is about another vehicle.
    """
    case = services.cases.get(person, case_id)
    if case.vehicle_id != vehicle_id:
        raise ForbiddenError(
            "该案件与这辆车无关，不能查询。",
            "This case is not about this vehicle.",
            code="vehicle.other_case",
            todo=Text("请从与该车有关的案件中查询。", "Look it up from a case that is about it."),
        )
    # The case opens the look-up: its holder sees this one vehicle even where the register is outside their scope.
    registered = services.registers.get(SYSTEM, vehicle_id)
    device = vehicles.index().by_vehicle.get(vehicle_id)
    row = vehicles.latest_of(device.id) if device else None
    status = services.devices.status(device.id) if device else None
    seen_ms = status.last_seen_ms if status else None
    active = services.alerts.list(SYSTEM, AlertFilter(vehicle_id=vehicle_id, state="active"), page_size=1).total
    audit_read(services, person, "vehicle.read", "vehicle", vehicle_id, purpose=purpose, detail={"case_id": case_id})
    unit = services.units.get(registered.unit_id) if registered.unit_id else None
    return schemas.Vehicle(
        vehicle_id=vehicle_id,
        plate=registered.code,
        plate_color=str(registered.data.get("plate_color", "")),
        vehicle_class=str(registered.data.get("vehicle_class", "")),
        unit_id=registered.unit_id,
        unit_name=unit.name if unit else None,
        device=device.id if device else None,
        terminal_phone=mask_phone(device.phone) if device else None,
        online=bool(status and status.online),
        last_seen=from_ms(seen_ms) if seen_ms else None,
        place=_place(services, row),
        speed_kmh=round(float(row["speed_kmh"]), 1) if row is not None else None,
        counters=dict(status.counters) if status else {},
        active_alerts=active,
    )


def _place(services: ApiContext, row: Any | None) -> schemas.Place | None:
    if row is None or not np.isfinite(row["lon"]):
        return None
    lon, lat = float(row["lon"]), float(row["lat"])
    return place_at(lon, lat, services.city.locate(lon, lat))
