"""A dispute through the three levels: every stage, every way back with its reason, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.scenes.scoping import every_unit_sees_its_own
from tests.together import at_once

from cityops.access import Principal
from cityops.cases import CaseDetailView, Step
from cityops.kit import ConflictError, InvalidError, NotFoundError
from cityops.scenes.disputes.demo import CITY, COUNTY, VILLAGE

from .centres import NEIGHBOURS, Centres


def test_a_dispute_that_another_system_sends_twice_at_once_is_one(centres: Centres) -> None:
    new = replace(NEIGHBOURS, reference="12345-0001")
    made = at_once(centres.context.store, *[lambda: centres.registered(new)] * 3)
    assert {case.number for case in made} == {"MD-20261122-0001"}


def test_from_the_village_over_the_town_to_an_agreement_that_is_kept(centres: Centres) -> None:
    case = centres.registered()
    assert (case.level, case.state, case.number) == ("village", "registered", "MD-20261122-0001")
    assert case.title.zh == "邻里关系 · 柳巷街道第一社区调解室（演示）"
    assert case.place is not None
    assert (case.place.district_name, case.place.street_name) == ("迎泽区", "柳巷街道")
    case = centres.raised(case)
    assert (case.level, case.unit_name) == ("town", "柳巷街道综治中心（演示）")
    assert centres.names(centres.village, case) == set()
    case = centres.take(centres.town, case, "accept", answer="街道已受理")
    case = centres.take(centres.town, case, "name_mediator", mediator="mediator_town")
    meeting: dict[str, Any] = {"held_at": centres.now, "place": "调解室", "present": 4, "record": "各让一步"}
    case = centres.take(centres.town_mediator, case, "record_meeting", **meeting)
    case = centres.take(centres.town_mediator, case, "agree", content="十日内修好", perform_until=centres.now)
    (agreement,) = centres.context.documents.of_case(centres.town, case.case_id)
    assert (agreement.template, agreement.number) == ("agreement", "民调协〔2026〕1号")
    case = centres.take(centres.town, case, "record_visit", visited_at=centres.now, performance="kept")
    with pytest.raises(ConflictError, match="later visit is still"):
        centres.cases.act(centres.town, case.case_id, "close", Step(case.version, form={}))
    case = centres.take(centres.town, case, "record_later_visit", visited_at=centres.now, result="和好")
    case = centres.take(centres.town, case, "close", answer="已化解")
    assert (case.state, case.closed_at is not None) == ("closed", True)
    assert all(task.state in ("done", "transferred") for task in centres.cases.get(centres.leader, case.case_id).tasks)


def mediating(centres: Centres) -> CaseDetailView:
    return centres.mediating()


def failed(centres: Centres) -> CaseDetailView:
    return centres.take(centres.mediator, centres.mediating(), "fail", cause="分歧太大")


def handed_over(centres: Centres) -> CaseDetailView:
    papers = {"route": "court", "office": "某区人民法院", "materials": "笔录两份、照片六张"}
    return centres.take(centres.village, failed(centres), "hand_over", **papers)


@pytest.mark.parametrize(
    ("reach", "action", "state"),
    [
        (mediating, "change_mediator", "accepted"),
        (failed, "retry", "mediating"),
        (handed_over, "returned", "failed"),
        (Centres.agreed, "resume", "mediating"),
        (Centres.closed, "reopen", "accepted"),
        (Centres.registered, "withdraw", "withdrawn"),
        (mediating, "withdraw", "withdrawn"),
        (failed, "withdraw", "withdrawn"),
    ],
)
def test_a_way_back_needs_its_reason_and_keeps_what_was_said(
    small: Centres, reach: Callable[[Centres], CaseDetailView], action: str, state: str
) -> None:
    case = reach(small)
    before = len(small.cases.get(small.village, case.case_id).timeline)
    with pytest.raises(InvalidError, match="needs a reason"):
        small.take(small.village, case, action)
    after = small.take(small.village, case, action, "当事人要求")
    assert after.state == state
    assert (len(after.timeline), after.timeline[-1].comment) == (before + 1, "当事人要求")


@pytest.mark.parametrize("reach", [Centres.registered, mediating, failed])
def test_a_dispute_goes_up_and_down_again_each_time_with_a_reason(
    small: Centres, reach: Callable[[Centres], CaseDetailView]
) -> None:
    case = reach(small)
    with pytest.raises(InvalidError, match="needs a reason"):
        small.take(small.village, case, "transfer", unit=COUNTY)
    case = small.raised(case, COUNTY)
    assert (case.level, case.state) == ("county", "registered")
    assert small.tasks(case, "take") == [("迎泽区综治中心（演示）", "open")]
    every_unit_sees_its_own(small.store, small.cases)
    case = small.take(small.county, case, "transfer", "村社能办", unit=VILLAGE)
    assert (case.level, case.unit_name) == ("village", "柳巷街道第一社区调解室（演示）")
    assert [state for _, state in small.tasks(case, "hold")] == ["transferred", "transferred", "held"]
    every_unit_sees_its_own(small.store, small.cases)
    case = small.take(small.village, case, "accept")
    assert [state for _, state in small.tasks(case, "take")] == ["cancelled", "done"]


@pytest.mark.parametrize(
    ("unit", "error"),
    [
        (CITY, "no other unit of this kind"),
        (VILLAGE, "no other unit of this kind"),
        ("DISTRICT-1", "no other unit of this kind"),
        ("nobody", "no unit"),
    ],
)
def test_a_transfer_goes_to_another_centre_of_the_same_area(small: Centres, unit: str, error: str) -> None:
    case = small.registered()
    with pytest.raises(InvalidError, match=error):
        small.raised(case, unit)
    assert small.cases.get(small.village, case.case_id).version == case.version
    offered = small.cases.choices(small.village, case.case_id, "transfer", "unit")
    assert [one.title.zh for one in offered.items] == ["迎泽区综治中心（演示）", "柳巷街道综治中心（演示）"]


def test_what_is_not_accepted_is_answered(small: Centres) -> None:
    case = small.registered()
    case = small.take(small.village, case, "refuse", "属于公安机关管辖", answer="请向派出所报案")
    assert case.state == "not_accepted"
    assert small.tasks(case, "reply") == [("柳巷街道第一社区调解室（演示）", "done")]


def test_a_risk_is_answered_by_the_level_above_before_the_case_can_be_closed(small: Centres) -> None:
    case = small.take(small.mediator, small.mediating(), "flag_risk", grounds="扬言聚集")
    assert small.tasks(case, "risk") == [("柳巷街道综治中心（演示）", "open")]
    assert "flag_risk" not in small.names(small.mediator, case)
    case = small.take(small.mediator, case, "agree_orally", content="当面道歉")
    case = small.visited(case)
    case = small.take(small.mediator, case, "record_later_visit", visited_at=small.now, result="平静")
    with pytest.raises(ConflictError, match="has not answered the warning"):
        small.cases.act(small.village, case.case_id, "close", Step(case.version, form={}))
    small.take(small.town, case, "advise", measure="together", instruction="司法所一起上门")
    assert small.take(small.village, case, "close").state == "closed"


def test_the_county_centre_has_the_city_above_it(small: Centres) -> None:
    case = small.mediating(small.county, "mediator_county")
    small.take(small.county, case, "flag_risk", grounds="群体诉求")
    assert small.tasks(case, "risk") == [("市综治中心（演示）", "open")]


def test_a_case_waits_for_the_court_that_was_asked_to_confirm(small: Centres) -> None:
    case = small.visited(small.agreed())
    case = small.take(small.mediator, case, "record_later_visit", visited_at=small.now, result="已履行")
    case = small.take(small.village, case, "apply_confirmation", court="某区人民法院")
    with pytest.raises(ConflictError, match="court has not decided"):
        small.cases.act(small.village, case.case_id, "close", Step(case.version, form={}))
    with pytest.raises(InvalidError, match="needs a reason"):
        small.take(small.village, case, "confirmation_refused")
    case = small.take(small.village, case, "confirmation_refused", "内容不明确")
    case = small.take(small.village, case, "apply_confirmation", court="某区人民法院")
    case = small.take(small.village, case, "confirmation_granted", ruling="（2026）晋0106民特1号")
    assert small.take(small.village, case, "close").state == "closed"


def test_what_was_handed_over_is_written_down_and_followed_up(small: Centres) -> None:
    case = handed_over(small)
    (letter,) = small.context.documents.of_case(small.village, case.case_id)
    assert (letter.template, letter.number) == ("transfer_letter", "民调移〔2026〕1号")
    with pytest.raises(ConflictError, match="later visit"):
        small.cases.act(small.village, case.case_id, "close_elsewhere", Step(case.version, form={"outcome": "调解书"}))
    case = small.take(small.village, case, "record_later_visit", visited_at=small.now, result="法院已立案")
    assert small.take(small.village, case, "close_elsewhere", outcome="法院调解结案").state == "closed_elsewhere"


def test_nothing_is_closed_that_the_last_visit_found_not_kept(small: Centres) -> None:
    case = small.visited(small.agreed(), "not_kept")
    case = small.take(small.mediator, case, "record_later_visit", visited_at=small.now, result="仍未修")
    with pytest.raises(ConflictError, match="not kept"):
        small.cases.act(small.village, case.case_id, "close", Step(case.version, form={}))
    case = small.take(small.village, case, "resume", "未履行")
    case = small.take(small.mediator, case, "agree", content="改为三日内")
    case = small.take(small.mediator, small.visited(case), "record_later_visit", visited_at=small.now, result="好")
    assert small.take(small.village, case, "close").state == "closed"
    assert case.rework == 1


@pytest.mark.parametrize(("present", "code"), [(-1, "dispute.present"), (2.5, "dispute.present")])
def test_people_present_are_counted_in_whole_numbers(small: Centres, present: float, code: str) -> None:
    case = small.mediating()
    with pytest.raises(InvalidError) as raised:
        small.take(small.mediator, case, "record_meeting", held_at=small.now, present=present, record="x")
    assert raised.value.code == code


def test_what_is_still_to_come_is_not_recorded(small: Centres) -> None:
    case = small.mediating()
    with pytest.raises(InvalidError) as raised:
        small.take(
            small.mediator, case, "record_meeting", held_at="2026-11-22T09:01:00+08:00", present=3, record="尚未开始"
        )
    assert raised.value.code == "dispute.future"
    assert small.cases.get(small.village, case.case_id).version == case.version


def test_a_case_that_breaks_out_again_can_be_opened_for_ninety_days(small: Centres) -> None:
    case = small.closed()
    small.clock.advance(90 * 24 * 3600)
    assert "reopen" in small.names(small.village, case)
    small.clock.advance(24 * 3600)
    assert "reopen" not in small.names(small.village, case)


def test_only_the_unit_that_holds_a_case_may_act(small: Centres) -> None:
    case = small.registered()
    others: list[Principal] = [small.town, small.county, small.mediator]
    for who in others:
        with pytest.raises(NotFoundError):
            small.cases.act(who, case.case_id, "accept", Step(case.version, form={}))
    assert small.names(small.leader, case) == set()
