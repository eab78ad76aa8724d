"""Named conditions (条件) of a workflow: small functions over one situation. A workflow names them with ``that``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping, select

from cityops.access import Principal
from cityops.cases.deadlines import compute
from cityops.cases.standards import chosen_standard
from cityops.cases.tables import case_table, deadline_table, step_table
from cityops.cases.workflow import Workflow
from cityops.kit import WorkingCalendar, to_ms


@dataclass(frozen=True)
class Situation:
    """One person before one case: everything that decides which steps are possible.

    ``tasks``: all of the case's tasks; ``task``: the one the step is taken through, if any.
    """

    conn: Connection
    calendar: WorkingCalendar
    principal: Principal
    workflow: Workflow
    case: RowMapping
    tasks: Sequence[RowMapping]
    now_ms: int
    task: RowMapping | None = None


def stages_left(at: Situation) -> int:
    """How many stages of the handling still follow the running one."""
    standard = chosen_standard(at.case)
    if at.task is None or standard is None:
        return 0
    query = select(deadline_table.c.stage).where(
        deadline_table.c.task_id == at.task["id"], deadline_table.c.current.is_(True)
    )
    stage = at.conn.execute(query).scalar()
    return len(standard.limits) - 1 - (stage or 0)


def _lead(at: Situation) -> bool:
    return at.task is not None and bool(at.task["lead"])


def _joint(at: Situation) -> bool:
    return not _lead(at)


def _holder(at: Situation) -> bool:
    return at.task is not None and bool(at.task["person_id"] == at.principal.account_id)


def _not_holder(at: Situation) -> bool:
    return not _holder(at)


def _other_person(at: Situation) -> bool:
    """Four eyes: the last step through this task was taken by somebody else."""
    if at.task is None:
        return False
    last = (
        select(step_table.c.actor_id)
        .where(step_table.c.case_id == at.case["id"], step_table.c.task_id == at.task["id"])
        .order_by(step_table.c.sequence.desc())
        .limit(1)
    )
    return at.conn.execute(last).scalar() != at.principal.account_id


def _has_offspring(at: Situation) -> bool:
    """Another case was opened from this one (转办后的案件)."""
    query = select(case_table.c.id).where(case_table.c.origin_id == at.case["id"]).limit(1)
    return at.conn.execute(query).scalar() is not None


def _never_appealed(at: Situation) -> bool:
    return all(task["kind"] != "appeal" for task in at.tasks)


def _was_late(at: Situation) -> bool:
    """A deadline of a task of this person's unit was missed in this case."""
    mine = [t["id"] for t in at.tasks if t["unit_id"] is not None and t["unit_id"] == at.principal.unit_id]
    due = deadline_table.c
    late = select(due.id).where(due.task_id.in_(mine), due.done_ms > due.due_ms).limit(1)
    return at.conn.execute(late).scalar() is not None


def _within_reopen_window(at: Situation) -> bool:
    window = at.workflow.reopen_window
    if window is None or at.case["closed_ms"] is None:
        return False
    return at.now_ms <= to_ms(compute(window, at.case["closed_ms"], at.calendar).due)


CONDITIONS: Final[Mapping[str, Callable[[Situation], bool]]] = {
    "lead": _lead,
    "joint": _joint,
    "holder": _holder,
    "not_holder": _not_holder,
    "other_person": _other_person,
    "stages_left": lambda at: stages_left(at) > 0,
    "stages_done": lambda at: stages_left(at) <= 0,
    "has_offspring": _has_offspring,
    "never_appealed": _never_appealed,
    "was_late": _was_late,
    "within_reopen_window": _within_reopen_window,
}
"""Every condition there is. ``lead`` and ``joint``: whose task it is; ``holder``: it was given to this very person."""

OF_ANOTHER: Final = frozenset({"lead", "joint", "holder", "not_holder", "stages_left"})
"""Conditions that say whose step it is: a step they hold back is not explained, for it is somebody else's."""
