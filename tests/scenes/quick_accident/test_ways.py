"""The two quick ways and the slow one, with every way back; the parties on their own phones."""

from __future__ import annotations

import pytest

from cityops.access import Permission, verify_audit
from cityops.cases import check_workflow
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cityops.scenes import load_scenes
from cityops.scenes.quick_accident.desk import NewAccident, NewParty
from cityops.scenes.quick_accident.rules import Level

from .street import AT, PHONES, PLATES, Phone, Street


def test_the_declaration_is_sound() -> None:
    workflow = load_scenes()["quick_accident"].spec.workflows[0]
    assert check_workflow(workflow, [permission.value for permission in Permission]) == []
    stages = [entry["stage"] for entry in workflow.way("reported")]
    assert stages == [
        "collect",
        "dispatch",
        "dispatch",
        "handle",
        "handle",
        "feed_back",
        "feed_back",
        "verify",
        "evaluate",
    ]


def test_clear_liability_is_settled_online_by_both_parties(street: Street) -> None:
    case_id = street.report()
    a, b = street.phones(case_id)
    for view in ("front", "rear", "contact", "plates"):
        a.photo(view)
    b.photo("front")
    street.clock.advance(4 * 60)
    a.moved()
    assert street.seen(case_id).cleared_at is None
    b.moved()
    assert street.seen(case_id).cleared_at == street.clock.now()
    street.desk.screen(street.dispatcher, case_id, [])
    assert street.desk.suggest(street.dispatcher, case_id, {"A": ["rear_end"]}) == [Level.FULL, Level.NONE]
    street.decide(street.dispatcher, case_id)
    assert street.state(case_id) == "offered"
    a.answer(True)
    assert street.state(case_id) == "offered"
    b.answer(True)
    assert street.state(case_id) == "settled"
    street.take(street.dispatcher, case_id, "close")
    assert street.state(case_id) == "closed"
    assert street.papers(case_id) == [("agreement", "系统")]
    (paper,) = street.context.documents.of_case(street.dispatcher, case_id)
    assert paper.number == "快处协〔2026〕1号"
    with street.context.store.read() as conn:
        assert verify_audit(conn).ok


def test_unclear_liability_goes_by_patrol_and_officer(street: Street) -> None:
    case_id = street.patrolled()
    street.clock.advance(15 * 60)
    street.take(street.patrol, case_id, "collect", notes="两车已撤至路边，已拍照")
    assert street.seen(case_id).cleared_at == street.clock.now()
    assert not street.seen(case_id).may_decide  # the desk's part is over
    with pytest.raises(ConflictError) as refused:
        street.take(street.officer, case_id, "certify")
    assert refused.value.code == "accident.not_screened"
    street.desk.screen(street.officer, case_id, ["immovable"])
    faults = {"A": ["lane_change"], "B": ["speeding"]}
    levels = {"A": Level.MAIN, "B": Level.SECONDARY}
    street.decide(street.officer, case_id, faults, levels)
    assert street.seen(case_id).decision is not None
    assert street.seen(case_id).decision.shares == {"A": 70, "B": 30}  # type: ignore[union-attr]
    assert street.seen(case_id).decision.decided_by == "十一大队事故民警"  # type: ignore[union-attr]
    a, b = street.phones(case_id)
    page = a.page()
    assert page.decision is not None
    assert (page.decision.paper, page.decision.share) == ("certificate", 70)
    a.answer(True)
    b.answer(True)
    assert street.state(case_id) == "settled"
    assert street.papers(case_id) == [("certificate", "十一大队事故民警")]


def test_a_contest_comes_back_and_may_end_on_the_slow_way(street: Street) -> None:
    case_id = street.offered()
    a, b = street.phones(case_id)
    a.answer(True)
    with pytest.raises(InvalidError):
        b.answer(False)
    b.answer(False, "是他先变道的")
    assert street.state(case_id) == "contested"
    contest = next(step for step in street.case(case_id).timeline if step.action == "contest")
    assert contest.comment == "乙方：是他先变道的"
    assert b.page().decision is None
    with pytest.raises(ConflictError) as refused:
        street.take(street.dispatcher, case_id, "decide_online")
    assert refused.value.code == "accident.not_recorded"
    street.take(street.dispatcher, case_id, "to_ordinary", "双方各执一词", ground="dispute")
    assert a.page().stage == "ordinary"
    street.clock.advance(40 * 60)
    street.take(street.officer, case_id, "clear_on_site")
    street.take(street.officer, case_id, "conclude", conclusion="甲方主要责任，乙方次要责任")
    street.take(street.dispatcher, case_id, "close")
    assert street.papers(case_id) == []


