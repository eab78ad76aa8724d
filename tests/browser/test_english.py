"""Every page of the rail in English: no Chinese but what the city wrote, no error, nothing only for a mouse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.sync_api import ConsoleMessage, Page, Response, expect
from playwright.sync_api import Error as PlaywrightError
from tests.browser.acting import Actors
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

CHINESE: Final = re.compile("[\u3001-\u3011\u3400-\u9fff\uff01-\uff5e]")
TO_ENGLISH, TO_CHINESE = "切换到英文", "Switch to Chinese"
PATIENCE: Final = 10
DESKS: Final = {
    "dispatcher": "/work",
    "admin": "/accounts",
    "leader": "/tip-offs",
    "enterprise1": "/enterprise",
    "crew1": "/crew",
}
"""Who begins where. Together they see every page; each looks at those that nobody before them could."""

SHOWN: Final = """() => {
  const found = [];
  const put = (element, text) => {
    const own = element.closest("thead, nav, legend") !== null;
    if (text && text.trim() && element.checkVisibility()) found.push([text.trim(), own]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) put(texts.currentNode.parentElement, texts.currentNode.textContent);
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const one of document.querySelectorAll(`[${name}]`)) put(one, one.getAttribute(name));
  for (const one of document.querySelectorAll("input, textarea")) put(one, one.value);
  return found;
}"""
"""Every text on screen or read out, and whether it is in a place where only the interface's own words stand."""

MOUSE_ONLY: Final = """() => {
  const keyboard = "a[href], button, input, select, textarea, summary, label, [tabindex]";
  const hand = (element) => getComputedStyle(element).cursor === "pointer";
  return [...document.querySelectorAll("main *")]
    .filter((one) => one.checkVisibility() && hand(one) && !hand(one.parentElement))
    .filter((one) => !one.closest(".el-input, .el-select, .el-date-editor, .el-switch"))
    .filter((one) => !one.matches(keyboard) && !one.querySelector(keyboard))
    .map((one) => one.outerHTML.slice(0, 120));
}"""
"""What shows a hand to the mouse and is not reached by Tab; Element Plus gives its own fields keys."""


@dataclass
class Heard:
    """What the server said as it stands, without the Chinese half of what it says in two languages; and what failed."""

    data: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("response", self._answer)
        page.on("console", self._line)

    def _line(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.failed.append(f"{message.text} {message.location['url']}")

    def _answer(self, response: Response) -> None:
        if "json" not in response.headers.get("content-type", "") or "/api/map/" in response.url:
            return
        try:
            self._take(response.json())
        except PlaywrightError:
            return  # the page was left before its answer came; were it on screen, it would be found there as untold

    def _take(self, value: Any) -> None:
        if isinstance(value, dict):
            pair = value.keys() == {"zh", "en"} and value["zh"] != value["en"]
            for key, inner in value.items():
                self._take(key)
                if not (pair and key == "zh"):
                    self._take(inner)
        elif isinstance(value, list):
            for inner in value:
                self._take(inner)
        elif isinstance(value, str) and CHINESE.search(value):
            self.data.add(value.strip())

    def untold(self, text: str) -> bool:
        """Whether Chinese is left of a text when all that the server said is taken out of it."""
        if CHINESE.search(text):
            for said in sorted((one for one in self.data if one in text), key=len, reverse=True):
                text = text.replace(said, "")
        return CHINESE.search(text) is not None


def faults(page: Page, heard: Heard) -> list[str]:
    """What is wrong on the page that is open, when all of it has come."""
    expect(page.locator("main").get_by_role("heading").or_(page.locator("main canvas")).first).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)
    found: list[str] = []
    for _ in range(PATIENCE):  # an answer may be on screen before it was heard here
        found = [text for text, own in page.evaluate(SHOWN) if (CHINESE.search(text) if own else heard.untold(text))]
        if not found:
            break
        page.wait_for_timeout(500)
    found += [f"only for the mouse: {one}" for one in page.evaluate(MOUSE_ONLY)] + heard.failed
    heard.failed.clear()
    return [f"{page.url.split('/', 3)[3]}: {one}" for one in found]


def test_every_page_of_the_rail_in_english(town: Town, people: Actors) -> None:
    seen: set[str] = set()
    found: list[str] = []
    for username, home in DESKS.items():
        page = people.page(username, at=home)
        heard = Heard()
        heard.listen(page)
        expect(page.locator(".rail a").first).to_be_visible()
        assert any(heard.untold(text) for text, _ in page.evaluate(SHOWN))  # the measure measures
        page.get_by_role("button", name=TO_ENGLISH).click()
        expect(page.get_by_role("button", name=TO_CHINESE)).to_be_visible()
        page.reload()
        expect(page.locator(".rail a").first).to_be_visible()
        places = [str(one.get_attribute("href")) for one in page.locator(".rail a").all()]
        for path in [one for one in places if one not in seen and one != "/field"]:
            place = page.locator(f".rail a[href='{path}']")
            place.click()
            expect(place).to_have_attribute("aria-current", "page")
            found += faults(page, heard)
            seen.add(path)
        page.get_by_role("button", name=TO_CHINESE).click()
    assert {"/map", "/cases", "/accounts", "/audit", "/tip-offs", "/enterprise", "/crew"} <= seen
    assert found == []
