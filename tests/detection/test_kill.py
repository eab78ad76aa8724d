"""kill -9 of a real process, again and again, while data come in: no alert lost, none doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.detection import AlertIdentity, Enricher, Severity, SpeedLimits, backtest
from cityops.kit import from_ms
from cityops.scenes.key_vehicles.detectors import continuous_driving, day_driving_total, overspeed, terminal_alarm

T0 = 1_795_312_800_000
KILLS = 20


def tour(device: int, fact: Any) -> list[Any]:
    """A day: 4 h 10 min of driving, a rest, an hour too fast with a terminal alarm, an hour more; twice."""
    facts, at_s, lat = [], device, 37.0
    for minutes, speed_kmh, alarm in [(250, 60.0, 0), (21, 0.0, 0), (60, 92.0, 4), (60, 60.0, 0)] * 2:
        for _ in range(minutes):
            facts.append(fact(device, at_s, speed_kmh, lat=lat, alarm=alarm, acc=int(speed_kmh > 0)))
            at_s, lat = at_s + 60, lat + speed_kmh / 3.6 * 60 / 111_195
    return facts


def expected(world: Any) -> list[tuple[Any, ...]]:
    limits = SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3))
    world.archive()
    return sorted(
        (
            str(AlertIdentity("key_vehicles", detector.id, 1, device, episode.start_ms)),
            "active" if episode.is_open else "ended",
            Severity(episode.severity).word,
            from_ms(episode.last_ms),
        )
        for detector in (continuous_driving(), day_driving_total(), overspeed(), terminal_alarm())
        for device, episode in backtest(
            detector, world.history, world.devices, T0, T0 + 10**9, enricher=Enricher(None, limits), compiled=False
        )
    )


def seen(world: Any) -> list[tuple[Any, ...]]:
    return sorted((a.identity, a.state, a.severity, a.last_at) for a in world.alerts() if a.state != "withdrawn")


@pytest.mark.long
def test_kill_9_loses_and_doubles_nothing(
    new_world: Callable[[], Any], fact: Any, request: pytest.FixtureRequest
) -> None:
    if "long" not in request.config.getoption("markexpr"):
        pytest.skip("takes minutes: run it with -m long")
    world = new_world()
    chance = random.Random(2026)
    facts = sorted((f for device in world.devices for f in tour(device, fact)), key=lambda f: f.at_s)
    order = sorted(range(len(facts)), key=lambda number: number + chance.choice([0, 0, 0, 90]))
    waiting = [facts[number] for number in order] + chance.choices(facts, k=100)
    command = [sys.executable, str(Path(__file__).with_name("killed_pipeline.py")), str(world.folder)]
    portion = len(waiting) // KILLS + 1
    for _ in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            due, waiting = waiting[:portion], waiting[portion:]
            stop_at = time.monotonic() + chance.uniform(0.05, 0.8)
            while time.monotonic() < stop_at:
                world.append(due[:10])
                due = due[10:]
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        world.append(due)
    assert waiting == []
    pipeline = world.pipeline([continuous_driving(), day_driving_total(), overspeed(), terminal_alarm()])
    world.settle(pipeline)
    assert seen(world) == expected(world)
