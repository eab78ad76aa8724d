"""The map and vehicles."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import ENTERPRISE, PLACE, T0, TRUCK_ID, UNIT_ID

MAP: Final[dict[str, Any]] = {
    "city": "太原（合成）",
    "synthetic": True,
    "center": [112.55, 37.87],
    "bounds": [111.5, 37.45, 113.15, 38.42],
    "layers": ["districts", "streets", "grids", "roads_major", "roads_minor", "junctions", "pois"],
    "tianditu_key": None,
}
LAYER: Final[dict[str, Any]] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": "140105", "name": "小店区"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[112.5, 37.7], [112.6, 37.7], [112.6, 37.8], [112.5, 37.7]]],
            },
        }
    ],
}
VEHICLES_LIVE: Final[dict[str, Any]] = {
    "items": [
        {
            "vehicle_id": TRUCK_ID,
            "device": 17,
            "plate": "晋A12345",
            "unit_id": UNIT_ID,
            "lon": 112.5501,
            "lat": 37.7423,
            "speed_kmh": 62.4,
            "course_deg": 178,
            "at": T0,
            "state": "moving",
        }
    ],
    "at": T0,
}
VEHICLE: Final[dict[str, Any]] = {
    "vehicle_id": TRUCK_ID,
    "plate": "晋A12345",
    "plate_color": "yellow",
    "vehicle_class": "truck",
    "unit_id": UNIT_ID,
    "unit_name": ENTERPRISE,
    "device": 17,
    "terminal_phone": "013900000017",
    "online": True,
    "last_seen": T0,
    "place": PLACE,
    "speed_kmh": 62.4,
    "counters": {"frames": 5120, "bad_frames": 2},
    "active_alerts": 1,
}
