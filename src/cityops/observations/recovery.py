"""What a log's writer does first: check the end of the last segment and cut off what was never finished."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from cityops.kit import Text
from cityops.observations import records
from cityops.observations.segments import segment_path

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recovery:
    """What was found when a log was opened.

    Attributes:
        end: position behind the last whole record.
        cut_bytes: bytes of unfinished records that were cut off the end.
        lost_bytes: bytes that had been acknowledged and are missing; 0 unless the file was damaged from outside.
        damaged: positions of damaged records that were left in place because good records follow them.
    """

    end: int
    cut_bytes: int = 0
    lost_bytes: int = 0
    damaged: tuple[int, ...] = ()

    @property
    def text(self) -> Text:
        """The finding as a sentence."""
        return Text(
            f"日志恢复到位置 {self.end}：切除未写完的 {self.cut_bytes} 字节，缺失已确认的 {self.lost_bytes} 字节，"
            f"中部损坏 {len(self.damaged)} 处",
            f"log recovered up to position {self.end}: cut {self.cut_bytes} bytes that were never finished, "
            f"{self.lost_bytes} acknowledged bytes are missing, {len(self.damaged)} damaged places in the middle",
        )


def recover_segment(folder: Path, base: int, committed: int) -> Recovery:
    """Check the last segment and cut its unfinished end.

    Args:
        folder: the writer's folder.
        base: first position of the last segment.
        committed: the commit mark; bytes before it were durable once and are never cut.
    """
    path = segment_path(folder, base)
    with path.open("r+b") as stream:
        data = stream.read()
        start = committed - base if base <= committed <= base + len(data) else 0
        end, damaged = _find_end(data, start, base)
        cut_bytes = len(data) - end
        if cut_bytes:
            stream.truncate(end)
            stream.flush()
            os.fsync(stream.fileno())
    found = Recovery(base + end, cut_bytes, max(0, committed - base - end), damaged)
    if found.lost_bytes or found.damaged:
        _log.error("%s (%s)", found.text.en, path)
    elif found.cut_bytes:
        _log.warning("%s (%s)", found.text.en, path)
    return found


def _find_end(data: bytes, start: int, base: int) -> tuple[int, tuple[int, ...]]:
    """Offset behind the last record to keep, and positions of damage before it."""
    end = start
    damaged: list[int] = []
    while end < len(data):
        try:
            record = records.decode_record(memoryview(data), end)
        except records.DamagedRecordError:
            record = None
        if record is None:
            following = _record_of_later_append(data, end)
            if following is None:
                break
            damaged.append(base + end)
            end = following
            continue
        end += record.size
    return end, tuple(damaged)


def _record_of_later_append(data: bytes, offset: int) -> int | None:
    """Where the next good record of an append that began after ``offset`` starts.

    Such a record proves that what lies at ``offset`` was acknowledged once: an append starts only after the one before
    it is durable. Records of the same append prove nothing: a power cut may keep its pages in any order.
    """
    found = records.find_record(data, offset + 1)
    while found is not None:
        at, record = found
        if at - record.group_offset > offset:
            return at
        found = records.find_record(data, at + record.size)
    return None
