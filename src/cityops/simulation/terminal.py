"""A JT/T 808 terminal on a real socket: registers, authenticates, reports, and keeps what was not acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from cityops.gateways.jt808 import (
    Authentication,
    Body,
    Edition,
    FrameError,
    GeneralReply,
    Heartbeat,
    Location,
    LocationBatch,
    RegisterReply,
    RegisterResult,
    Registration,
    Result,
    decode_message,
    encode_message,
    split_frames,
)

_ITEMS_A_BATCH: Final = 20
MOST_WAITING: Final = 5_000
_MOST_IN_FLIGHT: Final = 8
_ANSWER_LIMIT_S: Final = 30.0
_HEARTBEAT_S: Final = 60.0
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 15.0
_REFUSED_RETRY_S: Final = 10.0
_NOT_STORED_WAIT_S: Final = 1.0

_logger = logging.getLogger(__name__)

Mangle = Callable[[bytes], bytes]
_Wanted = TypeVar("_Wanted")


@dataclass(frozen=True)
class Identity:
    """What a terminal says of itself when it registers (终端注册)."""

    phone: str
    terminal_id: str
    maker: str
    model: str
    plate: str
    plate_color: int
    edition: Edition
    province: int = 14
    city: int = 100


@dataclass
class Counters:
    """What happened to this terminal's reports; positions unless said otherwise."""

    acknowledged: int = 0
    refused: int = 0
    resent: int = 0
    overflowed: int = 0
    connections: int = 0
    registrations_refused: int = 0


@dataclass(frozen=True)
class _Report:
    positions: tuple[Location, ...]
    backfill: bool

    def body(self) -> Body:
        if len(self.positions) == 1 and not self.backfill:
            return self.positions[0]
        return LocationBatch(kind=1 if self.backfill else 0, items=self.positions)


