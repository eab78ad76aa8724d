"""Examples of reports of the public and of tip-offs."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CASE_ID, T0, T1
from cityops.api.examples.evidence import EVIDENCE

REPORT_ID: Final = "01JV0REPORT000000000000001"
TIP_OFF_ID: Final = "7K2M9QX4T0B5D8F1G3H6J2N4PW"
CODE: Final = "4F7KQ-2M9XT-B5D8G-H3J6N"
MATTER: Final = "GB/T 47678.5-2026/matter/10001"
_ICE: Final = {"zh": "冰柱、积冰", "en": "Icicles and ice"}
_FIRE: Final = {"zh": "消防隐患", "en": "Fire hazard"}
_NOTICE: Final = {"zh": "请勿在冰柱下停留。", "en": "Do not stand under icicles."}

PUBLIC_SERVICES: Final[dict[str, Any]] = {
    "items": [
        {
            "service_code": "ice",
            "name": _ICE,
            "description": {"zh": "屋檐冰柱、路面结冰", "en": "Icicles at the eaves, ice on the road"},
            "notice": _NOTICE,
            "picture": "ice",
            "published": False,
            "questions": [
                {
                    "code": "WHERE",
                    "title": {"zh": "在哪里", "en": "Where is it"},
                    "datatype": "singlevaluelist",
                    "required": False,
                    "hint": "",
                    "choices": [{"key": "eaves", "name": {"zh": "屋檐", "en": "Eaves"}}],
                }
            ],
        }
    ],
    "tip_offs": [{"code": "fire", "name": _FIRE}],
    "contact_days": 90,
    "not_fixed_days": 15,
    "photos_max": 5,
}
PUBLIC_PLACE: Final[dict[str, Any]] = {
    "inside": True,
    "district_name": "小店区",
    "street_name": "龙城街道",
    "community_name": "",
    "road_name": "唐槐路",
}
NEW_PUBLIC_REPORT: Final[dict[str, Any]] = {
    "service_code": "ice",
    "description": "三楼屋檐冰柱约一米，下面是人行道",
    "lon": 112.5501,
    "lat": 37.7423,
    "address": "唐槐路 12 号楼东侧",
    "name": "王女士",
    "phone": "13800000000",
    "answers": {"WHERE": ["eaves"]},
    "client_id": "f3c1a0b2-5d6e-4f70-8a91-b2c3d4e5f607",
}
PUBLIC_RECEIPT: Final[dict[str, Any]] = {"report_id": REPORT_ID, "code": CODE, "notice": _NOTICE}
GIVEN_CODE: Final[dict[str, Any]] = {"code": CODE}
SAID_NOT_FIXED: Final[dict[str, Any]] = {"code": CODE, "words": "东侧还有两根没有清除"}
NEW_RATING: Final[dict[str, Any]] = {"code": CODE, "stars": 5, "comment": "很快"}
PHOTO_KEPT: Final[dict[str, Any]] = {"photos": 1}
_UPDATE: Final[dict[str, Any]] = {"at": T0, "status": "open", "text": {"zh": "已收到", "en": "received"}, "own": False}
FOLLOWED_REPORT: Final[dict[str, Any]] = {
    "report_id": REPORT_ID,
    "service_name": _ICE,
    "description": "三楼屋檐冰柱约一米，下面是人行道",
    "address": "唐槐路 12 号楼东侧",
    "lon": 112.5501,
    "lat": 37.7423,
    "state": "received",
    "agency": None,
    "received_at": T0,
    "expected_at": None,
    "closed_at": None,
    "updates": [_UPDATE],
    "photos": 1,
    "may_say_not_fixed": False,
    "not_fixed_until": None,
    "may_rate": False,
    "rating": None,
}
MAPPED_REPORTS: Final[dict[str, Any]] = {
    "items": [
        {
            "report_id": REPORT_ID,
            "service_code": "lamp",
            "service_name": {"zh": "路灯不亮", "en": "Street lamp out"},
            "picture": "lamp",
            "status": "open",
            "notes": "已收到",
            "description": "三盏路灯不亮",
            "address": None,
            "lon": 112.5501,
            "lat": 37.7423,
            "received_at": T0,
        }
    ],
    "more": False,
}
NEW_TIP_OFF: Final[dict[str, Any]] = {
    "matter": "fire",
    "description": "地下室堆放大量易燃物，通道被堵",
    "address": "某市场地下一层",
    "lon": 112.5501,
    "lat": 37.7423,
}
TIP_OFF_RECEIPT: Final[dict[str, Any]] = {"code": CODE}
FOLLOWED_TIP_OFF: Final[dict[str, Any]] = {
    "matter_name": _FIRE,
    "day": "2026-05-12",
    "state": "confirmed",
    "answer": "情况属实，已责令清理，奖励 500 元",
    "reward_fen": 50000,
    "reward_state": "granted",
    "photos": 1,
}
REPORT_ROW: Final[dict[str, Any]] = {
    "report_id": REPORT_ID,
    "source": "portal",
    "service_code": "ice",
    "service_name": "冰柱、积冰",
    "matter": MATTER,
    "description": "三楼屋檐冰柱约一米，下面是人行道",
    "address": "唐槐路 12 号楼东侧",
    "lon": 112.5501,
    "lat": 37.7423,
    "media_url": None,
    "answers": {"WHERE": ["eaves"]},
    "has_contact": True,
    "state": "received",
    "published": False,
    "status_notes": "已收到",
    "agency": None,
    "case_id": None,
    "received_at": T0,
    "updated_at": T1,
    "expected_at": None,
    "closed_at": None,
    "not_fixed_count": 0,
    "rating": None,
    "rating_comment": None,
}
REPORT_ROWS: Final[dict[str, Any]] = {"items": [REPORT_ROW], "more": False}
REPORT_FULL: Final[dict[str, Any]] = {**REPORT_ROW, "updates": [_UPDATE], "photos": [EVIDENCE]}
ASK_CONTACT: Final[dict[str, Any]] = {"purpose": "核实冰柱位置"}
REPORT_CONTACT: Final[dict[str, Any]] = {"name": "王女士", "phone": "13800000000", "email": None}
PUBLISH_REPORT: Final[dict[str, Any]] = {"published": True}
REFUSE_REPORT: Final[dict[str, Any]] = {"answer": "该处不在本市范围，已转告邻市"}
FILE_REPORT: Final[dict[str, Any]] = {"matter": MATTER, "severity": 2}
REPORT_FILED: Final[dict[str, Any]] = {"case_id": CASE_ID, "number": "UM-20260512-0001", "joined": False}
TIP_OFF_ROW: Final[dict[str, Any]] = {
    "tip_off_id": TIP_OFF_ID,
    "matter_name": _FIRE,
    "matter": None,
    "description": "地下室堆放大量易燃物，通道被堵",
    "address": "某市场地下一层",
    "lon": 112.5501,
    "lat": 37.7423,
    "day": "2026-05-12",
    "state": "received",
    "answer": None,
    "case_id": None,
    "reward_fen": None,
    "reward_state": "none",
}
TIP_OFF_ROWS: Final[dict[str, Any]] = {"items": [TIP_OFF_ROW]}
TIP_OFF_FULL: Final[dict[str, Any]] = {**TIP_OFF_ROW, "photos": []}
DECIDE_TIP_OFF: Final[dict[str, Any]] = {
    "state": "confirmed",
    "answer": "情况属实，已责令清理，奖励 500 元",
    "reward_fen": 50000,
}
