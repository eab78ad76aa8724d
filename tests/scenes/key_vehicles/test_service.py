"""From alerts to cases on a real store: what opens, who is told, what follows, and that nothing is doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update
from tests.scenes.rooms import scene_context
from tests.together import at_once

from cityops.access import SYSTEM, Principal, Role
from cityops.cases import CaseFilter, Step, notice_table
from cityops.kit import ConflictError, ForbiddenError, ManualClock, NotFoundError
from cityops.places import City
from cityops.scenes import DEMO_PASSWORD, Scene, SceneContext, load_scenes, seed_city
from cityops.scenes.key_vehicles import demo_fleet
from cityops.store import Deliveries, Store, emit, metadata

DISPATCHER = Principal("A-D", "dispatcher", "派遣员", Role.DISPATCHER)
ACCEPTOR = Principal("A-A", "acceptor", "受理员", Role.ACCEPTOR)


@pytest.fixture
def scene() -> Scene:
    return load_scenes()["key_vehicles"]


@pytest.fixture
def context(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> SceneContext:
    return scene_context(sqlite_store, clock, city, tmp_path)


@pytest.fixture
def either(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> SceneContext:
    """On both databases."""
    return scene_context(store, clock, city, tmp_path)


def add_alert(context: SceneContext, alert_id: str, *, unit_id: str | None = None, **more: object) -> None:
    """An alert as the detection room writes it, with its event."""
    now_ms = context.clock.now_ms()
    row = {
        "id": alert_id,
        "identity": alert_id,
        "scene": "key_vehicles",
        "detector": "continuous_driving",
        "detector_version": 1,
        "device": 1,
        "vehicle_id": "V1",
        "plate": "晋A12345",
        "unit_id": unit_id,
        "area_code": "140105",
        "severity": 3,
        "state": "active",
        "title_zh": "连续驾驶超时",
        "title_en": "Driving too long",
        "summary_zh": "连续驾驶 4 小时 1 分",
        "summary_en": "4 h 1 min at the wheel",
        "started_ms": now_ms,
        "last_ms": now_ms,
        "raised_ms": now_ms,
        "lon": 112.65,
        "lat": 37.70,
        "place": {"district_code": "140105", "district_name": "小店区", "road_name": "唐槐路"},
        "evidence": {},
        "rule": "62(7)",
        "version": 1,
    }
    context.store.write(lambda conn: conn.execute(insert(metadata.tables["alert"]).values(**{**row, **more})))
    tell(context, "alert.raised", alert_id)


def tell(context: SceneContext, topic: str, alert_id: str, **values: object) -> None:
    """Change the alert's row and emit the event, in one transaction."""
    alert = metadata.tables["alert"]

    def work(conn: object) -> None:
        if values:
            conn.execute(update(alert).where(alert.c.id == alert_id).values(**values))  # type: ignore[attr-defined]
        emit(conn, topic, alert_id, {"alert_id": alert_id})  # type: ignore[arg-type]

    context.store.write(work)


def deliver(context: SceneContext, scene: Scene) -> int:
    return sum(Deliveries(context.store, [subscriber]).round() for subscriber in scene.subscribers(context))


def test_a_serious_alert_opens_a_case_and_tells_enterprise_and_police_at_once(
    either: SceneContext, scene: Scene, store: Store
) -> None:
    scene.demo(either)
    unit = either.units.find("ENT-1")
    assert unit is not None
    add_alert(either, "ALERT1", unit_id=unit.id)
    deliver(either, scene)
    (case,) = either.cases.list(DISPATCHER).items
    assert (case.number[:3], case.title, case.severity, case.alert_id) == (
        "KV-",
        ("晋A12345 连续驾驶超时", "晋A12345: Driving too long"),
        "serious",
        "ALERT1",
    )
    with store.read() as conn:
        notices = conn.execute(select(notice_table).order_by(notice_table.c.id)).mappings().all()
    assert [(n["unit_name"], n["sent_ms"]) for n in notices] == [
        ("晋安物流（演示）", either.clock.now_ms()),
        ("交警支队十一大队（演示）", either.clock.now_ms()),
    ]
    assert notices[1]["body_zh"] == f"案件 {case.number}：连续驾驶 4 小时 1 分。位置：小店区唐槐路。请研判并派遣。"
    detail = either.cases.get(DISPATCHER, case.case_id)
    (rectification,) = [task for task in detail.tasks if task.kind == "rectification"]
    assert rectification.deadline is not None
    # Sunday 2026-11-22 plus two working days: Tuesday, end of working hours.
    assert rectification.deadline.due_at.isoformat() == "2026-11-24T18:00:00+08:00"
    assert either.alerts.get(DISPATCHER, "ALERT1").case_id == case.case_id


