"""What becomes of the case is told to those who reported it (答复上报人), and "not fixed" opens it again."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from cityops.access import SYSTEM
from cityops.cases.engine import Cases
from cityops.cases.inputs import Step
from cityops.cases.reports.rows import add_update, handling_of, move_report, open_words
from cityops.cases.reports.tables import report_table, report_update_table
from cityops.cases.reports.values import ReportState
from cityops.cases.tables import answer_table, case_table, reporter_table
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, Text
from cityops.store import Event, Subscriber

TOPICS: Final = ("case.changed", "reporter.told", "report.not_fixed")
MERGES_MAX: Final = 100
REOPENED: Final = Text("已重新办理", "being handled again")
_OPEN: Final = (ReportState.FILED, ReportState.NOT_FIXED)
_t = report_table.c


class ReportOutcomes:
    """Follows cases on behalf of reports.

    Args:
        clock: the time.
        ids: makes identifiers.
        cases: opens a case again when its reporter says that it is not fixed.
    """

    def __init__(self, clock: Clock, ids: IdMaker, cases: Cases) -> None:
        self._clock = clock
        self._ids = ids
        self._cases = cases

    def subscriber(self) -> Subscriber:
        """Reports close with their case and open with it; a merged case's go on with the other one."""
        return Subscriber("reports", TOPICS, self._handle)

    def _handle(self, conn: Connection, event: Event) -> None:
        if event.topic == "reporter.told":
            self._reporter_told(conn, event.payload["answer_id"])
        elif event.topic == "report.not_fixed":
            self._not_fixed(conn, event.payload["report_id"], event.payload["case_id"])
        else:
            self._case_changed(conn, event.payload["case_id"])

    def _case_changed(self, conn: Connection, case_id: str) -> None:
        case = _final_case(conn, case_id)
        linked = select(report_table).where(_t.case_id == case_id).with_for_update()
        for row in list(conn.execute(linked).mappings()):
            if case["id"] != case_id and ReportState(row["state"]) in _OPEN:
                conn.execute(update(report_table).where(_t.id == row["id"]).values(case_id=case["id"]))
            self._follow(conn, row, case)

    def _follow(self, conn: Connection, row: RowMapping, case: RowMapping) -> None:
        state = ReportState(row["state"])
        if case["ended"]:
            if _closes(row, case) and not _answered(conn, row, case):
                self._tell(conn, row["id"], ReportState.CLOSED, closed_ms=self._clock.now_ms())
        elif state in (ReportState.CLOSED, ReportState.NOT_FIXED):
            self._tell(conn, row["id"], ReportState.FILED, REOPENED, closed_ms=None, agency=None, expected_ms=None)
        elif state is ReportState.FILED:
            unit_name, due_ms = handling_of(conn, case["id"])
            if unit_name is not None and unit_name != row["agency"]:
                words = Text(f"已交由{unit_name}办理", f"given to {unit_name}")
                self._tell(conn, row["id"], state, words, agency=unit_name, expected_ms=due_ms)

    def _reporter_told(self, conn: Connection, answer_id: str) -> None:
        """The answer that a step gave to the reporters of a case, in the words of whoever took it."""
        query = (
            select(answer_table.c.text_zh, answer_table.c.text_en, reporter_table.c.reference)
            .join(reporter_table, reporter_table.c.id == answer_table.c.reporter_id)
            .where(answer_table.c.id == answer_id)
        )
        answer = conn.execute(query).one()
        held = select(report_table).where(_t.id == answer.reference, _t.case_id.is_not(None)).with_for_update()
        row = conn.execute(held).mappings().one_or_none()
        if row is None:
            return  # reported by telephone or in the field: others tell them
        words = Text(answer.text_zh, answer.text_en)
        if _closes(row, _final_case(conn, row["case_id"])):
            self._tell(conn, row["id"], ReportState.CLOSED, words, closed_ms=self._clock.now_ms())
        else:
            self._tell(conn, row["id"], ReportState(row["state"]), words)

    def _not_fixed(self, conn: Connection, report_id: str, case_id: str | None) -> None:
        """Open the case again, as its workflow lets the reporter do; where it does not, the desk's inbox has it."""
        if case_id is None:
            return
        held = select(case_table).where(case_table.c.id == _final_case(conn, case_id)["id"]).with_for_update()
        case = conn.execute(held).mappings().one()
        if not case["ended"]:
            self._tell(conn, report_id, ReportState.FILED, REOPENED)
            return
        workflow = self._cases.workflow(case["scene"], case["kind"])
        again = [one.action for one in workflow.transitions if one.kind == "reopen" and case["state"] in one.sources]
        if not again:
            return
        step = Step(case["version"], None, {}, _last_words(conn, report_id))
        try:
            with conn.begin_nested():
                self._cases.act_in(conn, SYSTEM, case["id"], again[0], step)
        except (ConflictError, InvalidError):
            return  # too late by the workflow, or not without a person: the desk decides

    def _tell(
        self, conn: Connection, report_id: str, state: ReportState, words: Text | None = None, **more: Any
    ) -> None:
        said, now_ms = words or open_words(state), self._clock.now_ms()
        move_report(conn, report_id, state, said.zh, now_ms, **more)
        add_update(conn, self._ids, report_id, state, said, now_ms)


def _closes(row: RowMapping, case: RowMapping) -> bool:
    """Whether an ended case closes the report: not one that was opened again after the case had ended."""
    state = ReportState(row["state"])
    later = state is ReportState.NOT_FIXED and (case["closed_ms"] or 0) > row["updated_ms"]
    return bool(case["ended"]) and (state is ReportState.FILED or later)


def _answered(conn: Connection, row: RowMapping, case: RowMapping) -> bool:
    """Whether the step that ended the case has an answer for this reporter: that one closes the report."""
    query = select(answer_table.c.id).join(reporter_table, reporter_table.c.id == answer_table.c.reporter_id)
    since = answer_table.c.at_ms >= case["closed_ms"]
    found = query.where(answer_table.c.case_id == case["id"], reporter_table.c.reference == row["id"], since)
    return conn.execute(found.limit(1)).scalar() is not None


def _final_case(conn: Connection, case_id: str) -> RowMapping:
    """The case, or the one it was merged into, by way of others too."""
    for _ in range(MERGES_MAX):
        case = conn.execute(select(case_table).where(case_table.c.id == case_id)).mappings().one()
        if case["merged_into_id"] is None:
            return case
        case_id = case["merged_into_id"]
    raise ConflictError("并案次数过多", "too many cases were merged into each other", code="case.merges")


def _last_words(conn: Connection, report_id: str) -> str:
    u = report_update_table.c
    own = select(u.text).where(u.report_id == report_id, u.by_reporter).order_by(u.at_ms.desc(), u.id.desc()).limit(1)
    return str(conn.execute(own).scalar_one())
