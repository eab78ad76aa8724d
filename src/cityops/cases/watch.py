"""The watch over deadlines (时限督办): warnings at 50, 80 and 100 % of the time that counts, then the escalations.

Each is sent once, also across restarts and outages.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from cityops.access import SYSTEM
from cityops.cases.deadlines import next_warning_ms, passed_percent, recompute
from cityops.cases.lateness import note_lateness
from cityops.cases.records import Act, add_step, send_notice, tell_task
from cityops.cases.tables import case_table, deadline_table, task_table
from cityops.cases.workflow import Workflow, Workflows
from cityops.kit import Clock, IdMaker, Text, WorkingCalendar, to_ms
from cityops.store import Store, emit

BATCH: Final = 200
"""Deadlines looked at in one transaction: a backlog after an outage is worked off in bounded pieces."""

_due: Final = deadline_table.c
RECOMPUTED: Final = Text("按新公布的工作日历重新计算时限", "Deadline recomputed with the newly published calendar")


class DeadlineWatch:
    """Warns of deadlines. Call ``step`` every few seconds; what was sent is in the store, so a restart repeats nothing.

    After an outage only the highest step that has passed is sent, never the ones it overtook. Two watches at the same
    time do not double a warning, and one that is put off at this moment is not warned of: its case is held first.
    """

    def __init__(
        self, store: Store, clock: Clock, ids: IdMaker, workflows: Workflows, calendar: WorkingCalendar
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._workflows = workflows
        self._calendar = calendar

    def step(self) -> int:
        """Send the warnings that are due now; returns how many were sent."""
        sent = 0
        while True:
            done, more = self._store.write(self._warn_batch)
            sent += done
            if not more:
                return sent

    def recompute_provisional(self) -> int:
        """Compute provisional deadlines again (the next year's calendar may have come); returns how many changed."""
        with self._store.read() as conn:
            waiting = conn.execute(select(_due.id).where(_due.provisional.is_(True), _due.done_ms.is_(None))).scalars()
            ids = waiting.all()
        return sum(self._store.write(partial(self._recompute, row_id=row_id)) for row_id in ids)

    def _warn_batch(self, conn: Connection) -> tuple[int, bool]:
        now_ms = self._clock.now_ms()
        query = select(_due.id, _due.case_id).where(_is_due(now_ms)).order_by(_due.next_warning_ms).limit(BATCH)
        found = conn.execute(query).all()
        sent = sum(self._warned(conn, row.id, row.case_id, now_ms) for row in found)
        return sent, len(found) == BATCH

    def _warned(self, conn: Connection, row_id: str, case_id: str, now_ms: int) -> bool:
        """Warn of one deadline as it is once its case is held; whether a warning was sent."""
        act = self._act(conn, case_id, now_ms)
        this = _due.id == row_id
        row = conn.execute(select(deadline_table).where(this, _is_due(now_ms))).mappings().one_or_none()
        if row is None:
            return False  # done, put off or warned of since it was found
        percents = act.workflow.warning_percents
        percent = passed_percent(row, now_ms, percents, self._calendar)
        later_ms = next_warning_ms(row, percent, percents, self._calendar)
        conn.execute(update(deadline_table).where(this).values(warned_percent=percent, next_warning_ms=later_ms))
        if percent > row["warned_percent"]:
            self._warn(act, row, percent)
        return bool(percent > row["warned_percent"])

    def _warn(self, act: Act, row: RowMapping, percent: int) -> None:
        conn, case = act.conn, act.case()
        task = self._task(conn, row["task_id"])
        what = act.workflow.tasks[task["kind"]].title if task else act.workflow.title
        title = _warning_words(percent, what.text)
        body = Text(
            f"{case['number']} {title.zh}。{row['explanation_zh']}",
            f"{case['number']}: {title.en}. {row['explanation_en']}",
        )
        owner = _of_case(case) if task is None else {name: task[name] for name in _OWNER}
        if owner["owner"] == "asker":  # who asked waits for the desk
            owner = {"owner": "desk"}
        send_notice(act, "deadline", row["task_id"], owner, title, body)
        passed = [step for step in act.workflow.escalations if row["warned_percent"] < step.percent <= percent]
        for step in passed[-1:]:  # the level reached; those overtaken in an outage are not made up for
            send_notice(act, "escalation", row["task_id"], {"owner": step.to}, title, body)
        add_step(act, "deadline.warning", title, task_id=row["task_id"], data={"percent": percent})
        emit(conn, "case.changed", row["case_id"], {"case_id": row["case_id"], "action": "deadline.warning"})

    def _recompute(self, conn: Connection, *, row_id: str) -> int:
        case_id = conn.execute(select(_due.case_id).where(_due.id == row_id)).scalar_one()
        act = self._act(conn, case_id, self._clock.now_ms())
        row = conn.execute(select(deadline_table).where(_due.id == row_id)).mappings().one()
        result = recompute(conn, row, self._calendar, act.workflow.warning_percents)
        if result is None:
            return 0
        note_lateness(conn, row["case_id"])
        words = {"explanation_zh": result.explanation.zh, "explanation_en": result.explanation.en}
        data = {"due_before_ms": row["due_ms"], "due_ms": to_ms(result.due), **words}
        add_step(act, "deadline.recomputed", RECOMPUTED, task_id=row["task_id"], data=data)
        task = self._task(conn, row["task_id"])
        if task is not None:
            tell_task(act, "task.changed", task["id"], task["unit_id"], task["crew_id"])
        emit(conn, "case.changed", row["case_id"], {"case_id": row["case_id"], "action": "deadline.recomputed"})
        return 1

    def _act(self, conn: Connection, case_id: str, now_ms: int) -> Act:
        # PostgreSQL: what changes a deadline holds its case, and so does whoever writes on its timeline.
        query = select(case_table.c.scene, case_table.c.kind).where(case_table.c.id == case_id).with_for_update()
        scene, kind = conn.execute(query).one()
        return Act(conn, self._ids, self._calendar, SYSTEM, self._workflow(scene, kind), case_id, now_ms)

    def _workflow(self, scene: str, kind: str) -> Workflow:
        return self._workflows[scene, kind]

    def _task(self, conn: Connection, task_id: str | None) -> RowMapping | None:
        if task_id is None:
            return None
        return conn.execute(select(task_table).where(task_table.c.id == task_id)).mappings().one()


def _is_due(now_ms: int) -> ColumnElement[bool]:
    return _due.done_ms.is_(None) & (_due.next_warning_ms <= now_ms)


_OWNER: Final = ("owner", "unit_id", "unit_name", "crew_id", "person_id")


def _of_case(case: RowMapping) -> dict[str, str | None]:
    """Who answers for the case as a whole: its police unit, else the command centre's desk."""
    if case["police_unit_id"] is None:
        return {"owner": "desk"}
    return {"owner": "police", "unit_id": case["police_unit_id"], "unit_name": case["police_unit_name"]}


def _warning_words(percent: int, what: Text) -> Text:
    if percent > 100:
        return Text(f"“{what.zh}”已用时限的{percent}%", f"{what.en!r} has taken {percent} % of its time")
    if percent == 100:
        return Text(f"“{what.zh}”已超期", f"{what.en!r} is overdue")
    return Text(f"“{what.zh}”时限已过{percent}%", f"{percent} % of the time for {what.en!r} has passed")
