"""The compiled decoder's inner functions: unescape, check, and read locations out of a byte array.

Plain functions over arrays, compiled by numba on first use (``nogil``: the event loop runs on meanwhile); they also run
uncompiled. Everything has its readable twin in ``header``, ``location``, ``safety`` and ``columns``; a property
test holds the two equal.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numba
import numpy as np

from cityops.gateways.jt808.framing import MAX_PLAIN_BYTES
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Stream

# Inside compiled functions types are numba's, which no type checker knows.
Array: TypeAlias = Any
Int: TypeAlias = Any

# Columns of the per-terminal counters.
FRAMES: Final = 0
POSITIONS: Final = 1
ALARMS: Final = 2
BAD_OVERSIZED: Final = 3
BAD_ESCAPE: Final = 4
BAD_CHECKSUM: Final = 5
BAD_LENGTH: Final = 6
BAD_BODY: Final = 7
BAD_ITEM: Final = 8
EXTRAS_TRUNCATED: Final = 9
TYRES_CUT: Final = 10
COUNTERS: Final = (
    "frames",
    "positions",
    "alarms",
    "oversized",
    "bad_escape",
    "bad_checksum",
    "bad_length",
    "bad_body",
    "bad_items",
    "extras_truncated",
    "tyres_cut",
)

# Where each kind of output stands in ``counts``.
N_POSITIONS: Final = 0
N_ALARMS: Final = 1
N_ACKS: Final = 2
N_OTHERS: Final = 3


def _plain(stream: Stream) -> list[tuple[Any, ...]]:
    """The fields of a stream's rows with texts as bytes, which compiled code can write; the layout is the same."""
    fields: list[tuple[Any, ...]] = []
    for column in stream.columns:
        text = column.numpy.kind == "S"
        fields.append((column.name, np.uint8, (column.numpy.itemsize,)) if text else (column.name, column.numpy))
    return fields


# Each table is one array of records: an array a column would cost more to hand from function to function than the
# reading itself.
POSITION: Final = np.dtype(_plain(VEHICLE_POSITION))
ALARM: Final = np.dtype(_plain(VEHICLE_SAFETY_ALARM))
LABEL: Final = np.dtype([("chunk", np.int32), ("raw", np.uint8, (40,)), ("size", np.uint8)])
"""Beside each alarm: the chunk it came in and its label, of 16 or 40 bytes."""
ACK: Final = np.dtype([("chunk", np.int32), ("message_id", np.uint16), ("serial", np.uint16), ("result", np.uint8)])
"""A general answer due."""
OTHER: Final = np.dtype([("chunk", np.int32), ("start", np.int64), ("end", np.int64)])
"""A frame left to the reference decoder: where the escaped segment stands in the data."""
SESSION: Final = np.dtype(
    [
        ("phone_hi", np.uint64),
        ("phone_lo", np.uint64),
        ("device", np.int64),
        ("serial", np.int64),
        ("lon", np.float64),
        ("lat", np.float64),
        ("version", np.int16),
        ("system", np.uint8),
    ]
)
"""What must be known of a connection. See ``batch.Sessions``."""


class Origin(NamedTuple):
    """Where the frame being read came from."""

    device: Any
    system: Any
    received_ms: Any
    chunk: Any
    slot: Any


@numba.njit(cache=True, nogil=True)
def unescape_into(data: Array, start: Int, end: Int, plain: Array) -> Int:
    """Unescape ``data[start:end]`` into ``plain``; its length, -1 for a bad escape, -2 when it is too long."""
    size = 0
    at = start
    while at < end:
        byte = data[at]
        at += 1
        if byte == 0x7D:
            if at == end:
                return -1
            if data[at] == 1:
                byte = np.uint8(0x7D)
            elif data[at] == 2:
                byte = np.uint8(0x7E)
            else:
                return -1
            at += 1
        if size < MAX_PLAIN_BYTES:
            plain[size] = byte
        size += 1
    return size if size <= MAX_PLAIN_BYTES else -2


@numba.njit(cache=True, nogil=True)
def number(plain: Array, at: Int, length: Int) -> Int:
    """A big-endian unsigned integer."""
    value = np.int64(0)
    for k in range(length):
        value = (value << 8) | np.int64(plain[at + k])
    return value


@numba.njit(cache=True, nogil=True)
def signed_word(plain: Array, at: Int) -> Int:
    """A word as two's complement."""
    word = number(plain, at, 2)
    return word - 65536 if word >= 32768 else word


@numba.njit(cache=True, nogil=True)
def days_of(year: Int, month: Int, day: Int) -> Int:
    """Days since 1970-01-01 of a Gregorian date, -1 when there is no such day."""
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    if month < 1 or month > 12 or day < 1:
        return -1
    longest = 31
    if month == 2:
        longest = 29 if leap else 28
    elif month in (4, 6, 9, 11):
        longest = 30
    if day > longest:
        return -1
    # Count from March, so that the leap day is a year's last (Howard Hinnant's days_from_civil, for years after 0).
    y = year - 1 if month <= 2 else year
    m = month + 9 if month <= 2 else month - 3
    return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 1 - 719468


