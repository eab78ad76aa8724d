"""What the public sends and sees without signing in (公众上报、有奖举报)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment

ReportStateName = Literal["received", "filed", "closed", "refused", "not_fixed"]
TipOffStateName = Literal["received", "checking", "confirmed", "unfounded"]
RewardStateName = Literal["none", "granted", "paid"]
Line = Annotated[str, Field(max_length=500)]
Words = Annotated[str, Field(max_length=4000)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class PublicChoice(Model):
    """One value of a list."""

    key: str
    name: Bilingual


class PublicQuestion(Model):
    """What a service asks besides words and place."""

    code: str
    title: Bilingual
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool
    hint: str
    choices: list[PublicChoice]


class PublicService(Model):
    """A matter that residents can report. ``published``: words and place are shown to everybody at once."""

    service_code: str
    name: Bilingual
    description: Bilingual
    notice: Bilingual
    picture: str
    published: bool
    questions: list[PublicQuestion]


class TipOffMatter(Model):
    """A matter with a reward for tip-offs."""

    code: str
    name: Bilingual


class PublicServices(Model):
    """Everything that residents can report. Contacts are deleted ``contact_days`` after closing."""

    items: list[PublicService]
    tip_offs: list[TipOffMatter]
    contact_days: int
    not_fixed_days: int
    photos_max: int


class PublicPlace(Model):
    """Where a point is, in words; ``inside``: whether the city takes reports from there."""

    inside: bool
    district_name: str
    street_name: str
    community_name: str
    road_name: str


class NewPublicReport(Model):
    """A report of a resident. ``client_id``: made by the sender, so that a report sent twice is one report."""

    service_code: Annotated[str, Field(min_length=1, max_length=60)]
    description: Words = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    address: Line | None = None
    name: Annotated[str | None, Field(max_length=100)] = None
    phone: Annotated[str | None, Field(max_length=40)] = None
    answers: Annotated[dict[str, list[str]], Field(max_length=50, default_factory=dict)]
    client_id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{16,64}$")]


class PublicReceipt(Model):
    """What the sender gets. The code is shown this once."""

    report_id: str | None
    code: str
    notice: Bilingual


class GivenCode(Model):
    """The code of a report or a tip-off as a person types it."""

    code: Code


class SaidNotFixed(Model):
    """The sender says that it is not fixed (未解决)."""

    code: Code
    words: Annotated[str, Field(min_length=1, max_length=4000)]


class NewRating(Model):
    """The sender's satisfaction (满意度)."""

    code: Code
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Line = ""


class PublicUpdate(Model):
    """Something that happened; ``own``: said by the sender."""

    at: Moment
    status: Literal["open", "closed"]
    text: Bilingual
    own: bool


class FollowedReport(Model):
    """A report as its sender sees it, and what the sender may do now."""

    report_id: str
    service_name: Bilingual
    description: str
    address: str | None
    lon: float | None
    lat: float | None
    state: ReportStateName
    agency: str | None
    received_at: Moment
    expected_at: Moment | None
    closed_at: Moment | None
    updates: list[PublicUpdate]
    photos: int
    may_say_not_fixed: bool
    not_fixed_until: Moment | None
    may_rate: bool
    rating: int | None


class MappedReport(Model):
    """A published report on the public map."""

    report_id: str
    service_code: str
    service_name: Bilingual
    picture: str
    status: Literal["open", "closed"]
    notes: str | None
    description: str | None
    address: str | None
    lon: float
    lat: float
    received_at: Moment


class MappedReports(Model):
    """Published reports of the last 90 days, newest first; ``more``: there were more than the bound."""

    items: list[MappedReport]
    more: bool


class PhotoKept(Model):
    """A photo was kept; ``photos``: how many the report has now."""

    photos: int


class NewPublicTipOff(Model):
    """A tip-off. Nothing about who sends it."""

    matter: Annotated[str, Field(min_length=1, max_length=60)]
    description: Annotated[str, Field(min_length=1, max_length=4000)]
    address: Line | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None


class TipOffReceipt(Model):
    """The code is the only link to the tip-off; nobody can find it again."""

    code: str


class FollowedTipOff(Model):
    """A tip-off as whoever has the code sees it. The reward is in fen (0.01 yuan)."""

    matter_name: Bilingual
    day: str
    state: TipOffStateName
    answer: str | None
    reward_fen: int | None
    reward_state: RewardStateName
    photos: int
