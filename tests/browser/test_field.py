"""A shift in the street: everything is done without a network, and arrives later, in order, once, with its photos."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect
from sqlalchemy import select
from tests.browser.conftest import PASSWORD
from tests.browser.town import Town, running_town

from cityops.cases import CaseFilter, Step, case_table
from cityops.dispatch.tables import patrol_point_table

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

REPORTS = (("bllj", "暴露垃圾", "楼门口有一袋垃圾"), ("0201", None, "第二件"), ("路灯", None, "路灯不亮"))
ITEM = "[data-test=item-{}]"
KEPT_WORDS = """(words) => new Promise((resolve) => {
  const request = indexedDB.open("cityops-field");
  request.onsuccess = () => {
    const asked = request.result.transaction("cache").objectStore("cache").getAll();
    asked.onsuccess = () => resolve(asked.result.some((kept) => (JSON.stringify(kept) ?? "").includes(words)));
    request.result.close();
  };
})"""
"""Whether the phone's store holds a draft with these words."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running_town(tmp_path_factory.mktemp("field")) as running:
        yield running


@dataclass
class Phone:
    """A phone in the street: its browser and the page of the app."""

    context: BrowserContext
    page: Page
    town: Town

    def sign_in(self, username: str) -> None:
        form = self.page.locator("[data-test=field-sign-in]")
        form.locator("[name=username]").fill(username)
        form.locator("[name=password]").fill(PASSWORD)
        form.locator("button[type=submit]").click()
        expect(form).to_have_count(0)

    def tab(self, name: str) -> None:
        self.page.locator(f"[data-test=tab-{name}]").click()

    def ready_for_offline(self) -> None:
        """The shell and the map are on the phone, and the catalogue."""
        expect(self.page.locator("[data-test=state]")).to_have_text("在线，可离线", timeout=60_000)

    def offline(self, off: bool) -> None:
        self.context.set_offline(off)

    def moved(self, lon: float, lat: float) -> None:
        """The phone is somewhere else, and its app has heard of it."""
        self.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 10})
        self.tab("report")
        expect(self.page.locator("[data-test=field-report]")).to_contain_text(f"{lat:.5f}, {lon:.5f}")

    def photograph(self, form: str, content: bytes, name: str = "photo.jpg") -> None:
        box = self.page.locator(f"{form} [data-test=pick-photo]")
        box.set_input_files(jpeg(name, content))

    def report(self, typed: str, words: str, content: bytes) -> None:
        """Fill and submit one report; it is in the queue when this returns."""
        self.tab("report")
        self.photograph("[data-test=field-report]", content)
        self.page.locator("[data-test=matter-search]").fill(typed)
        self.page.locator("[data-test=matter]").first.click()
        self.page.locator("[data-test=words]").fill(words)
        self.page.locator("[data-test=submit-report]").click()
        expect(self.page.locator("[data-test=taken]")).to_be_visible()


@contextmanager
def a_phone(browser: Browser, town: Town, path: str = "/field") -> Iterator[Phone]:
    lon, lat = town.rooms.city.center
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        has_touch=True,
        geolocation={"longitude": lon, "latitude": lat, "accuracy": 10},
        permissions=["geolocation"],
    )
    errors: list[str] = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{town.address}{path}")
    yield Phone(context, page, town)
    context.close()
    assert errors == []


def jpeg(name: str, content: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=content)


def picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (40 * number, 90, 160)).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_a_report_that_is_being_written_outlives_the_app(browser: Browser, town: Town) -> None:
    with a_phone(browser, town) as phone:
        page = phone.page
        phone.sign_in("collector4")
        phone.ready_for_offline()
        phone.offline(True)
        phone.tab("report")
        phone.photograph("[data-test=field-report]", picture(4))
        page.locator("[data-test=matter-search]").fill("bllj")
        page.locator("[data-test=matter]").first.click()
        page.locator("[data-test=words]").fill("写到一半，应用被关掉")
        page.wait_for_function(KEPT_WORDS, arg="写到一半，应用被关掉")
        page.reload()  # killed and opened again, without a network
        expect(page.locator("[data-test=words]")).to_have_value("写到一半，应用被关掉")
        expect(page.locator("[data-test=picked]")).to_have_count(1)
        expect(page.locator("[data-test=matter-again]")).to_be_visible()
        page.locator("[data-test=submit-report]").click()
        expect(page.locator("[data-test=taken]")).to_be_visible()
        page.reload()
        expect(page.locator("[data-test=matter-search]")).to_be_visible()
        expect(page.locator("[data-test=words]")).to_have_value("")
        expect(page.locator("[data-test=picked]")).to_have_count(0)
        phone.offline(False)
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(1)
        ((case_id, words),) = reported_by(town, "collector4")
        assert words == "写到一半，应用被关掉"
        (item,) = town.rooms.context.evidence.of_case(town.person("acceptor"), case_id)
        assert item.sha256 == hashlib.sha256(picture(4)).hexdigest()


