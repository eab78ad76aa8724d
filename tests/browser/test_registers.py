"""Story: an object of a register: drawn on the map, changed, its history; many at once; out and in by sheet."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from tests.browser.acting import MAP_READY, Actors
from tests.browser.town import Town

from cityops.access import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
CANTEENS = 259
FIELD = "[data-field={}]"


def choose(page: Page, field: str, option: str) -> None:
    page.locator(f"[data-test=entry-form] {FIELD.format(field)}").click()
    page.get_by_role("option", name=option, exact=True).click()


def add_line(page: Page, town: Town) -> str:
    """A permit drawn on the map as a line of three corners; returns its address."""
    page.goto(f"{town.address}/registers/excavation_permit")
    page.locator("[data-test=add-entry]").click()
    form = page.locator("[data-test=entry-form]")
    form.locator("[data-field=code]").fill("掘许2026-0777")
    form.locator("[data-field=title]").fill("晋阳街热力管线")
    form.locator("[data-field=holder]").fill("热力公司（演示）")
    for field, day in (("valid_from", "2026-11-01"), ("valid_to", "2026-12-31")):
        box = form.locator(f"input#entry-{field}, #entry-{field} input").first
        box.fill(day)
        box.press("Enter")
    for field, metres in (("depth_m", "2"), ("width_m", "6")):
        form.locator(f"input#entry-{field}, #entry-{field} input").first.fill(metres)
    drawn = form.locator("[data-test=register-map]")
    expect(drawn.and_(page.locator(MAP_READY))).to_be_visible()
    drawn.scroll_into_view_if_needed()
    for x, y in ((120, 60), (300, 120), (420, 60)):
        drawn.click(position={"x": x, "y": y})
    expect(form.get_by_text("已标 3 个点")).to_be_visible()
    form.locator("[data-test=save-entry]").click()
    page.wait_for_url("**/registers/excavation_permit/0*")
    return page.url


def test_an_object_is_drawn_changed_and_keeps_its_history(town: Town, people: Actors) -> None:
    page = people.page("leader")
    address = add_line(page, town)
    made = town.rooms.context.registers.find(SYSTEM, "excavation_permit", "掘许2026-0777")
    assert made is not None
    assert made.geometry is not None
    assert (made.geometry["type"], len(made.geometry["coordinates"])) == ("LineString", 3)
    expect(page.locator("[data-test=entry-facts]")).to_contain_text("热力公司（演示）")
    expect(page.locator("[data-test=entry-code]")).to_be_visible()

    # A fault stands at its field, and nothing is kept.
    page.locator("[data-test=edit-entry]").click()
    form = page.locator("[data-test=entry-form]")
    depth = form.locator("input#entry-depth_m, #entry-depth_m input").first
    depth.fill("99")
    form.locator("[data-test=save-entry]").click()
    expect(form.locator("em")).to_contain_text("应在 0.01 至 50 之间")
    depth.fill("3")
    form.locator("[data-field=reason]").fill("加深一米")
    choose(page, "state", "已撤销")
    form.locator("[data-test=save-entry]").click()
    expect(page.locator("[data-test=entry-state]")).to_contain_text("已撤销")
    newest = page.locator("[data-test=entry-history] > li").first
    for words in ("第 2 版", "值班长", "加深一米", "有效 → 已撤销", "2 → 3"):
        expect(newest).to_contain_text(words)
    assert page.url == address


def test_many_are_changed_at_once_after_a_count(town: Town, people: Actors) -> None:
    page = people.page("leader", at="/registers/canteen")
    page.locator("[data-test=filter-school_kind]").click()
    page.get_by_role("option", name="高中", exact=True).click()
    expect(page).to_have_url(re.compile(r"f\.school_kind=senior"))
    total = town.rooms.context.registers.list(SYSTEM, "canteen", fields={"school_kind": "senior"}, page_size=1).total
    expect(page.locator("footer")).to_contain_text(f"共 {total} 条")
    page.locator("[data-test=pick]").first.check()
    page.locator("[data-test=bulk-all]").click()
    page.locator("[data-test=bulk-what]").click()
    page.get_by_role("option", name="状态", exact=True).click()
    page.locator("[data-test=bulk-state]").click()
    page.get_by_role("option", name="停用改造", exact=True).click()
    page.locator("input[data-test=bulk-reason], [data-test=bulk-reason] input").first.fill("暑期改造")
    page.locator("[data-test=bulk-preview]").click()
    page.locator("[data-test=bulk-write]").click()
    expect(page.locator("[data-test=bulk-edit]")).to_have_count(0)
    seniors = town.rooms.context.registers.every(SYSTEM, "canteen", fields={"school_kind": "senior"})
    assert [one.state for one in seniors] == ["renovation"] * total


def test_a_sheet_goes_out_and_comes_in_unchanged(town: Town, people: Actors, tmp_path: Path) -> None:
    page = people.page("leader", at="/registers/canteen")
    with page.expect_download() as downloading:
        page.locator("[data-test=export-sheet]").click()
    path = tmp_path / "canteen.xlsx"
    downloading.value.save_as(path)
    rows = [[cell.value for cell in row] for row in load_workbook(path).worksheets[0].rows]
    assert len(rows) == CANTEENS + 1
    take(page, path, f"新增 0，修改 0，未变 {CANTEENS}")

    book = load_workbook(io.BytesIO(path.read_bytes()))
    book.worksheets[0].cell(3, rows[0].index("供餐人数（人） People served") + 1).value = "很多"
    wrong = tmp_path / "wrong.xlsx"
    book.save(wrong)
    take(page, wrong, "没有导入任何内容")
    error = page.locator("[data-test=sheet-error]")
    expect(error).to_have_count(1)
    expect(error).to_contain_text("3供餐人数（人） People served")


def take(page: Page, sheet: Path, words: str) -> None:
    """Import a sheet in the dialog and wait for its end."""
    page.reload()
    page.locator("[data-test=open-import]").click()
    page.locator("[data-test=sheet-file]").set_input_files(sheet)
    page.locator("input[data-test=sheet-reason], [data-test=sheet-reason] input").first.fill("核对")
    page.locator("[data-test=sheet-start]").click()
    expect(page.locator("[data-test=sheet-state]")).to_contain_text(words)
