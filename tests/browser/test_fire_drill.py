"""Story: the market's fire drill (S0) with timings, on a phone that loses its network, beside the drill before."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town

from cityops.access import SYSTEM
from cityops.inspections import InspectionFilter
from cityops.plans import NewDrill, NewPress

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
BEFORE = ("alarm", "shutter", "near_out", "far_out", "lower_out")
OFFLINE = ("upper_out", "assembled")


def last_drill(town: Town) -> None:
    """A drill an hour ago: every step 20 s after the other, near out after 60 s."""
    drills, market, clock = town.rooms.context.drills, town.person("market_fire"), town.clock
    place = town.rooms.context.registers.find(SYSTEM, "crowded_place", "CP-0001")
    assert place is not None
    new = NewDrill("fire_safety", "market_evacuation", place.id, clock.now_ms(), 110, "the-last-drill")
    drill = drills.plan(market, new)
    drills.press(market, drill.drill_id, NewPress("last-start", "start"))
    for step in drill.steps:
        clock.advance(seconds=20)
        people = 110 if step.counts else None
        drills.press(market, drill.drill_id, NewPress(f"last-{step.step}", step.step, people=people))
    drills.press(market, drill.drill_id, NewPress("last-finish", "finish", words="广播听不清"))
    clock.advance(hours=1)


def press(page: Page, *steps: str) -> None:
    for step in steps:
        page.locator(f"[data-test=press-{step}]").click()
        expect(page.locator(f"[data-test=step-{step}] .time b")).to_be_visible()


def plan(page: Page, town: Town) -> None:
    page.goto(f"{town.address}/drills")
    page.locator("[data-test=plan-drill]").click()
    expect(page.locator("[data-test=drill-kind]")).to_contain_text("市场消防应急演练")
    page.locator("[data-test=drill-place] input").fill("文百城")
    page.get_by_role("option", name="晋东小商品市场文百城").click()
    page.locator("[data-test=drill-expected] input").fill("126")
    page.locator("[data-test=save-drill]").click()
    page.wait_for_url("**/drills/*")


def test_the_market_drill(town: Town, people: Actors) -> None:
    last_drill(town)
    phone = people.page("market_fire", phone=True)
    plan(phone, town)
    drill = phone.url
    expect(phone.locator("[data-test=record-near_out]")).to_contain_text("1:00")  # last time, before this one begins
    phone.locator("[data-test=press-start]").click()
    expect(phone.locator("[data-test=drill-state]")).to_have_attribute("data-state", "running")
    press(phone, *BEFORE)

    # Without a network: what is pressed waits on the phone with its own time.
    phone.context.set_offline(True)
    press(phone, *OFFLINE)
    expect(phone.locator("[data-test=drill-queue]")).to_contain_text("2 个环节")
    phone.context.set_offline(False)
    expect(phone.locator("[data-test=drill-queue]")).to_have_count(0)

    # The fire service presses its own steps on its own phone.
    brigade = people.page("fire_jcp", phone=True)
    brigade.goto(drill)
    press(brigade, "fire_service", "hose")
    expect(brigade.locator("[data-test=step-hose]")).to_contain_text("早于：市场专职消防队到场")
    expect(phone.locator("[data-test=step-fire_service] .time b")).to_be_visible()

    # Pressed by mistake: withdrawn with a reason, pressed again.
    press(phone, "own_brigade")
    phone.locator("[data-test=withdraw-own_brigade]").click()
    phone.get_by_label("撤回原因").fill("还没到")
    phone.get_by_label("撤回原因").press("Enter")
    press(phone, "own_brigade")

    count = phone.locator("[data-test=count] input")
    expect(phone.locator("[data-test=press-counted]")).to_be_disabled()
    count.fill("124")
    count.press("Tab")
    press(phone, "counted", "fire_out")
    expect(phone.locator("[data-test=step-counted]")).to_contain_text("实到 124 / 应到 126")
    town.clock.advance(seconds=120)
    phone.locator("[data-test=drill-words] textarea").or_(phone.locator("textarea[data-test=drill-words]")).fill(
        "二层两人在库房，增设一名引导员"
    )
    phone.locator("[data-test=press-finish]").click()

    record = phone.locator("[data-test=drill-record]")
    expect(phone.locator("[data-test=drill-people]")).to_have_text("124 / 126")
    drill_id = drill.rsplit("/", 1)[1]
    kept = town.rooms.context.drills.get(town.person("market_fire"), drill_id)
    in_time = [one for one in kept.steps if one.target_s and (one.elapsed_ms or 0) // 1000 <= one.target_s]
    expect(phone.locator("[data-test=drill-in-time]")).to_have_text(f"{len(in_time)} / 12")
    assert kept.duration_ms is not None
    assert kept.duration_ms >= 120_000
    took = f"{kept.duration_ms // 60_000}:{kept.duration_ms // 1000 % 60:02}"
    expect(phone.locator("[data-test=drill-took]")).to_contain_text(took)
    expect(record).to_contain_text("已撤回：市场专职消防队到场")
    expect(phone.locator("[data-test=drill-findings]")).to_have_text("二层两人在库房，增设一名引导员")

    # It is the drill that the plan asks for, once.
    found = town.rooms.context.inspections.inspections(
        town.person("market_fire"), InspectionFilter(plan="crowded_drill")
    ).items
    assert [one.comment for one in found] == ["二层两人在库房，增设一名引导员", "广播听不清"]
    assert found[0].figures["people_counted"] == 124
