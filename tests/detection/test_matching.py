"""Pairing recomputed episodes with stored alerts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cityops.detection import Episode
from cityops.detection.matching import StoredSpan, match_episodes


def episode(start: int, end: int | None) -> Episode:
    return Episode(start, start, end or start, end, 2, {}, None, None, None)


def pairs(stored: list[StoredSpan], episodes: list[Episode]) -> tuple[list[str | None], list[str]]:
    match = match_episodes(stored, episodes)
    return [alert for alert, _ in match.kept], sorted(match.gone)


def test_the_same_beginning_wins_over_a_longer_overlap() -> None:
    stored = [StoredSpan("a", 0, 100, False), StoredSpan("b", 110, 120, False)]
    assert pairs(stored, [episode(110, 300), episode(50, 105)]) == (["b", "a"], [])


def test_two_that_grow_together_become_one() -> None:
    stored = [StoredSpan("a", 0, 10, False), StoredSpan("b", 20, 90, False)]
    assert pairs(stored, [episode(0, 90)]) == (["a"], ["b"])


def test_one_that_falls_apart_stays_with_its_beginning() -> None:
    assert pairs([StoredSpan("a", 0, None, False)], [episode(0, 10), episode(20, None)]) == (["a", None], [])


def test_a_live_alert_wins_over_a_withdrawn_one() -> None:
    stored = [StoredSpan("dead", 0, 100, True), StoredSpan("live", 40, 100, False)]
    assert pairs(stored, [episode(0, 100)]) == (["live"], [])


def test_a_withdrawn_one_comes_back_when_nothing_else_fits() -> None:
    assert pairs([StoredSpan("dead", 0, 100, True)], [episode(50, 60)]) == (["dead"], [])


def test_nothing_in_common_is_another_alert() -> None:
    assert pairs([StoredSpan("a", 0, 10, False)], [episode(11, 20)]) == ([None], ["a"])


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20), st.booleans()), max_size=6, unique_by=lambda s: s[0])


@given(stored=spans, found=spans)
def test_everything_is_paired_at_most_once_and_nothing_is_forgotten(
    stored: list[tuple[int, int, bool]], found: list[tuple[int, int, bool]]
) -> None:
    alerts = [StoredSpan(f"{n}", start, start + length, gone) for n, (start, length, gone) in enumerate(stored)]
    episodes = [episode(start, start + length) for start, length, _ in found]
    match = match_episodes(alerts, episodes)
    assert [kept for _, kept in match.kept] == episodes
    used = [alert for alert, _ in match.kept if alert is not None]
    assert len(used) == len(set(used))
    assert {*used, *match.gone} >= {alert.alert_id for alert in alerts if not alert.withdrawn}
    assert not set(used) & set(match.gone)
