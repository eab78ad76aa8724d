"""What a start makes of what the process before it left, wherever that one died."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.access import SYSTEM
from cityops.detection import (
    OBSERVATION,
    AlertBook,
    AlertIdentity,
    Detector,
    Enricher,
    Severity,
    SpeedLimits,
    backtest,
    params_rows,
)
from cityops.detection.changes import Applied, Change
from cityops.detection.observation import overtaken
from cityops.kit import from_ms
from cityops.observations import NewDevice
from cityops.registers import VehicleClass

T0 = 1_795_312_800_000
Fast = Callable[..., Detector]


def test_what_waits_is_told_before_the_first_step_and_during_the_replay(world: Any, fast: Fast, fact: Any) -> None:
    world.append([fact(world.devices[0], 0, 60)])
    first = world.pipeline([fast()], snapshot_every_s=1e9)
    assert first.metrics()["lag_bytes"] == world.log.position
    world.settle(first)
    assert first.metrics()["lag_bytes"] == 0
    first.snapshot()
    world.append([fact(world.devices[0], 10, 60)])
    world.settle(first)

    again = world.pipeline([fast()], snapshot_every_s=1e9)
    world.append([fact(world.devices[0], 20, 30)])
    again.step()  # reads up to where the alerts were complete; their comparison and the newest row still wait
    assert again.metrics()["lag_bytes"] > 0
    world.settle(again)
    assert again.metrics()["lag_bytes"] == 0
    assert [alert.state for alert in world.alerts()] == ["ended"]


def test_a_re_evaluation_that_was_due_at_the_crash_is_made(world: Any, fast: Fast, fact: Any) -> None:
    """The replay reads a late row together with those it was late for: sorted, it does not look late any more."""
    truck, other, third = world.devices
    first = world.pipeline([fast()], snapshot_every_s=1e9)
    first.step()
    first.snapshot()
    world.append([fact(truck, 0, 60), fact(truck, 20, 60), fact(truck, 30, 40), fact(third, 50, 40)])
    world.settle(first)
    assert [alert.state for alert in world.alerts()] == ["ended"]
    world.append([fact(third, 40, 40)])
    first.step()  # re-evaluated at once; what is late now has to wait for a second
    world.append([fact(truck, 10, 30), fact(other, 0, 60), fact(other, 10, 60)])
    first.step()
    assert first.metrics()["pending_reevaluations"] == 1
    assert world.book.progress() == {"test": world.log.position}  # by the other truck's alert

    world.settle(world.pipeline([fast()]))
    assert [(alert.vehicle_id, alert.state) for alert in world.alerts()] == [("V0", "withdrawn"), ("V1", "active")]


def test_a_camera_alarm_and_a_position_may_have_come_in_either_order(world: Any, fact: Any) -> None:
    position, alarm = np.zeros(1, OBSERVATION), np.zeros(1, OBSERVATION)
    position["order_key"], alarm["order_key"] = 10, 20
    assert overtaken([position, alarm])["order_key"].tolist() == [10]
    assert overtaken([alarm, position])["order_key"].tolist() == [10]
    alarm["entity"] = 1
    assert len(overtaken([position, alarm])) == 0


def test_overtaken_rows_are_named_repetitions_are_not() -> None:
    rows = np.zeros(7, OBSERVATION)
    rows["entity"] = [0, 1, 0, 0, 0, 1, 0]
    rows["order_key"] = [5, 1, 9, 5, 7, 2, 9]  # entity 0: 5, 9, 5 again, 7 late, 9 again; entity 1 in order
    assert set(overtaken([rows])["order_key"].tolist()) == {7}


def test_a_start_with_more_to_rebuild_than_may_wait_gets_through(world: Any, fast: Fast, fact: Any) -> None:
    first = world.pipeline([fast()])
    world.append([fact(device, 0, 60) for device in world.devices])
    world.settle(first)
    first.snapshot()
    world.append([fact(device, 10, 60) for device in world.devices])
    world.settle(first)
    world.clock = type(world.clock)(from_ms(T0 + 60_000))
    second = world.pipeline([fast(version=2)], max_pending=2)  # a new version: every vehicle is made anew
    for _ in range(20):
        second.step()
        world.clock.advance(1)
    assert second.metrics()["lag_bytes"] == 0
    assert [alert.identity.split("/")[2] for alert in world.alerts()] == ["v2"] * 3


@pytest.mark.parametrize("apart_s", [0.0, 5.0])
def test_a_new_terminal_is_judged_as_what_it_is_from_its_first_row(
    world: Any, fast: Fast, fact: Any, apart_s: float
) -> None:
    rows = [{"limit_kmh": 30.0 if kind == VehicleClass.COACH else 90.0, "runs": 2} for kind in sorted(VehicleClass)]
    detector = replace(fast(), params=params_rows(fast().params_dtype, rows))
    pipeline = world.pipeline([detector])
    pipeline.step()
    for number in (5, 6):
        coach = NewDevice("jt808", f"1390000001{number}", vehicle_id=f"V{number}", vehicle_class=VehicleClass.COACH)
        (made,) = world.register.create_many(SYSTEM, [coach])
        world.append([fact(made.id, second, 60) for second in (0, 10)])
        pipeline.step()
        world.clock.advance(apart_s)
    world.settle(pipeline)
    assert [alert.vehicle_id for alert in world.alerts()] == ["V5", "V6"]


class Died(BaseException):
    """kill -9, for a pipeline that lives in the process of the test."""


class FragileBook(AlertBook):
    """The alert book of a process that is killed once ``left`` more transactions are kept."""

    left = 10**9

    def apply(self, changes: Sequence[Change], progress: Mapping[str, int] | None = None) -> Applied:
        if self.left == 0:
            raise Died
        self.left -= 1
        return super().apply(changes, progress)


def undisturbed(world: Any, detector: Detector) -> list[tuple[Any, ...]]:
    """One pass over history, without log positions, re-evaluation, snapshots or alert book."""
    world.archive()
    limits = SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3))
    found = backtest(
        detector, world.history, world.devices, T0, T0 + 10**9, enricher=Enricher(None, limits), compiled=False
    )
    return sorted(
        (
            str(AlertIdentity("test", "fast", 1, device, one.start_ms)),
            "active" if one.is_open else "ended",
            Severity(one.severity).word,
            from_ms(one.start_ms),
            from_ms(one.last_ms),
            None if one.end_ms is None else from_ms(one.end_ms),
            detector.describe(one.figures),
        )
        for device, one in found
    )


def live(world: Any, chance: random.Random, detector: Detector) -> Any:
    """Another process: reads in portions of its own and dies at a moment of its own."""
    world.book = FragileBook(world.store, world.clock, world.ids)
    if chance.random() < 0.5:
        world.book.left = chance.randint(0, 6)
    return world.pipeline(
        [detector],
        snapshot_every_s=1e9,
        reevaluate_every_s=chance.choice([0.0, 1.0, 5.0]),
        reevaluate_batch=chance.choice([1, 2, 128]),
        max_rows=chance.choice([2, 7, 50_000]),
        send_changes=chance.choice([1, 3, 500]),
    )


def step(pipeline: Any, world: Any, chance: random.Random) -> bool:
    """A step, a little time, perhaps a snapshot; whether the process is still alive."""
    try:
        pipeline.step()
    except Died:
        return False
    world.clock.advance(chance.choice([0.0, 0.0, 0.4, 1.0]))
    if chance.random() < 0.15:
        pipeline.snapshot()
    return chance.random() > 0.1


@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    speeds=st.lists(st.lists(st.sampled_from([30, 60, 60, 120]), min_size=1, max_size=25), min_size=3, max_size=3),
    seed=st.integers(0, 2**32),
    reach=st.sampled_from([0, 1, 3, 10]),
)
def test_whoever_dies_wherever_the_alerts_are_those_of_one_pass(
    new_world: Callable[[], Any], fast: Fast, fact: Any, speeds: list[list[int]], seed: int, reach: int
) -> None:
    chance, world, detector = random.Random(seed), new_world(), fast()
    facts = [
        fact(device, 10 * n, v) for device, row in zip(world.devices, speeds, strict=True) for n, v in enumerate(row)
    ]
    order = sorted(range(len(facts)), key=lambda number: facts[number].at_s + 10 * chance.randint(0, reach))
    waiting = [facts[number] for number in order]
    pipeline = live(world, chance, detector)
    while waiting:
        piece, waiting = waiting[: (size := chance.randint(1, 8))], waiting[size:]
        world.append(piece + chance.choices(piece, k=chance.choice([0, 0, 1])))
        for _ in range(chance.randint(0, 3)):
            if not step(pipeline, world, chance):
                pipeline = live(world, chance, detector)
        if chance.random() < 0.1:
            world.archive()
    world.book = AlertBook(world.store, world.clock, world.ids)
    world.settle(world.pipeline([detector]))
    assert [row[:-1] for row in world.facts()] == undisturbed(world, detector)
