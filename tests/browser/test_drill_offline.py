"""A drill is opened on the phone without a network, begun and pressed there; the app is killed; all arrives once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_field import a_phone
from tests.browser.town import Town, running_town

from cityops.access import SYSTEM
from cityops.plans import NewDrill

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
STEPS = ("alarm", "shutter")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("drill")) as running:
        yield running


def planned(town: Town, client_id: str) -> str:
    """A drill of the market's, planned for now; returns its id."""
    place = town.rooms.context.registers.find(SYSTEM, "crowded_place", "CP-0001")
    assert place is not None
    new = NewDrill("fire_safety", "market_evacuation", place.id, town.clock.now_ms(), 110, client_id)
    return town.rooms.context.drills.plan(town.person("market_fire"), new).drill_id


def pressed(town: Town, drill_id: str) -> list[str]:
    """What has arrived at the server."""
    return [one.step for one in town.rooms.context.drills.get(town.person("market_fire"), drill_id).presses]


def open_drill(page: Page, drill_id: str) -> None:
    page.locator("[data-test=tab-drill]").click()
    page.locator(f"[data-test=drill-{drill_id}]").click()
    expect(page.locator("[data-test=drill-state]")).to_be_visible()


def test_a_drill_opens_and_runs_without_a_network(browser: Browser, town: Town) -> None:
    drill_id = planned(town, "drill-without-network")
    with a_phone(browser, town) as phone:
        phone.sign_in("market_fire")
        phone.ready_for_offline()
        expect(phone.page.locator("[data-test=tab-drill]")).to_be_visible()

        phone.offline(True)
        phone.page.reload()  # the app is opened when there is no network: nobody has opened this drill before
        open_drill(phone.page, drill_id)
        expect(phone.page.locator("[data-test=drill-away]")).to_be_visible()
        phone.page.locator("[data-test=press-start]").click()
        expect(phone.page.locator("[data-test=drill-clock]")).to_be_visible()
        for step in STEPS:
            phone.page.locator(f"[data-test=press-{step}]").click()
            expect(phone.page.locator(f"[data-test=step-{step}] .time b")).to_be_visible()
        expect(phone.page.locator("[data-test=drill-queue]")).to_contain_text("3 个环节")
        assert pressed(town, drill_id) == []

        phone.page.reload()  # killed: what was pressed is there
        open_drill(phone.page, drill_id)
        expect(phone.page.locator("[data-test=drill-queue]")).to_contain_text("3 个环节")

        # It is sent whether the drill is open or not.
        tab = phone.page.locator("[data-test=tab-drill]")
        phone.tab("queue")
        expect(tab).to_contain_text("3")
        phone.offline(False)
        expect(tab.locator("b")).to_have_count(0)  # nothing waits
        assert pressed(town, drill_id) == ["start", *STEPS]
        phone.tab("drill")  # as it was left
        expect(phone.page.locator("[data-test=drill-away]")).to_have_count(0)
        phone.page.locator("[data-test=press-near_out]").click()
        expect(phone.page.locator("[data-test=withdraw-near_out]")).to_be_visible()  # the server has it
    assert pressed(town, drill_id) == ["start", *STEPS, "near_out"]


def test_a_drills_link_opens_it_on_the_phone_and_says_when_it_is_not_kept(browser: Browser, town: Town) -> None:
    drill_id = planned(town, "drill-by-its-link")
    with a_phone(browser, town, f"/field?drill={drill_id}") as phone:
        phone.sign_in("market_fire")
        expect(phone.page.locator("[data-test=press-start]")).to_be_visible()
        phone.ready_for_offline()
        phone.offline(True)
        phone.page.goto(f"{town.address}/field?drill=01UNKNOWN")
        expect(phone.page.locator("[data-test=field-drill]")).to_contain_text("本机没有保存这次演练")
        phone.page.locator("[data-test=all-drills]").click()
        expect(phone.page.locator(f"[data-test=drill-{drill_id}]")).to_be_visible()
