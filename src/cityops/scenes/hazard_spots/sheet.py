"""The deployment as a sheet to print and take along (布防表): first the windows, then every hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cityops.api import write_sheet
from cityops.scenes.hazard_spots.deployment import Days
from cityops.scenes.hazard_spots.schemas import SpotDeployment

_WHICH: Final = {"all": "每天 Every day", "weekday": "周一至周五 Mon–Fri", "weekend": "周六周日 Sat–Sun"}
_CITY: Final = "全市 Whole city"
_COLUMNS: Final = (
    ("点位 Spots", 40),
    ("日子 Days", 20),
    ("时段 Hours", 16),
    ("布防 On duty", 14),
    ("违法起数 Violations", 20),
    ("占比 Share %", 14),
)


def write_deployment(found: SpotDeployment, days: Days) -> bytes:
    """The xlsx of a deployment."""
    columns = [*_COLUMNS, *((f"{row.title.zh} {row.title.en}", 18) for row in found.rows)]
    return write_sheet("布防 Deployment", columns, _rows(found, days))


def _rows(found: SpotDeployment, days: Days) -> Iterator[list[Any]]:
    head = ["、".join(found.spots) or _CITY, _WHICH[days]]
    for number, window in enumerate(found.windows, start=1):
        groups = [window.groups.get(row.name, 0) for row in found.rows]
        hours = f"{window.from_hour:02d}:00–{window.to_hour:02d}:00"
        yield [*head, hours, f"第 {number} 段 No. {number}", window.count, _percent(window.count, found.total), *groups]
    duty = {(window.from_hour + part) % 24 for window in found.windows for part in (0, 1)}
    for hour in range(24):
        groups = [row.hours[hour] for row in found.rows]
        on_duty = "是 Yes" if hour in duty else ""
        yield [*head, f"{hour:02d}", on_duty, sum(groups), _percent(sum(groups), found.total), *groups]


def _percent(count: int, total: int) -> float | None:
    return round(count * 100 / total, 1) if total else None
