"""Intake of reports (受理): suggestions, filing, import, calls back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment
from cityops.api.schemas.cases import Deadline, NamedUnit

MatterKey = Annotated[str, Field(max_length=80, description="事项：标准/类型/代码 A matter: standard/kind/code")]
Line = Annotated[str | None, Field(max_length=200)]
Source = Literal["hotline", "field", "portal", "open311", "tip_off", "import", "unit", "patrol", "video"]


class FoundPlace(Model):
    """A place with a name."""

    name: str
    kind: Literal["crossing", "junction", "poi", "road", "community", "street", "district", "grid"]
    lon: float
    lat: float
    district_name: str


class FoundPlaceList(Model):
    """Places for what was typed, best first."""

    items: list[FoundPlace]


class Draft(Model):
    """A report as far as it is written; ``matter``: the one chosen, else the best found is looked at."""

    words: Annotated[str, Field(max_length=4000)] = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    matter: MatterKey | None = None
    source: Source = "hotline"
    seen_at: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 8


class SuggestedMatter(Model):
    """A matter that the words may mean; ``why`` says by what it was found."""

    matter: str
    name: str
    class_name: str
    score: float
    why: Bilingual


class NearCase(Model):
    """An open case that may be about the same thing; ``age_s`` is negative when it was opened later."""

    case_id: str
    number: str
    title: Bilingual
    state_title: Bilingual
    matter_name: str
    address: str
    distance_m: float
    age_s: int
    same_matter: bool
    reporters: int


class NearCaseList(Model):
    """Open cases nearby, nearest first."""

    items: list[NearCase]


class DraftPlace(Model):
    """Where the report is: codes and names, empty where not known."""

    district_code: str
    district_name: str
    street_code: str
    street_name: str
    community_code: str
    community_name: str
    grid_code: str
    road_name: str


class DraftRoute(Model):
    """The unit that it would go to by the routing table, and why; without a unit the dispatcher decides."""

    unit: NamedUnit | None
    joint: list[NamedUnit]
    why: Bilingual


class DraftStage(Model):
    """When a stage would be due if it were filed now; ``planned``: it begins when the one before is done."""

    name: str
    deadline: Deadline
    planned: bool


class DraftStandard(Model):
    """A filing standard of the matter in force."""

    number: int
    filing: str
    closing: str
    evidence: list[str]
    stages: list[DraftStage]


class Suggestions(Model):
    """What a report may be and what would follow; everything but ``matters`` and ``place`` is about ``chosen``."""

    place: DraftPlace | None
    matters: list[SuggestedMatter]
    chosen: str | None
    duplicates: list[NearCase]
    route: DraftRoute | None
    standards: list[DraftStandard]


class NewCaseReport(Model):
    """A report to be filed; the same ``client_id`` from the same account again is the same report."""

    source: Source
    matter: MatterKey
    lon: Longitude
    lat: Latitude
    description: Annotated[str, Field(max_length=4000)] = ""
    title: Line = None
    address: Line = None
    address_note: Line = None
    reporter_name: Line = None
    reporter_contact: Line = None
    wants_answer: bool = False
    severity: Annotated[int, Field(ge=1, le=4)] = 1
    seen_at: AwareDatetime | None = None
    client_id: Annotated[str | None, Field(pattern="^[A-Za-z0-9_-]{8,64}$")] = None
    evidence_ids: list[Annotated[str, Field(max_length=26)]] = Field([], max_length=30)
    reference: Annotated[str | None, Field(max_length=80)] = None
    join_case_id: Annotated[str | None, Field(max_length=26)] = None


class FiledReport(Model):
    """The case; ``joined``: it was open already and the report was added to it."""

    case_id: str
    number: str
    joined: bool


class CorrectMatter(Model):
    """The right matter; ``version`` is the case's version the person saw."""

    matter: MatterKey
    version: int


class ImportRowError(Model):
    """What is wrong in a row, counted as the spreadsheet does: the heading is row 1."""

    row: int
    column: str
    text: Bilingual


class ImportResult(Model):
    """What a sheet holds and what became of it.

    ``valid``: rows that can be filed; ``filed``: those that this call filed or found filed; ``next_row``: where to go
    on, ``None`` when there is nothing left.
    """

    rows: int
    valid: int
    errors: list[ImportRowError]
    filed: int
    next_row: int | None


class CaseReporter(Model):
    """One who reported a case, masked; ``told``: the last answer given."""

    reporter_id: str
    channel: str
    name: str | None
    contact: str | None
    reference: str | None
    at: Moment
    call_back: Literal["owed", "done"] | None
    told: Bilingual | None


class CaseReporterList(Model):
    """Who reported a case, the first one first."""

    items: list[CaseReporter]


class OwedCall(Model):
    """A call that is owed; ``attempts``: how often nobody was reached."""

    reporter: CaseReporter
    case_id: str
    number: str
    title: Bilingual
    answered_at: Moment
    attempts: int


class OwedCallList(Model):
    """Calls that are owed, the longest waiting first; ``total`` may be more than are listed."""

    items: list[OwedCall]
    total: int


class CallMade(Model):
    """What came of a call: satisfaction from 1 to 5 where the person was reached."""

    reached: bool
    stars: Annotated[int | None, Field(ge=1, le=5)] = None
    comment: Annotated[str | None, Field(max_length=500)] = None


class ReporterContact(Model):
    """Name and contact in full."""

    name: str | None
    contact: str | None
