"""Drills with timings (演练)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cityops.api.schemas.base import Bilingual, Model, Moment, Page

DrillStateName = Literal["planned", "running", "finished", "aborted"]
ClientId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
MAX_AGE_MS = 24 * 3_600_000


class DrillKind(Model):
    """A kind of drill; it takes place at the objects of ``register_name``."""

    scene: str
    kind: str
    title: Bilingual
    register_name: Annotated[str, Field(description="台账 The register of its places")]
    scenario: Bilingual
    basis: str


class DrillKindList(Model):
    """The kinds of drill that this person may plan or see."""

    items: list[DrillKind]


class DrillRow(Model):
    """A drill in a list."""

    drill_id: str
    scene: str
    kind: str
    title: Bilingual
    object_id: str
    object_title: str
    planned_at: Moment
    people_expected: int
    state: DrillStateName
    started_at: Moment | None
    finished_at: Moment | None
    duration_ms: int | None


class DrillList(Model):
    """A page of drills, the latest first."""

    items: list[DrillRow]
    page: Page


class DrillStep(Model):
    """A step against its target and the drill before; times in milliseconds from the start.

    ``late_ms``: over the target, negative before it; ``before``: steps that should have come first and did not.
    """

    step: str
    title: Bilingual
    target_s: int | None
    counts: bool
    press_id: str | None
    elapsed_ms: int | None
    late_ms: int | None
    actor: str | None
    people: int | None
    words: str
    before: list[Bilingual]
    last_ms: int | None


class DrillPress(Model):
    """A step as it was pressed; ``received_at`` is later where there was no network."""

    press_id: str
    step: str
    title: Bilingual
    pressed_at: Moment
    received_at: Moment
    actor: str
    people: int | None
    words: str
    withdrawn_at: Moment | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class Drill(DrillRow):
    """A drill with all its steps and presses. ``now``: the server's time, so that a phone's clock does not matter."""

    scenario: str
    basis: str
    planned_by: str
    people_counted: int | None
    missing: int | None
    in_time: int
    with_target: int
    findings: str
    steps: list[DrillStep]
    presses: list[DrillPress]
    last_drill_id: str | None
    last_started_at: Moment | None
    now: Moment


class NewDrill(Model):
    """A drill to be planned; an empty ``scenario`` is the declared one."""

    client_id: ClientId
    scene: Annotated[str, Field(max_length=40)]
    kind: Annotated[str, Field(max_length=40)]
    object_id: Annotated[str, Field(max_length=26)]
    planned_at: AwareDatetime
    people_expected: Annotated[int, Field(ge=1, le=100_000)]
    scenario: Annotated[str, Field(max_length=2000)] = ""


class NewDrillPress(Model):
    """A step that was pressed ``age_ms`` before this request; ``start`` and ``finish`` are steps of every drill."""

    client_id: ClientId
    step: Annotated[str, Field(max_length=40)]
    age_ms: Annotated[int, Field(ge=0, le=MAX_AGE_MS)] = 0
    people: Annotated[int, Field(ge=0, le=100_000)] | None = None
    words: Annotated[str, Field(max_length=2000)] = ""


class DrillReason(Model):
    """Why a step is withdrawn or a drill broken off."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
