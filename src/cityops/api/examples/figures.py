"""Examples of a board: refrigerated units of school canteens, one more than was reported."""

from __future__ import annotations

from typing import Any, Final

_DECLARED: Final[dict[str, Any]] = {
    "value": 150, "at_least": False, "source": "市教育局通报", "on": "2026-10-20", "entered_at": None,
    "entered_by": None,
}  # fmt: skip
REPORTED: Final[dict[str, Any]] = {
    "value": 151, "at_least": False, "source": "小店区教育局月报", "on": "2026-11-20",
    "entered_at": "2026-11-21T09:00:00+08:00", "entered_by": "值班长",
}  # fmt: skip
BOARD: Final[dict[str, Any]] = {
    "items": [
        {
            "name": "cold_units",
            "title": {"zh": "更新冷藏设备", "en": "Refrigerated units replaced"},
            "register_name": "canteen_renovation",
            "unit": {"zh": "台", "en": "units"},
            "decimals": 0,
            "value": 150,
            "target": None,
            "reached": None,
            "reported": REPORTED,
            "contradicts": True,
        }
    ]
}
HISTORY: Final[dict[str, Any]] = {"items": [REPORTED, _DECLARED]}
NEW_REPORTED: Final[dict[str, Any]] = {"value": 151, "source": "小店区教育局月报", "on": "2026-11-20"}
