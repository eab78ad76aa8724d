"""What the vehicle register (车辆台账) holds about a vehicle, and the classes that rules distinguish."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from cityops.kit import InvalidError, Text

VEHICLE: Final = "vehicle"
"""Name of the vehicle register; an object's code is the plate."""

_LIMIT_H_MAX: Final = 24.0


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


def check_vehicle(data: dict[str, Any]) -> None:
    """Checks ``data`` of a vehicle: ``vehicle_class``, ``plate_color``, and ``driving_limit_h`` if there is one."""
    VehicleClass.parse(str(data.get("vehicle_class")))
    if not isinstance(data.get("plate_color"), str):
        raise _invalid("缺少车牌颜色 plate_color", "plate_color is missing")
    limit_h = data.get("driving_limit_h")
    if limit_h is None:
        return
    if isinstance(limit_h, bool) or not isinstance(limit_h, int | float) or not 0 < limit_h <= _LIMIT_H_MAX:
        raise _invalid("连续驾驶时限 driving_limit_h 需在 0 至 24 小时之间", "driving_limit_h is over 0 and at most 24")


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="register.vehicle", kept=Text("台账没有改变", "the register was not changed"))
