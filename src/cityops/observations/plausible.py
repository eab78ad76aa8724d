"""Observations whose time or place cannot be (时间、位置合理性)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from cityops.observations.batch import Batch

_DAY_MS: Final = 24 * 3_600_000


class Implausible(StrEnum):
    """Why an observation is refused."""

    FUTURE = "time.future"
    PAST = "time.past"
    PLACE = "place.impossible"


@dataclass(frozen=True)
class Refused:
    """Rows that were refused for one reason."""

    reason: Implausible
    batch: Batch


def split_plausible(
    batch: Batch, now_ms: int, future_s: int = 300, past_days: int = 30
) -> tuple[Batch, tuple[Refused, ...]]:
    """Separate rows that cannot be true from those that can.

    Args:
        batch: observations; the place is checked where the stream has ``lon`` and ``lat``.
        now_ms: the present.
        future_s: an event time further ahead than this is a wrong clock.
        past_days: an event time further back than this is a wrong clock or useless.

    Returns:
        The good rows in their order, and the refused rows, one ``Refused`` per reason that occurred. Together they are
        all rows.
    """
    event_ms = batch.columns["event_ms"]
    left = np.ones(batch.rows, dtype=bool)
    refused = []
    for reason, mask in (
        (Implausible.FUTURE, event_ms > now_ms + future_s * 1000),
        (Implausible.PAST, event_ms < now_ms - past_days * _DAY_MS),
        (Implausible.PLACE, _impossible_place(batch)),
    ):
        mask &= left
        if mask.any():
            refused.append(Refused(reason, batch.take(mask)))
            left &= ~mask
    return (batch.take(left) if refused else batch), tuple(refused)


def _impossible_place(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if not {"lon", "lat"} <= batch.columns.keys():
        return np.zeros(batch.rows, dtype=bool)
    # Written so that NaN, which compares false, counts as impossible.
    possible = (np.abs(batch.columns["lon"]) <= 180.0) & (np.abs(batch.columns["lat"]) <= 90.0)
    return np.asarray(~possible)
