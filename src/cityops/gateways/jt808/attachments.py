"""Files of active-safety alarms (报警附件): the mixed stream of frames and raw data, and what is still missing."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from cityops.gateways.jt808.framing import DELIMITER, MAX_ESCAPED_BYTES
from cityops.gateways.jt808.safety import AlarmLabel

MAGIC: Final = b"\x30\x31\x63\x64"
HEAD_BYTES: Final = 62
NAME_BYTES: Final = 50
MAX_DATA_BYTES: Final = 1024 * 1024
"""Longest payload of one data frame. T/JSATL 12 has 64 KiB; some terminals send more."""
MAX_RANGES: Final = 1024
"""Separate pieces of one file; a terminal sends in order, so more is a fault."""
MAX_REPORTED: Final = 100
"""Missing ranges named in one answer (eight bytes each, 1,023 in all); the next answer names the rest."""
_OUT_OF_BOUNDS: Final = -1


@dataclass(frozen=True, slots=True)
class DataFrame:
    """Raw bytes of a file (文件数据上传)."""

    name: str
    offset: int
    data: bytes


def encode_data_frame(frame: DataFrame) -> bytes:
    """Head of 62 bytes (magic, name[50], offset, length), then the data; not escaped."""
    name = frame.name.encode("gbk").ljust(NAME_BYTES, b"\x00")
    if len(name) > NAME_BYTES:
        raise ValueError(f"{frame.name!r} is longer than {NAME_BYTES} bytes")
    return MAGIC + name + frame.offset.to_bytes(4, "big") + len(frame.data).to_bytes(4, "big") + frame.data


def split_mixed(buffer: bytes) -> tuple[list[bytes | DataFrame], bytes, int]:
    """Cut the stream of an attachment connection.

    Returns:
        Escaped segments of frames and data frames, in order; the rest; the number of bytes skipped as neither.
    """
    items: list[bytes | DataFrame] = []
    at = skipped = 0
    while at < len(buffer):
        if buffer[at] == DELIMITER:
            end = buffer.find(b"\x7e", at + 1)
            if end < 0 and len(buffer) - at <= MAX_ESCAPED_BYTES:
                break
            if end < 0 or end - at > MAX_ESCAPED_BYTES:
                at += 1
                skipped += 1
            elif end == at + 1:
                at = end
            else:
                items.append(buffer[at + 1 : end])
                at = end + 1
        elif MAGIC.startswith(buffer[at : at + 4]):
            size = _data_size(buffer, at)
            if size == _OUT_OF_BOUNDS:
                at += 1
                skipped += 1
                continue
            if size is None or at + HEAD_BYTES + size > len(buffer):
                break
            items.append(_data_frame(buffer, at, size))
            at += HEAD_BYTES + size
        else:
            following = _next_start(buffer, at + 1)
            skipped += following - at
            at = following
    return items, buffer[at:], skipped


def _data_size(buffer: bytes, at: int) -> int | None:
    """Payload length of the data frame at ``at``; ``None`` when its head is not all there."""
    if at + HEAD_BYTES > len(buffer):
        return None
    size = int.from_bytes(buffer[at + 58 : at + 62], "big")
    return size if size <= MAX_DATA_BYTES else _OUT_OF_BOUNDS


def _data_frame(buffer: bytes, at: int, size: int) -> DataFrame:
    name = buffer[at + 4 : at + 4 + NAME_BYTES].rstrip(b"\x00").decode("gbk", errors="replace").strip()
    offset = int.from_bytes(buffer[at + 54 : at + 58], "big")
    return DataFrame(name, offset, buffer[at + HEAD_BYTES : at + HEAD_BYTES + size])


def _next_start(buffer: bytes, at: int) -> int:
    """Where the next frame or data frame may begin."""
    starts = [found for found in (buffer.find(b"\x7e", at), buffer.find(MAGIC[:1], at)) if found >= 0]
    return min(starts, default=len(buffer))


@dataclass
class Ranges:
    """Which bytes of a file are there: disjoint, sorted, touching ones merged."""

    size: int
    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, end: int) -> bool:
        """Note ``start``..``end`` (exclusive); false when outside the file or when there would be too many pieces."""
        if not 0 <= start <= end <= self.size:
            return False
        if start == end:
            return True
        before = [span for span in self.spans if span[1] < start]
        after = [span for span in self.spans if span[0] > end]
        touching = self.spans[len(before) : len(self.spans) - len(after)]
        low = min([start, *(span[0] for span in touching)])
        high = max([end, *(span[1] for span in touching)])
        if len(before) + len(after) + 1 > MAX_RANGES:
            return False
        self.spans = [*before, (low, high), *after]
        return True

    def missing(self) -> list[tuple[int, int]]:
        """(offset, length) of what is not there."""
        gaps = []
        at = 0
        for start, end in [*self.spans, (self.size, self.size)]:
            if start > at:
                gaps.append((at, start - at))
            at = end
        return gaps


@dataclass
class ExpectedAlarm:
    """An alarm whose files were asked for with 0x9208."""

    number: str
    device: int
    phone: str
    label: AlarmLabel
    system: int
    kind: int
    event_ms: int
    asked_s: float
    stored: set[str] = field(default_factory=set)


class ExpectedAlarms:
    """Which files the gateway asked for, bounded; nobody may bring anything else."""

    def __init__(self, limit: int, expiry_s: float) -> None:
        self._limit = limit
        self._expiry_s = expiry_s
        self._by_number: OrderedDict[str, ExpectedAlarm] = OrderedDict()
        self._numbers: dict[tuple[int, AlarmLabel], str] = {}
        self._done: OrderedDict[tuple[int, AlarmLabel], None] = OrderedDict()
        self.expired = 0
        self.overflowed = 0

    def __len__(self) -> int:
        return len(self._by_number)

    def ask(self, alarm: ExpectedAlarm) -> bool:
        """Whether to ask for the files of ``alarm``: not when they came, or were asked for already, or no room."""
        key = (alarm.device, alarm.label)
        self.expire(alarm.asked_s)
        if key in self._done or key in self._numbers:
            return False
        if len(self._by_number) >= self._limit:
            self.overflowed += 1
            return False
        self._by_number[alarm.number] = alarm
        self._numbers[key] = alarm.number
        return True

    def find(self, number: str, now_s: float) -> ExpectedAlarm | None:
        """The alarm of that number, unless it was not asked for or expired."""
        self.expire(now_s)
        return self._by_number.get(number)

    def note_stored(self, alarm: ExpectedAlarm, name: str) -> bool:
        """Note one file; true when it was the last one announced."""
        alarm.stored.add(name)
        if len(alarm.stored) < alarm.label.attachments:
            return False
        if self._by_number.pop(alarm.number, None) is not None:
            del self._numbers[(alarm.device, alarm.label)]
        self._done[(alarm.device, alarm.label)] = None
        while len(self._done) > self._limit:
            self._done.popitem(last=False)
        return True

    def expire(self, now_s: float) -> None:
        """Forget what was asked for too long ago; a later report of the alarm asks again."""
        while self._by_number:
            number, oldest = next(iter(self._by_number.items()))
            if now_s - oldest.asked_s < self._expiry_s:
                return
            del self._by_number[number]
            del self._numbers[(oldest.device, oldest.label)]
            self.expired += 1
