"""Registers (台账): their declarations, objects, changes, relations, sheets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment, Page, Problem
from cityops.api.schemas.intake import ImportRowError

Tone = Literal["good", "warning", "bad", "neutral"]
FieldKind = Literal[
    "text", "long_text", "integer", "number", "boolean", "date", "choice", "choices", "object", "phone", "web"
]


class RegisterFieldOption(Model):
    """One value of a choice."""

    value: str
    title: Bilingual


class RegisterFieldInfo(Model):
    """A field of a register's objects; ``listed``: a column of the table, ``filter``: narrows it."""

    name: str
    title: Bilingual
    kind: FieldKind
    required: bool
    options: list[RegisterFieldOption]
    unit: Bilingual | None
    least: float | None
    most: float | None
    register_name: str | None
    help: Bilingual | None
    listed: bool
    filter: bool
    personal: bool


class RegisterStateInfo(Model):
    """A state of an object; ``idle``: nothing is inspected while it lasts; ``next``: what may follow, null: any."""

    value: str
    title: Bilingual
    tone: Tone
    idle: bool
    next: list[str] | None


class RegisterSummary(Model):
    """A register on the overview: whose it is, how many objects this person sees in each state."""

    name: str
    title: Bilingual
    description: Bilingual | None
    scene: str
    scene_title: Bilingual
    geometry: Literal["none", "point", "line", "area", "shape"]
    layer: bool
    may_write: bool
    counts: dict[str, int]


class RegisterList(Model):
    """The registers that this person reads."""

    items: list[RegisterSummary]


class RegisterInfo(RegisterSummary):
    """All that forms, tables, filters and maps of a register are made from."""

    code_title: Bilingual
    title_title: Bilingual
    code_pattern: str | None
    fields: list[RegisterFieldInfo]
    states: list[RegisterStateInfo]
    json_schema: dict[str, Any]


class RegisterEntry(Model):
    """An object of a register; ``hidden``: personal fields whose values this person is not shown."""

    object_id: str
    register_name: str
    code: str
    title: str
    unit_id: str | None
    unit_name: str | None
    supervisor_id: str | None
    supervisor_name: str | None
    area_code: str | None
    area_name: str | None
    lon: float | None
    lat: float | None
    geometry: dict[str, Any] | None
    state: str
    data: dict[str, Any]
    hidden: list[str]
    editable: bool
    version: int
    created_at: Moment
    updated_at: Moment


class RegisterEntryList(Model):
    """A page of objects."""

    items: list[RegisterEntry]
    page: Page


class EntryValues(Model):
    """What is given of an object; of ``data`` the fields that are given, ``null`` takes a value away."""

    code: Annotated[str | None, Field(max_length=64)] = None
    title: Annotated[str | None, Field(max_length=128)] = None
    unit_id: Annotated[str | None, Field(max_length=26)] = None
    supervisor_id: Annotated[str | None, Field(max_length=26)] = None
    area_code: Annotated[str | None, Field(max_length=16)] = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    geometry: dict[str, Any] | None = None
    state: Annotated[str | None, Field(max_length=40)] = None
    data: Annotated[dict[str, Any], Field(max_length=200)] = Field(default_factory=dict)


class NewEntry(EntryValues):
    """A new object; the register itself says what its code and title may be."""

    code: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=128)]


class EntryChange(Model):
    """A change of an object: only what is in ``changes`` changes."""

    expected_version: Annotated[int, Field(ge=1)]
    reason: Annotated[str | None, Field(max_length=256)] = None
    changes: EntryValues


class EntryHistoryChange(Model):
    """A value before and after; ``field`` is one of the register's, or one that every object has."""

    field: str
    before: Any
    after: Any


class EntryHistoryRow(Model):
    """A change of an object: who, when, why, what."""

    version: int
    at: Moment
    actor_name: str
    reason: str | None
    changes: list[EntryHistoryChange]


class EntryHistory(Model):
    """Every change, newest first. ``names``: of the units (by id) and divisions (by code) that are spoken of."""

    items: list[EntryHistoryRow]
    names: dict[str, str]


class EntryRelation(Model):
    """A related object: named by this one (``named``), or naming this one, through ``field``."""

    field: str
    named: bool
    entry: RegisterEntry


class EntryRelations(Model):
    """All related objects that this person sees."""

    items: list[EntryRelation]


class EntryFilter(Model):
    """Which objects, as the list is narrowed; ``fields``: by a field that the register says is a filter."""

    state: Annotated[str | None, Field(max_length=40)] = None
    unit_id: Annotated[str | None, Field(max_length=26)] = None
    area: Annotated[str | None, Field(max_length=16)] = None
    q: Annotated[str | None, Field(max_length=100)] = None
    fields: Annotated[dict[str, str], Field(max_length=20)] = Field(default_factory=dict)


class BulkEdit(Model):
    """The same change of several objects, chosen by id or by filter. With ``preview`` nothing is written.

    ``expected``: how many objects the preview counted; another number refuses the change.
    """

    object_ids: Annotated[list[str] | None, Field(max_length=5000)] = None
    wanted: EntryFilter | None = None
    changes: EntryValues
    reason: Annotated[str, Field(min_length=1, max_length=256)]
    preview: bool = True
    expected: Annotated[int | None, Field(ge=0)] = None


class BulkFault(Model):
    """An object that the change does not fit, and why."""

    code: str
    text: Bilingual


class BulkResult(Model):
    """What the change did or, for a preview, would do."""

    matched: int
    changed: int
    unchanged: int
    faults: list[BulkFault]
    written: bool


class SheetJob(Model):
    """An import under way or over; ``done`` of ``total`` rows in this ``phase``; the first 500 ``errors``.

    ``refused``: ``problem`` says why, ``errors`` which rows; nothing was imported.
    """

    job_id: str
    register_name: str
    phase: Literal["reading", "checking", "writing", "done", "refused"]
    done: int
    total: int
    rows: int
    added: int
    changed: int
    unchanged: int
    errors: list[ImportRowError]
    error_count: int
    problem: Problem | None
