"""What the board of indicators says."""

from __future__ import annotations

from typing import Any, Final, Literal

from cityops.api import Bilingual, Model

BOARD: Final[dict[str, Any]] = {
    "today": "2026-11-22",
    "items": [
        {
            "indicator_id": "01KATMW8S0F1G2H3J4K5M6N7P8",
            "code": "shelter_per_head",
            "title": "人均应急避难场所面积",
            "group": "emergency",
            "measured_in": "平方米",
            "formula": "shelter_area / core_population",
            "figure": None,
            "definition": None,
            "owner": "市应急管理局规划处（演示）",
            "source": "“十四五”应急规划报道",
            "direction": "higher",
            "margin_percent": 5,
            "decimals": 2,
            "stale_after_days": 400,
            "value": 1.95,
            "data_date": "2025-12-31",
            "target": 2.0,
            "limit": 1.9,
            "light": "amber",
            "points": [{"date": "2025-12-31", "value": 1.95}],
            "path": [{"date": "2021-01-01", "value": 1.2}, {"date": "2025-12-31", "value": 2.0}],
            "contradictions": [
                {
                    "date": "2025-12-31",
                    "reported": 2.1,
                    "other": 1.95,
                    "against": "recomputed",
                    "source": "简报（合成）",
                }
            ],
            "problem": None,
        }
    ],
}


class DatedFigure(Model):
    """A figure of a day."""

    date: str
    value: float


class IndicatorContradiction(Model):
    """Two figures that differ; ``other`` is recomputed, was typed in too, or is today's figure of a scene's board."""

    date: str
    reported: float
    other: float
    against: Literal["recomputed", "twice", "figure"]
    source: str


class IndicatorRow(Model):
    """An indicator. ``target``: the path on the data date; ``limit``: where amber ends; ``path``: its points."""

    indicator_id: str
    code: str
    title: str
    group: str
    measured_in: str
    formula: str | None
    figure: str | None
    definition: str | None
    owner: str | None
    source: str
    direction: Literal["higher", "lower"]
    margin_percent: float
    decimals: int
    stale_after_days: int | None
    value: float | None
    data_date: str | None
    target: float | None
    limit: float | None
    light: Literal["green", "amber", "red", "no_value", "stale", "no_target"]
    points: list[DatedFigure]
    path: list[DatedFigure]
    contradictions: list[IndicatorContradiction]
    problem: Bilingual | None


class IndicatorBoard(Model):
    """All indicators as of ``today``."""

    today: str
    items: list[IndicatorRow]