def test_a_contested_plan_may_be_decided_anew_and_is_answered_anew(small_street: Street) -> None:
    street = small_street
    case_id = street.offered()
    a, b = street.phones(case_id)
    a.answer(True)
    b.answer(False, "我没有责任")
    street.decide(
        street.dispatcher, case_id, {"A": ["rear_end"], "B": ["reversing"]}, {"A": Level.EQUAL, "B": Level.EQUAL}
    )
    assert [party.answer for party in street.seen(case_id).parties] == [None, None]
    b.answer(True)
    a.answer(True)
    assert street.state(case_id) == "settled"


def test_who_does_not_answer_in_time_is_noted_and_the_officer_takes_over(small_street: Street) -> None:
    street = small_street
    case_id = street.offered()
    due = street.seen(case_id).answer_due_at
    assert due is not None
    assert (due - street.clock.now()).total_seconds() == 1800
    street.take(street.dispatcher, case_id, "lapse", "乙方一直未确认")
    street.take(street.dispatcher, case_id, "send_to_officer")
    street.decide(street.officer, case_id)
    a, _ = street.phones(case_id)
    a.answer(True)
    assert street.state(case_id) == "certified"
    street.take(street.officer, case_id, "serve_unsigned", "乙方拒绝签名，已在认定书上注明并送达")
    assert street.state(case_id) == "settled"
    assert "close" not in street.names(street.dispatcher, case_id)  # the road is not cleared yet
    street.take(street.dispatcher, case_id, "clear")
    street.take(street.dispatcher, case_id, "close")


def test_a_decision_contested_before_its_paper_is_made_has_its_paper(small_street: Street) -> None:
    street = small_street
    case_id = street.patrolled()
    street.take(street.patrol, case_id, "collect", notes="已拍照")
    street.desk.screen(street.officer, case_id, ["immovable"])
    street.decide(street.officer, case_id)
    a, _ = street.phones(case_id)
    street.clock.advance(1)
    a.answer(False, "是对方变道")
    assert street.state(case_id) == "contested"
    assert street.papers(case_id) == [("certificate", "十一大队事故民警")]  # the clockwork hears of it only now


def test_the_patrol_may_find_what_ends_the_quick_way(small_street: Street) -> None:
    street = small_street
    case_id = street.patrolled()
    street.take(street.patrol, case_id, "found_excluded", "乙方驾驶人头部受伤", ground="injury")
    assert street.state(case_id) == "ordinary"
    assert {"clear_on_site", "conclude"} <= street.names(street.officer, case_id)
    due = next(t.deadline for t in street.case(case_id).tasks if t.kind == "investigate")
    assert due is not None
    assert due.due_at.isoformat() == "2026-12-03T00:00:00+08:00"  # the end of the tenth day after 22 November


def test_other_ways_back(small_street: Street) -> None:
    street = small_street
    case_id = street.report()
    street.take(street.dispatcher, case_id, "dispatch", crew=street.crew_id)
    street.take(street.patrol, case_id, "accept")
    street.take(street.patrol, case_id, "decline", "车辆故障")
    street.take(street.dispatcher, case_id, "dispatch", crew=street.crew_id)
    street.take(street.dispatcher, case_id, "recall", "改派")
    street.take(street.dispatcher, case_id, "dispatch", crew=street.crew_id)
    street.take(street.patrol, case_id, "accept")
    street.take(street.patrol, case_id, "arrive")
    street.take(street.patrol, case_id, "collect", notes="已采集")
    street.take(street.officer, case_id, "need_more", "缺碰撞部位照片")
    assert street.state(case_id) == "reported"
    street.take(street.dispatcher, case_id, "dispatch", crew=street.crew_id)
    street.take(street.patrol, case_id, "accept")
    street.take(street.patrol, case_id, "arrive")
    street.take(street.patrol, case_id, "collect", notes="已补拍")
    street.take(street.officer, case_id, "officer_to_ordinary", "事实无法查清", ground="evidence")
    assert street.state(case_id) == "ordinary"


