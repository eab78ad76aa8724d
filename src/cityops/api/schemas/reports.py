"""Reports of the public and tip-offs as the desk works on them (受理)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment
from cityops.api.schemas.evidence import Evidence
from cityops.api.schemas.public import PublicUpdate, ReportStateName, RewardStateName, TipOffStateName

Matter = Annotated[str, Field(pattern="^.{1,80}/(component|matter)/[0-9]{4,5}$", description="standard/kind/code")]


class ReportRow(Model):
    """A report as the desk sees it. ``matter``: the catalogue entry its service proposes, ``standard/kind/code``."""

    report_id: str
    source: str
    service_code: str
    service_name: str
    matter: str | None
    description: str
    address: str | None
    lon: float | None
    lat: float | None
    media_url: str | None
    answers: dict[str, list[str]]
    has_contact: bool
    state: ReportStateName
    published: bool
    status_notes: str | None
    agency: str | None
    case_id: str | None
    received_at: Moment
    updated_at: Moment
    expected_at: Moment | None
    closed_at: Moment | None
    not_fixed_count: int
    rating: int | None
    rating_comment: str | None


class ReportRows(Model):
    """Reports in one state, newest first; with ``more`` the next page follows the last ``report_id``."""

    items: list[ReportRow]
    more: bool


class ReportFull(ReportRow):
    """A report with what happened to it and its photos."""

    updates: list[PublicUpdate]
    photos: list[Evidence]


class AskContact(Model):
    """Why the sender is to be reached; kept in the audit."""

    purpose: Annotated[str, Field(min_length=2, max_length=500)]


class ReportContact(Model):
    """How to reach the sender."""

    name: str | None
    phone: str | None
    email: str | None


class PublishReport(Model):
    """Whether everybody may see words and place."""

    published: bool


class RefuseReport(Model):
    """Not accepted (不予受理), with the reason the sender reads."""

    answer: Annotated[str, Field(min_length=1, max_length=500)]


class FileReport(Model):
    """File a report as a case, or join it to an open one. The place is needed where the sender gave none."""

    matter: Matter
    title: Annotated[str | None, Field(max_length=200)] = None
    severity: Annotated[int, Field(ge=1, le=4)] = 1
    lon: Longitude | None = None
    lat: Latitude | None = None
    join_case_id: Annotated[str | None, Field(max_length=26)] = None


class ReportFiled(Model):
    """The case; ``joined``: it was open already."""

    case_id: str
    number: str
    joined: bool


class TipOffRow(Model):
    """A tip-off as the shift leader sees it: nothing about who sent it. The reward is in fen (0.01 yuan)."""

    tip_off_id: str
    matter_name: Bilingual
    matter: str | None
    description: str
    address: str | None
    lon: float | None
    lat: float | None
    day: str
    state: TipOffStateName
    answer: str | None
    case_id: str | None
    reward_fen: int | None
    reward_state: RewardStateName


class TipOffRows(Model):
    """Tip-offs in one state, newest day first."""

    items: list[TipOffRow]


class TipOffFull(TipOffRow):
    """A tip-off with its photos."""

    photos: list[Evidence]


class DecideTipOff(Model):
    """What checking found, the answer read by the code, and the reward a person grants."""

    state: Literal["checking", "confirmed", "unfounded"]
    answer: Annotated[str, Field(min_length=1, max_length=4000)]
    reward_fen: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
