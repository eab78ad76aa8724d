"""The common parts without a mouse: a table, a drawer, a dialog, a form, the map; and a page that cannot be fetched."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.browser.acting import MAP_READY, Actors
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

VISIBLE: Final = """() => {
  const at = document.activeElement;
  const style = (one) => getComputedStyle(one);
  const outlined = (one) => style(one).outlineStyle !== "none" && parseFloat(style(one).outlineWidth) > 0;
  const field = at.closest(".is-focus, .is-focused, .is-active") !== null;
  const box = at.matches(".el-checkbox__original") ? at.nextElementSibling : at;
  return outlined(box) || field;
}"""
"""Whether an outline is drawn around what has the focus, or the field it is in shows that it has it."""


def tabbed(page: Page, times: int, within: Locator | None = None) -> None:
    """Press Tab; each time something visible has the focus, and nothing outside ``within``."""
    if within is not None:
        expect(within.and_(page.locator(":focus-within"))).to_be_visible()  # it takes the focus when it has come
    for _ in range(times):
        page.keyboard.press("Tab")
        assert page.evaluate(VISIBLE), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if within is not None:
            assert within.evaluate("part => part.contains(document.activeElement)")


def test_a_table_and_its_drawer(town: Town, people: Actors) -> None:
    page = people.page("admin", at="/registers/canteen")
    rows = page.locator("tbody tr")
    expect(rows.nth(2)).to_be_visible()
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(rows.nth(1).locator("[data-test=pick]")).to_be_checked()
    page.keyboard.press("x")
    tabbed(page, 6)

    add = page.get_by_role("button", name="新增")
    add.focus()
    page.keyboard.press("Enter")
    drawer = page.locator(".el-drawer")
    expect(drawer.locator("[data-field=code]")).to_be_visible()
    tabbed(page, 30, drawer)
    page.keyboard.press("m")  # a shortcut rests while a drawer is open
    drawer.get_by_role("button", name="取消").focus()
    page.keyboard.press("m")
    drawer.locator("[data-field=code]").fill("X")
    page.keyboard.press("Escape")  # what was typed is not lost by a key
    question = page.get_by_role("dialog", name="放弃填写")
    question.get_by_role("button", name="继续填写").click()
    expect(question).to_be_hidden()
    expect(drawer.locator("[data-field=code]")).to_have_value("X")
    drawer.locator("[data-field=code]").fill("")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(add).to_be_focused()
    expect(page).to_have_url(re.compile("/registers/canteen$"))

    code = rows.nth(1).locator("a").inner_text()
    rows.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(code).first).to_be_visible()
    expect(page).to_have_url(re.compile("/registers/canteen/.+"))
    expect(page).to_have_title(re.compile("^台账 · "))
    expect(page.locator("#content")).to_be_focused()  # the row is gone: Tab goes on in the new page


def test_a_dialog_and_the_form_of_a_step(town: Town, people: Actors) -> None:
    case = town.report()
    page = people.page("acceptor", at=f"/cases/{case.case_id}")
    button = page.locator("[data-test=action-void]")
    button.focus()
    page.keyboard.press("?")
    dialog = page.locator(".el-dialog")
    expect(dialog).to_be_visible()
    tabbed(page, 3, dialog)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()

    page.keyboard.press("Enter")
    reason = page.locator("#void-reason, #void-comment").first
    expect(reason).to_be_visible()
    reason.focus()
    page.keyboard.press("Escape")
    expect(reason).to_have_count(0)
    expect(button).to_be_focused()


def test_a_road_is_closed_on_the_map_without_a_mouse(town: Town, people: Actors) -> None:
    page = people.page("dispatcher", at="/map")
    canvas = page.locator("canvas.maplibregl-canvas")
    expect(page.locator(MAP_READY).locator(canvas)).to_be_visible()
    button = page.get_by_role("button", name="封路", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(canvas).to_be_focused()
    page.keyboard.press("ArrowRight")
    dialog = page.get_by_role("dialog", name="封路")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(canvas).to_be_focused()
    tabbed(page, 5)  # the map does not keep it


def test_a_page_that_cannot_be_fetched_says_so(town: Town, people: Actors) -> None:
    page = people.page("auditor", at="/audit")
    expect(page.locator("tbody tr").first).to_be_visible()

    def lose(route: Route) -> None:
        route.abort()

    page.route("**/assets/RegistersPage*", lose)
    page.locator(".rail a[href='/registers']").click()
    problem = page.get_by_role("alert").filter(has_text="页面打不开")
    expect(problem).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.unroute("**/assets/RegistersPage*", lose)
    problem.get_by_role("button").click()
    expect(page).to_have_url(re.compile("/registers$"))
    expect(page.get_by_role("heading", name="台账", exact=True)).to_be_visible()
