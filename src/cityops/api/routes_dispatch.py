"""Dispatch (调度): recommendations, crews, closures."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.reading import show
from cityops.api.security import OwnParts, Person, Services
from cityops.kit import CoordinateSystem, to_ms

router = APIRouter(prefix="/api", tags=["调度 Dispatch"])

CrewId = Annotated[str, Path(max_length=26)]
_SYSTEMS: Final = {
    "wgs84": CoordinateSystem.WGS84,
    "gcj02": CoordinateSystem.GCJ02,
    "bd09": CoordinateSystem.BD09,
}


@router.get(
    "/cases/{case_id}/recommendations",
    **spec(
        "推荐处置力量",
        "Rank the crews for a case",
        Permission.CASES_DISPATCH,
        answer=examples.RECOMMENDATIONS,
        refusals=(404, 409),
    ),
)
def recommend(
    services: Services, parts: OwnParts, person: Person, case_id: Annotated[str, Path(max_length=26)]
) -> schemas.Recommendations:
    """By travel time on the road network, closures included, with the reason in words. A person decides."""
    motion = parts.vehicles.motion_of(services.cases.get(person, case_id).vehicle_id)
    return show(schemas.Recommendations, services.dispatch.recommend_case(person, case_id, motion))


@router.get(
    "/tasks/{task_id}/route",
    **spec(
        "出警路线",
        "The way of a crew or person to its task",
        Permission.CASES_HANDLE,
        answer=examples.CREW_ROUTE,
        refusals=(404, 409),
    ),
)
def crew_route(
    services: Services,
    person: Person,
    task_id: Annotated[str, Path(max_length=26)],
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
) -> schemas.CrewRoute:
    """For the task's own crew: from its latest position (or base) to the meeting point or the case's place.

    A collector says where it starts (``lon``, ``lat``, WGS-84 degrees); that is kept nowhere.
    Closures in force are respected. Where no open road leads there, ``line`` is empty and length and time are null.
    """
    own = None if lon is None or lat is None else (lon, lat)
    return show(schemas.CrewRoute, services.dispatch.crew_route(person, task_id, own))


@router.get("/crews", **spec("处置力量", "List crews", Permission.CREWS_READ, answer=examples.CREW_LIST))
def list_crews(services: Services, person: Person) -> schemas.CrewList:
    """Crews this person may see. A position is there only while the crew is on shift."""
    return schemas.CrewList(items=[show(schemas.Crew, crew) for crew in services.dispatch.crews.list(person)])


@router.post(
    "/crews/{crew_id}/position",
    **spec(
        "上报位置",
        "Report a crew's position",
        Permission.CREWS_REPORT,
        answer=examples.CREW,
        body=examples.CREW_POSITION,
        refusals=(404, 409),
    ),
)
def report_position(
    services: Services, person: Person, crew_id: CrewId, position: schemas.CrewPosition
) -> schemas.Crew:
    """Own crew only, on shift only; the latest position is all that is kept."""
    system = _SYSTEMS[position.coordinate_system]
    return show(
        schemas.Crew,
        services.dispatch.crews.report_position(person, crew_id, position.lon, position.lat, system=system),
    )


@router.post(
    "/crews/{crew_id}/shift",
    **spec(
        "上下班",
        "Begin or end a shift",
        Permission.CREWS_REPORT,
        answer=examples.CREW,
        body=examples.CREW_SHIFT,
        refusals=(404, 409),
    ),
)
def change_shift(services: Services, person: Person, crew_id: CrewId, shift: schemas.CrewShift) -> schemas.Crew:
    """Own crew only. Ending a shift deletes the position; it is refused while the crew is on a case."""
    change = services.dispatch.crews.begin_shift if shift.on else services.dispatch.crews.end_shift
    return show(schemas.Crew, change(person, crew_id))


@router.get("/closures", **spec("封路", "List closures", Permission.MAP_READ, answer=examples.CLOSURE_LIST))
def list_closures(services: Services, person: Person) -> schemas.ClosureList:
    """Closures in force or planned; recommendations respect them at once."""
    return schemas.ClosureList(items=[show(schemas.Closure, one) for one in services.dispatch.closures.list(person)])


@router.post(
    "/closures",
    **spec(
        "新增封路",
        "Close a road",
        Permission.CLOSURES_MANAGE,
        answer=examples.CLOSURE,
        body=examples.NEW_CLOSURE,
        status=201,
        refusals=(404, 409),
    ),
)
def add_closure(services: Services, person: Person, new: schemas.NewClosure) -> schemas.Closure:
    """Closes the stretch of road nearest to the point, in both directions."""
    closure = services.dispatch.closures.create(
        person,
        new.lon,
        new.lat,
        new.reason,
        from_ms=None if new.from_at is None else to_ms(new.from_at),
        to_ms=None if new.to_at is None else to_ms(new.to_at),
    )
    return show(schemas.Closure, closure)


@router.delete(
    "/closures/{closure_id}",
    **spec("解除封路", "Open a road again", Permission.CLOSURES_MANAGE, status=204, refusals=(404,)),
)
def remove_closure(services: Services, person: Person, closure_id: Annotated[str, Path(max_length=26)]) -> Response:
    """The road is open again at once."""
    services.dispatch.closures.end(person, closure_id)
    return Response(status_code=204)
