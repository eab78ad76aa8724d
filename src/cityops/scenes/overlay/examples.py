"""Examples of the overlay's routes: the limit of one task, longer by an hour."""

from __future__ import annotations

from typing import Any, Final

_PATH: Final = "workflows.urban_case.tasks.supervision.limit.amount"
_ABOUT: Final = {
    "zh": "城市管理案件 · 任务 · 督办 · 时限 · 数值",
    "en": "Urban case · task · Supervision · limit · amount",
}
_TITLE: Final = {"zh": "城市管理", "en": "Urban management"}
_OWNER: Final = {"zh": "城市管理指挥中心", "en": "Urban management command centre"}
VERSION: Final[dict[str, Any]] = {
    "version": 2, "rows": 1, "copied_from": None, "note": "督办时限放宽到 5 个工作时", "actor_name": "管理员",
    "published_at": "2026-11-20T09:00:00+08:00",
}  # fmt: skip
VERSIONS: Final[dict[str, Any]] = {"items": [VERSION]}
SCENES: Final[dict[str, Any]] = {
    "items": [
        {
            "name": "sample_scene", "title": _TITLE, "owner": _OWNER, "package": "cityops",
            "package_version": "0.1.0", "enabled": True, "overlay_version": 2, "adjustable": 380, "changed": 1,
            "left_out": 0, "checklists": [],
        }
    ]
}  # fmt: skip
OVERLAY: Final[dict[str, Any]] = {
    "scene": "sample_scene", "title": _TITLE, "owner": _OWNER, "version": 2, "published": VERSION,
    "leaves": [
        {
            "path": _PATH, "kind": "limit", "about": _ABOUT, "built_in": "4", "value": "5", "options": [],
            "number": True, "optional": False,
        }
    ],
    "left_out": [],
}  # fmt: skip
VALUES: Final[dict[str, Any]] = {"values": {_PATH: "6"}}
CHANGES: Final[dict[str, Any]] = {
    "added": [], "changed": [{"before": {"path": _PATH, "value": "5"}, "after": {"path": _PATH, "value": "6"},
    "fields": ["value"]}], "removed": [], "added_count": 0, "changed_count": 1, "removed_count": 0,
}  # fmt: skip
CHECK: Final[dict[str, Any]] = {"valid": True, "faults": [], "changes": CHANGES}
SHEET_VALUES: Final[dict[str, Any]] = {
    "values": {_PATH: "6"},
    "errors": [{"row": 7, "column": "本市值", "text": {"zh": "必须是数字", "en": "must be a number"}}],
}
TRIAL_BODY: Final[dict[str, Any]] = {"values": {_PATH: "6"}, "expected_version": 2}
TRIAL: Final[dict[str, Any]] = {
    "trial_id": "01JD0000000000000000000000", "subject": "overlay:urban_management", "base_version": 2,
    "rows": [{"path": _PATH, "value": "6"}], "state": "done", "done": 412, "total": 412,
    "result": {
        "days": 90,
        "limits": [
            {
                "about": {"zh": "城市管理案件 · 督办", "en": "Urban case · Supervision"},
                "before": {"zh": "5个工作时", "en": "5 working hours"},
                "after": {"zh": "6个工作时", "en": "6 working hours"},
                "clocks": 412, "running": 3, "late_before": 57, "late_after": 41, "newly_late": 0,
                "no_longer_late": 16,
                "cases": [{"case_id": "01JD0000000000000000000001", "number": "UM-20261103-0017", "late": False}],
            }
        ],
        "detectors": [], "plans": [], "texts": [], "tables": [], "untried": [],
    },
    "fault": None, "actor_name": "管理员", "asked_at": "2026-11-20T08:50:00+08:00",
    "finished_at": "2026-11-20T08:50:02+08:00",
}  # fmt: skip
TABLE_TRIAL: Final[dict[str, Any]] = {
    **TRIAL, "subject": "routes", "rows": [{"code": "01037", "unit_id": "UM-ROADS"}],
    "result": {
        "days": 90, "limits": [], "detectors": [], "plans": [], "texts": [], "untried": [],
        "tables": [
            {
                "table": "routes", "counted": 840, "different": 31, "mean_before": None, "mean_after": None,
                "moves": [{"before": "照明管理处", "after": "市政道路养护处", "count": 31}],
            }
        ],
    },
}  # fmt: skip
TRIALS: Final[dict[str, Any]] = {"items": [TRIAL]}
PUBLISH: Final[dict[str, Any]] = {**TRIAL_BODY, "note": "督办时限放宽到 6 个工作时", "untried_reason": ""}
ROLL_BACK: Final[dict[str, Any]] = {"to_version": 1, "expected_version": 2, "note": "恢复原时限"}
