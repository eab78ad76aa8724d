"""Road-digging enforcement by clicking: finder, inspector, refused and signed receipt, returned proposal, the fine."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors, fill, tap_map
from tests.browser.town import Town

from cityops.scenes.road_excavation.demo_data import PUBLISHED_FILES
from cityops.scenes.road_excavation.sheet import write_files

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(420)]

FLAG = "处罚决定日期 2023-11-07 早于发现日期 2023-11-15"
STOP: dict[str, Any] = {
    "party": "太原某建筑公司",
    "party_kind": "单位",
    "area_m2": "8",
    "buried": "供热管道",
    "permit": "无掘路许可",
    "found_on": "2023-11-15 09:00",
    "stopped_on": "2023-11-15 10:00",
    "restore_by": "2023-11-22 18:00",
}
DECISION: dict[str, Any] = {"grade": "一般", "fine_yuan": "20000"}


def find_on_the_map(people: Actors, town: Town) -> str:
    """The finder clicks a place where nobody may dig, sees why, and reports it; returns the case's id."""
    finder = people.page("road_collector", phone=True, at="/permits")
    # What is in force on the day; the register itself, with its history and sheets, is one step away.
    day = finder.locator(".el-date-editor input")
    day.fill("2026-11-20")
    day.press("Enter")
    permit = finder.locator("[data-test='permit-掘许2026-0012'] a")
    expect(permit).to_have_attribute("href", re.compile("/registers/excavation_permit/"))
    expect(finder.locator("[data-test='permit-掘许2026-0007']")).to_have_count(0)
    day.fill("2026-09-30")
    day.press("Enter")
    expect(finder.locator("[data-test='permit-掘许2026-0007']")).to_be_visible()
    expect(finder.locator("[data-test='permit-掘许2026-0012']")).to_have_count(0)
    judgement = finder.locator("[data-test=judgement]")
    tap_map(finder.locator("[data-test=permit-map]"), 40, 40, judgement)
    expect(judgement).to_contain_text("无许可")
    finder.locator("[data-test=finding-address] input, input[data-test=finding-address]").fill("万柏林区上庄街")
    finder.locator("[data-test=report-finding]").click()
    finder.wait_for_url(re.compile("/cases/"))
    return finder.url.rsplit("/", 1)[1]


def test_the_whole_loop(people: Actors, town: Town) -> None:
    at = find_on_the_map(people, town)
    people.take("dispatcher", at, "send_inspector", inspectors="市政建管中心")
    inspector = people.take("road_inspector", at, "order_stop", **STOP)
    expect(inspector.locator("[data-test=digging-earlier]")).to_contain_text(
        "RXI-"
    )  # the published case of the same firm

    # Sent, refused with a reason, sent again, signed for: only then it is transferred.
    people.take("road_inspector", at, "transfer", team="二大队", opinion="请处罚", transferred_on="2023-11-15 16:00")
    people.take("team2", at, "refuse_receipt", "缺现场照片")
    inspector = people.open_case("road_inspector", at)
    expect(inspector.get_by_text("缺现场照片").first).to_be_visible()
    expect(inspector.locator("[data-test=case-state]").first).to_have_attribute("data-state", "stopped")
    people.take("road_inspector", at, "transfer", team="二大队", opinion="已补照片", transferred_on="2023-11-16 09:00")
    people.take("team2", at, "sign_receipt", receiver="李队", received_on="2023-11-16 10:00")
    people.take("team2", at, "file_case", investigator="二大队执法员", filed_on="2023-11-16 11:00")

    # Proposed, returned, proposed again, decided by a named person; the dates of case 2 as published are refused.
    people.take("team2_h1", at, "propose", facts="笔录一份。", **DECISION)
    people.take("team2", at, "return_proposal", "缺测量记录")
    people.take("team2_h1", at, "propose", facts="笔录、测量记录各一份。", **DECISION)
    lead = people.open_case("team2", at)
    expect(lead.locator("[data-test=digging-grades]")).to_contain_text("5,000–20,000")
    decide(lead, "2023-11-07 09:00")
    expect(lead.get_by_text(FLAG)).to_be_visible()
    expect(lead.locator("[data-test=document-decision]")).to_have_count(0)
    decide(lead, "2023-11-28 09:00", again=True)
    expect(lead.locator("[data-test=document-decision]")).to_contain_text("城执罚〔")

    # The documents, downloaded and opened.
    check_documents(lead)

    # Paid, restored and checked, closed.
    people.take("team2", at, "pay", paid_yuan="20000", bill_number="晋财0001", paid_on="2023-12-01 09:00")
    expect(people.open_case("team2", at).get_by_text("道路尚未恢复并复查合格，不能结案")).to_be_visible()
    people.take("road_inspector", at, "restoration_failed", "沥青未压实")
    people.take("road_inspector", at, "restoration_passed", checked_by="王工", restored_on="2023-11-21 09:00")
    people.take("team2", at, "close", conclusion="已履行完毕")
    expect(lead.locator("[data-test=case-state]").first).to_have_attribute("data-state", "closed")


def decide(page: Page, day: str, *, again: bool = False) -> None:
    """Fill the decision and confirm it in one's own name."""
    if not again:
        page.locator("[data-test=action-decide]").click()
        for name, value in DECISION.items():
            fill(page, f"decide-{name}", value)
    fill(page, "decide-decided_on", day)
    page.locator("[data-test=submit-action]").click()
    page.locator(".el-message-box__btns button").last.click()


def check_documents(page: Page) -> None:
    panel = page.locator("[data-test=document-panel]")
    expect(panel.locator("li")).to_have_count(5)  # the letter was made twice, for it was sent twice
    decision = panel.locator("[data-test=document-decision]")
    with page.expect_download() as saved:
        decision.get_by_text("docx").click()
    word = docx.Document(str(saved.value.path()))
    text = "".join(paragraph.text for paragraph in word.paragraphs)
    assert "罚款人民币贰万元整（20000元）" in text
    assert "二大队负责人" in text
    address = decision.get_by_text("pdf").get_attribute("href")
    answer = page.request.get(f"{page.url.split('/cases/')[0]}{address}")
    assert answer.headers["content-type"] == "application/pdf"
    with pypdfium2.PdfDocument(io.BytesIO(answer.body())) as pdf:
        printed = "".join(pdf[0].get_textpage().get_text_range().split())
    assert "行政处罚决定书" in printed
    assert "罚款人民币贰万元整（20000元）" in printed


def test_case_2_is_flagged_when_imported(people: Actors, town: Town, tmp_path: Path) -> None:
    sheet = tmp_path / "files.xlsx"
    again = [{**row, "file_number": f"再-{number}"} for number, row in enumerate(PUBLISHED_FILES)]
    sheet.write_bytes(write_files(again))
    page = people.page("acceptor", at="/permits")
    page.locator("[data-test=import-files]").set_input_files(sheet)
    expect(page.locator("[data-test=files-taken]")).to_contain_text(
        "6 行，导入 6 件；面积合计 32.6 平方米，罚款合计 50,000 元"
    )
    expect(page.locator("[data-test=files-flagged]")).to_contain_text(FLAG)
    page.locator("[data-test=files-flagged] a").click()
    expect(page.locator("[data-test=digging-flag]")).to_contain_text(FLAG)
    expect(page.locator("[data-test=case-state]").first).to_have_attribute("data-state", "flagged")
    expect(page.locator("[data-test=action-archive]")).to_have_count(0)
