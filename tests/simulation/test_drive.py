"""One truck's day on a real gateway: the grid of its reports, tunnels, duplicates, the past of a night haul."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from tests.simulation.conftest import Platform, identity, running, until

from cityops.gateways.jt808 import STATUS_ACC, STATUS_FIXED
from cityops.observations import Batch
from cityops.simulation import Terminal
from cityops.simulation.drive import Drive, locations, noise
from cityops.simulation.fleet import Behaviour, Truck
from cityops.simulation.journeys import Loop, States, Turns
from cityops.simulation.pace import Pace

Run = Callable[[Coroutine[Any, Any, None]], None]
BACKFILL = 2
PHONE = "10100000001"
HOUR_MS = 3_600_000

# 60 s in the open, 30 s in a tunnel, 60 s back.
LOOP = Loop(
    time_s=np.array([0.0, 60.0, 90.0, 150.0]),
    lon=np.array([112.50, 112.51, 112.515, 112.50]),
    lat=np.array([37.80, 37.80, 37.80, 37.80]),
    length_m=np.array([1000.0, 500.0, 1500.0]),
    speed_kmh=np.array([60.0, 60.0, 90.0]),
    course_deg=np.array([90.0, 90.0, 270.0]),
    tunnel=np.array([False, True, False]),
)


def drive(platform: Platform, port: int, truck: Truck, since_ms: int, speed_up: float) -> tuple[Terminal, Drive]:
    terminal = Terminal(identity(PHONE), "127.0.0.1", port)
    pace = Pace(platform.clock, platform.clock.now_ms(), platform.clock.now_ms() - since_ms, speed_up)
    return terminal, Drive(truck, terminal, pace, 5, np.random.default_rng(1))


async def some_acknowledged(terminal: Terminal, positions: int) -> None:
    await until(lambda: terminal.counters.acknowledged >= positions, f"{positions} acknowledged positions")


def without_duplicates(stored: Batch) -> dict[int, int]:
    """Row of the first report of each moment."""
    return {at: row for row, at in reversed(list(enumerate(stored.columns["event_ms"].tolist())))}


def assert_equal_to_the_truck(stored: Batch, truck: Truck, rows: dict[int, int]) -> None:
    """What was stored is what the truck's formula says, in the units of the protocol."""
    times = np.array(sorted(rows), dtype=np.int64)
    order = [rows[at] for at in times.tolist()]
    states = truck.at(times)
    columns = stored.columns
    assert np.abs(columns["lon"][order] - states.lon).max() <= 0.5e-6 + 1e-12
    assert np.abs(columns["lat"][order] - states.lat).max() <= 0.5e-6 + 1e-12
    assert np.abs(columns["speed_kmh"][order] - states.speed_kmh).max() <= 0.051
    assert np.abs(columns["mileage_km"][order] - states.driven_km).max() <= 0.051
    assert ((columns["status"][order] & STATUS_ACC > 0) == states.moving).all()


