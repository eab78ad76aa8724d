"""The portal on a phone: an icicle from the report to the rating, "not fixed" between; a tip-off to its reward."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.browser.acting import PATIENCE_MS, tap_map
from tests.browser.conftest import PASSWORD, RunningProduct, SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

WORDS = "三楼屋檐冰柱约一米，下面是人行道"


@pytest.fixture
def resident(browser: Browser, product: RunningProduct) -> Iterator[Page]:
    """A phone on which nobody has signed in; any error the page throws fails the test, and no cookie is ever set."""
    errors: list[str] = []
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert context.cookies() == []
    context.close()
    assert errors == []


def photo() -> FilePayload:
    """As a file chosen on the phone: with camera and time in it."""
    exif = Image.Exif()
    exif[271], exif[306] = "Secret Camera", "2026:11:22 08:30:00"
    content = io.BytesIO()
    Image.new("RGB", (320, 240), (120, 160, 210)).save(content, "JPEG", exif=exif)
    return {"name": "ice.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


class Staff:
    """Somebody of the city, over the same routes as the pages."""

    def __init__(self, product: RunningProduct, username: str) -> None:
        self.http = httpx.Client(base_url=product.address, trust_env=False, timeout=30.0)
        answer = self.http.post("/api/session", json={"username": username, "password": PASSWORD})
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def get(self, path: str, **query: str) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def take(self, case_id: str, action: str, **form: str) -> None:
        """A step that is offered to this person now."""
        case = self.get(f"/api/cases/{case_id}")
        offered = {one["name"]: one for one in case["actions"]}
        assert action in offered, (action, sorted(offered), case["state"])
        step = {"version": case["version"], "task_id": offered[action]["task_id"], "form": form}
        self.post(f"/api/cases/{case_id}/steps/{action}", step)

    def choice(self, case_id: str, action: str, field: str) -> str:
        """The first value that a field of a step offers."""
        case = self.get(f"/api/cases/{case_id}")
        (fields,) = (one["fields"] for one in case["actions"] if one["name"] == action)
        return next(str(one["options"][0]["value"]) for one in fields if one["name"] == field)


class City:
    """Those who handle a case from filing to closing."""

    def __init__(self, product: RunningProduct) -> None:
        self.staff = [Staff(product, name) for name in ("acceptor", "dispatcher", "sanitation")]
        self.acceptor, self.dispatcher, self.unit = self.staff

    def handle(self, case_id: str, answer: str) -> None:
        standard = self.acceptor.choice(case_id, "file", "standard")
        self.acceptor.take(case_id, "file", standard=standard)
        self.dispatcher.take(case_id, "dispatch", unit="UM-SANITATION")
        self.unit.take(case_id, "accept")
        self.unit.take(case_id, "feed_back", result="已清除")
        self.dispatcher.take(case_id, "confirm")
        closing = self.acceptor.choice(case_id, "close", "closing")
        self.acceptor.take(case_id, "close", closing=closing, answer=answer)


@pytest.fixture
def city(product: RunningProduct) -> Iterator[City]:
    made = City(product)
    yield made
    for one in made.staff:
        one.http.close()


def mark_place(page: Page) -> None:
    """Tap the map until it answers where that is: the map loads after the page."""
    words = page.locator("[data-test=place-words]")
    tap_map(page.locator("[data-test=place-map]"), 180, 140, words)
    expect(words).to_contain_text("区")


def follow(page: Page, product: RunningProduct, code: str, state: str) -> None:
    """Look the report up until it is in a state: what the case does is told within a second."""
    page.goto(f"{product.address}/report/follow")
    page.get_by_label("查询码").fill(code.lower().replace("-", " "))
    shown = page.locator("[data-test=report-state]")
    for _ in range(30):
        page.locator("[data-test=follow]").click()
        expect(shown).to_be_visible()
        page.wait_for_timeout(500)
        if shown.get_attribute("data-state") == state:
            break
    expect(shown).to_have_attribute("data-state", state)


def file_at_the_desk(desk: Page, product: RunningProduct) -> None:
    """The acceptor's inbox: read the words, see what is near, file it as the matter that the service proposes."""
    desk.goto(f"{product.address}/desk")
    desk.locator("[data-test=tab-inbox]").click()
    desk.locator("[data-test=public-report]").filter(has_text=WORDS).click()
    form = desk.locator("[data-test=call-form]").filter(visible=True)
    expect(form.locator("[data-test=place-words]")).to_contain_text("区")
    form.locator("[data-test=file-report]").click()
    expect(desk.locator("[data-test=public-report]").filter(has_text=WORDS)).to_have_count(0)


