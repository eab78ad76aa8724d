"""Deadlines of cases and tasks (时限): computed once, stored with what they were computed from."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from cityops.cases.tables import deadline_table
from cityops.cases.views import DeadlineView
from cityops.cases.workflow import LimitSpec
from cityops.kit import (
    DeadlineResult,
    IdMaker,
    Text,
    WorkingCalendar,
    compute_deadline,
    from_ms,
    to_ms,
)

WARNING_PERCENTS: Final = (50, 80, 100)
"""Shares of the time allowed at which somebody is warned."""


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
) -> None:
    """Store the deadline of a case (``task_id`` None) or of one of its tasks."""
    result = compute(limit, started_ms, calendar)
    due_ms = to_ms(result.due)
    conn.execute(
        insert(deadline_table).values(
            id=ids.next(),
            case_id=case_id,
            task_id=task_id,
            started_ms=started_ms,
            due_ms=due_ms,
            provisional=result.provisional,
            explanation_zh=result.explanation.zh,
            explanation_en=result.explanation.en,
            basis=dict(result.basis),
            warned_percent=0,
            next_warning_ms=warning_ms(started_ms, due_ms, WARNING_PERCENTS[0]),
        )
    )


def finish_deadlines(conn: Connection, case_id: str, at_ms: int, *, task_id: str | None = None) -> None:
    """Stop the clocks of a task, or of a whole case when ``task_id`` is None."""
    clause = deadline_table.c.case_id == case_id
    if task_id is not None:
        clause &= deadline_table.c.task_id == task_id
    conn.execute(
        update(deadline_table)
        .where(clause, deadline_table.c.done_ms.is_(None))
        .values(done_ms=at_ms, next_warning_ms=None)
    )


def resume_deadline(conn: Connection, task_id: str) -> None:
    """Let a task's clock run on after it was returned: the deadline stays what it was (退回不重新计时)."""
    rows = conn.execute(
        select(deadline_table).where(deadline_table.c.task_id == task_id, deadline_table.c.done_ms.is_not(None))
    ).mappings()
    for row in rows.all():
        conn.execute(
            update(deadline_table)
            .where(deadline_table.c.id == row["id"])
            .values(done_ms=None, next_warning_ms=next_warning_ms(row, row["warned_percent"]))
        )


def warning_ms(started_ms: int, due_ms: int, percent: int) -> int:
    """The moment at which ``percent`` of the time between start and due (by the clock on the wall) has passed."""
    return started_ms + math.ceil((due_ms - started_ms) * percent / 100)


def next_warning_ms(row: Any, warned_percent: int) -> int | None:
    """When the next warning after ``warned_percent`` is to be sent; ``None`` after the last."""
    later = [percent for percent in WARNING_PERCENTS if percent > warned_percent]
    return warning_ms(row["started_ms"], row["due_ms"], later[0]) if later else None


def passed_percent(row: Any, now_ms: int) -> int:
    """The highest warning step that has passed at ``now_ms``; 0 before the first."""
    passed = [p for p in WARNING_PERCENTS if warning_ms(row["started_ms"], row["due_ms"], p) <= now_ms]
    return passed[-1] if passed else 0


def deadline_view(row: Any | None, now: datetime) -> DeadlineView | None:
    """A stored deadline as seen at ``now``; once done, as it stood then."""
    if row is None:
        return None
    seen_ms = row["done_ms"] if row["done_ms"] is not None else to_ms(now)
    span_ms = max(1, row["due_ms"] - row["started_ms"])
    return DeadlineView(
        due_at=from_ms(row["due_ms"]),
        explanation=Text(row["explanation_zh"], row["explanation_en"]),
        provisional=row["provisional"],
        elapsed_share=round(max(0.0, (seen_ms - row["started_ms"]) / span_ms), 4),
        overdue=seen_ms > row["due_ms"],
    )
