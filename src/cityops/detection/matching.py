"""Which stored alert a recomputed episode belongs to (预警比对): pure, so that every case can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cityops.detection.episodes import Episode

FOREVER_MS: Final = 1 << 62


@dataclass(frozen=True)
class StoredSpan:
    """What matching needs of a stored alert."""

    alert_id: str
    start_ms: int
    end_ms: int | None
    withdrawn: bool


@dataclass(frozen=True)
class Match:
    """The outcome: pairs of (alert id or None, episode), and the alerts that nothing supports any more."""

    kept: tuple[tuple[str | None, Episode], ...]
    gone: tuple[str, ...]


def overlap_ms(span: StoredSpan, episode: Episode) -> int:
    """Length of the common stretch, at least 1 when they touch, 0 when they are apart."""
    span_end = FOREVER_MS if span.end_ms is None else span.end_ms
    episode_end = FOREVER_MS if episode.end_ms is None else episode.end_ms
    return max(0, min(span_end, episode_end) - max(span.start_ms, episode.start_ms) + 1)


def match_episodes(stored: Sequence[StoredSpan], episodes: Sequence[Episode]) -> Match:
    """Pair every episode with at most one stored alert and every alert with at most one episode.

    The best pairs first: a live alert before a withdrawn one, the same beginning before a mere overlap, the longer
    overlap before the shorter, the older alert before the younger.
    """
    candidates = [
        (span.withdrawn, span.start_ms != episode.start_ms, -overlap_ms(span, episode), span.alert_id, number)
        for span in stored
        for number, episode in enumerate(episodes)
        if span.start_ms == episode.start_ms or overlap_ms(span, episode) > 0
    ]
    of_episode: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, _, alert_id, number in sorted(candidates):
        if number not in of_episode and alert_id not in taken:
            of_episode[number] = alert_id
            taken.add(alert_id)
    kept = tuple((of_episode.get(number), episode) for number, episode in enumerate(episodes))
    gone = tuple(span.alert_id for span in stored if not span.withdrawn and span.alert_id not in taken)
    return Match(kept, gone)
