"""What the scene's routes say and hear."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from cityops.api import Bilingual, Latitude, Longitude, Model

LAYER: Final[dict[str, Any]] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[112.56, 37.74], [112.564, 37.74]]},
            "properties": {
                "permit_id": "01KATMW8S0F1G2H3J4K5M6N7P8",
                "number": "掘许2026-0012",
                "place": "汾东南路",
                "current": True,
                "holder": "晋源热力有限公司（演示）",
                "valid_from": "2026-11-01",
                "valid_to": "2026-12-15",
                "depth_m": 2.5,
            },
        }
    ],
}
SHEET_ERROR: Final[dict[str, Any]] = {
    "row": 3,
    "column": "面积（平方米）",
    "text": {"zh": "应为数字：八", "en": "a number, not 八"},
}
JUDGEMENT: Final[dict[str, Any]] = {
    "verdict": "outside_validity",
    "reason": {
        "zh": "许可 掘许2026-0012：2026-12-20 不在有效期内",
        "en": "permit 掘许2026-0012: not within its validity",
    },
    "permit_id": "01KATMW8S0F1G2H3J4K5M6N7P8",
    "permit_number": "掘许2026-0012",
    "holder": "晋源热力有限公司（演示）",
    "distance_m": 0.0,
}
EARLIER: Final[dict[str, Any]] = {
    "case_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF",
    "number": "RXI-20261122-0002",
    "party": "太原某建筑公司",
    "area_m2": 8.0,
    "found_on": "2023-11-15",
    "decided_on": "2023-11-07",
    "fine_yuan": 20000.0,
    "by_code": False,
}
FACTS: Final[dict[str, Any]] = {
    "flags": [],
    "judgement": JUDGEMENT,
    "party": "太原某建筑公司",
    "party_code": None,
    "earlier": [EARLIER],
    "discretion": {
        "notice": {"zh": "演示城市掘路处罚裁量基准（自拟）", "en": "Discretion table of the demo city (its own)"},
        "article": "《城市道路管理条例》第四十二条",
        "to_be_checked": True,
        "suggested": "ordinary",
        "counting": 0,
        "grades": [
            {
                "name": "ordinary",
                "title": {"zh": "一般：1至10平方米", "en": "Ordinary: 1 to 10 m²"},
                "min_yuan": 5000.0,
                "max_yuan": 20000.0,
            }
        ],
    },
}
TAKEN: Final[dict[str, Any]] = {
    "rows": 6,
    "imported": 6,
    "area_m2": 32.6,
    "fine_yuan": 50000.0,
    "flagged": [
        {
            "row": 3,
            "file_number": "通报2024-03-06-2",
            "case_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF",
            "reasons": [
                {"zh": "处罚决定日期 2023-11-07 早于发现日期 2023-11-15", "en": "decision is earlier than found"}
            ],
        }
    ],
    "errors": [],
}
NEW_FINDING: Final[dict[str, Any]] = {"lon": 112.56, "lat": 37.74, "address": "汾东南路", "description": "人行道被挖开"}


class DiggingSheetError(Model):
    """What is wrong in a row of a sheet."""

    row: int
    column: str
    text: Bilingual


class Judgement(Model):
    """Whether digging at a point on a day is covered by a permit, with the reason."""

    verdict: Literal["permitted", "no_permit", "outside_validity", "outside_area"]
    reason: Bilingual
    permit_id: str | None
    permit_number: str | None
    holder: str | None
    distance_m: float | None


class EarlierCase(Model):
    """Another case of the same offender."""

    case_id: str
    number: str
    party: str
    area_m2: float
    found_on: str
    decided_on: str | None
    fine_yuan: float | None
    by_code: bool


class GradeRange(Model):
    """A grade of the discretion table."""

    name: str
    title: Bilingual
    min_yuan: float
    max_yuan: float


class Weighing(Model):
    """What weighs in the decision. ``counting``: earlier cases within the table's months."""

    notice: Bilingual
    article: str
    to_be_checked: bool
    suggested: str
    counting: int
    grades: list[GradeRange]


class CaseFacts(Model):
    """What the scene adds to a case."""

    flags: list[Bilingual]
    judgement: Judgement | None
    party: str | None
    party_code: str | None
    earlier: list[EarlierCase]
    discretion: Weighing | None


class FlaggedFile(Model):
    """A row whose dates contradict each other."""

    row: int
    file_number: str
    case_id: str
    reasons: list[Bilingual]


class FilesTaken(Model):
    """What an import of earlier files did."""

    rows: int
    imported: int
    area_m2: float
    fine_yuan: float
    flagged: list[FlaggedFile]
    errors: list[DiggingSheetError]


class NewFinding(Model):
    """Somebody digs here."""

    lon: Longitude
    lat: Latitude
    address: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=1000)] = ""


class Reported(Model):
    """The case that a finding has opened."""

    case_id: str
    number: str
