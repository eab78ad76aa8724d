"""Intake of reports."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CASE_ID, T0, T1, UNIT_ID

_REFUSE: Final = "GB/T 47678.5-2026/matter/06010"
_REPORTER_ID: Final = "01JZ8Q2V5N3T7Y9ABCDEFGHJKN"

FOUND_PLACES: Final[dict[str, Any]] = {
    "items": [{"name": "学府街", "kind": "road", "lon": 112.5514, "lat": 37.8052, "district_name": "小店区"}]
}
DRAFT: Final[dict[str, Any]] = {"words": "公交站旁有一堆垃圾", "lon": 112.5514, "lat": 37.8052}
NEAR_CASE: Final[dict[str, Any]] = {
    "case_id": CASE_ID,
    "number": "UM-20261122-0001",
    "title": {"zh": "学府街 暴露垃圾", "en": "学府街 暴露垃圾"},
    "state_title": {"zh": "已立案", "en": "Filed"},
    "matter_name": "暴露垃圾",
    "address": "学府街，公交站东侧",
    "distance_m": 30.0,
    "age_s": 600,
    "same_matter": True,
    "reporters": 1,
}
NEAR_CASES: Final[dict[str, Any]] = {"items": [NEAR_CASE]}
SUGGESTIONS: Final[dict[str, Any]] = {
    "place": {
        "district_code": "140105",
        "district_name": "小店区",
        "street_code": "140105004",
        "street_name": "平阳路街道",
        "community_code": "140105004017",
        "community_name": "和平社区",
        "grid_code": "140105004017004",
        "road_name": "学府街",
    },
    "matters": [
        {
            "matter": _REFUSE,
            "name": "暴露垃圾",
            "class_name": "市容环境",
            "score": 0.4,
            "why": {"zh": "含“垃圾”", "en": "has 垃圾"},
        }
    ],
    "chosen": _REFUSE,
    "duplicates": [NEAR_CASE],
    "route": {
        "unit": {"unit_id": UNIT_ID, "unit_name": "环境卫生中心"},
        "joint": [],
        "why": {"zh": "派往环境卫生中心", "en": "To the sanitation centre"},
    },
    "standards": [
        {
            "number": 1,
            "filing": "道路两侧有暴露垃圾",
            "closing": "垃圾已清除",
            "evidence": ["处置前照片", "处置后照片"],
            "stages": [
                {
                    "name": "处置",
                    "deadline": {
                        "due_at": T1,
                        "explanation": {"zh": "4 个工作时", "en": "4 working hours"},
                        "provisional": False,
                        "elapsed_share": 0.0,
                        "overdue": False,
                    },
                    "planned": False,
                }
            ],
        }
    ],
}
NEW_CASE_REPORT: Final[dict[str, Any]] = {
    "source": "hotline",
    "matter": _REFUSE,
    "lon": 112.5514,
    "lat": 37.8052,
    "description": "公交站旁有一堆垃圾",
    "address": "学府街",
    "address_note": "公交站东侧",
    "reporter_name": "王女士",
    "reporter_contact": "13800000000",
    "wants_answer": True,
    "client_id": "8d1f4c2a",
}
FILED_REPORT: Final[dict[str, Any]] = {"case_id": CASE_ID, "number": "UM-20261122-0001", "joined": False}
CORRECT_MATTER: Final[dict[str, Any]] = {"matter": _REFUSE, "version": 1}
IMPORT_RESULT: Final[dict[str, Any]] = {
    "rows": 120,
    "valid": 119,
    "errors": [
        {"row": 7, "column": "事项", "text": {"zh": "目录中没有这个事项", "en": "no such matter in the catalogue"}}
    ],
    "filed": 0,
    "next_row": 2,
}
CASE_REPORTER: Final[dict[str, Any]] = {
    "reporter_id": _REPORTER_ID,
    "channel": "hotline",
    "name": "王**",
    "contact": "138****0000",
    "reference": None,
    "at": T0,
    "call_back": "owed",
    "told": {"zh": "您反映的问题已结案：垃圾已清运", "en": "Your report: Closed: removed"},
}
CASE_REPORTERS: Final[dict[str, Any]] = {"items": [CASE_REPORTER]}
OWED_CALLS: Final[dict[str, Any]] = {
    "items": [
        {
            "reporter": CASE_REPORTER,
            "case_id": CASE_ID,
            "number": "UM-20261122-0001",
            "title": {"zh": "学府街 暴露垃圾", "en": "学府街 暴露垃圾"},
            "answered_at": T1,
            "attempts": 0,
        }
    ],
    "total": 1,
}
CALL_MADE: Final[dict[str, Any]] = {"reached": True, "stars": 5, "comment": "很快就清走了"}
CONTACT_PURPOSE: Final[dict[str, Any]] = {"purpose": "回访"}
REPORTER_CONTACT: Final[dict[str, Any]] = {"name": "王女士", "contact": "13800000000"}
