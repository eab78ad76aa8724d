"""The map (地图): base layers, live vehicles, the look-up of one vehicle for a case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.lookup import look_up_vehicle
from cityops.api.security import OwnParts, Person, Services
from cityops.kit import from_ms
from cityops.places import LAYER_NAMES

router = APIRouter(prefix="/api", tags=["地图 Map"])


@router.get("/map", **spec("底图", "The base map", answer=examples.MAP, public=True))
def base_map(services: Services) -> schemas.MapBase:
    """Centre, bounds, and which layers there are; public, for the map on which residents mark a place."""
    city = services.city
    return schemas.MapBase(
        city=city.name,
        synthetic=city.synthetic,
        center=city.center,
        bounds=city.bounds,
        layers=list(LAYER_NAMES),
        tianditu_key=services.settings.tianditu_key or None,
    )


@router.get(
    "/map/layers/{name}",
    response_class=Response,
    **spec(
        "底图图层",
        "A layer of the base map",
        answer=examples.LAYER,
        media_type="application/geo+json",
        public=True,
        refusals=(404,),
    ),
)
def map_layer(request: Request, parts: OwnParts, name: Annotated[str, Path(max_length=32)]) -> Response:
    """GeoJSON. A layer changes only with the city: ask with ``If-None-Match`` and get 304."""
    layer = parts.layers.get(name)
    headers = {"ETag": layer.etag, "Cache-Control": "private, no-cache"}
    if layer.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(layer.content, media_type="application/geo+json", headers=headers)


@router.get(
    "/vehicles/live",
    **spec("车辆实时状态", "Vehicles now", Permission.MAP_READ, answer=examples.VEHICLES_LIVE),
)
def vehicles_live(services: Services, parts: OwnParts, person: Person) -> schemas.VehicleLiveList:
    """Every vehicle this person may see, with its plate (masked by role). ``/api/live`` continues from here."""
    return schemas.VehicleLiveList(items=parts.vehicles.list(person), at=from_ms(services.clock.now_ms()))


@router.get(
    "/vehicles/{vehicle_id}",
    **spec(
        "因案查询车辆",
        "Look up a vehicle for a case",
        Permission.PLATES_READ,
        answer=examples.VEHICLE,
        refusals=(404,),
    ),
)
def look_up(
    services: Services,
    parts: OwnParts,
    person: Person,
    vehicle_id: Annotated[str, Path(max_length=26)],
    purpose: Annotated[str, Query(min_length=2, max_length=200, description="查询目的 Why")],
    case_id: Annotated[str, Query(min_length=1, max_length=26, description="所办案件 For which case")],
) -> schemas.Vehicle:
    """Only for a case that this person may see and that is about this vehicle. Every look-up is audited."""
    return look_up_vehicle(services, parts.vehicles, person, vehicle_id, purpose=purpose.strip(), case_id=case_id)
