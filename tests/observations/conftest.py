from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from cityops.observations import VEHICLE_POSITION, Batch, Stream

MakeBatch = Callable[..., Batch]


def _zeros(stream: Stream, rows: int) -> dict[str, np.ndarray[Any, Any]]:
    return {column.name: np.zeros(rows, dtype=column.numpy) for column in stream.columns}


def _positions(device: Sequence[int] | int, event_ms: Sequence[int], **columns: Any) -> Batch:
    rows = len(event_ms)
    arrays = _zeros(VEHICLE_POSITION, rows)
    arrays["device"][:] = device
    arrays["event_ms"][:] = event_ms
    arrays["received_ms"][:] = np.asarray(event_ms) + 500
    arrays["lon"][:] = 112.55
    arrays["lat"][:] = 37.87
    for name, values in columns.items():
        arrays[name][:] = values
    return Batch(VEHICLE_POSITION, arrays)


def _random(stream: Stream, rows: int, seed: int) -> Batch:
    random = np.random.default_rng(seed)
    content = random.integers(0, 256, rows * stream.struct_dtype.itemsize, dtype=np.uint8).tobytes()
    return Batch.from_struct(stream, np.frombuffer(content, dtype=stream.struct_dtype))


@pytest.fixture(scope="session")
def positions() -> MakeBatch:
    """positions(device or devices, event times, **columns) -> a batch of vehicle.position."""
    return _positions


@pytest.fixture(scope="session")
def random_batch() -> MakeBatch:
    """random_batch(stream, rows, seed) -> a batch of arbitrary bytes, NaNs included."""
    return _random
