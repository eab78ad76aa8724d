"""What inspections take and say: frozen values; times in milliseconds UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cityops.inspections.declaration import Every, Grade
from cityops.kit import Text

ItemResult = Literal["passed", "failed", "not_applicable", "left_out"]
"""合格、不合格、不适用、未检."""
DueState = Literal["overdue", "pending", "done", "idle"]
"""逾期、待检、已检、无需检查 (nothing is due now)."""


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What was found of one item. ``words``: what is wrong, or why it was left out. ``grade``: None: the item's own."""

    no: str
    result: ItemResult
    words: str = ""
    grade: Grade | None = None
    evidence_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FoundHazard:
    """A hazard beside the checklist (表外隐患)."""

    words: str
    grade: Grade
    evidence_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewInspection:
    """An inspection as the phone has it.

    Args:
        client_id: made by the phone, 8 to 64 letters, digits, ``-`` or ``_``; the same again is the same inspection.
        scene, plan: the plan it was made for.
        object_id: what was inspected.
        started_ms, finished_ms: by the phone's clock; the end decides which period it counts for.
        items: an answer to every item of the checklist's version, no other; empty where the plan has no checklist.
        checklist_version: the version the phone had.
        comment: words on the whole; what was done, where the plan has no checklist.
        hazards: what was found beside the checklist.
        evidence_ids: own items of evidence of the whole inspection.
        figures: what was counted on the way, such as ``{"tonnes": 12.5}``.
    """

    client_id: str
    scene: str
    plan: str
    object_id: str
    started_ms: int
    finished_ms: int
    items: Sequence[ItemAnswer] = ()
    checklist_version: int | None = None
    comment: str = ""
    hazards: Sequence[FoundHazard] = ()
    evidence_ids: Sequence[str] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """An inspection in a list. ``score``: of 100, by the weights of what was inspected; None where nothing was."""

    id: str
    scene: str
    plan: str
    register: str
    object_id: str
    object_code: str
    object_title: str
    checklist: str | None
    checklist_version: int | None
    inspector_name: str
    unit_id: str | None
    started_ms: int
    finished_ms: int
    received_ms: int
    lon: float | None
    lat: float | None
    result: Literal["passed", "failed"]
    score: float | None
    asked: int
    failed: int
    left_out: int
    comment: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An item of an inspection with what was asked."""

    no: str
    group: Text
    item: Text
    method: str
    basis: str
    result: ItemResult
    words: str
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or document of an object or of one of its inspections; the item it shows, if any."""

    evidence_id: str
    object_id: str
    inspection_id: str | None
    item_no: str | None
    added_ms: int
    kind: str
    media_type: str
    name: str
    uploader_name: str


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard (隐患) and where its rectification stands. ``late``: a clock of it has run out."""

    case_id: str
    number: str
    scene: str
    title: Text
    grade: Grade
    state: str
    state_title: Text
    ended: bool
    late: bool
    due_ms: int | None
    found_ms: int
    closed_ms: int | None
    rework: int
    reopened: int
    unit_name: str | None
    object_id: str
    object_code: str
    object_title: str
    register: str
    inspection_id: str | None
    item_no: str | None


@dataclass(frozen=True, slots=True)
class InspectionDetail:
    """One inspection with its answers, attachments and hazards."""

    inspection: Inspection
    items: list[AnsweredItem]
    attachments: list[Attachment]
    hazards: list[Hazard]


@dataclass(frozen=True, slots=True)
class Due:
    """How an object stands with a plan. ``period``: the one that runs; overdue: of the one that was missed."""

    scene: str
    plan: str
    every: Every
    state: DueState
    object_id: str
    code: str
    title: str
    register: str
    unit_id: str | None
    unit_name: str | None
    supervisor_id: str | None
    area_code: str | None
    lon: float | None
    lat: float | None
    period_from_ms: int
    period_to_ms: int
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page of what is due, overdue first; ``counts`` by state under the other filters."""

    items: list[Due]
    total: int
    page: int
    page_size: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Which objects and plans. ``mine``: only what this person's unit has to inspect.

    ``near``: nearest first instead of overdue first. ``at_ms``: as it stood then, by the objects of today.
    """

    scene: str | None = None
    plan: str | None = None
    state: tuple[DueState, ...] = ()
    object_id: str | None = None
    unit_id: str | None = None
    area: str | None = None
    q: str | None = None
    mine: bool = False
    near: tuple[float, float] | None = None
    at_ms: int | None = None
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class Covered:
    """What of a district's objects was inspected in a period: how many were due, passed, failed, were not inspected.

    ``idle``: out of use, or nothing was due; ``left_out``: items that were not inspected in inspections that were made.
    """

    every: Every
    period_from_ms: int
    period_to_ms: int
    running: bool
    area_code: str | None
    due: int
    passed: int
    failed: int
    missing: int
    idle: int
    left_out: int


@dataclass(frozen=True, slots=True)
class HazardFilter:
    """Which hazards: every given condition must hold."""

    scene: str | None = None
    grade: str | None = None
    ended: bool | None = None
    late: bool | None = None
    object_id: str | None = None
    q: str | None = None
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class InspectionFilter:
    """Which inspections: every given condition must hold; from ``from_ms`` (included) to ``to_ms`` (not included)."""

    scene: str | None = None
    plan: str | None = None
    object_id: str | None = None
    result: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    page: int = 1
    page_size: int = 50
