"""A workflow is data (流程即数据): states, transitions, tasks, forms, effects. Nothing outside it can happen to a case.

A case has one machine of its own; each kind of task beside it has another. Stages are the seven of the national
workflow (GB/T 47678; 信息收集、案卷建立、任务派遣、任务处理、处理反馈、核查结案、综合评价).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cityops.access import Role
from cityops.cases.document_template import DocumentTemplate
from cityops.cases.standards import LimitSpec, Standard
from cityops.kit import CITY_TEXT, Data, Name, Text, Words, refusal

Stage = Literal["collect", "file", "dispatch", "handle", "feed_back", "verify", "evaluate"]
FieldKind = Literal[
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
"""Kinds of fields. ``standard``: one of the workflow's filing standards; ``closing``: one of its closings."""

TYPED = frozenset({"text", "long_text", "number", "choice", "datetime", "boolean"})
"""Kinds of fields that need nothing but the person who fills them in."""

STAY = "stay"
"""As the target of a transition: the state it is taken from."""

WARNING_PERCENTS = (50, 80, 100)
"""Shares of the time allowed at which somebody is warned in every workflow."""

CANCELLED = "cancelled"
"""The state every task can be moved to when its case ends before the task does (随案终止)."""

CANCELLED_TITLE = Text("随案终止", "Ended with the case")


Claim = Annotated[str, Field(pattern=r"^(\*|.{1,40}/(component|matter)/[0-9]{2}([0-9]{3})?)$")]
"""Matters that a workflow takes (认领事项): ``standard/kind/code`` of one matter or of a class; ``*``: the rest."""


class Option(Data):
    """One choice of a field; ``note`` says more about it, such as the limits of a filing standard."""

    value: Name
    title: Words
    note: Words | None = None


class FormField(Data):
    """A field of the form that a transition asks for.

    ``capability``: what a crew must be able to do (crew fields); ``role``: whom a person field may name.
    """

    name: Name
    title: Words
    kind: FieldKind
    required: bool = False
    options: tuple[Option, ...] = ()
    capability: Name | None = None
    role: Role | None = None

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise refusal("选项属于且仅属于单选字段", "options belong to a choice field, and a choice field needs them")
        if self.capability is not None and self.kind != "crew":
            raise refusal("capability 只属于处置力量字段", "capability belongs to a crew field")
        if self.role is not None and self.kind != "person":
            raise refusal("role 只属于人员字段", "role belongs to a person field")
        return self


class Effect(Data):
    """What a transition does besides changing the state. ``task`` and ``to`` name a kind of task and its state.

    ``only``: of several open tasks of the kind, the one the step is taken through, or the lead's (牵头单位).
    ``document``: the template of the document that ``make_document`` makes.
    """

    do: Name
    task: Name | None = None
    to: Name | None = None
    only: Literal["all", "through", "lead"] = "all"
    document: Name | None = None


class Requirement(Data):
    """A condition; ``otherwise`` tells the person why not.

    Either every ``task`` of this kind must be in one of the ``states`` (``others``: except the one the step is taken
    through), or the named condition ``that`` must hold (see ``cases.conditions``).
    """

    otherwise: Words
    task: Name | None = None
    states: tuple[Name, ...] = ()
    others: bool = False
    that: Name | None = None

    @model_validator(mode="after")
    def _one_kind_of_condition(self) -> Self:
        of_task = self.task is not None and bool(self.states)
        if of_task == (self.that is not None) or (self.that is not None and (self.task or self.states or self.others)):
            raise refusal(
                "条件写任务及其状态，或写 that", "a requirement names a task and its states, or the condition 'that'"
            )
        return self


class Transition(Data):
    """One step that a person may take (办理动作). Permission, form and effects are always stated, if only as empty.

    ``kind``: ``forward``; ``return`` (退回) and ``void`` (作废), which need a reason; ``reopen``, which leaves an end
    state and needs a reason; ``after``, which is taken in an end state and stays there (an appeal).
    ``roles`` narrows the permission to people of these roles. ``task``: the step is taken through the open task of that
    kind, which must be in one of the states ``task_from``, if given. ``during``: the states of the case in which a
    task's own step is possible. ``to`` may be ``stay``.
    """

    action: Name
    title: Annotated[Words, CITY_TEXT]
    sources: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    to: Name
    permission: str
    form: tuple[FormField, ...]
    effects: tuple[Effect, ...]
    kind: Literal["forward", "return", "void", "reopen", "after"] = "forward"
    roles: tuple[Role, ...] = ()
    task: Name | None = None
    task_from: tuple[Name, ...] = ()
    during: tuple[Name, ...] = ()
    requires: tuple[Requirement, ...] = ()
    confirm: Annotated[Words | None, CITY_TEXT] = None
    danger: bool = False

    @property
    def needs_reason(self) -> bool:
        """A return path, a voiding or a reopening is never taken without a reason."""
        return self.kind in {"return", "void", "reopen"}

    def field_of(self, kind: FieldKind) -> FormField | None:
        """The first field of this kind, or ``None``."""
        return next((field for field in self.form if field.kind == kind), None)

    def target(self, state: str) -> str:
        """The state it leads to from ``state``."""
        return state if self.to == STAY else self.to


