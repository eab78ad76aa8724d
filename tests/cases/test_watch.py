"""Deadlines are watched: each warning once, through restarts and outages, on the unit that owes."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, select
from tests.together import at_once

from cityops.cases import CaseFilter, Cases, DeadlineWatch, Step, Workflows, case_table, deadline_table, notice_table
from cityops.cases.deadlines import recompute
from cityops.kit import IdMaker, ManualClock, Text, WorkingCalendar, to_ms
from cityops.store import Store

from .conftest import COMPANY, DISPATCHER, new_case


@pytest.fixture
def watch(
    store: Store, clock: ManualClock, ids: IdMaker, workflows: Workflows, calendar: WorkingCalendar
) -> DeadlineWatch:
    return DeadlineWatch(store, clock, ids, workflows, calendar)


def warnings(store: Store) -> list[tuple[str | None, str]]:
    query = select(notice_table).where(notice_table.c.kind == "deadline").order_by(notice_table.c.id)
    with store.read() as conn:
        return [(row["unit_id"], row["title_en"]) for row in conn.execute(query).mappings()]


# Opened Sunday 2026-11-22 09:00; people work 8-12 and 14-18, only that time counts. The rectification is due Tuesday
# 18:00 and has 16 working hours: 50 % on Monday at 18:00, 80 % (12.8 h) on Tuesday at 14:48. The case is due Wednesday
# 18:00 and has 24: 50 % on Tuesday at 12:00, 80 % (19.2 h) on Wednesday at 11:12.
HOUR = 3600
OVERDUE = "'Rectification by the enterprise' is overdue"


def test_each_warning_is_sent_once_to_whoever_owes(
    cases: Cases, watch: DeadlineWatch, store: Store, clock: ManualClock
) -> None:
    case = cases.open(DISPATCHER, new_case())
    assert watch.step() == 0
    clock.advance(33 * HOUR - 1)
    assert watch.step() == 0
    clock.advance(1)  # Monday 18:00
    assert (watch.step(), watch.step()) == (1, 0)
    clock.advance(18 * HOUR - 1)
    assert watch.step() == 0  # all night long nobody is warned
    clock.advance(1)  # Tuesday 12:00
    assert watch.step() == 1
    clock.advance(2.8 * HOUR)
    assert watch.step() == 1
    clock.advance(3.2 * HOUR)
    assert watch.step() == 1
    assert warnings(store) == [
        ("U-ENTERPRISE", "50 % of the time for 'Rectification by the enterprise' has passed"),
        ("U-POLICE", "50 % of the time for 'Key-vehicle case' has passed"),
        ("U-ENTERPRISE", "80 % of the time for 'Rectification by the enterprise' has passed"),
        ("U-ENTERPRISE", OVERDUE),
    ]
    clock.advance(30 * 24 * HOUR)
    assert watch.step() == 1  # only the case is left: its 80 % was overtaken by 100 %
    assert watch.step() == 0
    actions = [step.action for step in cases.get(DISPATCHER, case.case_id).timeline]
    assert actions == ["open"] + ["deadline.warning"] * 5


def test_after_an_outage_only_the_highest_step_is_sent_and_a_restart_repeats_nothing(
    cases: Cases,
    store: Store,
    clock: ManualClock,
    ids: IdMaker,
    workflows: Workflows,
    calendar: WorkingCalendar,
) -> None:
    for _ in range(3):
        cases.open(DISPATCHER, new_case())
    clock.advance(90 * HOUR)  # everything is overdue
    assert DeadlineWatch(store, clock, ids, workflows, calendar).step() == 6
    assert {title for _, title in warnings(store)} == {OVERDUE, "'Key-vehicle case' is overdue"}
    assert DeadlineWatch(store, clock, ids, workflows, calendar).step() == 0


def test_a_clock_stands_while_the_task_lies_with_somebody_else(
    cases: Cases, watch: DeadlineWatch, store: Store, clock: ManualClock
) -> None:
    case = cases.open(DISPATCHER, new_case())
    (task,) = [task for task in case.tasks if task.kind == "rectification"]
    form = {"cause": "赶货", "measures": "谈话", "responsible": "王经理"}
    cases.act(COMPANY, case.case_id, "submit_rectification", Step(1, task.task_id, form))
    clock.advance(58 * HOUR)
    assert watch.step() == 1  # the case's own
    cases.act(DISPATCHER, case.case_id, "return_rectification", Step(3 - 1, task.task_id, {}, "不具体"))
    assert watch.step() == 1
    assert warnings(store)[-1] == ("U-ENTERPRISE", OVERDUE)


def test_an_ended_case_is_not_warned_about(cases: Cases, watch: DeadlineWatch, clock: ManualClock) -> None:
    case = cases.open(DISPATCHER, new_case())
    cases.act(DISPATCHER, case.case_id, "void", Step(1, None, {}, "误报"))
    clock.advance(1000 * HOUR)
    assert watch.step() == 0
    assert cases.list(DISPATCHER, CaseFilter(overdue=True)).page.total == 0


def test_a_provisional_deadline_is_computed_again_when_the_calendar_comes(
    cases: Cases, watch: DeadlineWatch, store: Store, clock: ManualClock, ids: IdMaker, workflows: Workflows
) -> None:
    clock.advance((date(2026, 12, 31) - date(2026, 11, 22)).days * 24 * HOUR)
    case = cases.open(DISPATCHER, new_case())
    (task,) = [task for task in case.tasks if task.kind == "rectification"]
    assert task.deadline is not None
    # Thursday 31 December plus two working days, as far as only weekends are known: Monday 4 January.
    assert (task.deadline.provisional, task.deadline.due_at.isoformat()) == (True, "2027-01-04T18:00:00+08:00")
    assert watch.recompute_provisional() == 0
    holiday, shifted = Text("元旦", "New Year's Day"), Text("元旦", "New Year's Day")
    notice = WorkingCalendar(
        {date(2027, 1, 1): holiday},
        {date(2027, 1, 3): shifted},
        known_from=date(2026, 1, 1),
        known_until=date(2027, 12, 28),
    )
    later = DeadlineWatch(store, clock, ids, workflows, notice)
    assert later.recompute_provisional() == 2
    assert later.recompute_provisional() == 0
    seen = cases.get(DISPATCHER, case.case_id)
    (task,) = [task for task in seen.tasks if task.kind == "rectification"]
    assert task.deadline is not None
    # 1 January is free, Sunday the 3rd is worked: the second working day is Monday the 4th again, now for good.
    assert (task.deadline.provisional, task.deadline.due_at.isoformat()) == (False, "2027-01-04T18:00:00+08:00")
    assert [step.action for step in seen.timeline] == ["open", "deadline.recomputed", "deadline.recomputed"]
    assert seen.timeline[1].data.keys() == {"due_before_ms", "due_ms", "explanation_zh", "explanation_en"}


def test_a_deadline_keeps_what_it_was_computed_from(cases: Cases, store: Store, clock: ManualClock) -> None:
    cases.open(DISPATCHER, new_case())
    with store.read() as conn:
        row = conn.execute(select(deadline_table).where(deadline_table.c.task_id.is_not(None))).mappings().one()
    assert row["started_ms"] == clock.now_ms() == to_ms(clock.now())
    assert "working_day" in str(row["basis"])
    assert row["explanation_zh"]


def put_off(conn: Connection, calendar: WorkingCalendar, from_ms: int, to_ms: int) -> None:
    """Let the clocks of the one case stand, as a step that grants a deferral does: with the case held."""
    conn.execute(select(case_table.c.id).with_for_update()).one()
    for row in conn.execute(select(deadline_table)).mappings().all():
        recompute(conn, row, calendar, (50, 80, 100), [[from_ms, to_ms]])


def test_a_deferral_of_this_moment_is_not_lost_when_the_calendar_comes(
    cases: Cases, store: Store, clock: ManualClock, ids: IdMaker, workflows: Workflows, calendar: WorkingCalendar
) -> None:
    clock.advance((date(2026, 12, 31) - date(2026, 11, 22)).days * 24 * HOUR)
    cases.open(DISPATCHER, new_case())
    known = WorkingCalendar({}, {}, known_from=date(2026, 1, 1), known_until=date(2027, 12, 28))
    later = DeadlineWatch(store, clock, ids, workflows, known)
    pause = [clock.now_ms(), clock.now_ms() + 10 * 24 * HOUR * 1000]
    at_once(store, later.recompute_provisional, holding=lambda conn: put_off(conn, calendar, *pause))
    with store.read() as conn:
        rows = conn.execute(select(deadline_table)).mappings().all()
    assert [(row["basis"]["pauses"], row["provisional"]) for row in rows] == [([pause], False)] * 2


def test_what_is_put_off_at_this_moment_is_not_warned_of(
    cases: Cases, watch: DeadlineWatch, store: Store, clock: ManualClock, calendar: WorkingCalendar
) -> None:
    cases.open(DISPATCHER, new_case())
    pause = clock.now_ms(), clock.now_ms() + 30 * 24 * HOUR * 1000
    clock.advance(33 * HOUR)  # Monday 18:00: half of the rectification's time
    assert at_once(store, watch.step, holding=lambda conn: put_off(conn, calendar, *pause)) == [0]
    assert (warnings(store), watch.step()) == ([], 0)
    clock.advance(30 * 24 * HOUR)
    assert watch.step() > 0