@numba.njit(cache=True, nogil=True)
def time_of(plain: Array, at: Int) -> Int:
    """BCD[6] in GMT+8 as milliseconds UTC, -1 when it is no date."""
    for k in range(6):
        if plain[at + k] >> 4 > 9 or plain[at + k] & 15 > 9:
            return -1
    year = 2000 + 10 * np.int64(plain[at] >> 4) + np.int64(plain[at] & 15)
    month = 10 * np.int64(plain[at + 1] >> 4) + np.int64(plain[at + 1] & 15)
    day = 10 * np.int64(plain[at + 2] >> 4) + np.int64(plain[at + 2] & 15)
    hour = 10 * np.int64(plain[at + 3] >> 4) + np.int64(plain[at + 3] & 15)
    minute = 10 * np.int64(plain[at + 4] >> 4) + np.int64(plain[at + 4] & 15)
    second = 10 * np.int64(plain[at + 5] >> 4) + np.int64(plain[at + 5] & 15)
    days = days_of(year, month, day)
    if days < 0 or hour > 23 or minute > 59 or second > 59:
        return -1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 - 28_800_000


@numba.njit(cache=True, nogil=True)
def label_bytes(plain: Array, at: Int, size: Int, system: Int, head: Int) -> Int:
    """Length of the label of a safety extra of ``size`` bytes at ``at``: 16, 40, or 0 when the length fits neither."""
    for length in (16, 40):
        end = head + 19 + length
        if system == 0x66:
            if size > end and size == end + 1 + 9 * np.int64(plain[at + end]):
                return length
        elif size == end:
            return length
    return 0


@numba.njit(cache=True, nogil=True)
def read_alarm_head(plain: Array, at: Int, system: Int, alarms: Array, row: Int) -> None:
    """The fields between the flag and the speed, which differ from system to system."""
    alarms[row]["kind"] = 0 if system == 0x66 else plain[at + 5]
    alarms[row]["level"] = plain[at + 6] if system in (0x64, 0x65) else 0
    alarms[row]["fatigue"] = plain[at + 7] if system == 0x65 else 0
    adas = system == 0x64
    alarms[row]["lead_speed_kmh"] = np.float32(plain[at + 7]) if adas else np.float32(np.nan)
    alarms[row]["lead_distance_dm"] = plain[at + 8] if adas else 0
    alarms[row]["deviation"] = plain[at + 9] if adas else 0
    alarms[row]["road_sign_kind"] = plain[at + 10] if adas else 0
    alarms[row]["road_sign_data"] = plain[at + 11] if adas else 0


@numba.njit(cache=True, nogil=True)
def read_label(plain: Array, at: Int, length: Int, alarms: Array, labels: Array, row: Int) -> Int:
    """Label of 16 or 40 bytes; returns where it ends."""
    id_bytes = 30 if length == 40 else 7
    for k in range(30):
        alarms[row]["label_terminal"][k] = plain[at + k] if k < id_bytes else 0
    for k in range(40):
        labels[row]["raw"][k] = plain[at + k] if k < length else 0
    labels[row]["size"] = length
    alarms[row]["label_seq"] = plain[at + id_bytes + 6]
    alarms[row]["attachments"] = plain[at + id_bytes + 7]
    return at + length


@numba.njit(cache=True, nogil=True)
def read_alarm(
    plain: Array, at: Int, size: Int, system: Int, status: Int, origin: Origin, alarms: Array, labels: Array, row: Int
) -> Int:
    """A safety extra into ``row``; 0 not one of known length, 1 read, 2 read but some tyres did not fit."""
    head = 12 if system in (0x64, 0x65) else (5 if system == 0x66 else 6)
    length = label_bytes(plain, at, size, system, head)
    if length == 0:
        return 0
    alarms[row]["device"] = origin.device
    alarms[row]["received_ms"] = origin.received_ms
    labels[row]["chunk"] = origin.chunk
    alarms[row]["system"] = system
    alarms[row]["alarm_id"] = number(plain, at, 4)
    alarms[row]["flag"] = plain[at + 4]
    read_alarm_head(plain, at, system, alarms, row)
    place = at + head
    alarms[row]["speed_kmh"] = plain[place]
    alarms[row]["altitude_m"] = signed_word(plain, place + 1)
    alarms[row]["lat"] = number(plain, place + 3, 4) / 1e6 * (-1.0 if status & 4 else 1.0)
    alarms[row]["lon"] = number(plain, place + 7, 4) / 1e6 * (-1.0 if status & 8 else 1.0)
    alarms[row]["event_ms"] = time_of(plain, place + 11)
    alarms[row]["status"] = number(plain, place + 17, 2)
    end = read_label(plain, place + 19, length, alarms, labels, row)
    for k in range(120):
        alarms[row]["tyres"][k] = 0
    if system != 0x66:
        return 1
    tyres: Int = np.int64(plain[end])
    kept: Int = min(tyres, 13)
    for k in range(9 * kept):
        alarms[row]["tyres"][k] = plain[end + 1 + k]
    return 2 if tyres > kept else 1


