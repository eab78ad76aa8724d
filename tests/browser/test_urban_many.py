"""Many cases at once: chosen by mouse and keyboard, one step for all, what was refused stays; a leaver's tasks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors, fill
from tests.browser.town import Town

from cityops.cases import CaseDetailView

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

LAMPS, HANDLER, COLLEAGUE = "照明管理处", "照明管理处承办人", "照明管理处承办人乙"


def filed(town: Town, title: str) -> CaseDetailView:
    case = town.report(title)
    town.act("acceptor", case, "file", standard="m01001_1")
    return case


def choose(page: Page, number: str) -> None:
    page.locator("tbody tr").filter(has_text=number).locator("[data-test=pick]").check()


def test_a_step_for_many_and_the_hand_over_of_a_leaver(town: Town, people: Actors) -> None:
    cases = [filed(town, f"路灯不亮{number}") for number in range(3)]
    page = people.page("dispatcher", at="/cases?state=filed")
    for case in cases[:2]:
        choose(page, case.number)
    # The keyboard chooses too: j to the row, x.
    row = page.locator("tbody tr").filter(has_text=cases[2].number)
    row.focus()
    page.keyboard.press("x")
    expect(row.locator("[data-test=pick]")).to_be_checked()
    expect(page.locator("[data-test=bulk]")).to_contain_text("已选 3 件")
    page.locator("[data-test=bulk-dispatch]").click()
    fill(page, "dispatch-unit", LAMPS)
    town.act("leader", cases[1], "return_to_acceptor", "核实位置")  # somebody is faster in one of them
    page.locator("[data-test=submit-action]").click()
    expect(page.locator("[data-test=bulk-refused]")).to_contain_text(cases[1].number)
    expect(page.locator("[data-test=bulk-refused] li")).to_have_count(1)
    states = [town.seen(case).state for case in cases]
    assert states == ["dispatched", "reported", "dispatched"]

    # The unit takes both from its own page and gives them to one of its people.
    unit = people.page("lamps")
    for case in (cases[0], cases[2]):
        unit.locator("[data-test=work-handle]").filter(has_text=case.number).locator("[data-test=pick]").check()
    unit.locator("[data-test=bulk-accept]").click()
    unit.locator("[data-test=submit-action]").click()
    expect(unit.locator("[data-test=bulk]")).to_have_count(0)
    for case in (cases[0], cases[2]):
        unit.locator("[data-test=work-handle]").filter(has_text=case.number).locator("[data-test=pick]").check()
    unit.locator("[data-test=bulk-give_person]").click()
    fill(unit, "give_person-person", HANDLER)
    unit.locator("[data-test=submit-action]").click()
    expect(unit.locator("[data-test=bulk]")).to_have_count(0)

    # Somebody leaves: all open tasks to a colleague, with a reason; both are told at once.
    town.colleague("lamps_h1", "lamps_h2", COLLEAGUE)
    colleague = people.page("lamps_h2", phone=True)
    expect(colleague.get_by_text("没有待办")).to_be_visible()
    unit.locator("[data-test=open-hand-over]").click()
    fill(unit, "leaver", HANDLER)
    fill(unit, "taker", COLLEAGUE)
    unit.get_by_label("理由").fill("调离岗位")
    unit.get_by_role("button", name="确认移交").click()
    for case in cases[::2]:  # another story may have left the leaver more
        expect(colleague.locator("[data-test=work-handle]").filter(has_text=case.number)).to_have_count(1)
    told = town.rooms.context.cases.notices(town.person("lamps_h1"))
    assert {f"{case.number}“处置”不再由您承办" for case in cases[::2]} <= {notice.title.zh for notice in told}
    assert "hand_over" in town.steps_taken()
