"""Open cases near a report as the person who reports sees them (疑似重复): no personal data, whatever the scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, RowMapping, func, select

from cityops.cases.catalogue import ItemKey, Kind
from cityops.cases.duplicates import Candidate, DuplicateRules, find_duplicates, find_same_vehicle
from cityops.cases.intake.values import NearCase
from cityops.cases.showing import matter_view
from cityops.cases.tables import case_table, reporter_table
from cityops.cases.workflow import Workflows
from cityops.kit import Text

SHOWN: Final = 8
_NAMED: Final = ("address", "road_name", "community_name", "street_name", "district_name")
"""What names a place best, first."""


def near_cases(
    conn: Connection, workflows: Workflows, rules: DuplicateRules, key: ItemKey, *, lon: float, lat: float, at_ms: int
) -> tuple[NearCase, ...]:
    """The nearest open cases of the same or a kin matter, at most ``SHOWN``."""
    found = find_duplicates(conn, rules, key, lon=lon, lat=lat, at_ms=at_ms, limit=SHOWN)
    return _shown(conn, workflows, found)


def like_case(conn: Connection, workflows: Workflows, rules: DuplicateRules, case: RowMapping) -> tuple[NearCase, ...]:
    """Other open cases that may be about the same as this one: on its vehicle, else of its matter nearby."""
    matter = matter_view(case)
    if case["vehicle_id"] is not None:
        found = find_same_vehicle(conn, rules, case, limit=SHOWN)
    elif matter is not None and case["lon"] is not None and case["lat"] is not None:
        key = ItemKey(matter.standard, Kind(matter.kind), matter.code)
        lon, lat, own = case["lon"], case["lat"], [case["id"]]
        found = find_duplicates(conn, rules, key, lon=lon, lat=lat, at_ms=case["opened_ms"], limit=SHOWN, exclude=own)
    else:
        found = []
    return _shown(conn, workflows, found)


def _shown(conn: Connection, workflows: Workflows, found: Sequence[Candidate]) -> tuple[NearCase, ...]:
    if not found:
        return ()
    ids = [one.case_id for one in found]
    case, reporter = case_table.c, reporter_table.c
    rows = {row["id"]: row for row in conn.execute(select(case_table).where(case.id.in_(ids))).mappings()}
    counted = select(reporter.case_id, func.count()).where(reporter.case_id.in_(ids)).group_by(reporter.case_id)
    reporters = {case_id: int(count) for case_id, count in conn.execute(counted)}
    shown = []
    for one in found:
        row = rows[one.case_id]
        workflow = workflows[row["scene"], row["kind"]]
        shown.append(
            NearCase(
                case_id=one.case_id,
                number=one.number,
                title=Text(row["title_zh"], row["title_en"]),
                state_title=workflow.states[row["state"]].title.text,
                matter_name=row["matter_name"] or "",
                address=next((row["place"][name] for name in _NAMED if row["place"].get(name)), ""),
                distance_m=one.distance_m,
                age_s=one.age_s,
                same_matter=one.same_matter,
                reporters=reporters.get(one.case_id, 0),
            )
        )
    return tuple(shown)
