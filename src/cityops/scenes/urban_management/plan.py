"""Plans of works on roads and what was done of them (计划、夜间进度): values, and how they lie in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from cityops.cases import CaseView
from cityops.dispatch import DailyWindow, Stretch
from cityops.kit import SHANGHAI, from_ms, to_ms
from cityops.scenes.urban_management.tables import planned_work_night_table

_n: Final = planned_work_night_table.c


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be done, such as 1,126 LED lamps (套): name, unit of count, planned total."""

    name: str
    unit: str
    total: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: where (from one point of a road to another, WGS-84), which nights, which hours, how much of the road.

    ``last_night`` is the evening on which the last night begins; times such as ``22:00`` in Asia/Shanghai.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    first_night: date
    last_night: date
    night_begins: str
    night_ends: str
    half: bool
    items: tuple[Item, ...]

    def window(self) -> DailyWindow:
        """The hours of each night."""
        return DailyWindow.parse(self.night_begins, self.night_ends)

    def period_ms(self) -> tuple[int, int]:
        """From the first night's beginning to the last night's end."""
        window = self.window()
        last = self.last_night + timedelta(days=int(window.ends <= window.begins))
        return moment(self.first_night, window.begins), moment(last, window.ends)


@dataclass(frozen=True, slots=True)
class Night:
    """What was done in one night."""

    night: date
    done: Mapping[str, int]
    notes: str
    actor_name: str
    at: datetime
    corrected: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Planned and done of one item, the latter recomputed from the nights."""

    name: str
    unit: str
    total: int
    done: int


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """A planned work with its case, its road and its nights."""

    case: CaseView
    plan: Plan
    road_name: str
    length_m: float
    line: tuple[tuple[float, float], ...]
    items: tuple[Progress, ...]
    nights: tuple[Night, ...]


def row_of(plan: Plan, stretch: Stretch) -> dict[str, Any]:
    """The columns of a plan and its road."""
    window = plan.window()
    return {
        "start_lon": plan.start[0],
        "start_lat": plan.start[1],
        "end_lon": plan.end[0],
        "end_lat": plan.end[1],
        "road_name": stretch.road_name,
        "length_m": stretch.length_m,
        "line": [[lon, lat] for lon, lat in stretch.line],
        "first_night": plan.first_night.isoformat(),
        "last_night": plan.last_night.isoformat(),
        "night_begins": window.begins.isoformat("minutes"),
        "night_ends": window.ends.isoformat("minutes"),
        "half": plan.half,
        "items": [asdict(item) for item in plan.items],
    }


def plan_of(row: RowMapping) -> Plan:
    """The plan of a row."""
    return Plan(
        (row["start_lon"], row["start_lat"]),
        (row["end_lon"], row["end_lat"]),
        date.fromisoformat(row["first_night"]),
        date.fromisoformat(row["last_night"]),
        row["night_begins"],
        row["night_ends"],
        row["half"],
        tuple(Item(**item) for item in row["items"]),
    )


def nights_of(conn: Connection, case_ids: Sequence[str]) -> dict[str, list[Night]]:
    """The nights recorded of each of these works, in order."""
    query = select(planned_work_night_table).where(_n.case_id.in_(case_ids)).order_by(_n.night)
    found: dict[str, list[Night]] = {case_id: [] for case_id in case_ids}
    for row in conn.execute(query).mappings():
        night = Night(
            date.fromisoformat(row["night"]),
            row["done"],
            row["notes"],
            row["actor_name"],
            from_ms(row["at_ms"]),
            row["corrected"],
        )
        found[row["case_id"]].append(night)
    return found


def view_of(case: CaseView, row: RowMapping, nights: Sequence[Night]) -> PlannedWork:
    """A work as it is shown."""
    plan = plan_of(row)
    return PlannedWork(
        case,
        plan,
        row["road_name"],
        row["length_m"],
        tuple((lon, lat) for lon, lat in row["line"]),
        tuple(
            Progress(item.name, item.unit, item.total, sum(night.done.get(item.name, 0) for night in nights))
            for item in plan.items
        ),
        tuple(nights),
    )


def moment(day: date, at: time) -> int:
    """A time of a day in Asia/Shanghai, in milliseconds."""
    return to_ms(datetime.combine(day, at, SHANGHAI))
