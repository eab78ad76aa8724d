"""Lamps replaced by night with half of the road closed, and icicles found on the winter round, by clicking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.acting import Actors
from tests.browser.town import Town, running_town

from cityops.store import Deliveries

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of its own: its clock is moved into the night."""
    if not (ROOT / "web/dist/index.html").exists():
        pytest.skip("the user interface is not built: make web")
    with running_town(tmp_path_factory.mktemp("town")) as served:
        yield served


def deliver(town: Town) -> None:
    """What the clockwork does behind the running product."""
    for scene in town.rooms.scenes.values():
        for subscriber in scene.subscribers(town.rooms.context):
            while Deliveries(town.rooms.store, [subscriber]).round():
                pass


def test_1126_lamps_are_replaced_by_night(town: Town, people: Actors) -> None:
    deliver(town)
    unit = people.page("lamps", at="/works")
    work = unit.locator("[data-test^=work-PW]").first
    expect(work).to_contain_text("晋阳大道晋祠下穿通道照明灯具更换")
    expect(work).to_contain_text("0 / 1126 套")
    expect(work).to_contain_text("半幅封路")
    case_id = str(work.locator("a").first.get_attribute("href")).rsplit("/", 1)[1]
    people.take("lamps", case_id, "begin")

    now = town.clock.now()
    town.clock.advance(hours=(23 - now.hour) % 24)  # tonight; the first night began today
    unit.goto(f"{town.address}/works")
    unit.locator("[data-test=record-night]").click()
    lamps = unit.get_by_role("spinbutton", name="LED 灯具")
    lamps.fill("1127")
    lamps.press("Tab")
    expect(lamps).to_have_value("1126")  # never more than planned
    unit.locator("[data-test=save-night]").click()
    expect(unit.locator("[data-test^=work-PW]").first).to_contain_text("1126 / 1126 套")

    dispatcher = people.page("dispatcher")
    closures = dispatcher.request.get(f"{town.address}/api/closures").json()["items"]
    assert [(one["half"], one["in_force"], one["case_id"]) for one in closures] == [(True, True, case_id)]
    people.take("lamps", case_id, "finish", result="1126 套灯具全部更换")
    deliver(town)
    assert dispatcher.request.get(f"{town.address}/api/closures").json()["items"] == []
    people.take("dispatcher", case_id, "not_accepted", "两套不亮")
    people.take("lamps", case_id, "finish", result="已修复")
    people.take("dispatcher", case_id, "accept_work")
    expect(dispatcher.locator("[data-test=case-state]").first).to_have_attribute("data-state", "closed")


def test_icicles_found_on_the_round_become_a_case(town: Town, people: Actors) -> None:
    leader = people.page("leader", at="/winter")
    expect(leader.locator("[data-test=winter-state]")).to_contain_text("未开启")
    today = town.clock.now().date()
    first, last = (leader.locator(".el-range-input").nth(number) for number in (0, 1))
    first.fill(today.isoformat())
    last.fill((today + timedelta(days=100)).isoformat())
    last.press("Enter")
    leader.locator("[data-test=winter-on]").click()
    expect(leader.locator("[data-test=winter-state]")).to_contain_text("已开启")

    phone = people.page("collector1", phone=True, at="/winter")
    spot = phone.locator("[data-test='spot-南内环西立交桥']")
    expect(spot).to_contain_text("本轮还没有看过")
    spot.get_by_label("现场情况").fill("伸缩缝处两根")
    spot.locator("[data-test=look-icicles]").click()
    expect(spot).to_contain_text("伸缩缝处两根")
    phone.locator("[data-test='spot-晋祠坡道'] [data-test=look-clear]").click()
    expect(phone.get_by_text("已看 2 / 8 处，有冰 1 处")).to_be_visible()

    leader.goto(f"{town.address}/winter")
    expect(leader.get_by_text("发现 1 处，已处置 0 处")).to_be_visible()
    leader.locator("[data-test='spot-南内环西立交桥'] a").click()
    expect(leader.get_by_text("南内环西立交桥：桥下、护栏或伸缩缝有冰溜子").first).to_be_visible()
