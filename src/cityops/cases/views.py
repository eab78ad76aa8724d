"""What the cases room says: frozen views with the field names of the HTTP contract. Times are in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cityops.kit import CityOpsError, Text

SEVERITY_NAMES: Final = {1: "notice", 2: "warning", 3: "serious", 4: "critical"}
"""Names of the severities (提示、警告、严重、特别严重)."""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A point (WGS-84 degrees) and the smallest places that hold it."""

    lon: float
    lat: float
    district_code: str | None = None
    district_name: str | None = None
    street_name: str | None = None
    community_name: str | None = None
    grid_code: str | None = None
    road_name: str | None = None


@dataclass(frozen=True, slots=True)
class PageView:
    """Where a list stands; pages count from 1."""

    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form."""

    name: str
    title: Text
    kind: str
    required: bool
    options: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ActionView:
    """A step that this person may take now. ``needs_reason``: the comment must say why."""

    name: str
    title: Text
    confirm: Text | None
    danger: bool
    task_id: str | None
    fields: list[FieldView]
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """When something is due and how that was found. ``elapsed_share`` is of the time that counts, 1 when due.

    ``exempt``: an appeal was approved (申诉通过); the delay stays a fact and does not count in the evaluation.
    """

    due_at: datetime
    explanation: Text
    provisional: bool
    elapsed_share: float
    overdue: bool
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class TimelineStepView:
    """A step (办理过程): what, who, when."""

    at: datetime
    action: str
    title: Text
    actor: str
    actor_role: str | None
    unit_name: str | None
    comment: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice to one unit or crew (通知), with when it was sent, read and acknowledged."""

    notice_id: str
    case_id: str
    kind: str
    title: Text
    body: Text
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    sent_at: datetime
    read_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """A piece of a case that one unit or crew owes (任务)."""

    task_id: str
    case_id: str
    case_number: str
    kind: str
    title: Text
    state: str
    state_title: Text
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    person_id: str | None
    person_name: str | None
    lead: bool
    deadline: DeadlineView | None
    created_at: datetime
    done_at: datetime | None
    data: dict[str, Any]
    place: PlaceView | None
    case_version: int
    actions: list[ActionView]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case (案件) in a list."""

    case_id: str
    number: str
    scene: str
    kind: str
    title: Text
    state: str
    state_title: Text
    stage: str
    severity: str
    place: PlaceView | None
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    deadline: DeadlineView | None
    opened_at: datetime
    closed_at: datetime | None
    alert_id: str | None
    version: int
    level: str | None
    standard: str | None
    closing: str | None
    rework: int
    reopened: int
    origin_id: str | None
    merged_into_id: str | None


@dataclass(frozen=True, slots=True)
class CaseDetailView(CaseView):
    """A case with everything this person may see and do."""

    tasks: list[TaskView]
    timeline: list[TimelineStepView]
    actions: list[ActionView]
    notices: list[NoticeView]
    workflow: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of cases; ``counts`` by state under the other filters."""

    items: list[CaseView]
    page: PageView
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of tasks, most urgent first."""

    items: list[TaskView]
    page: PageView


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: every given condition must hold. ``q`` finds number, title, plate or unit."""

    state: str | None = None
    scene: str | None = None
    kind: str | None = None
    q: str | None = None
    unit_id: str | None = None
    vehicle_id: str | None = None
    crew_id: str | None = None
    overdue: bool | None = None
    ended: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class Step:
    """A transition asked for. ``version`` is the case's version the person saw."""

    version: int
    task_id: str | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of a bulk call: done, or refused with the reason; the others are not touched by it."""

    case_id: str
    done: bool
    error: CityOpsError | None = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported (上报人). Every reporter is kept through merging and splitting, and told the outcome.

    ``channel``: collector, hotline, portal, open311 …; ``reference``: the follow-up code or ticket of that channel.
    """

    channel: str
    name: str | None = None
    contact: str | None = None
    account_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """What opens a case. ``words`` fill the notices; ``place`` has the fields of ``PlaceView``."""

    scene: str
    kind: str
    title: Text
    severity: int
    lon: float | None = None
    lat: float | None = None
    area_code: str | None = None
    place: Mapping[str, Any] = field(default_factory=dict)
    vehicle_id: str | None = None
    plate: str | None = None
    unit_id: str | None = None
    unit_name: str | None = None
    police_unit_id: str | None = None
    police_unit_name: str | None = None
    alert_id: str | None = None
    comment: str | None = None
    words: Mapping[str, Text] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    reporter: Reporter | None = None
    level: str | None = None
    origin_id: str | None = None