def test_a_review_is_registered_within_three_days_only(small_street: Street) -> None:
    street = small_street
    case_id = street.offered()
    a, b = street.phones(case_id)
    for phone in (a, b):
        phone.moved()
        phone.answer(True)
    street.take(street.dispatcher, case_id, "close")
    assert "review" in street.names(street.dispatcher, case_id)
    street.clock.advance(5 * 24 * 3600)
    assert "review" not in street.names(street.dispatcher, case_id)


@pytest.mark.parametrize(("exclusion", "way"), [("alcohol", "ordinary"), ("immovable", "patrol")])
def test_an_exclusion_closes_the_online_way(small_street: Street, exclusion: str, way: str) -> None:
    case_id = small_street.report()
    small_street.desk.screen(small_street.dispatcher, case_id, [exclusion])
    assert small_street.seen(case_id).way == way
    with pytest.raises(ConflictError) as refused:
        small_street.decide(small_street.dispatcher, case_id)
    assert refused.value.code == "accident.excluded"
    assert small_street.state(case_id) == "reported"
    assert small_street.seen(case_id).decision is None  # nothing half done


def test_a_decision_that_differs_from_the_proposal_needs_its_reason(small_street: Street) -> None:
    case_id = small_street.report()
    small_street.desk.screen(small_street.dispatcher, case_id, [])
    with pytest.raises(InvalidError):
        small_street.decide(small_street.dispatcher, case_id, levels={"A": Level.MAIN, "B": Level.SECONDARY})
    with pytest.raises(InvalidError):
        small_street.decide(small_street.dispatcher, case_id, levels={"A": Level.FULL, "B": Level.FULL})
    with pytest.raises(InvalidError):
        small_street.decide(small_street.dispatcher, case_id, faults={"A": ["telepathy"]})
    stale = small_street.case(case_id).version - 1
    with pytest.raises(ConflictError):
        small_street.desk.decide(
            small_street.dispatcher, case_id, stale, {"A": ["rear_end"]}, {"A": Level.FULL, "B": Level.NONE}, None
        )
    reason = "乙车紧急制动亦有过错"
    small_street.decide(small_street.dispatcher, case_id, levels={"A": Level.MAIN, "B": Level.SECONDARY}, reason=reason)
    decision = small_street.seen(case_id).decision
    assert decision is not None
    assert (decision.proposed, decision.reason) == ({"A": Level.FULL, "B": Level.NONE}, reason)


def test_who_has_not_the_duty_is_refused(small_street: Street) -> None:
    street = small_street
    case_id = street.report()
    with pytest.raises(ForbiddenError):
        street.desk.screen(street.analyst, case_id, [])
    with pytest.raises(ForbiddenError):
        street.desk.register(street.officer, NewAccident("patrol", *AT, [NewParty(p) for p in PHONES]))
    with pytest.raises(NotFoundError):
        street.desk.screen(street.other_officer, case_id, [])  # another squad's case
    street.desk.screen(street.officer, case_id, [])
    with pytest.raises(ForbiddenError):
        street.decide(street.officer, case_id)  # the officer's turn comes after the patrol
    assert street.seen(case_id, street.analyst).parties[0].plate == "晋A·***34"
    assert street.seen(case_id, street.officer).parties[0].plate == PLATES[0]


@pytest.mark.parametrize(
    "parties",
    [
        [NewParty(PHONES[0], PLATES[0])],
        [NewParty(PHONES[0], PLATES[0]), NewParty(PHONES[0], PLATES[1])],
        [NewParty(PHONES[0], PLATES[0]), NewParty(PHONES[1], PLATES[0])],
        [NewParty("12", PLATES[0]), NewParty(PHONES[1], PLATES[1])],
        [NewParty(PHONES[0], "不是号牌"), NewParty(PHONES[1], PLATES[1])],
        [NewParty(f"1010000{number:04d}") for number in range(5)],
    ],
)
def test_an_accident_that_cannot_be_is_not_registered(small_street: Street, parties: list[NewParty]) -> None:
    with pytest.raises(InvalidError):
        small_street.desk.register(small_street.dispatcher, NewAccident("phone_122", *AT, parties))
    assert small_street.book.find(small_street.dispatcher).items == []


def test_the_list_counts_what_came_in(small_street: Street) -> None:
    case_id = small_street.offered()
    a = Phone(small_street, case_id, "A").identify()
    a.photo()
    a.answer(True)
    (row,) = small_street.book.find(small_street.dispatcher).items
    assert (row.parties, row.photos, row.answered, row.state) == (2, 1, 1, "offered")
    assert small_street.book.find(small_street.dispatcher, ended=True).items == []