def test_every_moment_of_the_grid_arrives_and_tunnels_arrive_as_backfill(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    begin_ms = platform.clock.now_ms() - HOUR_MS
    truck = Truck(7, Behaviour.STEADY, LOOP, Turns(begin_ms - 13_000, 7200, 1800))

    async def story() -> None:
        async with platform.serving() as server:
            terminal, work = drive(platform, server.port, truck, HOUR_MS, 1800)
            async with running(terminal.run(), work.run()):
                await some_acknowledged(terminal, 500)
                await terminal.acknowledged()
            assert terminal.counters.overflowed == 0

    run(story())
    stored = platform.stored()
    rows = without_duplicates(stored)
    bounds = sorted(rows)
    # Truck 7 reports at 2 s past every multiple of 5 s.
    assert {at // 1000 % 5 for at in bounds} == {2}
    told = {at for at in bounds if stored.columns["origin"][rows[at]] == BACKFILL}
    due = np.arange(bounds[0], bounds[-1] + 1, 5_000)
    # Nothing is missing but, at most, the tunnel in which the truck still is.
    assert set(due.tolist()) - set(bounds) <= set(due[due > bounds[-1] - 35_000].tolist())
    assert told == {int(at) for at in bounds if not truck.at(np.array([at])).covered[0]}
    assert len(told) > 50
    assert_equal_to_the_truck(stored, truck, rows)
    assert stored.rows > len(rows), "one in twenty is sent twice"


def test_a_second_run_sends_the_same_to_the_bit(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    begin_ms = platform.clock.now_ms() - HOUR_MS
    truck = Truck(0, Behaviour.STEADY, LOOP, Turns(begin_ms - 13_000, 7200, 1800))

    async def story() -> None:
        async with platform.serving() as server:
            for _ in range(2):
                terminal, work = drive(platform, server.port, truck, HOUR_MS, 3600)
                async with running(terminal.run(), work.run()):
                    await some_acknowledged(terminal, 300)

    run(story())
    columns = platform.stored().columns
    by_moment: dict[int, set[tuple[float, ...]]] = {}
    names = ("event_ms", "lon", "lat", "speed_kmh", "mileage_km")
    for at, *values in zip(*(columns[name].tolist() for name in names), strict=True):
        by_moment.setdefault(at, set()).add(tuple(values))
    assert len(columns["event_ms"]) > len(by_moment) + 250
    assert all(len(values) == 1 for values in by_moment.values())


def test_a_night_haul_tells_its_past_first(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    set_out_ms = (platform.clock.now_ms() - 239 * 60_000) // 1000 * 1000
    truck = Truck(0, Behaviour.NIGHT_HAUL, LOOP, Turns(set_out_ms, 4.7 * 3600, 36_000))

    async def story() -> None:
        async with platform.serving() as server:
            terminal, work = drive(platform, server.port, truck, 0, 1)
            async with running(terminal.run(), work.run()):
                await some_acknowledged(terminal, 478)

    run(story())
    stored = platform.stored()
    past = stored.columns["origin"] == BACKFILL
    # Every half minute from 239 min ago until now, tunnels included: 478 of them, and one more at most.
    assert stored.columns["event_ms"][past][:478].tolist() == [set_out_ms + at * 30_000 for at in range(478)]
    assert int(past.sum()) in (478, 479)
    assert_equal_to_the_truck(stored, truck, without_duplicates(stored))


def test_a_wrong_clock_is_refused_and_loses_the_truck_nothing_else(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    truck = Truck(12, Behaviour.WRONG_CLOCK, LOOP, Turns(platform.clock.now_ms() - HOUR_MS, 7200, 1800))

    async def story() -> None:
        async with platform.serving() as server:
            terminal, work = drive(platform, server.port, truck, 600_000, 600)
            async with running(terminal.run(), work.run()):
                await some_acknowledged(terminal, 50)
                await terminal.acknowledged()
            assert server.metrics()["refused_rows"] == terminal.counters.acknowledged
            assert terminal.counters.connections == 1

    run(story())
    assert platform.stored().rows == 0


def test_states_in_the_units_of_the_protocol_by_hand() -> None:
    states = States(
        event_ms=np.array([1_000_000, 1_005_000]),
        lon=np.array([112.5123456, 112.51]),
        lat=np.array([37.8000004, 37.81]),
        speed_kmh=np.array([63.26, 0.0]),
        course_deg=np.array([359.7, 12.4]),
        moving=np.array([True, False]),
        covered=np.array([True, True]),
        driven_km=np.array([12.34, 12.36]),
    )
    moving, standing = locations(states, clock_error_ms=1_000)
    assert (moving.longitude_e6, moving.latitude_e6) == (112_512_346, 37_800_000)
    assert (moving.speed_dkmh, moving.course_deg, moving.extras.mileage_dkm) == (633, 0, 123)
    assert (moving.status, standing.status) == (STATUS_FIXED | STATUS_ACC, STATUS_FIXED)
    assert (moving.event_ms, standing.event_ms) == (1_001_000, 1_006_000)


@pytest.mark.parametrize("seed", range(200))
def test_noise_never_has_a_right_checksum(seed: int) -> None:
    frame = noise(np.random.default_rng(seed))
    assert frame[:1] == frame[-1:] == b"\x7e"
    content = frame[1:-1]
    checksum = 0
    for byte in content:
        assert byte < 0x7D
        checksum ^= byte
    assert checksum == 0x20  # XOR of a good frame, its checksum included, is 0