def reported_by(town: Town, username: str) -> list[tuple[str, str]]:
    """Id and description of the cases that this person reported, in the order in which they were opened."""
    person = town.person(username)
    found = town.rooms.context.cases.list(person, CaseFilter(page_size=100)).items
    rows = {}
    with town.rooms.store.read() as conn:
        query = select(case_table.c.id, case_table.c.description, case_table.c.opened_ms)
        for row in conn.execute(query.where(case_table.c.id.in_([case.case_id for case in found]))):
            rows[row.id] = (row.opened_ms, row.description)
    return [(case_id, rows[case_id][1]) for case_id in sorted(rows, key=lambda one: (rows[one][0], one))]


def test_three_reports_of_an_offline_shift_arrive_in_order_once_with_their_photos(browser: Browser, town: Town) -> None:
    with a_phone(browser, town) as phone:
        page = phone.page
        phone.sign_in("collector1")
        phone.ready_for_offline()
        phone.offline(True)
        for number, (typed, name, words) in enumerate(REPORTS, start=1):
            phone.report(typed, words, picture(number))
            if name is not None:
                expect(page.locator("[data-test=taken]")).to_contain_text(name)
            if number == 2:
                page.reload()  # the app is killed and opened again, still without a network
        phone.tab("queue")
        expect(page.locator(ITEM.format("queued"))).to_have_count(3)
        expect(page.locator("[data-test=state]")).to_have_text("离线可用")
        assert reported_by(town, "collector1") == []
        phone.offline(False)
        expect(page.locator(ITEM.format("sent"))).to_have_count(3)
        filed = reported_by(town, "collector1")
        assert [words for _, words in filed] == [words for _, _, words in REPORTS]
        for number, (case_id, _) in enumerate(filed, start=1):
            (item,) = town.rooms.context.evidence.of_case(town.person("acceptor"), case_id)
            assert item.sha256 == hashlib.sha256(picture(number)).hexdigest()
            assert (item.lon, item.lat) == pytest.approx(town.rooms.city.center)
        numbers = page.locator(ITEM.format("sent")).all_inner_texts()
        page.reload()
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(3)
        assert len(reported_by(town, "collector1")) == 3
    for case_id, _ in filed:
        case_number = town.rooms.context.cases.get(town.person("acceptor"), case_id).number
        assert any(case_number in shown for shown in numbers)
    desk_sees(browser, town, filed[0][0])


def queued_words(town: Town, username: str) -> list[str]:
    return [words for _, words in reported_by(town, username)]


def test_a_lost_answer_and_a_person_who_comes_back(browser: Browser, town: Town) -> None:
    """The server files the report and its answer is lost; the session ends; somebody else signs in on the phone."""
    with a_phone(browser, town) as phone:
        page = phone.page
        phone.sign_in("collector2")
        phone.ready_for_offline()
        lost: list[int] = []

        def lose(route: Route) -> None:
            if lost:
                route.continue_()
                return
            lost.append(route.fetch().status)
            route.abort()

        phone.context.route("**/api/intake/reports", lose)
        phone.report("bllj", "回执丢失的一件", picture(4))
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(1)
        assert lost == [201]
        assert queued_words(town, "collector2") == ["回执丢失的一件"]
        phone.offline(True)
        phone.report("bllj", "登录过期时的一件", picture(5))
        phone.context.clear_cookies()
        phone.offline(False)
        form = page.locator("[data-test=field-sign-in]")
        expect(form).to_contain_text("1 条待传都在本机")
        phone.sign_in("collector3")
        phone.tab("queue")
        expect(page.locator("[data-test=foreign]")).to_contain_text("1 条")
        phone.report("bllj", "另一个人的一件", picture(6))
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(1)
        assert queued_words(town, "collector3") == ["另一个人的一件"]
        assert queued_words(town, "collector2") == ["回执丢失的一件"]
        phone.tab("duty")
        page.locator("[data-test=field-sign-out]").click()
        phone.sign_in("collector2")
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(2)
        assert queued_words(town, "collector2") == ["回执丢失的一件", "登录过期时的一件"]