def test_events_again_and_updates_open_nothing_twice(context: SceneContext, scene: Scene) -> None:
    add_alert(context, "ALERT1")
    tell(context, "alert.updated", "ALERT1")
    tell(context, "alert.raised", "ALERT1")
    deliver(context, scene)
    deliver(context, scene)
    page = context.cases.list(DISPATCHER)
    assert page.page.total == 1
    assert [step.action for step in context.cases.get(DISPATCHER, page.items[0].case_id).timeline] == ["open"]


@pytest.mark.parametrize(
    ("detector", "severity", "opens"),
    [
        ("continuous_driving", 2, False),
        ("continuous_driving", 3, True),
        ("day_driving_total", 3, True),
        ("overspeed", 3, False),
        ("overspeed", 4, True),
        ("no_data", 4, False),
        ("unknown", 4, False),
    ],
)
def test_which_alert_opens_a_case(
    context: SceneContext, scene: Scene, detector: str, severity: int, opens: bool
) -> None:
    add_alert(context, "ALERT1", detector=detector, severity=severity)
    deliver(context, scene)
    assert context.cases.list(DISPATCHER).page.total == int(opens)


def test_a_case_opens_when_the_alert_becomes_grave_enough(context: SceneContext, scene: Scene) -> None:
    add_alert(context, "ALERT1", severity=1)
    deliver(context, scene)
    assert context.cases.list(DISPATCHER).page.total == 0
    tell(context, "alert.updated", "ALERT1", severity=3)
    deliver(context, scene)
    (case,) = context.cases.list(DISPATCHER).items
    tell(context, "alert.updated", "ALERT1", severity=4, lon=112.7, lat=37.8, area_code="140106")
    deliver(context, scene)
    detail = context.cases.get(DISPATCHER, case.case_id)
    assert detail.severity == "critical"
    assert detail.place is not None
    assert (detail.place.lon, detail.place.lat) == (112.7, 37.8)
    assert [step.action for step in detail.timeline] == ["open", "alert.graver"]


def test_a_withdrawn_alert_is_noted_and_a_person_decides(either: SceneContext, scene: Scene) -> None:
    add_alert(either, "ALERT1")
    deliver(either, scene)
    tell(either, "alert.withdrawn", "ALERT1", state="withdrawn")
    deliver(either, scene)
    (case,) = either.cases.list(DISPATCHER).items
    detail = either.cases.get(DISPATCHER, case.case_id)
    assert (detail.state, [step.action for step in detail.timeline]) == ("filed", ["open", "alert.withdrawn"])
    tell(either, "alert.raised", "ALERT1", state="active")
    deliver(either, scene)
    detail = either.cases.get(DISPATCHER, case.case_id)
    assert [step.action for step in detail.timeline] == ["open", "alert.withdrawn", "alert.raised"]
    voided = either.cases.act(DISPATCHER, case.case_id, "void", Step(detail.version, None, {}, "误报"))
    assert voided.state == "void"
    tell(either, "alert.updated", "ALERT1", severity=4, lon=112.9)
    deliver(either, scene)
    after = either.cases.get(DISPATCHER, case.case_id)
    assert (after.state, after.severity) == ("void", "serious")


