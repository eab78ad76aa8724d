"""Disputes by clicking: the levels, every way back, a reception day with one matter in time and one late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors, case_is, press
from tests.browser.town import Town

from cityops.cases import CaseDetailView
from cityops.scenes.disputes.registering import NewDispute, NewParty, register

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

VILLAGE, STREET, MEDIATOR = "dispute_village", "dispute_town", "mediator_town"
NEW = NewDispute("neighbours", "person", "楼上渗水", [NewParty("applicant", "王某", "13900000009")])


def moment(town: Town, **ago: float) -> str:
    """A moment that has passed, as a person types it."""
    return f"{town.clock.now() - timedelta(**ago or {'hours': 1}):%Y-%m-%d %H:%M}"


def prepared(town: Town, *steps: tuple[str, str, dict[str, Any]]) -> CaseDetailView:
    """A dispute of the street, taken through steps that this story does not click."""
    context, street = town.rooms.context, town.person(STREET)
    case = context.cases.get(street, register(context, street, NEW))
    for who, action, form in steps:
        town.act(who, case, action, "演示", **form)
    return case


ACCEPTED = (STREET, "accept", {"answer": "已受理"})
NAMED = (STREET, "name_mediator", {"mediator": MEDIATOR})
FAILED = (MEDIATOR, "fail", {"cause": "分歧太大"})
OVER = (STREET, "hand_over", {"route": "court", "office": "某法院", "materials": "笔录"})


def test_a_reception_day_matter_is_answered_in_time_and_another_is_overdue(town: Town, people: Actors) -> None:
    today = f"{town.clock.now():%Y-%m-%d}"
    page = people.page(VILLAGE, at="/disputes")
    page.locator("[data-test=schedule]").click()
    page.get_by_label("业主接待日").check()
    page.locator(".el-dialog .el-input-number input").fill(str(int(today[-2:])))
    page.locator(".el-dialog .el-switch").click()  # it stays on its day, also on a Sunday
    page.locator("[name=begins]").fill("00:00")
    page.locator("[name=place]").fill("邻里之家")
    page.locator("[data-test=save-schedule]").click()
    meeting = page.locator(f"[data-test=meeting-reception][data-day='{today}']")
    expect(meeting).to_have_attribute("data-state", "due")
    meeting.locator("[data-test=record]").click()
    page.locator("[name=minutes]").fill("接待四户")
    for index, words in enumerate(("楼道灯不亮", "车棚漏雨", "楼上漏水争执", "杂物清理")):
        if index:
            page.locator("[data-test=more-matters]").click()
        page.locator("[data-test=raised]").nth(index).get_by_label("事项").fill(words)
    page.locator("[data-test=save-minutes]").click()
    expect(meeting).to_have_attribute("data-state", "held")

    # One is given to somebody, taken back, answered; the resident is not satisfied; it is answered again.
    meeting.get_by_role("link", name="楼道灯不亮").click()
    page.wait_for_url("**/cases/*")
    lamp = page.url.rsplit("/", 1)[1]
    press(page, "give_to", person="社区调解员")
    people.take(VILLAGE, lamp, "take_back", "本人请假")
    people.take(VILLAGE, lamp, "answer", answer="今日换灯")
    people.take(VILLAGE, lamp, "not_satisfied", "又不亮了")
    case_is(people.take(VILLAGE, lamp, "answer", answer="已换新灯"), "replied")

    # A quarrel among them becomes a dispute, and the matter ends with it.
    page.goto(f"{town.address}/disputes")
    meeting.get_by_role("link", name="楼上漏水争执").click()
    page.locator("[data-test=take-up]").click()
    registered(page)
    case_is(page, "registered")

    # One is withdrawn by its resident. Later than any holiday lasts the town sees which one nobody answered.
    page.goto(f"{town.address}/disputes")
    meeting.get_by_role("link", name="杂物清理").click()
    page.wait_for_url("**/cases/*")
    press(page, "withdraw", "居民自行清理")
    case_is(page, "withdrawn")
    town.clock.advance(days=20)
    above = people.page(STREET, at="/disputes")
    seen = above.locator(f"[data-test=meeting-reception][data-day='{today}'] [data-test=matter]")
    expect(seen.filter(has_text="车棚漏雨")).to_have_attribute("data-overdue", "true")
    expect(seen.filter(has_text="楼道灯不亮")).to_have_attribute("data-overdue", "false")
    expect(above.locator("[data-test=late]")).to_contain_text("项逾期未答复")


def registered(page: Page) -> str:
    """Fill and send the form of a new dispute; returns the case's id."""
    page.locator("select[name=field]").select_option("neighbours")
    page.locator("[name=account]").fill("楼上卫生间渗水，楼下要求修缮")
    party = page.locator("[data-test=party]").first
    party.get_by_label("姓名或名称").fill("王某")
    party.get_by_label("电话（可不填）").fill("13900000009")
    before = page.url
    page.locator("[data-test=save-dispute]").click()
    page.wait_for_url(lambda url: "/cases/" in url and url != before)
    return page.url.rsplit("/", 1)[1]