def test_a_check_and_a_patrol_without_a_network(browser: Browser, town: Town) -> None:
    lon, lat = town.rooms.city.center
    case = town.report("井盖移位", lon=lon + 0.01, lat=lat)
    cases, acceptor, collector = town.rooms.context.cases, town.person("acceptor"), town.person("collector4")
    cases.act(acceptor, case.case_id, "request_precheck", Step(case.version, None, {"collector": collector.account_id}))
    with a_phone(browser, town) as phone:
        page = phone.page
        phone.sign_in("collector4")
        phone.ready_for_offline()
        phone.tab("tasks")
        task = page.locator("[data-test=field-task]")
        expect(task).to_contain_text(case.number)
        page.locator("[data-test=go-there]").click()
        expect(page.locator("[data-test=way]")).to_contain_text("沿路")
        phone.offline(True)
        phone.moved(lon + 0.0001, lat)  # a position of more than a minute ago is not where the time on duty begins
        phone.moved(lon, lat)
        phone.tab("duty")
        page.locator("[data-test=duty]").click()
        expect(page.locator("[data-test=duty]")).to_have_text("下岗")
        expect(page.locator("[data-test=points]")).to_contain_text("1 ")
        for step in range(1, 4):
            phone.context.set_geolocation({"longitude": lon + 0.002 * step, "latitude": lat, "accuracy": 10})
            expect(page.locator("[data-test=points]")).to_contain_text(f"{step + 1} ")
        page.locator("[data-test=duty]").click()
        expect(page.locator("[data-test=duty]")).to_have_text("上岗")
        phone.context.set_geolocation({"longitude": lon + 0.02, "latitude": lat, "accuracy": 10})
        page.reload()
        phone.tab("tasks")
        task.locator("[data-test=answer-precheck_confirm]").click()
        task.locator("[data-test=field-notes]").fill("井盖移位约三十厘米")
        phone.photograph("[data-test=field-task]", picture(3))
        page.locator("[data-test=submit-answer]").click()
        expect(task).to_have_count(0)
        phone.offline(False)
        phone.tab("queue")
        expect(page.locator(ITEM.format("sent"))).to_have_count(1)
        phone.tab("duty")
        expect(page.locator("[data-test=points]")).to_have_count(0)
    (check,) = [task for task in town.seen(case).tasks if task.kind == "precheck"]
    assert (check.state, check.data) == ("confirmed", {"notes": "井盖移位约三十厘米"})
    (item,) = town.rooms.context.evidence.of_case(acceptor, case.case_id)
    assert item.sha256 == hashlib.sha256(picture(3)).hexdigest()
    with town.rooms.store.read() as conn:
        kept = conn.execute(select(patrol_point_table.c.lon).order_by(patrol_point_table.c.at_ms)).scalars().all()
    assert kept == pytest.approx([lon + 0.002 * step for step in range(4)])
    coverage_is_seen(browser, town, {town.rooms.city.locate(lon_kept, lat).grid_code for lon_kept in kept})
    assert town.rooms.context.dispatch.patrol.delete_old(30) == 0
    town.clock.advance(days=31)
    assert town.rooms.context.dispatch.patrol.delete_old(30) == 4


def coverage_is_seen(browser: Browser, town: Town, grids: set[str]) -> None:
    """The dispatcher sees how many grids were walked, once the hour is over; every look is in the audit."""
    town.clock.advance(hours=1)
    page = at_the_desk(browser, town, "dispatcher", "/patrol")
    expect(page.locator("[data-test=coverage]")).to_contain_text(f"走过 {len(grids)} 个网格，共 3,037 个")
    page.context.close()


