"""One worked example of each answer and request, for the OpenAPI document. A test checks each against its schema.

All names, plates and codes are synthetic.
"""

from __future__ import annotations

from typing import Any, Final

_TRUCK: Final = "01JV0TRUCK0000000000000001"
_UNIT: Final = "01JV0UNIT00000000000000001"
_ALERT: Final = "01JV0ALERT0000000000000001"
_CASE: Final = "01JV0CASE00000000000000001"
_CREW: Final = "01JV0CREW00000000000000001"
_TASK: Final = "01JV0TASK00000000000000001"
_T0: Final = "2026-05-12T23:41:05+08:00"
_T1: Final = "2026-05-12T23:42:10+08:00"
_ENTERPRISE: Final = "晋源演示运输有限公司"

PLACE: Final[dict[str, Any]] = {
    "lon": 112.5501,
    "lat": 37.7423,
    "district_code": "140105",
    "district_name": "小店区",
    "street_name": "龙城街道",
    "community_name": None,
    "grid_code": None,
    "road_name": "唐槐路",
}
PAGE: Final[dict[str, Any]] = {"total": 1, "page": 1, "page_size": 50}
ME: Final[dict[str, Any]] = {
    "account_id": "01JV0ACC000000000000000001",
    "username": "dispatcher",
    "display_name": "调度员",
    "role": "dispatcher",
    "unit_id": None,
    "unit_name": None,
    "area_codes": [],
    "crew_id": None,
    "permissions": ["alerts.read", "cases.dispatch", "map.read"],
    "csrf_token": "b0f2c1d4",
}
PRODUCT: Final[dict[str, Any]] = {
    "name": "CityOps",
    "version": "0.1.0",
    "city": "太原（合成）",
    "synthetic": True,
    "demo_accounts": [
        {"username": "dispatcher", "password": "cityops-demo", "role": "dispatcher", "display_name": "调度员"}
    ],
    "now": _T0,
}
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
            "vehicle_id": _TRUCK,
            "device": 17,
            "plate": "晋A12345",
            "unit_id": _UNIT,
            "lon": 112.5501,
            "lat": 37.7423,
            "speed_kmh": 62.4,
            "course_deg": 178,
            "at": _T0,
            "state": "moving",
        }
    ],
    "at": _T0,
}
VEHICLE: Final[dict[str, Any]] = {
    "vehicle_id": _TRUCK,
    "plate": "晋A12345",
    "plate_color": "yellow",
    "vehicle_class": "truck",
    "unit_id": _UNIT,
    "unit_name": _ENTERPRISE,
    "device": 17,
    "terminal_phone": "013900000017",
    "online": True,
    "last_seen": _T0,
    "place": PLACE,
    "speed_kmh": 62.4,
    "counters": {"frames": 5120, "bad_frames": 2},
    "active_alerts": 1,
}
ALERT: Final[dict[str, Any]] = {
    "alert_id": _ALERT,
    "identity": "continuous_driving:1:17:1778586065000",
    "scene": "key_vehicles",
    "detector": "continuous_driving",
    "detector_version": 1,
    "title": {"zh": "连续驾驶超过 4 小时", "en": "Driving over 4 h without rest"},
    "summary": {"zh": "晋A12345 已连续驾驶 4 小时 1 分", "en": "晋A12345 has been driven for 4 h 1 min"},
    "severity": "serious",
    "state": "active",
    "vehicle_id": _TRUCK,
    "plate": "晋A12345",
    "unit_id": _UNIT,
    "unit_name": _ENTERPRISE,
    "started_at": "2026-05-12T19:40:05+08:00",
    "last_at": _T0,
    "ended_at": None,
    "raised_at": _T0,
    "place": PLACE,
    "case_id": None,
    "case_number": None,
    "version": 1,
}
STEP_TAKEN: Final[dict[str, Any]] = {
    "at": _T1,
    "action": "dispatch",
    "title": {"zh": "派遣", "en": "Dispatched"},
    "actor": "调度员",
    "actor_role": "dispatcher",
    "unit_name": None,
    "comment": "就近派小店一中队",
    "data": {"crew_id": _CREW},
}
ALERT_DETAIL: Final[dict[str, Any]] = {
    **ALERT,
    "evidence": {"driving_s": 14460, "limit_s": 14400, "longest_rest_s": 840},
    "rule": "《道路交通安全法实施条例》第六十二条第（七）项",
    "history": [
        {
            **STEP_TAKEN,
            "at": _T0,
            "action": "raised",
            "title": {"zh": "发出预警", "en": "Raised"},
            "actor": "系统",
            "actor_role": None,
            "comment": None,
            "data": {},
        }
    ],
}
ALERT_LIST: Final[dict[str, Any]] = {"items": [ALERT], "page": PAGE}
TRACK: Final[dict[str, Any]] = {"items": [{"lon": 112.5501, "lat": 37.7423, "speed_kmh": 62.4, "at": _T0}]}
DEADLINE: Final[dict[str, Any]] = {
    "due_at": "2026-05-13T00:11:05+08:00",
    "explanation": {"zh": "30 分钟内处置", "en": "to be handled within 30 min"},
    "provisional": False,
    "elapsed_share": 0.04,
    "overdue": False,
}
ACTION: Final[dict[str, Any]] = {
    "name": "dispatch",
    "title": {"zh": "派遣", "en": "Dispatch"},
    "confirm": None,
    "danger": False,
    "task_id": None,
    "fields": [
        {
            "name": "crew_id",
            "title": {"zh": "处置力量", "en": "Crew"},
            "kind": "crew",
            "required": True,
            "options": [],
        }
    ],
    "needs_reason": False,
}
CASE: Final[dict[str, Any]] = {
    "case_id": _CASE,
    "number": "ZD-20260512-0007",
    "scene": "key_vehicles",
    "kind": "fatigue",
    "title": {"zh": "晋A12345 疑似疲劳驾驶", "en": "晋A12345: suspected fatigued driving"},
    "state": "filed",
    "state_title": {"zh": "已立案", "en": "Filed"},
    "stage": "filing",
    "severity": "serious",
    "place": PLACE,
    "vehicle_id": _TRUCK,
    "plate": "晋A12345",
    "unit_id": _UNIT,
    "unit_name": _ENTERPRISE,
    "crew_id": None,
    "crew_name": None,
    "deadline": DEADLINE,
    "opened_at": _T0,
    "closed_at": None,
    "alert_id": _ALERT,
    "version": 1,
}
TASK: Final[dict[str, Any]] = {
    "task_id": _TASK,
    "case_id": _CASE,
    "case_number": "ZD-20260512-0007",
    "kind": "rectification",
    "title": {"zh": "企业整改", "en": "Rectification by the enterprise"},
    "state": "open",
    "state_title": {"zh": "待整改", "en": "Open"},
    "unit_id": _UNIT,
    "unit_name": _ENTERPRISE,
    "crew_id": None,
    "crew_name": None,
    "deadline": DEADLINE,
    "created_at": _T0,
    "done_at": None,
    "data": {},
    "place": None,
    "case_version": 1,
    "actions": [],
}
CASE_DETAIL: Final[dict[str, Any]] = {
    **CASE,
    "tasks": [TASK],
    "timeline": [STEP_TAKEN],
    "actions": [ACTION],
    "notices": [
        {
            "notice_id": "01JV0NOTE00000000000000001",
            "case_id": _CASE,
            "kind": "enterprise",
            "title": {"zh": "疲劳驾驶整改通知", "en": "Rectify fatigued driving"},
            "body": {"zh": "请在期限内提交整改说明。", "en": "Answer with a rectification by the deadline."},
            "unit_id": _UNIT,
            "unit_name": _ENTERPRISE,
            "crew_id": None,
            "sent_at": _T0,
            "read_at": None,
            "acknowledged_at": None,
        }
    ],
    "workflow": [{"state": "filed", "title": {"zh": "已立案", "en": "Filed"}, "passed": True}],
}
CASE_LIST: Final[dict[str, Any]] = {"items": [CASE], "page": PAGE, "counts": {"filed": 1}}
TASK_LIST: Final[dict[str, Any]] = {"items": [TASK], "page": PAGE}
CREW: Final[dict[str, Any]] = {
    "crew_id": _CREW,
    "name": "小店一中队",
    "unit_id": _UNIT,
    "unit_name": "小店大队",
    "capabilities": ["traffic_stop"],
    "state": "free",
    "lon": 112.56,
    "lat": 37.75,
    "base_lon": 112.57,
    "base_lat": 37.74,
    "at": _T0,
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
                "zh": "2.1 公里，4 分钟，已值班 3 小时，辖区仍有力量",
                "en": "2.1 km, 4 min, on shift 3 h, stays covered",
            },
            "route": [[112.56, 37.75], [112.5501, 37.7423]],
        }
    ],
    "unable": [{"crew_id": "01JV0CREW00000000000000002", "reason": {"zh": "未在岗", "en": "off duty"}}],
    "computed_at": _T0,
    "took_ms": 3.2,
}
CREW_ROUTE: Final[dict[str, Any]] = {
    "task_id": _TASK,
    "from_lon": 112.56,
    "from_lat": 37.75,
    "to": PLACE,
    "to_name": "唐槐路出口",
    "line": [[112.56, 37.75], [112.5501, 37.7423]],
    "length_m": 2100.0,
    "duration_s": 240.0,
    "computed_at": _T0,
}
CLOSURE: Final[dict[str, Any]] = {
    "closure_id": "01JV0CLOS00000000000000001",
    "road_name": "唐槐路",
    "reason": "路灯更换，半幅封闭",
    "line": [[112.55, 37.74], [112.55, 37.745]],
    "from_at": _T0,
    "to_at": None,
}
CLOSURE_LIST: Final[dict[str, Any]] = {"items": [CLOSURE]}
UNIT_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "unit_id": _UNIT,
            "name": _ENTERPRISE,
            "kind": "enterprise",
            "area_code": "140110",
            "credit_code": None,
            "vehicles": 48,
            "open_cases": 1,
        }
    ]
}
DEVICE: Final[dict[str, Any]] = {
    "device": 17,
    "terminal_phone": "013900000017",
    "protocol": "jt808",
    "plate": "晋A12345",
    "vehicle_id": _TRUCK,
    "unit_name": _ENTERPRISE,
    "online": True,
    "last_seen": _T0,
    "counters": {"frames": 5120, "bad_frames": 2},
}
DEVICE_LIST: Final[dict[str, Any]] = {"items": [DEVICE], "page": PAGE}
PENDING_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "pending_id": 3,
            "terminal_phone": "013900009999",
            "plate": "晋A99999",
            "maker": "DEMO1",
            "model": "T1",
            "attempts": 4,
            "first_seen": _T0,
            "last_seen": _T1,
        }
    ],
    "page": PAGE,
}
ACCOUNT: Final[dict[str, Any]] = {
    "account_id": "01JV0ACC000000000000000001",
    "username": "dispatcher",
    "display_name": "调度员",
    "role": "dispatcher",
    "unit_name": None,
    "area_codes": [],
    "active": True,
    "last_sign_in": _T0,
}
ACCOUNT_LIST: Final[dict[str, Any]] = {"items": [ACCOUNT]}
AUDIT_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "sequence": 812,
            "at": _T0,
            "actor": "dispatcher",
            "action": "vehicle.read",
            "object_type": "vehicle",
            "object_id": _TRUCK,
            "purpose": "核对疲劳驾驶",
            "detail": {"case_id": _CASE},
            "hash": "5d7e0c4c4f9f1f1f3a0b7e64a1b6c0d5",
        }
    ],
    "page": PAGE,
}
LEARN_TODAY: Final[dict[str, Any]] = {
    "date": "2026-05-12",
    "alerts_total": 12,
    "alerts_active": 2,
    "cases_open": 3,
    "cases_closed": 9,
    "on_time_share": 0.89,
    "by_detector": [{"key": "continuous_driving", "title": {"zh": "连续驾驶", "en": "Continuous driving"}, "count": 7}],
    "by_hour": [0] * 23 + [12],
    "by_unit": [{"key": _UNIT, "title": {"zh": _ENTERPRISE, "en": _ENTERPRISE}, "count": 7}],
    "response_times": [
        {"step": "dispatch", "title": {"zh": "派遣", "en": "Dispatch"}, "count": 9, "p50_s": 62.0, "p90_s": 180.0}
    ],
}
_YEAR: Final[dict[str, Any]] = {
    "year": 2026,
    "vehicle_km": 1_250_000.0,
    "fatigue_events": 25,
    "speeding_events": 50,
    "fatigue_rate": 0.2,
    "speeding_rate": 0.4,
    "fatigue_change": -0.2,
    "speeding_change": None,
}
LEARN_RATES: Final[dict[str, Any]] = {
    "items": [{"unit_id": _UNIT, "unit_name": _ENTERPRISE, "years": [_YEAR]}],
    "overall": [_YEAR],
    "mean_yearly_change": -0.2,
    "synthetic": True,
}
HEALTH: Final[dict[str, Any]] = {
    "ok": True,
    "version": "0.1.0",
    "parts": [{"name": "live", "ok": True, "detail": {"zh": "运行正常", "en": "runs"}, "figures": {}}],
}
PROBLEM: Final[dict[str, Any]] = {
    "code": "case.stale",
    "message": "案件已被他人更新。",
    "message_en": "Somebody else has changed this case.",
    "kept": "您填写的内容没有保存。",
    "kept_en": "What you entered was not saved.",
    "todo": "请刷新后重试。",
    "todo_en": "Load it again and retry.",
}
SIGN_IN: Final[dict[str, Any]] = {"username": "dispatcher", "password": "cityops-demo"}
STEP: Final[dict[str, Any]] = {"version": 1, "task_id": None, "form": {"crew_id": _CREW}, "comment": "就近派遣"}
OPEN_CASE: Final[dict[str, Any]] = {"comment": "司机电话无人接听"}
CREW_POSITION: Final[dict[str, Any]] = {"lon": 112.56, "lat": 37.75, "coordinate_system": "wgs84"}
CREW_SHIFT: Final[dict[str, Any]] = {"on": True}
NEW_CLOSURE: Final[dict[str, Any]] = {"lon": 112.55, "lat": 37.74, "reason": "路灯更换，半幅封闭", "to_at": None}
APPROVE_DEVICE: Final[dict[str, Any]] = {"plate": "晋A99999", "vehicle_class": "truck", "unit_id": _UNIT}
NEW_ACCOUNT: Final[dict[str, Any]] = {
    "username": "dispatcher2",
    "password": "a long sentence is a good password",
    "display_name": "调度员二",
    "role": "dispatcher",
}
NEW_PASSWORD: Final[dict[str, Any]] = {"password": "a long sentence is a good password"}
