"""Deadlines of cases and tasks (时限): computed once, stored with what they were computed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, or_, select, update

from cityops.cases.counting import CountedTime
from cityops.cases.standards import LimitSpec
from cityops.cases.tables import deadline_table, task_table
from cityops.cases.views import DeadlineView
from cityops.kit import (
    DeadlineResult,
    IdMaker,
    Text,
    WorkingCalendar,
    compute_deadline,
    from_ms,
    recompute_deadline,
    to_ms,
)

Row = Mapping[str, Any] | RowMapping

_STOP_ALL: Final = update(deadline_table).where(
    deadline_table.c.case_id == bindparam("of_case"), deadline_table.c.done_ms.is_(None)
)
_STOP: Final = _STOP_ALL.where(deadline_table.c.task_id == bindparam("of_task"))


def compute(limit: LimitSpec, started_ms: int, calendar: WorkingCalendar) -> DeadlineResult:
    """When something that began at ``started_ms`` is due."""
    return compute_deadline(from_ms(started_ms), limit.limit, calendar)


def set_deadline(
    conn: Connection,
    *,
    ids: IdMaker,
    calendar: WorkingCalendar,
    limit: LimitSpec,
    started_ms: int,
    case_id: str,
    task_id: str | None,
    percents: Sequence[int],
    stage: int = 0,
) -> None:
    """Store the deadline of a case (``task_id`` None) or of a stage of one of its tasks."""
    row = {"started_ms": started_ms, **_computed(compute(limit, started_ms, calendar))}
    of = {"id": ids.next(), "case_id": case_id, "task_id": task_id, "stage": stage, "current": True}
    warnings = {"warned_percent": 0, "next_warning_ms": next_warning_ms(row, 0, percents, calendar)}
    conn.execute(insert(deadline_table), {**of, **row, **warnings})


def recompute(
    conn: Connection,
    row: Row,
    calendar: WorkingCalendar,
    percents: Sequence[int],
    pauses: Sequence[Sequence[int]] | None = None,
) -> DeadlineResult | None:
    """Compute a stored deadline again, by this calendar and with these pauses (None: those it has).

    Returns:
        The new deadline, or ``None`` when nothing changed.
    """
    basis = dict(row["basis"]) if pauses is None else {**row["basis"], "pauses": [list(p) for p in pauses]}
    result = recompute_deadline(basis, calendar)
    values = _computed(result)
    same = ("due_ms", "provisional") if pauses is None else ("due_ms", "provisional", "basis")
    if all(values[name] == row[name] for name in same):
        return None
    later = {**dict(row), **values}
    running = row["done_ms"] is None
    warn_ms = next_warning_ms(later, row["warned_percent"], percents, calendar) if running else None
    conn.execute(
        update(deadline_table).where(deadline_table.c.id == row["id"]).values(**values, next_warning_ms=warn_ms)
    )
    return result


def _computed(result: DeadlineResult) -> dict[str, Any]:
    return {
        "due_ms": to_ms(result.due),
        "provisional": result.provisional,
        "explanation_zh": result.explanation.zh,
        "explanation_en": result.explanation.en,
        "basis": dict(result.basis),
    }


def finish_deadlines(
    conn: Connection,
    case_id: str,
    at_ms: int,
    *,
    task_id: str | None = None,
    superseded: bool = False,
    lasting: Collection[str] = (),
) -> None:
    """Stop the clocks of a task, or of a whole case when ``task_id`` is None.

    ``superseded``: a next stage follows. ``lasting``: kinds of tasks whose clocks run on after the case's end.
    """
    due, stop = deadline_table.c, _STOP_ALL if task_id is None else _STOP
    if lasting:
        kept = select(task_table.c.id).where(task_table.c.case_id == case_id, task_table.c.kind.in_(lasting))
        stop = stop.where(or_(due.task_id.is_(None), due.task_id.not_in(kept)))
    values = {"done_ms": at_ms, "next_warning_ms": None, **({"current": False} if superseded else {})}
    of = {"of_case": case_id} if task_id is None else {"of_case": case_id, "of_task": task_id}
    conn.execute(stop, {**of, **values})


def resume_deadlines(
    conn: Connection, case_id: str, task_id: str | None, calendar: WorkingCalendar, percents: Sequence[int]
) -> None:
    """Let the clock of a task, or of the case itself, run on: the deadline stays what it was (退回不重新计时)."""
    of = deadline_table.c.task_id == task_id if task_id is not None else deadline_table.c.task_id.is_(None)
    stopped = deadline_table.c.current.is_(True) & deadline_table.c.done_ms.is_not(None)
    rows = conn.execute(select(deadline_table).where(deadline_table.c.case_id == case_id, of, stopped)).mappings()
    for row in rows.all():
        conn.execute(
            update(deadline_table)
            .where(deadline_table.c.id == row["id"])
            .values(done_ms=None, next_warning_ms=next_warning_ms(row, row["warned_percent"], percents, calendar))
        )


def counted(row: Row, calendar: WorkingCalendar) -> CountedTime:
    """The time that counts for a stored deadline."""
    return CountedTime(row["started_ms"], row["due_ms"], row["basis"], calendar)


def next_warning_ms(row: Row, warned_percent: int, percents: Sequence[int], calendar: WorkingCalendar) -> int | None:
    """When the next warning after ``warned_percent`` is to be sent; ``None`` after the last."""
    later = [percent for percent in percents if percent > warned_percent]
    return counted(row, calendar).moment_ms(later[0]) if later else None


def passed_percent(row: Row, now_ms: int, percents: Sequence[int], calendar: WorkingCalendar) -> int:
    """The highest warning step that has passed at ``now_ms``; 0 before the first."""
    time = counted(row, calendar)
    return max((percent for percent in percents if time.moment_ms(percent) <= now_ms), default=0)


def deadline_view(row: Row | None, now: datetime, calendar: WorkingCalendar) -> DeadlineView | None:
    """A stored deadline as seen at ``now``; once done, as it stood then."""
    if row is None:
        return None
    seen_ms = row["done_ms"] if row["done_ms"] is not None else to_ms(now)
    return DeadlineView(
        due_at=from_ms(row["due_ms"]),
        explanation=Text(row["explanation_zh"], row["explanation_en"]),
        provisional=row["provisional"],
        elapsed_share=round(counted(row, calendar).share(seen_ms), 4),
        overdue=seen_ms > row["due_ms"],
        exempt=row["exempt_ms"] is not None,
    )
