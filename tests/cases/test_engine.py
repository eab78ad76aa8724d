"""The engine on both databases: a whole case, every way back, conflicts, scopes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from cityops.access import Principal, verify_audit
from cityops.cases import (
    CaseDetailView,
    CaseFilter,
    Cases,
    Step,
    Workflow,
    Workflows,
    case_table,
    notice_table,
    step_table,
)
from cityops.dispatch import Crews
from cityops.kit import (
    CityOpsError,
    ConfigError,
    ConflictError,
    ForbiddenError,
    IdMaker,
    InvalidError,
    ManualClock,
    NotFoundError,
    WorkingCalendar,
)
from cityops.store import Store

from .conftest import (
    ACCEPTOR,
    AUDITOR,
    COMPANY,
    DISPATCHER,
    DISTRICT,
    OTHER_COMPANY,
    OTHER_DISTRICT,
    crew_person,
    new_case,
    on_shift,
)

RECTIFIED = {"cause": "赶货", "measures": "停驶休息、谈话", "responsible": "王经理"}


def take(cases: Cases, who: Principal, case: CaseDetailView, action: str, **form: Any) -> CaseDetailView:
    """Take an action as this person sees it offered, and nothing that is not offered."""
    offered = {a.name: a for a in cases.get(who, case.case_id).actions}
    return cases.act(who, case.case_id, action, Step(case.version, offered[action].task_id, form))


def names(cases: Cases, who: Principal, case_id: str) -> set[str]:
    return {action.name for action in cases.get(who, case_id).actions}


def test_a_case_goes_from_filed_to_closed(cases: Cases, crew: Principal, store: Store, clock: ManualClock) -> None:
    case = cases.open(ACCEPTOR, new_case("ALERT1"))
    assert case.number == "KV-20261122-0001"
    assert case.state_title == ("已立案", "Filed")
    case = take(cases, DISPATCHER, case, "dispatch", crew=crew.crew_id, instruction="晋祠出口拦停")
    clock.advance(60)
    case = take(cases, crew, case, "accept")
    case = take(cases, crew, case, "arrive")
    case = take(cases, COMPANY, case, "submit_rectification", **RECTIFIED)
    case = take(cases, crew, case, "finish", result="stopped_to_rest")
    case = take(cases, DISPATCHER, case, "check_pass")
    assert "close" not in names(cases, DISPATCHER, case.case_id)  # the rectification is not approved yet
    with pytest.raises(ConflictError) as refused:
        cases.act(DISPATCHER, case.case_id, "close", Step(case.version))
    assert refused.value.code == "case.not_ready"
    case = take(cases, DISPATCHER, case, "approve_rectification")
    case = take(cases, DISPATCHER, case, "close", conclusion="属实，已整改")
    assert (case.state, case.stage, case.actions) == ("closed", "evaluate", [])
    assert case.closed_at == clock.now()
    assert [step.action for step in case.timeline] == [
        "open",
        "dispatch",
        "accept",
        "arrive",
        "submit_rectification",
        "finish",
        "check_pass",
        "approve_rectification",
        "close",
    ]
    assert case.timeline[2].at - case.timeline[1].at == clock.now() - case.opened_at
    assert {task.kind: task.state for task in case.tasks} == {
        "enterprise_notice": "cancelled",
        "police_notice": "cancelled",
        "field": "done",
        "rectification": "approved",
    }
    assert [entry["passed"] for entry in case.workflow] == [True] * 6 + [False]
    with store.read() as conn:
        report = verify_audit(conn)
    assert (report.ok, report.rows) == (True, 9)


def test_the_enterprise_and_the_police_are_told_in_the_same_transaction(cases: Cases, store: Store) -> None:
    case = cases.open(DISPATCHER, new_case())
    with store.read() as conn:
        rows = conn.execute(select(notice_table).order_by(notice_table.c.id)).mappings().all()
    assert [(row["kind"], row["unit_id"], row["sent_ms"]) for row in rows] == [
        ("enterprise_notice", "U-ENTERPRISE", rows[0]["sent_ms"]),
        ("police_notice", "U-POLICE", rows[0]["sent_ms"]),
    ]
    assert rows[1]["body_zh"] == f"案件 {case.number}：已驾驶4小时05分。位置：{{place}}。请研判并派遣。"
    topics = [event.topic for event in store.events_after(0, 100)]
    assert topics.count("notice.sent") == 2
    assert topics.count("case.opened") == 1
    assert topics.count("task.created") == 3


def test_each_unit_reads_and_acknowledges_its_own_notice(cases: Cases, clock: ManualClock) -> None:
    case = cases.open(DISPATCHER, new_case())
    clock.advance(30)
    assert cases.mark_read(COMPANY, case.case_id) == 1
    assert cases.mark_read(COMPANY, case.case_id) == 0
    clock.advance(30)
    take(cases, COMPANY, case, "acknowledge_enterprise")
    (own,) = cases.notices(COMPANY)
    assert (own.read_at, own.acknowledged_at) == (
        case.opened_at.replace(second=30),
        case.opened_at.replace(minute=1),
    )
    (police,) = cases.notices(DISPATCHER)
    assert (police.read_at, police.acknowledged_at) == (None, None)


def test_opening_is_once_per_alert(cases: Cases) -> None:
    first = cases.open(ACCEPTOR, new_case("ALERT1"))
    again = cases.open(DISPATCHER, new_case("ALERT1"))
    assert again.case_id == first.case_id
    assert cases.open(ACCEPTOR, new_case("ALERT2")).number == "KV-20261122-0002"
    assert cases.list(DISPATCHER).page.total == 2


def test_a_stale_version_changes_nothing(cases: Cases, crew: Principal) -> None:
    case = cases.open(DISPATCHER, new_case())
    take(cases, COMPANY, case, "submit_rectification", **RECTIFIED)
    with pytest.raises(ConflictError) as stale:
        cases.act(DISPATCHER, case.case_id, "dispatch", Step(case.version, None, {"crew": crew.crew_id}))
    assert stale.value.code == "case.stale"
    assert stale.value.kept is not None
    now = cases.get(DISPATCHER, case.case_id)
    assert (now.state, now.version, now.crew_name) == ("filed", case.version + 1, None)


def test_of_two_at_once_one_wins_and_one_is_told(cases: Cases, crews: Crews, store: Store) -> None:
    case = cases.open(DISPATCHER, new_case())
    members = [on_shift(crews, f"C{n}") for n in range(4)]
    results: list[str] = []

    def dispatch(member: Principal) -> None:
        try:
            cases.act(DISPATCHER, case.case_id, "dispatch", Step(case.version, None, {"crew": member.crew_id}))
            results.append("done")
        except ConflictError as error:
            results.append(error.code)

    threads = [threading.Thread(target=dispatch, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["case.stale"] * 3 + ["done"]
    assert [crew.state for crew in crews.list(DISPATCHER)].count("assigned") == 1
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(step_table)).scalar_one() == 2


def test_a_crew_is_never_given_two_cases(cases: Cases, crew: Principal) -> None:
    first, second = cases.open(DISPATCHER, new_case()), cases.open(DISPATCHER, new_case())
    take(cases, DISPATCHER, first, "dispatch", crew=crew.crew_id)
    with pytest.raises(ConflictError) as taken:
        take(cases, DISPATCHER, second, "dispatch", crew=crew.crew_id)
    assert taken.value.code == "crew.taken"
    assert cases.get(DISPATCHER, second.case_id).state == "filed"
    assert cases.get(DISPATCHER, second.case_id).version == second.version


def test_a_crew_without_the_capability_is_refused(cases: Cases, crews: Crews) -> None:
    tow = on_shift(crews, "T1", ("tow",))
    case = cases.open(DISPATCHER, new_case())
    with pytest.raises(InvalidError) as unable:
        take(cases, DISPATCHER, case, "dispatch", crew=tow.crew_id)
    assert unable.value.code == "crew.unable"


def test_declining_needs_a_reason_and_frees_the_crew(cases: Cases, crews: Crews, crew: Principal) -> None:
    case = cases.open(DISPATCHER, new_case())
    case = take(cases, DISPATCHER, case, "dispatch", crew=crew.crew_id)
    task_id = next(task.task_id for task in case.tasks if task.kind == "field")
    for blank in (None, "", "  \n"):
        with pytest.raises(InvalidError) as missing:
            cases.act(crew, case.case_id, "decline", Step(case.version, task_id, {}, blank))
        assert missing.value.code == "case.reason_missing"
    after = cases.act(crew, case.case_id, "decline", Step(case.version, task_id, {}, "正在处理另一起事故"))
    assert (after.state, after.crew_name, after.actions) == ("filed", None, [])
    assert crews.list(DISPATCHER)[0].state == "free"
    with pytest.raises(NotFoundError):
        cases.get(crew, case.case_id)
    seen = cases.get(DISPATCHER, case.case_id)
    assert seen.timeline[-1].comment == "正在处理另一起事故"
    assert [task.state for task in seen.tasks if task.kind == "field"] == ["declined"]
    take(cases, DISPATCHER, seen, "dispatch", crew=crew.crew_id)  # and can be sent again


def test_a_failed_check_sends_the_case_back_and_counts_the_rework(
    cases: Cases, crews: Crews, crew: Principal, store: Store
) -> None:
    case = cases.open(DISPATCHER, new_case())
    case = take(cases, DISPATCHER, case, "by_phone", result="driver_warned", spoke_with="车队长")
    case = take(cases, DISPATCHER, case, "check_fail", reason="没有证据")
    assert case.state == "filed"
    case = take(cases, DISPATCHER, case, "dispatch", crew=crew.crew_id)
    for action in ("accept", "arrive"):
        case = take(cases, crew, case, action)
    case = take(cases, crew, case, "finish", result="fined")
    case = take(cases, DISPATCHER, case, "check_fail", reason="照片不清")
    assert (case.state, case.crew_name) == ("filed", None)
    with store.read() as conn:
        assert conn.execute(select(case_table.c.rework)).scalar_one() == 2


def test_a_returned_rectification_keeps_its_deadline(cases: Cases, clock: ManualClock) -> None:
    case = cases.open(DISPATCHER, new_case())
    due = deadline_of(case, "rectification")
    # Sunday 2026-11-22 plus two working days is Tuesday, at the end of working hours.
    assert due.isoformat() == "2026-11-24T18:00:00+08:00"
    case = take(cases, COMPANY, case, "submit_rectification", **RECTIFIED)
    clock.advance(3 * 86_400)
    case = take(cases, DISPATCHER, case, "return_rectification", reason="措施不具体")
    (task,) = [task for task in case.tasks if task.kind == "rectification"]
    assert task.deadline is not None
    assert (task.state, task.deadline.due_at, task.deadline.overdue) == ("returned", due, True)
    case = take(cases, COMPANY, case, "submit_rectification", **{**RECTIFIED, "measures": "更换驾驶人"})
    (task,) = [task for task in case.tasks if task.kind == "rectification"]
    assert task.data["measures"] == "更换驾驶人"


def deadline_of(case: CaseDetailView, kind: str) -> Any:
    (task,) = [task for task in case.tasks if task.kind == kind]
    assert task.deadline is not None
    return task.deadline.due_at


def test_voiding_needs_a_person_and_a_reason(cases: Cases, crews: Crews, crew: Principal) -> None:
    case = cases.open(DISPATCHER, new_case())
    case = take(cases, DISPATCHER, case, "dispatch", crew=crew.crew_id)
    with pytest.raises(InvalidError):
        take(cases, DISPATCHER, case, "void")
    case = take(cases, DISPATCHER, case, "void", reason="预警已撤回")
    assert (case.state, case.actions) == ("void", [])
    assert all(task.state in {"cancelled"} for task in case.tasks)
    assert crews.list(DISPATCHER)[0].state == "free"
    assert [entry["passed"] for entry in case.workflow] == [False] * 8


@pytest.mark.parametrize(
    ("who", "action"),
    [(COMPANY, "dispatch"), (ACCEPTOR, "dispatch"), (DISTRICT, "void"), (AUDITOR, "close"), (DISPATCHER, "accept")],
)
def test_a_role_without_the_permission_is_refused(cases: Cases, who: Principal, action: str) -> None:
    case = cases.open(DISPATCHER, new_case())
    with pytest.raises(ForbiddenError):
        cases.act(who, case.case_id, action, Step(case.version, None, {"crew": "x"}, "理由"))


def test_who_sees_what(cases: Cases, crew: Principal) -> None:
    case = cases.open(DISPATCHER, new_case())
    take(cases, DISPATCHER, case, "dispatch", crew=crew.crew_id, instruction="内部部署")
    for nobody in (OTHER_COMPANY, OTHER_DISTRICT, crew_person("ANOTHER")):
        assert cases.list(nobody).items == []
        with pytest.raises(NotFoundError):
            cases.get(nobody, case.case_id)
        with pytest.raises(NotFoundError):
            cases.act(nobody, case.case_id, "void", Step(2, None, {}, "x"))
    # The district sees the enterprise's part and the police's.
    assert {task.kind for task in cases.get(DISTRICT, case.case_id).tasks} == {
        "enterprise_notice",
        "police_notice",
        "rectification",
        "field",
    }
    assert cases.get(DISTRICT, case.case_id).plate == "晋A·***45"
    assert "12345" not in cases.get(DISTRICT, case.case_id).title.zh
    # The enterprise sees its own part, and of the police only that and when they acted.
    seen = cases.get(COMPANY, case.case_id)
    assert {task.kind for task in seen.tasks} == {"enterprise_notice", "rectification"}
    assert (seen.timeline[1].actor, seen.timeline[1].data) == ("交警十一大队", {})
    assert [task.kind for task in cases.tasks(COMPANY).items] == ["rectification", "enterprise_notice"]
    assert [task.kind for task in cases.tasks(crew).items] == ["field"]
    assert cases.tasks(crew_person("ANOTHER")).items == []
    with pytest.raises(NotFoundError):
        cases.task(OTHER_COMPANY, seen.tasks[0].task_id)


def test_an_enterprise_cannot_step_through_a_task_of_the_police(cases: Cases) -> None:
    case = cases.open(DISPATCHER, new_case())
    (police,) = [task for task in case.tasks if task.kind == "police_notice"]
    with pytest.raises(NotFoundError):
        cases.act(COMPANY, case.case_id, "submit_rectification", Step(case.version, police.task_id, RECTIFIED))


def test_a_task_of_another_case_is_refused(cases: Cases) -> None:
    one, two = cases.open(DISPATCHER, new_case()), cases.open(DISPATCHER, new_case())
    (task,) = [task for task in two.tasks if task.kind == "rectification"]
    with pytest.raises(NotFoundError):
        cases.act(COMPANY, one.case_id, "submit_rectification", Step(one.version, task.task_id, RECTIFIED))


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "case.form_missing"),
        ({"crew": "  "}, "case.form_missing"),
        ({"crew": 7}, "case.form_kind"),
        ({"crew": "x", "colour": "red"}, "case.form_unknown"),
        ({"crew": "x", "instruction": "长" * 4001}, "case.form_kind"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(cases: Cases, form: dict[str, Any], code: str) -> None:
    case = cases.open(DISPATCHER, new_case())
    with pytest.raises(InvalidError) as wrong:
        cases.act(DISPATCHER, case.case_id, "dispatch", Step(case.version, None, form))
    assert wrong.value.code == code
    assert cases.get(DISPATCHER, case.case_id).version == case.version


def test_lists_count_filter_and_page(cases: Cases, clock: ManualClock) -> None:
    opened = []
    for _ in range(5):
        opened.append(cases.open(DISPATCHER, new_case()))
        clock.advance(60)
    take(cases, DISPATCHER, opened[0], "void", reason="误报")
    page = cases.list(DISPATCHER, CaseFilter(page_size=2))
    assert (page.page.total, page.counts) == (5, {"filed": 4, "void": 1})
    assert [item.number[-4:] for item in page.items] == ["0005", "0004"]
    last = cases.list(DISPATCHER, CaseFilter(page=3, page_size=2))
    assert [item.number[-4:] for item in last.items] == ["0001"]
    assert cases.list(DISPATCHER, CaseFilter(state="void")).page.total == 1
    assert cases.list(DISPATCHER, CaseFilter(state="void")).counts == page.counts
    assert cases.list(DISPATCHER, CaseFilter(q="0003")).page.total == 1
    assert cases.list(DISPATCHER, CaseFilter(q="晋安")).page.total == 5
    assert cases.list(DISPATCHER, CaseFilter(q="%")).page.total == 0
    assert cases.list(DISPATCHER, CaseFilter(overdue=True)).page.total == 0
    clock.advance(5 * 86_400)
    assert cases.list(DISPATCHER, CaseFilter(overdue=True)).counts == {"filed": 4}  # the void one ended in time
    assert cases.list(DISPATCHER, CaseFilter(ended=False)).page.total == 4
    with pytest.raises(InvalidError):
        cases.list(DISPATCHER, CaseFilter(page_size=501))


def test_a_withdrawn_alert_leaves_a_line_and_no_more(cases: Cases, store: Store) -> None:
    from cityops.access import SYSTEM
    from cityops.kit import Text

    case = cases.open(SYSTEM, new_case())
    words = Text("预警已撤回", "Alert withdrawn")
    store.write(lambda conn: cases.note_in(conn, SYSTEM, case.case_id, "alert.withdrawn", words, {}))
    seen = cases.get(DISPATCHER, case.case_id)
    assert (seen.state, seen.version, seen.timeline[-1].action) == ("filed", case.version + 1, "alert.withdrawn")
    assert seen.timeline[-1].actor_role is None
    assert "void" in {action.name for action in seen.actions}


def test_the_machine_takes_no_step(cases: Cases) -> None:
    from cityops.access import SYSTEM

    case = cases.open(SYSTEM, new_case())
    for action in ("dispatch", "void", "check_pass", "close"):
        with pytest.raises(CityOpsError):
            cases.act(SYSTEM, case.case_id, action, Step(case.version, None, {}, "理由"))
    assert cases.get(SYSTEM, case.case_id).actions == []


def test_an_effect_that_nobody_carries_out_stops_the_start(
    sqlite_store: Store, clock: ManualClock, ids: IdMaker, workflows: Workflows, calendar: WorkingCalendar
) -> None:
    with pytest.raises(ConfigError, match="assign_crew"):
        Cases(sqlite_store, clock, ids, workflows, calendar)


def test_a_case_without_an_enterprise_can_be_closed_by_waiving(cases: Cases) -> None:
    case = cases.open(DISPATCHER, new_case(unit_id=None))
    case = take(cases, DISPATCHER, case, "by_phone", result="driver_warned", spoke_with="驾驶人")
    case = take(cases, DISPATCHER, case, "check_pass")
    case = take(cases, DISPATCHER, case, "waive_rectification", reason="车辆无所属企业")
    assert take(cases, DISPATCHER, case, "close").state == "closed"


def test_a_workflow_is_the_only_way(workflows: Workflows) -> None:
    workflow: Workflow = workflows["key_vehicles", "key_vehicle"]
    assert {t.action for t in workflow.leaving("closed")} == set()
    assert {t.action for t in workflow.leaving("void")} == set()
