"""What the cases room is asked: which cases, which step, what is to be opened. Frozen; the answers are in ``views``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cityops.cases.views import MatterView, SuggestedUnits
from cityops.kit import Text


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: every given condition must hold. ``q`` finds number, title, plate or unit; ``area`` by code prefix.

    ``before``: only what comes after this (moment opened, id) in the list, for reading on without pages.
    """

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
    area: str | None = None
    before: tuple[int, str] | None = None
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks: of these kinds, past their deadline now, or of this unit."""

    kinds: tuple[str, ...] = ()
    overdue: bool | None = None
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A transition asked for. ``version`` is the case's version the person saw."""

    version: int
    task_id: str | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None


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
    wants_answer: bool = False


@dataclass(frozen=True, slots=True)
class NewCase:
    """What opens a case. ``words`` fill the notices; ``place`` has the fields of ``PlaceView``.

    A case with a ``matter`` and a place is found when the same is reported again. ``owed_since_ms``: when the clocks of
    its first tasks began, where somebody asked before it was written down. ``standard``: one of the workflow's own
    filing standards, where whoever opens the case knows it.
    """

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
    description: str = ""
    matter: MatterView | None = None
    suggested: SuggestedUnits | None = None
    owed_since_ms: int | None = None
    standard: str | None = None
