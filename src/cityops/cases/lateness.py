"""Since when a case is late (超期起点): kept on its row, so that a list finds overdue cases without looking further."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from cityops.cases.tables import case_table, deadline_table

_due: Final = deadline_table.c
_FIRST: Final = select(func.min(_due.due_ms)).where(_due.case_id == bindparam("of_case"))
_RUNNING: Final = _FIRST.where(_due.current.is_(True), _due.done_ms.is_(None)).scalar_subquery()
_MISSED: Final = _FIRST.where(_due.task_id.is_(None), _due.done_ms > _due.due_ms).scalar_subquery()
_NOTE: Final = (
    update(case_table).where(case_table.c.id == bindparam("of_case")).values(late_ms=func.coalesce(_RUNNING, _MISSED))
)


def note_lateness(conn: Connection, case_id: str) -> None:
    """Write the moment from which the case counts as overdue; to be called when any of its clocks has changed.

    That is when the first clock that still runs is due; once the case has ended, when its own limit was due if it was
    missed. ``None``: nothing runs and nothing was missed.
    """
    conn.execute(_NOTE, {"of_case": case_id})
