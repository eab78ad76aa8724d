"""A city changes a limit: tried on the last 90 days, published, in force for new cases only, rolled back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town

from cityops.cases import CaseDetailView

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(240)]

ACCEPT = "workflows.urban_case.tasks.accept_desk.limit.amount"
HOUR = timedelta(hours=1)


@pytest.fixture
def trying(town: Town) -> Iterator[None]:
    """The thread that does trials, as ``cityops serve`` has it."""
    stop = threading.Event()
    thread = threading.Thread(target=town.rooms.context.trials.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()


def allowed(town: Town, case: CaseDetailView) -> timedelta:
    """How long the acceptor has for a case."""
    seen = town.seen(case)
    (task,) = [one for one in seen.tasks if one.kind == "accept_desk"]
    assert task.deadline is not None
    return task.deadline.due_at - seen.opened_at


def type_value(page: Page, value: str) -> None:
    page.locator("[data-search] input, input[data-search]").first.fill(ACCEPT)
    field = page.get_by_role("textbox", name="新值：城市管理案件 · 任务 · 受理立案 · 时限 · 数值")
    field.fill(value)
    field.press("Tab")


def test_a_limit_is_tried_published_and_rolled_back(town: Town, people: Actors, trying: None) -> None:
    old = town.report("旧案")
    town.clock.advance(minutes=90)
    town.act("acceptor", old, "void", "重复", answer="已处理")  # half an hour late by the limit of an hour
    running = town.report("还在办理")
    page = people.page("admin", at="/scenes")
    page.get_by_role("link", name="城市管理", exact=True).click()
    expect(page.locator("[data-test=in-force]")).to_have_text("内置配置")

    type_value(page, "0")
    page.locator("[data-test=check-overlay]").click()
    expect(page.locator(".fault").first).to_be_visible()
    expect(page.locator("[data-test=publish-overlay]")).to_have_count(0)
    type_value(page, "2")
    page.locator("[data-test=check-overlay]").click()
    expect(page.locator("[data-test=overlay-actions] [data-test=changes]")).to_contain_text("1 → 2")
    page.locator("[data-test=overlay-note]").fill("放宽受理时限")
    expect(page.locator("[data-test=publish-overlay]")).to_be_disabled()  # neither tried nor a reason given

    page.locator("[data-test=try-overlay]").click()
    found = page.locator("[data-test=overlay-actions] [data-test=limit-trial]")
    expect(found).to_contain_text("1个紧急工作时 → 2个紧急工作时")
    expect(found).to_contain_text(old.number)
    expect(page.locator("[data-test=untried-reason]")).to_have_count(0)
    page.locator("[data-test=publish-overlay]").click()
    expect(page.locator("[data-test=in-force]")).to_have_text("第 1 版")

    new = town.report("新案")
    assert (allowed(town, new), allowed(town, running)) == (2 * HOUR, HOUR)

    page.locator("[data-test=compare-built-in]").click()
    expect(page.locator("[data-test=overlay-versions] [data-test=changes]")).to_contain_text("1 → 2")
    page.locator("[data-test=roll-back-note]").fill("恢复原时限")
    page.locator("[data-test=roll-back]").click()
    expect(page.locator("[data-test=in-force]")).to_have_text("第 2 版")
    assert allowed(town, town.report("又一案")) == HOUR
    assert allowed(town, new) == 2 * HOUR


def test_who_only_reads_sees_values_and_versions_and_no_input(town: Town, people: Actors) -> None:
    page = people.page("dispatcher", at="/scenes/key_vehicles?kind=threshold")
    expect(page.locator("[data-leaf='detectors.overspeed.opens_case_at']")).to_be_visible()
    expect(page.get_by_role("textbox", name="新值")).to_have_count(0)
