"""Routes of the winter patrol (冬季巡查)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from cityops.access import Permission
from cityops.api import Latitude, Longitude, Model, Moment, Person, show, spec
from cityops.scenes.urban_management.winter import Result, SpotKind, WinterPatrol
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/urban_management/winter", tags=["城市管理 Urban management"])


class WinterVisit(Model):
    """One look at a place."""

    result: Result
    notes: str
    case_id: str | None
    actor_name: str
    at: Moment


class WinterSpot(Model):
    """A place in a round; no visits: not looked at."""

    spot_id: str
    title: str
    kind: SpotKind
    lon: float
    lat: float
    visits: list[WinterVisit]


class NewWinterSpot(Model):
    """A place where ice or icicles form."""

    title: Annotated[str, Field(min_length=1, max_length=100)]
    kind: SpotKind
    lon: Longitude
    lat: Latitude


class WinterRound(Model):
    """A night's round, named by the day on which it ends."""

    day: date
    spots: list[WinterSpot]
    looked_at: int
    with_ice: int


class WinterMode(Model):
    """From when to when the patrol is on (both days included)."""

    first_day: date
    last_day: date
    note: str
    actor_name: str


class WinterSeason(Model):
    """What was found since a day, and how much of it is handled, counted from the cases."""

    since: date
    found: int
    handled: int


class Winter(Model):
    """Whether the patrol is on, tonight's round, and the season so far."""

    mode: WinterMode | None
    round: WinterRound
    season: WinterSeason | None


class NewWinterMode(Model):
    """A period and why."""

    first_day: date
    last_day: date
    note: Annotated[str, Field(max_length=200)] = ""


class NewWinterVisit(Model):
    """A look at a place; ``client_id`` is made by the phone, so that a look that is sent twice counts once."""

    client_id: Annotated[str, Field(min_length=8, max_length=64)]
    result: Result
    notes: Annotated[str, Field(max_length=500)] = ""
    evidence_ids: Annotated[list[str], Field(max_length=9, default_factory=list)]


_MODE: Final[dict[str, Any]] = {
    "first_day": "2026-11-20",
    "last_day": "2027-03-15",
    "note": "寒潮蓝色预警",
    "actor_name": "值班长",
}
_VISIT: Final[dict[str, Any]] = {
    "result": "icicles",
    "notes": "伸缩缝处两根",
    "case_id": "01JV0CASE00000000000000001",
    "actor_name": "坞城街道信息采集员",
    "at": "2026-11-23T05:40:00+08:00",
}
_ROUND: Final[dict[str, Any]] = {
    "day": "2026-11-23",
    "spots": [
        {
            "spot_id": "01JV0SPOT00000000000000001",
            "title": "南内环西立交桥",
            "kind": "interchange",
            "lon": 112.486,
            "lat": 37.8435,
            "visits": [_VISIT],
        }
    ],
    "looked_at": 1,
    "with_ice": 1,
}
_WINTER: Final = {"mode": _MODE, "round": _ROUND, "season": {"since": "2026-11-20", "found": 12, "handled": 11}}
_NEW_MODE: Final = {name: _MODE[name] for name in ("first_day", "last_day", "note")}
_NEW_VISIT: Final = {"client_id": "phone1-000042", "result": "icicles", "notes": "伸缩缝处两根", "evidence_ids": []}


_NEW_SPOT: Final = {"title": "南内环西立交桥", "kind": "interchange", "lon": 112.52, "lat": 37.84}


@router.get("", **spec("冬季巡查", "Winter patrol", Permission.CASES_READ, answer=_WINTER))
def get_winter(scenes: Scenes, person: Person, day: date | None = None) -> Winter:
    """Whether it is on, the round (of ``day``, else tonight's), and what the season has brought."""
    patrol = WinterPatrol(scenes)
    mode = patrol.mode(person)
    return Winter(
        mode=None if mode is None else show(WinterMode, mode),
        round=show(WinterRound, patrol.round(person, day)),
        season=None if mode is None else show(WinterSeason, patrol.season(person, mode.first_day)),
    )


@router.post(
    "/mode",
    **spec("开启冬季巡查", "Switch it on", Permission.CASES_SUPERVISE, answer=_WINTER, body=_NEW_MODE, status=201),
)
def switch_on(scenes: Scenes, person: Person, new: NewWinterMode) -> Winter:
    """The period declared last counts."""
    WinterPatrol(scenes).switch_on(person, new.first_day, new.last_day, new.note)
    return get_winter(scenes, person)


@router.delete(
    "/mode", **spec("结束冬季巡查", "Switch it off", Permission.CASES_SUPERVISE, status=204, refusals=(409,))
)
def switch_off(scenes: Scenes, person: Person) -> Response:
    """From today; what was found stays."""
    WinterPatrol(scenes).switch_off(person, "")
    return Response(status_code=204)


@router.post(
    "/spots",
    **spec("添加巡查点", "Add a place", Permission.CASES_SUPERVISE, answer=_ROUND, body=_NEW_SPOT, status=201),
)
def add_spot(scenes: Scenes, person: Person, new: NewWinterSpot) -> WinterRound:
    """Looked at from tonight's round on."""
    patrol = WinterPatrol(scenes)
    patrol.add_spot(person, new.title, new.kind, new.lon, new.lat)
    return show(WinterRound, patrol.round(person))


@router.delete(
    "/spots/{spot_id}",
    **spec("停用巡查点", "No longer look at a place", Permission.CASES_SUPERVISE, status=204, refusals=(404, 409)),
)
def remove_spot(scenes: Scenes, person: Person, spot_id: Annotated[str, Path(max_length=26)]) -> Response:
    """What was found there stays."""
    WinterPatrol(scenes).remove_spot(person, spot_id)
    return Response(status_code=204)


@router.post(
    "/spots/{spot_id}/visits",
    **spec(
        "记录巡查",
        "Note a look",
        Permission.PATROL_REPORT,
        answer=_ROUND,
        body=_NEW_VISIT,
        status=201,
        refusals=(404, 409),
    ),
)
def note_visit(
    scenes: Scenes, person: Person, spot_id: Annotated[str, Path(max_length=26)], new: NewWinterVisit
) -> WinterRound:
    """Ice and icicles are filed as a case at once."""
    patrol = WinterPatrol(scenes)
    found = patrol.visit(person, spot_id, new.client_id, new.result, new.notes, new.evidence_ids)
    return show(WinterRound, found)
