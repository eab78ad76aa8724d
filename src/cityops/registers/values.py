"""Objects of registers, what may be given of one, its changes, and what a list can be narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, NamedTuple, Required, TypedDict

from cityops.kit import Text

Sort = Literal["code", "title", "newest"]
"""``newest``: what was changed last comes first."""


@dataclass(frozen=True, slots=True)
class RegisterObject:
    """One object of a register.

    Attributes:
        unit_id: who answers for it (主体责任). supervisor_id: who supervises it (监管).
        lon, lat: its point in WGS-84 degrees; of a line or an area, the middle unless another was given.
        geometry: GeoJSON LineString or Polygon in WGS-84 degrees, at most 7 decimals.
        data: the register's own fields; one without a value is not in it.
    """

    id: str
    register: str
    code: str
    title: str
    unit_id: str | None
    supervisor_id: str | None
    area_code: str | None
    lon: float | None
    lat: float | None
    geometry: dict[str, Any] | None
    state: str
    data: dict[str, Any]
    version: int
    created_ms: int
    updated_ms: int


class ObjectValues(TypedDict, total=False):
    """What may be given of an object; ``state``: the register's first when it is new; ``data`` as a whole."""

    code: Required[str]
    title: Required[str]
    unit_id: str | None
    supervisor_id: str | None
    area_code: str | None
    lon: float | None
    lat: float | None
    geometry: Mapping[str, Any] | None
    state: str
    data: Mapping[str, Any]


class NewObject(ObjectValues):
    """A new object and its register."""

    register: Required[str]


class ObjectFilter(TypedDict, total=False):
    """What a list is narrowed by; what is not given narrows nothing, but archived objects are asked for by state.

    ``unit_id``: answers for it or supervises it. ``area``: its code begins so. ``q``: part of code or title.
    ``bbox``: west, south, east, north of its point. ``fields``: by a field that the register says is a ``filter``.
    ``ids``: these only.
    """

    unit_id: str | None
    state: str | None
    area: str | None
    q: str | None
    bbox: tuple[float, float, float, float] | None
    fields: Mapping[str, str]
    ids: tuple[str, ...] | None


CHANGEABLE: Final = tuple(sorted(ObjectValues.__annotations__))
"""What an update may change."""


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """One change: ``changes`` maps a field to its value before and after; ``before`` is None when it was created."""

    version: int
    at_ms: int
    actor_id: str
    actor_name: str
    reason: str | None
    changes: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """Objects of a page, and how many match in all."""

    items: list[RegisterObject]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class Put:
    """What putting many objects did, by code."""

    added: int
    changed: int
    unchanged: int


class Relation(NamedTuple):
    """An object that is related to another: ``field`` names it, in the other (``named``) or in this one."""

    field: str
    named: bool
    object: RegisterObject


class ObjectFault(NamedTuple):
    """What is wrong with an object: a field of its own (``code``, ``lon``, …) or of the register."""

    field: str
    text: Text


def as_row(made: RegisterObject) -> dict[str, Any]:
    """The object as a row of its table."""
    return {field.name: getattr(made, field.name) for field in fields(RegisterObject)}


def differences(before: RegisterObject, after: RegisterObject) -> dict[str, list[Any]]:
    """What changed from one to the other: name to values before and after."""
    return {
        name: [getattr(before, name), getattr(after, name)]
        for name in CHANGEABLE
        if getattr(before, name) != getattr(after, name)
    }
