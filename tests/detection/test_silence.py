"""Missing data: by the clock, with a crash in between, and when the platform itself is deaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cityops.detection import SilenceDetector
from cityops.kit import ManualClock, Text, from_ms

T0 = 1_795_312_800_000


@pytest.fixture
def silent() -> SilenceDetector:
    return SilenceDetector(
        id="no_data", version=1, scene="test", title=Text("无数据", "No data"), notice_s=600, warning_s=1800,
        describe=lambda figures: Text(f"{figures['silent_s']:.0f} 秒", f"{figures['silent_s']:.0f} s"),
        rule=Text("规则", "rule"),
    )  # fmt: skip


def hear(world: Any, fact: Any, at_s: int, devices: Any = None, acc: int = 1) -> None:
    world.append(
        [fact(device, at_s, 60, acc=acc) for device in devices or world.devices[:1]], received_ms=T0 + at_s * 1000
    )


def go_to(world: Any, at_s: float) -> None:
    world.clock.advance((T0 - world.clock.now_ms()) / 1000 + at_s)


def test_10_min_of_silence_with_the_ignition_on(world: Any, fact: Any, silent: SilenceDetector) -> None:
    pipeline = world.pipeline([silent])
    hear(world, fact, 0)
    world.settle(pipeline)
    go_to(world, 599.9)
    world.settle(pipeline)
    assert world.alerts() == []
    go_to(world, 600)
    world.settle(pipeline)
    (alert,) = world.alerts()
    assert (alert.severity, alert.state, alert.started_at) == ("notice", "active", from_ms(T0))
    assert alert.place is not None
    assert alert.place["lon"] == 112.5
    go_to(world, 1800)
    world.settle(pipeline)
    assert world.alerts()[0].severity == "warning"
    hear(world, fact, 2000)
    world.settle(pipeline)
    (alert,) = world.alerts()
    assert (alert.state, alert.ended_at, alert.summary.en) == ("ended", from_ms(T0 + 2_000_000), "2000 s")


def test_parked_vehicles_may_be_silent(world: Any, fact: Any, silent: SilenceDetector) -> None:
    pipeline = world.pipeline([silent])
    hear(world, fact, 0, acc=0)
    go_to(world, 86_400)
    world.settle(pipeline)
    assert world.alerts() == []


@pytest.mark.parametrize("kept", [True, False])
def test_a_crash_while_silent_neither_loses_nor_doubles(
    world: Any, fact: Any, silent: SilenceDetector, kept: bool
) -> None:
    pipeline = world.pipeline([silent])
    hear(world, fact, 0)
    go_to(world, 60)
    world.settle(pipeline)
    pipeline.snapshot()
    go_to(world, 700)
    world.settle(pipeline)
    if kept:
        pipeline.snapshot()
    again = world.pipeline([silent])
    world.settle(again)
    hear(world, fact, 800)
    world.settle(again)
    (alert,) = world.alerts()
    assert (alert.state, alert.ended_at) == ("ended", from_ms(T0 + 800_000))


def test_the_data_returned_while_nobody_ran(world: Any, fact: Any, silent: SilenceDetector) -> None:
    pipeline = world.pipeline([silent])
    hear(world, fact, 0)
    go_to(world, 700)
    world.settle(pipeline)
    hear(world, fact, 800)
    world.settle(world.pipeline([silent]))
    assert [alert.state for alert in world.alerts()] == ["ended"]


def test_when_all_fall_silent_together_nobody_is_accused(
    new_world: Callable[[], Any], fact: Any, silent: SilenceDetector, clock: ManualClock
) -> None:
    world = new_world()
    world.add_devices(5)
    pipeline = world.pipeline([silent])
    hear(world, fact, 0, world.devices)
    go_to(world, 700)
    world.settle(pipeline)
    assert world.alerts() == []
    assert pipeline.metrics()["silence_suppressed"] == 8
    hear(world, fact, 701, world.devices[:7])  # the platform hears again; one truck stays silent
    world.settle(pipeline)
    assert [alert.vehicle_id for alert in world.alerts()] == ["V7"]
    assert world.clock is clock
