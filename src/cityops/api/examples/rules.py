"""Examples of the rules: one lamp, its route and its limit."""

from __future__ import annotations

from typing import Any, Final

_ROUTE: Final[dict[str, str]] = {
    "standard": "GB/T 47678.5-2026", "code": "01037", "area": "", "source": "", "unit_id": "UM-LAMPS",
    "joint_unit_ids": "", "role": "", "valid_from": "", "valid_to": "", "note": "路灯",
}  # fmt: skip
_OTHER: Final[dict[str, str]] = {**_ROUTE, "code": "01", "unit_id": "UM-ROADS", "note": "市政设施"}
VERSION: Final[dict[str, Any]] = {
    "version": 3, "rows": 31, "copied_from": None, "note": "路灯改由照明管理处处置", "actor_name": "管理员",
    "published_at": "2026-11-20T09:00:00+08:00",
}  # fmt: skip
VERSIONS: Final[dict[str, Any]] = {"items": [VERSION]}
RULE_TABLES: Final[dict[str, Any]] = {
    "items": [
        {
            "name": "routes",
            "title": {"zh": "派遣规则", "en": "Routing"},
            "hint": {"zh": "事项、区域、来源决定建议派往的单位", "en": "Matter, place and source name the unit"},
            "version": 3,
            "rows": 31,
            "published": VERSION,
            "left_out": [],
            "columns": [
                {"name": "unit_id", "heading": "主办单位", "required": True, "words": {}},
                {
                    "name": "unit",
                    "heading": "时限单位",
                    "required": True,
                    "words": {"工作日": {"zh": "工作日", "en": "working day"}},
                },
            ],
        }
    ]
}
ROWS: Final[dict[str, Any]] = {"version": 3, "items": [_ROUTE], "page": {"total": 1, "page": 1, "page_size": 50}}
CHANGES: Final[dict[str, Any]] = {
    "added": [], "changed": [{"before": {**_ROUTE, "unit_id": "UM-ROADS"}, "after": _ROUTE, "fields": ["unit_id"]}],
    "removed": [], "added_count": 0, "changed_count": 1, "removed_count": 0,
}  # fmt: skip
CHECK: Final[dict[str, Any]] = {
    "rows": 31,
    "valid": False,
    "errors": [{"row": 7, "column": "主办单位", "text": {"zh": "单位不存在：UM-LAMP", "en": "no such unit: UM-LAMP"}}],
    "changes": CHANGES,
}
ROLL_BACK: Final[dict[str, Any]] = {"to_version": 2, "expected_version": 3, "note": "新规则派错单位"}
_ENTRY: Final[dict[str, Any]] = {
    "path": "GB/T 47678.5-2026/matter/01037", "standard": "GB/T 47678.5-2026", "kind": "matter", "code": "01037",
    "name": "路灯异常", "class_code": "01", "class_name": "市政公用设施类", "local": False, "conditions": 1,
}  # fmt: skip
CATALOGUE: Final[dict[str, Any]] = {
    "items": [_ENTRY],
    "classes": [{"code": "01", "name": "市政公用设施类", "count": 76}],
    "page": {"total": 1, "page": 1, "page_size": 50},
}
ROUTE_QUESTION: Final[dict[str, Any]] = {
    "matter": "GB/T 47678.5-2026/matter/01037", "lon": 112.56, "lat": 37.83, "source": "hotline",
    "at": "2026-11-20T16:00:00+08:00",
}  # fmt: skip
ROUTE_ANSWER: Final[dict[str, Any]] = {
    "matter": _ENTRY,
    "place": {"lon": 112.56, "lat": 37.83, "district_code": "140105", "district_name": "小店区"},
    "area": "140105001001001",
    "words": {"zh": "派往“照明管理处”：适用的 2 条规则中……", "en": "To '照明管理处': of 2 rows that fit …"},
    "unit_name": "照明管理处",
    "considered": [
        {
            "row": _ROUTE,
            "unit_name": "照明管理处",
            "fits": True,
            "wins": True,
            "why": {"zh": "适用，且最具体", "en": "fits, and is the most specific"},
        },
        {
            "row": _OTHER,
            "unit_name": "市政道路养护处",
            "fits": True,
            "wins": False,
            "why": {"zh": "适用，但有更具体的规则", "en": "fits, but another is more specific"},
        },
    ],
    "total": 2,
    "standards": [
        {
            "number": 1,
            "filing": "单盏路灯不亮",
            "closing": "路灯恢复照明",
            "stages": [
                {
                    "name": "处置",
                    "due_at": "2026-11-24T18:00:00+08:00",
                    "explanation": {"zh": "2 个工作日……", "en": "2 working days …"},
                    "provisional": False,
                    "planned": False,
                }
            ],
        }
    ],
    "duplicate_radius_m": 50,
    "duplicate_window_h": 72,
    "kin": [],
}
