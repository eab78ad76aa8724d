"""What a start makes of what the process before it left, wherever that one died."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cityops.access import SYSTEM
from cityops.detection import OBSERVATION, Detector, params_rows
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