def test_from_the_village_over_the_town_to_an_agreement_followed_up_and_closed(town: Town, people: Actors) -> None:
    page = people.page(VILLAGE, at="/disputes")
    page.locator("[data-test=register]").click()
    at = registered(page)
    expect(page.locator("[data-test=dispute-panel]")).to_contain_text("村社")
    people.take(VILLAGE, at, "transfer", "两个社区都涉及", unit="柳巷街道综治中心")
    people.take(STREET, at, "accept", answer="街道已受理")
    # The village owed the first answer; now that it is given, it sees where the case is and no more.
    expect(people.open_case(VILLAGE, at).locator("[data-test=confidential]")).to_be_visible()
    people.take(STREET, at, "name_mediator", mediator="街道调解员")
    mediator = people.take(
        MEDIATOR,
        at,
        "record_meeting",
        held_at=moment(town),
        place="街道调解室",
        present="4",
        record="双方各让一步",
    )
    mediator.locator("[data-test=purpose-supervision]").click()
    expect(mediator.locator("[data-test=parties]")).to_contain_text("王某 139****0009")
    people.take(MEDIATOR, at, "agree", content="十日内修好防水")
    street = people.open_case(STREET, at)
    expect(street.get_by_text(f"民调协〔{town.clock.now():%Y}〕").first).to_be_visible()
    expect(street.get_by_text("尚未回访，不能结案")).to_be_visible()
    people.take(MEDIATOR, at, "record_visit", visited_at=moment(town), performance="已履行")
    people.take(MEDIATOR, at, "record_later_visit", visited_at=moment(town), result="邻里和好")
    street = people.take(STREET, at, "close", answer="已化解")
    case_is(street, "closed")
    # The command centre sees that it was settled, and not a word of what was said.
    leader = people.open_case("leader", at)
    expect(leader.locator("[data-test=confidential]")).to_be_visible()
    expect(leader.get_by_text("双方各让一步")).to_have_count(0)
    expect(leader.get_by_text("王某")).to_have_count(0)


def test_the_ways_back_of_mediation_each_with_a_reason(town: Town, people: Actors) -> None:
    at = prepared(town, ACCEPTED, NAMED).case_id
    case_is(people.take(STREET, at, "change_mediator", "回避"), "accepted")
    people.take(STREET, at, "name_mediator", mediator="街道调解员")
    people.take(MEDIATOR, at, "fail", cause="一方缺席")
    case_is(people.take(STREET, at, "retry", "双方同意再谈"), "mediating")
    people.take(MEDIATOR, at, "agree_orally", content="当面道歉")
    case_is(people.take(STREET, at, "resume", "一方反悔"), "mediating")
    case_is(people.take(STREET, at, "withdraw", "当事人自行和解"), "withdrawn")


def test_the_ways_back_between_levels_offices_and_after_the_end(town: Town, people: Actors) -> None:
    at = prepared(town, ACCEPTED, NAMED, FAILED).case_id
    people.take(STREET, at, "transfer", "请区里协调", unit="迎泽区综治中心")
    people.take("dispute_county", at, "transfer", "街道可以办", unit="柳巷街道综治中心")
    case_is(people.take(STREET, at, "refuse", "属公安管辖", answer="请报案"), "not_accepted")
    over = prepared(town, ACCEPTED, NAMED, FAILED, OVER).case_id
    case_is(people.take(STREET, over, "returned", "材料不全"), "failed")
    visit = {"visited_at": town.clock.now().isoformat(), "result": "已立案"}
    ended = (STREET, "record_later_visit", visit), (STREET, "close_elsewhere", {"outcome": "判决"})
    closed = prepared(town, ACCEPTED, NAMED, FAILED, OVER, *ended).case_id
    case_is(people.take(STREET, closed, "reopen", "又起争执"), "accepted")


def test_a_risk_goes_to_the_level_above_and_the_court_confirms_the_agreement(town: Town, people: Actors) -> None:
    at = prepared(town, ACCEPTED, NAMED).case_id
    people.take(MEDIATOR, at, "flag_risk", grounds="扬言聚集")
    people.take("dispute_county", at, "advise", measure="联合化解", instruction="司法所到场")
    people.take(MEDIATOR, at, "agree", content="分期支付")
    people.take(STREET, at, "apply_confirmation", court="某区人民法院")
    people.take(STREET, at, "confirmation_refused", "内容不明确")
    people.take(STREET, at, "apply_confirmation", court="某区人民法院")
    street = people.take(STREET, at, "confirmation_granted", ruling="（2026）晋0106民特1号")
    expect(street.get_by_text("已确认").first).to_be_visible()


def test_figures_stand_apart_from_what_the_newspaper_reported(town: Town, people: Actors) -> None:
    page = people.page("leader", at="/disputes/figures")
    reported = page.locator("[data-test=reported]")
    expect(reported.locator("tr").filter(has_text="12类重点领域")).to_contain_text("97.36 %")
    computed = page.locator("[data-test=computed]")
    expect(computed.locator("tr").filter(has_text="社会保险费争议")).to_contain_text("632,100")
