"""The latest observation of every device, in memory (最新状态)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityops.observations.batch import Batch
from cityops.observations.streams import VEHICLE_POSITION, Stream


class LatestPositions:
    """The newest row by event time of every device; older and equal ones change nothing. Safe between threads.

    Every ``apply`` that changes something has a number (sequence), so that a viewer can ask what changed since.
    """

    def __init__(self, stream: Stream = VEHICLE_POSITION) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._sequence = 0
        self._keys: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._rows: NDArray[Any] = np.empty(0, dtype=stream.struct_dtype)
        self._changed: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def apply(self, batch: Batch) -> int:
        """Take over what is newer. Returns how many devices changed."""
        newest = self._newest(batch)
        if len(newest) == 0:
            return 0
        with self._lock:
            self._make_room(newest[self._stream.key])
            slots = np.searchsorted(self._keys, newest[self._stream.key])
            newer = (self._changed[slots] == 0) | (newest["event_ms"] > self._rows["event_ms"][slots])
            if not newer.any():
                return 0
            self._sequence += 1
            self._rows[slots[newer]] = newest[newer]
            self._changed[slots[newer]] = self._sequence
        return int(newer.sum())

    def changed_since(self, sequence: int) -> tuple[int, NDArray[Any]]:
        """The rows that changed after ``sequence`` (0 for all) and the sequence to ask with the next time."""
        with self._lock:
            return self._sequence, self._rows[self._changed > sequence]

    def snapshot(self) -> NDArray[Any]:
        """A copy of all rows, one per device, sorted by device; ``Batch.from_struct`` and ``apply`` restore it."""
        with self._lock:
            return self._rows.copy()

    def _newest(self, batch: Batch) -> NDArray[Any]:
        """One row per device of the batch, sorted by device: the newest, of equal times the first."""
        keys, event_ms = batch.columns[self._stream.key], batch.columns["event_ms"]
        order = np.lexsort((-np.arange(len(keys)), event_ms, keys))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = keys[order][1:] != keys[order][:-1]
        return batch.take(order[last]).to_struct()

    def _make_room(self, keys: NDArray[np.int64]) -> None:
        """Give unknown devices a row; it counts as never changed until it is filled."""
        unknown = keys[~np.isin(keys, self._keys)]
        if len(unknown) == 0:
            return
        places = np.searchsorted(self._keys, unknown)
        self._keys = np.insert(self._keys, places, unknown)
        self._changed = np.insert(self._changed, places, 0)
        self._rows = np.insert(self._rows, places, np.zeros(len(unknown), dtype=self._rows.dtype))
