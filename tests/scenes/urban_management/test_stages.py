"""The seven stages and every return path, on both databases where rows are joined, and the limits by hand."""

from __future__ import annotations

import pytest

from cityops.access import Permission, verify_audit
from cityops.cases import CaseDetailView, Step, check_workflow
from cityops.kit import CityOpsError, ConflictError, ForbiddenError, InvalidError

from .town import Town

REASON = "不属于本部门"


def due(case: CaseDetailView, kind: str = "handle") -> str:
    deadline = next(t.deadline for t in case.tasks if t.kind == kind and t.deadline is not None)
    return deadline.due_at.strftime("%m-%d %H:%M")


def test_the_declaration_is_sound_and_shows_the_seven_stages(small_town: Town) -> None:
    assert check_workflow(small_town.workflow, [permission.value for permission in Permission]) == []
    stages = [entry["stage"] for entry in small_town.workflow.way("reported")]
    assert stages == ["collect", "file", "dispatch", "handle", "feed_back", "verify", "evaluate"]


def test_a_case_goes_from_report_to_evaluation_with_both_checks(town: Town) -> None:
    case = town.report()
    case = town.take(town.acceptor, case, "request_precheck", collector="collector")
    assert "file" not in town.names(town.acceptor, case)
    town.take(town.collector, case, "precheck_confirm", notes="属实")
    case = town.take(town.acceptor, case, "file", standard="m01001_1")
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER", instruction="先设围挡")
    # 2 urgent hours run on the clock, also on a Sunday.
    assert due(case) == "11-22 11:00"
    case = town.take(town.water, case, "accept")
    case = town.take(town.water, case, "give_person", person="wu")
    case = town.take(town.wu, case, "submit_to_lead", result="已补装")
    case = town.take(town.water, case, "feed_back", result="已补装")
    case = town.take(town.dispatcher, case, "confirm")
    case = town.take(town.acceptor, case, "request_final_check", collector="collector")
    assert "close" not in town.names(town.acceptor, case)
    town.take(town.collector, case, "final_check_pass")
    case = town.take(town.acceptor, case, "close", closing="met")
    assert (case.state, case.stage, case.standard, case.closing) == (
        "closed",
        "evaluate",
        "m01001_1",
        "met",
    )
    assert {t.kind: t.state for t in case.tasks} == {
        "accept_desk": "done",
        "precheck": "confirmed",
        "dispatch_desk": "done",
        "handle": "finished",
        "verify_desk": "done",
        "final_check": "passed",
    }
    with town.store.read() as conn:
        assert verify_audit(conn).ok


@pytest.mark.parametrize(
    ("standard", "when"),
    [
        # From Sunday 2026-11-22 09:00; working hours 8-12 and 14-18.
        ("m01001_1", "11-22 11:00"),
        ("m01001_2", "11-23 12:00"),
        ("m01006_2", "11-23 18:00"),
        ("m01001_3", "11-24 18:00"),
        ("m01001_4", "11-27 18:00"),
        ("m01037_1", "11-24 18:00"),
        ("m06010_1", "11-23 12:00"),
        ("m06001_1", "11-23 12:00"),
    ],
)
def test_limits_of_the_published_table(small_town: Town, standard: str, when: str) -> None:
    case = small_town.take(small_town.dispatcher, small_town.filed(standard), "dispatch", unit="WATER")
    assert due(case) == when


def test_out_of_season_the_clock_starts_with_the_next_season(small_town: Town) -> None:
    case = small_town.take(small_town.dispatcher, small_town.filed("m04002_1"), "dispatch", unit="ROADS")
    # Monday 1 March 2027 does not count; the 15th working day after it is Monday the 22nd.
    assert due(case) == "03-22 18:00"


def test_filing_and_closing_need_a_standard_that_exists(small_town: Town) -> None:
    case = small_town.report()
    for form in ({}, {"standard": "no_such"}):
        with pytest.raises(InvalidError):
            small_town.cases.act(small_town.acceptor, case.case_id, "file", Step(case.version, None, form))
    case = small_town.handling("m01037_1")
    case = small_town.take(small_town.water, case, "feed_back", result="好")
    case = small_town.take(small_town.dispatcher, case, "confirm")
    offered = next(a for a in small_town.cases.get(small_town.acceptor, case.case_id).actions if a.name == "close")
    assert [o["value"] for o in offered.fields[0].options] == ["met"]
    step = Step(case.version, None, {"closing": "no_such"})
    with pytest.raises(InvalidError):
        small_town.cases.act(small_town.acceptor, case.case_id, "close", step)


