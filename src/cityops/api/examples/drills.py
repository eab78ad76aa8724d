"""Examples of drills: the market's drill, its first step pressed."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import PAGE, T0, T1

_TITLE: Final = {"zh": "市场消防应急演练", "en": "Fire drill of a market"}
_OUT: Final = {"zh": "起火区近处人员撤离", "en": "Those near the fire are out"}
_ROW: Final[dict[str, Any]] = {
    "drill_id": "01JV0DRILL0000000000000001",
    "scene": "sample_scene",
    "kind": "market_evacuation",
    "title": _TITLE,
    "object_id": "01JV0PLACE0000000000000001",
    "object_title": "文百城（演示）",
    "planned_at": T0,
    "people_expected": 120,
    "state": "running",
    "started_at": T0,
    "finished_at": None,
    "duration_ms": None,
}
KINDS: Final[dict[str, Any]] = {
    "items": [
        {
            "scene": "sample_scene",
            "kind": "market_evacuation",
            "title": _TITLE,
            "register_name": "crowded_place",
            "scenario": {"zh": "一个区域发生“火情”", "en": "Fire in one part of the market"},
            "basis": "本市目标",
        }
    ]
}
DRILLS: Final[dict[str, Any]] = {"items": [_ROW], "page": PAGE}
DRILL: Final[dict[str, Any]] = {
    **_ROW,
    "scenario": "一个区域发生“火情”",
    "basis": "本市目标",
    "planned_by": "市场管理处",
    "people_counted": None,
    "missing": None,
    "in_time": 0,
    "with_target": 1,
    "findings": "",
    "steps": [
        {
            "step": "near_out", "title": _OUT, "target_s": 60, "counts": False,
            "press_id": "01JV0PRESS0000000000000001", "elapsed_ms": 65_000, "late_ms": 5_000, "actor": "市场管理处",
            "people": None, "words": "", "before": [], "last_ms": 72_000,
        }
    ],
    "presses": [
        {
            "press_id": "01JV0PRESS0000000000000001", "step": "near_out", "title": _OUT, "pressed_at": T1,
            "received_at": T1, "actor": "市场管理处", "people": None, "words": "", "withdrawn_at": None,
            "withdrawn_by": None, "withdrawn_reason": None,
        }
    ],
    "last_drill_id": None,
    "last_started_at": None,
    "now": T1,
}  # fmt: skip
NEW_DRILL: Final[dict[str, Any]] = {
    "client_id": "drill-2026-05-12",
    "scene": "sample_scene",
    "kind": "market_evacuation",
    "object_id": "01JV0PLACE0000000000000001",
    "planned_at": T0,
    "people_expected": 120,
}
NEW_PRESS: Final[dict[str, Any]] = {"client_id": "press-0001", "step": "near_out", "age_ms": 1_200}
REASON: Final[dict[str, Any]] = {"reason": "按错"}
