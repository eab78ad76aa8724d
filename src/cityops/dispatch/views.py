"""What the dispatch room says: frozen views with the field names of the HTTP contract. Times are in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cityops.cases import PlaceView
from cityops.kit import Text

CrewStateName = Literal["off_duty", "free", "assigned", "on_scene"]


@dataclass(frozen=True, slots=True)
class CrewView:
    """A crew (处置力量) that can be sent. Where it is, is known only while it is on shift.

    ``shift_ends`` of a crew off duty: when its last shift ran out; ``None`` if the crew ended it itself.
    """

    crew_id: str
    name: str
    unit_id: str
    unit_name: str
    area_code: str | None
    capabilities: list[str]
    state: CrewStateName
    lon: float | None
    lat: float | None
    at: datetime | None
    on_shift_since: datetime | None
    shift_ends: datetime | None
    task_id: str | None
    case_id: str | None
    case_number: str | None
    base_lon: float
    base_lat: float


@dataclass(frozen=True, slots=True)
class Motion:
    """A moving vehicle: position (WGS-84 degrees), course (degrees clockwise from north), speed, and when that was."""

    lon: float
    lat: float
    course_deg: float
    speed_kmh: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where help is needed. With ``motion`` a moving vehicle that is to be met ahead of where it is."""

    lon: float
    lat: float
    capability: str | None = None
    place: PlaceView | None = None
    motion: Motion | None = None


@dataclass(frozen=True, slots=True)
class RecommendationView:
    """One crew in the ranking. ``margin_s``: how long before the vehicle it is there; negative: after it."""

    rank: int
    crew: CrewView
    travel_time_s: float
    distance_m: float
    meet: PlaceView
    meet_name: str | None
    vehicle_eta_s: float | None
    margin_s: float | None
    on_shift_s: float | None
    stays_covered: bool
    reason: Text
    route: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class RecommendationsView:
    """The ranking; the machine proposes, the dispatcher decides. ``unable``: crews left out, each with the reason."""

    items: list[RecommendationView]
    unable: list[dict[str, Any]]
    computed_at: datetime
    took_ms: float


@dataclass(frozen=True, slots=True)
class CrewRouteView:
    """A crew's way to where it is needed, over open roads at free-flow speed.

    Attributes:
        task_id: the crew's task.
        from_lon: where it starts: the crew's latest position, or its base; WGS-84 degrees.
        from_lat: of the same point.
        to: the meeting point, or the case's place.
        to_name: the meeting point's name; ``None`` when the crew goes to the case's place.
        line: (lon, lat) of the way's nodes; empty when no open road leads there.
        length_m: of the way; ``None`` when there is none.
        duration_s: of the way; ``None`` when there is none.
        computed_at: closures in force at this moment were respected.
    """

    task_id: str
    from_lon: float
    from_lat: float
    to: PlaceView
    to_name: str | None
    line: list[tuple[float, float]]
    length_m: float | None
    duration_s: float | None
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A closed stretch of road (封路).

    ``night_begins``, ``night_ends``: in force only in these hours of each day (夜间作业). ``half``: half of the road is
    closed (半幅封路): traffic passes, slowly, and routes still lead through. ``case_id``: the planned work behind it.
    """

    closure_id: str
    road_name: str
    reason: str
    line: list[tuple[float, float]]
    from_at: datetime
    to_at: datetime | None
    night_begins: str | None = None
    night_ends: str | None = None
    half: bool = False
    case_id: str | None = None
    in_force: bool = True