def test_each_return_path_needs_a_reason_and_keeps_what_was(small_town: Town) -> None:
    town = small_town
    case = town.filed()
    with pytest.raises(InvalidError) as refused:
        town.cases.act(town.dispatcher, case.case_id, "return_to_acceptor", Step(case.version))
    assert refused.value.code == "case.reason_missing"
    case = town.take(town.dispatcher, case, "return_to_acceptor", REASON)
    assert (case.state, case.standard) == ("reported", "m01001_1")
    case = town.take(town.acceptor, case, "file", standard="m01037_1")
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER")
    case = town.take(town.water, case, "accept")
    case = town.take(town.water, case, "give_person", person="wu")
    assert "return_case" not in town.names(town.water, case)  # only after the own assignment is revoked
    case = town.take(town.wu, case, "hand_back", "不会做")
    case = town.take(town.water, case, "give_person", person="wu")
    case = town.take(town.wu, case, "submit_to_lead", result="好了")
    assert "hand_back" not in town.names(town.wu, case)  # before submitting only
    assert "return_to_person" not in town.names(town.wu, case)
    case = town.take(town.water, case, "return_to_person", "不到位")
    case = town.take(town.water, case, "take_back", "换人")
    case = town.take(town.water, case, "return_case", REASON)
    assert (case.state, town.tasks(case, "handle")) == ("returned", [("Water", "returned")])
    returned = {"dispatch", "return_to_acceptor", "transfer_level", "void"}
    assert town.names(town.dispatcher, case) == returned  # not forward to closing
    case = town.take(town.dispatcher, case, "dispatch", unit="LAMPS")
    assert [step.comment for step in town.seen(case).timeline if step.comment] == [
        REASON,
        "不会做",
        "不到位",
        "换人",
        REASON,
    ]
    assert town.cases.get(town.water, case.case_id).actions == []  # may look, no longer act


def test_rework_goes_to_the_same_unit_and_the_clock_is_not_restarted(small_town: Town) -> None:
    town = small_town
    case = town.handling("m01001_3")
    before = due(case)
    case = town.take(town.water, case, "feed_back", result="好了")
    town.clock.advance(3600)
    case = town.take(town.dispatcher, case, "rework", "还在响")
    case = town.take(town.water, case, "feed_back", result="又修了")
    case = town.take(town.dispatcher, case, "confirm")
    case = town.take(town.acceptor, case, "request_final_check", collector="collector")
    town.take(town.collector, case, "final_check_fail", "还在响")
    assert "close" not in town.names(town.acceptor, case)
    case = town.take(town.acceptor, case, "rework", "核查不通过")
    assert (due(town.seen(case)), case.rework, town.tasks(case, "handle")) == (before, 2, [("Water", "in_hand")])
    assert town.close(case, "met").state == "closed"


def test_a_withdrawn_dispatch_ends_every_units_task(small_town: Town) -> None:
    case = small_town.handling(joint=["LAMPS"])
    case = small_town.take(small_town.dispatcher, case, "recall", "派错")
    assert small_town.tasks(case, "handle") == [("Water", "recalled"), ("Lamps", "recalled")]


def test_who_has_not_the_duty_is_refused(small_town: Town) -> None:
    case = small_town.report()
    form = {"standard": "m01037_1"}
    with pytest.raises(ForbiddenError):
        small_town.cases.act(small_town.dispatcher, case.case_id, "file", Step(case.version, None, form))
    with pytest.raises(CityOpsError):
        small_town.cases.act(small_town.water, case.case_id, "file", Step(case.version, None, form))
    with pytest.raises(ConflictError):
        small_town.cases.act(small_town.acceptor, case.case_id, "close", Step(case.version, None, {"closing": "met"}))


def test_a_staged_limit_goes_stage_by_stage(small_town: Town) -> None:
    town = small_town
    case = town.handling("m06001_1")
    assert "feed_back" not in town.names(town.water, case)
    town.clock.advance(27 * 3600)  # Monday 12:00
    case = town.take(town.water, case, "pass_stage", result="已停工")
    assert due(case) == "12-02 18:00"  # 7 working days after Monday the 23rd
    case = town.take(town.water, case, "pass_stage", result="已处罚")
    assert due(case) == "12-21 18:00"  # 20 working days
    assert "pass_stage" not in town.names(town.water, case)
    assert "feed_back" in town.names(town.water, case)
