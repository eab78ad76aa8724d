"""The whole simulated city: every truck and every crew, until stopped."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cityops.gateways.jt808 import Edition, Location
from cityops.kit import Clock
from cityops.places import RoadNetwork
from cityops.scenes import DemoTruck
from cityops.simulation.crews import CrewPhone
from cityops.simulation.drive import Drive, noisy_line
from cityops.simulation.fleet import NIGHT_HAUL_COUNT, Behaviour, behaviour_of, build_truck
from cityops.simulation.pace import Pace
from cityops.simulation.terminal import Identity, Terminal

_HAUL_ALREADY_MS: Final = 239 * 60 * 1000  # set out 3 h 59 min before the start: four hours are full a minute later
_HAUL_OVER_MS: Final = 16 * 3600 * 1000
_CONNECT_SPREAD_S: Final = 5.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Orders:
    """What to simulate. ``crews``: user name to password."""

    fleet: Sequence[DemoTruck]
    network: RoadNetwork
    center: tuple[float, float]
    clock: Clock
    gateway: tuple[str, int]
    api: str
    crews: Mapping[str, str]
    interval_s: int
    since_h: float
    speed_up: float
    seed: int
    state_file: Path
    on_acknowledged: Callable[[str, Sequence[Location]], None] = lambda phone, positions: None


def choose_hauls(state_file: Path, now_ms: int, trucks: int) -> dict[int, int]:
    """Which night hauls are under way: index in the fleet of ``trucks`` → when the driver set out (UTC ms).

    Each start of the simulation sends one more truck, so that every demo meets a driver who is about to pass four
    hours; those of earlier starts drive on for 16 h. The file remembers them; without it, or when it cannot be read
    (which is logged), the first sets out.
    """
    hauls = {index: from_ms for index, from_ms in _read_hauls(state_file).items() if now_ms - from_ms < _HAUL_OVER_MS}
    free = [index for index in range(min(NIGHT_HAUL_COUNT, trucks)) if index not in hauls]
    if free:
        hauls[free[0]] = (now_ms - _HAUL_ALREADY_MS) // 1000 * 1000
    state_file.parent.mkdir(parents=True, exist_ok=True)
    fresh = state_file.with_suffix(".new")
    fresh.write_text(json.dumps(hauls))
    fresh.replace(state_file)
    return hauls


def _read_hauls(state_file: Path) -> dict[int, int]:
    try:
        return {int(index): int(from_ms) for index, from_ms in json.loads(state_file.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        _logger.warning("%s cannot be read (%s): the night hauls begin anew", state_file, error)
        return {}


def identity_of(truck: DemoTruck) -> Identity:
    """What the terminal of a demo truck says of itself."""
    return Identity(
        phone=truck.phone,
        terminal_id=truck.terminal_id,
        maker=truck.maker,
        model=truck.model,
        plate=truck.plate,
        plate_color=truck.plate_color_code,
        edition=Edition(truck.protocol_version),
    )


async def run_town(orders: Orders) -> None:
    """Drive until cancelled."""
    now_ms = orders.clock.now_ms()
    pace = Pace(orders.clock, now_ms, now_ms - round(orders.since_h * 3_600_000), orders.speed_up)
    hauls = choose_hauls(orders.state_file, now_ms, len(orders.fleet))
    _logger.info("simulating %d trucks and %d crews", len(orders.fleet), len(orders.crews))
    async with asyncio.TaskGroup() as tasks:
        for number, (username, password) in enumerate(orders.crews.items()):
            phone = CrewPhone(
                orders.api, username, password, network=orders.network, clock=orders.clock, seed=orders.seed + number
            )
            tasks.create_task(phone.run())
        pause_s = _CONNECT_SPREAD_S / max(1, len(orders.fleet))
        for index, demo in enumerate(orders.fleet):
            behaviour = behaviour_of(index, orders.seed)
            if behaviour is Behaviour.NIGHT_HAUL and index not in hauls:
                continue
            random = np.random.default_rng((orders.seed, index, 3))
            truck = build_truck(orders.network, orders.center, index, orders.seed, haul_from_ms=hauls.get(index))
            terminal = Terminal(
                identity_of(demo),
                *orders.gateway,
                on_acknowledged=orders.on_acknowledged,
                mangle=noisy_line(random) if behaviour is Behaviour.NOISY else None,
            )
            tasks.create_task(terminal.run())
            tasks.create_task(Drive(truck, terminal, pace, orders.interval_s, random).run())
            await asyncio.sleep(pause_s)
