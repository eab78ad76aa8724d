"""Examples of the evaluation: the published month, one unit of it."""

from __future__ import annotations

from typing import Any, Final

_COUNTS: Final[dict[str, int]] = {
    "reports": 1054, "valid_reports": 996, "accepted": 1054, "filed": 996,
    "close_due": 972, "closed": 911, "closed_in_time": 737, "late_exempted": 0,
}  # fmt: skip
_RATES: Final[dict[str, Any]] = {
    "closing_rate": {
        "numerator": 911, "denominator": 972, "exempted": 0, "percent": "93.72", "raw_percent": "93.72",
    },
    "timely_closing_rate": {
        "numerator": 737, "denominator": 972, "exempted": 0, "percent": "75.82", "raw_percent": "75.82",
    },
}  # fmt: skip
_GROUP: Final[dict[str, Any]] = {"key": [], "labels": [], "counters": _COUNTS, "rates": _RATES, "score": None}
_CLOSED: Final[dict[str, Any]] = {"key": "closed", "title": {"zh": "结案数", "en": "closed"}}

EVALUATION: Final[dict[str, Any]] = {
    "scene": "sample_scene",
    "kind": "urban_case",
    "title": {"zh": "城市管理案件", "en": "Urban management case"},
    "first": "2026-11-01",
    "last": "2026-11-30",
    "counted_to": "2026-12-01T09:00:00+08:00",
    "by": [],
    "rules": {
        "name": "example",
        "title": {"zh": "示例", "en": "Example"},
        "notice": "公开的地方评价办法（示例）",
        "deferred_excluded": False,
    },
    "counters": [_CLOSED],
    "indicators": [
        {
            "key": "closing_rate",
            "title": {"zh": "结案率", "en": "closing rate"},
            "formula": {"zh": "结案数 / 应结案数", "en": "closed / close_due"},
        }
    ],
    "groups": [_GROUP],
    "total": _GROUP,
}
COUNTED_CASES: Final[dict[str, Any]] = {
    "counter": _CLOSED,
    "items": [
        {
            "case_id": "01KAQ0V5W8J3T6Y9B2N4M7P1QR",
            "number": "UM-20261122-0001",
            "title": {"zh": "井盖缺失", "en": "Manhole cover missing"},
            "at": "2026-11-22T11:00:00+08:00",
            "done": True,
            "in_time": True,
            "spoilt": False,
            "exempt": False,
        }
    ],
    "page": {"total": 911, "page": 1, "page_size": 50},
}
