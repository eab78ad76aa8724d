"""Every way back of urban management, clicked by the people whose step it is, each with its reason on the timeline."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from tests.browser.acting import Actors
from tests.browser.town import Town

from cityops.cases import CaseDetailView
from cityops.scenes.urban_management import scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

COLLECTOR, LAMPS, ROADS, HANDLER = "柳巷街道信息采集员", "照明管理处", "市政道路养护处", "照明管理处承办人"
TWO_HOURS = "井盖缺失或移位"

BEFORE_HANDLING = {
    "precheck_withdraw",
    "precheck_deny",
    "reject",
    "return_to_acceptor",
    "transfer_level",
    "split",
    "merge",
    "void",
}
BETWEEN_DESK_AND_UNITS = {
    "return_case",
    "recall",
    "return_part",
    "insist_part",
    "rework_part",
    "release_part",
    "return_supervision",
}
INSIDE_THE_UNIT = {
    "take_back",
    "hand_back",
    "return_to_person",
    "refuse_deferral",
    "revoke_deferral",
}
AFTER_THE_FEEDBACK = {"final_check_fail", "rework", "reopen", "appeal_refuse", "appeal_deny"}


def test_no_way_back_is_left_out() -> None:
    """The declaration's own list against the stories below: a new way back needs a story."""
    (workflow,) = [one for one in scene().spec.workflows if one.name == "urban_case"]
    machines = (workflow, *workflow.tasks.values())
    back = {step.action for machine in machines for step in machine.transitions if step.needs_reason}
    assert back | {"split", "merge"} == BEFORE_HANDLING | BETWEEN_DESK_AND_UNITS | INSIDE_THE_UNIT | AFTER_THE_FEEDBACK


def test_before_handling(town: Town, people: Actors) -> None:
    checked = town.report("井盖丢失").case_id
    people.take("acceptor", checked, "request_precheck", collector=COLLECTOR)
    people.take("acceptor", checked, "precheck_withdraw", "上报人补充了照片")
    people.take("acceptor", checked, "request_precheck", collector=COLLECTOR)
    people.take("collector3", checked, "precheck_deny", "现场井盖完好", phone=True)
    page = people.take("acceptor", checked, "reject", "不属实", answer="经现场核实，井盖完好")
    expect(page.locator("[data-test=case-state]").first).to_have_attribute("data-state", "rejected")
    # The reason of each way back stands on the timeline.
    for step, reason in (
        ("precheck_withdraw", "上报人补充了照片"),
        ("precheck_deny", "现场井盖完好"),
        ("reject", "不属实"),
    ):
        expect(page.locator(f"[data-test=step-{step}]")).to_contain_text(f"理由：{reason}")

    first, second = town.report("路灯不亮"), town.report("路灯也不亮")
    page = people.take("acceptor", second.case_id, "merge", into=first.number)
    page.locator("[data-test=relations] a", has_text=first.number).click()
    expect(page.locator("[data-test=relations]")).to_contain_text(f"并入本案{second.number}")
    at = first.case_id
    people.take("acceptor", at, "file", standard=TWO_HOURS)
    people.take("dispatcher", at, "return_to_acceptor", "应先核实位置")
    people.take("acceptor", at, "split", parts="灯杆倾斜\n电缆外露")
    expect(page.locator("[data-test=relations]")).to_contain_text("灯杆倾斜")
    people.take("acceptor", at, "transfer_level", "属区级道路", level="区级")
    page = people.take("acceptor", at, "void", "与市政工程重复", answer="已由市政工程处理")
    expect(page.locator("[data-test=case-state]").first).to_have_attribute("data-state", "void")
    assert town.steps_taken() >= BEFORE_HANDLING


def filed(town: Town) -> CaseDetailView:
    case = town.report("路灯不亮")
    town.act("acceptor", case, "file", standard="m01001_1")
    return case


def test_between_the_desk_and_the_units(town: Town, people: Actors) -> None:
    at = filed(town).case_id
    people.take("dispatcher", at, "dispatch", unit=ROADS)
    people.take("roads", at, "return_case", "路灯不归本单位")
    page = people.take("dispatcher", at, "dispatch", unit=LAMPS, joint=[ROADS])
    expect(page.locator("[data-test=step-return_case]")).to_contain_text("路灯不归本单位")
    people.take("dispatcher", at, "recall", "先请供电确认")
    people.take("dispatcher", at, "dispatch", unit=LAMPS, joint=[ROADS])
    people.take("lamps", at, "accept")
    people.take("roads", at, "return_part", "围挡不需本单位")
    people.take("dispatcher", at, "insist_part", "围挡在车行道，须道路单位配合")
    people.take("roads", at, "accept_part")
    page = people.take("roads", at, "finish_part", result="围挡已设")
    expect(page.locator("[data-test=action-feed_back]")).to_have_count(0)
    people.take("dispatcher", at, "rework_part", "围挡缺警示灯")
    people.take("dispatcher", at, "release_part", "改由照明单位自设")
    people.take("leader", at, "supervise", order="今晚恢复照明")
    people.take("lamps", at, "answer_supervision", report="已安排")
    people.take("leader", at, "return_supervision", "请写明完成时间")
    people.take("lamps", at, "answer_supervision", report="今晚 20 时前完成")
    people.take("leader", at, "accept_supervision")
    people.take("lamps", at, "feed_back", result="灯已亮")
    assert town.steps_taken() >= BETWEEN_DESK_AND_UNITS


