"""The demo's fleet (演示车队): synthetic trucks and terminals, the same for the seed whoever asks."""

from __future__ import annotations

from typing import Final

import numpy as np

from cityops.registers import VehicleClass
from cityops.scenes.fleet import DemoTruck
from cityops.scenes.key_vehicles.demo_data import ENTERPRISE_CODES

MAX_FLEET: Final = 100_000
_LETTERS: Final = "WXYZUTRQPN"
# Plate colours by JT/T 415: blue for light trucks, yellow for all others of this fleet.
_COLOUR_CODES: Final = {"blue": 1, "yellow": 2}
_DANGEROUS_SHARE: Final = 0.08
_COACH_SHARE: Final = 0.07
_LIGHT_SHARE: Final = 0.10
_SHARE_2019: Final = 0.45


def demo_fleet(count: int, seed: int = 2026) -> list[DemoTruck]:
    """The first ``count`` vehicles of the fleet; a larger fleet begins with the smaller one.

    Plates are unused serials of 晋A, telephone numbers begin with 101, which no network gives to anyone.
    """
    if not 0 <= count <= MAX_FLEET:
        raise ValueError(f"a demo fleet has at most {MAX_FLEET} vehicles")
    return [_truck(index, seed) for index in range(count)]


def _truck(index: int, seed: int) -> DemoTruck:
    draw = np.random.default_rng((seed, index)).random(3)
    vehicle_class = VehicleClass.TRUCK
    if draw[0] < _DANGEROUS_SHARE:
        vehicle_class = VehicleClass.DANGEROUS_GOODS
    elif draw[0] < _DANGEROUS_SHARE + _COACH_SHARE:
        vehicle_class = VehicleClass.COACH
    light = vehicle_class is VehicleClass.TRUCK and draw[1] < _LIGHT_SHARE
    colour = "blue" if light else "yellow"
    return DemoTruck(
        phone=f"101{index:08d}",
        plate=f"晋A{_LETTERS[index // 10_000]}{index % 10_000:04d}",
        plate_color=colour,
        plate_color_code=_COLOUR_CODES[colour],
        vehicle_class=vehicle_class,
        unit_code=_owner(vehicle_class, index),
        terminal_id=f"D{index:06d}",
        maker="SYNTH",
        model="CITYOPS-DEMO",
        protocol_version=2019 if draw[2] < _SHARE_2019 else 2013,
    )


def _owner(vehicle_class: VehicleClass, index: int) -> str:
    """Dangerous goods and coaches have their own enterprises; the trucks are shared by the four others."""
    if vehicle_class is VehicleClass.DANGEROUS_GOODS:
        return ENTERPRISE_CODES[3]
    if vehicle_class is VehicleClass.COACH:
        return ENTERPRISE_CODES[4]
    others = (0, 1, 2, 5)
    return ENTERPRISE_CODES[others[index % len(others)]]
