"""The ranking on a road whose times are known: one minute and one kilometre an edge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cityops.cases import Cases, Step
from cityops.dispatch import Dispatch, Motion, RankingRules, Target, exits_ahead
from cityops.kit import IdMaker, InvalidError, ManualClock, NotFoundError, Text
from cityops.places import City, Exit
from cityops.store import Store

from .conftest import DISPATCHER, LAT, add_crew, lon_of, open_case

HALF_EDGE_S = 26.4
"""0.005 degrees of longitude at 37.7 degrees north are 441 m: 26.4 s at 60 km/h."""


def eastbound(clock: ManualClock, node: float = 0.5, speed_kmh: float = 60.0, age_s: float = 0) -> Motion:
    return Motion(lon_of(node), LAT, 90.0, speed_kmh, clock.now_ms() - round(age_s * 1000))


def test_the_nearest_by_road_comes_first_with_the_reason(dispatch: Dispatch, cases: Cases, clock: ManualClock) -> None:
    far, near = add_crew(dispatch, "far", node=5), add_crew(dispatch, "near", node=2)
    clock.advance(3 * 3600)
    for member, node in ((far, 5), (near, 2)):
        dispatch.crews.report_position(member, str(member.crew_id), lon_of(node), LAT)
    found = dispatch.recommend_case(DISPATCHER, open_case(cases))
    assert [(item.crew.name, item.travel_time_s, item.distance_m) for item in found.items] == [
        ("near", 120.0, 2000.0),
        ("far", 300.0, 5000.0),
    ]
    assert found.items[0].reason == Text(
        "2.0 公里，2 分钟，已在岗 3 小时，片区仍有覆盖", "2.0 km, 2 min, on shift 3 h, stays covered"
    )
    assert [lon for lon, _ in found.items[0].route] == pytest.approx([lon_of(2), lon_of(1), lon_of(0)])
    assert found.unable == []


def test_a_closure_applies_at_once(dispatch: Dispatch, cases: Cases) -> None:
    add_crew(dispatch, "east", node=2)
    case_id = open_case(cases)
    closure = dispatch.closures.create(DISPATCHER, lon_of(0.5), LAT, "路灯更换")
    assert closure.road_name == "太榆路"
    blocked = dispatch.recommend_case(DISPATCHER, case_id)
    assert blocked.items == []
    assert blocked.unable[0]["code"] == "out_of_reach"
    dispatch.closures.end(DISPATCHER, closure.closure_id)
    assert dispatch.recommend_case(DISPATCHER, case_id).items[0].travel_time_s == 120.0


def test_busy_off_duty_and_unable_crews_are_left_out_with_the_reason(dispatch: Dispatch, cases: Cases) -> None:
    busy = add_crew(dispatch, "busy", node=1)
    off = add_crew(dispatch, "off", node=1)
    add_crew(dispatch, "tow", node=1, can=("tow",))
    add_crew(dispatch, "free", node=4)
    dispatch.crews.end_shift(off, str(off.crew_id))
    first = open_case(cases)
    cases.act(DISPATCHER, first, "dispatch", Step(1, None, {"crew": busy.crew_id}))
    found = dispatch.recommend_case(DISPATCHER, open_case(cases))
    assert [item.crew.name for item in found.items] == ["free"]
    assert {entry["name"]: (entry["code"], entry["reason"]["en"]) for entry in found.unable} == {
        "busy": ("busy", f"busy with case {cases.get(DISPATCHER, first).number}"),
        "off": ("off_duty", "off duty"),
        "tow": ("capability", "lacks the capability traffic_stop"),
    }


def test_a_tired_crew_ranks_lower_and_a_spent_one_is_unable(
    sqlite_store: Store, clock: ManualClock, ids: IdMaker, city: City, cases: Cases
) -> None:
    dispatch = Dispatch(sqlite_store, clock, ids, city, cases, RankingRules(unable_after_s=10 * 3600))
    tired = add_crew(dispatch, "tired", node=1)
    clock.advance(8 * 3600)
    rested = add_crew(dispatch, "rested", node=9)
    target = Target(lon_of(0), LAT, "traffic_stop")

    def names() -> list[str]:
        return [item.crew.name for item in dispatch.recommend(DISPATCHER, target).items]

    assert names() == ["tired", "rested"]  # 1 min against 9 min; at exactly 8 h not yet tired
    clock.advance(1)
    dispatch.crews.report_position(tired, str(tired.crew_id), lon_of(1), LAT)
    assert names() == ["rested", "tired"]  # 1 min plus 10 min penalty against 9 min
    assert "(tired)" in dispatch.recommend(DISPATCHER, target).items[1].reason.en
    clock.advance(2 * 3600)
    for member, node in ((tired, 1), (rested, 9)):
        dispatch.crews.report_position(member, str(member.crew_id), lon_of(node), LAT)
    found = dispatch.recommend(DISPATCHER, target)
    assert [item.crew.name for item in found.items] == ["rested"]
    assert found.unable[0]["code"] == "fatigue"


def test_coverage_is_kept_when_it_costs_little_time(
    sqlite_store: Store, clock: ManualClock, ids: IdMaker, city: City, cases: Cases
) -> None:
    dispatch = Dispatch(sqlite_store, clock, ids, city, cases, RankingRules(coverage_s=240, uncovered_penalty_s=270))
    # Base of "guard" is node 0: the others are 7 and 9 minutes away, so it would be left alone.
    add_crew(dispatch, "guard", node=4, base=0)
    add_crew(dispatch, "pair1", node=7)
    add_crew(dispatch, "pair2", node=9)
    found = dispatch.recommend(DISPATCHER, Target(lon_of(4), LAT)).items
    assert [(item.crew.name, item.stays_covered, item.travel_time_s) for item in found] == [
        ("pair1", True, 180.0),
        ("guard", False, 0.0),
        ("pair2", True, 300.0),
    ]
    assert found[1].reason.zh.endswith("片区将无人覆盖")


def test_a_moving_truck_is_met_at_the_first_exit_a_crew_reaches_before_it(
    dispatch: Dispatch, cases: Cases, clock: ManualClock
) -> None:
    add_crew(dispatch, "at4", node=4)  # 60 s to exit 3; the truck needs 26.4 + 120 s
    add_crew(dispatch, "at8", node=8)  # too far from exit 3; 120 s to exit 6, the truck 26.4 + 300 s
    add_crew(dispatch, "behind", node=0)  # drives after the truck: 540 s to exit 9, the truck 26.4 + 480 s
    found = dispatch.recommend_case(DISPATCHER, open_case(cases), eastbound(clock)).items
    assert [(item.crew.name, item.meet_name) for item in found] == [
        ("at4", "三号出口"),
        ("at8", "六号出口"),
        ("behind", "九号出口"),
    ]
    assert [item.vehicle_eta_s for item in found] == pytest.approx(
        [HALF_EDGE_S + 120, HALF_EDGE_S + 300, HALF_EDGE_S + 480], abs=0.5
    )
    assert [item.margin_s for item in found] == pytest.approx(
        [HALF_EDGE_S + 60, HALF_EDGE_S + 180, HALF_EDGE_S - 60], abs=0.5
    )
    assert found[0].reason.en == "1.0 km, 1 min, on shift 1 min, stays covered, at 三号出口 1 min before the vehicle"
    assert found[2].reason.zh.endswith("比车辆晚 1 分钟到达九号出口")
    assert found[0].meet.lon == pytest.approx(lon_of(3))
    assert found[0].meet.road_name == "太榆路"


def test_only_exits_ahead_count(city: City, clock: ManualClock) -> None:
    def exits(motion: Motion) -> list[str | None]:
        return [meeting.name for meeting in exits_ahead(city.network, motion, clock.now_ms())]

    assert exits(eastbound(clock, 4.5)) == ["六号出口", "九号出口"]
    assert exits(Motion(lon_of(4.5), LAT, 270.0, 60, clock.now_ms())) == ["三号出口"]
    assert exits(eastbound(clock, 4.5, speed_kmh=4.9)) == []


def test_of_an_exit_with_two_carriageways_the_one_reached_first_counts(city: City, clock: ManualClock) -> None:
    both = replace(city.network, exits=[Exit(4, "四号出口"), Exit(3, "四号出口"), Exit(6, "六号出口")])
    found = exits_ahead(both, eastbound(clock), clock.now_ms())
    assert [(meeting.name, meeting.node) for meeting in found] == [("四号出口", 3), ("六号出口", 6)]


def test_an_old_position_has_driven_on(city: City, clock: ManualClock) -> None:
    (first, *_) = exits_ahead(city.network, eastbound(clock, age_s=100), clock.now_ms())
    assert first.vehicle_eta_s == pytest.approx(HALF_EDGE_S + 120 - 100, abs=0.5)
    passed = exits_ahead(city.network, eastbound(clock, age_s=200), clock.now_ms())
    assert [meeting.name for meeting in passed] == ["六号出口", "九号出口"]


def test_a_speeding_truck_arrives_sooner(city: City, clock: ManualClock) -> None:
    (first, *_) = exits_ahead(city.network, eastbound(clock, speed_kmh=120), clock.now_ms())
    assert first.vehicle_eta_s == pytest.approx((HALF_EDGE_S + 120) / 2, abs=0.5)


def test_without_an_exit_ahead_the_crew_goes_to_where_the_truck_is(
    dispatch: Dispatch, cases: Cases, clock: ManualClock
) -> None:
    add_crew(dispatch, "a", node=0)
    westward = Motion(lon_of(2), LAT, 270.0, 60, clock.now_ms())
    (item,) = dispatch.recommend_case(DISPATCHER, open_case(cases), westward).items
    assert (item.meet_name, item.vehicle_eta_s, item.travel_time_s) == (None, None, 120.0)


def test_a_position_older_than_half_an_hour_is_not_believed(dispatch: Dispatch, clock: ManualClock) -> None:
    add_crew(dispatch, "a", node=1, base=9)
    target = Target(lon_of(0), LAT)
    clock.advance(1800)
    assert dispatch.recommend(DISPATCHER, target).items[0].travel_time_s == 60.0
    clock.advance(1)
    assert dispatch.recommend(DISPATCHER, target).items[0].travel_time_s == 540.0


def test_a_case_without_a_place_and_a_case_out_of_scope(dispatch: Dispatch, cases: Cases) -> None:
    from cityops.cases import NewCase

    new = NewCase(scene="key_vehicles", kind="key_vehicle", title=Text("无位置", "no place"), severity=3)
    case = cases.open(DISPATCHER, new)
    with pytest.raises(InvalidError) as nowhere:
        dispatch.recommend_case(DISPATCHER, case.case_id)
    assert nowhere.value.code == "dispatch.no_place"
    member = add_crew(dispatch, "a", node=1)
    with pytest.raises(NotFoundError):
        dispatch.recommend_case(member, case.case_id)
