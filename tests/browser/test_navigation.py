"""The rail shows a scene's page to people of units for whom that scene holds something, and to nobody else of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.acting import Actors
from tests.browser.town import Town, running_town
from tests.scenes.road_excavation.town import STOP as STOPPED

from cityops.scenes.road_excavation.findings import NewFinding, report

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]
SCENE_PAGES = {"/accidents", "/disputes", "/hazard-spots", "/indicators", "/permits", "/winter", "/works"}
SHOWN = {
    "indicators1": {"/indicators"},
    "team2": {"/disputes", "/permits", "/works"},
    "road_inspector": {"/permits"},
    "school1": set(),
    "dispatcher": SCENE_PAGES,
}
"""Scene pages by account. In the demo the inspectors supervise the permits; a team that has no case yet can begin."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of its own: in the others' the team may have a case already."""
    with running_town(tmp_path_factory.mktemp("navigation")) as served:
        yield served


def scene_pages(page: Page) -> set[str]:
    expect(page.locator(".rail a").first).to_be_visible()
    hrefs = {link.get_attribute("href") or "" for link in page.locator(".rail a").all()}
    return hrefs & SCENE_PAGES


def test_people_of_units_are_shown_their_own_scenes(people: Actors, town: Town) -> None:
    assert {who: scene_pages(people.page(who)) for who in SHOWN} == SHOWN
    # The first case that is theirs decides.
    case = report(town.rooms.context, town.person("road_inspector"), NewFinding(112.55, 37.8, "上庄街", "挖了一条沟"))
    town.act("road_inspector", case, "take_on")
    town.act("road_inspector", case, "order_stop", **STOPPED)
    town.act("road_inspector", case, "transfer", team=town.unit("RE-TEAM-2"), opinion="请处罚")
    page = people.page("team2")
    page.reload()
    assert scene_pages(page) == {"/permits"}
    # A link from elsewhere still opens: the page is theirs to read, it is only not their work.
    page = people.page("indicators1")
    page.goto(f"{town.address}/permits")
    expect(page.locator("[data-test=permit-map]")).to_be_visible()
