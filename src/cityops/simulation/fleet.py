"""How each simulated truck behaves: drawn from a seed, so that every run has the same city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np

from cityops.kit import to_ms
from cityops.places import RoadNetwork
from cityops.simulation.journeys import Loop, States, Turns, build_loop

EPOCH_MS: Final = to_ms(datetime(2026, 1, 1, tzinfo=UTC))
NIGHT_HAUL_COUNT: Final = 12
_TOP_KMH: Final = 95.0
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0


class Behaviour(StrEnum):
    """What is particular about a truck."""

    STEADY = "steady"
    FATIGUED = "fatigued"  # drives more than four hours at a stretch
    SHORT_REST = "short_rest"  # rests, but less than twenty minutes
    SPEEDING = "speeding"
    WRONG_CLOCK = "wrong_clock"  # its terminal's clock is eight hours fast
    NOISY = "noisy"  # its line breaks bytes
    NIGHT_HAUL = "night_haul"  # parked, until a run of the simulation sends one of them on a long drive


_SHARES: Final = (
    (Behaviour.FATIGUED, 0.02),
    (Behaviour.SHORT_REST, 0.01),
    (Behaviour.SPEEDING, 0.06),
    (Behaviour.NOISY, 0.01),
)


@dataclass(frozen=True)
class Truck:
    """One simulated truck: index in the fleet, behaviour, route and turns."""

    index: int
    behaviour: Behaviour
    loop: Loop
    turns: Turns

    def at(self, event_ms: np.ndarray[tuple[int], np.dtype[np.int64]]) -> States:
        """The truck's states at the moments ``event_ms`` (UTC)."""
        return self.loop.at(event_ms, self.turns)


def behaviour_of(index: int, seed: int) -> Behaviour:
    """The behaviour of truck ``index``: first the night hauls, then a wrong clock, then drawn."""
    if index < NIGHT_HAUL_COUNT:
        return Behaviour.NIGHT_HAUL
    if index == NIGHT_HAUL_COUNT:
        return Behaviour.WRONG_CLOCK
    drawn = np.random.default_rng((seed, index, 1)).random()
    for behaviour, share in _SHARES:
        if drawn < share:
            return behaviour
        drawn -= share
    return Behaviour.STEADY


def _turns(index: int, behaviour: Behaviour, seed: int) -> Turns:
    random = np.random.default_rng((seed, index, 2))
    drive_s = float(random.uniform(1.5, 3.6)) * _HOUR_S
    rest_s = float(random.uniform(22, 50)) * _MINUTE_S
    if behaviour is Behaviour.FATIGUED:
        drive_s = float(random.uniform(4.2, 5.0)) * _HOUR_S
    elif behaviour is Behaviour.SHORT_REST:
        rest_s = float(random.uniform(8, 18)) * _MINUTE_S
    from_ms = EPOCH_MS - round(float(random.uniform(0, drive_s + rest_s)) * 1000)
    return Turns(from_ms, round(drive_s), round(rest_s))


def build_truck(
    network: RoadNetwork, center: tuple[float, float], index: int, seed: int, *, haul_from_ms: int | None = None
) -> Truck:
    """Truck ``index`` of the fleet.

    Args:
        network: the roads.
        center: (lon, lat) of the city; night hauls stay around it, within reach of the crews.
        index: its place in the fleet.
        seed: the fleet's seed.
        haul_from_ms: for the night haul of this run, when its driver set out; other night hauls stay parked.
    """
    behaviour = behaviour_of(index, seed)
    loop = build_loop(
        network,
        seed * 100_003 + index,
        speeding=behaviour is Behaviour.SPEEDING,
        top_kmh=_TOP_KMH,
        near=center if behaviour is Behaviour.NIGHT_HAUL else None,
    )
    if behaviour is Behaviour.NIGHT_HAUL:
        never_ms = to_ms(datetime(9999, 1, 1, tzinfo=UTC))
        return Truck(index, behaviour, loop, Turns(haul_from_ms or never_ms, 4.7 * _HOUR_S, 10 * _HOUR_S))
    return Truck(index, behaviour, loop, _turns(index, behaviour, seed))
