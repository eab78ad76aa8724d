"""From the rows of a case to what the evaluation counts: each fact once, on its day, for its person, unit and place.

A duty counts on the day it was done or due, whichever came first, so that neither an early nor a late one changes its
period afterwards. Handling is in time when every stage was reported done by its deadline, with the deferrals granted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, select

from cityops.access import Role
from cityops.analysis.evaluation.work import CheckWork, CountedWork
from cityops.cases import case_table, deadline_table, reporter_table, step_table, task_table
from cityops.cases.duplicates import case_matter_table
from cityops.kit import WorkingCalendar, from_ms, recompute_deadline, to_ms


class FactKind(StrEnum):
    """What is counted."""

    REPORT = "report"
    MISSED = "missed"
    ACCEPT = "accept"
    FILE = "file"
    PRECHECK = "precheck"
    FINAL_CHECK = "final_check"
    PRECHECK_ORDER = "precheck_order"
    FINAL_CHECK_ORDER = "final_check_order"
    DISPATCH = "dispatch"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Fact:
    """One countable thing. ``None``: nobody, or not known.

    Attributes:
        kind: what.
        at_ms: when it counts.
        person_id: who did or owed it.
        unit_id: the unit it is about; None: the case's own.
        done: it was done, or the report was valid.
        in_time: done in time.
        spoilt: done wrongly: voided, sent to the wrong unit, reworked.
        exempt: late, and an approved appeal exempts the delay.
        deferred_ms: until when a granted deferral lets it wait; 0: none.
    """

    kind: FactKind
    at_ms: int
    person_id: str | None
    unit_id: str | None = None
    done: bool = True
    in_time: bool = False
    spoilt: bool = False
    exempt: bool = False
    deferred_ms: int = 0


@dataclass(frozen=True)
class CaseRows:
    """Everything written about one case, in the order in which it was written."""

    case: RowMapping
    steps: Sequence[RowMapping]
    tasks: Sequence[RowMapping]
    deadlines: Sequence[RowMapping]
    reporters: Sequence[RowMapping]
    matter: RowMapping | None

    def of_task(self, task_id: str) -> list[RowMapping]:
        """The deadlines of a task, stage by stage."""
        return sorted((row for row in self.deadlines if row["task_id"] == task_id), key=lambda row: int(row["stage"]))

    def tasks_of(self, kind: str) -> list[RowMapping]:
        """The tasks of a kind."""
        return [task for task in self.tasks if task["kind"] == kind]

    def running(self, kind: str, step: RowMapping) -> RowMapping | None:
        """The task of a kind that ran when the step was taken: the last one opened before it."""
        return next((task for task in reversed(self.tasks_of(kind)) if task["id"] < step["id"]), None)

    def first(self, action: str) -> RowMapping | None:
        """The first step of this name."""
        return next((step for step in self.steps if step["action"] == action), None)

    def due_ms(self, task: RowMapping | None) -> int | None:
        """When a task was due."""
        rows = [] if task is None else self.of_task(task["id"])
        return int(rows[-1]["due_ms"]) if rows else None


def read_cases(conn: Connection, case_ids: Collection[str]) -> list[CaseRows]:
    """The rows of some cases, with one query a table."""
    steps, tasks, deadlines, reporters, matters = (
        _by_case(conn, table, column, case_ids)
        for table, column in (
            (step_table, step_table.c.sequence),
            (task_table, task_table.c.id),
            (deadline_table, deadline_table.c.id),
            (reporter_table, reporter_table.c.id),
            (case_matter_table, case_matter_table.c.case_id),
        )
    )
    cases = conn.execute(select(case_table).where(case_table.c.id.in_(case_ids))).mappings()
    return [
        CaseRows(
            case,
            steps[case["id"]],
            tasks[case["id"]],
            deadlines[case["id"]],
            reporters[case["id"]],
            next(iter(matters[case["id"]]), None),
        )
        for case in cases
    ]


def _by_case(
    conn: Connection, table: Table, order: ColumnElement[Any], case_ids: Collection[str]
) -> dict[str, list[RowMapping]]:
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in conn.execute(select(table).where(table.c.case_id.in_(case_ids)).order_by(order)).mappings():
        found[row["case_id"]].append(row)
    return found


def facts_of(rows: CaseRows, work: CountedWork, calendar: WorkingCalendar) -> list[Fact]:
    """All facts of a case as its rows stand now."""
    return [
        *_reporting(rows, work),
        *_filing(rows, work),
        *_orders(rows, work.precheck, FactKind.PRECHECK_ORDER),
        *_orders(rows, work.final_check, FactKind.FINAL_CHECK_ORDER),
        *_checks(rows, work.precheck, FactKind.PRECHECK),
        *_checks(rows, work.final_check, FactKind.FINAL_CHECK),
        *_dispatching(rows, work),
        *_closing(rows, work, calendar),
    ]


def collector_of(rows: CaseRows) -> str | None:
    """The collector (信息采集员) who reported the case, if one did."""
    opened = rows.first("open")
    return None if opened is None or opened["actor_role"] != Role.COLLECTOR else str(opened["actor_id"])


def _reporting(rows: CaseRows, work: CountedWork) -> list[Fact]:
    filed, case = rows.first(work.file.step), rows.case
    valid = filed is not None or case["state"] == work.merged
    found = [Fact(FactKind.REPORT, case["opened_ms"], collector_of(rows), done=valid)]
    channel = rows.reporters[0]["channel"] if rows.reporters else None
    if filed is not None and channel in work.missed_sources:
        found.append(Fact(FactKind.MISSED, filed["at_ms"], None))
    return found


def _filing(rows: CaseRows, work: CountedWork) -> list[Fact]:
    found = []
    begun = rows.steps[0]["to_state"] if rows.steps else None
    decided = next((step for step in rows.steps if step["from_state"] == begun and step["to_state"] != begun), None)
    if decided is not None:
        found.append(Fact(FactKind.ACCEPT, decided["at_ms"], decided["actor_id"]))
    filed = rows.first(work.file.step)
    if filed is not None:
        due_ms = rows.due_ms(rows.running(work.file.task, filed))
        in_time = due_ms is None or filed["at_ms"] <= due_ms
        void = rows.case["state"] == work.void
        found.append(Fact(FactKind.FILE, filed["at_ms"], filed["actor_id"], in_time=in_time, spoilt=void))
    return found


def _orders(rows: CaseRows, check: CheckWork, kind: FactKind) -> list[Fact]:
    found = []
    for step in rows.steps:
        if step["action"] == check.order:
            due_ms = rows.due_ms(rows.running(check.within, step))
            in_time = due_ms is None or step["at_ms"] <= due_ms
            found.append(Fact(kind, step["at_ms"], step["actor_id"], in_time=in_time))
    return found


def _checks(rows: CaseRows, check: CheckWork, kind: FactKind) -> list[Fact]:
    """One for each check that was answered or is still owed; one taken back unanswered was not owed."""
    found = []
    for task in rows.tasks_of(check.task):
        answered_ms = _last_ms(rows.steps, task["id"], check.answers)
        due_ms = rows.due_ms(task)
        if due_ms is None or (answered_ms is None and task["ended"]):
            continue
        in_time = answered_ms is not None and answered_ms <= due_ms
        found.append(
            Fact(kind, _first_ms(due_ms, answered_ms), task["person_id"], done=answered_ms is not None, in_time=in_time)
        )
    return found


def _dispatching(rows: CaseRows, work: CountedWork) -> list[Fact]:
    """One for each time the case waited for a dispatcher; a wait that ended otherwise was none."""
    found, desk = [], rows.tasks_of(work.dispatch.task)
    for place, task in enumerate(desk):
        until = desk[place + 1]["id"] if place + 1 < len(desk) else None
        later = [step for step in rows.steps if step["id"] > task["id"] and (until is None or step["id"] < until)]
        sent = next((step for step in later if step["action"] == work.dispatch.step), None)
        due_ms = rows.due_ms(task)
        if due_ms is None or (sent is None and task["ended"]):
            continue
        if sent is None:
            found.append(Fact(FactKind.DISPATCH, due_ms, None, done=False))
            continue
        after = [step["action"] for step in rows.steps if step["sequence"] > sent["sequence"]]
        again = after.index(work.dispatch.step) if work.dispatch.step in after else len(after)
        wrong = any(action in work.dispatch.undone_by for action in after[:again])
        to = [one for one in rows.tasks_of(work.handle) if one["lead"] and task["id"] < one["id"] < sent["id"]]
        found.append(
            Fact(
                FactKind.DISPATCH,
                _first_ms(due_ms, sent["at_ms"]),
                sent["actor_id"],
                to[0]["unit_id"] if to else None,
                in_time=sent["at_ms"] <= due_ms,
                spoilt=wrong,
            )
        )
    return found


def _closing(rows: CaseRows, work: CountedWork, calendar: WorkingCalendar) -> list[Fact]:
    """Whether the case was closed, for the unit that answers for it in the end."""
    left = {*work.left, "cancelled"}
    owed = [task for task in rows.tasks_of(work.handle) if task["lead"] and task["state"] not in left]
    stages = rows.of_task(owed[-1]["id"]) if owed else []
    if not stages or rows.case["state"] in (work.void, work.merged):
        return []
    closed = rows.case["state"] == work.closed
    late = [row for row in stages if row["done_ms"] is not None and row["done_ms"] > row["due_ms"]]
    last = stages[-1]
    deferred = bool(last["basis"]["pauses"])
    return [
        Fact(
            FactKind.CLOSE,
            _first_ms(_undeferred_ms(last, calendar), rows.case["closed_ms"] if closed else None),
            owed[-1]["person_id"],
            owed[-1]["unit_id"],
            done=closed,
            in_time=closed and not late,
            spoilt=closed and rows.case["rework"] > 0,
            exempt=closed and bool(late) and all(row["exempt_ms"] is not None for row in late),
            deferred_ms=last["due_ms"] if deferred and not closed else 0,
        )
    ]


def _undeferred_ms(deadline: RowMapping, calendar: WorkingCalendar) -> int:
    """When it would be due had nothing been deferred: a deferral (缓办) does not take a case out of its period."""
    basis: dict[str, Any] = dict(deadline["basis"])
    if not basis["pauses"]:
        return int(deadline["due_ms"])
    return to_ms(recompute_deadline({**basis, "pauses": []}, calendar).due)


def _last_ms(steps: Sequence[RowMapping], task_id: str, actions: Collection[str]) -> int | None:
    found = [step["at_ms"] for step in steps if step["task_id"] == task_id and step["action"] in actions]
    return found[-1] if found else None


def _first_ms(due_ms: int, done_ms: int | None) -> int:
    return due_ms if done_ms is None else min(due_ms, done_ms)


def fact_rows(rows: CaseRows, facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """The facts as rows of ``evaluation_fact``."""
    case, counts = rows.case, dict.fromkeys(FactKind, 0)
    matter = "" if rows.matter is None else f"{rows.matter['standard']} {rows.matter['kind']} {rows.matter['code']}"
    place = case["place"] or {}
    shared = {
        "case_id": case["id"],
        "scene": case["scene"],
        "kind": case["kind"],
        "collector_id": collector_of(rows) or "",
        "area_code": place.get("grid_code") or case["area_code"] or "",
        "matter": matter or _standards_matter(case),
    }
    found = []
    for fact in facts:
        counts[fact.kind] += 1
        found.append(
            {
                **shared,
                "fact": fact.kind.value,
                "number": counts[fact.kind],
                "day": _day(fact.at_ms),
                "at_ms": fact.at_ms,
                "unit_id": fact.unit_id or case["unit_id"] or "",
                "person_id": fact.person_id or "",
                **{name: int(getattr(fact, name)) for name in _COUNTED},
            }
        )
    return found


_COUNTED: Final = ("done", "in_time", "spoilt", "exempt", "deferred_ms")


def _standards_matter(case: RowMapping) -> str:
    """The matter of the filing standard, for a case that was reported without one."""
    kept = case["standard_data"]
    return (kept["standard"]["matter"] or "") if kept is not None else ""


def _day(at_ms: int) -> str:
    moment: datetime = from_ms(at_ms)
    return moment.date().isoformat()