def test_inside_the_unit(town: Town, people: Actors) -> None:
    case = filed(town)
    at = case.case_id
    town.act("dispatcher", case, "dispatch", unit=town.unit("UM-LAMPS"))
    town.act("lamps", case, "accept")
    people.take("lamps", at, "give_person", person=HANDLER)
    people.take("lamps", at, "take_back", "先安排抢修")
    people.take("lamps", at, "give_person", person=HANDLER)
    people.take("lamps_h1", at, "hand_back", "缺少升降车", phone=True)
    people.take("lamps", at, "give_person", person=HANDLER)
    people.take("lamps_h1", at, "submit_to_lead", result="已换灯", phone=True)
    people.take("lamps", at, "return_to_person", "请补拍照片")
    people.take("lamps_h1", at, "submit_to_lead", result="已换灯并拍照", phone=True)
    until = f"{town.clock.now() + timedelta(days=2):%Y-%m-%d %H:%M}"
    people.take("lamps", at, "ask_deferral", until=until, grounds="等待配件")
    people.take("dispatcher", at, "refuse_deferral", "配件已到货")
    people.take("lamps", at, "ask_deferral", until=until, grounds="夜间封路")
    people.take("dispatcher", at, "grant_deferral", until=until)
    people.take("dispatcher", at, "revoke_deferral", "已提前封路")
    assert town.steps_taken() >= INSIDE_THE_UNIT


def late_and_closed(town: Town) -> CaseDetailView:
    """A case that its unit fed back an hour late."""
    case = filed(town)
    town.act("dispatcher", case, "dispatch", unit=town.unit("UM-LAMPS"))
    town.act("lamps", case, "accept")
    town.clock.advance(hours=3)
    town.act("lamps", case, "feed_back", result="完成")
    town.act("dispatcher", case, "confirm")
    town.act("acceptor", case, "close", closing="met")
    return case


def test_after_the_feedback(town: Town, people: Actors) -> None:
    case = filed(town)
    at = case.case_id
    town.act("dispatcher", case, "dispatch", unit=town.unit("UM-LAMPS"))
    town.act("lamps", case, "accept")
    town.act("lamps", case, "feed_back", result="完成")
    people.take("dispatcher", at, "confirm")
    people.take("acceptor", at, "request_final_check", collector=COLLECTOR)
    people.take("collector3", at, "final_check_fail", "还有一盏不亮", phone=True)
    page = people.open_case("acceptor", at)
    expect(page.locator("[data-test=blocked]").first).to_contain_text("核查未通过或未完成，不能结案")
    page = people.take("acceptor", at, "rework", "核查不通过，请修复")
    expect(page.get_by_text(re.compile("返工")).first).to_be_visible()
    people.take("lamps", at, "feed_back", result="全部亮")
    people.take("dispatcher", at, "confirm")
    people.take("acceptor", at, "close", closing="井盖", answer="已修复")
    page = people.take("acceptor", at, "reopen", "市民反映仍不亮")
    expect(page.locator("[data-test=case-state]").first).to_have_attribute("data-state", "reported")

    refused, denied, approved = (late_and_closed(town).case_id for _ in range(3))
    for at in (refused, denied, approved):
        people.take("lamps", at, "appeal", grounds="供电停电，非本单位原因")
    people.take("dispatcher", refused, "appeal_refuse", "停电通知不在该时段")
    for at in (denied, approved):
        people.take("dispatcher", at, "appeal_pass", opinion="情况属实")
    people.take("acceptor", denied, "appeal_deny", "证明材料不足")
    people.take("acceptor", approved, "appeal_approve")
    # The delay stays a fact; the exemption stands beside it.
    page = people.open_case("lamps", approved)
    clock = page.locator("[data-test=task-handle]")
    expect(clock).to_contain_text("已超期")
    expect(clock.locator("[data-test=exempt]")).to_have_text("申诉通过，不计超期")
    assert town.steps_taken() >= AFTER_THE_FEEDBACK
