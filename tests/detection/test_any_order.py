"""The same facts in any order, repeated, delayed, with crashes in between: the same alerts. Real kernels."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.detection import AlertIdentity, Detector, Enricher, Severity, SpeedLimits, backtest
from cityops.kit import from_ms
from cityops.scenes.key_vehicles.detectors import continuous_driving, day_driving_total, overspeed, terminal_alarm

T0 = 1_795_312_800_000
MIN = 60
NewWorld = Callable[[], Any]

# (minutes, km/h, alarm bits, minutes between two reports, change of driver at the end)
leg = st.tuples(
    st.sampled_from([2, 5, 19, 20, 21, 60, 150, 250]),
    st.sampled_from([0.0, 0.0, 60.0, 60.0, 92.0, 130.0]),
    st.sampled_from([0, 0, 0, 4]),
    st.sampled_from([1, 3, 5, 6, 30]),
    st.sampled_from([False, False, False, True]),
)
tours = st.lists(st.lists(leg, min_size=1, max_size=5), min_size=1, max_size=2)


def drive(device: int, legs: list[Any], fact: Any) -> list[Any]:
    """What a vehicle reports on its tour."""
    facts, at_s, lat = [], 0, 37.0
    for minutes, speed_kmh, alarm, every_min, change in legs:
        end_s = at_s + minutes * MIN
        while at_s < end_s:
            facts.append(fact(device, at_s, speed_kmh, lat=lat, alarm=alarm, acc=int(speed_kmh > 0)))
            step_s = min(every_min * MIN, end_s - at_s)
            at_s += step_s
            lat += speed_kmh / 3.6 * step_s / 111_195
        if change:
            facts.append(fact(device, at_s - 1, speed_kmh, lat=lat, kind=0x11))
    return facts


def detectors() -> list[Detector]:
    return [continuous_driving(), day_driving_total(), overspeed(), terminal_alarm()]


def expected(world: Any) -> list[tuple[Any, ...]]:
    """In order, in one go, from history: without pipeline, log positions, re-evaluation or alert book."""
    limits = SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3))
    world.archive()
    out = []
    for detector in detectors():
        found = backtest(
            detector, world.history, world.devices, T0, T0 + 10 * 86_400_000, enricher=Enricher(None, limits),
            classes=dict.fromkeys(world.devices, 0), compiled=False,
        )  # fmt: skip
        for device, episode in found:
            name = str(AlertIdentity("key_vehicles", detector.id, 1, device, episode.start_ms))
            out.append(
                (
                    name, "active" if episode.is_open else "ended", Severity(episode.severity).word,
                    from_ms(episode.start_ms), from_ms(episode.last_ms),
                    None if episode.end_ms is None else from_ms(episode.end_ms),
                    detector.describe(episode.figures),
                )
            )  # fmt: skip
    return sorted(out)


def deliver(world: Any, facts: list[Any], chance: random.Random, *, crashes: bool) -> Any:
    """Hand the facts over in pieces; now and then archive, snapshot, or lose the pipeline as a crash would."""
    pipeline = world.pipeline(detectors(), snapshot_every_s=1e9)
    while facts:
        piece, facts = facts[: (size := chance.randint(1, 40))], facts[size:]
        world.append(piece)
        for _ in range(chance.randint(0, 3)):
            pipeline.step()
            world.clock.advance(chance.choice([0.0, 0.4, 1.0]))
        if chance.random() < 0.2:
            world.archive()
        if chance.random() < 0.3:
            pipeline.snapshot()
        if crashes and chance.random() < 0.3:
            pipeline = world.pipeline(detectors(), snapshot_every_s=1e9)
    world.settle(pipeline)
    return pipeline


def seen(world: Any) -> list[tuple[Any, ...]]:
    return [row[:-1] for row in world.facts()]


@settings(max_examples=12, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tours=tours, seed=st.integers(0, 2**32), reach=st.sampled_from([0, 1, 5, 40, 400]))
def test_any_order_gives_the_same_alerts(new_world: NewWorld, fact: Any, tours: Any, seed: int, reach: int) -> None:
    chance = random.Random(seed)
    world = new_world()
    facts = [f for device, legs in zip(world.devices, tours, strict=False) for f in drive(device, legs, fact)]
    facts.sort(key=lambda f: f.at_s)
    facts += chance.choices(facts, k=len(facts) // 5)
    delayed = sorted(range(len(facts)), key=lambda number: number + chance.randint(0, reach))
    deliver(world, [facts[number] for number in delayed], chance, crashes=True)
    assert seen(world) == expected(world)


def test_twenty_crashes_lose_and_double_nothing(new_world: NewWorld, fact: Any) -> None:
    """At least twenty stops without a snapshot at random points of a day with every kind of alert."""
    legs = [(250, 60.0, 0, 1, False), (21, 0.0, 0, 1, False), (60, 92.0, 4, 1, False), (60, 60.0, 0, 1, True)]
    world = new_world()
    chance = random.Random(2026)
    facts = [f for device in world.devices for f in drive(device, [*legs, *legs], fact)]
    facts.sort(key=lambda f: f.at_s)
    order = sorted(range(len(facts)), key=lambda number: number + chance.choice([0, 0, 0, 0, 60]))
    pending = [facts[number] for number in order]
    pipeline = world.pipeline(detectors(), snapshot_every_s=1e9)
    stops = 0
    while pending:
        piece, pending = pending[: (size := chance.randint(20, 160))], pending[size:]
        world.append(piece)
        for _ in range(chance.randint(0, 2)):
            pipeline.step()
            world.clock.advance(chance.choice([0.0, 1.0]))
        if chance.random() < 0.3:
            pipeline.snapshot()
        pipeline = world.pipeline(detectors(), snapshot_every_s=1e9)
        stops += 1
    world.settle(pipeline)
    assert stops >= 20
    found = seen(world)
    assert found == expected(world)
    kinds = [AlertIdentity.parse(row[0]).detector for row in found]
    assert kinds.count("continuous_driving") == 2 * len(world.devices)  # 4 h 10 min, twice a day
    assert kinds.count("overspeed") == 2 * len(world.devices)
    raised = [e.key for e in world.store.events_after(0, 10_000) if e.topic == "alert.raised"]
    assert len(raised) == len(set(raised))
