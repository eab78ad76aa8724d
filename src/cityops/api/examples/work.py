"""Alerts, cases, tasks and steps."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import (
    ALERT_ID,
    CASE_ID,
    CREW_ID,
    ENTERPRISE,
    PAGE,
    PLACE,
    T0,
    T1,
    TASK_ID,
    TRUCK_ID,
    UNIT_ID,
)

ALERT: Final[dict[str, Any]] = {
    "alert_id": ALERT_ID,
    "identity": "continuous_driving:1:17:1778586065000",
    "scene": "sample_scene",
    "detector": "continuous_driving",
    "detector_version": 1,
    "title": {"zh": "连续驾驶超过 4 小时", "en": "Driving over 4 h without rest"},
    "summary": {"zh": "晋A12345 已连续驾驶 4 小时 1 分", "en": "晋A12345 has been driven for 4 h 1 min"},
    "severity": "serious",
    "state": "active",
    "vehicle_id": TRUCK_ID,
    "plate": "晋A12345",
    "unit_id": UNIT_ID,
    "unit_name": ENTERPRISE,
    "started_at": "2026-05-12T19:40:05+08:00",
    "last_at": T0,
    "ended_at": None,
    "raised_at": T0,
    "place": PLACE,
    "case_id": None,
    "case_number": None,
    "version": 1,
}
STEP_TAKEN: Final[dict[str, Any]] = {
    "at": T1,
    "action": "dispatch",
    "title": {"zh": "派遣", "en": "Dispatched"},
    "actor": "派遣员",
    "actor_role": "dispatcher",
    "unit_name": None,
    "comment": "就近派小店一中队",
    "data": {"crew_id": CREW_ID},
}
ALERT_DETAIL: Final[dict[str, Any]] = {
    **ALERT,
    "evidence": {"driving_s": 14460, "limit_s": 14400, "longest_rest_s": 840},
    "rule": {
        "zh": "《道路交通安全法实施条例》第六十二条第（七）项",
        "en": "Implementing Regulations of the Road Traffic Safety Law, art. 62 (7)",
    },
    "history": [
        {
            **STEP_TAKEN,
            "at": T0,
            "action": "raised",
            "title": {"zh": "发出预警", "en": "Raised"},
            "actor": "系统",
            "actor_role": None,
            "comment": None,
            "data": {},
        }
    ],
}
ALERT_LIST: Final[dict[str, Any]] = {"items": [ALERT], "page": PAGE}
TRACK: Final[dict[str, Any]] = {"items": [{"lon": 112.5501, "lat": 37.7423, "speed_kmh": 62.4, "at": T0}]}
DEADLINE: Final[dict[str, Any]] = {
    "due_at": "2026-05-13T00:11:05+08:00",
    "explanation": {"zh": "30 分钟内处置", "en": "to be handled within 30 min"},
    "provisional": False,
    "elapsed_share": 0.04,
    "overdue": False,
}
ACTION: Final[dict[str, Any]] = {
    "name": "dispatch",
    "title": {"zh": "派遣", "en": "Dispatch"},
    "confirm": None,
    "danger": False,
    "task_id": None,
    "fields": [
        {
            "name": "crew_id",
            "title": {"zh": "处置力量", "en": "Crew"},
            "kind": "crew",
            "required": True,
            "options": [],
        }
    ],
    "needs_reason": False,
}
CASE: Final[dict[str, Any]] = {
    "case_id": CASE_ID,
    "number": "ZD-20260512-0007",
    "scene": "sample_scene",
    "kind": "fatigue",
    "title": {"zh": "晋A12345 疑似疲劳驾驶", "en": "晋A12345: suspected fatigued driving"},
    "state": "filed",
    "state_title": {"zh": "已立案", "en": "Filed"},
    "stage": "filing",
    "severity": "serious",
    "place": PLACE,
    "vehicle_id": TRUCK_ID,
    "plate": "晋A12345",
    "unit_id": UNIT_ID,
    "unit_name": ENTERPRISE,
    "crew_id": None,
    "crew_name": None,
    "deadline": DEADLINE,
    "opened_at": T0,
    "closed_at": None,
    "alert_id": ALERT_ID,
    "version": 1,
}
TASK: Final[dict[str, Any]] = {
    "task_id": TASK_ID,
    "case_id": CASE_ID,
    "case_number": "ZD-20260512-0007",
    "kind": "rectification",
    "title": {"zh": "企业整改", "en": "Rectification by the enterprise"},
    "state": "open",
    "state_title": {"zh": "待整改", "en": "Open"},
    "unit_id": UNIT_ID,
    "unit_name": ENTERPRISE,
    "crew_id": None,
    "crew_name": None,
    "deadline": DEADLINE,
    "created_at": T0,
    "done_at": None,
    "data": {},
    "place": None,
    "case_version": 1,
    "actions": [],
}
CASE_DETAIL: Final[dict[str, Any]] = {
    **CASE,
    "tasks": [TASK],
    "timeline": [STEP_TAKEN],
    "actions": [ACTION],
    "notices": [
        {
            "notice_id": "01JV0NOTE00000000000000001",
            "case_id": CASE_ID,
            "kind": "enterprise",
            "title": {"zh": "疲劳驾驶整改通知", "en": "Rectify fatigued driving"},
            "body": {"zh": "请在时限内提交整改说明。", "en": "Answer with a rectification by the deadline."},
            "unit_id": UNIT_ID,
            "unit_name": ENTERPRISE,
            "crew_id": None,
            "sent_at": T0,
            "read_at": None,
            "acknowledged_at": None,
        }
    ],
    "workflow": [{"state": "filed", "title": {"zh": "已立案", "en": "Filed"}, "passed": True}],
}
CASE_LIST: Final[dict[str, Any]] = {"items": [CASE], "page": PAGE, "counts": {"filed": 1}}
TASK_LIST: Final[dict[str, Any]] = {"items": [TASK], "page": PAGE}
CHOICE_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "value": UNIT_ID,
            "title": {"zh": "照明管理处", "en": "照明管理处"},
            "note": {"zh": "在办 3 项", "en": "3 open tasks"},
        }
    ],
    "more": False,
}
OFFER_LIST: Final[dict[str, Any]] = {
    "items": [{"action": ACTION, "cases": [{"case_id": CASE_ID, "version": 1, "task_id": None}]}]
}
BULK_STEP: Final[dict[str, Any]] = {
    "cases": [{"case_id": CASE_ID, "version": 1, "task_id": None}],
    "form": {"unit": UNIT_ID},
    "comment": "批量派遣",
}
OUTCOME_LIST: Final[dict[str, Any]] = {"items": [{"case_id": CASE_ID, "done": True, "problem": None}]}
HOLDER_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "account_id": "01JV0ACCT00000000000000001",
            "display_name": "承办人甲",
            "role": "handler",
            "unit_name": "照明管理处",
            "active": False,
            "open_tasks": 3,
        }
    ]
}
HAND_OVER: Final[dict[str, Any]] = {
    "from_id": "01JV0ACCT00000000000000001",
    "to_id": "01JV0ACCT00000000000000002",
    "reason": "调离岗位",
}
NOTICE_LIST: Final[dict[str, Any]] = {"items": CASE_DETAIL["notices"]}
STEP: Final[dict[str, Any]] = {"version": 1, "task_id": None, "form": {"crew_id": CREW_ID}, "comment": "就近派遣"}
OPEN_CASE: Final[dict[str, Any]] = {"comment": "司机电话无人接听"}

CASE_FORM_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "scene": "sample_scene",
            "kind": "ticket",
            "title": {"zh": "登记群众诉求", "en": "Register a petition"},
            "case_title": {"zh": "群众诉求", "en": "Petition"},
            "fields": [
                {
                    "name": "topic",
                    "title": {"zh": "诉求类别", "en": "Topic"},
                    "kind": "choice",
                    "required": True,
                    "options": [{"value": "labour", "title": {"zh": "劳动社保", "en": "Labour and insurance"}}],
                }
            ],
            "place": False,
            "unit": True,
        }
    ]
}
REGISTERED: Final[dict[str, Any]] = {"case_id": CASE_ID, "number": "XF-2026-000001", "readable": True}
NEW_REGISTRATION: Final[dict[str, Any]] = {
    "client_id": "5f0c2c0e-7d51-4a7e-9d1f-0d0b6f6f6a01",
    "title": "拖欠工资",
    "description": "三个月工资未付。",
    "form": {"topic": "labour"},
    "unit": "ST-HALL",
}
