"""Between batches and Polars frames, and the one rule for duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cityops.observations.batch import Batch
from cityops.observations.streams import Stream


def polars_schema(stream: Stream) -> dict[str, pl.DataType]:
    """The Parquet columns of ``stream``; fixed bytes are stored as binary."""
    empty = {column.name: np.empty(0, dtype=column.numpy) for column in stream.columns}
    return dict(pl.DataFrame(empty).schema)


def to_frame(batch: Batch) -> pl.DataFrame:
    """The batch as a Polars frame with the columns in their stored order."""
    return pl.DataFrame({name: batch.columns[name] for name in batch.stream.names})


def to_batch(frame: pl.DataFrame, stream: Stream) -> Batch:
    """The frame's columns of ``stream`` as a batch of writable arrays.

    A column that a file did not have yet (null) becomes NaN (floating point), zero or empty.
    """
    columns: dict[str, NDArray[Any]] = {}
    for column in stream.columns:
        series = frame[column.name]
        if series.null_count():
            fill: Any = {"f": float("nan"), "S": b""}.get(column.numpy.kind, 0)
            series = series.fill_null(pl.lit(fill, dtype=series.dtype))
        columns[column.name] = np.array(series.to_numpy(), dtype=column.numpy)
    return Batch(stream, columns)


def tidy(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """Sorted by key and event time, without duplicates: of equal observations the one received first stays."""
    order = [stream.key, "event_ms", "received_ms"]
    return frame.sort(order, maintain_order=True).unique(list(stream.identity), keep="first", maintain_order=True)
