"""What the scene's routes say and hear; amounts are yuan, rounded to the fen."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from cityops.api import Bilingual, Latitude, Longitude, Model, Moment

Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Name = Annotated[str, Field(max_length=40)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
LongWords = Annotated[str, Field(min_length=1, max_length=4000)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class DisputeOption(Model):
    """A word of the scene's rules with its title."""

    value: str
    title: Bilingual


class DisputeCentre(Model):
    """A centre of one of the three levels."""

    unit_id: str
    name: str
    area_code: str | None
    level: str | None


class DisputeForms(Model):
    """What the forms of the scene choose from."""

    fields: list[DisputeOption]
    topics: list[DisputeOption]
    sources: list[DisputeOption]
    party_roles: list[DisputeOption]
    purposes: list[DisputeOption]
    attendance: list[DisputeOption]
    levels: list[str]
    centres: list[DisputeCentre]


class NewPartyBody(Model):
    """A party. ``contact``: a telephone number."""

    role: Name
    name: Words
    contact: Annotated[str | None, Field(max_length=40)] = None


class NewDisputeBody(Model):
    """A dispute to be registered. ``centre``: id or code; without it the own one, or the lowest at the place."""

    field: Name
    source: Name
    account: LongWords
    parties: Annotated[list[NewPartyBody], Field(min_length=1, max_length=50)]
    topic: Name | None = None
    people: Annotated[int, Field(ge=1, le=100_000)] = 1
    amount_yuan: Amount = 0
    centre: Annotated[str | None, Field(max_length=64)] = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    reference: Annotated[str | None, Field(max_length=80)] = None


class TakenUpBody(NewDisputeBody):
    """A dispute that grew out of a matter; ``version`` is the matter's own."""

    version: int


class DisputeRegistered(Model):
    """The case that was opened."""

    case_id: str
    number: str


class MechanismAnswer(Model):
    """A mechanism of the social-insurance route: whether it applies to the case now, and why or why not."""

    name: str
    title: Bilingual
    owner: Bilingual
    duty: Bilingual
    limit_amount: float
    limit_unit: str
    applies: bool
    reasons: list[Bilingual]


class DisputeAnswer(Model):
    """What a case is about. ``account`` only for those who work on it."""

    case_id: str
    field: str
    source: str
    topic: str | None
    people: int
    amount_yuan: float
    parties: int
    inside: bool
    account: str | None
    erased: bool
    mechanisms: list[MechanismAnswer]


class DisputeParty(Model):
    """A party as the purpose allows."""

    party_id: str
    role: str
    name: str | None
    contact: str | None


class DisputePartyList(Model):
    """The parties of a case."""

    items: list[DisputeParty]


class NewScheduleBody(Model):
    """When a unit's meeting is. ``on_day``: 1 Monday to 7 Sunday, or the day of the month."""

    kind: Literal["council", "reception"]
    every: Literal["week", "month"]
    on_day: Annotated[int, Field(ge=1, le=31)]
    begins: Clock
    place: Words
    moves: Literal["stays", "next_working_day"] = "stays"
    from_day: date


class ScheduleMade(Model):
    """The schedule that was made."""

    schedule_id: str


class MatterAnswer(Model):
    """A matter and where its answer stands."""

    case_id: str
    number: str
    title: str
    state: str
    due_at: Moment | None
    answered_at: Moment | None
    overdue: bool


class ResidentMeeting(Model):
    """A meeting. ``moved``: why it is not on its planned day; ``state``: due, missed, held, cancelled."""

    schedule_id: str
    kind: str
    unit_name: str
    place: str
    begins: str
    planned_day: date
    day: date
    moved: Bilingual | None
    state: str
    meeting_id: str | None
    minutes: str | None
    reason: str | None
    attendance: dict[str, int]
    matters: list[MatterAnswer]
    own: bool


class ResidentMeetingList(Model):
    """The meetings of a span of days."""

    items: list[ResidentMeeting]


class Raised(Model):
    """A matter raised, in a few words without names; ``answer`` when it was given on the spot."""

    summary: Words
    answer: Annotated[str | None, Field(max_length=4000)] = None


class MinutesBody(Model):
    """The minutes of a meeting; people are counted by group, without names."""

    held_day: date
    minutes: LongWords
    attendance: dict[str, Count]
    matters: Annotated[list[Raised], Field(default_factory=list, max_length=50)]


class CancelBody(Model):
    """Why a meeting does not take place."""

    reason: Words


class MeetingMade(Model):
    """The record that was made."""

    meeting_id: str


class TallyAnswer(Model):
    """Found and settled, counted from cases."""

    name: str
    found: int
    settled: int
    rate_percent: float | None
    people: int
    amount_yuan: float


class MatterTallyAnswer(Model):
    """Residents' matters and their answers."""

    raised: int
    answered: int
    in_time: int
    overdue: int


class PartFigure(Model):
    """A part of a reported figure."""

    name: Words
    found: Count
    settled: Count


class NewReportedBody(Model):
    """A figure as somebody outside reported it."""

    key: Annotated[str, Field(min_length=1, max_length=80)]
    title: Words
    source: Words
    as_of_day: date
    found: Count
    settled: Count
    rate_percent: Annotated[float | None, Field(ge=0, le=1000, allow_inf_nan=False)] = None
    people: Count | None = None
    amount_yuan: Amount | None = None
    parts: Annotated[list[PartFigure], Field(default_factory=list, max_length=100)]


class ContradictionAnswer(Model):
    """Where a reported figure and its parts differ."""

    what: str
    reported: float
    computed: float
    words: Bilingual


class ReportedAnswer(NewReportedBody):
    """A reported figure, with the rate its own parts give, and what contradicts in it."""

    computed_rate_percent: float | None
    contradictions: list[ContradictionAnswer]


class FiguresAnswer(Model):
    """Computed from cases; and, apart from them, what was reported from outside."""

    total: TallyAnswer
    by_field: list[TallyAnswer]
    by_level: list[TallyAnswer]
    by_source: list[TallyAnswer]
    social_insurance: TallyAnswer
    matters: MatterTallyAnswer
    reported: list[ReportedAnswer]
