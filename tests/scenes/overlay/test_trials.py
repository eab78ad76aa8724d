"""A trial says with figures both ways what 90 days would have been; it is a job that waits, ends and is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, insert
from tests.detection.conftest import T0, Fact, make_fast
from tests.detection.conftest import World as Road
from tests.scenes.overlay.conftest import ACCEPT, ACCEPTOR, ADMIN, Centre

from cityops.access import SYSTEM
from cityops.cases import Step
from cityops.cases.catalogue import ItemKey, Kind
from cityops.cases.duplicates import record_matter
from cityops.detection import AnyDetector, Enricher, SpeedLimits, tuned
from cityops.inspections import inspection_item_table, inspection_table
from cityops.kit import BusyError, ConflictError, ForbiddenError, ManualClock, NotFoundError, WorkingCalendar
from cityops.observations import HistoryView
from cityops.registers import ObjectValues
from cityops.scenes.overlay import RuleTrials
from cityops.scenes.overlay.progress import CancelledError, Progress
from cityops.scenes.overlay.results import DetectorTrial, TrialResult
from cityops.scenes.overlay.thresholds import ChangedDetector, Sources, try_detector
from cityops.scenes.overlay.trials import MAX_WAITING, Trials
from cityops.scenes.spec import DetectorSpec
from cityops.store import Store

ACCEPT_ABOUT = "城市管理案件 · 受理立案"


def void_after(centre: Centre, minutes: float) -> str:
    """A case whose first task is over after so many minutes; returns its number."""
    case_id = centre.report()
    centre.clock.advance(60 * minutes)
    seen = centre.cases.get(ACCEPTOR, case_id)
    actions = {one.name: one for one in seen.actions}
    centre.cases.act(
        ACCEPTOR, case_id, "void", Step(seen.version, actions["void"].task_id, {"answer": "已处理"}, "重复")
    )
    return seen.number


def test_a_limit_is_tried_on_the_clocks_of_ninety_days(centre: Centre) -> None:
    void_after(centre, 90)  # filed 91 days before the trial: not counted
    centre.clock.advance(timedelta(days=91).total_seconds())
    void_after(centre, 30)
    late_number = void_after(centre, 90)
    void_after(centre, 150)
    centre.report("还在办理")
    asked = centre.desk().ask_trial(ADMIN, {ACCEPT: "2"}, 0)
    assert (asked.state, asked.result) == ("waiting", None)
    assert centre.trials.step()
    done = centre.trials.get(ADMIN, asked.trial_id)
    assert (done.state, done.done, done.total) == ("done", 4, 4)
    assert done.result is not None
    (found,) = done.result.limits
    # Limits of 1 h and 2 h; over after 30, 90 and 150 min, one still runs since just now.
    assert (found.about.zh, found.before.zh, found.after.zh) == (ACCEPT_ABOUT, "1个紧急工作时", "2个紧急工作时")
    assert (found.clocks, found.running, found.late_before, found.late_after) == (4, 1, 2, 1)
    assert (found.newly_late, found.no_longer_late) == (0, 1)
    assert [(one.number, one.late) for one in found.cases] == [(late_number, False)]
    assert not centre.trials.step()


def test_a_shorter_limit_makes_a_running_case_late(quick_centre: Centre) -> None:
    quick_centre.report()
    quick_centre.clock.advance(45 * 60)
    trial = quick_centre.desk().ask_trial(ADMIN, {ACCEPT: "0.5"}, 0)
    quick_centre.trials.step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    (found,) = result.limits
    assert (found.clocks, found.running, found.late_before, found.late_after, found.newly_late) == (1, 1, 0, 1, 1)


def test_words_are_set_side_by_side_and_what_nobody_can_know_is_said(quick_centre: Centre) -> None:
    title, window = "workflows.urban_case.title.zh", "workflows.urban_case.reopen_window.amount"
    trial = quick_centre.desk().ask_trial(ADMIN, {title: "城管事件", window: "20"}, 0)
    quick_centre.trials.step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    assert [(one.path, one.before, one.after) for one in result.texts] == [(title, "城市管理案件", "城管事件")]
    assert [one.about.zh for one in result.untried] == ["城市管理案件 · 重开期限 · 数值"]


def test_the_queue_is_bounded_and_the_same_values_are_tried_once(quick_centre: Centre) -> None:
    desk = quick_centre.desk()
    first = desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)
    assert desk.ask_trial(ADMIN, {ACCEPT: "2.0"}, 0).trial_id == first.trial_id
    for hours in range(3, MAX_WAITING + 2):
        desk.ask_trial(ADMIN, {ACCEPT: str(hours)}, 0)
    with pytest.raises(BusyError) as refused:
        desk.ask_trial(ADMIN, {ACCEPT: "90"}, 0)
    assert refused.value.code == "trial.busy"
    assert len(quick_centre.trials.list(ADMIN, desk.table)) == MAX_WAITING
    while quick_centre.trials.step():
        pass
    assert {one.state for one in quick_centre.trials.list(ACCEPTOR, desk.table)} == {"done"}
    assert desk.ask_trial(ADMIN, {ACCEPT: "90"}, 0).state == "waiting"
    with pytest.raises(ForbiddenError):
        desk.ask_trial(ACCEPTOR, {ACCEPT: "91"}, 0)


def test_a_trial_can_be_cancelled_while_it_waits_and_while_it_runs(quick_centre: Centre) -> None:
    trials, desk = quick_centre.trials, quick_centre.desk()
    waiting = desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)
    assert trials.cancel(ADMIN, waiting.trial_id).state == "cancelled"
    assert not trials.step()
    with pytest.raises(ConflictError):
        trials.cancel(ADMIN, waiting.trial_id)
    with pytest.raises(NotFoundError):
        trials.cancel(ADMIN, "unknown")

    def slow(subject: str, rows: object, progress: Progress) -> TrialResult:
        trials.cancel(ADMIN, running.trial_id)
        progress.expect(5)
        raise AssertionError("went on after it was cancelled")

    slow_trials = Trials(quick_centre.store, quick_centre.clock, quick_centre.ids, slow)
    running = desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)
    assert slow_trials.step()
    assert trials.get(ADMIN, running.trial_id).state == "cancelled"


def test_a_trial_that_a_crash_broke_off_is_named_and_one_stopped_on_purpose_waits(quick_centre: Centre) -> None:
    trials, desk = quick_centre.trials, quick_centre.desk()
    trial = desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)

    def crash(*_: object) -> TrialResult:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Trials(quick_centre.store, quick_centre.clock, quick_centre.ids, crash).step()
    assert trials.get(ADMIN, trial.trial_id).state == "running"
    trials.recover()
    broken = trials.get(ADMIN, trial.trial_id)
    assert broken.state == "failed"
    assert broken.fault is not None
    assert "重新试算" in broken.fault.zh

    again = desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)
    ending = threading.Event()

    def interrupted(subject: str, rows: object, progress: Progress) -> TrialResult:
        ending.set()
        progress.expect(1)
        raise AssertionError("went on although the product stops")

    stopped = Trials(quick_centre.store, quick_centre.clock, quick_centre.ids, interrupted)
    stopped.run(ending)  # ends after the trial that sets it
    assert trials.get(ADMIN, again.trial_id).state == "waiting"
    assert trials.step()
    assert trials.get(ADMIN, again.trial_id).state == "done"


def test_progress_asks_whether_to_go_on_about_twice_a_second(clock: ManualClock) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < 3

    progress = Progress(clock, tell)
    progress.expect(10)
    progress.advance(1)
    clock.advance(0.5)
    progress.advance(1)
    assert told == [(0, 10), (2, 10)]
    clock.advance(0.5)
    with pytest.raises(CancelledError):
        progress.advance(1)


@pytest.fixture
def road(tmp_path: Path, sqlite_store: Store, clock: ManualClock) -> Iterator[Road]:
    made = Road(tmp_path, sqlite_store, clock, devices=12)
    yield made
    made.log.close()


def test_a_threshold_is_tried_on_the_stored_history(road: Road) -> None:
    """Three trucks at 60, 90 and 130 km/h for ten minutes; limits of 50 and of 80 km/h, cases from serious on."""
    for device, speed in zip(road.devices[:3], (60, 90, 130), strict=True):
        road.append([Fact(device, 60 * minute, speed) for minute in range(10)] + [Fact(device, 660, 0)])
    road.archive()
    view = HistoryView(road.history, road.folder / "log" / "test", road.progress)
    enricher = Enricher(None, SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3)))
    sources = Sources(road.store, road.clock, road.register, view, enricher, compiled=False)
    before = make_fast()
    opens = DetectorSpec(id="fast", case="x", opens_case_at="serious")
    change = ChangedDetector(before, tuned(before, {"limit_kmh": 80}), opens, replace_parameters(opens))
    progress = Progress(road.clock, lambda done, total: True)
    found = try_detector(change, sources, T0 - 1000, T0 + 3_600_000, progress)
    assert isinstance(found, DetectorTrial)
    # 130 is above twice 50 and not above twice 80: serious before, only a warning after.
    assert (found.alerts_before, found.alerts_after) == (3, 2)
    assert (found.cases_before, found.cases_after) == (1, 0)
    assert [(one.vehicle_id, one.before, one.after) for one in found.vehicles] == [("V0", 1, 0)]
    assert (found.recomputed, found.tried, found.fleet) == (True, 12, 12)
    assert (found.before.zh, found.after.zh) == ("limit_kmh = 50", "limit_kmh = 80")
    assert (progress.done, progress.total) == (12, 12)


def replace_parameters(spec: DetectorSpec) -> DetectorSpec:
    return spec.model_copy(update={"parameters": {"limit_kmh": 80}})


def test_another_severity_is_counted_from_the_alerts_that_were_raised(road: Road) -> None:
    for device, speed in zip(road.devices[:3], (60, 90, 130), strict=True):
        road.append([Fact(device, 60 * minute, speed) for minute in range(10)] + [Fact(device, 660, 0)])
    fast = make_fast()
    road.settle(road.pipeline([fast]))
    old = DetectorSpec(id="fast", case="x", opens_case_at="serious")
    change = ChangedDetector(fast, fast, old, old.model_copy(update={"opens_case_at": "warning"}))
    found = try_detector(
        change, Sources(road.store, road.clock, road.register), T0 - 1000, T0 + 1, Progress(road.clock, lambda *_: True)
    )
    assert isinstance(found, DetectorTrial)
    assert (found.recomputed, found.alerts_before, found.alerts_after) == (False, 3, 3)
    assert (found.cases_before, found.cases_after) == (1, 3)  # one serious, two warnings


class OneChange:
    """Figures that change when told."""

    def __init__(self, limit_kmh: float) -> None:
        self.limit_kmh = limit_kmh
        self.told: list[float] = []

    def detectors(self) -> list[AnyDetector]:
        return [make_fast(limit_kmh=self.limit_kmh)]

    def taken(self, detector: AnyDetector, before: AnyDetector) -> None:
        self.told.append(self.limit_kmh)


def test_detection_takes_new_figures_over_while_it_runs_and_alerts_keep_theirs(road: Road) -> None:
    tuning = OneChange(50)
    pipeline = road.pipeline([make_fast()], tuning=tuning, overrides_every_s=60.0)
    first, second = road.devices[:2]
    road.append([Fact(first, 0, 60), Fact(first, 60, 60), Fact(first, 120, 0)])
    road.settle(pipeline)
    tuning.limit_kmh = 80
    road.clock.advance(61)
    pipeline.step()
    road.append([Fact(second, 300, 60), Fact(second, 360, 60), Fact(second, 420, 90), Fact(second, 480, 90)])
    road.settle(pipeline)
    assert tuning.told == [80]
    evidence = [road.book.get(ACCEPTOR, one.alert_id).evidence["params"]["limit_kmh"] for one in road.alerts()]
    assert evidence == [50, 80]


def test_vehicles_with_parameters_of_their_own_keep_them(road: Road) -> None:
    tuning = OneChange(50)
    own = {"V0": {"fast": {"limit_kmh": 55.0}}}
    pipeline = road.pipeline([make_fast()], overrides=lambda: own, tuning=tuning, overrides_every_s=60.0)
    road.append([Fact(road.devices[0], 0, 10)])
    road.settle(pipeline)
    tuning.limit_kmh = 80
    road.clock.advance(61)
    pipeline.step()
    road.append([Fact(road.devices[0], second, 60) for second in (300, 360, 420)])
    road.settle(pipeline)
    assert len(road.alerts()) == 1


def test_sources_without_a_history_say_so(quick_centre: Centre) -> None:
    values = {
        "detectors.overspeed.parameters.tolerance_share": "0.2",
        "detectors.no_data.parameters.notice_s": "900",
    }
    trial = quick_centre.desk("key_vehicles").ask_trial(ADMIN, values, 0)
    rooms = quick_centre.context
    sources = Sources(rooms.store, rooms.clock, rooms.devices)
    calendar = WorkingCalendar.official()
    tries = RuleTrials(rooms.overlays, sources, calendar, rooms.inspections, rooms.rulebook, rooms.city, rooms.units)
    Trials(rooms.store, rooms.clock, rooms.ids, tries).step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    assert {one.about.en for one in result.untried} == {"Overspeed", "Terminal silent"}


def canteen(number: int) -> ObjectValues:
    data = {"school_kind": "primary", "served": 100, "mode": "self_run"}
    return {"code": f"SC-000{number}", "title": f"食堂 {number}", "data": data}


def test_a_frequency_is_tried_on_the_objects_and_holds_when_published(quick_centre: Centre) -> None:
    """Three canteens since 22 November and one since today, 4 January; from once a month to once a quarter."""
    registers = quick_centre.context.registers
    registers.put_many(SYSTEM, "canteen", [canteen(number) for number in range(3)])
    quick_centre.clock.advance(timedelta(days=43).total_seconds())
    registers.put_many(SYSTEM, "canteen", [canteen(9)])
    desk, path = quick_centre.desk("school_canteens"), "inspection_plans.canteen_supervision.rules.0.every"
    trial = desk.ask_trial(ADMIN, {path: "quarter"}, 0)
    quick_centre.trials.step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    (found,) = result.plans
    # December is over without an inspection of the three; the last quarter began before they were there.
    assert (found.before.zh, found.after.zh, found.objects) == ("每月", "每季度", 4)
    assert (found.overdue_before, found.overdue_after) == (3, 0)
    assert (found.due_before, found.due_after) == (4, 4)
    desk.publish(ADMIN, {path: "quarter"}, expected_version=0, note="按季度", untried_reason="")
    plan = next(one for one in quick_centre.context.inspections.plans(SYSTEM) if one.plan.name == "canteen_supervision")
    assert [rule.every.value for rule in plan.plan.rules] == ["quarter"]


LAMP, ROADS = "01037", "UM-ROADS"


def route(unit: str, code: str = "") -> dict[str, str]:
    fields = dict.fromkeys(("area", "source", "joint_unit_ids", "role", "valid_from", "valid_to", "note"), "")
    return {**fields, "standard": "GB/T 47678.5-2026" if code else "", "code": code, "unit_id": unit}


def test_routes_are_tried_on_the_reports_of_ninety_days(quick_centre: Centre) -> None:
    """Two lamps and a manhole; lamps go to another unit now."""
    context, (lon, lat) = quick_centre.context, quick_centre.context.city.center
    for code in (LAMP, LAMP, "01001"):
        key, case_id = ItemKey("GB/T 47678.5-2026", Kind.MATTER, code), quick_centre.report()
        at_ms = context.clock.now_ms()
        context.store.write(partial(record_matter, case_id=case_id, key=key, lon=lon, lat=lat, opened_ms=at_ms))
    context.rules.publish(ADMIN, "routes", [route("UM-ALL")], expected_version=0, note="全部")
    trial = quick_centre.trials.ask(ADMIN, "routes", [route("UM-ALL"), route(ROADS, LAMP)], 1)
    quick_centre.trials.step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    (found,) = result.tables
    assert (found.table, found.counted, found.different) == ("routes", 3, 2)
    assert [(one.before, one.after, one.count) for one in found.moves] == [("UM-ALL", ROADS, 2)]


def test_a_checklist_is_tried_on_stored_inspections(quick_centre: Centre) -> None:
    """Items of weight 1 and 2 in the scene's file, the first passed: 33.3 points; with weights of 3 and 1 it is 75."""
    context = quick_centre.context
    checklist = context.inspections.checklists.in_force("canteen_62")
    first, second = (item.no for item in checklist.items[:2])
    assert [item.weight for item in checklist.items[:2]] == [1, 2]
    context.registers.put_many(SYSTEM, "canteen", [canteen(1)])
    item = context.registers.find(SYSTEM, "canteen", "SC-0001")
    assert item is not None
    made = {"id": "01" * 13, "scene": "school_canteens", "plan": "canteen_supervision", "register": "canteen"}
    made |= {
        "object_id": item.id,
        "checklist": "canteen_62",
        "client_id": "c1",
        "inspector_id": "i",
        "result": "failed",
    }
    now = context.clock.now_ms()
    figures = {
        "checklist_version": 0,
        "inspector_name": "检查员",
        "asked": 2,
        "failed": 1,
        "left_out": 0,
        "score": 50.0,
    }
    times = {"started_ms": now - 1000, "finished_ms": now, "received_ms": now, "comment": "", "figures": {}}
    answers = [(first, "passed"), (second, "failed")]

    def write(conn: Connection) -> None:
        conn.execute(insert(inspection_table).values(**made, **figures, **times))
        for no, result in answers:
            conn.execute(insert(inspection_item_table).values(inspection_id=made["id"], no=no, result=result, words=""))

    context.store.write(write)
    rows = [
        {**row, "weight": "3" if row["no"] == first else "1"}
        for row in context.inspections.checklists.rows("canteen_62")
    ]
    trial = quick_centre.trials.ask(ADMIN, "checklist:canteen_62", rows, 0)
    quick_centre.trials.step()
    result = quick_centre.trials.get(ADMIN, trial.trial_id).result
    assert result is not None
    (found,) = result.tables
    assert (found.counted, found.different, found.mean_before, found.mean_after) == (1, 1, 33.3, 75.0)
    assert [(one.before, one.after) for one in found.moves] == [("33.3", "75.0")]


def test_a_table_that_the_past_says_nothing_about_fails_in_words(quick_centre: Centre) -> None:
    trial = quick_centre.trials.ask(ADMIN, "conditions", [], 0)
    quick_centre.trials.step()
    failed = quick_centre.trials.get(ADMIN, trial.trial_id)
    assert failed.state == "failed"
    assert failed.fault is not None
    assert failed.fault.zh == "规则表 conditions 不能试算"