def test_an_alert_withdrawn_before_it_was_heard_of_opens_nothing(context: SceneContext, scene: Scene) -> None:
    add_alert(context, "ALERT1", state="withdrawn")
    deliver(context, scene)
    assert context.cases.list(DISPATCHER).page.total == 0


def test_a_person_opens_a_case_from_a_lesser_alert(context: SceneContext, scene: Scene) -> None:
    add_alert(context, "ALERT1", severity=2)

    def open_it(who: Principal, alert_id: str) -> str:
        return context.store.write(lambda conn: scene.open_from_alert(conn, context, who, alert_id, "夜间重点路段"))

    with pytest.raises(ForbiddenError):
        open_it(Principal("A-C", "c", "c", Role.ENTERPRISE, unit_id="U"), "ALERT1")
    with pytest.raises(NotFoundError):
        open_it(ACCEPTOR, "ALERT9")
    with pytest.raises(NotFoundError):
        open_it(Principal("A-X", "x", "x", Role.ACCEPTOR, area_codes=("140106",)), "ALERT1")
    case_id = open_it(ACCEPTOR, "ALERT1")
    assert open_it(DISPATCHER, "ALERT1") == case_id
    detail = context.cases.get(ACCEPTOR, case_id)
    assert (detail.timeline[0].actor, detail.timeline[0].comment) == ("受理员", "夜间重点路段")
    deliver(context, scene)
    assert context.cases.list(DISPATCHER).page.total == 1
    add_alert(context, "ALERT2", state="withdrawn")
    with pytest.raises(ConflictError):
        open_it(ACCEPTOR, "ALERT2")


def test_two_alerts_on_one_truck_are_proposed_as_one_case_and_a_person_merges_them(
    either: SceneContext, scene: Scene, clock: ManualClock
) -> None:
    """Within the rule's window (72 h where the city has set none), on the same vehicle, wherever it is by then."""
    add_alert(either, "ALERT1")
    add_alert(either, "OTHER", vehicle_id="V2", plate="晋A54321")
    deliver(either, scene)
    clock.advance(72 * 3600)
    add_alert(either, "ALERT2", detector="day_driving_total", lon=112.50, lat=37.95)
    deliver(either, scene)
    clock.advance(1)
    add_alert(either, "ALERT3")
    deliver(either, scene)
    case_of = {case.alert_id: case.case_id for case in either.cases.list(DISPATCHER).items}
    first, second, third = (case_of[alert] for alert in ("ALERT1", "ALERT2", "ALERT3"))

    proposed = either.intake.duplicates_of(ACCEPTOR, second)
    assert [(one.case_id, one.age_s) for one in proposed] == [(third, -1), (first, 72 * 3600)]
    assert [one.case_id for one in either.intake.duplicates_of(ACCEPTOR, first)] == [second]
    with pytest.raises(ForbiddenError):
        either.intake.duplicates_of(Principal("A-C", "c", "c", Role.ENTERPRISE, unit_id="U"), second)
    with pytest.raises(NotFoundError):
        either.intake.duplicates_of(Principal("A-X", "x", "x", Role.ACCEPTOR, area_codes=("140106",)), second)

    offered = either.cases.choices(DISPATCHER, second, "merge", field="into")
    assert {choice.value for choice in offered.items[:2]} == {first, third}
    version = either.cases.get(DISPATCHER, second).version
    merged = either.cases.act(DISPATCHER, second, "merge", Step(version, None, {"into": first}, None))
    assert (merged.state, {task.state for task in merged.tasks}) == ("merged", {"cancelled"})
    assert [(one.relation, one.case_id) for one in merged.relations] == [("merged_into", first)]
    kept = either.cases.get(DISPATCHER, first)
    assert (kept.state, kept.timeline[-1].action) == ("filed", "merged_here")
    assert [one.case_id for one in either.intake.duplicates_of(ACCEPTOR, third)] == []


