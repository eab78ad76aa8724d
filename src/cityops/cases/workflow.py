"""A workflow is data (流程即数据): states, transitions, tasks, forms, effects. Nothing outside it can happen to a case.

A case has one machine of its own; each kind of task beside it has another. Stages are the seven of the national
workflow (GB/T 47678; 信息收集、案卷建立、任务派遣、任务处理、处理反馈、核查结案、综合评价).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cityops.kit import InvalidError, Limit, LimitUnit, Text

Stage = Literal["collect", "file", "dispatch", "handle", "feed_back", "verify", "evaluate"]
FieldKind = Literal["text", "long_text", "number", "choice", "crew", "datetime", "boolean"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

CANCELLED = "cancelled"
"""The state every task can be moved to when its case ends before the task does (随案终止)."""

CANCELLED_TITLE = Text("随案终止", "Ended with the case")


class Data(BaseModel):
    """Base of every declared thing: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Data):
    """The same words in Chinese and English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    @property
    def text(self) -> Text:
        """As the kit's ``Text``."""
        return Text(self.zh, self.en)


class Option(Data):
    """One choice of a ``choice`` field."""

    value: Name
    title: Words


class FormField(Data):
    """A field of the form that a transition asks for. ``capability``: what a crew must be able to do (crew fields)."""

    name: Name
    title: Words
    kind: FieldKind
    required: bool = False
    options: tuple[Option, ...] = ()
    capability: Name | None = None

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("options belong to a choice field, and a choice field needs them")
        if self.capability is not None and self.kind != "crew":
            raise ValueError("capability belongs to a crew field")
        return self


class LimitSpec(Data):
    """A time limit: an amount of one of the four units (紧急工作时、工作时、工作日、自然日)."""

    amount: int | float
    unit: LimitUnit

    @property
    def limit(self) -> Limit:
        """As the kit's ``Limit``."""
        return Limit(self.amount, self.unit)

    @model_validator(mode="after")
    def _amount_fits_the_unit(self) -> Self:
        try:
            _ = self.limit
        except InvalidError as error:
            raise ValueError(str(error)) from error
        return self


class Effect(Data):
    """What a transition does besides changing the state. ``task`` and ``to`` name a kind of task and its state."""

    do: Name
    task: Name | None = None
    to: Name | None = None


class Requirement(Data):
    """A condition: every task of this kind must be in one of these states; ``otherwise`` tells the person why not."""

    task: Name
    states: Annotated[tuple[Name, ...], Field(min_length=1)]
    otherwise: Words


class Transition(Data):
    """One step that a person may take (办理动作). Permission, form and effects are always stated, if only as empty.

    ``kind`` is forward, return (退回, needs a reason) or void (作废, needs a reason). ``task`` says that the step is
    taken through the open task of that kind.
    """

    action: Name
    title: Words
    sources: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    to: Name
    permission: str
    form: tuple[FormField, ...]
    effects: tuple[Effect, ...]
    kind: Literal["forward", "return", "void"] = "forward"
    task: Name | None = None
    requires: tuple[Requirement, ...] = ()
    confirm: Words | None = None
    danger: bool = False

    @property
    def needs_reason(self) -> bool:
        """A return path or a voiding is never taken without a reason."""
        return self.kind != "forward"

    def field_of(self, kind: FieldKind) -> FormField | None:
        """The first field of this kind, or ``None``."""
        return next((field for field in self.form if field.kind == kind), None)


class State(Data):
    """A state. ``end``: nothing follows. ``aside``: not part of the way through (left out of the progress bar).

    ``waiting`` (tasks): it lies with somebody else now, so that the owner's clock stands.
    """

    title: Words
    stage: Stage = "handle"
    end: bool = False
    aside: bool = False
    waiting: bool = False


class Machine(Data):
    """States and the transitions between them."""

    initial: Name
    states: Annotated[dict[Name, State], Field(min_length=1)]
    transitions: tuple[Transition, ...] = ()

    def find(self, action: str, state: str) -> Transition | None:
        """The transition of this name out of this state, or ``None``."""
        return next((t for t in self.transitions if t.action == action and state in t.sources), None)

    def leaving(self, state: str) -> Iterator[Transition]:
        """All transitions out of a state, in their declared order."""
        return (t for t in self.transitions if state in t.sources)

    def knows(self, action: str) -> bool:
        """Whether any transition has this name."""
        return any(t.action == action for t in self.transitions)


class NoticeSpec(Data):
    """The words of the notice (通知) sent when the task is opened; ``{name}`` is filled from the case."""

    title: Words
    body: Words


class TaskKind(Machine):
    """A kind of task (任务): who owes it, from when, until when.

    ``owner``: ``unit`` is the case's own unit (the enterprise), ``police`` the responsible police unit, ``crew`` the
    crew that was sent.
    """

    title: Words
    owner: Literal["unit", "police", "crew"]
    at_opening: bool = False
    limit: LimitSpec | None = None
    notice: NoticeSpec | None = None


class Workflow(Machine):
    """The workflow of one kind of case."""

    name: Name
    title: Words
    number_prefix: Annotated[str, Field(pattern=r"^[A-Z]{1,6}$")]
    limit: LimitSpec | None = None
    tasks: dict[Name, TaskKind] = Field(default_factory=dict)

    def way(self, state: str) -> list[dict[str, Any]]:
        """The states in order with whether they are passed, for a progress bar."""
        names = [name for name, entry in self.states.items() if not entry.aside or name == state]
        here = names.index(state)
        return [
            {
                "state": name,
                "title": {"zh": self.states[name].title.zh, "en": self.states[name].title.en},
                "stage": self.states[name].stage,
                "passed": index < here and not self.states[state].aside,
                "current": index == here,
            }
            for index, name in enumerate(names)
        ]


Workflows = Mapping[tuple[str, str], Workflow]
"""Workflows by (scene, kind)."""
