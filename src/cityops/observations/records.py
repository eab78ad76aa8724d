"""The log's record format: pure functions between batches and bytes.

A record is 24 bytes of header and a body::

    magic u4 · crc u4 · body_bytes u4 · rows u4 · stream u2 · version u2 · group_offset u4 · body

``crc`` is CRC-32 over everything behind it, body included. ``stream`` numbers the streams listed in the segment's
first record (``SCHEMA``, a JSON body), so a segment explains itself even after a column was added. ``group_offset`` is
the distance in bytes to the first record of the same append: it tells a torn append from damage in the middle.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cityops.observations.batch import Batch
from cityops.observations.streams import Stream

MAGIC: Final = b"COb1"
HEADER: Final = struct.Struct("<4sIIIHHI")
SCHEMA: Final = 0xFFFF
VERSION: Final = 1
MAX_BODY_BYTES: Final = 8 * 1024 * 1024
_CRC_START: Final = 8


class DamagedRecordError(ValueError):
    """The bytes are no record of ours: wrong magic, impossible length or wrong checksum."""


@dataclass(frozen=True, slots=True)
class Record:
    """One decoded record; ``body`` is a view into the buffer it was read from."""

    stream: int
    rows: int
    group_offset: int
    body: memoryview
    size: int


def encode_record(stream: int, rows: int, body: bytes, group_offset: int) -> bytes:
    """One record as bytes; ``body`` at most ``MAX_BODY_BYTES``."""
    if len(body) > MAX_BODY_BYTES:
        raise ValueError("a record's body is too long")
    tail = HEADER.pack(MAGIC, 0, len(body), rows, stream, VERSION, group_offset)[_CRC_START:]
    crc = zlib.crc32(body, zlib.crc32(tail))
    return b"".join((MAGIC, crc.to_bytes(4, "little"), tail, body))


def decode_record(buffer: memoryview, offset: int) -> Record | None:
    """The record at ``offset``, or ``None`` when the buffer ends before it does.

    Raises:
        DamagedRecordError: these bytes cannot be the start of a whole record.
    """
    available = len(buffer) - offset
    if available < HEADER.size:
        if bytes(buffer[offset : offset + 4]) != MAGIC[: min(available, 4)]:
            raise DamagedRecordError("wrong magic")
        return None
    magic, crc, body_bytes, rows, stream, version, group_offset = HEADER.unpack_from(buffer, offset)
    if magic != MAGIC or version != VERSION or body_bytes > MAX_BODY_BYTES:
        raise DamagedRecordError("wrong magic, version or length")
    size = HEADER.size + body_bytes
    if available < size:
        return None
    if zlib.crc32(buffer[offset + _CRC_START : offset + size]) != crc:
        raise DamagedRecordError("wrong checksum")
    return Record(stream, rows, group_offset, buffer[offset + HEADER.size : offset + size], size)


def find_record(data: bytes, offset: int) -> tuple[int, Record] | None:
    """The first whole record at or after ``offset``, wherever it starts; ``None`` when there is none."""
    buffer = memoryview(data)
    at = data.find(MAGIC, offset)
    while at >= 0:
        try:
            record = decode_record(buffer, at)
        except DamagedRecordError:
            record = None
        if record is not None:
            return at, record
        at = data.find(MAGIC, at + 1)
    return None


def encode_schema(streams: Sequence[Stream], base: int) -> bytes:
    """The first record of a segment that starts at position ``base``."""
    listed = [{"name": s.name, "columns": [[c.name, c.numpy.str] for c in s.columns]} for s in streams]
    return encode_record(SCHEMA, 0, json.dumps({"base": base, "streams": listed}).encode(), 0)


def decode_schema(body: memoryview) -> list[tuple[str, np.dtype[Any]]]:
    """The stream names and row types that a segment's first record lists."""
    listed = json.loads(bytes(body))["streams"]
    return [(s["name"], np.dtype([(name, dtype) for name, dtype in s["columns"]])) for s in listed]


def encode_batches(batches: Sequence[Batch], numbers: Mapping[str, int], group_offset: int) -> list[bytes]:
    """The records of one append; batches beyond ``MAX_BODY_BYTES`` are split by rows, empty ones are left out."""
    records: list[bytes] = []
    for batch in batches:
        rows = batch.to_struct()
        step = MAX_BODY_BYTES // rows.itemsize
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            records.append(encode_record(numbers[batch.stream.name], len(part), part.tobytes(), group_offset))
            group_offset += len(records[-1])
    return records


def decode_rows(stream: Stream, stored: np.dtype[Any], bodies: Sequence[memoryview]) -> Batch:
    """The rows of several bodies as one batch of ``stream``.

    A column that was not stored yet becomes NaN (floating point) or zero; a stored column that is gone is left out.
    """
    rows: NDArray[Any] = np.frombuffer(b"".join(bodies), dtype=stored)
    if stored == stream.struct_dtype:
        return Batch.from_struct(stream, rows)
    columns: dict[str, NDArray[Any]] = {}
    for column in stream.columns:
        if column.name in (stored.names or ()):
            columns[column.name] = np.ascontiguousarray(rows[column.name]).astype(column.numpy)
        else:
            fill = np.nan if column.numpy.kind == "f" else np.zeros(1, dtype=column.numpy)[0]
            columns[column.name] = np.full(len(rows), fill, dtype=column.numpy)
    return Batch(stream, columns)
