"""What the vehicle register (车辆台账) holds about a vehicle, and the classes that rules distinguish."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cityops.access import Role
from cityops.kit import InvalidError, Text, Words
from cityops.registers.declaration import FieldOption, RegisterField, RegisterSpec

VEHICLE: Final = "vehicle"
"""Name of the vehicle register; an object's code is the plate."""


class VehicleClass(IntEnum):
    """Classes with driving-time and speed rules of their own; the number is the row of a detector's parameters."""

    TRUCK = 0  # 货车
    DANGEROUS_GOODS = 1  # 危险货物运输车
    COACH = 2  # 客车

    @property
    def word(self) -> str:
        """As written in a register: ``truck``, ``dangerous_goods``, ``coach``."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> VehicleClass:
        """The class of ``truck``, ``dangerous_goods`` or ``coach``; anything else raises ``InvalidError``."""
        for found in cls:
            if found.word == word:
                return found
        raise InvalidError(
            f"没有这种车辆类别：{word}（可用：{'、'.join(found.word for found in cls)}）",
            f"no such vehicle class: {word} (there are: {', '.join(found.word for found in cls)})",
            code="register.vehicle_class",
            kept=Text("台账没有改变", "the register was not changed"),
        )


VEHICLES: Final = RegisterSpec(
    name=VEHICLE,
    title=Words(zh="车辆", en="Vehicles"),
    code_title=Words(zh="车牌", en="Plate"),
    geometry="none",
    fields=(
        RegisterField(
            name="vehicle_class",
            title=Words(zh="车辆类别", en="Class"),
            kind="choice",
            required=True,
            options=(
                FieldOption(value="truck", title=Words(zh="货车", en="Truck")),
                FieldOption(value="dangerous_goods", title=Words(zh="危险货物运输车", en="Dangerous goods")),
                FieldOption(value="coach", title=Words(zh="客车", en="Coach")),
            ),
        ),
        RegisterField(name="plate_color", title=Words(zh="车牌颜色", en="Plate colour"), required=True),
        RegisterField(
            name="driving_limit_h",
            title=Words(zh="连续驾驶时限", en="Driving limit"),
            kind="number",
            unit=Words(zh="小时", en="h"),
            least=0.1,
            most=24,
        ),
        RegisterField(name="synthetic", title=Words(zh="演示数据", en="Synthetic"), kind="boolean"),
    ),
    read=(Role.ACCEPTOR, Role.DISPATCHER, Role.SHIFT_LEADER, Role.ENTERPRISE, Role.DISTRICT),
    write=(Role.ADMINISTRATOR,),
    private=True,
)
"""Vehicles (车辆台账): approved with their terminals, never listed or searched through the registers' pages."""