def test_the_demo_is_complete_and_doing_it_again_changes_nothing(context: SceneContext, scene: Scene) -> None:
    scene.demo(context)

    def counted() -> dict[str, int]:
        tables = ("unit", "account", "crew", "crew_state", "device", "register_object", "yearly_rate", "audit")
        with context.store.read() as conn:
            return {
                name: conn.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()
                for name in tables
            }

    first = counted()
    assert {name: first[name] for name in ("crew", "device", "register_object", "yearly_rate")} == {
        "crew": 8,
        "device": 12,
        "register_object": 12,
        "yearly_rate": 36,
    }
    scene.demo(context)
    assert counted() == first
    assert {account.username for account in scene.demo_accounts()} == {
        *(f"crew{number}" for number in range(1, 9)),
        *(f"enterprise{number}" for number in range(1, 7)),
    }


def test_the_demo_years_fall_by_27_61_percent_a_year(context: SceneContext, scene: Scene) -> None:
    scene.demo(context)
    found = context.analysis.rates(DISPATCHER)
    assert found.synthetic
    assert found.mean_yearly_change is not None
    assert round(found.mean_yearly_change * 100, 2) == -27.61
    assert [row.year for row in found.overall] == [2020, 2021, 2022, 2023, 2024, 2025]
    assert [round((row.fatigue_change or 0) * 100, 1) for row in found.overall[1:]] == [-27.6] * 5
    assert len(found.items) == 6


def test_every_demo_crew_can_reach_a_truck_on_the_motorway(context: SceneContext, scene: Scene) -> None:
    scene.demo(context)
    for crew in context.dispatch.crews.list(DISPATCHER):
        member = Principal("A-C", "c", "c", Role.CREW, unit_id=crew.unit_id, crew_id=crew.crew_id)
        context.dispatch.crews.begin_shift(member, crew.crew_id)
    add_alert(context, "ALERT1")
    deliver(context, scene)
    (case,) = context.cases.list(DISPATCHER, CaseFilter(ended=False)).items
    found = context.dispatch.recommend_case(DISPATCHER, case.case_id)
    assert len(found.items) == 8
    assert found.items[0].crew.name == "唐槐路巡组（演示）"
    assert [item.rank for item in found.items] == list(range(1, 9))
    assert all(item.route for item in found.items)


def test_the_fleet_is_the_same_for_its_seed_and_valid() -> None:
    from cityops.kit import Plate

    fleet = demo_fleet(300)
    assert demo_fleet(300) == fleet
    assert demo_fleet(20) == fleet[:20]
    assert demo_fleet(20, seed=1) != fleet[:20]
    assert len({truck.phone for truck in fleet}) == len({truck.plate for truck in fleet}) == 300
    assert all(Plate.parse(truck.plate).text == truck.plate for truck in fleet)
    assert {truck.protocol_version for truck in fleet} == {2013, 2019}
    assert {truck.plate_color_code for truck in fleet} == {1, 2}
    assert len(demo_fleet(20_000)) == 20_000


def test_demo_passwords_work(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> None:
    from cityops.access import Sessions

    context = scene_context(sqlite_store, clock, city, tmp_path, trucks=1)
    seed_city(context)
    load_scenes()["key_vehicles"].demo(context)
    sessions = Sessions(sqlite_store, clock, context.ids)
    for username in ("dispatcher", "crew8", "enterprise6", "district1"):
        _, principal, _ = sessions.sign_in(username, DEMO_PASSWORD, "127.0.0.1")
        assert principal.username == username
    assert principal.area_codes == ("140105",)
    assert not principal.is_system
    assert SYSTEM.is_system


def test_an_alert_withdrawn_at_this_moment_opens_no_case_by_hand(either: SceneContext, scene: Scene) -> None:
    add_alert(either, "AL-1", severity=1)
    withdrawn = update(metadata.tables["alert"]).values(state="withdrawn")
    (refused,) = at_once(
        either.store,
        lambda: either.store.write(lambda conn: scene.open_from_alert(conn, either, DISPATCHER, "AL-1", None)),
        holding=lambda conn: conn.execute(withdrawn),
    )
    assert isinstance(refused, ConflictError)
    assert refused.code == "alert.withdrawn"
    assert either.cases.list(DISPATCHER).items == []
