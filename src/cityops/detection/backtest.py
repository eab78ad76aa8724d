"""Backtest (回测): what a detector would have said about recorded history, before it goes live."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from cityops.detection.detector import Detector
from cityops.detection.episodes import Episode, last_of_each
from cityops.detection.observation import Enricher
from cityops.detection.reevaluation import HistoryReader, read_rows
from cityops.detection.runner import Runner


def backtest(
    detector: Detector,
    history: HistoryReader,
    keys: Collection[int],
    from_ms: int,
    to_ms: int,
    *,
    enricher: Enricher,
    classes: Mapping[int, int] | None = None,
    compiled: bool = True,
) -> list[tuple[int, Episode]]:
    """Run ``detector`` over recorded history.

    Args:
        detector: with the version and parameters to try.
        history: where the observations are.
        keys: device numbers; all their rows of the interval are held in memory at once.
        from_ms: first event time of interest; the detector's memory before it is read too.
        to_ms: event time behind the last one; an episode that lasts beyond is open.
        enricher: adds road, limit and time of day.
        classes: vehicle class by device; trucks where it is not said.
        compiled: ``False`` runs the plain kernel.

    Returns:
        ``(device, episode)`` in the order of devices and time: all episodes that touch the interval.
    """
    devices = np.array(sorted(set(keys)), np.int64)
    rows_of = classes or {}
    vehicle_classes = np.array([rows_of.get(int(device), 0) for device in devices], np.int64)
    rows = read_rows([history], enricher, devices, vehicle_classes, from_ms - detector.memory_s * 1000, to_ms)
    runner = Runner(detector, compiled=compiled)
    runner.reserve(len(devices))
    runner.profile[: len(devices)] = vehicle_classes
    transitions, states = runner.run(rows)
    found = last_of_each(transitions, states, detector.evidence)
    return [(int(devices[entity]), episode) for entity, episode in found if episode.reaches(from_ms)]
