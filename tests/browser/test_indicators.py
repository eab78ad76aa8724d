"""The board of indicators: lights, a target path, contradictions with both values, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town, running_town

from cityops.access import SYSTEM
from cityops.kit import SHANGHAI

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
LIGHTS = {
    "prefab_share": ("达到路径", "On path"),
    "shelter_per_head": ("幅度之内", "Within margin"),
    "model_communities": ("落后", "Behind"),
    "rail_total": ("数据过期", "Stale"),
    "fund_yearly": ("无目标", "No target"),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of its own, on a day of the demo's figures: a year later they are out of date, as they should be."""
    with running_town(tmp_path_factory.mktemp("indicators")) as served:
        served.clock.begin_at(datetime(2026, 11, 22, 10, tzinfo=SHANGHAI))
        yield served


def lights(page: Page, language: int) -> None:
    for code, words in LIGHTS.items():
        expect(page.locator(f"[data-test=indicator-{code}]")).to_contain_text(words[language])


def test_the_board_of_indicators(people: Actors, town: Town) -> None:
    page = people.page("analyst")
    page.goto(f"{town.address}/indicators")
    detail = page.locator("[data-test=indicator-detail]")
    lights(page, 0)

    # What lags behind stands open at first, with its path drawn and the rule of its light: 30 less 5 % is 28.5.
    expect(detail).to_contain_text("综合减灾示范社区")
    expect(detail).to_contain_text("黄灯下限 28.5")
    expect(detail.get_by_role("img", name="数值与目标路径").locator("canvas, svg").first).to_be_visible()

    # The brief's 48.6 % against 298.6 / 624.6.
    page.locator("[data-test=contradicting] button", has_text="同比增幅").click()
    expect(detail.locator("[data-test=contradiction]")).to_contain_text("上报 48.6，重算 47.8 %")

    # Shelters come from their own register: a shelter that closes is missed at once, with both values.
    row = page.locator("[data-test=indicator-shelter_per_head]")
    expect(row).to_contain_text("1.95")
    row.locator("button").click()
    expect(detail).to_contain_text("emergency_base.per_head")
    expect(detail.locator("[data-test=contradiction]")).to_have_count(0)
    close_the_largest(town)
    page.reload()
    expect(detail.locator("[data-test=contradiction]")).to_contain_text("指标 1.95，今日台账合计")
    expect(detail.locator("[data-test=contradiction]")).to_contain_text("中心城区人均避难场所面积")
    expect(row).not_to_contain_text("1.95")

    page.get_by_role("button", name="切换到英文").click()
    expect(page.locator("h1")).to_have_text("Indicators and targets")
    lights_in_english = {**LIGHTS}
    del lights_in_english["shelter_per_head"]  # it has changed
    for code, words in lights_in_english.items():
        expect(page.locator(f"[data-test=indicator-{code}]")).to_contain_text(words[1])
    expect(detail.locator("[data-test=contradiction]")).to_contain_text(
        "the indicator says 1.95, the registers add up to"
    )


def close_the_largest(town: Town) -> None:
    registers = town.rooms.context.registers
    largest = max(registers.every(SYSTEM, "shelter"), key=lambda one: float(one.data["area_m2"]))
    registers.update(SYSTEM, largest.id, largest.version, {"state": "closed"}, reason="改造")
