"""What the pipeline tells the alert book: whom it is about, what was found, what was re-evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cityops.detection.detector import AnyDetector
from cityops.detection.episodes import Episode
from cityops.detection.identity import AlertIdentity
from cityops.kit import Text, from_ms


@dataclass(frozen=True)
class Subject:
    """The vehicle that an alert is about."""

    device: int
    vehicle_id: str | None = None
    plate: str | None = None
    unit_id: str | None = None
    vehicle_class: int = 0


@dataclass(frozen=True)
class Finding:
    """An episode of one detector and one vehicle, as far as it is known.

    Args:
        params: the parameters that were in force, for the evidence.
        place: the smallest places that hold ``episode.raised_at``, with ``lon`` and ``lat``; ``None`` without a fix.
    """

    detector: AnyDetector
    subject: Subject
    episode: Episode
    params: Mapping[str, float] = field(default_factory=dict)
    place: Mapping[str, Any] | None = None

    @property
    def identity(self) -> AlertIdentity:
        """The identity of the alert this finding belongs to."""
        detector = self.detector
        return AlertIdentity(detector.scene, detector.id, detector.version, self.subject.device, self.episode.start_ms)

    @property
    def summary(self) -> Text:
        """One sentence with the figures."""
        return self.detector.describe(self.episode.figures)

    def evidence(self) -> dict[str, Any]:
        """Everything the alert rests on, JSON-able: figures, positions, times, parameters, rule, version."""
        episode = self.episode
        return {
            "figures": dict(episode.figures),
            "since": from_ms(episode.start_ms).isoformat(),
            "raised_at_event_time": from_ms(episode.raised_ms).isoformat(),
            "until": None if episode.end_ms is None else from_ms(episode.end_ms).isoformat(),
            "evaluated_to": from_ms(episode.last_ms).isoformat(),
            "positions": {"start": episode.start_at, "raised": episode.raised_at, "last": episode.last_at},
            "vehicle_class": self.subject.vehicle_class,
            "params": dict(self.params),
            "detector": self.detector.id,
            "detector_version": self.detector.version,
            "rule": {"zh": self.detector.rule.zh, "en": self.detector.rule.en},
        }


@dataclass(frozen=True)
class Reevaluation:
    """All episodes of one detector and one vehicle that late data at or after ``cut_ms`` could have changed."""

    detector: AnyDetector
    subject: Subject
    cut_ms: int
    findings: tuple[Finding, ...]
    reason: Text


Change = Finding | Reevaluation


@dataclass
class Applied:
    """What ``AlertBook.apply`` did with the changes."""

    raised: int = 0
    updated: int = 0
    ended: int = 0
    corrected: int = 0
    withdrawn: int = 0
    unchanged: int = 0
