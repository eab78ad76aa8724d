"""Quick accident handling by clicking: the desk, a patrol, an accident officer, and two parties on their own phones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.acting import PATIENCE_MS, PHONE, Actors, press, tap_map
from tests.browser.town import Town, running_town
from tests.scenes.quick_accident.street import AT, PHONES, PLATES, jpeg

from cityops.access import SYSTEM
from cityops.scenes.quick_accident.desk import AccidentDesk, NewAccident, NewParty
from cityops.scenes.quick_accident.rules import Level
from cityops.store import Deliveries

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

VIEWS = ("front", "rear", "contact", "plates")
FAULT_A, FAULT_B = "追尾前车", "超速或未按情况降速"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("town")) as served:
        yield served


class Phones:
    """Phones without an account, each in a browser of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def open(self, link: str, number: int) -> Page:
        """Open a party's link and say who it is."""
        context = self._browser.new_context(
            viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="zh-CN", has_touch=True
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(link)
        page.locator("[data-test=plate-end]").fill(PLATES[number][-3:])
        page.locator("[data-test=phone-end]").fill(PHONES[number][-4:])
        page.locator("[data-test=consent]").check()
        page.locator("[data-test=identify]").click()
        expect(page.get_by_text(PLATES[number])).to_be_visible()
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        assert self.errors == []


@pytest.fixture
def phones(browser: Browser) -> Iterator[Phones]:
    made = Phones(browser)
    yield made
    made.close()


def reported(town: Town) -> str:
    """An accident as the desk registered it; what happens to it is clicked."""
    parties = [NewParty(phone, plate) for phone, plate in zip(PHONES, PLATES, strict=True)]
    return AccidentDesk(town.rooms.context).register(
        town.person("dispatcher"), NewAccident("phone_122", *AT, parties, address="唐槐路与龙盛街路口")
    )


def accident_page(people: Actors, town: Town, username: str, case_id: str) -> Page:
    page = people.page(username, at=f"/accidents/{case_id}")
    expect(page.locator("[data-test=accident-state]")).to_be_visible()
    return page


def link_of(page: Page, label: str) -> str:
    """Make a party's link, note how it was handed over, and give it on."""
    card = page.locator(f"[data-test=party-{label}]")
    card.locator("[data-test=make-link]").click()
    link = card.locator("[data-test=link]").inner_text()
    card.locator("[data-test=handed-message]").click()
    expect(card.get_by_text(re.compile("短信或微信"))).to_be_visible()
    return link


def tick_fault(page: Page, label: str, words: str) -> None:
    entries = page.locator(".el-select-dropdown__item:visible")
    page.locator(f"[data-test=faults-{label}]").click()
    entries.filter(has_text=words).click()
    page.keyboard.press("Escape")
    expect(entries).to_have_count(0)  # the list folds up: the next one is another's


def state_is(page: Page, state: str) -> None:
    expect(page.locator("[data-test=accident-state]")).to_have_attribute("data-state", state)


def confirm(phone: Page) -> None:
    phone.locator("[data-test=confirm]").click()
    expect(phone.get_by_text(re.compile("已确认"))).to_be_visible()


def test_clear_liability_is_settled_online_by_two_phones(town: Town, people: Actors, phones: Phones) -> None:
    desk = people.page("dispatcher", at="/accidents")
    desk.locator("[data-test=new-accident]").click()
    desk.locator("[data-test=accident-address]").fill("唐槐路与龙盛街路口")
    tap_map(desk.locator("[data-test=point-picker]"), 200, 100, desk.get_by_text("已选定位置"))
    for number in (0, 1):
        desk.locator(f"[data-test=plate-{number}]").fill(PLATES[number])
        desk.locator(f"[data-test=phone-{number}]").fill(PHONES[number])
    desk.locator("[data-test=register-accident]").click()
    state_is(desk, "reported")

    a, b = phones.open(link_of(desk, "A"), 0), phones.open(link_of(desk, "B"), 1)
    expect(a.get_by_text(f"{PLATES[1][:2]}·***{PLATES[1][-2:]}").first).to_be_visible()
    assert PLATES[1] not in a.content()
    for view in VIEWS:
        a.locator(f"[data-test=photo-{view}]").set_input_files(
            {"name": f"{view}.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        expect(a.locator(f"label.done:has([data-test=photo-{view}])")).to_be_visible()
    a.locator("[data-test=statement]").fill("前车急刹，我没刹住")
    a.locator("[data-test=tell]").click()
    for phone in (a, b):
        phone.locator("[data-test=moved]").click()
        expect(phone.get_by_text(re.compile("已撤离")).first).to_be_visible()

    # The desk sees what was sent, goes through the exclusions, ticks the fault; the machine proposes, the desk decides.
    card = desk.locator("[data-test=party-A]")
    expect(card.locator("img")).to_have_count(4)
    expect(card.get_by_text("前车急刹，我没刹住")).to_be_visible()
    expect(desk.get_by_text(re.compile("占道"))).to_be_visible()
    desk.locator("[data-test=save-screening]").click()
    expect(desk.locator("[data-test=way]")).to_have_text("可以线上处理")
    tick_fault(desk, "A", FAULT_A)
    expect(desk.locator("[data-test=proposal]")).to_contain_text("甲方 全部责任 / 乙方 无责任")
    desk.locator("[data-test=decide]").click()
    state_is(desk, "offered")

    expect(a.get_by_text("您：全部责任 100%")).to_be_visible()
    expect(a.get_by_text("道路交通安全法第四十三条")).to_be_visible()
    confirm(a)
    state_is(desk, "offered")
    confirm(b)
    state_is(desk, "settled")
    desk.locator("[data-test=action-close]").click()
    desk.locator(".el-message-box__btns button").last.click()
    state_is(desk, "closed")
    expect(a.locator("[data-test=stage]")).to_have_attribute("data-stage", "settled")

    case_id = desk.url.rsplit("/", 1)[1]
    (subscriber,) = town.rooms.scenes["quick_accident"].subscribers(town.rooms.context)
    while Deliveries(town.rooms.store, [subscriber]).round():
        pass
    assert [one.template for one in town.rooms.context.documents.of_case(SYSTEM, case_id)] == ["agreement"]
    desk.goto(f"{town.address}/accidents/figures")
    expect(desk.locator("[data-test=share]")).to_have_text("案件太少")
    expect(desk.locator("[data-test=group-quick]")).to_contain_text("快处 1")


def test_unclear_liability_goes_by_patrol_and_officer(town: Town, people: Actors, phones: Phones) -> None:
    case_id = reported(town)
    patrol = people.page("crew1", phone=True)
    patrol.get_by_role("button", name="上班").click()
    expect(patrol.get_by_role("button", name="下班")).to_be_visible()
    desk = accident_page(people, town, "dispatcher", case_id)
    desk.locator("[data-test=action-dispatch]").click()
    desk.locator("[data-test=crew-option]").first.click()
    desk.locator("[data-test=submit-action]").click()
    state_is(desk, "dispatched")
    press(patrol, "accept")
    press(patrol, "arrive")
    press(patrol, "collect", notes="两车已撤至路边，已拍照取证")
    state_is(desk, "collected")

    officer = accident_page(people, town, "accident1", case_id)
    officer.locator("[data-test=exclusion-immovable]").check()
    officer.locator("[data-test=save-screening]").click()
    expect(officer.locator("[data-test=way]")).to_have_text("须交警到场，可远程定责")
    tick_fault(officer, "A", FAULT_A)
    tick_fault(officer, "B", FAULT_B)
    expect(officer.locator("[data-test=proposal]")).to_contain_text("甲方 主要责任 / 乙方 次要责任")
    officer.locator("[data-test=decide]").click()
    state_is(officer, "certified")
    expect(officer.locator("[data-test=decision]")).to_contain_text("十一大队事故民警")
    a, b = phones.open(link_of(officer, "A"), 0), phones.open(link_of(officer, "B"), 1)
    expect(b.get_by_text("您：次要责任 30%")).to_be_visible()
    confirm(a)
    confirm(b)
    state_is(officer, "settled")


def test_a_contest_ends_on_the_slow_way(town: Town, people: Actors, phones: Phones) -> None:
    case_id = reported(town)
    context, dispatcher = town.rooms.context, town.person("dispatcher")
    AccidentDesk(context).screen(dispatcher, case_id, [])
    version = context.cases.get(dispatcher, case_id).version
    levels = {"A": Level.FULL, "B": Level.NONE}
    AccidentDesk(context).decide(dispatcher, case_id, version, {"A": ["rear_end"]}, levels, None)

    desk = accident_page(people, town, "dispatcher", case_id)
    a = phones.open(link_of(desk, "A"), 0)
    a.locator("[data-test=contest]").click()
    a.locator("[data-test=contest-words]").fill("是他突然变道")
    a.locator("[data-test=send-contest]").click()
    expect(a.locator("[data-test=stage]")).to_have_attribute("data-stage", "waiting")
    state_is(desk, "contested")
    expect(desk.get_by_text("甲方：是他突然变道")).to_be_visible()
    press(desk, "to_ordinary", "双方各执一词", ground="责任有争议")
    state_is(desk, "ordinary")
    expect(a.locator("[data-test=stage]")).to_have_attribute("data-stage", "ordinary")
    officer = accident_page(people, town, "accident1", case_id)
    press(officer, "clear_on_site")
    press(officer, "conclude", conclusion="甲方承担主要责任，乙方承担次要责任")
    state_is(officer, "settled")


def test_what_is_being_ticked_outlives_a_reading(town: Town, people: Actors) -> None:
    desk = accident_page(people, town, "dispatcher", reported(town))
    desk.locator("[data-test=exclusion-immovable]").check()
    link_of(desk, "A")  # the accident is read again
    expect(desk.locator("[data-test=exclusion-immovable]")).to_be_checked()


def test_a_wrong_person_does_not_get_in(browser: Browser, town: Town, people: Actors) -> None:
    desk = accident_page(people, town, "dispatcher", reported(town))
    link = link_of(desk, "A")
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(link)
    page.locator("[data-test=plate-end]").fill("000")
    page.locator("[data-test=phone-end]").fill("0000")
    page.locator("[data-test=consent]").check()
    page.locator("[data-test=identify]").click()
    expect(page.get_by_text("号牌或电话末位不符")).to_be_visible()
    expect(page.get_by_text(re.compile("还可尝试 4 次"))).to_be_visible()
    page.goto(f"{town.address}/p#{Path(link).name[:4]}")
    page.reload()
    expect(page.get_by_text("链接无效或已过期")).to_be_visible()
    page.context.close()
