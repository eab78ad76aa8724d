"""The whole way of an urban case by clicking, by all its roles from the collector to the shift leader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.acting import Actors, press
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

COLLECTOR, LAMPS, ROADS, HANDLER = "柳巷街道信息采集员", "照明管理处", "市政道路养护处", "照明管理处承办人"
STANDARD = "其他"


def test_a_case_goes_all_the_way(town: Town, people: Actors) -> None:
    case = town.report(lon=112.55, lat=37.74, area_code="140105001")
    at = case.case_id

    # Checked on the spot before filing; a case under check cannot be filed, and the page says why.
    acceptor = people.take("acceptor", at, "request_precheck", collector=COLLECTOR)
    expect(acceptor.get_by_text("核实尚未完成，不能立案")).to_be_visible()
    expect(acceptor.locator("[data-test=action-file]")).to_have_count(0)
    people.take("collector3", at, "precheck_confirm", notes="现场灯杆 3 盏不亮", phone=True)
    people.take("acceptor", at, "file", standard=STANDARD)
    expect(acceptor.get_by_text("立案标准").first).to_be_visible()

    # A leading unit and a joint one, each with a task and a clock of its own.
    dispatcher = people.take("dispatcher", at, "dispatch", unit=LAMPS, joint=[ROADS], instruction="今日修复")
    expect(dispatcher.locator("[data-test=task-handle]")).to_have_count(2)
    expect(dispatcher.locator("[data-test=task-handle]").filter(has_text="牵头")).to_contain_text(LAMPS)
    people.take("leader", at, "supervise", order="请按时完成")

    # The unit works from its own page; its handler on the phone.
    unit = people.page("lamps")
    expect(unit).to_have_url(f"{town.address}/work")
    mine = unit.get_by_role("article").filter(has_text=case.number)
    press(mine, "accept")
    expect(mine.get_by_text("处置中", exact=True)).to_be_visible()
    press(mine, "answer_supervision", report="今晚修复")
    people.take("lamps", at, "give_person", person=HANDLER)
    handler = people.page("lamps_h1", phone=True)
    expect(handler).to_have_url(f"{town.address}/work")
    press(handler.get_by_role("article").filter(has_text=case.number), "submit_to_lead", result="已更换 3 盏灯")
    people.take("roads", at, "accept_part")
    people.take("roads", at, "finish_part", result="路面已围挡")
    people.take("lamps", at, "feed_back", result="灯已亮")

    # Confirmed, verified on the spot, the supervision settled, closed; the reporter is told.
    people.take("dispatcher", at, "confirm")
    people.take("acceptor", at, "request_final_check", collector=COLLECTOR)
    people.take("collector3", at, "final_check_pass", notes="三盏都亮", phone=True)
    expect(people.open_case("acceptor", at).get_by_text("督办尚未办结，不能结案")).to_be_visible()
    people.take("leader", at, "accept_supervision")
    acceptor = people.take("acceptor", at, "close", closing="问题已解决", answer="路灯已修好")
    expect(acceptor.locator("[data-test=case-state]").first).to_have_attribute("data-state", "closed")
    steps = [step.action for step in town.seen(case).timeline]
    assert steps == [
        "open",
        "request_precheck",
        "precheck_confirm",
        "file",
        "dispatch",
        "supervise",
        "accept",
        "answer_supervision",
        "give_person",
        "submit_to_lead",
        "accept_part",
        "finish_part",
        "feed_back",
        "confirm",
        "request_final_check",
        "final_check_pass",
        "accept_supervision",
        "close",
    ]
