"""What the routes of spots say. Counts only: no plate, no person, no single vehicle in any answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cityops.api import Bilingual, Latitude, Longitude, Model, Moment

SpotSource = Literal["alert", "case"]


class SpotPart(Model):
    """A part of a score: so many events of a kind, times their points."""

    source: SpotSource
    name: str
    title: Bilingual
    last_30: int
    last_90: int
    weight: float
    points: float


class SpotRow(Model):
    """A spot in the ranking. Days are 24 hours counted back from now; ``worst``: 1 notice to 4 critical.

    ``before_30``: of the 30 days before the last 30; null where the platform does not know all of them.
    """

    spot_id: str
    code: str
    title: str
    category: str
    state: str
    road: str
    lon: float
    lat: float
    radius_m: int
    unit_name: str | None
    rank: int | None
    score: float
    last_30: int
    before_30: int | None
    last_90: int
    worst: int | None
    parts: list[SpotPart]
    overdue_measures: int


class SpotRanking(Model):
    """All spots in the person's scope, worst first. ``counted_from``: older events were too many to be looked at."""

    now: Moment
    counted_from: Moment | None
    items: list[SpotRow]


class SpotDay(Model):
    """Events of a day."""

    day: str
    alerts: int
    cases: int


class SpotComparison(Model):
    """Before and after the treatment; see the verdicts in the scene's ``comparison.py``."""

    source: SpotSource
    days: int
    before: int
    after: int
    difference: int
    percent: float | None
    p: float | None
    verdict: Literal["not_yet", "no_history", "too_few", "unlikely", "may_be_chance"]


class SpotMeasure(Model):
    """A measure at a spot."""

    measure_id: str
    code: str
    title: str
    what: str
    words: str
    owner: str | None
    unit_name: str | None
    due_on: str
    done_on: str | None
    state: str
    overdue: bool


class SpotFigures(Model):
    """One spot with its figures. ``days``: the last 90, today (not over) last; ``judge_from``: see ``too_few``."""

    row: SpotRow
    counted_from: Moment | None
    days: list[SpotDay]
    treated_on: str | None
    judge_from: float
    comparisons: list[SpotComparison]
    measures: list[SpotMeasure]


class GroupHours(Model):
    """Violations of a group by hour of day."""

    name: str
    title: Bilingual
    hours: list[int]
    total: int


class DutyWindow(Model):
    """Two hours in which to be there: how many violations of the 90 days lie in it, by group."""

    from_hour: int
    to_hour: int
    count: int
    share: float | None
    groups: dict[str, int]


class SpotDeployment(Model):
    """When to be where.

    ``share``: of all violations inside the windows; ``even_share``: what an even spread covers;
    ``few``: fewer violations than the city judges by, so that the windows may be chance.
    """

    past_days: int
    spots: list[str]
    total: int
    few: bool
    rows: list[GroupHours]
    windows: list[DutyWindow]
    share: float | None
    even_share: float


class ProposedKind(Model):
    """How many events of a kind."""

    source: SpotSource
    title: Bilingual
    count: int


class ProposedSpot(Model):
    """A place that the machine proposes, with what that rests on."""

    lon: float
    lat: float
    radius_m: int
    place: str
    area_code: str
    count: int
    kinds: list[ProposedKind]
    hours: list[int]
    first_day: str
    last_day: str


class ProposedSpots(Model):
    """The proposals, most events first, at most ``shown_max``; by which rule, and whether this person decides them."""

    past_days: int
    propose_from: int
    within_m: float
    quiet_days: int
    shown_max: int
    counted_from: Moment | None
    decides: bool
    items: list[ProposedSpot]


class SpotDecision(Model):
    """What a person says of the proposal at a point."""

    lon: Longitude
    lat: Latitude
    verdict: Literal["confirm", "dismiss"]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    category: Literal["congestion", "disorder", "hazard"]
    unit_id: Annotated[str | None, Field(max_length=26)] = None
    why: Annotated[str | None, Field(max_length=2000)] = None


class SpotDecided(Model):
    """The spot of that place; ``created``: by this decision, else it was there already."""

    spot_id: str
    code: str
    state: str
    created: bool
