"""Which open cases may already be about the same thing (疑似重复案件), before another is filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, true, update

from cityops.cases.catalogue import ItemKey
from cityops.cases.duplicates.cells import cell_of, cells_near, check_position, distance_m
from cityops.cases.duplicates.rules import DuplicateRules
from cityops.cases.duplicates.tables import case_matter_table
from cityops.cases.tables import case_table
from cityops.kit import InvalidError, NotFoundError, Text

MAX_CANDIDATES: Final = 50
_HOUR_MS: Final = 3_600_000
_t: Final = case_matter_table.c


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open case that may be the same.

    ``age_s`` is how long before the asked moment it was opened; negative when it was opened after it (a report made
    offline comes late).
    """

    case_id: str
    number: str
    distance_m: float
    age_s: int
    same_matter: bool


def find_duplicates(
    conn: Connection,
    rules: DuplicateRules,
    key: ItemKey,
    *,
    lon: float,
    lat: float,
    at_ms: int,
    limit: int = 10,
    exclude: Sequence[str] = (),
) -> list[Candidate]:
    """Open cases of the same or a kin matter within the matter's distance and time window, nearest first.

    Args:
        conn: a reading connection.
        rules: distance and window by matter.
        key: the matter that is reported.
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        at_ms: when it was seen; cases opened within the window before or after count.
        limit: how many at most, 1 to 50.
        exclude: ids of cases not to show, for example the case itself.

    Raises:
        InvalidError: ``duplicates.position``; ``duplicates.limit``.
    """
    check_position(lon, lat)
    if not 1 <= limit <= MAX_CANDIDATES:
        raise InvalidError(
            f"数量应为 1 至 {MAX_CANDIDATES}", f"limit is 1 to {MAX_CANDIDATES}", code="duplicates.limit"
        )
    rule, kin = rules.of(key), set(rules.kin(key))
    window_ms = rule.window_h * _HOUR_MS
    query = select(_t.case_id, _t.standard, _t.kind, _t.code, _t.lon, _t.lat, _t.opened_ms).where(
        _t.open == true(),
        _t.cell.in_(cells_near(lon, lat, rule.radius_m)),
        _t.code.in_(sorted({one.code for one in kin})),
        _t.opened_ms.between(at_ms - window_ms, at_ms + window_ms),
    )
    skipped = set(exclude)
    near = []
    for case_id, standard, kind, code, case_lon, case_lat, opened_ms in conn.execute(query):
        away_m = distance_m(lon, lat, case_lon, case_lat)
        if away_m <= rule.radius_m and case_id not in skipped and (standard, kind, code) in kin:
            near.append((away_m, -opened_ms, case_id, (standard, kind, code) == key))
    near.sort()
    return _numbered(conn, near[:limit], at_ms)


def find_same_vehicle(
    conn: Connection, rules: DuplicateRules, case: RowMapping, limit: int = MAX_CANDIDATES
) -> list[Candidate]:
    """Other open cases of the same kind on a case's vehicle, within the general window, nearest in time first.

    A vehicle moves: how far apart the two places lie says nothing, it is only told (0 where either is not known).
    """
    window_ms = rules.general.window_h * _HOUR_MS
    other = case_table.c
    query = select(other.id, other.number, other.lon, other.lat, other.opened_ms).where(
        other.vehicle_id == case["vehicle_id"],
        other.scene == case["scene"],
        other.kind == case["kind"],
        other.ended.is_(False),
        other.id != case["id"],
        other.opened_ms.between(case["opened_ms"] - window_ms, case["opened_ms"] + window_ms),
    )
    found = [
        Candidate(row.id, row.number, _apart_m(case, row._mapping), (case["opened_ms"] - row.opened_ms) // 1000, True)
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda one: (abs(one.age_s), one.number))[:limit]


def _apart_m(one: RowMapping, other: RowMapping) -> float:
    if None in (one["lon"], one["lat"], other["lon"], other["lat"]):
        return 0.0
    return distance_m(one["lon"], one["lat"], other["lon"], other["lat"])


def _numbered(conn: Connection, near: Sequence[tuple[float, int, str, bool]], at_ms: int) -> list[Candidate]:
    wanted = case_table.c.id.in_([case_id for _, _, case_id, _ in near])
    numbers = {row.id: row.number for row in conn.execute(select(case_table.c.id, case_table.c.number).where(wanted))}
    return [
        Candidate(case_id, numbers[case_id], away_m, (at_ms + minus_opened_ms) // 1000, same)
        for away_m, minus_opened_ms, case_id, same in near
    ]


def record_matter(conn: Connection, case_id: str, key: ItemKey, *, lon: float, lat: float, opened_ms: int) -> None:
    """Note a case's matter and place in the running write, in the transaction that opens the case.

    Raises:
        InvalidError: ``duplicates.position``.
    """
    check_position(lon, lat)
    conn.execute(
        insert(case_matter_table).values(
            case_id=case_id,
            standard=key.standard,
            kind=key.kind.value,
            code=key.code,
            lon=lon,
            lat=lat,
            cell=cell_of(lon, lat),
            opened_ms=opened_ms,
            open=True,
        )
    )


def change_matter(conn: Connection, case_id: str, key: ItemKey) -> None:
    """Note that a case's matter was corrected; ``NotFoundError`` when the case was never noted."""
    values = {"standard": key.standard, "kind": key.kind.value, "code": key.code}
    if conn.execute(update(case_matter_table).where(_t.case_id == case_id).values(values)).rowcount == 0:
        raise NotFoundError(
            f"案件 {case_id} 没有登记事项",
            f"no matter was recorded for case {case_id}",
            code="duplicates.case",
            kept=Text("未改变任何内容。", "Nothing was changed."),
            todo=Text("请先登记事项。", "Record its matter first."),
        )


def set_matter_open(conn: Connection, case_id: str, is_open: bool) -> None:
    """Note that a case was closed or opened again; nothing happens when its matter was never noted."""
    conn.execute(update(case_matter_table).where(_t.case_id == case_id).values(open=is_open))
