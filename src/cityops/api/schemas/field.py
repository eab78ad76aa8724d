"""Work in the street: the cached catalogue, answers to tasks, patrols and their coverage (外业)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cityops.api.schemas.base import Latitude, Longitude, Model, Moment

ClientId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{8,64}$")]


class CatalogueEntry(Model):
    """What can be reported, with how its name is read: syllables of pinyin apart by spaces."""

    standard: str
    kind: Literal["component", "matter"]
    code: str
    name: str
    class_name: str
    pinyin: str


class FieldCatalogue(Model):
    """Every entry in force, for a phone to search without a network. ``version`` changes when anything does."""

    version: str
    items: list[CatalogueEntry]


class NewTaskAnswer(Model):
    """A step on a task as a phone has it; the same ``client_id`` again is the same answer."""

    client_id: ClientId
    action: Annotated[str, Field(max_length=64)]
    answered_at: Moment
    form: dict[str, Any] = Field({})
    comment: Annotated[str | None, Field(max_length=4000)] = None
    evidence_ids: list[Annotated[str, Field(max_length=26)]] = Field([], max_length=20)


class TaskAnswered(Model):
    """The answer was taken. ``again``: it had been taken before; nothing was changed now."""

    task_id: str
    case_number: str
    again: bool


class NewPatrolShift(Model):
    """A time on duty (上岗): when it began and, once it is over, when it ended, by the phone's clock."""

    started_at: Moment
    ended_at: Moment | None = None


class PatrolShift(Model):
    """A person's own time on duty; ``points``: how many positions of it are kept."""

    client_id: str
    started_at: Moment
    ended_at: Moment | None
    points: int


class PatrolPoint(Model):
    """Where a phone on duty was."""

    at: Moment
    lon: Longitude
    lat: Latitude
    accuracy_m: Annotated[float | None, Field(ge=0, le=100_000)] = None


class PatrolPoints(Model):
    """Positions of one time on duty."""

    points: Annotated[list[PatrolPoint], Field(min_length=1, max_length=500)]


class PatrolKept(Model):
    """What became of them: kept, kept before, refused because outside the time on duty."""

    kept: int
    known: int
    refused: int


class GridWalked(Model):
    """A grid in which somebody walked: in how many hours, and when the last of them began. No persons."""

    grid_code: str
    hours: int
    last_hour_at: Moment


class StreetCoverage(Model):
    """How many grids of a street were walked."""

    street_code: str
    name: str
    grids: int
    walked: int


class PatrolCoverage(Model):
    """Which grids were walked in the period (巡查覆盖); it ends with the last hour that is over."""

    from_at: Moment
    to_at: Moment
    streets: list[StreetCoverage]
    walked: list[GridWalked]
