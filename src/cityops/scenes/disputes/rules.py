"""The scene's rules as data (规则数据): fields, sources, parties, purposes, retention, the ten mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from cityops.cases import LimitSpec
from cityops.kit import Data, Text, Words, read_yaml
from cityops.scenes.spec import Name

SOCIAL_INSURANCE: Final = "social_insurance"
FIELDS: Final = 12
MECHANISMS: Final = 10
"""How many of each the source (S2) counts."""

Fact = Literal["people", "amount_yuan", "source", "state", "risks", "late"]
Facts = Mapping[str, str | int]
"""What a mechanism's conditions look at, by the names of ``Fact``."""


class Condition(Data):
    """One reason for a mechanism to apply: a figure of at least so much, or one of several words."""

    fact: Fact
    why: Words
    at_least: int | None = None
    one_of: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.at_least is None) == (not self.one_of):
            raise ValueError("a condition says at_least or one_of")
        return self

    def holds(self, facts: Facts) -> bool:
        """Whether it is so in this case."""
        value = facts[self.fact]
        return value >= self.at_least if isinstance(value, int) and self.at_least is not None else value in self.one_of

    def reason(self, facts: Facts) -> Text:
        """Why, with the case's own figures."""
        return Text(self.why.zh.format_map(facts), self.why.en.format_map(facts))


class Mechanism(Data):
    """A mechanism (机制): who does what within which time, and when it applies (one of ``any_of``; none: always)."""

    name: Name
    title: Words
    owner: Words
    duty: Words
    limit: LimitSpec
    any_of: tuple[Condition, ...] = ()


class MechanismTable(Data):
    """The mechanisms in force from a day on."""

    from_day: Annotated[date, Field(alias="from")]
    items: tuple[Mechanism, ...]

    @model_validator(mode="after")
    def _as_many_as_the_source_counts(self) -> Self:
        if len({item.name for item in self.items}) != MECHANISMS or len(self.items) != MECHANISMS:
            raise ValueError(f"there are {MECHANISMS} mechanisms, each once")
        return self


class Purpose(Data):
    """For what parties may be read; ``contact``: whether the whole telephone number is needed for it."""

    title: Words
    contact: bool


class DisputeRules(Data):
    """Everything in ``rules.yaml``."""

    retention_days: Annotated[int, Field(ge=1)]
    fields: dict[Name, Words]
    topics: dict[Name, Words]
    sources: dict[Name, Words]
    party_roles: dict[Name, Words]
    purposes: dict[Name, Purpose]
    attendance: dict[Name, Words]
    mechanisms: Annotated[tuple[MechanismTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [table.from_day for table in self.mechanisms]
        if days != sorted(set(days)):
            raise ValueError("the tables of mechanisms stand in the order of their days")
        if len(self.fields) != FIELDS:
            raise ValueError(f"there are {FIELDS} fields")
        return self

    def mechanisms_on(self, day: date) -> tuple[Mechanism, ...]:
        """The mechanisms in force on a day; none before the first table."""
        in_force = [table for table in self.mechanisms if table.from_day <= day]
        return in_force[-1].items if in_force else ()


ALWAYS: Final = Text("社会保险费争议一律适用", "Applies to every dispute over social-insurance contributions")
NOT_NOW: Final = Text("目前没有触发条件", "None of its conditions holds now")


def mechanism_reasons(mechanism: Mechanism, facts: Facts) -> tuple[bool, list[Text]]:
    """Whether a mechanism applies to a case with these facts, and all reasons why, or why not."""
    if not mechanism.any_of:
        return True, [ALWAYS]
    reasons = [condition.reason(facts) for condition in mechanism.any_of if condition.holds(facts)]
    return bool(reasons), reasons or [NOT_NOW]


@cache
def dispute_rules() -> DisputeRules:
    """The rules beside this file."""
    text = (Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8")
    return DisputeRules.model_validate(read_yaml(text))
