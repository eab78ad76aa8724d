"""Examples of what the scene's routes hear and say; all synthetic."""

from __future__ import annotations

from typing import Any, Final

_NEIGHBOURS: Final = {"value": "neighbours", "title": {"zh": "邻里关系", "en": "Neighbours"}}

FORMS: Final[dict[str, Any]] = {
    "fields": [_NEIGHBOURS],
    "topics": [
        {"value": "social_insurance", "title": {"zh": "社会保险费争议", "en": "Social-insurance contributions"}}
    ],
    "sources": [{"value": "hotline", "title": {"zh": "热线", "en": "Hotline"}}],
    "party_roles": [{"value": "applicant", "title": {"zh": "申请人", "en": "Applicant"}}],
    "purposes": [{"value": "follow_up", "title": {"zh": "回访", "en": "Follow-up visit"}}],
    "attendance": [{"value": "residents", "title": {"zh": "居民", "en": "Residents"}}],
    "levels": ["county", "town", "village"],
    "centres": [
        {"unit_id": "01JV0UNIT00000000000000001", "name": "柳巷街道综治中心", "area_code": "140106001", "level": "town"}
    ],
}

NEW_PARTY: Final = {"role": "applicant", "name": "住户甲", "contact": "13900000001"}
NEW_DISPUTE: Final[dict[str, Any]] = {
    "field": "neighbours",
    "source": "person",
    "account": "楼上卫生间渗水，楼下要求修缮。",
    "parties": [NEW_PARTY, {"role": "respondent", "name": "住户乙"}],
    "people": 2,
    "amount_yuan": 3000,
}
TAKEN_UP: Final = {**NEW_DISPUTE, "source": "council", "version": 1}
REGISTERED: Final = {"case_id": "01JV0CASE00000000000000001", "number": "MD-20261122-0001"}
DISPUTE: Final[dict[str, Any]] = {
    "case_id": "01JV0CASE00000000000000001",
    "field": "labour",
    "source": "petition",
    "topic": "social_insurance",
    "people": 62,
    "amount_yuan": 132400.0,
    "parties": 2,
    "inside": True,
    "account": "职工反映单位未足额缴纳社会保险费。",
    "erased": False,
    "mechanisms": [
        {
            "name": "joint_handling",
            "title": {"zh": "联合处置", "en": "Joint handling"},
            "owner": {"zh": "县区综治中心牵头", "en": "Led by the county centre"},
            "duty": {"zh": "多部门同场会商", "en": "The offices meet in one room"},
            "limit_amount": 5,
            "limit_unit": "working_day",
            "applies": True,
            "reasons": [{"zh": "涉及62人，不少于10人", "en": "62 people, 10 or more"}],
        }
    ],
}
PARTIES: Final = {
    "items": [
        {"party_id": "01JV0PARTY0000000000000001", "role": "applicant", "name": "住户甲", "contact": "139****0001"}
    ]
}

NEW_SCHEDULE: Final = {
    "kind": "reception",
    "every": "month",
    "on_day": 1,
    "begins": "09:00",
    "place": "邻里之家",
    "moves": "next_working_day",
    "from_day": "2026-10-01",
}
SCHEDULE_MADE: Final = {"schedule_id": "01JV0PLAN00000000000000001"}
MINUTES: Final[dict[str, Any]] = {
    "held_day": "2026-10-08",
    "minutes": "议定楼体修缮的分工。",
    "attendance": {"owners_committee": 3, "residents": 14},
    "matters": [{"summary": "楼体墙皮脱落", "answer": "本周围挡并报修。"}, {"summary": "楼道杂物清理"}],
}
CANCEL: Final = {"reason": "社区停电"}
MEETING_MADE: Final = {"meeting_id": "01JV0MEET00000000000000001"}
MEETINGS: Final[dict[str, Any]] = {
    "items": [
        {
            "schedule_id": "01JV0PLAN00000000000000001",
            "kind": "reception",
            "unit_name": "柳巷街道第一社区调解室",
            "place": "邻里之家",
            "begins": "09:00",
            "planned_day": "2026-10-01",
            "day": "2026-10-08",
            "moved": {
                "zh": "原定10月1日为国庆节，顺延至10月8日",
                "en": "2026-10-01 is National Day: moved to 2026-10-08",
            },
            "state": "held",
            "meeting_id": "01JV0MEET00000000000000001",
            "minutes": "议定楼体修缮的分工。",
            "reason": None,
            "attendance": {"owners_committee": 3, "residents": 14},
            "matters": [
                {
                    "case_id": "01JV0CASE00000000000000002",
                    "number": "JM-20261008-0001",
                    "title": "楼道杂物清理",
                    "state": "raised",
                    "due_at": "2026-10-12T18:00:00+08:00",
                    "answered_at": None,
                    "overdue": False,
                }
            ],
            "own": True,
        }
    ]
}

_TALLY: Final = {
    "name": "total",
    "found": 10965,
    "settled": 10676,
    "rate_percent": 97.36,
    "people": 12000,
    "amount_yuan": 0.0,
}
NEW_REPORTED: Final[dict[str, Any]] = {
    "key": "2024-fields",
    "title": "12类重点领域矛盾纠纷",
    "source": "某期简报",
    "as_of_day": "2024-12-03",
    "found": 10965,
    "settled": 10676,
    "rate_percent": 97.63,
}
REPORTED: Final[dict[str, Any]] = {
    **NEW_REPORTED,
    "people": None,
    "amount_yuan": None,
    "parts": [],
    "computed_rate_percent": 97.36,
    "contradictions": [
        {
            "what": "rate_percent",
            "reported": 97.63,
            "computed": 97.36,
            "words": {"zh": "化解率不符：上报97.63，计算97.36", "en": "the rate: reported 97.63, computed 97.36"},
        }
    ],
}
FIGURES: Final[dict[str, Any]] = {
    "total": _TALLY,
    "by_field": [{**_TALLY, "name": "neighbours"}],
    "by_level": [{**_TALLY, "name": "village"}],
    "by_source": [{**_TALLY, "name": "hotline"}],
    "social_insurance": {
        **_TALLY,
        "name": "social_insurance",
        "found": 11,
        "settled": 11,
        "rate_percent": 100.0,
        "people": 309,
        "amount_yuan": 632100.0,
    },
    "matters": {"raised": 12, "answered": 11, "in_time": 10, "overdue": 2},
    "reported": [REPORTED],
}
