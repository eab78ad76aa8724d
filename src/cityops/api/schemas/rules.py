"""Rules (规则): the catalogue, rule tables with their versions, and why a case would go where."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment, Page, Place
from cityops.api.schemas.intake import ImportRowError


class RuleVersionRow(Model):
    """A published version; ``copied_from`` is set when it was rolled back to."""

    version: int
    rows: int
    copied_from: int | None
    note: str
    actor_name: str
    published_at: Moment


class RuleColumn(Model):
    """A column of a table: its field, its heading in the sheet, and what its cells that are words of ours say."""

    name: str
    heading: str
    required: bool
    words: dict[str, Bilingual]


class RuleTableSummary(Model):
    """A rule table and what is in force: ``version`` 0 is what the product brings."""

    name: str
    title: Bilingual
    hint: Bilingual
    version: int
    rows: int
    published: RuleVersionRow | None
    left_out: list[ImportRowError]
    columns: list[RuleColumn]


class RuleTableList(Model):
    """All rule tables."""

    items: list[RuleTableSummary]


class RuleRows(Model):
    """A page of a version's rows; ``version`` 0 is what the product brings."""

    version: int
    items: list[dict[str, str]]
    page: Page


class RuleVersionList(Model):
    """The versions of a table, newest first."""

    items: list[RuleVersionRow]


class ChangedRule(Model):
    """A row that stands in both versions with other words."""

    before: dict[str, str]
    after: dict[str, str]
    fields: list[str]


class RuleChanges(Model):
    """What is different between two versions, at most 500 rows of each kind; the counts are of all."""

    added: list[dict[str, str]]
    changed: list[ChangedRule]
    removed: list[dict[str, str]]
    added_count: int
    changed_count: int
    removed_count: int


class RuleCheck(Model):
    """What is wrong in a sheet, and what would change against the version in force."""

    rows: int
    valid: bool
    errors: list[ImportRowError]
    changes: RuleChanges


class RollBack(Model):
    """Publish an older version's rows again; ``expected_version``: the version in force that the person saw."""

    to_version: Annotated[int, Field(ge=1)]
    expected_version: Annotated[int, Field(ge=1)]
    note: Annotated[str, Field(min_length=1, max_length=500)]


class CatalogueRow(Model):
    """An entry of the catalogue: ``path`` is standard/kind/code."""

    path: str
    standard: str
    kind: Literal["component", "matter"]
    code: str
    name: str
    class_code: str
    class_name: str
    local: bool
    conditions: int


class CatalogueGroup(Model):
    """A class (大类) with how many entries it has."""

    code: str
    name: str
    count: int


class CatalogueList(Model):
    """A page of the catalogue, and the classes of the kind."""

    items: list[CatalogueRow]
    classes: list[CatalogueGroup]
    page: Page


class RouteQuestion(Model):
    """Why would a case go where, and by when: a matter, a place (a point or a unit grid), a source, a moment."""

    matter: Annotated[str, Field(max_length=80)]
    lon: Longitude | None = None
    lat: Latitude | None = None
    grid: Annotated[str | None, Field(max_length=20)] = None
    source: Annotated[str, Field(max_length=20)] = "hotline"
    at: Moment | None = None


class ConsideredRoute(Model):
    """A row of the routing table that was looked at, whether it fits, and why."""

    row: dict[str, str]
    unit_name: str | None
    fits: bool
    wins: bool
    why: Bilingual


class StageExplained(Model):
    """A stage with its deadline and how that was found; ``planned``: it begins when the one before is done."""

    name: str
    due_at: Moment
    explanation: Bilingual
    provisional: bool
    planned: bool


class StandardExplained(Model):
    """A filing standard of the matter, and its deadlines were the case filed at that moment."""

    number: int
    filing: str
    closing: str
    stages: list[StageExplained]


class RouteAnswer(Model):
    """Where a case would go and by when, with every row that was considered (at most 50 of ``total``)."""

    matter: CatalogueRow
    place: Place | None
    area: str
    words: Bilingual
    unit_name: str | None
    considered: list[ConsideredRoute]
    total: int
    standards: list[StandardExplained]
    duplicate_radius_m: int
    duplicate_window_h: int
    kin: list[str]
