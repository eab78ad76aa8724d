"""Identifiers, moments and small things that the examples share."""

from __future__ import annotations

from typing import Any, Final

TRUCK_ID: Final = "01JV0TRUCK0000000000000001"
UNIT_ID: Final = "01JV0UNIT00000000000000001"
ALERT_ID: Final = "01JV0ALERT0000000000000001"
CASE_ID: Final = "01JV0CASE00000000000000001"
CREW_ID: Final = "01JV0CREW00000000000000001"
TASK_ID: Final = "01JV0TASK00000000000000001"
T0: Final = "2026-05-12T23:41:05+08:00"
T1: Final = "2026-05-12T23:42:10+08:00"
ENTERPRISE: Final = "晋源演示运输有限公司"
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
PROBLEM: Final[dict[str, Any]] = {
    "code": "case.stale",
    "message": "案件已被他人更新。",
    "message_en": "Somebody else has changed this case.",
    "kept": "您填写的内容没有保存。",
    "kept_en": "What you entered was not saved.",
    "todo": "请刷新后重试。",
    "todo_en": "Load it again and retry.",
}
