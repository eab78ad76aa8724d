"""The learn page's figures from real rows, on both databases, for each who may see them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import insert, select

import cityops.detection  # noqa: F401  (declares the table alert)
from cityops.access import SYSTEM, Principal, Role, UnitKind, Units
from cityops.analysis import Analysis, Measure, MileageKeeper, RateDetectors, YearFigures
from cityops.cases import Cases, NewCase, Step, Workflow
from cityops.dispatch import crew_effects
from cityops.kit import SHANGHAI, ForbiddenError, IdMaker, InvalidError, ManualClock, Text, WorkingCalendar, to_ms
from cityops.observations import VEHICLE_POSITION, DeviceRegister, History, NewDevice
from cityops.store import Store, metadata

from .test_rates import positions

SCENE = Path(__file__).parents[2] / "src/cityops/scenes/key_vehicles/scene.yaml"
ANALYST = Principal("A-N", "analyst", "研判员", Role.ANALYST)
DISPATCHER = Principal("A-D", "dispatcher", "派遣员", Role.DISPATCHER)
MEASURES = (
    Measure("alert_to_case", Text("预警到立案", "Alert to case"), "alert", "open"),
    Measure("case_to_close", Text("立案到结案", "Case to closing"), "open", "close"),
)
DETECTORS = RateDetectors(fatigue=frozenset({"continuous_driving"}), speeding=frozenset({"overspeed"}))


@pytest.fixture
def analysis(store: Store, clock: ManualClock) -> Analysis:
    return Analysis(store, clock, MEASURES, DETECTORS)


@pytest.fixture
def units(store: Store, clock: ManualClock, ids: IdMaker) -> dict[str, str]:
    made = Units(store, clock, ids)
    return {
        name: made.create(SYSTEM, code=name, name=name, kind=UnitKind.ENTERPRISE, area_code=area).id
        for name, area in (("甲物流", "140105"), ("乙物流", "140106"))
    }


@pytest.fixture
def cases(store: Store, clock: ManualClock, ids: IdMaker) -> Cases:
    declared = yaml.safe_load(SCENE.read_text(encoding="utf-8"))["workflows"][0]
    workflows = {("key_vehicles", "key_vehicle"): Workflow.model_validate(declared)}
    return Cases(store, clock, ids, workflows, WorkingCalendar.official(), crew_effects())


def at(hour: int, minute: int = 0, day: int = 22) -> int:
    return to_ms(datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI))


def add_alert(store: Store, alert_id: str, unit_id: str | None, started_ms: int, **more: object) -> None:
    row = {
        "id": alert_id,
        "identity": alert_id,
        "scene": "key_vehicles",
        "detector": "continuous_driving",
        "detector_version": 1,
        "device": 1,
        "unit_id": unit_id,
        "area_code": "140105",
        "severity": 3,
        "state": "active",
        "title_zh": "连续驾驶",
        "title_en": "Continuous driving",
        "summary_zh": "",
        "summary_en": "",
        "started_ms": started_ms,
        "last_ms": started_ms,
        "raised_ms": started_ms,
        "evidence": {},
        "rule": "",
        "version": 1,
    }
    store.write(lambda conn: conn.execute(insert(metadata.tables["alert"]).values(**{**row, **more})))


def test_today_counts_the_alerts_of_the_day_in_shanghai(
    analysis: Analysis, store: Store, units: dict[str, str]
) -> None:
    first, second = units["甲物流"], units["乙物流"]
    add_alert(store, "A1", first, at(0))
    add_alert(store, "A2", first, at(23, 59), detector="overspeed", title_zh="超速", title_en="Speeding", state="ended")
    add_alert(store, "A3", second, at(9, 30), area_code="140106")
    add_alert(store, "A4", None, at(9, 31), state="withdrawn")
    add_alert(store, "A5", first, at(23, 59, day=21))
    add_alert(store, "A6", first, at(0, day=23))
    day = analysis.today(ANALYST)
    assert (day.date, day.alerts_total, day.alerts_active) == ("2026-11-22", 3, 4)
    assert [(share.key, share.title.zh, share.count) for share in day.by_detector] == [
        ("continuous_driving", "连续驾驶", 2),
        ("overspeed", "超速", 1),
    ]
    assert day.by_hour == [1] + [0] * 8 + [1] + [0] * 13 + [1]
    assert [(share.title.zh, share.count) for share in day.by_unit] == [("甲物流", 2), ("乙物流", 1)]
    assert analysis.today(ANALYST, date(2026, 11, 21)).alerts_total == 1
    company = Principal("A-C", "c", "c", Role.ENTERPRISE, unit_id=second)
    assert analysis.today(company).alerts_total == 1
    district = Principal("A-X", "x", "x", Role.DISTRICT, area_codes=("140105",))
    assert analysis.today(district).alerts_total == 2
    with pytest.raises(ForbiddenError):
        analysis.today(Principal("A-W", "w", "w", Role.CREW, crew_id="C"))


def test_today_measures_the_cases(analysis: Analysis, cases: Cases, store: Store, clock: ManualClock) -> None:
    for number, delay_s in enumerate((4, 10)):
        alert_id = f"A{number}"
        add_alert(store, alert_id, None, clock.now_ms())
        clock.advance(delay_s)
        new = NewCase(
            scene="key_vehicles",
            kind="key_vehicle",
            title=Text("连续驾驶", "Continuous driving"),
            severity=3,
            area_code="140105",
            alert_id=alert_id,
        )
        case_id = cases.open(DISPATCHER, new).case_id
    clock.advance(600)
    steps = [("by_phone", {"result": "driver_warned", "spoke_with": "驾驶人"}), ("check_pass", {})]
    for version, (action, form) in enumerate(steps, start=1):
        cases.act(DISPATCHER, case_id, action, Step(version, None, form))
    (task,) = [task for task in cases.get(DISPATCHER, case_id).tasks if task.kind == "rectification"]
    cases.act(DISPATCHER, case_id, "waive_rectification", Step(3, task.task_id, {}, "无企业"))
    cases.act(DISPATCHER, case_id, "close", Step(4))
    day = analysis.today(ANALYST)
    assert (day.cases_open, day.cases_closed, day.on_time_share) == (1, 1, 1.0)
    assert [(m.step, m.count, m.p50_s, m.p90_s) for m in day.response_times] == [
        ("alert_to_case", 2, 7.0, pytest.approx(9.4)),
        ("case_to_close", 1, 600.0, 600.0),
    ]


def test_rates_of_past_years_and_of_the_running_one(analysis: Analysis, store: Store, units: dict[str, str]) -> None:
    first, second = units["甲物流"], units["乙物流"]
    # Together 100 events on 200,000 km in 2023, and half of that per km two years later.
    for unit_id, year, km, fatigue, speeding in (
        (first, 2023, 100_000.0, 30, 20),
        (second, 2023, 100_000.0, 40, 10),
        (first, 2025, 300_000.0, 30, 20),
        (second, 2025, 100_000.0, 40, 10),
    ):
        analysis.record_year(SYSTEM, unit_id, YearFigures(year, km, fatigue, speeding, synthetic=True))
    analysis.record_mileage(date(2026, 11, 20), {first: 9_000.0, second: 500.0})
    analysis.record_mileage(date(2026, 11, 21), {first: 1_000.0})
    analysis.record_mileage(date(2026, 11, 21), {first: 11_000.0})  # done again: replaced
    add_alert(store, "A1", first, at(5))
    add_alert(store, "A2", first, at(6), detector="overspeed")
    add_alert(store, "A3", first, at(7), detector="no_data")
    add_alert(store, "A4", first, at(7), state="withdrawn")
    found = analysis.rates(ANALYST)
    # 5.0 and 2.5 events per 10,000 km, two years apart: the root of one half, 29.29 % less a year.
    assert found.mean_yearly_change == pytest.approx(0.5**0.5 - 1)
    assert found.synthetic
    assert [(row.year, row.vehicle_km, row.fatigue_events) for row in found.overall] == [
        (2023, 200_000.0, 70),
        (2025, 400_000.0, 70),
        (2026, 20_500.0, 1),
    ]
    by_name = {item.unit_name: item for item in found.items}
    running = by_name["甲物流"].years[-1]
    assert (running.year, running.fatigue_rate, running.speeding_rate) == (2026, 0.5, 0.5)
    company = Principal("A-C", "c", "c", Role.ENTERPRISE, unit_id=second)
    assert [item.unit_name for item in analysis.rates(company).items] == ["乙物流"]


def test_only_who_may_stores_a_year_and_none_is_negative(analysis: Analysis, units: dict[str, str]) -> None:
    with pytest.raises(ForbiddenError):
        analysis.record_year(ANALYST, units["甲物流"], YearFigures(2024, 1.0, 0, 0))
    with pytest.raises(InvalidError):
        analysis.record_year(SYSTEM, units["甲物流"], YearFigures(2024, -1.0, 0, 0))
    assert analysis.rates(ANALYST).items == []
    assert analysis.rates(ANALYST).mean_yearly_change is None


def test_the_mileage_of_a_day_comes_from_the_history(
    analysis: Analysis, store: Store, clock: ManualClock, units: dict[str, str], tmp_path: Path
) -> None:
    register = DeviceRegister(store, clock)
    device = register.create(SYSTEM, NewDevice("jt808", "13900000001", unit_id=units["甲物流"]))
    history = History(tmp_path / "history")
    midnight_s = at(0) // 1000
    rows = [(device.id, midnight_s + second, 112.5, 37.8, 100 + second / 60) for second in range(0, 3600, 60)]
    history.write(positions(rows), token="a")
    keeper = MileageKeeper(history, register.all, analysis)
    assert keeper.update(date(2026, 11, 22)) == {units["甲物流"]: pytest.approx(59.0)}
    assert keeper.update(date(2026, 11, 21)) == {}
    assert analysis.rates(ANALYST).items[0].years[0].vehicle_km == pytest.approx(59.0)
    assert VEHICLE_POSITION.key == "device"
    with store.read() as conn:
        assert len(conn.execute(select(metadata.tables["unit_mileage"])).all()) == 1
