"""Story: spots ranked by data; a step taken and its measure added; two people decide one proposal; the deployment."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import delete
from tests.browser.acting import Actors
from tests.browser.town import Town
from tests.scenes.hazard_spots.town import Town as Streets

from cityops.access import SYSTEM
from cityops.detection import alert_table
from cityops.registers import RegisterObject

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
CLUSTER = {"lon": 112.5601, "lat": 37.8700}


def spot_of(town: Town, code: str) -> RegisterObject:
    found = town.rooms.context.registers.find(SYSTEM, "hazard_spot", code)
    assert found is not None
    return found


def open_tab(page: Page, town: Town, tab: str) -> None:
    page.goto(f"{town.address}/hazard-spots?tab={tab}")


def test_a_spot_is_ranked_treated_and_compared(town: Town, people: Actors) -> None:
    """SP-002 is confirmed; its treatment is told today, so that nothing can be compared yet."""
    before = spot_of(town, "SP-002")
    for _ in range(3):
        town.report("路灯不亮", lon=before.lon, lat=before.lat)
    page = people.page("spots1")
    page.goto(f"{town.address}/hazard-spots")
    row = page.locator("tr", has=page.locator("[data-test=spot-SP-002]"))
    expect(row.locator("[data-test=score]")).to_contain_text(re.compile(r"^\s*\d+\s*= .*城市管理 3×1"))
    today = town.clock.now().date()  # weeks ahead by now, perhaps
    measures = town.rooms.context.registers.every(SYSTEM, "spot_measure")
    of_spot = [one for one in measures if one.data["spot"] == "SP-002" and one.state in ("planned", "doing")]
    late = [one for one in of_spot if date.fromisoformat(one.data["due_on"]) < today]
    assert late
    expect(row).to_contain_text(f"{len(late)} 项对策超期")
    page.locator("[data-test=filter-category]").click()
    page.get_by_role("option", name="堵点", exact=True).click()
    expect(page).to_have_url(re.compile("category=congestion"))
    expect(page.locator("[data-test=spot-SP-002]")).to_have_count(0)
    page.go_back()
    page.goto(f"{town.address}/hazard-spots?category=hazard")
    page.locator("[data-test=spot-SP-002]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/hazard-spots/{before.id}")
    expect(page.locator("[data-test=measure-DC-003]")).to_contain_text("超期")

    page.locator("[data-test=step-treated]").click()
    page.locator("[data-test=step-send]").click()
    expect(page.locator("[data-test=spot-state]")).to_have_text("治理")
    expect(page.locator("[data-test=verdict-case]")).to_contain_text("还没有满一整日")
    after = spot_of(town, "SP-002")
    assert after.state == "treated"
    assert after.data["treated_on"] == town.clock.now().date().isoformat()

    page.locator("[data-test=step-reviewed]").click()
    page.locator("[data-test=step-send]").click()
    page.locator("[data-test=step-confirmed]").click()
    expect(page.locator("[data-test=step-send]")).to_be_disabled()  # going back needs its reason
    page.locator("textarea[data-test=step-words], [data-test=step-words] textarea").first.fill("又堵了")
    page.locator("[data-test=step-send]").click()
    expect(page.locator("[data-test=spot-state]")).to_have_text("确认")
    again = spot_of(town, "SP-002")
    assert (again.state, "treated_on" in again.data, "reviewed_on" in again.data) == ("confirmed", False, False)
    assert town.rooms.context.registers.history(SYSTEM, again.id)[-1].reason == "又堵了"


def test_a_proposal_is_decided_by_two_and_makes_one_spot(town: Town, people: Actors) -> None:
    for _ in range(6):
        town.report("占道堆物", **CLUSTER)
    pages = [people.page("leader"), people.page("spots1")]
    for page in pages:
        open_tab(page, town, "proposals")
        card = page.locator("[data-test=proposal]", has_text="6 起 / 半径 20 米")
        expect(card).to_contain_text("城市管理 6")
        card.locator("[data-test=proposal-confirm]").click()
        card.locator("input[data-test=proposal-title], [data-test=proposal-title] input").first.fill("集市路口")
    pages[0].locator("[data-test=proposal-send]").click()
    expect(pages[0].locator("[data-test=decided]")).to_contain_text("已建档")
    pages[1].locator("[data-test=proposal-send]").click()
    expect(pages[1].locator("[data-test=decided]")).to_contain_text("未重复建档")
    made = [one for one in town.rooms.context.registers.every(SYSTEM, "hazard_spot") if one.title == "集市路口"]
    assert [(one.state, one.data["source"], one.data["events"]) for one in made] == [("confirmed", "data", 6)]
    assert "机器提议" in made[0].data["evidence"]
    pages[0].locator("[data-test=decided] a").click()
    expect(pages[0].locator("[data-test=figures]")).to_contain_text("城市管理 6×1")


def test_the_deployment_is_read_and_taken_along(town: Town, people: Actors) -> None:
    page, spot = people.page("analyst"), spot_of(town, "SP-007")
    page.goto(f"{town.address}/hazard-spots/{spot.id}")
    page.get_by_role("link", name="分时分群布防").click()
    expect(page.get_by_text("没有违法预警")).to_be_visible()
    yesterday = (town.clock.now() - timedelta(days=1)).date().isoformat()
    streets = Streets(town.rooms.context)
    streets.alert(f"{yesterday} 07:20", count=6, lon=spot.lon, lat=spot.lat)
    streets.alert(f"{yesterday} 18:20", count=2, lon=spot.lon, lat=spot.lat)
    page.goto(f"{town.address}/hazard-spots?tab=deployment&windows=1&by=detector&spot={spot.id}")
    windows = page.locator("[data-test=windows]")
    expect(windows).to_contain_text("06:00–08:00")
    expect(windows).to_contain_text("8 起违法中的 75.0%；平均布防同样时长只覆盖 8.3%")
    expect(page.locator("[data-test=few]")).to_be_visible()  # 8, and the city judges from 10
    expect(page.locator("[data-test=hours]")).to_contain_text("超速")
    with page.expect_download() as saved:
        page.locator("[data-test=deployment-sheet]").click()
    sheet = load_workbook(io.BytesIO(saved.value.path().read_bytes())).worksheets[0]
    assert [cell.value for cell in sheet[2]][2:6] == ["06:00–08:00", "第 1 段 No. 1", 6, 75]
    phone = people.page("spots_roads", phone=True)
    phone.goto(f"{town.address}/hazard-spots")
    expect(phone.locator("[data-test=spot-SP-002]")).to_be_visible()
    expect(phone.locator("[data-test=spot-SP-001]")).to_have_count(0)
    town.rooms.store.write(lambda conn: conn.execute(delete(alert_table)))  # no other story has any
