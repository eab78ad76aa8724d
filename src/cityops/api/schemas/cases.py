"""Cases, tasks, notices, steps (案件)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, FormWords, Model, Moment, Page, Place, Severity, TimelineStep


class FormField(Model):
    """A field of the form that a transition asks for."""

    name: str
    title: Bilingual
    kind: Literal[
        "text",
        "long_text",
        "number",
        "choice",
        "crew",
        "datetime",
        "boolean",
        "unit",
        "units",
        "person",
        "case",
        "standard",
        "closing",
    ]
    required: bool
    options: list[dict[str, Any]] = Field([])


class Action(Model):
    """A transition that this person may take now."""

    name: str
    title: Bilingual
    confirm: Bilingual | None
    danger: bool
    task_id: str | None
    fields: list[FormField]
    needs_reason: bool = False  # the step's comment must say why


class Deadline(Model):
    """When something is due, and how that was found."""

    due_at: Moment
    explanation: Bilingual
    provisional: bool
    elapsed_share: float
    overdue: bool


class Task(Model):
    """A piece of a case that one unit, crew or person owes (任务)."""

    task_id: str
    case_id: str
    case_number: str
    kind: str  # rectification, field, police_notice …
    title: Bilingual
    state: str
    state_title: Bilingual
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    deadline: Deadline | None
    created_at: Moment
    done_at: Moment | None
    data: dict[str, Any]
    place: Place | None
    case_version: int  # what a Step on this task sends as its version
    actions: list[Action]
    words: FormWords | None = None  # for ``data``


class Case(Model):
    """A case (案件) in a list."""

    case_id: str
    number: str
    scene: str
    kind: str
    title: Bilingual
    state: str
    state_title: Bilingual
    stage: str
    severity: Severity
    place: Place | None
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    deadline: Deadline | None
    opened_at: Moment
    closed_at: Moment | None
    alert_id: str | None
    version: int


class Notice(Model):
    """A notice to one unit or crew (通知): when it was sent, read and acknowledged."""

    notice_id: str
    case_id: str
    kind: str
    title: Bilingual
    body: Bilingual
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    sent_at: Moment
    read_at: Moment | None
    acknowledged_at: Moment | None


class CaseDetail(Case):
    """A case with everything a person may see and do."""

    tasks: list[Task]
    timeline: list[TimelineStep]
    actions: list[Action]
    notices: list[Notice]
    words: FormWords | None = None  # for the data of the timeline
    workflow: list[dict[str, Any]]  # the states in order with title and whether passed, for the progress bar


class CaseList(Model):
    """A page of cases."""

    items: list[Case]
    page: Page
    counts: dict[str, int]  # by state, under the other filters


class TaskList(Model):
    """What this person or unit owes, most urgent first."""

    items: list[Task]
    page: Page


class Step(Model):
    """A transition asked for: ``version`` is the case's version the person saw; a stale one gets 409."""

    version: int
    task_id: str | None = None
    form: dict[str, Any] = Field({})
    comment: str | None = None


class OpenCase(Model):
    """Open a case from an alert by hand."""

    comment: str | None = None
