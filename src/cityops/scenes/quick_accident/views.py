"""What the scene says: to the desk, to the officer, and, much less, to a party. Times are in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from cityops.kit import Data, Words
from cityops.scenes.quick_accident.rules import Exclusion, Level, Situation

LABELS = "ABCD"
LABEL_WORDS = {"A": "甲方", "B": "乙方", "C": "丙方", "D": "丁方"}
PhotoView = Literal["front", "rear", "contact", "plates", "other"]
STANDARD_VIEWS: tuple[PhotoView, ...] = ("front", "rear", "contact", "plates")
"""前方全景、后方全景、碰撞部位、双方车牌: the four photos that fix the evidence before the vehicles are moved."""
Handed = Literal["told", "message", "shown", "by_patrol"]
Way = Literal["online", "patrol", "ordinary"]
Source = Literal["phone_110", "phone_122", "camera", "patrol", "party"]
Weather = Literal["clear", "cloudy", "rain", "snow", "fog", "dust"]


class AccidentRules(Data):
    """The rules in force on the day of the accident."""

    valid_from: str
    notice: Words
    to_verify: Words
    level_article: Words
    exclusions: tuple[Exclusion, ...]
    situations: tuple[Situation, ...]


class AccidentPhoto(Data):
    """A photo that a party took. ``evidence_id`` leads to it in the case's evidence."""

    evidence_id: str
    view: PhotoView
    uploaded_at: datetime


class AccidentLink(Data):
    """A party's link: how it was handed over and what became of it. The link itself is shown once and not kept."""

    link_id: str
    state: Literal["usable", "expired", "revoked", "locked"]
    made_at: datetime
    made_by: str
    expires_at: datetime
    handed_how: Handed | None
    handed_at: datetime | None
    handed_by: str | None
    identified_at: datetime | None


class AccidentAnswer(Data):
    """What a party answered to the decision in force."""

    agrees: bool
    words: str | None
    at: datetime


class AccidentParty(Data):
    """A party (当事人) as those see it who handle the case; the telephone number stays masked."""

    party_id: str
    label: str
    plate: str | None
    name: str | None
    phone: str
    licence_no: str | None
    insurer: str | None
    policy_no: str | None
    statement: str | None
    stated_at: datetime | None
    moved_at: datetime | None
    asked: str | None
    photos: list[AccidentPhoto]
    link: AccidentLink | None
    answer: AccidentAnswer | None


class AccidentDecision(Data):
    """A plan of liability (定责方案) and, once it is decided, who decided it. Mappings are by the parties' labels."""

    decision_id: str
    faults: dict[str, list[str]]
    proposed: dict[str, Level] | None
    levels: dict[str, Level]
    shares: dict[str, int]
    reason: str | None
    recorded_by: str
    recorded_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class AccidentDetail(Data):
    """An accident with everything that the desk and the officer need."""

    case_id: str
    number: str
    state: str
    state_title: Words
    version: int
    reported_at: datetime
    cleared_at: datetime | None
    source: Source
    address: str | None
    weather: Weather | None
    description: str | None
    exclusions: list[str] | None
    screened_by: str | None
    way: Way | None
    answer_due_at: datetime | None
    may_screen: bool
    may_decide: bool
    may_link: bool
    parties: list[AccidentParty]
    decision: AccidentDecision | None
    rules: AccidentRules


class AccidentRow(Data):
    """An accident in the list."""

    case_id: str
    number: str
    title: Words
    state: str
    state_title: Words
    reported_at: datetime
    cleared_at: datetime | None
    address: str | None
    lon: float | None
    lat: float | None
    parties: int
    photos: int
    answered: int


class AccidentList(Data):
    """Accidents, newest first."""

    items: list[AccidentRow]


class NewLink(Data):
    """A fresh link: ``path`` is shown this once."""

    link: AccidentLink
    path: str


class OtherParty(Data):
    """Another party as a party sees it: no name, no number, the plate masked."""

    label: str
    plate: str | None
    level: Level | None
    share: int | None


class PartyDecision(Data):
    """The decision as a party sees it."""

    decision_id: str
    paper: Literal["agreement", "certificate"]
    level: Level
    share: int
    faults: list[Situation]
    other_faults: list[Situation]
    level_article: Words
    reason: str | None
    decided_by: str
    unit: str | None
    answer_due_at: datetime | None


class PartyPage(Data):
    """All that a party sees on the phone."""

    number: str
    label: str
    plate: str | None
    place: str
    reported_at: datetime
    stage: Literal["collect", "answer", "waiting", "settled", "ordinary", "void"]
    expires_at: datetime
    others: list[OtherParty]
    asked: str | None
    name: str | None
    licence_no: str | None
    insurer: str | None
    policy_no: str | None
    statement: str | None
    moved_at: datetime | None
    photos: list[AccidentPhoto]
    decision: PartyDecision | None
    answer: AccidentAnswer | None


class PartyGreeting(Data):
    """What anybody with the link sees before saying who they are: nothing about the accident or a person."""

    city: str
    asks_plate: bool
    expires_at: datetime


class PartyKey(Data):
    """The secret of this phone, to be sent with every further request."""

    key: str
