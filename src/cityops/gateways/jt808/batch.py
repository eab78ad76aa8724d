"""The compiled batch decoder: whole-frame chunks of many terminals in, observation columns and answers out.

Chunks are decoded together every few milliseconds. Frames that are not plain locations, batches or heartbeats of the
terminal that the connection belongs to come back untouched, for the reference decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from cityops.gateways.jt808 import kernel
from cityops.gateways.jt808.columns import Columns
from cityops.gateways.jt808.fields import to_bcd
from cityops.gateways.jt808.framing import MAX_ESCAPED_BYTES, MAX_PLAIN_BYTES
from cityops.gateways.jt808.kernel import Origin
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Stream

_MIN_FRAME_BYTES: Final = 14
"""Shortest frame that can be answered: header, checksum, one delimiter."""
_MIN_ITEM_BYTES: Final = 30
_MIN_ALARM_BYTES: Final = 43
_MAX_REPLY_BYTES: Final = 2 * (17 + 5 + 1) + 2


class Sessions:
    """What the compiled code must know of every connection, one row of ``table`` a slot.

    ``phone_hi``/``phone_lo``: the BCD phone as sent, padded to ten bytes, its first two and its last eight.
    ``version``: the version byte of a 2019 header, or -1 for the older header. ``lon``, ``lat``: of the last location.

    Attributes:
        table: shape (slots,), dtype ``kernel.SESSION``.
        counters: shape (slots, counters), per terminal, named by ``kernel.COUNTERS``.
    """

    def __init__(self, slots: int) -> None:
        self.table = np.zeros(slots, kernel.SESSION)
        self.counters = np.zeros((slots, len(kernel.COUNTERS)), np.int64)
        self.serial: NDArray[np.int64] = self.table["serial"]
        self.device: NDArray[np.int64] = self.table["device"]
        self.system: NDArray[np.uint8] = self.table["system"]

    def bind(self, slot: int, *, phone: str, version: int, device: int, system: int) -> None:
        """Give ``slot`` to a terminal; ``phone`` as digits of its header, ``version`` -1 for the older header."""
        data = to_bcd(phone, 10)
        row = self.table[slot]
        row["phone_hi"] = int.from_bytes(data[:2], "big")
        row["phone_lo"] = int.from_bytes(data[2:], "big")
        row["version"] = version
        row["device"] = device
        row["system"] = system
        row["lon"] = row["lat"] = np.nan
        self.counters[slot] = 0

    def last_place(self, slot: int) -> tuple[float, float] | None:
        """Longitude and latitude, as sent, of the last live location of ``slot``; ``None`` before the first."""
        lon, lat = float(self.table[slot]["lon"]), float(self.table[slot]["lat"])
        return None if lon != lon else (lon, lat)


@dataclass(frozen=True)
class Decoded:
    """What a batch held.

    Attributes:
        positions: columns of ``vehicle.position``, coordinates as sent.
        alarms: columns of ``vehicle.safety_alarm``, coordinates as sent.
        labels: of each alarm its chunk and raw label, dtype ``kernel.LABEL``.
        acks: general answers due, in the order of the chunks, dtype ``kernel.ACK``.
        others: (chunk, escaped segment) of the frames left to the reference decoder.
    """

    positions: Columns
    alarms: Columns
    labels: NDArray[Any]
    acks: NDArray[Any]
    others: list[tuple[int, bytes]]


def decode_chunks(
    chunks: Sequence[bytes], slots: NDArray[np.int32], received_ms: NDArray[np.int64], sessions: Sessions
) -> Decoded:
    """Decode whole-frame chunks.

    Args:
        chunks: bytes of one connection each, ending in a delimiter.
        slots: shape (chunks,), the session of each.
        received_ms: shape (chunks,), when each arrived, ms UTC.
        sessions: ``counters``, ``lon`` and ``lat`` are updated, the rest is only read.
    """
    data = np.frombuffer(b"".join(chunks), np.uint8)
    bounds = np.zeros(len(chunks) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, chunks), np.int64, len(chunks)), out=bounds[1:])
    size = data.shape[0]
    frames = size // _MIN_FRAME_BYTES + 1
    tables = _Tables(
        np.empty(size // _MIN_ITEM_BYTES + 1, kernel.POSITION),
        np.empty(size // _MIN_ALARM_BYTES + 1, kernel.ALARM),
        np.empty(size // _MIN_ALARM_BYTES + 1, kernel.LABEL),
        np.empty(frames, kernel.ACK),
        np.empty(frames, kernel.OTHER),
    )
    counts = np.zeros(4, np.int64)
    _scan(data, bounds, slots, received_ms, sessions.table, sessions.counters, *tables, counts)
    return _collect(data, tables, counts)


def decode_locations(chunks: Sequence[bytes], *, phone: str, device: int = 0, received_ms: int = 0) -> Decoded:
    """Decode whole-frame chunks of one terminal, without a server: for tools and tests."""
    sessions = Sessions(1)
    sessions.bind(0, phone=phone, version=-1, device=device, system=0)
    slots = np.zeros(len(chunks), np.int32)
    return decode_chunks(chunks, slots, np.full(len(chunks), received_ms, np.int64), sessions)


def write_replies(
    acks: NDArray[Any], chunks: int, slots: NDArray[np.int32], sessions: Sessions, failed: bool
) -> tuple[memoryview, NDArray[np.int64]]:
    """General answers (0x8001) as they go on the wire.

    Args:
        acks: as decoded.
        chunks: how many chunks there were.
        slots: shape (chunks,), the session of each; its ``serial`` counts on.
        sessions: the sessions.
        failed: nothing was stored: every answer that would be 0 becomes 1 (failure), so that terminals send again.

    Returns:
        The bytes, and the (chunks + 1) bounds between which each chunk's answers stand.
    """
    out = np.empty(len(acks) * _MAX_REPLY_BYTES, np.uint8)
    bounds = np.zeros(chunks + 1, np.int64)
    _write_replies(acks, slots, sessions.table, failed, out, bounds)
    return out.data, bounds


def warm_up() -> None:
    """Compile everything (some seconds the first time on a machine, later from the cache)."""
    sessions = Sessions(1)
    slots = np.zeros(1, np.int32)
    decoded = decode_chunks([b"\x7e\x7e"], slots, np.zeros(1, np.int64), sessions)
    write_replies(decoded.acks, 1, slots, sessions, failed=False)


class _Tables(NamedTuple):
    """What the compiled decoder writes to."""

    positions: NDArray[Any]
    alarms: NDArray[Any]
    labels: NDArray[Any]
    acks: NDArray[Any]
    others: NDArray[Any]


def _collect(data: NDArray[np.uint8], tables: _Tables, counts: NDArray[np.int64]) -> Decoded:
    """Cut the tables to what was written, and rows into columns."""
    rows, alarm_rows, answered, left = (int(count) for count in counts)
    others = tables.others[:left]
    return Decoded(
        positions=_columns(VEHICLE_POSITION, tables.positions[:rows]),
        alarms=_columns(VEHICLE_SAFETY_ALARM, tables.alarms[:alarm_rows]),
        labels=tables.labels[:alarm_rows],
        acks=tables.acks[:answered],
        others=[(int(chunk), data[start:end].tobytes()) for chunk, start, end in others.tolist()],
    )


def _columns(stream: Stream, rows: NDArray[Any]) -> Columns:
    named = rows.view(stream.struct_dtype)
    return {name: np.ascontiguousarray(named[name]) for name in stream.names}


@numba.njit(cache=True, nogil=True)
def _scan(
    data: Any,
    bounds: Any,
    slots: Any,
    received_ms: Any,
    sessions: Any,
    counters: Any,
    positions: Any,
    alarms: Any,
    labels: Any,
    acks: Any,
    others: Any,
    counts: Any,
) -> None:
    """Cut every chunk at its delimiters and read each segment."""
    plain = np.empty(MAX_PLAIN_BYTES, np.uint8)
    for chunk in range(slots.shape[0]):
        slot = np.int64(slots[chunk])
        origin = Origin(sessions[slot]["device"], sessions[slot]["system"], received_ms[chunk], chunk, slot)
        start = bounds[chunk]
        for at in range(bounds[chunk], bounds[chunk + 1]):
            if data[at] != 0x7E:
                continue
            if at > start:
                _read_segment(
                    data, start, at, plain, origin, sessions, counters, positions, alarms, labels, acks, others, counts
                )
            start = at + 1


@numba.njit(cache=True, nogil=True)
def _read_segment(
    data: Any,
    start: Any,
    end: Any,
    plain: Any,
    origin: Any,
    sessions: Any,
    counters: Any,
    positions: Any,
    alarms: Any,
    labels: Any,
    acks: Any,
    others: Any,
    counts: Any,
) -> None:
    """One escaped segment: refused and counted, read, or left to the reference decoder."""
    slot = origin.slot
    size = kernel.unescape_into(data, start, end, plain) if end - start <= MAX_ESCAPED_BYTES else -2
    fault = _frame_fault(plain, size)
    if fault >= 0:
        counters[slot, fault] += 1
        return
    counters[slot, kernel.FRAMES] += 1
    message_id = kernel.number(plain, 0, 2)
    head = 17 if plain[2] & 0x40 else 12
    # 0x3c: encryption and sub-package bits.
    if plain[2] & 0x3C or not _same_phone(plain, head, sessions, slot):
        message_id = 0
    result = -1
    if message_id == 0x0200:
        result = 0
        if not kernel.read_location(plain, head, size - 1, 0, origin, positions, alarms, labels, counts, counters):
            counters[slot, kernel.BAD_BODY] += 1
            result = 2
        else:
            row = counts[kernel.N_POSITIONS] - 1
            sessions[slot]["lon"], sessions[slot]["lat"] = positions[row]["lon"], positions[row]["lat"]
    elif message_id == 0x0704:
        result = kernel.read_batch(plain, head, size - 1, origin, positions, alarms, labels, counts, counters)
    elif message_id == 0x0002:
        result = 0
    if result >= 0:
        row = counts[kernel.N_ACKS]
        acks[row]["chunk"] = origin.chunk
        acks[row]["message_id"] = message_id
        acks[row]["serial"] = kernel.number(plain, head - 2, 2)
        acks[row]["result"] = result
        counts[kernel.N_ACKS] += 1
    else:
        row = counts[kernel.N_OTHERS]
        others[row]["chunk"] = origin.chunk
        others[row]["start"] = start
        others[row]["end"] = end
        counts[kernel.N_OTHERS] += 1


@numba.njit(cache=True, nogil=True)
def _frame_fault(plain: Any, size: Any) -> Any:
    """The counter of what is wrong with an unescaped frame of ``size`` bytes, -1 for nothing."""
    if size == -1:
        return kernel.BAD_ESCAPE
    if size == -2:
        return kernel.BAD_OVERSIZED
    if size < 13:
        return kernel.BAD_LENGTH
    value = np.uint8(0)
    for k in range(size):
        value ^= plain[k]
    if value != 0:
        return kernel.BAD_CHECKSUM
    props = kernel.number(plain, 2, 2)
    head = 17 if props & 0x4000 else 12
    if props & 0x2000:
        head += 4
    return -1 if size == head + (props & 0x3FF) + 1 else kernel.BAD_LENGTH


@numba.njit(cache=True, nogil=True)
def _same_phone(plain: Any, head: Any, sessions: Any, slot: Any) -> Any:
    """Whether the frame's phone is that of the session, leading zeros apart."""
    first = 5 if head == 17 else 4
    hi, lo = np.uint64(0), np.uint64(0)
    extra = 2 if head == 17 else 0
    for k in range(extra):
        hi = (hi << np.uint64(8)) | np.uint64(plain[first + k])
    for k in range(extra, head - 2 - first):
        lo = (lo << np.uint64(8)) | np.uint64(plain[first + k])
    return hi == sessions[slot]["phone_hi"] and lo == sessions[slot]["phone_lo"]


