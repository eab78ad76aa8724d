"""How quick it is (快处成效): the share of quick handling and the minutes saved, recomputed from the cases themselves.

Minutes are from the report to the clear road (撤离现场), both as the case has them. What is saved is what the slow way
took in the median in the same period, less what the quick way took: no constant stands in for either. The slow way has
the harder cases, so the difference is not all owed to the method; the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import mean, median
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, func, select

from cityops.access import Permission, Principal
from cityops.cases import case_scope, case_table, step_table, task_table
from cityops.kit import Data, InvalidError, Text, from_ms
from cityops.scenes.quick_accident.rows import SCENE, moment, rules_of
from cityops.scenes.quick_accident.tables import accident_table
from cityops.scenes.registry import SceneContext

TARGET_SHARE: Final = 0.95
"""S0: of the accidents with damage or slight injuries more than 95 % are handled quickly."""
ENOUGH: Final = 5
"""Fewer cases than this on either side make no median that anybody should quote."""
MAX_CASES: Final = 20_000
SHOWN_MAX: Final = 500
TO_ORDINARY: Final = ("to_ordinary", "officer_to_ordinary", "found_excluded")
Group = Literal["quick", "slow", "beyond_slight", "running", "void"]
_MINUTE_MS: Final = 60_000


class FigureCase(Data):
    """A case behind the figures. ``minutes``: from the report to the clear road; ``None`` while it is not clear."""

    case_id: str
    number: str
    reported_at: datetime
    cleared_at: datetime | None
    group: Group
    minutes: float | None


class QuickFigures(Data):
    """The figures of a period. Counts by group; what cannot be said yet is ``None``."""

    from_at: datetime
    to_at: datetime
    counts: dict[str, int]
    share: float | None
    target_share: float
    quick_measured: int
    slow_measured: int
    enough: int
    quick_median_min: float | None
    slow_median_min: float | None
    saved_median_min: float | None
    saved_mean_min: float | None
    cases: list[FigureCase]
    shown_max: int


def figures(context: SceneContext, principal: Principal, from_ms_: int, to_ms_: int) -> QuickFigures:
    """The figures of the accidents reported in [from, to), of those this person may see.

    Raises:
        ForbiddenError: without ``learn.read``. InvalidError: ``accident.period``: too many cases for one answer.
    """
    principal.require(Permission.LEARN_READ)
    with context.store.read() as conn:
        rows = conn.execute(_query(principal, from_ms_, to_ms_).limit(MAX_CASES + 1)).mappings().all()
        if len(rows) > MAX_CASES:
            raise InvalidError(
                f"一次最多统计 {MAX_CASES} 起事故",
                f"at most {MAX_CASES} accidents at a time",
                code="accident.period",
                todo=Text("请缩短统计期间", "choose a shorter period"),
            )
        grounds = _grounds(conn, from_ms_, to_ms_)
    return summed([_case(row, grounds.get(row["id"])) for row in rows], from_ms_, to_ms_)


def summed(cases: Sequence[FigureCase], from_ms_: int, to_ms_: int) -> QuickFigures:
    """The figures of these cases."""
    counts = {
        group: sum(case.group == group for case in cases)
        for group in ("quick", "slow", "beyond_slight", "running", "void")
    }
    quick = [case.minutes for case in cases if case.group == "quick" and case.minutes is not None]
    slow = [case.minutes for case in cases if case.group == "slow" and case.minutes is not None]
    both = counts["quick"] + counts["slow"]
    comparable = len(quick) >= ENOUGH and len(slow) >= ENOUGH
    slow_median = median(slow) if len(slow) >= ENOUGH else None
    quick_median = median(quick) if len(quick) >= ENOUGH else None
    return QuickFigures(
        from_at=from_ms(from_ms_),
        to_at=from_ms(to_ms_),
        counts=counts,
        share=counts["quick"] / both if both >= ENOUGH else None,
        target_share=TARGET_SHARE,
        quick_measured=len(quick),
        slow_measured=len(slow),
        enough=ENOUGH,
        quick_median_min=quick_median,
        slow_median_min=slow_median,
        saved_median_min=median(slow) - median(quick) if comparable else None,
        saved_mean_min=median(slow) - mean(quick) if comparable else None,
        cases=list(cases[:SHOWN_MAX]),
        shown_max=SHOWN_MAX,
    )


def _case(row: RowMapping, ground: str | None) -> FigureCase:
    cleared_ms = row["cleared_ms"]
    return FigureCase(
        case_id=row["id"],
        number=row["number"],
        reported_at=from_ms(row["reported_ms"]),
        cleared_at=moment(cleared_ms),
        group=_group(row, ground),
        minutes=None if cleared_ms is None else (cleared_ms - row["reported_ms"]) / _MINUTE_MS,
    )


def _group(row: RowMapping, ground: str | None) -> Group:
    if row["state"] == "void":
        return "void"
    ticked = rules_of(row).checked_exclusions(row["exclusions"] or ())
    if ground == "injury" or any(entry.beyond_slight for entry in ticked):
        return "beyond_slight"
    if not row["ended"]:
        return "running"
    return "quick" if ground is None else "slow"


def _query(principal: Principal, from_ms_: int, to_ms_: int) -> Any:
    case, accident, task = case_table.c, accident_table.c, task_table.c
    cleared = (
        select(func.min(task.done_ms))
        .where(task.case_id == case.id, task.kind == "clearance", task.state == "done")
        .scalar_subquery()
    )
    return (
        select(
            case.id,
            case.number,
            case.state,
            case.ended,
            accident.reported_ms,
            accident.exclusions,
            cleared.label("cleared_ms"),
        )
        .join(accident_table, accident.case_id == case.id)
        .where(accident.reported_ms >= from_ms_, accident.reported_ms < to_ms_, case_scope(principal))
        .order_by(accident.reported_ms.desc(), case.id.desc())
    )


def _grounds(conn: Connection, from_ms_: int, to_ms_: int) -> dict[str, str]:
    """Why each case went the slow way, by its id; a case that did not is not in it."""
    step, accident = step_table.c, accident_table.c
    query = (
        select(step.case_id, step.data)
        .join(accident_table, accident.case_id == step.case_id)
        .join(case_table, case_table.c.id == step.case_id)
        .where(case_table.c.scene == SCENE, step.action.in_(TO_ORDINARY))
        .where(accident.reported_ms >= from_ms_, accident.reported_ms < to_ms_)
        .order_by(step.case_id, step.sequence)
    )
    return {row["case_id"]: str(row["data"].get("ground")) for row in conn.execute(query).mappings()}