@dataclass
class Terminal:
    """One terminal. ``report`` hands positions over; ``run`` keeps the connection and sends them until cancelled.

    A position leaves the terminal's memory only when the platform has acknowledged it with result 0. What was under way
    when a connection broke is sent again as backfill. At most ``MOST_WAITING`` positions wait; beyond that the oldest
    are given up, as a real terminal's memory would: counted, and said once until the queue is empty again.
    """

    identity: Identity
    host: str
    port: int
    on_acknowledged: Callable[[str, Sequence[Location]], None] = lambda phone, positions: None
    mangle: Mangle | None = None
    first_retry_s: float = _FIRST_RETRY_S
    answer_limit_s: float = _ANSWER_LIMIT_S
    refused_retry_s: float = _REFUSED_RETRY_S
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        """Empty queues."""
        self._waiting: deque[_Report] = deque()
        self._waiting_positions = 0
        self._in_flight: dict[int, _Report] = {}
        self._serial = 0
        self._overflowing = False
        self._refusal: str | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def unacknowledged(self) -> int:
        """Positions that the platform has not acknowledged yet."""
        return self._waiting_positions + sum(len(report.positions) for report in self._in_flight.values())

    def report(self, positions: Sequence[Location], *, backfill: bool = False) -> None:
        """Queue positions for sending; backfill goes in batches of twenty."""
        step = _ITEMS_A_BATCH if backfill or len(positions) > 1 else 1
        for at in range(0, len(positions), step):
            self._waiting.append(_Report(tuple(positions[at : at + step]), backfill))
        self._waiting_positions += len(positions)
        if positions:
            self._idle.clear()
        while self._waiting_positions > MOST_WAITING:
            self._give_up_oldest()
        self._wake.set()

    def _give_up_oldest(self) -> None:
        given_up = self._waiting.popleft()
        self._waiting_positions -= len(given_up.positions)
        self.counters.overflowed += len(given_up.positions)
        if not self._overflowing:
            self._overflowing = True
            _logger.error("terminal %s: more than %d positions wait, the oldest go", self.identity.phone, MOST_WAITING)

    async def acknowledged(self) -> None:
        """Wait until the platform has acknowledged everything."""
        await self._idle.wait()

    async def run(self) -> None:
        """Connect, sign in and send, again and again, until cancelled."""
        retry_s = self.first_retry_s
        while True:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
            except OSError:
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, _LONGEST_RETRY_S)
                continue
            self.counters.connections += 1
            link = Link(reader, writer)
            try:
                refusal = await self._sign_in(link)
                self._note(refusal)
                if refusal is None:
                    retry_s = self.first_retry_s
                    await self._converse(link)
                else:
                    retry_s = self.refused_retry_s
            except (OSError, EOFError, TimeoutError):
                pass  # the line broke: what was under way goes back, and the terminal connects again
            finally:
                self._take_back()
                writer.close()
            await asyncio.sleep(retry_s)

    def _frames(self, body: Body) -> tuple[int, bytes]:
        serial = self._serial
        frames = encode_message(body, phone=self.identity.phone, serial=serial, edition=self.identity.edition)
        self._serial = (serial + len(frames)) & 0xFFFF
        return serial, b"".join(frames)

    async def _sign_in(self, link: Link) -> str | None:
        """Register and authenticate; returns why the platform refuses, ``None`` when it does not."""
        who = self.identity
        _, frames = self._frames(
            Registration(
                who.province, who.city, who.maker, who.model, who.terminal_id, who.plate_color, who.plate, who.edition
            )
        )
        async with asyncio.timeout(self.answer_limit_s):
            await link.send(frames)
            reply = await link.expect(RegisterReply)
            if reply.result != RegisterResult.OK:
                return f"registration result {reply.result}"
            serial, frames = self._frames(Authentication(code=reply.code))
            await link.send(frames)
            while (answer := await link.expect(GeneralReply)).serial != serial:
                pass  # an answer to something older
        return None if answer.result == Result.OK else f"authentication result {answer.result}"

    def _note(self, refusal: str | None) -> None:
        """Count a refusal; say it when it is news."""
        self.counters.registrations_refused += refusal is not None
        if refusal is not None and refusal != self._refusal:
            _logger.warning(
                "terminal %s is refused (%s) and asks again every %.0f s; approve it in the device list",
                self.identity.phone,
                refusal,
                self.refused_retry_s,
            )
        self._refusal = refusal

    async def _converse(self, link: Link) -> None:
        """Listen and speak until either ends; raises what ended it."""
        # Not a TaskGroup: that of Python 3.11 loses a cancellation that comes while the line breaks.
        tasks = [asyncio.ensure_future(self._listen(link)), asyncio.ensure_future(self._speak(link))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _speak(self, link: Link) -> None:
        while True:
            while self._waiting and len(self._in_flight) < _MOST_IN_FLIGHT:
                report = self._waiting.popleft()
                self._waiting_positions -= len(report.positions)
                serial, frames = self._frames(report.body())
                self._in_flight[serial] = report
                if self.mangle is not None:
                    frames = self.mangle(frames)
                await link.send(frames)
            self._wake.clear()
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    await self._wake.wait()
            except TimeoutError:
                _, frames = self._frames(Heartbeat())
                await link.send(frames)

    async def _listen(self, link: Link) -> None:
        while True:
            # A live platform answers a report or the heartbeat within this time; silence means that the line is dead.
            async with asyncio.timeout(_HEARTBEAT_S + self.answer_limit_s):
                answer = await link.expect(GeneralReply)
            report = self._in_flight.pop(answer.serial, None)
            if report is None:
                continue
            if answer.result == Result.OK:
                self.counters.acknowledged += len(report.positions)
                self.on_acknowledged(self.identity.phone, report.positions)
                if not self.unacknowledged:
                    self._overflowing = False
                    self._idle.set()
            else:
                self.counters.refused += len(report.positions)
                self._put_back(report)
                await asyncio.sleep(_NOT_STORED_WAIT_S)
            self._wake.set()

    def _put_back(self, report: _Report) -> None:
        self._waiting.appendleft(_Report(report.positions, backfill=True))
        self._waiting_positions += len(report.positions)

    def _take_back(self) -> None:
        """What was under way when the line broke goes to the front again, oldest first."""
        for report in reversed(self._in_flight.values()):
            self._put_back(report)
            self.counters.resent += len(report.positions)
        self._in_flight.clear()


class Link:
    """A connection that speaks in messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self._arrived: deque[bytes] = deque()

    async def send(self, frames: bytes) -> None:
        """Write; raises ``OSError`` when the connection is gone (uvloop's own error for that is a ``RuntimeError``)."""
        if self._writer.transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._writer.write(frames)
        await self._writer.drain()

    async def expect(self, kind: type[_Wanted]) -> _Wanted:
        """The next message of ``kind``; others are passed over. Raises ``EOFError`` at the end of the connection."""
        while True:
            while self._arrived:
                message = decode_message(self._arrived.popleft())
                if not isinstance(message, FrameError) and isinstance(message.body, kind):
                    return message.body
            data = await self._reader.read(65_536)
            if not data:
                raise EOFError
            frames, self._rest, _ = split_frames(self._rest + data)
            self._arrived.extend(frames)
