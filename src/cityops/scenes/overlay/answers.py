"""Answers and bodies of the overlay's routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cityops.api import Bilingual, ImportRowError, Model, Moment, RuleChanges, RuleVersionRow
from cityops.kit import OwnKind
from cityops.scenes.overlay.results import TrialResult
from cityops.scenes.overlay.trials import TrialState

Value = Annotated[str, Field(max_length=1_000)]
Path = Annotated[str, Field(max_length=300)]
Values = Annotated[dict[Path, Value], Field(max_length=2_000)]
Version = Annotated[int, Field(ge=0, le=1_000_000)]
Note = Annotated[str, Field(max_length=500)]


class SceneRow(Model):
    """An installed scene: who answers for it, its package, and which version of the city's overlay holds (0: none).

    ``adjustable``: how many values a city may change; ``changed``: how many it has; ``left_out``: of these no longer
    taken. One that is switched off has only its name and package.
    """

    name: str
    title: Bilingual | None
    owner: Bilingual | None
    package: str
    package_version: str
    enabled: bool
    overlay_version: int
    adjustable: int
    changed: int
    left_out: int
    checklists: list[str]


class SceneList(Model):
    """All installed scenes."""

    items: list[SceneRow]


class LeafRow(Model):
    """A value that the city may change: as built in, and as in force. ``-``: none, where ``optional``."""

    path: str
    kind: OwnKind
    about: Bilingual
    built_in: str
    value: str
    options: list[str]
    number: bool
    optional: bool


class ValueFault(Model):
    """What is wrong with the value of a path; without a path: with several together."""

    path: str
    text: Bilingual


class OverlayAnswer(Model):
    """Everything a city may change of a scene, and what of its own values no longer fits and was left out."""

    scene: str
    title: Bilingual
    owner: Bilingual
    version: int
    published: RuleVersionRow | None
    leaves: list[LeafRow]
    left_out: list[ValueFault]


class ValuesBody(Model):
    """The city's values by path; what is not named is as built in."""

    values: Values


class OverlayCheck(Model):
    """What is wrong, and what would change against the values in force."""

    valid: bool
    faults: list[ValueFault]
    changes: RuleChanges


class SheetValues(Model):
    """The values of a sheet and what is wrong in it."""

    values: dict[str, str]
    errors: list[ImportRowError]


class TrialBody(ValuesBody):
    """Values to try against the version in force that the person saw."""

    expected_version: Version


class PublishBody(TrialBody):
    """Values to publish; ``untried_reason``: why without a trial of exactly these, else empty."""

    note: Annotated[str, Field(min_length=1, max_length=300)]
    untried_reason: Annotated[str, Field(max_length=150)] = ""


class RollBackBody(Model):
    """Publish an older version's values again; 0: what is built in."""

    to_version: Version
    expected_version: Version
    note: Annotated[str, Field(min_length=1, max_length=500)]


class TrialAnswer(Model):
    """A trial: how far it is (``done`` of ``total`` pieces of work) and what it found."""

    trial_id: str
    subject: str
    base_version: int
    rows: list[dict[str, str]]
    state: TrialState
    done: int
    total: int
    result: TrialResult | None
    fault: Bilingual | None
    actor_name: str
    asked_at: Moment
    finished_at: Moment | None


class TrialList(Model):
    """The newest 50 trials of a scene."""

    items: list[TrialAnswer]


class OverlayVersions(Model):
    """The versions, newest first."""

    items: list[RuleVersionRow]
