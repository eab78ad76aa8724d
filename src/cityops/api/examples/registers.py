"""Examples of the registers: a school canteen."""

from __future__ import annotations

from typing import Any, Final

_TITLE: Final = {"zh": "学校食堂", "en": "School canteens"}
SUMMARY: Final[dict[str, Any]] = {
    "name": "canteen",
    "title": _TITLE,
    "description": {"zh": "全市学校和幼儿园食堂", "en": "Canteens of schools and kindergartens"},
    "scene": "sample_scene",
    "scene_title": {"zh": "学校食堂", "en": "School canteens"},
    "geometry": "point",
    "layer": True,
    "may_write": True,
    "counts": {"open": 250, "holiday": 9},
}
REGISTER_LIST: Final[dict[str, Any]] = {"items": [SUMMARY]}
REGISTER: Final[dict[str, Any]] = {
    **SUMMARY,
    "code_title": {"zh": "编号", "en": "Code"},
    "title_title": {"zh": "名称", "en": "Name"},
    "code_pattern": r"ST-\d{3}",
    "fields": [
        {
            "name": "served", "title": {"zh": "就餐人数", "en": "Served"}, "kind": "integer", "required": True,
            "options": [], "unit": {"zh": "人", "en": "people"}, "least": 0, "most": None, "register_name": None,
            "help": None, "listed": True, "filter": False, "personal": False,
        }
    ],
    "states": [
        {"value": "open", "title": {"zh": "在用", "en": "In use"}, "tone": "good", "idle": False, "next": None},
        {
            "value": "archived",
            "title": {"zh": "已注销", "en": "Archived"},
            "tone": "neutral",
            "idle": True,
            "next": None,
        },
    ],
    "json_schema": {"type": "object"},
}  # fmt: skip
ENTRY: Final[dict[str, Any]] = {
    "object_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF",
    "register_name": "canteen",
    "code": "ST-001",
    "title": "第一实验小学食堂（演示）",
    "unit_id": "01KATMZ4V2QJ8N5R7WXYB3CDEG",
    "unit_name": "第一实验小学（演示）",
    "supervisor_id": None,
    "supervisor_name": None,
    "area_code": "140105001",
    "area_name": "小店区 坞城街道",
    "lon": 112.56,
    "lat": 37.81,
    "geometry": None,
    "state": "open",
    "data": {"served": 820, "manager": "王**"},
    "hidden": ["manager"],
    "editable": True,
    "version": 3,
    "created_at": "2026-09-01T08:00:00+08:00",
    "updated_at": "2026-11-20T10:21:00+08:00",
}
ENTRY_LIST: Final[dict[str, Any]] = {"items": [ENTRY], "page": {"total": 1, "page": 1, "page_size": 50}}
NEW_ENTRY: Final[dict[str, Any]] = {
    "code": "ST-001", "title": "第一实验小学食堂（演示）", "lon": 112.56, "lat": 37.81, "data": {"served": 820},
}  # fmt: skip
ENTRY_CHANGE: Final[dict[str, Any]] = {
    "expected_version": 3, "reason": "秋季学期核对", "changes": {"state": "open", "data": {"served": 840}},
}  # fmt: skip
HISTORY: Final[dict[str, Any]] = {
    "items": [
        {
            "version": 3, "at": "2026-11-20T10:21:00+08:00", "actor_name": "值班长", "reason": "秋季学期核对",
            "changes": [
                {"field": "served", "before": 800, "after": 820},
                {"field": "area_code", "before": None, "after": "140105"},
            ],
        }
    ],
    "names": {"140105": "小店区"},
}  # fmt: skip
RELATIONS: Final[dict[str, Any]] = {"items": [{"field": "canteen", "named": False, "entry": ENTRY}]}
BULK: Final[dict[str, Any]] = {
    "wanted": {"state": "open"}, "changes": {"state": "holiday"}, "reason": "寒假停用", "preview": True,
}  # fmt: skip
BULK_RESULT: Final[dict[str, Any]] = {"matched": 250, "changed": 250, "unchanged": 0, "faults": [], "written": False}
JOB: Final[dict[str, Any]] = {
    "job_id": "01KATMZ4V2QJ8N5R7WXYB3CDEH", "register_name": "canteen", "phase": "checking", "done": 4200,
    "total": 10000, "rows": 10000, "added": 0, "changed": 0, "unchanged": 0, "errors": [], "error_count": 0,
    "problem": None,
}  # fmt: skip
LAYER: Final[dict[str, Any]] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [112.56, 37.81]},
            "properties": {"object_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF", "code": "ST-001", "title": "第一小学食堂",
                           "state": "open", "tone": "good"},
        }
    ],
}  # fmt: skip
