"""Crews, recommendations, routes, closures (调度)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Latitude, Longitude, Model, Moment, Place


class Crew(Model):
    """A crew (处置力量) that can be sent. Off duty, ``shift_ends`` tells when the last shift ran out, if it did."""

    crew_id: str
    name: str
    unit_id: str
    unit_name: str
    capabilities: list[str]
    state: Literal["off_duty", "free", "assigned", "on_scene"]
    lon: float | None
    lat: float | None
    base_lon: float
    base_lat: float
    at: Moment | None
    on_shift_since: Moment | None
    shift_ends: Moment | None
    task_id: str | None
    case_number: str | None


class CrewList(Model):
    """Crews this person may see."""

    items: list[Crew]


class CrewPosition(Model):
    """Where a crew is, from its phone (WGS-84 unless said otherwise)."""

    lon: Longitude
    lat: Latitude
    coordinate_system: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


class CrewShift(Model):
    """A crew begins (``on``) or ends its shift (上班、下班)."""

    on: bool


class Recommendation(Model):
    """One crew in the ranking. ``meet`` is where it would act: the case's place, or an exit ahead of a moving truck."""

    rank: int
    crew: Crew
    travel_time_s: float
    distance_m: float
    meet: Place
    meet_name: str | None
    vehicle_eta_s: float | None
    margin_s: float | None
    on_shift_s: float | None
    stays_covered: bool
    reason: Bilingual
    route: list[tuple[float, float]]


class Recommendations(Model):
    """The ranking for a case; the machine proposes, the dispatcher decides."""

    items: list[Recommendation]
    unable: list[dict[str, Any]]  # crews left out, with the reason in two languages
    computed_at: Moment
    took_ms: float


class CrewRoute(Model):
    """A crew's way to where it is needed, over open roads. ``line`` is empty when no open road leads there."""

    task_id: str
    from_lon: float
    from_lat: float
    to: Place
    to_name: str | None  # the meeting point; without one the crew goes to the case's place
    line: list[tuple[float, float]]
    length_m: float | None
    duration_s: float | None
    computed_at: Moment


class Closure(Model):
    """A closed stretch of road (封路)."""

    closure_id: str
    road_name: str
    reason: str
    line: list[tuple[float, float]]
    from_at: Moment
    to_at: Moment | None
    night_begins: str | None  # in force only from this hour of each day, such as 22:00
    night_ends: str | None
    half: bool  # half of the road: traffic passes slowly, routes still lead through
    case_id: str | None  # the planned work behind it
    in_force: bool  # now


class ClosureList(Model):
    """Closures in force or planned."""

    items: list[Closure]


class NewClosure(Model):
    """Close the road nearest to a point."""

    lon: Longitude
    lat: Latitude
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    from_at: Moment | None = None
    to_at: Moment | None = None
