"""Several units, several cases, several reporters; deferral, supervision, appeal, reopening, levels, bulk, leavers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from cityops.access import SYSTEM, Principal, Role, verify_audit
from cityops.cases import CaseDetailView, Step, answer_table, deadline_table, notice_table, reporter_table
from cityops.kit import ConflictError, ForbiddenError, InvalidError

from .town import Town

HOUR = 3600


def answers(town: Town) -> list[tuple[str, str]]:
    joined = answer_table.join(reporter_table)
    query = select(reporter_table.c.channel, answer_table.c.text_zh).select_from(joined).order_by(answer_table.c.id)
    with town.store.read() as conn:
        return [(row[0], row[1]) for row in conn.execute(query)]


def notices(town: Town, **where: Any) -> list[str]:
    query = select(notice_table).order_by(notice_table.c.id)
    with town.store.read() as conn:
        rows = conn.execute(query).mappings().all()
    return [row["title_en"] for row in rows if all(row[name] == value for name, value in where.items())]


def test_joint_units_each_have_a_task_and_the_lead_answers_for_the_whole(town: Town) -> None:
    case = town.handling("m01037_1", joint=["LAMPS", "ROADS"])
    assert town.tasks(case, "handle") == [("Water", "in_hand"), ("Lamps", "assigned"), ("Roads", "assigned")]
    assert len([t for t in town.seen(case).tasks if t.kind == "handle" and t.deadline is not None]) == 3
    assert "feed_back" not in town.names(town.water, case)  # the others are not done
    assert not {"feed_back", "return_case"} & town.names(town.lamps, case)  # only the lead's
    town.take(town.lamps, case, "accept_part")
    town.take(town.lamps, case, "finish_part", result="灯已亮")
    town.take(town.roads, case, "return_part", "不是道路问题")
    assert "feed_back" not in town.names(town.water, case)  # a returned part waits for the dispatcher
    town.take(town.dispatcher, case, "release_part", "同意")
    case = town.take(town.water, case, "feed_back", result="完成")
    assert case.state == "fed_back"
    other = town.handling("m01037_1")
    again = Step(other.version, None, {"joint": ["WATER"]})
    with pytest.raises(InvalidError) as twice:
        town.cases.act(town.dispatcher, other.case_id, "add_unit", again)
    assert twice.value.code == "case.unit_twice"


def test_merged_cases_keep_every_reporter_and_do_not_escalate(town: Town) -> None:
    first, second, third = town.report(channel="hotline"), town.report(channel="portal"), town.report(channel="open311")
    town.take(town.acceptor, third, "merge", into=second.number)
    merged = town.take(town.acceptor, second, "merge", into=first.case_id)
    assert (merged.state, merged.merged_into_id, merged.actions) == ("merged", first.case_id, [])
    assert [step.action for step in town.seen(first).timeline] == ["open", "merged_here"]
    town.clock.advance(48 * HOUR)
    town.watch().step()
    with town.store.read() as conn:
        late = conn.execute(select(notice_table.c.case_id).where(notice_table.c.kind == "deadline")).scalars().all()
    assert set(late) == {first.case_id}
    before = len(answers(town))
    case = town.take(town.acceptor, town.seen(first), "file", standard="m01001_1")
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER")
    case = town.close(town.take(town.water, case, "accept"))
    told = f"您反映的问题（{first.number}）已结案：井盖已补装"
    assert answers(town)[before:] == [("hotline", told), ("portal", told), ("open311", told)]


def test_nothing_is_merged_into_itself_or_into_an_ended_case(small_town: Town) -> None:
    town = small_town
    case, ended = town.report(), town.closed()
    for into, error in ((case.case_id, InvalidError), ("no such", InvalidError), (ended.number, ConflictError)):
        with pytest.raises(error):
            town.cases.act(town.acceptor, case.case_id, "merge", Step(case.version, None, {"into": into}))
    assert town.seen(case).version == case.version


def test_a_split_case_goes_on_as_several_with_the_same_reporters(town: Town) -> None:
    case = town.report(title="井盖缺失、路灯不亮")
    town.take(town.acceptor, case, "split", parts="路灯不亮\n\n路面沉陷")
    parts = [c for c in town.cases.list(town.dispatcher).items if c.origin_id == case.case_id]
    assert sorted(part.title.zh for part in parts) == ["路灯不亮", "路面沉陷"]
    assert town.seen(case).state == "reported"
    for part in parts:
        town.take(town.acceptor, town.cases.get(town.dispatcher, part.case_id), "reject", "重复", answer="不予立案")
    assert [channel for channel, _ in answers(town)] == ["hotline", "hotline"]


def test_a_deferral_is_asked_for_and_granted_and_gives_its_time_back(town: Town) -> None:
    case = town.handling("m01001_2")  # 4 working hours from Sunday: Monday 12:00
    town.clock.advance(25 * HOUR)  # Monday 10:00, 2 working hours used
    assert town.watch().step() == 1
    until = "2026-11-25T10:00:00+08:00"
    case = town.take(town.water, case, "ask_deferral", until=until, grounds="等配件")
    assert "grant_deferral" not in town.names(town.water, case)
    case = town.take(town.dispatcher, case, "grant_deferral", until=until)
    (handle,) = [t for t in town.seen(case).tasks if t.kind == "handle"]
    assert handle.deadline is not None
    # The clock stands from Monday 10:00 to Wednesday 10:00; the two hours left end at 12:00.
    assert handle.deadline.due_at.isoformat() == "2026-11-25T12:00:00+08:00"
    assert handle.deadline.elapsed_share == 0.5
    town.clock.advance(24 * HOUR)  # Tuesday 10:00: the parts came early
    assert town.watch().step() == 0  # nobody is warned while the clock stands
    case = town.take(town.water, case, "resume")
    (handle,) = [t for t in town.seen(case).tasks if t.kind == "handle"]
    assert handle.deadline is not None
    assert handle.deadline.due_at.isoformat() == "2026-11-24T12:00:00+08:00"
    assert [s.action for s in town.seen(case).timeline][-3:] == ["ask_deferral", "grant_deferral", "resume"]


def test_a_deferral_into_the_past_is_refused(small_town: Town) -> None:
    town, past = small_town, {"until": "2026-11-22T08:59:00+08:00"}
    case = town.take(town.water, town.handling(), "ask_deferral", grounds="等配件", **past)
    (offered,) = [a for a in town.cases.get(town.dispatcher, case.case_id).actions if a.name == "grant_deferral"]
    with pytest.raises(InvalidError) as refused:
        town.cases.act(town.dispatcher, case.case_id, "grant_deferral", Step(case.version, offered.task_id, past))
    assert refused.value.code == "case.defer_past"
    assert town.take(town.dispatcher, case, "refuse_deferral", "不急").state == "handling"


def test_a_supervision_has_its_own_deadline_and_blocks_closing(small_town: Town) -> None:
    town = small_town
    case = town.take(town.leader, town.handling(), "supervise", order="今日办结")
    (task,) = [t for t in case.tasks if t.kind == "supervision"]
    assert task.deadline is not None
    assert task.deadline.due_at.isoformat() == "2026-11-23T12:00:00+08:00"
    assert "supervise" not in town.names(town.leader, case)  # one at a time
    case = town.take(town.water, case, "feed_back", result="好")
    case = town.take(town.dispatcher, case, "confirm")
    assert "close" not in town.names(town.acceptor, case)
    town.take(town.water, case, "answer_supervision", report="已派人")
    town.take(town.leader, case, "return_supervision", "不具体")
    town.take(town.water, case, "answer_supervision", report="三人到场")
    town.take(town.leader, case, "accept_supervision")
    assert "close" in town.names(town.acceptor, case)


def test_an_appeal_exempts_a_delay_once_and_leaves_the_fact(town: Town) -> None:
    in_time = town.closed()
    assert "appeal" not in town.names(town.water, in_time)
    case = town.handling()
    town.clock.advance(3 * HOUR)
    case = town.close(case)
    assert "appeal" in town.names(town.water, case)
    case = town.take(town.water, case, "appeal", grounds="暴雨")
    assert case.state == "closed"
    assert not {"appeal", "appeal_pass"} & town.names(town.water, case)
    assert "appeal_approve" not in town.names(town.acceptor, case)  # the dispatcher first
    town.take(town.dispatcher, case, "appeal_pass", opinion="属实")
    town.take(town.acceptor, case, "appeal_approve")
    (handle,) = [t for t in town.seen(case).tasks if t.kind == "handle"]
    assert handle.deadline is not None
    assert (handle.deadline.overdue, handle.deadline.exempt) == (True, True)
    with town.store.read() as conn:
        query = select(deadline_table.c.exempt_ms).where(deadline_table.c.exempt_ms.is_not(None))
        assert len(conn.execute(query).scalars().all()) == 1


def test_a_reporter_opens_a_case_again_within_the_window(small_town: Town) -> None:
    town = small_town
    case = town.cases.act(SYSTEM, *reopening(town.closed()))
    assert (case.state, case.reopened, case.closed_at) == ("reported", 1, None)
    case = town.take(town.acceptor, case, "file", standard="m01001_1")
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER")
    case = town.close(town.take(town.water, case, "accept"))
    assert [s.action for s in case.timeline].count("close") == 2
    # Closed on 22 November: 15 calendar days end with 7 December at 24:00.
    town.clock.advance(15.625 * 24 * HOUR)  # 8 December 00:00
    town.clock.advance(1)
    with pytest.raises(ConflictError) as late:
        town.cases.act(SYSTEM, *reopening(case))
    assert late.value.code == "case.not_ready"


def reopening(case: CaseDetailView) -> tuple[str, str, Step]:
    return case.case_id, "reopen", Step(case.version, None, {}, "还是没修好")


def test_people_below_the_level_of_a_case_look_and_do_not_act(small_town: Town) -> None:
    town = small_town
    district = town.person("district-acceptor", Role.ACCEPTOR, area_codes=("140105",))
    street = town.person("street-acceptor", Role.ACCEPTOR, area_codes=("140105001",))
    case = town.report(district)
    assert case.level == "district"
    assert "file" in town.names(district, case)
    step = Step(case.version, None, {"standard": "m01037_1"})
    with pytest.raises(ForbiddenError):
        town.cases.act(street, case.case_id, "file", step)
    case = town.take(district, case, "transfer_level", "街道可办", level="street")
    assert "file" in town.names(street, case)
    case = town.take(street, case, "transfer_level", "街道办不了", level="city")
    assert town.names(district, case) == set()
    assert "file" in town.names(town.acceptor, case)


def test_many_cases_are_dispatched_in_one_call_each_for_itself(town: Town) -> None:
    cases = [town.filed() for _ in range(3)]
    form = {"unit": "LAMPS"}
    steps = {case.case_id: Step(case.version, None, form) for case in cases}
    steps[cases[1].case_id] = Step(1, None, form)  # stale
    outcomes = town.cases.act_many(town.dispatcher, "dispatch", steps)
    assert [(o.done, o.error and o.error.code) for o in outcomes] == [(True, None), (False, "case.stale"), (True, None)]
    assert [town.seen(case).state for case in cases] == ["dispatched", "filed", "dispatched"]
    with pytest.raises(InvalidError) as many:
        town.cases.act_many(town.dispatcher, "dispatch", {str(n): Step(1) for n in range(501)})
    assert many.value.code == "case.too_many"


def test_a_leavers_tasks_go_to_a_named_person_and_both_are_told(town: Town) -> None:
    held = [town.take(town.water, town.handling(), "give_person", person="wu") for _ in range(2)]
    leaver, heir = town.wu.account_id, town.li.account_id
    for who, to, why in (
        (town.lamps, heir, "离职"),
        (town.water, town.lamps.account_id, "离职"),
        (town.water, heir, " "),
    ):
        with pytest.raises((ForbiddenError, InvalidError)):
            town.cases.hand_over(who, leaver, to, why)
    assert [o.done for o in town.cases.hand_over(town.dispatcher, leaver, heir, "离职")] == [True, True]
    assert town.cases.hand_over(town.dispatcher, leaver, heir, "离职") == []
    for case in held:
        seen = town.seen(case)
        assert [t.person_id for t in seen.tasks if t.kind == "handle"] == [heir]
        assert (seen.timeline[-1].action, seen.timeline[-1].comment) == ("hand_over", "离职")
        assert seen.version == case.version + 1
    assert len(notices(town, kind="holder", person_id=heir)) == 2
    assert len([n for n in notices(town, kind="holder", person_id=leaver) if n.endswith("no longer yours")]) == 2
    with town.store.read() as conn:
        assert verify_audit(conn).ok


def test_a_late_task_is_escalated_level_by_level_and_not_in_a_storm(small_town: Town) -> None:
    town = small_town
    case = town.handling()  # 2 hours from 09:00
    watch = town.watch()
    town.clock.advance(2 * HOUR)
    watch.step()
    assert notices(town, kind="escalation", owner="desk") == ["'Handle' is overdue"]
    town.clock.advance(1 * HOUR)
    watch.step()
    assert notices(town, kind="escalation", owner="supervisor") == ["'Handle' has taken 150 % of its time"]
    other = town.handling()
    town.clock.advance(100 * HOUR)  # an outage: of four steps passed only the last is sent
    assert watch.step() == 1
    assert watch.step() == 0
    assert [s.action for s in town.seen(other).timeline].count("deadline.warning") == 1
    assert town.names(town.water, case)


def test_a_collector_sees_a_case_only_while_the_check_is_open(small_town: Town) -> None:
    town = small_town
    case = town.take(town.acceptor, town.report(), "request_precheck", collector="collector")

    def sees(who: Principal) -> bool:
        return case.case_id in {c.case_id for c in town.cases.list(who).items}

    assert (sees(town.collector), sees(town.collector2)) == (True, False)
    town.take(town.collector, case, "precheck_deny", "没找到")
    assert not sees(town.collector)
