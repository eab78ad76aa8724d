"""Since when a case is late (超期起点): kept on its row, so that a list finds overdue cases without looking further."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from cityops.cases.tables import case_table, deadline_table


def note_lateness(conn: Connection, case_id: str) -> None:
    """Write the moment from which the case counts as overdue; to be called when any of its clocks has changed.

    That is when the first clock that still runs is due; once the case has ended, when its own limit was due if it was
    missed. ``None``: nothing runs and nothing was missed.
    """
    due = deadline_table.c
    first = select(func.min(due.due_ms)).where(due.case_id == case_id)
    running = first.where(due.current.is_(True), due.done_ms.is_(None)).scalar_subquery()
    missed = first.where(due.task_id.is_(None), due.done_ms > due.due_ms).scalar_subquery()
    conn.execute(update(case_table).where(case_table.c.id == case_id).values(late_ms=func.coalesce(running, missed)))
