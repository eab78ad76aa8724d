"""Figures on a board (看板数字): recomputed from items; what was typed in from outside stands beside them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityops.kit import Data, Name, Words, refusal
from cityops.registers import Condition


class ReportedFigure(Data):
    """The same figure as somebody reported it: value, who says so, as of when.

    ``at_least``: it was reported as "over so many" (余), so that more does not contradict it.
    """

    value: float
    at_least: bool = False
    source: Annotated[str, Field(min_length=1)]
    on: date | None = None


class FigureSpec(Data):
    """A figure of a board.

    ``of``: ``objects`` of the register, ``inspections`` of its objects, or ``hazards`` found on them. ``measure``:
    ``count``, or the ``sum`` of a numeric ``field`` (of the object, or of the inspection's figures). ``when``: the
    objects' conditions. ``per``: a second figure it is divided by (a share or an amount a head). ``target``: at least
    so much. ``reported``: flagged with both values when it contradicts what the items give.
    """

    name: Name
    title: Words
    register_name: Annotated[Name, Field(alias="register")]
    of: Literal["objects", "inspections", "hazards"] = "objects"
    measure: Literal["count", "sum"] = "count"
    field: Name | None = None
    when: tuple[Condition, ...] = ()
    unit: Words | None = None
    per: Name | None = None
    target: float | None = None
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    reported: ReportedFigure | None = None

    @model_validator(mode="after")
    def _a_sum_has_its_field(self) -> Self:
        if (self.measure == "sum") != (self.field is not None):
            raise refusal("field 属于且仅属于合计（sum）", "field belongs to a sum, and a sum needs it")
        if self.of == "hazards" and self.measure == "sum":
            raise refusal("隐患只能计数", "hazards are counted")
        return self