def test_an_icicle_from_the_phone_to_the_rating(
    product: RunningProduct, resident: Page, city: City, sign_in: SignIn
) -> None:
    resident.goto(f"{product.address}/report")
    resident.locator("[data-test=service-ice]").click()
    resident.get_by_role("button", name="屋檐或广告牌").click()
    mark_place(resident)
    resident.get_by_label("情况说明").fill(WORDS)
    resident.set_input_files("[data-test=photos]", photo())
    resident.get_by_label("电话").fill("13800001234")
    resident.locator("[data-test=send-report]").click()
    expect(resident.locator("[data-test=photos-kept]")).to_have_text("照片已保存 1/1")
    code = resident.locator("[data-test=code]").inner_text()

    # The desk files it, the unit handles it, it is closed.
    (report,) = (one for one in city.acceptor.get("/api/reports")["items"] if one["description"] == WORDS)
    filed = city.acceptor.post(
        f"/api/reports/{report['report_id']}/filing", {"matter": report["matter"], "severity": 3}
    )
    case_id = filed["case_id"]
    assert len(city.acceptor.get(f"/api/cases/{case_id}/evidence")["items"]) == 1
    follow(resident, product, code, "filed")
    city.handle(case_id, "冰柱已全部清除")

    # "Not fixed" opens the case again; it is handled and closed a second time; then the rating.
    follow(resident, product, code, "closed")
    expect(resident.get_by_text("冰柱已全部清除")).to_be_visible()
    resident.get_by_label("哪里没有解决").fill("东侧还有两根")
    resident.locator("[data-test=not-fixed]").click()
    expect(resident.locator("[data-test=report-state]")).to_have_attribute("data-state", "not_fixed")
    follow(resident, product, code, "filed")
    case = city.acceptor.get(f"/api/cases/{case_id}")
    assert (case["state"], case["timeline"][-1]["comment"]) == ("reported", "东侧还有两根")
    city.handle(case_id, "东侧两根已清除")
    follow(resident, product, code, "closed")
    resident.get_by_role("radio", name="5 星").check(force=True)
    resident.locator("[data-test=rate]").click()
    expect(resident.locator("[data-test=rated]")).to_have_text("您的评价：5 星")

    # Everybody sees it on the map once a person has published it.
    resident.goto(f"{product.address}/report/map")
    expect(resident.get_by_text("共 0 件")).to_be_visible()
    city.acceptor.post(f"/api/reports/{report['report_id']}/publication", {"published": True})
    resident.reload()
    resident.get_by_label("只看办理中的").uncheck()
    expect(resident.get_by_role("button", name=WORDS)).to_be_visible()


def test_a_tip_off_to_its_reward(product: RunningProduct, resident: Page, sign_in: SignIn) -> None:
    resident.goto(f"{product.address}/report/tip-off")
    resident.get_by_text("消防隐患").click()
    resident.get_by_label("举报内容").fill("地下室堆放易燃物")
    mark_place(resident)
    resident.set_input_files("[data-test=photos]", photo())
    resident.locator("[data-test=send-tip-off]").click()
    expect(resident.get_by_text("照片已保存 1/1")).to_be_visible()
    code = resident.locator("[data-test=code]").inner_text()

    # The shift leader reads it, and grants a reward in their own name.
    leader = sign_in("leader")
    leader.goto(f"{product.address}/tip-offs")
    leader.locator("[data-test=tip-off]").filter(has_text="地下室堆放易燃物").click()
    leader.get_by_label("事项").fill("bllj")  # the matter as at the desk: by words or initials
    leader.locator("[data-test=right-matter]").filter(has_text="暴露垃圾").first.click()
    leader.locator("[data-test=file-tip-off]").click()
    expect(leader.get_by_role("link", name="查看案件")).to_be_visible()
    expect(leader.get_by_alt_text("举报照片")).to_be_visible()
    leader.get_by_role("radio", name="属实", exact=True).check()
    leader.get_by_label("给举报人的答复").fill("情况属实，已责令清理")
    leader.get_by_label("奖励金额").fill("500")
    leader.locator("[data-test=decide]").click()
    expect(leader.locator("[data-test=granted]")).to_contain_text("奖励 500 元")

    # The code alone shows the answer and fetches the money, once.
    resident.goto(f"{product.address}/report/tip-off")
    resident.get_by_label("举报码").fill(code)
    resident.locator("[data-test=follow-tip-off]").click()
    expect(resident.locator("[data-test=reward]")).to_have_text("奖励 500 元")
    expect(resident.get_by_text("情况属实，已责令清理")).to_be_visible()
    leader.get_by_label("举报码").fill(code)
    leader.locator("[data-test=look-up]").click()
    leader.locator("[data-test=pay]").click()
    expect(leader.locator("[data-test=counter]")).to_contain_text("已领取")
    expect(leader.locator("[data-test=pay]")).to_have_count(0)
    resident.locator("[data-test=follow-tip-off]").click()
    expect(resident.get_by_text("奖励已领取")).to_be_visible()
