"""An attachment connection (附件上传): 0x1210, 0x1211, raw data frames, 0x1212, answered 0x9212."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from cityops.gateways.jt808.attachments import (
    MAX_REPORTED,
    DataFrame,
    ExpectedAlarm,
    Ranges,
    encode_data_frame,
    split_mixed,
)
from cityops.gateways.jt808.codec import decode_message
from cityops.gateways.jt808.header import FrameError, Header
from cityops.gateways.jt808.media import Media
from cityops.gateways.jt808.messages import AttachmentInfo, FileDone, FileInfo, FileReply, Heartbeat, Message, Result
from cityops.kit import CityOpsError

if TYPE_CHECKING:
    from cityops.gateways.jt808.connection import Connection

_log = logging.getLogger(__name__)

_READ_BYTES: Final = 256 * 1024


@dataclass
class _File:
    """The file that is coming in, in an unnamed file of the system's temporary folder."""

    info: FileInfo
    ranges: Ranges
    spool: IO[bytes]

    def pieces(self) -> Iterator[bytes]:
        """Its content, from the start."""
        at = 0
        while piece := os.pread(self.spool.fileno(), _READ_BYTES, at):
            at += len(piece)
            yield piece


class Upload:
    """The files of the alarms that one connection brings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._server = connection.server
        self._rest = b""
        self._alarm: ExpectedAlarm | None = None
        self._file: _File | None = None
        self._storing = False

    def begin(self, header: Header, body: AttachmentInfo) -> bool:
        """0x1210: false, and refused, unless these files were asked for from this terminal."""
        now_s = self._server.clock.monotonic_s()
        alarm = self._server.expected.find(body.alarm_number, now_s)
        if alarm is None or alarm.phone.lstrip("0") != header.phone.lstrip("0"):
            self._server.counters["attachments_not_expected"] += 1
            self._connection.reply(header, Result.FAILURE)
            return False
        self._alarm = alarm
        self._connection.reply(header, Result.OK)
        return True

    def feed(self, data: bytes) -> None:
        """Bytes from the terminal; while a file is being stored they wait, and nothing more is read."""
        self._rest += data
        if self._storing:
            return
        items, rest, skipped = split_mixed(self._rest)
        self._server.counters["attachment_bytes_skipped"] += skipped
        self._rest = rest
        for position, item in enumerate(items):
            self._take(item)
            if self._storing:
                self._rest = _joined(items[position + 1 :]) + rest
                return

    def close(self) -> None:
        """The connection is gone: a file that is not complete is dropped, the terminal brings it again."""
        if self._file is not None and not self._storing:
            self._server.counters["attachments_incomplete"] += 1
            self._drop_file()

    def _take(self, item: bytes | DataFrame) -> None:
        if isinstance(item, DataFrame):
            self._take_data(item)
            return
        message = decode_message(item)
        if isinstance(message, FrameError):
            self._server.counters[message.fault] += 1
            return
        match message.body:
            case AttachmentInfo():
                self.begin(message.header, message.body)
            case FileInfo():
                self._begin_file(message.header, message.body)
            case FileDone():
                self._end_file(message, message.body)
            case Heartbeat():
                self._connection.reply(message.header, Result.OK)
            case _:
                self._connection.reply(message.header, Result.UNSUPPORTED)

    def _begin_file(self, header: Header, info: FileInfo) -> None:
        """0x1211. A file that is announced again goes on where it stopped."""
        if self._alarm is None or info.size > self._server.settings.file_bytes:
            self._server.counters["attachments_too_long"] += 1
            self._connection.reply(header, Result.FAILURE)
            return
        if self._file is None or self._file.info != info:
            self._drop_file()
            self._file = _File(info, Ranges(info.size), tempfile.TemporaryFile())  # noqa: SIM115 (closed by _drop_file)
        self._connection.reply(header, Result.OK)

    def _take_data(self, frame: DataFrame) -> None:
        file = self._file
        if file is None or frame.name != file.info.name:
            self._server.counters["attachment_data_unknown_file"] += 1
            return
        if not file.ranges.add(frame.offset, frame.offset + len(frame.data)):
            self._server.counters["attachment_data_out_of_bounds"] += 1
            return
        try:
            os.pwrite(file.spool.fileno(), frame.data, frame.offset)
        except OSError as error:
            # The whole file is asked for again in the answer to 0x1212.
            file.ranges = Ranges(file.info.size)
            self._server.counters["attachment_spool_errors"] += 1
            _log.error("attachment %s of %s: %s", frame.name, self._connection.address, error.strerror)

    def _end_file(self, message: Message, done: FileDone) -> None:
        """0x1212: what is missing is asked for; a complete file is stored first, then confirmed."""
        file = self._file
        if file is None or done.name != file.info.name:
            self._connection.send(FileReply(done.name, done.file_type, ((0, done.size),) if done.size else ()))
            return
        missing = file.ranges.missing()
        if missing:
            self._server.counters["attachment_resends"] += 1
            self._connection.send(FileReply(done.name, done.file_type, tuple(missing[:MAX_REPORTED])))
            return
        self._storing = True
        self._connection.hold("storing")
        self._server.run(self._store(file, done))

    async def _store(self, file: _File, done: FileDone) -> None:
        alarm = self._alarm
        assert alarm is not None
        media = Media(
            alarm.device,
            "attachment",
            done.name,
            done.file_type,
            alarm.event_ms,
            file.info.size,
            alarm.label.encode().hex(),
        )
        missing: tuple[tuple[int, int], ...] = ()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._server.media_executor, self._server.files, media, file.pieces())
            self._server.counters["attachments_stored"] += 1
            if self._server.expected.note_stored(alarm, done.name):
                self._server.counters["attachment_alarms_complete"] += 1
        except CityOpsError as error:
            self._server.counters["attachments_not_stored"] += 1
            _log.error("attachment %s was not stored, the terminal is asked again: %s", done.name, error.text.en)
            missing = ((0, file.info.size),)
        self._storing = False
        self._drop_file()
        self._connection.send(FileReply(done.name, done.file_type, missing))
        self._connection.let_go("storing")
        self.feed(b"")

    def _drop_file(self) -> None:
        if self._file is not None:
            self._file.spool.close()
            self._file = None


def _joined(items: list[bytes | DataFrame]) -> bytes:
    """Items that were cut already, as the stream they came in."""
    return b"".join(
        encode_data_frame(item) if isinstance(item, DataFrame) else b"\x7e" + item + b"\x7e" for item in items
    )
