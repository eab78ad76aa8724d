"""The public door (公众入口): who is not signed in comes in only so often, by network address, and is forgotten."""

from __future__ import annotations

from typing import Final, Literal

from cityops.access import Visits
from cityops.api.metrics import Sample
from cityops.kit import Clock

VisitKind = Literal["reading", "report", "code", "photo", "tip_off"]


class PublicDoor:
    """The bounds of the public routes, each of its own, so that reading does not use up reporting."""

    def __init__(self, clock: Clock) -> None:
        self.visits: Final[dict[VisitKind, Visits]] = {
            "reading": Visits(clock, at_once=240, every_s=0.5),
            "report": Visits(clock, at_once=20, every_s=30.0),
            "code": Visits(clock, at_once=60, every_s=5.0),
            "photo": Visits(clock, at_once=40, every_s=10.0),
            "tip_off": Visits(clock, at_once=6, every_s=60.0),
        }

    def samples(self) -> list[Sample]:
        """How often somebody was turned away; addresses appear nowhere."""
        words = "Public requests turned away because they came too often"
        found = []
        for kind, visits in self.visits.items():
            for reason, count in (("often", visits.refused), ("full", visits.refused_full)):
                labels = (("kind", kind), ("reason", reason))
                found.append(Sample("cityops_public_refused_total", words, "counter", count, labels))
        return found
