"""Crews, recommendations, routes, closures."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CREW_ID, PLACE, T0, TASK_ID, UNIT_ID

CREW: Final[dict[str, Any]] = {
    "crew_id": CREW_ID,
    "name": "小店一中队",
    "unit_id": UNIT_ID,
    "unit_name": "小店大队",
    "capabilities": ["traffic_stop"],
    "state": "free",
    "lon": 112.56,
    "lat": 37.75,
    "base_lon": 112.57,
    "base_lat": 37.74,
    "at": T0,
    "on_shift_since": "2026-05-12T20:00:00+08:00",
    "shift_ends": "2026-05-13T04:00:00+08:00",
    "task_id": None,
    "case_number": None,
}
CREW_LIST: Final[dict[str, Any]] = {"items": [CREW]}
RECOMMENDATIONS: Final[dict[str, Any]] = {
    "items": [
        {
            "rank": 1,
            "crew": CREW,
            "travel_time_s": 240.0,
            "distance_m": 2100.0,
            "meet": PLACE,
            "meet_name": "唐槐路出口",
            "vehicle_eta_s": 540.0,
            "margin_s": 300.0,
            "on_shift_s": 10800.0,
            "stays_covered": True,
            "reason": {
                "zh": "2.1 公里，4 分钟，已在岗 3 小时，片区仍有覆盖",
                "en": "2.1 km, 4 min, on shift 3 h, stays covered",
            },
            "route": [[112.56, 37.75], [112.5501, 37.7423]],
        }
    ],
    "unable": [{"crew_id": "01JV0CREW00000000000000002", "reason": {"zh": "不在岗", "en": "off duty"}}],
    "computed_at": T0,
    "took_ms": 3.2,
}
CREW_ROUTE: Final[dict[str, Any]] = {
    "task_id": TASK_ID,
    "from_lon": 112.56,
    "from_lat": 37.75,
    "to": PLACE,
    "to_name": "唐槐路出口",
    "line": [[112.56, 37.75], [112.5501, 37.7423]],
    "length_m": 2100.0,
    "duration_s": 240.0,
    "computed_at": T0,
}
CLOSURE: Final[dict[str, Any]] = {
    "closure_id": "01JV0CLOS00000000000000001",
    "road_name": "唐槐路",
    "reason": "路灯更换，半幅封闭",
    "line": [[112.55, 37.74], [112.55, 37.745]],
    "from_at": T0,
    "to_at": None,
    "night_begins": "22:00",
    "night_ends": "05:00",
    "half": True,
    "case_id": None,
    "in_force": False,
}
CLOSURE_LIST: Final[dict[str, Any]] = {"items": [CLOSURE]}
CREW_POSITION: Final[dict[str, Any]] = {"lon": 112.56, "lat": 37.75, "coordinate_system": "wgs84"}
CREW_SHIFT: Final[dict[str, Any]] = {"on": True}
NEW_CLOSURE: Final[dict[str, Any]] = {"lon": 112.55, "lat": 37.74, "reason": "路灯更换，半幅封闭", "to_at": None}
