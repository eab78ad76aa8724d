"""A canteen's check on the phone without a network; what fails is rectified, checked again and looked back on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.acting import Windows, acting
from tests.browser.test_field import KEPT_WORDS, Phone, a_phone, picture
from tests.browser.town import Town, running_town

from cityops.access import SYSTEM
from cityops.inspections import Hazard, HazardFilter, Inspection, InspectionFilter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SCENE, PLAN, CODE = "school_canteens", "canteen_self_check", "SC-0001"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("canteens")) as running:
        yield running


def inspections(town: Town) -> list[Inspection]:
    """Those made here with a checklist; the demo has brought earlier ones in without answers."""
    found = town.rooms.context.inspections.inspections(
        town.person("leader"), InspectionFilter(scene=SCENE, page_size=500)
    )
    return [one for one in found.items if one.checklist is not None]


def hazards(town: Town) -> list[Hazard]:
    return town.rooms.context.inspections.hazards(town.person("leader"), HazardFilter(scene=SCENE)).items


def answer(page: Page, no: str, result: str) -> None:
    page.locator(f"[data-test=item-{no}] [data-test=result-{result}]").click()


def check_the_canteen(phone: Phone) -> None:
    """Eight items: one fails, one is left out, one asks for a photo though it passes."""
    page = phone.page
    page.locator(f"[data-test=inspect-{CODE}-{PLAN}]").click()
    for no in ("1", "3", "4", "5", "6", "7"):
        answer(page, no, "passed")
    answer(page, "2", "failed")
    page.locator("[data-test=item-2] [data-test=item-words]").fill("一袋面粉过期")
    answer(page, "8", "left_out")
    page.locator("[data-test=submit-inspection]").click()  # photos and a reason are still missing
    expect(page.locator("[data-test=inspect-missing]")).to_contain_text("2、5、8")
    page.wait_for_function(KEPT_WORDS, arg='"result":"left_out"')  # what was filled in last
    page.reload()  # the app is killed; what was filled in is still there
    page.locator(f"[data-test=inspect-{CODE}-{PLAN}]").click()
    expect(page.locator("[data-test=item-2] [data-test=item-words]")).to_have_value("一袋面粉过期")
    phone.photograph("[data-test=item-2]", picture(1))
    phone.photograph("[data-test=item-5]", picture(2))
    page.locator("[data-test=item-8] [data-test=item-words]").fill("清洗间停水")
    page.locator("[data-test=submit-inspection]").click()
    expect(page.locator("[data-test=inspection-taken]")).to_be_visible()


def test_a_canteen_is_checked_offline_and_its_hazard_goes_the_whole_way(
    browser: Browser, windows: Windows, town: Town
) -> None:
    canteen = town.rooms.context.registers.find(SYSTEM, "canteen", CODE)
    assert canteen is not None
    with a_phone(browser, town, f"/field?object={canteen.id}") as phone:  # the QR code at its door
        phone.sign_in("school1")
        phone.ready_for_offline()
        expect(phone.page.locator(f"[data-test=inspect-{CODE}-{PLAN}]")).to_be_visible()
        phone.offline(True)
        check_the_canteen(phone)
        assert inspections(town) == []
        phone.offline(False)
        phone.tab("queue")
        expect(phone.page.locator("[data-test=item-sent]")).to_have_count(1)
        expect(phone.page.locator("[data-test=item-sent]")).to_contain_text(CODE)
    (made,) = inspections(town)
    assert (made.result, made.asked, made.failed, made.left_out) == ("failed", 8, 1, 1)
    (found,) = hazards(town)
    assert found.item_no == "2"
    with acting(windows, town.address, town.version_of) as people:
        see_what_was_found(people.page("market_xd"), town, made)
        people.take("school1", found.case_id, "accept_rectification", interim_measure="封存面粉", responsible="王某")
        people.take("school1", found.case_id, "submit_hazard", measures="已销毁，清查库存")
        people.take("market_xd", found.case_id, "recheck_failed", "仓库还有一袋")
        people.take("school1", found.case_id, "submit_hazard", measures="全部清查")
        people.take("market_xd", found.case_id, "recheck_passed", found="无过期原料")
    town.clock.advance(days=20)  # everybody has to sign in again
    with acting(windows, town.address, town.version_of) as people:
        people.take("market_xd", found.case_id, "look_back_passed", found="未反弹")
    (closed,) = hazards(town)
    assert (closed.state, closed.rework, closed.ended) == ("closed", 1, True)


def see_what_was_found(page: Page, town: Town, made: Inspection) -> None:
    """The supervisor sees the hazard, the photo, what was left out, and coverage that names what is missing."""
    page.goto(f"{town.address}/inspections?tab=hazards")
    expect(page.locator("[data-test=hazard-panel] tbody tr")).to_have_count(1)
    page.goto(f"{town.address}/inspections/{made.id}")
    expect(page.locator("[data-test=answer-2]")).to_contain_text("一袋面粉过期")
    photo = page.locator("[data-test=answer-2] [data-test=attachment] img")
    expect(photo).to_have_js_property("complete", True)
    expect(photo).not_to_have_js_property("naturalWidth", 0)
    expect(page.locator("[data-test=answer-8]")).to_contain_text("清洗间停水")
    page.goto(f"{town.address}/inspections?tab=coverage&plan={SCENE}/{PLAN}")
    expect(page.locator("[data-test=coverage-rule]")).to_be_visible()
