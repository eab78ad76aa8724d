"""One truck on its way: turns its states into reports, with everything that goes wrong on the road."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

import numpy as np

from cityops.gateways.jt808 import STATUS_ACC, STATUS_FIXED, Extras, Location
from cityops.simulation.fleet import Behaviour, Truck
from cityops.simulation.journeys import States
from cityops.simulation.pace import Pace
from cityops.simulation.terminal import Mangle, Terminal

_PARKED_INTERVAL_S: Final = 30
_PAST_INTERVAL_S: Final = 30
_ALTITUDE_M: Final = 800
_WRONG_CLOCK_MS: Final = 8 * 3600 * 1000
_DUPLICATE_SHARE: Final = 0.05
_NOISE_SHARE: Final = 0.05


def locations(states: States, *, clock_error_ms: int = 0) -> list[Location]:
    """States as JT/T 808 locations: whole seconds, 1e-6 degrees, 0.1 km/h, 0.1 km."""
    return [
        Location(
            status=STATUS_FIXED | (STATUS_ACC if states.moving[row] else 0),
            latitude_e6=round(float(states.lat[row]) * 1e6),
            longitude_e6=round(float(states.lon[row]) * 1e6),
            altitude_m=_ALTITUDE_M,
            speed_dkmh=round(float(states.speed_kmh[row]) * 10),
            course_deg=round(float(states.course_deg[row])) % 360,
            event_ms=int(states.event_ms[row]) + clock_error_ms,
            extras=Extras(mileage_dkm=round(float(states.driven_km[row]) * 10)),
        )
        for row in range(len(states.event_ms))
    ]


@dataclass(frozen=True)
class Drive:
    """A truck, its terminal and the pace; ``run`` reports until cancelled."""

    truck: Truck
    terminal: Terminal
    pace: Pace
    interval_s: int
    random: np.random.Generator

    async def run(self) -> None:
        """Report every ``interval_s`` of simulated time, on a grid that does not depend on when the run began."""
        if self.truck.behaviour is Behaviour.NIGHT_HAUL:
            self._tell_the_past()
        clock_error_ms = _WRONG_CLOCK_MS if self.truck.behaviour is Behaviour.WRONG_CLOCK else 0
        hidden: list[Location] = []
        at_ms = self._grid_after(self.pace.event_ms())
        while True:
            await asyncio.sleep(self.pace.wait_s(at_ms))
            states = self.truck.at(np.array([at_ms]))
            found = locations(states, clock_error_ms=clock_error_ms)
            if not states.covered[0]:
                hidden.extend(found)
            else:
                if hidden:
                    self.terminal.report(hidden, backfill=True)
                    hidden = []
                self.terminal.report(found)
                if self.random.random() < _DUPLICATE_SHARE:
                    self.terminal.report(found)
            step_s = self.interval_s if states.moving[0] else max(self.interval_s, _PARKED_INTERVAL_S)
            at_ms += step_s * 1000

    def _grid_after(self, moment_ms: int) -> int:
        """The next moment at which this truck reports: spread over the interval by its place in the fleet."""
        step_ms = self.interval_s * 1000
        offset_ms = self.truck.index * 1000 % step_ms
        return ((moment_ms - offset_ms) // step_ms + 1) * step_ms + offset_ms

    def _tell_the_past(self) -> None:
        """What the terminal could not send while it was out of reach: every half minute since the driver set out."""
        step_ms = _PAST_INTERVAL_S * 1000
        past = np.arange(self.truck.turns.from_ms, self.pace.event_ms(), step_ms)
        self.terminal.report(locations(self.truck.at(past)), backfill=True)


def noise(random: np.random.Generator) -> bytes:
    """A frame that is none: 1 to 39 bytes between delimiters, the last of which is not the checksum of the others."""
    content = bytes(random.integers(0, 0x40, size=int(random.integers(0, 39)), dtype=np.uint8))
    return b"\x7e" + content + bytes([reduce(xor, content, 0x20)]) + b"\x7e"


def noisy_line(random: np.random.Generator) -> Mangle:
    """A line that now and then puts a broken frame before a good one."""

    def mangle(frames: bytes) -> bytes:
        return noise(random) + frames if random.random() < _NOISE_SHARE else frames

    return mangle
