"""A batch (批): observations of one stream as equally long columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityops.kit import InvalidError
from cityops.observations.streams import Stream


@dataclass(frozen=True, eq=False)
class Batch:
    """Observations of one stream, columnar.

    Args:
        stream: the stream; its columns say which arrays are needed.
        columns: one 1-D array per declared column, all of one length, of the declared dtype.

    Raises:
        InvalidError: a column is missing, unknown, of another dtype or another length. Nothing is converted silently.
    """

    stream: Stream
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        if self.columns.keys() != set(self.stream.names):
            missing = sorted(set(self.stream.names) - self.columns.keys())
            unknown = sorted(self.columns.keys() - set(self.stream.names))
            raise _invalid(self.stream, f"缺列 {missing}，多列 {unknown}", f"missing {missing}, unknown {unknown}")
        rows = None
        for column in self.stream.columns:
            array = self.columns[column.name]
            if array.dtype != column.numpy:
                message = f"{column.name}: {array.dtype.str} ≠ {column.numpy.str}"
                raise _invalid(self.stream, message, message)
            if array.ndim != 1 or (rows is not None and array.shape[0] != rows):
                raise _invalid(
                    self.stream, f"{column.name} 长度不符：{array.shape}", f"{column.name} has shape {array.shape}"
                )
            rows = array.shape[0]

    @property
    def rows(self) -> int:
        """How many observations there are."""
        return int(self.columns[self.stream.key].shape[0])

    def take(self, index: NDArray[Any] | slice) -> Batch:
        """The rows that ``index`` (a boolean mask, row numbers or a slice) selects."""
        return Batch(self.stream, {name: self.columns[name][index] for name in self.stream.names})

    def to_struct(self) -> NDArray[Any]:
        """The rows as one packed structured array, shape (rows,), dtype ``stream.struct_dtype``."""
        rows = np.empty(self.rows, dtype=self.stream.struct_dtype)
        for name in self.stream.names:
            rows[name] = self.columns[name]
        return rows

    @classmethod
    def from_struct(cls, stream: Stream, rows: NDArray[Any]) -> Batch:
        """The opposite of ``to_struct``; ``rows`` must have ``stream.struct_dtype``, else ``InvalidError``."""
        if rows.dtype != stream.struct_dtype:
            raise _invalid(stream, f"记录类型不符：{rows.dtype}", f"wrong record type {rows.dtype}")
        return cls(stream, {name: np.ascontiguousarray(rows[name]) for name in stream.names})

    @classmethod
    def concat(cls, batches: Sequence[Batch]) -> Batch:
        """The rows of ``batches`` one after another; ``InvalidError`` when there is none or the streams differ."""
        if not batches or any(batch.stream.name != batches[0].stream.name for batch in batches):
            raise InvalidError("只能拼接同一数据流的批", "only batches of one stream can be joined")
        if len(batches) == 1:
            return batches[0]
        stream = batches[0].stream
        return cls(stream, {name: np.concatenate([batch.columns[name] for batch in batches]) for name in stream.names})

    @classmethod
    def empty(cls, stream: Stream) -> Batch:
        """A batch of ``stream`` without rows."""
        return cls(stream, {column.name: np.empty(0, dtype=column.numpy) for column in stream.columns})


def _invalid(stream: Stream, zh: str, en: str) -> InvalidError:
    return InvalidError(f"数据流 {stream.name} 的批不合格：{zh}", f"invalid batch of stream {stream.name}: {en}")
