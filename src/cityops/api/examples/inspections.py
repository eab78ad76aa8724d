"""Inspections."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CASE_ID, PAGE, T0, T1, UNIT_ID

_OBJECT_ID: Final = "01JV0CANTEEN00000000000001"
_INSPECTION_ID: Final = "01JV0INSPECTION00000000001"
_EVIDENCE_ID: Final = "01JV0PHOTO0000000000000001"
_FROM, _TO = "2026-05-01T00:00:00+08:00", "2026-06-01T00:00:00+08:00"
_TITLE: Final = {"zh": "监管人员每月检查", "en": "Monthly inspection"}
_ITEM: Final = {"zh": "防鼠板完好", "en": "The rat guard is sound"}
_GROUP: Final = {"zh": "环境卫生", "en": "Premises"}
_PLAN: Final[dict[str, Any]] = {
    "scene": "sample_scene",
    "plan": "canteen_supervision",
    "title": _TITLE,
    "register_name": "canteen",
    "register_title": {"zh": "校园食堂", "en": "School canteens"},
    "kind": "inspection",
    "by": "supervisor",
    "checklist": "canteen_62",
    "calendar": "school",
    "figures": [],
    "basis": "本市计划",
    "rules": [{"every": "month", "period_from": _FROM, "period_to": _TO, "due_now": True}],
}
_DUE: Final[dict[str, Any]] = {
    "scene": "sample_scene",
    "plan": "canteen_supervision",
    "every": "month",
    "state": "overdue",
    "object_id": _OBJECT_ID,
    "code": "SC-0001",
    "title": "第一小学食堂（合成）",
    "register_name": "canteen",
    "unit_id": UNIT_ID,
    "unit_name": "第一小学（演示）",
    "supervisor_id": UNIT_ID,
    "area_code": "140105001",
    "lon": 112.5501,
    "lat": 37.7423,
    "period_from": _FROM,
    "period_to": _TO,
    "last_at": None,
}
_CHECKLIST: Final[dict[str, Any]] = {
    "name": "canteen_62",
    "title": {"zh": "校园食堂清单台账", "en": "School canteens"},
    "version": 0,
    "items": [
        {
            "no": "3.2",
            "group": _GROUP,
            "item": _ITEM,
            "method": "现场查看",
            "scope": "全部",
            "basis": "本市清单",
            "weight": 3,
            "evidence": "photo_if_failed",
            "grade": "general",
        }
    ],
}
PLANS: Final[dict[str, Any]] = {"items": [_PLAN]}
DUE: Final[dict[str, Any]] = {"items": [_DUE], "page": PAGE, "counts": {"overdue": 1}}
COVERAGE: Final[dict[str, Any]] = {
    "items": [
        {
            "every": "month",
            "period_from": _FROM,
            "period_to": _TO,
            "running": True,
            "area_code": "140105",
            "area_name": "小店区",
            "due": 42,
            "passed": 30,
            "failed": 5,
            "missing": 7,
            "idle": 1,
            "left_out": 3,
        }
    ]
}
CHECKLIST: Final[dict[str, Any]] = _CHECKLIST
BUNDLE: Final[dict[str, Any]] = {
    "at": T0,
    "total": 1,
    "items": [_DUE],
    "plans": [_PLAN],
    "checklists": [_CHECKLIST],
}
NEW_INSPECTION: Final[dict[str, Any]] = {
    "client_id": "phone-7f3a-0002",
    "scene": "sample_scene",
    "plan": "canteen_supervision",
    "object_id": _OBJECT_ID,
    "started_at": T0,
    "finished_at": T1,
    "checklist_version": 0,
    "items": [{"no": "3.2", "result": "failed", "words": "右侧有缺口", "grade": None, "evidence": [0]}],
    "hazards": [],
    "comment": "",
    "figures": {},
    "lon": 112.5501,
    "lat": 37.7423,
    "evidence_ids": [_EVIDENCE_ID],
}
INSPECTION: Final[dict[str, Any]] = {
    "inspection_id": _INSPECTION_ID,
    "scene": "sample_scene",
    "plan": "canteen_supervision",
    "register_name": "canteen",
    "object_id": _OBJECT_ID,
    "object_code": "SC-0001",
    "object_title": "第一小学食堂（合成）",
    "checklist": "canteen_62",
    "checklist_version": 0,
    "inspector_name": "演示监管员",
    "started_at": T0,
    "finished_at": T1,
    "received_at": T1,
    "lon": 112.5501,
    "lat": 37.7423,
    "result": "failed",
    "score": 92.5,
    "asked": 62,
    "failed": 1,
    "left_out": 2,
    "comment": "",
    "figures": {},
}
INSPECTIONS: Final[dict[str, Any]] = {"items": [INSPECTION], "page": PAGE}
_HAZARD: Final[dict[str, Any]] = {
    "case_id": CASE_ID,
    "number": "SCR-20260512-0001",
    "scene": "sample_scene",
    "title": {"zh": "第一小学食堂（合成）：防鼠板完好", "en": "第一小学食堂（合成）: The rat guard is sound"},
    "grade": "general",
    "state": "rectifying",
    "state_title": {"zh": "整改中", "en": "Being rectified"},
    "ended": False,
    "late": False,
    "due_at": "2026-05-20T00:00:00+08:00",
    "found_at": T1,
    "closed_at": None,
    "rework": 0,
    "reopened": 0,
    "unit_name": "第一小学（演示）",
    "object_id": _OBJECT_ID,
    "object_code": "SC-0001",
    "object_title": "第一小学食堂（合成）",
    "register_name": "canteen",
    "inspection_id": _INSPECTION_ID,
    "item_no": "3.2",
}
HAZARDS: Final[dict[str, Any]] = {"items": [_HAZARD], "page": PAGE}
_ATTACHMENT: Final[dict[str, Any]] = {
    "evidence_id": _EVIDENCE_ID,
    "inspection_id": _INSPECTION_ID,
    "item_no": "3.2",
    "kind": "photo",
    "media_type": "image/jpeg",
    "name": "photo.jpg",
    "added_at": T1,
    "uploader_name": "演示监管员",
}
ATTACHMENTS: Final[dict[str, Any]] = {"items": [_ATTACHMENT]}
NEW_ATTACHMENTS: Final[dict[str, Any]] = {"evidence_ids": [_EVIDENCE_ID]}
INSPECTION_DETAIL: Final[dict[str, Any]] = {
    **INSPECTION,
    "plan_title": _TITLE,
    "items": [
        {
            "no": "3.2",
            "group": _GROUP,
            "item": _ITEM,
            "method": "现场查看",
            "basis": "本市清单",
            "result": "failed",
            "words": "右侧有缺口",
            "grade": "general",
        }
    ],
    "attachments": [_ATTACHMENT],
    "hazards": [_HAZARD],
}
