"""The loop, by clicking: a fatigue alert becomes a closed case, as dispatcher, crew and enterprise."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import RunningProduct, SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

ALERT = "连续驾驶超时"
ALERT_LIMIT_S = 300.0
"""The README says two minutes; on a machine that does much besides it only has to come."""


def crew_account(product: RunningProduct, crew_name: str) -> str:
    """The demo account of a crew, by the name on the dispatcher's screen."""
    accounts = httpx.get(f"{product.address}/api/product", trust_env=False).json()["demo_accounts"]
    names = {one["display_name"]: one["username"] for one in accounts if one["role"] == "crew"}
    return str(names[crew_name.removesuffix("（演示）")])


def wait_for_case(page: Page) -> str:
    """The fatigue alert in the live list, with the case it opened."""
    alert = page.get_by_role("button", name=re.compile(f"{ALERT}.*KV-", re.DOTALL)).first
    expect(alert).to_be_visible(timeout=ALERT_LIMIT_S * 1000)
    number = re.search(r"KV-\d{8}-\d{4}", alert.inner_text())
    assert number is not None
    page.get_by_role(
        "button", name=re.compile(f"{ALERT}.*{number.group()}", re.DOTALL)
    ).click()  # another may be first by now
    return number.group()


def case_of(page: Page, number: str) -> dict[str, Any]:
    """The case as the list has it."""
    answer = page.request.get(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/api/cases", params={"q": number})
    found: dict[str, Any] = answer.json()["items"][0]
    return found


def test_a_fatigue_alert_is_taken_to_a_closed_case_by_clicking(product: RunningProduct, sign_in: SignIn) -> None:
    dispatcher = sign_in("dispatcher")
    expect(dispatcher).to_have_url(re.compile("/map"))
    number = wait_for_case(dispatcher)

    # The dispatcher reads the ranking and decides.
    dispatcher.get_by_role("button", name=f"查看案件 {number}").click()
    dispatcher.get_by_role("button", name="派遣", exact=True).click()
    choices = dispatcher.locator("label").filter(has=dispatcher.get_by_role("radio"))
    expect(choices.first).to_contain_text(re.compile(r"公里，\d+ 分钟，已在岗"))
    reason = choices.first.inner_text()
    crew_name = re.search(r"\S+（演示）", reason)
    assert crew_name is not None, reason
    choices.filter(has_text=crew_name.group()).click()
    dispatcher.get_by_role("button", name="确认派遣").click()
    expect(dispatcher.get_by_text("已派遣").first).to_be_visible()
    case_url = dispatcher.url

    # The crew accepts, arrives, finishes, on its phone.
    crew = sign_in(crew_account(product, crew_name.group()), phone=True)
    expect(crew).to_have_url(re.compile("/crew"))
    crew.get_by_role("button", name="接单").click()
    crew.get_by_role("button", name="到达现场").click()
    crew.get_by_role("button", name="处置完成").click()
    choose(crew, "已停车休息")
    crew.get_by_role("button", name="确认处置完成").click()
    expect(crew.get_by_text("没有任务")).to_be_visible()

    # The enterprise answers with its rectification.
    enterprise = sign_in("enterprise1")
    expect(enterprise).to_have_url(re.compile("/enterprise"))
    owed = enterprise.get_by_role("article").filter(has_text=number)
    owed.get_by_role("button", name="提交整改", exact=True).click()
    enterprise.get_by_label("原因").fill("路上堵车，驾驶人想赶回场站再休息")
    enterprise.get_by_label("整改措施").fill("当日停运教育，调整班次")
    enterprise.get_by_label("责任人").fill("安全员")
    enterprise.get_by_role("button", name="确认提交整改").click()
    expect(owed.get_by_role("button", name="提交整改")).to_have_count(0)

    # The dispatcher reviews, checks and closes.
    dispatcher.goto(case_url)
    dispatcher.get_by_role("button", name="整改通过").click()
    expect(dispatcher.get_by_role("button", name="整改通过")).to_have_count(0)
    dispatcher.get_by_role("button", name="核查通过", exact=True).click()
    dispatcher.get_by_role("button", name="确认核查通过").click()
    dispatcher.get_by_role("button", name="结案", exact=True).click()
    dispatcher.get_by_role("button", name="确认结案").click()
    dispatcher.locator(".el-message-box").get_by_role("button").last.click()
    expect(dispatcher.locator("[data-test=case-state]").first).to_have_attribute("data-state", "closed")
    assert case_of(dispatcher, number)["state"] == "closed"
    for step in ("立案", "派遣", "接单", "到达现场", "处置完成", "提交整改", "整改通过", "核查通过", "结案"):
        expect(dispatcher.get_by_role("listitem").filter(has_text=step).first).to_be_visible()


def choose(page: Page, words: str) -> None:
    page.get_by_text(words, exact=True).click()
