"""The ranking of spots by data (按数据排名): what happened within each radius, weighed as the city has set it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cityops.access import Principal
from cityops.registers import RegisterObject
from cityops.scenes.hazard_spots.events import DAY_MS, Counting, Events, Kind, midnight_ms
from cityops.scenes.hazard_spots.ledger import MEASURE, OPEN, SPOT, is_overdue, radius_of
from cityops.scenes.registry import SceneContext

RECENT_DAYS: Final = 30
PAST_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a score: the events of a kind in the last 30 days, times their points."""

    kind: Kind
    last_30: int
    last_90: int
    weight: float

    @property
    def points(self) -> float:
        """What it adds to the score."""
        return self.last_30 * self.weight


@dataclass(frozen=True, slots=True)
class RankedSpot:
    """A spot with what happened there. Days are 24 hours, counted back from now.

    Attributes:
        last_30, before_30, last_90: events of the last 30 days, of the 30 days before those, of the last 90;
            ``before_30`` is ``None`` where not all of those days are known.
        worst: gravest of the last 90 days, 1 to 4; ``None``: nothing happened.
        parts: the sum that the score is, most points first.
        rank: by score among the open spots that the person sees; equal scores share it. ``None``: not open.
        overdue: measures that should have been done before today.
    """

    spot: RegisterObject
    last_30: int
    before_30: int | None
    last_90: int
    worst: int | None
    parts: tuple[Part, ...]
    overdue: int = 0
    rank: int | None = None

    @property
    def score(self) -> float:
        """The sum of the parts."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True)
class Ranking:
    """All spots a person may see, worst first, those not open last; ``counted_from_ms`` as of ``Events``."""

    spots: list[RankedSpot]
    counted_from_ms: int | None


def ranking(context: SceneContext, principal: Principal, counting: Counting) -> Ranking:
    """The spots this person may see, but those archived. Two queries count, however many spots there are."""
    now_ms = context.clock.now_ms()
    spots = context.registers.every(principal, SPOT)
    with context.store.read() as conn:
        events = counting.newest(conn, now_ms - PAST_DAYS * DAY_MS, now_ms, spots)
        firsts = counting.first_days(conn).values()
    overdue = _overdue(context, principal)
    before_ms = now_ms - 2 * RECENT_DAYS * DAY_MS
    known = max([events.counted_from_ms or 0, *map(midnight_ms, firsts)]) <= before_ms
    found = [replace(counted_at(one, events, counting, now_ms), overdue=overdue[one.code]) for one in spots]
    if not known:
        found = [replace(one, before_30=None) for one in found]
    return Ranking(ranked(found), events.counted_from_ms)


def counted_at(spot: RegisterObject, events: Events, counting: Counting, now_ms: int) -> RankedSpot:
    """What of these events (of the last 90 days) happened at a spot."""
    assert spot.lon is not None
    assert spot.lat is not None
    here = events.within(spot.lon, spot.lat, radius_of(spot))
    recent = here & (events.at_ms >= now_ms - RECENT_DAYS * DAY_MS)
    before = here & ~recent & (events.at_ms >= now_ms - 2 * RECENT_DAYS * DAY_MS)
    last_30, last_90 = events.by_kind(recent), events.by_kind(here)
    parts = [Part(kind, last_30[kind], count, counting.weight(kind)) for kind, count in last_90.items()]
    return RankedSpot(
        spot=spot,
        last_30=int(recent.sum()),
        before_30=int(before.sum()),
        last_90=int(here.sum()),
        worst=int(events.severity[here].max()) if here.any() else None,
        parts=tuple(sorted(parts, key=lambda part: (-part.points, -part.last_90, part.kind))),
    )


def ranked(spots: Sequence[RankedSpot]) -> list[RankedSpot]:
    """By score, then by the last 90 days, then by code; those that are not open last and without a rank."""
    order = sorted(spots, key=lambda one: (one.spot.state not in OPEN, -one.score, -one.last_90, one.spot.code))
    scores = [one.score for one in order if one.spot.state in OPEN]
    return [replace(one, rank=scores.index(one.score) + 1) if one.spot.state in OPEN else one for one in order]


def _overdue(context: SceneContext, principal: Principal) -> Mapping[str, int]:
    """How many measures are overdue, by the code of their spot."""
    today = context.clock.now().date()
    measures = context.registers.every(principal, MEASURE)
    return Counter(str(one.data["spot"]) for one in measures if is_overdue(one, today))
