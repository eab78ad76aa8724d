"""Work in the street."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import T0, T1, TASK_ID

FIELD_CATALOGUE: Final[dict[str, Any]] = {
    "version": "1a2b3c4d5e6f7081",
    "items": [
        {
            "standard": "GB/T 47678.5-2026",
            "kind": "matter",
            "code": "0201",
            "name": "暴露垃圾",
            "class_name": "市容环境",
            "pinyin": "bao lu la ji",
        }
    ],
}
NEW_TASK_ANSWER: Final[dict[str, Any]] = {
    "client_id": "phone-7f3a-0001",
    "action": "precheck_confirm",
    "answered_at": T0,
    "form": {"notes": "井盖移位约三十厘米"},
    "comment": None,
    "evidence_ids": ["01JZ8Q2V5N3T7Y9ABCDEFGHJKM"],
}
TASK_ANSWERED: Final[dict[str, Any]] = {"task_id": TASK_ID, "case_number": "UM-20260512-0031", "again": False}
NEW_PATROL_SHIFT: Final[dict[str, Any]] = {"started_at": T0, "ended_at": None}
PATROL_SHIFT: Final[dict[str, Any]] = {
    "client_id": "duty-7f3a-0001",
    "started_at": T0,
    "ended_at": None,
    "points": 0,
}
PATROL_POINTS: Final[dict[str, Any]] = {"points": [{"at": T1, "lon": 112.5553, "lat": 37.8705, "accuracy_m": 12.0}]}
PATROL_KEPT: Final[dict[str, Any]] = {"kept": 1, "known": 0, "refused": 0}
PATROL_COVERAGE: Final[dict[str, Any]] = {
    "from_at": "2026-05-12T08:00:00+08:00",
    "to_at": "2026-05-12T18:00:00+08:00",
    "streets": [{"street_code": "140105001", "name": "坞城街道", "grids": 42, "walked": 17}],
    "walked": [{"grid_code": "140105001001007", "hours": 2, "last_hour_at": "2026-05-12T16:00:00+08:00"}],
}
