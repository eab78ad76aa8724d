"""Figures of a scene's board (看板数字)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Model, Moment


class ReportedValue(Model):
    """A figure as somebody reported it; without ``entered_at`` it stands in the scene's declaration."""

    value: float
    at_least: bool
    source: str
    on: date | None
    entered_at: Moment | None
    entered_by: str | None


class BoardFigure(Model):
    """A figure recomputed from its items; ``contradicts``: what was reported says something else."""

    name: str
    title: Bilingual
    register_name: Annotated[str, Field(description="台账 The register whose objects are counted")]
    unit: Bilingual | None
    decimals: int
    value: float | None
    target: float | None
    reached: bool | None
    reported: ReportedValue | None
    contradicts: bool


class FigureBoard(Model):
    """All figures of a scene that this person may see."""

    items: list[BoardFigure]


class ReportedHistory(Model):
    """Everything that was reported for a figure, newest first."""

    items: list[ReportedValue]


class NewReportedValue(Model):
    """A reported figure, as a person types it in; ``at_least``: reported as "over so many" (余)."""

    value: Annotated[float, Field(ge=-1e15, le=1e15)]
    at_least: bool = False
    source: Annotated[str, Field(min_length=1, max_length=200)]
    on: date
