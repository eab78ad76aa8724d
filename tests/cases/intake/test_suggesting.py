"""What the desk is shown while a report is written."""

from __future__ import annotations

from datetime import datetime

import pytest

from cityops.access import Principal, Role
from cityops.cases.catalogue import NATIONAL, ItemKey, Kind, Route
from cityops.kit import SHANGHAI, ForbiddenError, NotFoundError

from .conftest import LAMP, LAT, LON, NORTH_30_M, REFUSE, Desk

CREW = Principal("A-crew", "crew", "警组", Role.CREW)


def test_a_callers_words_lead_to_matter_place_unit_and_deadline(small_desk: Desk) -> None:
    found = small_desk.intake.suggest(small_desk.acceptor, words="公交站旁有暴露垃圾没人管", lon=LON, lat=LAT)
    assert found.chosen == REFUSE
    best = found.matters[0]
    assert (best.item.name, 0 < best.score <= 1, "垃圾" in best.why.zh) == ("暴露垃圾", True, True)
    assert found.place is not None
    assert (found.place.district_name, found.place.road_name) == ("小店区", "学府街")
    assert found.route is not None
    assert found.route.unit is not None
    assert found.route.unit.unit_name == "环卫中心"
    assert "环卫中心" in found.route.why.zh
    # Four working hours from Sunday 09:00 are Monday 08:00 to 12:00.
    [standard] = found.standards
    assert standard.stages[0].deadline.due == datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)
    assert (
        "周日" in standard.stages[0].deadline.explanation.zh or "11月23日" in standard.stages[0].deadline.explanation.zh
    )


@pytest.mark.parametrize("typed", ["bllj", "baolulaji", "06010", "暴露垃圾"])
def test_pinyin_initials_code_and_name_find_it(small_desk: Desk, typed: str) -> None:
    assert small_desk.intake.suggest(small_desk.collector, words=typed).chosen == REFUSE


def test_a_chosen_matter_is_listed_though_the_words_do_not_find_it(small_desk: Desk) -> None:
    found = small_desk.intake.suggest(small_desk.acceptor, words="暴露垃圾", key=LAMP)
    assert [match.item.key for match in found.matters[:2]] == [LAMP, REFUSE]
    assert found.chosen == LAMP
    again = small_desk.intake.suggest(small_desk.acceptor, words="暴露垃圾", key=REFUSE)
    assert [match.item.key for match in again.matters].count(REFUSE) == 1


def test_words_without_a_place_still_say_who_would_handle_it(small_desk: Desk) -> None:
    found = small_desk.intake.suggest(small_desk.acceptor, words="bllj")
    assert (found.place, found.duplicates) == (None, ())
    assert found.route is not None
    assert found.route.unit is not None


def test_nothing_typed_offers_what_this_person_reported_last(small_desk: Desk) -> None:
    assert small_desk.intake.suggest(small_desk.acceptor, words=" ").matters == ()
    small_desk.hotline()
    small_desk.hotline(key=LAMP)
    found = small_desk.intake.suggest(small_desk.acceptor, words="")
    assert [match.item.key for match in found.matters] == [LAMP, REFUSE]
    assert small_desk.intake.suggest(small_desk.collector, words="").matters == ()


def test_an_open_case_nearby_is_shown_before_filing(small_desk: Desk) -> None:
    filed = small_desk.hotline(lat=LAT + NORTH_30_M)
    small_desk.clock.advance(600)
    [near] = small_desk.intake.suggest(small_desk.collector, words="垃圾", lon=LON, lat=LAT, key=REFUSE).duplicates
    assert (near.case_id, near.number, near.same_matter, near.age_s) == (filed.case_id, filed.number, True, 600)
    assert near.distance_m == pytest.approx(30, abs=0.1)
    assert (near.matter_name, near.address, near.reporters) == ("暴露垃圾", "学府街，公交站东侧", 1)
    assert small_desk.intake.suggest(small_desk.acceptor, words="", lon=LON, lat=LAT, key=LAMP).duplicates == ()


def test_a_unit_that_does_not_exist_is_told_not_suggested(small_desk: Desk) -> None:
    small_desk.route(Route(NATIONAL, "06", "", "", "UM-GONE", ("UM-SANITATION",)))
    route = small_desk.intake.suggest(small_desk.acceptor, words="bllj").route
    assert route is not None
    assert route.unit is None
    assert [unit.unit_name for unit in route.joint] == ["环卫中心"]
    assert "没有单位 UM-GONE" in route.why.zh


def test_without_a_route_the_dispatcher_decides(small_desk: Desk) -> None:
    route = small_desk.intake.suggest(small_desk.acceptor, words="", key=LAMP).route
    assert route is not None
    assert (route.unit, route.joint) == (None, ())
    assert "派遣员决定" in route.why.zh


def test_the_route_by_grid_wins_over_that_of_the_class(small_desk: Desk) -> None:
    place = small_desk.city.locate(LON, LAT)
    own = Route(NATIONAL, "06010", place.grid_code[:12], "", "UM-SANITATION")
    small_desk.route(Route(NATIONAL, "06", "", "", "UM-X"), own)
    decision = small_desk.intake.explain_route(REFUSE, place, "hotline")
    assert (decision.winner, decision.total) == (own, 2)


def test_who_may_not_report_gets_no_suggestions(small_desk: Desk) -> None:
    with pytest.raises(ForbiddenError):
        small_desk.intake.suggest(CREW, words="bllj")
    with pytest.raises(ForbiddenError):
        small_desk.intake.duplicates(CREW, REFUSE, LON, LAT)


def test_an_unknown_matter_is_named(small_desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="99999"):
        small_desk.intake.suggest(small_desk.acceptor, words="", key=ItemKey(NATIONAL, Kind.MATTER, "99999"))
