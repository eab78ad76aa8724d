"""Forms with which cases are registered by hand (登记表)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Model
from cityops.api.schemas.cases import FormField


class CaseForm(Model):
    """A form this person may fill in; ``place``: a point on the map is asked for, ``unit``: the unit is chosen."""

    scene: str
    kind: str
    title: Bilingual
    case_title: Bilingual
    fields: list[FormField]
    place: bool
    unit: bool


class CaseFormList(Model):
    """Forms by scene and kind."""

    items: list[CaseForm]


class Registered(Model):
    """The case that was made; ``readable``: whether this person sees it from now on."""

    case_id: str
    number: str
    readable: bool


class NewRegistration(Model):
    """What was filled in. ``client_id``: a number made by the sender; sent again, it is the same registration."""

    client_id: Annotated[str, Field(min_length=1, max_length=64)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=4000)] = ""
    form: dict[str, Any] = Field({})
    unit: Annotated[str | None, Field(max_length=64)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