@numba.njit(cache=True, nogil=True)
def read_extras(
    plain: Array,
    at: Int,
    end: Int,
    origin: Origin,
    positions: Array,
    alarms: Array,
    labels: Array,
    counts: Array,
    counters: Array,
) -> None:
    """The extras of the location in the last row of ``positions``: three columns, and alarms of their own."""
    row = counts[N_POSITIONS]
    positions[row]["mileage_km"] = np.nan
    positions[row]["fuel_l"] = np.float32(np.nan)
    positions[row]["recorder_speed_kmh"] = np.float32(np.nan)
    while at < end:
        if at + 2 > end or at + 2 + np.int64(plain[at + 1]) > end:
            counters[origin.slot, EXTRAS_TRUNCATED] += 1
            return
        extra, size = np.int64(plain[at]), np.int64(plain[at + 1])
        at += 2
        if extra == 0x01 and size == 4:
            positions[row]["mileage_km"] = number(plain, at, 4) / 10.0
        elif extra == 0x02 and size == 2:
            positions[row]["fuel_l"] = np.float32(number(plain, at, 2) / 10.0)
        elif extra == 0x03 and size == 2:
            positions[row]["recorder_speed_kmh"] = np.float32(number(plain, at, 2) / 10.0)
        elif 0x64 <= extra <= 0x67:
            done = read_alarm(
                plain, at, size, extra, positions[row]["status"], origin, alarms, labels, counts[N_ALARMS]
            )
            if done > 0:
                counts[N_ALARMS] += 1
                counters[origin.slot, ALARMS] += 1
            if done == 2:
                counters[origin.slot, TYRES_CUT] += 1
        at += size


@numba.njit(cache=True, nogil=True)
def read_location(
    plain: Array,
    at: Int,
    end: Int,
    kind: Int,
    origin: Origin,
    positions: Array,
    alarms: Array,
    labels: Array,
    counts: Array,
    counters: Array,
) -> Int:
    """The location at ``plain[at:end]`` into a new row; false when it is too short."""
    if end - at < 28:
        return False
    row = counts[N_POSITIONS]
    status = number(plain, at + 4, 4)
    positions[row]["device"] = origin.device
    positions[row]["received_ms"] = origin.received_ms
    positions[row]["source_system"] = origin.system
    positions[row]["origin"] = kind
    positions[row]["alarm"] = number(plain, at, 4)
    positions[row]["status"] = status
    positions[row]["lat"] = number(plain, at + 8, 4) / 1e6 * (-1.0 if status & 4 else 1.0)
    positions[row]["lon"] = number(plain, at + 12, 4) / 1e6 * (-1.0 if status & 8 else 1.0)
    positions[row]["altitude_m"] = signed_word(plain, at + 16)
    positions[row]["speed_kmh"] = np.float32(number(plain, at + 18, 2) / 10.0)
    positions[row]["course_deg"] = number(plain, at + 20, 2)
    positions[row]["event_ms"] = time_of(plain, at + 22)
    read_extras(plain, at + 28, end, origin, positions, alarms, labels, counts, counters)
    counts[N_POSITIONS] += 1
    counters[origin.slot, POSITIONS] += 1
    return True


@numba.njit(cache=True, nogil=True)
def read_batch(
    plain: Array,
    at: Int,
    end: Int,
    origin: Origin,
    positions: Array,
    alarms: Array,
    labels: Array,
    counts: Array,
    counters: Array,
) -> Int:
    """The items of an 0x0704 body: 0, or 2 (message wrong) when it is too short or not one item could be read."""
    if end - at < 3:
        counters[origin.slot, BAD_BODY] += 1
        return 2
    count = number(plain, at, 2)
    kind = 2 if plain[at + 2] == 1 else 1
    at += 3
    good = 0
    for index in range(count):
        if at + 2 > end or at + 2 + number(plain, at, 2) > end:
            counters[origin.slot, BAD_ITEM] += count - index
            break
        size = number(plain, at, 2)
        if read_location(plain, at + 2, at + 2 + size, kind, origin, positions, alarms, labels, counts, counters):
            good += 1
        else:
            counters[origin.slot, BAD_ITEM] += 1
        at += 2 + size
    return 2 if count > 0 and good == 0 else 0
