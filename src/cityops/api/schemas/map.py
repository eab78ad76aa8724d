"""Base map and vehicles (地图)."""

from __future__ import annotations

from typing import Literal

from cityops.api.schemas.base import Model, Moment, Place


class MapBase(Model):
    """What the base map is drawn from, each layer a GeoJSON feature collection served by ``/api/map/layers/{name}``."""

    city: str
    synthetic: bool
    center: tuple[float, float]
    bounds: tuple[float, float, float, float]
    layers: list[str]  # districts, streets, grids, roads_major, roads_minor, junctions, pois
    tianditu_key: str | None


class VehicleLive(Model):
    """A vehicle's latest state on the map. ``state`` is moving, stopped, offline or alerting."""

    vehicle_id: str
    device: int
    plate: str  # masked by role
    unit_id: str | None
    lon: float
    lat: float
    speed_kmh: float
    course_deg: int
    at: Moment
    state: Literal["moving", "stopped", "offline", "alerting"]


class VehicleLiveList(Model):
    """All vehicles this person may see."""

    items: list[VehicleLive]
    at: Moment


class Vehicle(Model):
    """A registered vehicle (重点车辆)."""

    vehicle_id: str
    plate: str
    plate_color: str
    vehicle_class: str
    unit_id: str | None
    unit_name: str | None
    device: int | None
    terminal_phone: str | None
    online: bool
    last_seen: Moment | None
    place: Place | None
    speed_kmh: float | None
    counters: dict[str, int]
    active_alerts: int
