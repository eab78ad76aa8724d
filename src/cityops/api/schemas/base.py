"""What several answers share: the base model, moments, places, problems, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cityops.kit import SHANGHAI


def _in_shanghai(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


Moment = Annotated[AwareDatetime, AfterValidator(_in_shanghai)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Severity = Literal["notice", "warning", "serious", "critical"]
AlertState = Literal["active", "ended", "withdrawn"]
Role = Literal[
    "administrator",
    "acceptor",
    "dispatcher",
    "shift_leader",
    "collector",
    "unit",
    "handler",
    "crew",
    "enterprise",
    "district",
    "analyst",
    "auditor",
]


class Model(BaseModel):
    """Base: unknown fields are an error, so that a typing slip is never swallowed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Model):
    """An error: what happened, what was kept, what to do."""

    code: str
    message: str
    message_en: str
    kept: str | None = None
    kept_en: str | None = None
    todo: str | None = None
    todo_en: str | None = None


class FieldProblem(Model):
    """A field that does not fit, and why."""

    field: str
    message: str
    message_en: str


class InvalidInput(Problem):
    """Input that does not fit; ``fields`` names each field that is wrong, where it can be told."""

    fields: list[FieldProblem] = []


class Bilingual(Model):
    """The same words in Chinese and English."""

    zh: str
    en: str


class FormWords(Model):
    """The titles of what forms hold: ``fields`` by name, ``values`` by ``name.value`` of a choice."""

    fields: dict[str, Bilingual]
    values: dict[str, Bilingual]


class Page(Model):
    """Where a list stands."""

    total: int
    page: int
    page_size: int
    at_least: bool = False  # counting stopped at ``total``; there are more


class Place(Model):
    """A point and the smallest places that hold it. Longitude and latitude are CGCS2000/WGS-84 degrees."""

    lon: float
    lat: float
    district_code: str | None = None
    district_name: str | None = None
    street_name: str | None = None
    community_name: str | None = None
    grid_code: str | None = None
    road_name: str | None = None
    address: str | None = None  # in the reporter's words


class TimelineStep(Model):
    """A step (办理过程): what, who, when."""

    at: Moment
    action: str
    title: Bilingual
    actor: str
    actor_role: str | None
    unit_name: str | None
    comment: str | None
    data: dict[str, Any]
    returns: bool = False  # a way back, whose comment says why
