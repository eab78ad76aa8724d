"""Inspections: plans, what is due, coverage, inspections, hazards, checklists, attachments (检查与整改)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment, Page
from cityops.api.schemas.field import ClientId

DueState = Literal["overdue", "pending", "done", "idle"]
Every = Literal["two_hours", "day", "week", "half_month", "month", "quarter", "half_year", "year"]
Grade = Literal["general", "serious", "major"]
ItemResult = Literal["passed", "failed", "not_applicable", "left_out"]
Name = Annotated[str, Field(max_length=40)]
Id = Annotated[str, Field(max_length=26)]
Places = Annotated[list[int], Field(max_length=20, description="evidence_ids 中的序号 Places in evidence_ids")]
Figure = Annotated[float, Field(allow_inf_nan=False)]


class PlanRule(Model):
    """How often, and the period that runs now; ``due_now``: whether anything is due in it (holidays, closed hours)."""

    every: Every
    period_from: Moment
    period_to: Moment
    due_now: bool


class PlanFigure(Model):
    """A number that is asked for beside the checklist."""

    name: str
    title: Bilingual
    unit: Bilingual | None
    required: bool


class Plan(Model):
    """An inspection plan (检查计划). ``by``: whether the unit checks itself or is inspected."""

    scene: str
    plan: str
    title: Bilingual
    register_name: str
    register_title: Bilingual
    kind: Literal["patrol", "inspection", "assessment", "training", "drill", "maintenance", "test"]
    by: Literal["unit", "supervisor"]
    checklist: str | None
    calendar: Literal["always", "school"]
    figures: list[PlanFigure]
    basis: str
    rules: list[PlanRule]


class PlanList(Model):
    """The plans about registers that this person reads."""

    items: list[Plan]


class Due(Model):
    """How an object stands with a plan: the period that runs, or the one that was missed."""

    scene: str
    plan: str
    every: Every
    state: DueState
    object_id: str
    code: str
    title: str
    register_name: str
    unit_id: str | None
    unit_name: str | None
    supervisor_id: str | None
    area_code: str | None
    lon: float | None
    lat: float | None
    period_from: Moment
    period_to: Moment
    last_at: Moment | None


class DueList(Model):
    """What is due, overdue first; ``counts`` by state under the other filters."""

    items: list[Due]
    page: Page
    counts: dict[str, int]


class Covered(Model):
    """Of a district's objects that a rule is about: how many were due, passed, failed, were not inspected."""

    every: Every
    period_from: Moment
    period_to: Moment
    running: bool
    area_code: str | None
    area_name: str | None
    due: int
    passed: int
    failed: int
    missing: int
    idle: int
    left_out: int


class Coverage(Model):
    """What of a plan was inspected in a period, and what was not, by rule and district."""

    items: list[Covered]


class ChecklistItem(Model):
    """An item of a checklist; ``grade``: of the hazard when it fails."""

    no: str
    group: Bilingual
    item: Bilingual
    method: str
    scope: str
    basis: str
    weight: int
    evidence: Literal["none", "photo", "photo_if_failed"]
    grade: Grade


class Checklist(Model):
    """A version of a checklist; 0 is the scene's own file."""

    name: str
    title: Bilingual
    version: int
    items: list[ChecklistItem]


class Bundle(Model):
    """What a phone keeps to inspect without a network: what this person's unit inspects near by, and what is asked."""

    at: Moment
    total: int
    items: list[Due]
    plans: list[Plan]
    checklists: list[Checklist]


class NewItemAnswer(Model):
    """What was found of one item; ``words``: what is wrong, or why it was left out."""

    no: Annotated[str, Field(max_length=20)]
    result: ItemResult
    words: Annotated[str, Field(max_length=1000)] = ""
    grade: Grade | None = None
    evidence: Places = Field([])


class NewHazard(Model):
    """A hazard beside the checklist (表外隐患)."""

    words: Annotated[str, Field(min_length=1, max_length=1000)]
    grade: Grade
    evidence: Places = Field([])


class NewInspection(Model):
    """An inspection as a phone has it; the same ``client_id`` again is the same inspection.

    ``evidence_ids``: own items of evidence; answers and hazards name theirs by their place in this list, and what none
    of them names is of the whole inspection.
    """

    client_id: ClientId
    scene: Name
    plan: Name
    object_id: Id
    started_at: Moment
    finished_at: Moment
    checklist_version: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    items: list[NewItemAnswer] = Field([], max_length=500)
    hazards: list[NewHazard] = Field([], max_length=20)
    comment: Annotated[str, Field(max_length=2000)] = ""
    figures: dict[Name, Figure] = Field({}, max_length=20)
    lon: Longitude | None = None
    lat: Latitude | None = None
    evidence_ids: list[Id] = Field([], max_length=200)


class Inspection(Model):
    """An inspection (检查). ``score``: of 100 by weight; ``left_out``: items that were not inspected."""

    inspection_id: str
    scene: str
    plan: str
    register_name: str
    object_id: str
    object_code: str
    object_title: str
    checklist: str | None
    checklist_version: int | None
    inspector_name: str
    started_at: Moment
    finished_at: Moment
    received_at: Moment
    lon: float | None
    lat: float | None
    result: Literal["passed", "failed"]
    score: float | None
    asked: int
    failed: int
    left_out: int
    comment: str
    figures: dict[str, float]


class InspectionList(Model):
    """Inspections, newest first."""

    items: list[Inspection]
    page: Page


class AnsweredItem(Model):
    """An item with what was found of it."""

    no: str
    group: Bilingual
    item: Bilingual
    method: str
    basis: str
    result: ItemResult
    words: str
    grade: Grade | None


class Attachment(Model):
    """A photo or document of an object; ``inspection_id``, ``item_no``: what it shows."""

    evidence_id: str
    inspection_id: str | None
    item_no: str | None
    kind: Literal["photo", "audio", "video", "document"]
    media_type: str
    name: str
    added_at: Moment
    uploader_name: str


class AttachmentList(Model):
    """Photos and documents of an object, oldest first."""

    items: list[Attachment]


class NewAttachments(Model):
    """Own items of evidence that become an object's."""

    evidence_ids: Annotated[list[Id], Field(min_length=1, max_length=50)]


class Hazard(Model):
    """A hazard (隐患) and where its rectification stands; ``late``: a clock of it has run out."""

    case_id: str
    number: str
    scene: str
    title: Bilingual
    grade: Grade
    state: str
    state_title: Bilingual
    ended: bool
    late: bool
    due_at: Moment | None
    found_at: Moment
    closed_at: Moment | None
    rework: int
    reopened: int
    unit_name: str | None
    object_id: str
    object_code: str
    object_title: str
    register_name: str
    inspection_id: str | None
    item_no: str | None


class HazardList(Model):
    """Hazards, the most urgent first."""

    items: list[Hazard]
    page: Page


class InspectionDetail(Inspection):
    """One inspection with its answers, photos and hazards."""

    plan_title: Bilingual
    items: list[AnsweredItem]
    attachments: list[Attachment]
    hazards: list[Hazard]
