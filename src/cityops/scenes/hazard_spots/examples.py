"""Examples of the answers of the scene's routes, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

_TITLE: Final = {"zh": "超速行驶", "en": "Overspeed"}
ROW: Final[dict[str, Any]] = {
    "spot_id": "01KATMW8S0F1G2H3J4K5M6N7P8",
    "code": "SP-001",
    "title": "唐槐路与通达街路口（演示）",
    "category": "hazard",
    "state": "treated",
    "road": "唐槐路",
    "lon": 112.65,
    "lat": 37.693,
    "radius_m": 300,
    "unit_name": "十一大队秩序中队（演示）",
    "rank": 1,
    "score": 27.0,
    "last_30": 15,
    "before_30": 4,
    "last_90": 21,
    "worst": 3,
    "parts": [
        {
            "source": "alert", "name": "overspeed", "title": _TITLE,
            "last_30": 12, "last_90": 18, "weight": 1, "points": 12.0,
        },
        {
            "source": "case", "name": "accidents", "title": {"zh": "事故快处", "en": "Quick accidents"},
            "last_30": 3, "last_90": 3, "weight": 5, "points": 15.0,
        },
    ],
    "overdue_measures": 1,
}  # fmt: skip
RANKING: Final[dict[str, Any]] = {"now": "2026-11-22T09:00:00+08:00", "counted_from": None, "items": [ROW]}
FIGURES: Final[dict[str, Any]] = {
    "row": ROW,
    "counted_from": None,
    "days": [{"day": "2026-11-22", "alerts": 2, "cases": 0}],
    "treated_on": "2026-11-08",
    "judge_from": 10,
    "comparisons": [
        {
            "source": "case", "days": 13, "before": 12, "after": 3, "difference": -9, "percent": -75.0,
            "p": 0.0352, "verdict": "unlikely",
        }
    ],
    "measures": [
        {
            "measure_id": "01KATMW8S0F1G2H3J4K5M6N7P9", "code": "DC-001", "title": "加装信号灯倒计时（演示）",
            "what": "signal_timing", "words": "调整配时", "owner": "信号配时岗",
            "unit_name": "十一大队秩序中队（演示）", "due_on": "2026-11-15", "done_on": None,
            "state": "doing", "overdue": True,
        }
    ],
}  # fmt: skip
_HOURS: Final = [0, 0, 0, 0, 0, 0, 4, 9, 8, 2, 1, 0, 0, 1, 0, 0, 0, 3, 5, 4, 1, 0, 0, 0]
DEPLOYMENT: Final[dict[str, Any]] = {
    "past_days": 90,
    "spots": ["SP-001"],
    "total": 38,
    "rows": [{"name": "truck", "title": {"zh": "货车", "en": "Truck"}, "hours": _HOURS, "total": 38}],
    "windows": [
        {"from_hour": 7, "to_hour": 9, "count": 17, "share": 0.447, "groups": {"truck": 17}},
        {"from_hour": 18, "to_hour": 20, "count": 9, "share": 0.237, "groups": {"truck": 9}},
    ],
    "share": 0.684,
    "few": False,
    "even_share": 0.167,
}
PROPOSALS: Final[dict[str, Any]] = {
    "past_days": 30,
    "propose_from": 5,
    "within_m": 100,
    "quiet_days": 90,
    "shown_max": 50,
    "counted_from": None,
    "decides": True,
    "items": [
        {
            "lon": 112.5513,
            "lat": 37.7902,
            "radius_m": 90,
            "place": "小店区 平阳路",
            "area_code": "140105",
            "count": 7,
            "kinds": [{"source": "alert", "title": _TITLE, "count": 7}],
            "hours": _HOURS,
            "first_day": "2026-10-30",
            "last_day": "2026-11-21",
        }
    ],
}
DECISION: Final[dict[str, Any]] = {
    "lon": 112.5513,
    "lat": 37.7902,
    "verdict": "confirm",
    "title": "平阳路南段",
    "category": "hazard",
    "unit_id": None,
    "why": None,
}
DECIDED: Final[dict[str, Any]] = {
    "spot_id": "01KATMW8S0F1G2H3J4K5M6N7PA",
    "code": "SP-20261122-001",
    "state": "confirmed",
    "created": True,
}
