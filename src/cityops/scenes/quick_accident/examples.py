"""One worked example of each answer and request of the scene's routes. All names, plates and numbers are synthetic."""

from __future__ import annotations

from typing import Any, Final

_T0: Final = "2026-11-22T08:05:00+08:00"
_T1: Final = "2026-11-22T08:12:00+08:00"
_T2: Final = "2026-11-23T08:05:00+08:00"
_CASE: Final = "01JV0CASE00000000000000001"
_PARTY: Final = "01JV0PARTY0000000000000001"
_WORDS: Final = {"zh": "追尾前车", "en": "Ran into the vehicle in front"}
_ARTICLE: Final = {"zh": "道路交通安全法第四十三条", "en": "Road Traffic Safety Law art. 43"}
_LEVEL_ARTICLE: Final = {"zh": "程序规定第六十条", "en": "Procedure art. 60"}
_SITUATION: Final = {"code": "rear_end", "weight": 2, "title": _WORDS, "article": _ARTICLE}

LINK: Final[dict[str, Any]] = {
    "link_id": "01JV0LINK00000000000000001",
    "state": "usable",
    "made_at": _T0,
    "made_by": "派遣员",
    "expires_at": _T2,
    "handed_how": "message",
    "handed_at": _T0,
    "handed_by": "派遣员",
    "identified_at": _T1,
}
NEW_LINK: Final[dict[str, Any]] = {"link": LINK, "path": "/p#W8kq0mZ3r1Vt5yLx7cNb2dFh4gJs6aQe"}
_PHOTO: Final = {"evidence_id": "01JV0EVID00000000000000001", "view": "front", "uploaded_at": _T1}
_PARTY_VIEW: Final[dict[str, Any]] = {
    "party_id": _PARTY,
    "label": "A",
    "plate": "晋AZ0001",
    "name": None,
    "phone": "101****0001",
    "licence_no": None,
    "insurer": None,
    "policy_no": None,
    "statement": "前车急刹，我没刹住",
    "stated_at": _T1,
    "moved_at": None,
    "asked": None,
    "photos": [_PHOTO],
    "link": LINK,
    "answer": None,
}
DETAIL: Final[dict[str, Any]] = {
    "case_id": _CASE,
    "number": "QA-20261122-0001",
    "state": "reported",
    "state_title": {"zh": "已报案", "en": "Reported"},
    "version": 4,
    "reported_at": _T0,
    "cleared_at": None,
    "source": "phone_122",
    "address": "唐槐路与龙盛街路口",
    "weather": "clear",
    "description": None,
    "exclusions": [],
    "screened_by": "派遣员",
    "way": "online",
    "answer_due_at": None,
    "may_screen": True,
    "may_decide": True,
    "may_link": True,
    "parties": [_PARTY_VIEW, {**_PARTY_VIEW, "party_id": "01JV0PARTY0000000000000002", "label": "B", "link": None}],
    "decision": None,
    "rules": {
        "valid_from": "2018-05-01",
        "notice": {"zh": "道路交通事故处理程序规定", "en": "Procedure for road accidents"},
        "to_verify": {"zh": "条号待核对", "en": "Article numbers to be verified"},
        "level_article": _LEVEL_ARTICLE,
        "exclusions": [
            {
                "code": "death",
                "title": {"zh": "有人死亡", "en": "Somebody died"},
                "article": _ARTICLE,
                "effect": "ordinary",
            }
        ],
        "situations": [_SITUATION],
    },
}
LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "case_id": _CASE,
            "number": "QA-20261122-0001",
            "title": {"zh": "唐槐路：2方事故", "en": "Accident of 2 parties"},
            "state": "reported",
            "state_title": {"zh": "已报案", "en": "Reported"},
            "reported_at": _T0,
            "cleared_at": None,
            "address": "唐槐路与龙盛街路口",
            "lon": 112.65,
            "lat": 37.693,
            "parties": 2,
            "photos": 4,
            "answered": 0,
        }
    ]
}
REPORTED: Final[dict[str, Any]] = {
    "source": "phone_122",
    "lon": 112.65,
    "lat": 37.693,
    "address": "唐槐路与龙盛街路口",
    "weather": "clear",
    "parties": [{"phone": "10100000001", "plate": "晋AZ0001"}, {"phone": "10100000002", "plate": "晋AY0002"}],
}
SCREENING: Final[dict[str, Any]] = {"exclusions": []}
FAULTS: Final[dict[str, Any]] = {"faults": {"A": ["rear_end"], "B": []}}
SUGGESTED: Final[dict[str, Any]] = {"levels": ["full", "none"]}
DECISION: Final[dict[str, Any]] = {**FAULTS, "version": 4, "levels": {"A": "full", "B": "none"}, "reason": None}
ASKED: Final[dict[str, Any]] = {"words": "请补拍碰撞部位"}
HANDED: Final[dict[str, Any]] = {"how": "message"}
FIGURES: Final[dict[str, Any]] = {
    "from_at": "2026-10-23T00:00:00+08:00",
    "to_at": _T0,
    "counts": {"quick": 95, "slow": 5, "beyond_slight": 1, "running": 2, "void": 0},
    "share": 0.95,
    "target_share": 0.95,
    "quick_measured": 95,
    "slow_measured": 5,
    "enough": 5,
    "quick_median_min": 14.5,
    "slow_median_min": 36.0,
    "saved_median_min": 21.5,
    "saved_mean_min": 21.1,
    "cases": [
        {
            "case_id": _CASE,
            "number": "QA-20261122-0001",
            "reported_at": _T0,
            "cleared_at": _T1,
            "group": "quick",
            "minutes": 7.0,
        }
    ],
    "shown_max": 500,
}
GREETING: Final[dict[str, Any]] = {"city": "太原", "asks_plate": True, "expires_at": _T2}
IDENTITY: Final[dict[str, Any]] = {"plate_end": "001", "phone_end": "0001", "consents": True}
KEY: Final[dict[str, Any]] = {"key": "mQ2v9sT4wXz7bNc1kLp5rYd8fGh3jAe6"}
TOLD: Final[dict[str, Any]] = {"name": "张三", "statement": "前车急刹，我没刹住"}
ANSWER: Final[dict[str, Any]] = {"decision_id": "01JV0DECI00000000000000001", "agrees": True}
PAGE: Final[dict[str, Any]] = {
    "number": "QA-20261122-0001",
    "label": "A",
    "plate": "晋AZ0001",
    "place": "唐槐路与龙盛街路口",
    "reported_at": _T0,
    "stage": "answer",
    "expires_at": _T2,
    "others": [{"label": "B", "plate": "晋A·***02", "level": "none", "share": 0}],
    "asked": None,
    "name": None,
    "licence_no": None,
    "insurer": None,
    "policy_no": None,
    "statement": None,
    "moved_at": None,
    "photos": [_PHOTO],
    "decision": {
        "decision_id": "01JV0DECI00000000000000001",
        "paper": "agreement",
        "level": "full",
        "share": 100,
        "faults": [_SITUATION],
        "other_faults": [],
        "level_article": _LEVEL_ARTICLE,
        "reason": None,
        "decided_by": "派遣员",
        "unit": "太原市城市运行管理中心（演示）",
        "answer_due_at": _T1,
    },
    "answer": None,
}
