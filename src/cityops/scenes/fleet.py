"""A vehicle of the demo (演示车辆), as a scene registers it and the simulation drives it."""

from __future__ import annotations

from dataclasses import dataclass

from cityops.registers import VehicleClass


@dataclass(frozen=True, slots=True)
class DemoTruck:
    """A vehicle and its terminal. ``plate_color_code`` is that of JT/T 415; ``protocol_version`` 2013 or 2019."""

    phone: str
    plate: str
    plate_color: str
    plate_color_code: int
    vehicle_class: VehicleClass
    unit_code: str
    terminal_id: str
    maker: str
    model: str
    protocol_version: int
