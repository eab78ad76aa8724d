"""On a slow network: what was asked for last is what is shown, and a page hears of what changed while it came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.acting import CASE_STATE, Actors, case_is
from tests.browser.town import Town

from cityops.cases.reports import NewReport

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@contextmanager
def on_its_way(page: Page, path: str) -> Iterator[None]:
    """The first request to ``path`` reaches the server only at the end of the block; it is made inside it."""
    held: list[Route] = []
    page.route(path, lambda route: held.append(route), times=1)
    yield
    (one,) = held
    with page.expect_response(path):
        one.continue_()


def test_a_page_hears_of_what_changed_before_its_stream_was_there(town: Town, people: Actors) -> None:
    case = town.report("路灯不亮")
    page = people.page("acceptor", at="/work")
    with on_its_way(page, "**/api/live"):
        page.goto(f"{town.address}/cases/{case.case_id}")
        case_is(page, "reported")
        town.act("acceptor", case, "file", standard="m01001_1")
        expect(page.locator(CASE_STATE).first).to_have_attribute("data-state", "reported")
    case_is(page, "filed")


def test_the_report_that_was_opened_last_stays_open(town: Town, people: Actors) -> None:
    context = town.rooms.context
    service = context.reports.services()[0]
    place = town.rooms.city.find("太榆路")[0]
    words = ("先打开的一件", "后打开的一件")
    ids = [
        context.reports.submit(NewReport(service.code, "portal", one, place.lon, place.lat)).report_id for one in words
    ]
    page = people.page("acceptor", at="/desk?tab=inbox")
    waiting = page.locator("[data-test=public-report]")
    with on_its_way(page, f"**/api/reports/{ids[0]}"):
        waiting.filter(has_text=words[0]).click()
        waiting.filter(has_text=words[1]).click()
        expect(page.locator("#report-words")).to_have_value(words[1])
    page.wait_for_timeout(500)  # the answer that came late changes nothing
    expect(page.locator("#report-words")).to_have_value(words[1])