FILL = """(count) => new Promise((resolve, reject) => {
  const open = indexedDB.open("cityops-field");
  open.onerror = () => reject(open.error);
  open.onsuccess = async () => {
    const transaction = open.result.transaction(["items", "cache"], "readwrite");
    const cache = transaction.objectStore("cache").get("person");
    cache.onsuccess = () => {
      const item = { owner: cache.result.accountId, ownerName: "x", kind: "report", title: "x", createdMs: 0,
        path: "/x", body: {}, about: null, files: [], state: "refused", problem: null, answer: null };
      for (let n = 0; n < count; n += 1) transaction.objectStore("items").add({ ...item, clientId: `full-${n}` });
    };
    transaction.oncomplete = () => resolve(null);
    transaction.onabort = () => reject(transaction.error);
  };
})"""


def test_a_full_queue_takes_nothing_and_says_so(browser: Browser, town: Town) -> None:
    """199 items stand in the queue: one more is taken, the next is refused and stays on the page."""
    with a_phone(browser, town) as phone:
        page = phone.page
        phone.sign_in("collector1")
        phone.ready_for_offline()
        phone.offline(True)
        page.evaluate(FILL, 199)
        phone.report("bllj", "第二百件", picture(1))
        phone.photograph("[data-test=field-report]", picture(2))
        page.locator("[data-test=matter-search]").fill("bllj")
        page.locator("[data-test=matter]").first.click()
        page.locator("[data-test=words]").fill("第二百零一件")
        page.locator("[data-test=submit-report]").click()
        expect(page.locator("[data-test=queue-full]")).to_contain_text("已满 200 条")
        expect(page.locator("[data-test=words]")).to_have_value("第二百零一件")
        expect(page.locator("[data-test=picked]")).to_have_count(1)
        phone.tab("queue")
        expect(page.locator(ITEM.format("queued"))).to_have_count(1)


def desk_sees(browser: Browser, town: Town, case_id: str) -> None:
    """The acceptor opens the case in a browser of the desk: the photo is there, large on a click, with its hash."""
    page = at_the_desk(browser, town, "acceptor", f"/cases/{case_id}")
    page.locator("[data-test=evidence-item]").first.click()
    box = page.locator("[data-test=lightbox]")
    expect(box).to_contain_text(hashlib.sha256(picture(1)).hexdigest())
    shown: Any = box.locator("img").evaluate(
        "(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
    )
    assert shown == [800, 600]
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    page.context.close()


def at_the_desk(browser: Browser, town: Town, username: str, path: str) -> Page:
    """A browser of the desk, signed in, on a page."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{town.address}{path}")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("口令").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("/sign-in"))
    return page


def test_the_desk_adds_a_pair_and_sees_what_is_refused(browser: Browser, town: Town) -> None:
    case = town.report("井盖破损")
    page = at_the_desk(browser, town, "acceptor", f"/cases/{case.case_id}")
    beside = at_the_desk(browser, town, "dispatcher", f"/cases/{case.case_id}")
    shown_beside = beside.locator("[data-test=evidence-item]")
    expect(beside.locator("[data-test=evidence-panel]")).to_contain_text("还没有照片或文件")
    panel = page.locator("[data-test=evidence-panel]")
    pick, send = panel.locator("[data-test=pick-photo]"), panel.locator("[data-test=send-evidence]")
    pick.set_input_files(jpeg("前.jpg", picture(1)))
    pick.set_input_files(jpeg("删.jpg", picture(2)))
    panel.get_by_label("移除 删.jpg").click()
    send.click()
    expect(panel.locator("[data-test=evidence-item]")).to_have_count(1)
    panel.get_by_text("处置后", exact=True).first.click()
    pick.set_input_files(jpeg("后.jpg", picture(3)))
    panel.locator("[data-test=pick-file]").set_input_files(
        FilePayload(name="程序.exe", mimeType="application/octet-stream", buffer=b"\x7fELF" + bytes(500))
    )
    send.click()
    expect(panel.locator("[data-state=failed]")).to_contain_text("不接受这种文件")
    expect(panel.locator("[data-test=evidence-item]")).to_have_count(2)
    expect(shown_beside).to_have_count(2)  # nobody has to load the page again
    beside.context.close()
    slider = panel.locator("[data-test=compare]")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_value("100")
    panel.locator("[data-test=evidence-item]").first.click()
    box = page.locator("[data-test=lightbox]")
    expect(box).to_contain_text(hashlib.sha256(picture(1)).hexdigest())
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text(hashlib.sha256(picture(3)).hexdigest())
    names = [item.name for item in town.rooms.context.evidence.of_case(town.person("acceptor"), case.case_id)]
    assert names == ["前.jpg", "后.jpg"]
    page.context.close()
