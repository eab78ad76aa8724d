"""Who dug where (违法当事人): the scene's own rows, and the earlier cases of the same offender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from cityops.cases import case_table
from cityops.scenes.road_excavation.tables import matter_table

EARLIER_MAX: Final = 50
_m = matter_table.c


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """Another case of the same offender. ``by_code``: found by the credit code, else by the name alone (需核对)."""

    case_id: str
    number: str
    party: str
    area_m2: float
    found_on: str
    decided_on: str | None
    fine_yuan: float | None
    by_code: bool


def matter_of(conn: Connection, case_id: str) -> RowMapping | None:
    """What the scene keeps of a case, or ``None`` before the work was stopped."""
    return conn.execute(select(matter_table).where(_m.case_id == case_id)).mappings().one_or_none()


def keep_matter(conn: Connection, case_id: str, values: Mapping[str, Any]) -> None:
    """Write the scene's row of a case, or what has changed in it."""
    if conn.execute(update(matter_table).where(_m.case_id == case_id).values(**values)).rowcount == 0:
        conn.execute(insert(matter_table).values(case_id=case_id, **{"flags": [], **values}))


def earlier_cases(conn: Connection, matter: RowMapping) -> list[EarlierCase]:
    """Other cases of the same offender, newest first: by credit code, else by the same name and kind.

    A case that ended without a penalty (void, permitted) does not count.
    """
    same = [(_m.party == matter["party"]) & (_m.party_kind == matter["party_kind"])]
    if matter["party_code"]:
        same.append(_m.party_code == matter["party_code"])
    query = (
        select(matter_table, case_table.c.number)
        .join(case_table, case_table.c.id == _m.case_id)
        .where(or_(*same), _m.case_id != matter["case_id"], case_table.c.state.not_in(_WITHOUT_FAULT))
        .order_by(_m.found_on.desc(), _m.case_id)
        .limit(EARLIER_MAX)
    )
    rows = conn.execute(query).mappings()
    shown = ("case_id", "number", "party", "area_m2", "found_on", "decided_on", "fine_yuan")
    return [
        EarlierCase(
            **{name: row[name] for name in shown},
            by_code=bool(matter["party_code"]) and row["party_code"] == matter["party_code"],
        )
        for row in rows
        # Two firms of one name with different codes are two offenders.
        if not (matter["party_code"] and row["party_code"] and row["party_code"] != matter["party_code"])
    ]


_WITHOUT_FAULT: Final = ("void", "lawful", "not_punished")
