"""The published month as rows of cases: accepted 1,054, filed 996, due 972, closed 911, in time 737.

Written as the engine writes them, in bulk; what walked cases write is compared with hand counts elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert

from cityops.cases import case_table, deadline_table, step_table, task_table
from cityops.kit import SHANGHAI, to_ms

ACCEPTED, FILED, DUE, CLOSED, IN_TIME = 1_054, 996, 972, 911, 737
APRIL = datetime(2026, 4, 1, 9, tzinfo=SHANGHAI)
HOUR_MS = 3_600_000
LATER_MS = to_ms(datetime(2026, 6, 1, tzinfo=SHANGHAI))
"""When the filed cases are due that are not of the month."""


class Month:
    """Rows by table, in the order in which they were written."""

    def __init__(self, unit_ids: list[str]) -> None:
        self.rows: dict[Table, list[dict[str, Any]]] = {
            table: [] for table in (case_table, task_table, deadline_table, step_table)
        }
        self._next = 0
        for number in range(ACCEPTED):
            self._case(number, unit_ids[number % len(unit_ids)])

    def write(self, conn: Connection) -> None:
        for table, rows in self.rows.items():
            conn.execute(insert(table), rows)

    def _id(self) -> str:
        self._next += 1
        return f"{self._next:026d}"

    def _case(self, number: int, unit_id: str) -> None:
        case_id, opened_ms = self._id(), to_ms(APRIL + timedelta(minutes=30 * (number % 900)))
        filed, closed, late = number < FILED, number < CLOSED, number >= IN_TIME
        state = "closed" if closed else "handling" if filed else "rejected"
        due_ms = opened_ms + 4 * HOUR_MS if number < DUE else LATER_MS
        done_ms = (due_ms + HOUR_MS if late else due_ms - HOUR_MS) if closed else None
        self.rows[case_table].append(
            {
                "id": case_id, "number": f"UM-{number}", "scene": "urban_management", "kind": "urban_case",
                "title_zh": "井盖", "title_en": "cover", "state": state, "severity": 2, "area_code": "140105",
                "place": {}, "unit_id": unit_id if filed else None, "rework": 0, "reopened": 0,
                "ended": state != "handling", "opened_ms": opened_ms, "closed_ms": done_ms, "changed_ms": opened_ms,
                "version": 1,
            }
        )  # fmt: skip
        steps = enumerate(self._steps(case_id, opened_ms, done_ms, filed=filed), start=1)
        self.rows[step_table] += [{**step, "sequence": place} for place, step in steps]
        if filed:
            self._task(case_id, "handle", "finished" if closed else "in_hand", opened_ms, due_ms, done_ms, unit_id)

    def _steps(self, case_id: str, opened_ms: int, done_ms: int | None, *, filed: bool) -> Iterator[dict[str, Any]]:
        yield self._step(case_id, "open", None, "reported", opened_ms)
        self._task(case_id, "accept_desk", "done", opened_ms, opened_ms + HOUR_MS, opened_ms + 1, None)
        if not filed:
            yield self._step(case_id, "reject", "reported", "rejected", opened_ms + 1)
            return
        yield self._step(case_id, "file", "reported", "filed", opened_ms + 1)
        self._task(case_id, "dispatch_desk", "done", opened_ms + 1, opened_ms + HOUR_MS, opened_ms + 2, None)
        yield self._step(case_id, "dispatch", "filed", "dispatched", opened_ms + 2)
        if done_ms is not None:
            yield self._step(case_id, "close", "verifying", "closed", done_ms)

    def _step(self, case_id: str, action: str, before: str | None, to: str, at_ms: int) -> dict[str, Any]:
        return {
            "id": self._id(), "case_id": case_id, "at_ms": at_ms, "action": action, "title_zh": action,
            "title_en": action, "from_state": before, "to_state": to, "actor_id": "A", "actor_name": "受理员",
            "actor_role": "acceptor", "data": {},
        }  # fmt: skip

    def _task(
        self, case_id: str, kind: str, state: str, began_ms: int, due_ms: int, done_ms: int | None, unit_id: str | None
    ) -> None:
        task_id = self._id()
        self.rows[task_table].append(
            {
                "id": task_id, "case_id": case_id, "kind": kind, "state": state, "owner": "named", "unit_id": unit_id,
                "lead": kind == "handle", "ended": done_ms is not None, "data": {}, "created_ms": began_ms,
                "done_ms": done_ms,
            }
        )  # fmt: skip
        self.rows[deadline_table].append(
            {
                "id": self._id(), "case_id": case_id, "task_id": task_id, "stage": 0, "current": True,
                "started_ms": began_ms, "due_ms": due_ms, "provisional": False, "explanation_zh": "—",
                "explanation_en": "—", "basis": {"pauses": []}, "warned_percent": 0, "done_ms": done_ms,
            }
        )  # fmt: skip
