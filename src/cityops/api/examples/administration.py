"""Session, units, terminals, accounts, audit, learn, health."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CASE_ID, ENTERPRISE, PAGE, T0, T1, TRUCK_ID, UNIT_ID

ME: Final[dict[str, Any]] = {
    "account_id": "01JV0ACC000000000000000001",
    "username": "dispatcher",
    "display_name": "派遣员",
    "role": "dispatcher",
    "unit_id": None,
    "unit_name": None,
    "area_codes": [],
    "crew_id": None,
    "permissions": ["alerts.read", "cases.dispatch", "map.read"],
    "scenes": ["canteens", "street_lamps"],
    "csrf_token": "b0f2c1d4",
}
PRODUCT: Final[dict[str, Any]] = {
    "name": "CityOps",
    "version": "0.1.0",
    "city": "太原（合成）",
    "synthetic": True,
    "demo_accounts": [
        {"username": "dispatcher", "password": "cityops-demo", "role": "dispatcher", "display_name": "派遣员"}
    ],
    "scenes": {"sample_scene": {"zh": "示例场景", "en": "Sample scene"}},
    "now": T0,
}
UNIT_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "unit_id": UNIT_ID,
            "name": ENTERPRISE,
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
    "vehicle_id": TRUCK_ID,
    "unit_name": ENTERPRISE,
    "online": True,
    "last_seen": T0,
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
            "first_seen": T0,
            "last_seen": T1,
        }
    ],
    "page": PAGE,
}
ACCOUNT: Final[dict[str, Any]] = {
    "account_id": "01JV0ACC000000000000000001",
    "username": "dispatcher",
    "display_name": "派遣员",
    "role": "dispatcher",
    "unit_name": None,
    "area_codes": [],
    "active": True,
    "last_sign_in": T0,
}
ACCOUNT_LIST: Final[dict[str, Any]] = {"items": [ACCOUNT]}
AUDIT_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "sequence": 812,
            "at": T0,
            "actor": "dispatcher",
            "action": "vehicle.read",
            "title": None,
            "states": {},
            "object_type": "vehicle",
            "object_id": TRUCK_ID,
            "purpose": "核对疲劳驾驶",
            "detail": {"case_id": CASE_ID},
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
    "by_unit": [{"key": UNIT_ID, "title": {"zh": ENTERPRISE, "en": ENTERPRISE}, "count": 7}],
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
    "items": [{"unit_id": UNIT_ID, "unit_name": ENTERPRISE, "years": [_YEAR]}],
    "overall": [_YEAR],
    "mean_yearly_change": -0.2,
    "synthetic": True,
}
HEALTH: Final[dict[str, Any]] = {
    "ok": True,
    "version": "0.1.0",
    "parts": [{"name": "live", "ok": True, "detail": {"zh": "运行正常", "en": "runs"}, "figures": {}}],
}
SIGN_IN: Final[dict[str, Any]] = {"username": "dispatcher", "password": "cityops-demo"}
APPROVE_DEVICE: Final[dict[str, Any]] = {"plate": "晋A99999", "vehicle_class": "truck", "unit_id": UNIT_ID}
NEW_ACCOUNT: Final[dict[str, Any]] = {
    "username": "dispatcher2",
    "password": "a long sentence is a good password",
    "display_name": "派遣员二",
    "role": "dispatcher",
}
NEW_PASSWORD: Final[dict[str, Any]] = {"password": "a long sentence is a good password"}
