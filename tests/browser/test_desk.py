"""The hotline desk by keyboard: a call is filed, the next one about it is joined, both are told and called back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town

from cityops.cases.catalogue import write_rows
from cityops.cases.intake import REPORT_COLUMNS
from cityops.cases.reports import Contact, NewReport, ReportState

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

NEAR, FILED = "[data-test=near-case]", "[data-test=filed]"
CROSSING = "学府街平阳路路口"


def say(page: Page, *texts: str) -> None:
    """Type into one field after the other, as a person does who never touches the mouse."""
    for text in texts:
        page.keyboard.insert_text(text)
        page.keyboard.press("Tab")


def call(page: Page, number: str, name: str, words: str) -> Locator:
    """A call up to the place, which the words name: the arrow keys and Enter choose it. Returns the cases nearby."""
    expect(page.locator("#desk-contact")).to_be_focused()
    say(page, number, name)
    page.keyboard.press("Space")  # wants to be called back
    page.keyboard.press("Tab")
    say(page, words)
    expect(page.locator("[data-test=found-place]").first).to_contain_text(CROSSING)
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=place-words]")).to_contain_text("小店区")
    return page.locator(NEAR)


def close(town: Town, case_id: str) -> None:
    """What others do with it, up to the end."""
    case = town.rooms.context.cases.get(town.person("leader"), case_id)
    town.act("acceptor", case, "file", standard="m06010_1")
    town.act("dispatcher", case, "dispatch", unit=town.unit("UM-SANITATION"))
    town.act("sanitation", case, "accept")
    town.act("sanitation", case, "feed_back", result="已清运")
    town.act("dispatcher", case, "confirm")
    town.act("acceptor", case, "close", closing="met", answer="垃圾已清运")


def test_two_callers_about_one_thing(town: Town, people: Actors) -> None:
    page = people.page("acceptor", at="/desk")
    near = call(page, "13812345678", "王女士", "平阳路和学府街路口东边有暴露垃圾没人清")
    expect(page.locator("[data-test=matter]").first).to_contain_text("暴露垃圾")
    expect(page.locator("[data-test=outlook]")).to_contain_text("环境卫生中心")
    expect(page.locator("[data-test=outlook]")).to_contain_text("到期")
    expect(near).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(FILED)).to_contain_text("已受理 UM-")
    expect(page.locator("[data-test=masked-caller]")).to_have_text("王** 138****5678")
    case_id = str(page.locator("[data-test=to-case]").get_attribute("href")).rsplit("/", 1)[1]

    near = call(page, "13900001111", "李四", "平阳路学府街路口那堆垃圾还在")
    expect(near).to_contain_text("平阳路 暴露垃圾")
    expect(near).to_contain_text("1 人上报")
    page.keyboard.press("Alt+KeyJ")
    expect(page.locator("[data-test=file-report]")).to_contain_text("并入 UM-")
    page.keyboard.press("Control+Enter")
    expect(page.locator(FILED)).to_contain_text("已并入 UM-")
    expect(page.locator("[data-test=masked-caller]")).to_have_text("李* 139****1111")

    # The acceptor takes the matter for another one, and then back.
    page.locator("[data-test=to-case]").click()
    for words, name in (("ldyc", "路灯异常"), ("06010", "暴露垃圾")):
        page.locator("[data-test=correct-matter]").click()
        page.get_by_role("textbox", name="更正事项").fill(words)
        page.locator("[data-test=right-matter]").filter(has_text=name).first.click()
        expect(page.get_by_text(f"→ {name}")).to_be_visible()

    close(town, case_id)
    reporters = page.locator("[data-test=reporter]")
    expect(reporters).to_have_count(2)
    for one in reporters.all():
        expect(one).to_contain_text("垃圾已清运")
    expect(page.locator("[data-test=description]")).to_have_text("平阳路和学府街路口东边有暴露垃圾没人清")
    page.goto(f"{town.address}/desk")
    page.locator("[data-test=tab-back]").click()
    owed = page.locator("[data-test=owed-call]")
    expect(owed).to_have_count(2)
    for one in owed.all():
        expect(one).to_contain_text("垃圾已清运")
    first = owed.filter(has_text="王**")
    first.locator("[data-test=begin-call]").click()
    expect(first.locator("[data-test=full-contact]")).to_have_text("13812345678 王女士")
    first.get_by_text("满意", exact=False).nth(3).click()
    first.locator("[data-test=reached]").click()
    expect(owed).to_have_count(1)
    expect(owed).to_contain_text("李*")


def test_what_is_missing_is_named_and_the_place_may_be_clicked(town: Town, people: Actors) -> None:
    page = people.page("acceptor", at="/desk")
    expect(page.locator("#desk-contact")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("请填写反映内容")).to_be_visible()
    expect(page.locator("#desk-words")).to_be_focused()
    say(page, "路灯不亮")
    say(page, "太榆路")
    expect(page.locator("[data-test=found-place]").first).to_contain_text("太榆路")
    page.locator("[data-test=found-place] button").first.click()
    expect(page.locator("[data-test=matter]").first).to_contain_text("路灯")
    page.keyboard.press("Control+Enter")
    expect(page.locator(FILED)).to_contain_text("已受理 UM-")


def test_a_sheet_with_a_wrong_row_is_imported_as_far_as_the_user_says(
    town: Town, people: Actors, tmp_path: Path
) -> None:
    place = town.rooms.city.find("太榆路")[0]
    good = {"matter": "06010", "lon": str(place.lon), "lat": str(place.lat), "description": "导入的一行"}
    rows = [[row.get(column.name, "") for column in REPORT_COLUMNS] for row in (good, {**good, "matter": "?"}, good)]
    sheet = tmp_path / "reports.xlsx"
    sheet.write_bytes(write_rows("上报", REPORT_COLUMNS, rows))
    page = people.page("acceptor", at="/desk")
    page.locator("[data-test=open-import]").click()
    page.locator("[data-test=import-file]").set_input_files(sheet)
    expect(page.locator("[data-test=import-checked]")).to_have_text("共 3 行，可导入 2 行")
    expect(page.locator("[data-test=import-error]")).to_contain_text("目录中没有事项")
    expect(page.locator("[data-test=import-all]")).to_have_count(0)
    page.locator("[data-test=import-valid]").click()
    expect(page.locator("[data-test=import-filed]")).to_have_text("导入完成，共 2 件")


def test_a_public_report_is_filed_and_another_refused(town: Town, people: Actors) -> None:
    context = town.rooms.context
    service = context.reports.services()[0]
    place = town.rooms.city.find("太榆路")[0]
    sent = [
        context.reports.submit(
            NewReport(service.code, "portal", words, place.lon, place.lat, contact=Contact(phone="13700000000"))
        )
        for words in ("单元门口有东西坏了", "随便说说")
    ]
    page = people.page("acceptor", at="/desk?tab=inbox")
    waiting = page.locator("[data-test=public-report]")
    waiting.filter(has_text="单元门口有东西坏了").click()
    expect(page.locator("#report-words")).to_have_value("单元门口有东西坏了")
    page.locator("[data-test=file-report]").last.click()
    expect(page.locator(FILED)).to_contain_text("UM-")
    waiting.filter(has_text="随便说说").click()
    page.locator("[data-test=refuse]").click()
    page.get_by_placeholder("答复上报人的话").fill("没有说明问题")
    page.locator("[data-test=refuse-now]").click()
    expect(waiting.filter(has_text="随便说说")).to_have_count(0)
    follow = [context.report_desk.follow(str(one.code)).report for one in sent]
    assert [one.state for one in follow] == [ReportState.FILED, ReportState.REFUSED]
    assert follow[1].status_notes == "没有说明问题"
