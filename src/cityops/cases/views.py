"""What the cases room says: frozen views with the field names of the HTTP contract. Times are in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
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
    address: str | None = None


@dataclass(frozen=True, slots=True)
class MatterView:
    """What a case is about, an entry of the catalogue (事项): the three parts of its key and its name."""

    standard: str
    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit by id and name."""

    unit_id: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class SuggestedUnits:
    """Who should handle a case by the routing table when it was reported (派遣建议), and why.

    ``unit`` is ``None`` when no row fits, or names a unit that does not exist: the dispatcher decides.
    """

    unit: UnitChoice | None
    joint: tuple[UnitChoice, ...]
    why: Text


@dataclass(frozen=True, slots=True)
class PageView:
    """Where a list stands; pages count from 1. ``at_least``: counting stopped at ``total``; there are more."""

    total: int
    page: int
    page_size: int
    at_least: bool = False


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
    """A step that this person may take now. ``needs_reason``: the comment must say why.

    ``leads_to``: the state that follows, of the task or of the case; ``None`` where the state stays. ``onward``: it is
    a step of the way through, neither back nor aside (into another case, to another level).
    """

    name: str
    title: Text
    confirm: Text | None
    danger: bool
    task_id: str | None
    fields: list[FieldView]
    needs_reason: bool
    leads_to: Text | None = None
    onward: bool = True


@dataclass(frozen=True, slots=True)
class BlockedView:
    """A step that is this person's to take and that a condition of the workflow holds back, with the reason."""

    name: str
    title: Text
    task_id: str | None
    why: Text


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """Something that a field of a form may name; ``note`` helps to choose."""

    value: str
    title: Text
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """Choices of a field; ``more``: there are others, to be found by typing."""

    items: list[ChoiceView]
    more: bool


@dataclass(frozen=True, slots=True)
class OfferedCase:
    """What a step in one of several cases is sent with."""

    case_id: str
    version: int
    task_id: str | None


@dataclass(frozen=True, slots=True)
class OfferView:
    """A step that several cases offer with the same form, and which (批量办理)."""

    action: ActionView
    cases: list[OfferedCase]


@dataclass(frozen=True, slots=True)
class HolderView:
    """Somebody who holds open tasks, and how many (任务移交)."""

    account_id: str
    display_name: str
    role: str
    unit_name: str | None
    active: bool
    open_tasks: int


@dataclass(frozen=True, slots=True)
class RelationView:
    """Another case that this one has to do with.

    ``relation``: ``merged_into`` (this one ended in it), ``merged_here`` (ended in this one), ``origin`` (this one was
    split from it), ``part`` (was split from this one).
    """

    relation: str
    case_id: str
    number: str
    title: Text
    state_title: Text


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
    case_title: Text
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
    matter: MatterView | None


@dataclass(frozen=True, slots=True)
class CaseDetailView(CaseView):
    """A case with everything this person may see and do.

    ``inside``: whether what was written in it is shown; false in a confidential case for who does not work on it.
    """

    inside: bool
    description: str
    suggested: SuggestedUnits | None
    tasks: list[TaskView]
    timeline: list[TimelineStepView]
    actions: list[ActionView]
    notices: list[NoticeView]
    workflow: list[dict[str, Any]]
    blocked: list[BlockedView]
    relations: list[RelationView]
    standard_title: Text | None
    closing_title: Text | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of cases; ``counts`` by state under the other filters, each up to ``listing.COUNT_BOUND``.

    ``states``: the titles of the states counted; ``more``: those whose count is a lower bound. ``searched_to``: a
    search for words went back to this moment; what was opened earlier is found with a period.
    """

    items: list[CaseView]
    page: PageView
    counts: dict[str, int]
    states: dict[str, Text]
    more: list[str]
    searched_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of tasks, most urgent first."""

    items: list[TaskView]
    page: PageView


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of a bulk call: done, or refused with the reason; the others are not touched by it."""

    case_id: str
    done: bool
    error: CityOpsError | None = None
