"""Cases, tasks, notices, steps (案件)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cityops.api.schemas.base import (
    Bilingual,
    FormWords,
    Model,
    Moment,
    Page,
    Place,
    Problem,
    Role,
    Severity,
    TimelineStep,
)


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
    leads_to: Bilingual | None = None  # the state that follows, of the task or of the case
    onward: bool = True  # a step of the way through, neither back nor aside


class BlockedAction(Model):
    """A step that is this person's to take and that a condition holds back, with the reason."""

    name: str
    title: Bilingual
    task_id: str | None
    why: Bilingual


class Choice(Model):
    """Something that a field of a form may name."""

    value: str
    title: Bilingual
    note: Bilingual | None


class ChoiceList(Model):
    """Choices of a field; ``more``: there are others, to be found by typing."""

    items: list[Choice]
    more: bool


class Deadline(Model):
    """When something is due, and how that was found."""

    due_at: Moment
    explanation: Bilingual
    provisional: bool
    elapsed_share: float
    overdue: bool
    exempt: bool = False  # an appeal was approved: the delay stays a fact and does not count


class Task(Model):
    """A piece of a case that one unit, crew or person owes (任务)."""

    task_id: str
    case_id: str
    case_number: str
    case_title: Bilingual | None = None
    kind: str  # rectification, field, police_notice …
    title: Bilingual
    state: str
    state_title: Bilingual
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    person_id: str | None = None
    person_name: str | None = None
    lead: bool = False  # the leading unit's of a joint handling (牵头单位)
    deadline: Deadline | None
    created_at: Moment
    done_at: Moment | None
    data: dict[str, Any]
    place: Place | None
    case_version: int  # what a Step on this task sends as its version
    actions: list[Action]
    words: FormWords | None = None  # for ``data``


class CaseMatter(Model):
    """What a case is about: an entry of the catalogue (事项)."""

    standard: str
    kind: str
    code: str
    name: str


class NamedUnit(Model):
    """A unit by id and name."""

    unit_id: str
    unit_name: str


class SuggestedUnits(Model):
    """Who should handle a case by the routing table (派遣建议), and why; the dispatcher decides."""

    unit: NamedUnit | None
    joint: list[NamedUnit]
    why: Bilingual


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
    level: str | None = None
    standard: str | None = None
    closing: str | None = None
    rework: int = 0
    reopened: int = 0
    matter: CaseMatter | None = None


class CaseRelation(Model):
    """Another case: this one was merged into it or split from it, or the other way round."""

    relation: Literal["merged_into", "merged_here", "origin", "part"]
    case_id: str
    number: str
    title: Bilingual
    state_title: Bilingual


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
    """A case with everything a person may see and do.

    ``inside``: whether what was written in it is shown; false in a confidential case for who does not work on it.
    """

    inside: bool = True
    tasks: list[Task]
    timeline: list[TimelineStep]
    actions: list[Action]
    notices: list[Notice]
    words: FormWords | None = None  # for the data of the timeline
    workflow: list[dict[str, Any]]  # the states in order with title and whether passed, for the progress bar
    description: str = ""  # the reporter's words
    suggested: SuggestedUnits | None = None
    blocked: list[BlockedAction] = Field([])
    relations: list[CaseRelation] = Field([])
    standard_title: Bilingual | None = None  # the filing standard (立案标准) as it was when the case was filed
    closing_title: Bilingual | None = None


class CaseList(Model):
    """A page of cases."""

    items: list[Case]
    page: Page
    counts: dict[str, int]  # by state, under the other filters
    states: dict[str, Bilingual] = Field({})  # titles of the states counted
    more: list[str] = Field([])  # states whose count is a lower bound
    searched_to: Moment | None = None  # a search for words went back to this moment


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


class StepCase(Model):
    """One of the cases of a bulk step, as the person saw it."""

    case_id: Annotated[str, Field(max_length=26)]
    version: int
    task_id: Annotated[str, Field(max_length=26)] | None = None


class Offer(Model):
    """A step that several cases offer with the same form, and which."""

    action: Action
    cases: list[StepCase]


class OfferList(Model):
    """Steps for all or some of the cases asked about, those for the most cases first."""

    items: list[Offer]


class BulkStep(Model):
    """The same step in many cases, each with its version; each is taken or refused by itself."""

    cases: Annotated[list[StepCase], Field(min_length=1, max_length=500)]
    form: dict[str, Any] = Field({})
    comment: str | None = None


class Outcome(Model):
    """What became of one case: done, or refused with the reason."""

    case_id: str
    done: bool
    problem: Problem | None


class OutcomeList(Model):
    """Every case of a bulk step or hand-over with what became of it."""

    items: list[Outcome]


class Holder(Model):
    """Somebody who holds open tasks."""

    account_id: str
    display_name: str
    role: Role
    unit_name: str | None
    active: bool
    open_tasks: int


class HolderList(Model):
    """People whose open tasks may be handed over, those who are switched off first."""

    items: list[Holder]


class HandOver(Model):
    """A leaver's open tasks go to a colleague, for a reason that both are told."""

    from_id: Annotated[str, Field(max_length=26)]
    to_id: Annotated[str, Field(max_length=26)]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class NoticeList(Model):
    """Notices to this person, newest first."""

    items: list[Notice]


class OpenCase(Model):
    """Open a case from an alert by hand."""

    comment: str | None = None
