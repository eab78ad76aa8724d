"""What the register of road excavation permits (掘路许可台账) asks beyond its declaration."""

from __future__ import annotations

from typing import Final

from cityops.kit import CreditCode, InvalidError, Text
from cityops.registers import RegisterObject

EXCAVATION_PERMIT: Final = "excavation_permit"
"""Name of the register; an object's code is the permit's number (许可证号), its title the place in words."""


def check_permit(permit: RegisterObject) -> None:
    """An area of one ring, or a line with ``width_m``; the holder's credit code fits.

    Raises:
        InvalidError: something does not fit.
    """
    data, geometry = permit.data, permit.geometry
    if geometry is None:
        raise _invalid("缺少许可范围", "the permitted area or line is missing")
    if geometry["type"] == "Polygon" and len(geometry["coordinates"]) != 1:
        raise _invalid("面应有且只有一个外环", "a polygon has one ring")
    if geometry["type"] == "LineString" and "width_m" not in data:
        raise _invalid("范围为线时应填写宽度", "a line needs its width")
    if data.get("holder_code"):
        CreditCode.parse(str(data["holder_code"]))


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="register.permit", kept=Text("台账没有改变", "the register was not changed"))
