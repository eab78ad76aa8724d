"""Taking steps of a case by clicking: sign in as somebody, open the case, press the step, fill its form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

PASSWORD = "cityops-demo"
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
BLANK = "about:blank"
CASE_STATE = "[data-test=case-state]"
MAP_READY = "[role=application][aria-busy=false]"
STORED = "local_storage,indexeddb,service_workers,cache_storage"
MOST_WINDOWS = 12
"""How many are kept between stories; each holds some 60 MB."""
Value = str | list[str]
CONFIRMED = ("void",)
"""Steps that ask once more before they are taken."""


class Windows:
    """Browser windows of people, kept from story to story: the first page in a new one costs seconds of a processor.

    What a story leaves behind is taken out of them, all but the session and the files of the interface.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._address = ""
        self._kept: dict[tuple[str, bool], Page] = {}
        self.errors: list[str] = []

    def serve(self, address: str) -> None:
        """From now on the stories are those of the server at this address; the sessions of another one are over."""
        if address != self._address:
            self.close()
        self._address = address
        self.errors.clear()

    def open(self, username: str, *, phone: bool, at: str) -> Page:
        """This person's window on the page ``at``, signed in."""
        page = self._kept.pop((username, phone), None) or self._made(username, phone=phone)
        self._kept[username, phone] = page
        page.goto(f"{self._address}{at}")
        if page.request.get(f"{self._address}/api/session", max_retries=2).json() is None:
            page.get_by_label("用户名").fill(username)
            page.get_by_label("口令").fill(PASSWORD)
            page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url and urlsplit(url).path != "/")
        return page

    def _made(self, username: str, *, phone: bool) -> Page:
        size = PHONE if phone else DESK
        context = self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=phone,
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(f"{username}: {error}"))
        return page

    def leave(self) -> None:
        """A story is over: nothing goes on in its windows, and nothing that it stored in them is there for the next."""
        for page in self._kept.values():
            if page.url == BLANK:
                continue
            page.context.set_offline(False)
            page.evaluate("sessionStorage.clear()")
            page.goto(BLANK)
            tools = page.context.new_cdp_session(page)
            tools.send("Storage.clearDataForOrigin", {"origin": self._address, "storageTypes": STORED})
            tools.detach()
        while len(self._kept) > MOST_WINDOWS:
            self._kept.pop(next(iter(self._kept))).context.close()

    def close(self) -> None:
        for page in self._kept.values():
            page.context.close()
        self._kept.clear()


class Actors:
    """One window for each person, signed in when first needed. An error that a page throws fails the story."""

    def __init__(self, windows: Windows, address: str, version_of: Callable[[str], int]) -> None:
        self._windows = windows
        self._address = address
        self._version_of = version_of
        self._pages: dict[str, Page] = {}

    def page(self, username: str, *, phone: bool = False, at: str = "/") -> Page:
        """This person's window, opened on the page ``at`` when it is first needed, moved there later."""
        if username not in self._pages:
            self._pages[username] = self._windows.open(username, phone=phone, at=at)
        elif at != "/":
            self._pages[username].goto(f"{self._address}{at}")
        return self._pages[username]

    def open_case(self, username: str, case_id: str, *, phone: bool = False) -> Page:
        """This person's window on the case as it is now; a window that shows it already is told of the change live."""
        page = self._pages.get(username)
        if page is None or case_id not in page.url or not page.locator(CASE_STATE).first.is_visible():
            page = self.page(username, phone=phone, at=f"/cases/{case_id}")
        expect(page.locator(CASE_STATE).first).to_have_attribute("data-version", str(self._version_of(case_id)))
        return page

    def take(
        self,
        username: str,
        case_id: str,
        action: str,
        reason: str | None = None,
        *,
        phone: bool = False,
        **form: Value,
    ) -> Page:
        """Press the step on the case's page, fill the form, confirm; returns when the server has taken it."""
        page = self.open_case(username, case_id, phone=phone)
        before = self._version_of(case_id)
        press(page, action, reason, **form)
        expect(page.locator(CASE_STATE).first).not_to_have_attribute("data-version", str(before))
        return page


@contextmanager
def acting(windows: Windows, address: str, version_of: Callable[[str], int]) -> Iterator[Actors]:
    """People at their windows, until the block ends; ``version_of``: the version of a case in the store."""
    windows.serve(address)
    try:
        yield Actors(windows, address, version_of)
    finally:
        windows.leave()
    assert windows.errors == []


def case_is(page: Page, state: str) -> None:
    """The case that is open here comes to this state."""
    expect(page.locator(CASE_STATE).first).to_have_attribute("data-state", state)


def press(where: Page | Locator, action: str, reason: str | None = None, **form: Value) -> None:
    """Take a step where it is offered, once, on the open page or in a part of it: its form, its confirmation."""
    page = where if isinstance(where, Page) else where.page
    where.locator(f"[data-test=action-{action}]").click()
    for name, value in form.items():
        fill(page, f"{action}-{name}", value)
    if reason is not None:
        page.locator(f"#{action}-reason, #{action}-comment").first.fill(reason)
    submit = page.locator("[data-test=submit-action]")
    if form or reason is not None:
        submit.click()
    if action in CONFIRMED:
        page.locator(".el-message-box__btns button").last.click()
    expect(page.locator(".el-message--success").last).to_be_visible()
    expect(page.locator(f"form [id^={action}-]")).to_have_count(0)


def fill(page: Page, field: str, value: Value) -> None:
    """One field of a form: words are typed, what is named is picked from the list."""
    picks = page.locator(f"[aria-labelledby={field}-label]")
    box = page.locator(f"#{field}")
    expect(picks.or_(box).first).to_be_visible()
    if picks.count():
        for words in [value] if isinstance(value, str) else value:
            pick(page, field, picks, words)
        return
    assert isinstance(value, str)
    box.fill(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", value):
        box.press("Enter")


def pick(page: Page, field: str, picks: Locator, words: str) -> None:
    """Choose the entry that holds the words; a long list is searched first."""
    search = page.locator(f"[data-test={field}-search] input, input[data-test={field}-search]")
    entry = picks.locator("label").filter(has_text=words).first
    if search.count() and not entry.is_visible():
        search.first.fill(words)
    entry.click()
    expect(picks.locator("label.chosen").filter(has_text=words).first).to_be_visible()


def tap_map(box: Locator, x: int, y: int, answer: Locator) -> None:
    """Tap a map, which takes taps only when its style has come, after the page: until then it says that it is busy."""
    expect(box.locator(MAP_READY)).to_be_visible()
    box.click(position={"x": x, "y": y})
    expect(answer).to_be_visible()
