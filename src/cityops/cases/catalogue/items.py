"""What a catalogue holds: standards, and components and matters keyed (standard, kind, code)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Self

from cityops.kit import InvalidError, Text


class Kind(StrEnum):
    """Kind of a catalogue entry. A component's and a matter's code can be equal, so the kind is part of the key."""

    COMPONENT = "component"
    """部件: a thing that stands in the street."""
    MATTER = "matter"
    """事项 (older: 事件): something that is wrong."""


class ItemKey(NamedTuple):
    """Key of a catalogue entry."""

    standard: str
    kind: Kind
    code: str

    def __str__(self) -> str:
        return f"{self.standard} {self.kind.value} {self.code}"

    @property
    def path(self) -> str:
        """As ``standard/kind/code``, the form of files and of the HTTP interface."""
        return f"{self.standard}/{self.kind.value}/{self.code}"

    @classmethod
    def of_path(cls, text: str) -> Self:
        """The key of ``standard/kind/code``; the standard's name may hold slashes itself.

        Raises:
            InvalidError: ``catalogue.key``: not of this form.
        """
        standard, kind, code = ["", "", *text.rsplit("/", 2)][-3:]
        if not standard or kind not in set(Kind) or not code:
            raise InvalidError(
                f"事项应写作“标准/类型/代码”：{text[:100]}",
                f"a matter is written standard/kind/code, not {text[:100]!r}",
                code="catalogue.key",
                todo=Text("请从目录中选择", "choose it from the catalogue"),
            )
        return cls(standard, Kind(kind), code)


@dataclass(frozen=True, slots=True)
class Standard:
    """A catalogue standard and when it is in force: from ``valid_from`` on, before ``valid_to``; None is open.

    ``local`` marks a city's own extension (地方扩展), which is valid beside the national standard.
    """

    name: str
    valid_from: date | None
    valid_to: date | None
    notice: str
    local: bool = False

    def in_force(self, on: date) -> bool:
        """Whether the standard is in force on that day."""
        return within(on, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A component or a matter (部件、事项) with its class (大类); ``code`` is class and subclass (小类) together."""

    standard: str
    kind: Kind
    class_code: str
    class_name: str
    subclass_code: str
    name: str

    @property
    def code(self) -> str:
        """Class and subclass."""
        return self.class_code + self.subclass_code

    @property
    def key(self) -> ItemKey:
        """The key."""
        return ItemKey(self.standard, self.kind, self.code)


def within(on: date, valid_from: date | None, valid_to: date | None) -> bool:
    """Whether a day is in the half-open span; None is open."""
    return (valid_from is None or valid_from <= on) and (valid_to is None or on < valid_to)


def overlap(a: tuple[date | None, date | None], b: tuple[date | None, date | None]) -> bool:
    """Whether two half-open spans of days share a day."""
    return (a[1] is None or b[0] is None or b[0] < a[1]) and (b[1] is None or a[0] is None or a[0] < b[1])