@numba.njit(cache=True, nogil=True)
def _write_replies(acks: Any, slots: Any, sessions: Any, failed: bool, out: Any, bounds: Any) -> None:
    plain = np.empty(24, np.uint8)
    at = 0
    row = 0
    for chunk in range(slots.shape[0]):
        slot = np.int64(slots[chunk])
        while row < acks.shape[0] and acks[row]["chunk"] == chunk:
            result = np.uint8(1) if failed and acks[row]["result"] == 0 else acks[row]["result"]
            size = _plain_reply(acks[row]["message_id"], acks[row]["serial"], result, sessions, slot, plain)
            at = _wrap_into(plain, size, out, at)
            row += 1
        bounds[chunk + 1] = at


@numba.njit(cache=True, nogil=True)
def _plain_reply(message_id: Any, serial: Any, result: Any, sessions: Any, slot: Any, plain: Any) -> Any:
    """Header, body and checksum of one general answer; returns its length."""
    versioned = sessions[slot]["version"] >= 0
    plain[0], plain[1] = 0x80, 0x01
    plain[2], plain[3] = 0x40 if versioned else 0, 5
    at = 4
    if versioned:
        plain[4] = sessions[slot]["version"]
        plain[5] = (sessions[slot]["phone_hi"] >> np.uint64(8)) & np.uint64(255)
        plain[6] = sessions[slot]["phone_hi"] & np.uint64(255)
        at = 7
    digits = 8 if versioned else 6
    for k in range(digits):
        plain[at + k] = (sessions[slot]["phone_lo"] >> np.uint64(8 * (digits - 1 - k))) & np.uint64(255)
    at += digits
    own = sessions[slot]["serial"]
    sessions[slot]["serial"] = (own + 1) & 0xFFFF
    plain[at], plain[at + 1] = own >> 8, own & 255
    plain[at + 2], plain[at + 3] = serial >> 8, serial & 255
    plain[at + 4], plain[at + 5] = message_id >> 8, message_id & 255
    plain[at + 6] = result
    value = np.uint8(0)
    for k in range(at + 7):
        value ^= plain[k]
    plain[at + 7] = value
    return at + 8


@numba.njit(cache=True, nogil=True)
def _wrap_into(plain: Any, size: Any, out: Any, at: Any) -> Any:
    """Escape ``plain[:size]`` between two delimiters into ``out``; returns where it ends."""
    out[at] = 0x7E
    at += 1
    for k in range(size):
        byte = plain[k]
        if byte == 0x7D or byte == 0x7E:
            out[at] = 0x7D
            out[at + 1] = byte - 0x7C
            at += 2
        else:
            out[at] = byte
            at += 1
    out[at] = 0x7E
    return at + 1