class State(Data):
    """A state. ``end``: nothing follows. ``aside``: not part of the way through (left out of the progress bar).

    ``waiting`` (tasks): it lies with somebody else now, so that the owner's clock stands.
    """

    title: Annotated[Words, CITY_TEXT]
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

    title: Annotated[Words, CITY_TEXT]
    body: Annotated[Words, CITY_TEXT]


class TaskKind(Machine):
    """A kind of task (任务): who owes it, from when, until when.

    ``owner``: ``unit`` is the case's own unit (the enterprise; the lead of a joint handling), ``above`` the unit
    above that (上级单位), ``police`` the responsible police unit, ``supervisor`` the unit that supervises (监管单位; a
    case keeps the one or the other), ``crew`` the crew that was sent, ``named`` each unit that the form names,
    ``person`` the person that the form names, ``desk`` the command centre's own desk, ``asker``
    the unit of whoever takes the step.
    ``limit``: how long, or ``standard``: what the chosen filing standard gives (staged, seasonal).
    """

    title: Annotated[Words, CITY_TEXT]
    owner: Literal["unit", "above", "police", "supervisor", "crew", "named", "person", "desk", "asker"]
    at_opening: bool = False
    limit: LimitSpec | Literal["standard"] | None = None
    notice: NoticeSpec | None = None


class Escalation(Data):
    """Who is told besides the owner when this share of the time has passed (督办升级); 150: half as long again."""

    percent: Annotated[int, Field(ge=100, le=1000)]
    to: Literal["desk", "supervisor"]


class OpeningForm(Data):
    """The form with which people of these roles register a case by hand (登记表).

    ``fields``: what is asked beside title and description, of the kinds a person types or chooses. ``place``: whether a
    point on the map is asked for. ``unit``: the case's unit is the person's own, or one that the person chooses.
    ``units``: codes of the units whose people may register, empty: of every unit (a reception hall, not a park).
    """

    title: Words
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    fields: tuple[FormField, ...] = ()
    place: bool = False
    unit: Literal["own", "chosen"] = "own"
    units: tuple[str, ...] = ()
    severity: Annotated[int, Field(ge=1, le=4)] = 1

    @model_validator(mode="after")
    def _fields_a_person_fills_in(self) -> Self:
        wrong = [field.name for field in self.fields if field.kind not in TYPED]
        if wrong:
            raise refusal(
                f"字段类型须有案件才能填写：{'、'.join(wrong)}", f"of a kind that needs a case: {', '.join(wrong)}"
            )
        if len({field.name for field in self.fields}) != len(self.fields):
            raise refusal("有两个字段同名", "two fields have the same name")
        return self


class Workflow(Machine):
    """The workflow of one kind of case.

    ``intake``: the matters whose reports become such cases, see ``Claim``.
    ``opening``: the form with which people register such a case by hand.
    ``standards``: the filing standards (立案标准) with limits and closing conditions, or ``conditions``: those of the
    city's condition table in force on the day of filing; ``other_standard``: for matters the table does not name.
    ``levels``: who holds a case, highest first (市、区、街道), and ``level_digits``: the length of the area codes of
    each; people below the level a case is on may read it and not act on it.
    ``reopen_window``: how long after closing a case may be opened again.
    ``confidential`` (保密): what was written in a case is shown to those who work on it, to nobody else.
    """

    name: Name
    title: Annotated[Words, CITY_TEXT]
    number_prefix: Annotated[str, Field(pattern=r"^[A-Z]{1,6}$")]
    opening: OpeningForm | None = None
    limit: LimitSpec | None = None
    tasks: dict[Name, TaskKind] = Field(default_factory=dict)
    standards: dict[Name, Standard] | Literal["conditions"] = Field(default_factory=dict)
    other_standard: Standard | None = None
    documents: dict[Name, DocumentTemplate] = Field(default_factory=dict)
    escalations: tuple[Escalation, ...] = ()
    levels: tuple[Name, ...] = ()
    level_digits: tuple[int, ...] = (4, 6, 9)
    confidential: bool = False
    reopen_window: LimitSpec | None = None
    intake: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _every_level_has_its_digits(self) -> Self:
        digits = self.level_digits
        if len(digits) < len(self.levels) or list(digits) != sorted(set(digits)):
            raise refusal(
                "level_digits 须为每一层级给出编码长度，由短到长",
                "level_digits gives a length for every level, shorter codes first",
            )
        return self

    @property
    def warning_percents(self) -> tuple[int, ...]:
        """Shares of the time at which somebody is warned, in order: always 50, 80, 100, then the escalations."""
        return tuple(sorted({*WARNING_PERCENTS, *(step.percent for step in self.escalations)}))

    @property
    def lasting_tasks(self) -> frozenset[str]:
        """The kinds of tasks that a step after the end opens (an appeal): no end of the case stops their clocks."""
        after = (t for t in self.transitions if t.kind == "after")
        return frozenset(e.task for t in after for e in t.effects if e.do == "open_task" and e.task is not None)

    def level_of(self, area_codes: Collection[str]) -> str | None:
        """The level of somebody with these areas, by the shortest code; without areas the highest, if there are any."""
        if not self.levels:
            return None
        shortest = min((len(code) for code in area_codes), default=0)
        return self.levels[min(bisect_left(self.level_digits, shortest), len(self.levels) - 1)]

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
