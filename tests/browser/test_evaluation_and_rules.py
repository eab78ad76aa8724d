"""The evaluation leads to the cases behind its figures; rules are tried, published, compared and rolled back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town

from cityops.analysis.evaluation import FactKeeper
from cityops.cases import CaseDetailView
from cityops.kit import WorkingCalendar
from cityops.scenes import counted_work_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

LAMPS = "照明管理处"


def exempted(town: Town) -> CaseDetailView:
    """A lamp that was late by two weeks and whose delay an approved appeal exempts."""
    case = town.report(lon=112.55, lat=37.74, area_code="140105001")
    town.act("acceptor", case, "file", standard="m01037_1")
    town.act("dispatcher", case, "dispatch", unit=town.unit("UM-LAMPS"))
    town.act("lamps", case, "accept")
    town.clock.advance(days=14)
    town.act("lamps", case, "feed_back", result="已修复")
    town.act("dispatcher", case, "confirm")
    town.act("acceptor", case, "close", closing="met")
    town.act("lamps", case, "appeal", grounds="连续暴雪")
    town.act("dispatcher", case, "appeal_pass", opinion="属实")
    town.act("acceptor", case, "appeal_approve")
    return town.seen(case)


def test_every_figure_leads_to_its_cases_and_an_exemption_hides_nothing(town: Town, people: Actors) -> None:
    began = town.clock.now().date()
    case = exempted(town)
    works = counted_work_of(town.rooms.scenes.values())
    FactKeeper(town.rooms.store, works, WorkingCalendar.official()).rebuild()
    page = people.page("leader", at=f"/evaluation?from={began}&post=unit")
    row = page.locator("[data-test=group]").filter(has_text=LAMPS)
    expect(row.locator("[data-rate=timely_closing_rate]")).to_contain_text("申诉成立")
    expect(page.locator("[data-test=total] [data-test=score]")).to_contain_text(".")
    row.locator("[data-counter=late_exempted] button").click()
    listed = page.locator("[data-test=counted-cases]")
    expect(listed.get_by_role("link", name=case.number)).to_be_visible()
    expect(page).to_have_url(re.compile("counter=late_exempted"))
    page.reload()
    expect(listed.get_by_role("link", name=case.number)).to_be_visible()

    # The unit sees its own figures and nobody else's.
    unit = people.page("lamps", at=f"/evaluation?from={began}")
    expect(unit.locator("[data-test=group]")).to_have_count(1)
    expect(unit.locator("[data-test=group]")).to_contain_text(LAMPS)


def sheet_of(page: Page, town: Town, *, unit: str, matter: str = "01037") -> bytes:
    """The routing table as exported, with the unit of a matter changed."""
    book = load_workbook(io.BytesIO(page.request.get(f"{town.address}/api/rules/routes/sheet.xlsx").body()))
    rows = book.worksheets[0]
    heading = [cell.value for cell in rows[1]]
    place = {name: heading.index(name) + 1 for name in ("事项或大类代码", "主办单位")}
    for row in range(2, rows.max_row + 1):
        if rows.cell(row, place["事项或大类代码"]).value == matter:
            rows.cell(row, place["主办单位"]).value = unit
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(page: Page, folder: Path, content: bytes) -> None:
    path = folder / "routes.xlsx"
    path.write_bytes(content)
    page.locator("[data-test=rules-file]").set_input_files(path)


def try_lamp(page: Page, town: Town) -> None:
    page.goto(f"{town.address}/rules?tab=test")
    page.get_by_role("combobox", name="事项").fill("ludeng")
    page.get_by_role("option", name="01037 路灯异常").click()
    page.get_by_label("单元网格编码").fill(town.rooms.city.grids[0].code)
    page.locator("[data-test=route-test]").click()


def test_a_rule_is_tried_published_compared_and_rolled_back(town: Town, people: Actors, tmp_path: Path) -> None:
    page = people.page("admin", at="/rules")
    page.locator("[data-search] input, input[data-search]").first.fill("ludengyc")
    expect(page.get_by_text("路灯异常", exact=True)).to_be_visible()

    try_lamp(page, town)
    expect(page.locator("[data-test=route-unit]")).to_contain_text(LAMPS)
    expect(page.locator("[data-test=route-answer]")).to_contain_text("2个工作日，自")

    page.locator("[data-tab=routes]").click()
    expect(page.locator("[data-test=versions]")).to_be_visible()
    before = page.locator("[data-test=in-force]").inner_text()
    page.locator("[data-test=new-version]").click()
    upload(page, tmp_path, sheet_of(page, town, unit="UM-NOBODY"))
    expect(page.locator("[data-test=rules-error]").first).to_contain_text("主办单位")
    expect(page.locator("[data-test=rules-publish]")).to_be_disabled()
    upload(page, tmp_path, sheet_of(page, town, unit="UM-ROADS"))
    expect(page.locator("[data-test=changes]")).to_contain_text("UM-ROADS")
    page.locator("[data-test=try-rules]").click()
    expect(page.locator("[data-test=trial]")).to_contain_text("等待")
    town.rooms.context.trials.step()
    expect(page.locator("[data-test=table-trial]")).to_contain_text("会派往另一单位")
    page.locator("[data-test=rules-note]").fill("试行：路灯交市政道路")
    page.locator("[data-test=rules-publish]").click()
    expect(page.locator("[data-test=in-force]")).not_to_have_text(before)

    try_lamp(page, town)
    expect(page.locator("[data-test=route-unit]")).to_contain_text("市政道路养护处")

    page.locator("[data-tab=routes]").click()
    old = page.locator("[data-test=versions] li").nth(1)
    old.get_by_role("button", name="与现行比较").click()
    expect(old.locator("[data-test=changes]")).to_contain_text("UM-LAMPS")
    old.get_by_label("发布说明（必填）").fill("派错单位")
    old.locator("[data-test=roll-back]").click()
    expect(page.locator("[data-test=versions] li").first).to_contain_text("派错单位")
    try_lamp(page, town)
    expect(page.locator("[data-test=route-unit]")).to_contain_text(LAMPS)
