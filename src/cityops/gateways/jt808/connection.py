"""One TCP connection: bytes to frames, and where each frame goes.

new ──0x0102 right──► online: whole frames go to the intake, unread
 │                      ▲ 0x0003
 └──0x1210 expected──► attachments: frames and raw data, see ``uploads``
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from cityops.gateways.jt808 import handlers, login
from cityops.gateways.jt808.codec import encode_body, encode_message
from cityops.gateways.jt808.commands import Commands
from cityops.gateways.jt808.framing import MAX_ESCAPED_BYTES, split_frames
from cityops.gateways.jt808.header import Edition, Header
from cityops.gateways.jt808.messages import Body, GeneralReply
from cityops.gateways.jt808.reassembly import Reassembly
from cityops.gateways.jt808.safety import AlarmLabel
from cityops.gateways.jt808.states import State
from cityops.gateways.jt808.uploads import Upload

if TYPE_CHECKING:
    from cityops.gateways.jt808.server import Jt808Server
    from cityops.observations import Device


class Connection(asyncio.Protocol):
    """A terminal's connection. Made by the server for every socket."""

    def __init__(self, server: Jt808Server) -> None:
        settings = server.settings
        self.server = server
        self.state = State.NEW
        self.device: Device | None = None
        self.slot = -1
        self.chunks_under_way = 0
        self._settled: asyncio.Event | None = None
        self.address = ""
        self.local_host = ""
        self.closed = False
        self.refusals = 0
        self.last_seen_ms = 0
        self.seen_since_status = False
        self.upload: Upload | None = None
        self.commands = Commands(settings.max_commands)
        self.reassembly = Reassembly(
            server.budget,
            settings.max_partial_messages,
            settings.message_bytes,
            settings.package_wait_s,
            settings.max_resend_requests,
        )
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._held: deque[bytes] = deque()
        self._holds: set[str] = set()
        self._header = Header(0, "0", 0)
        self._serial = 0
        self._opened_s = self._heard_s = 0.0
        self._heard = False
        self._clock, self._intake = server.clock, server.intake

    # -- asyncio -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or close it at once when there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self.server.settings.slow_reader_bytes)
        self._opened_s = self._heard_s = asyncio.get_running_loop().time()
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.address = f"{peer[0]}:{peer[1]}" if peer else ""
        self.local_host = str(local[0]) if local else ""
        if len(self.server.connections) >= self.server.max_connections or self.server.stopping:
            self.abort("too_many_connections")
            return
        self.server.connections.add(self)
        self.server.counters["opened"] += 1
        if self.server.intake.full:
            self.hold("queue")

    def data_received(self, data: bytes) -> None:
        """Bytes from the terminal: whole frames go on, the rest waits (bounded)."""
        self._heard = True
        if self.state is State.ONLINE:
            if self._rest:
                data = self._rest + data
            cut = data.rfind(b"\x7e") + 1
            if cut:
                self._submit(data[:cut])
            # One byte more than the bound is kept, so that the segment stays recognisable as oversized.
            self._rest = data[cut : cut + MAX_ESCAPED_BYTES + 1]
            return
        if self.state is State.ATTACHMENTS and self.upload is not None:
            self.upload.feed(data)
            return
        frames, self._rest, oversized = split_frames(self._rest + data)
        self.server.counters["oversized"] += oversized
        self._held.extend(frames)
        self.work_off()

    def pause_writing(self) -> None:
        """The terminal does not read its answers: it is disconnected, or they would fill the memory."""
        self.abort("slow_reader")

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        self.closed = True
        self.server.connections.discard(self)
        self.commands.cancel()
        given_up = self.reassembly.clear()
        self.server.counters["partial_messages_lost"] += given_up
        if self.upload is not None:
            self.upload.close()
        self.server.log_out(self)
        self._held.clear()
        self._rest = b""

    # -- state ---------------------------------------------------------------------------------------------

    def work_off(self) -> None:
        """Deal with frames that came before the terminal was online, in order."""
        while self._held and self.state is State.NEW and not self.closed:
            login.handle(self, self._held.popleft())
        if self.state is State.ONLINE and self._held:
            chunk = b"".join(segment + b"\x7e" for segment in self._held)
            self._held.clear()
            self._submit(chunk)
        if self.state is State.ATTACHMENTS and self.upload is not None:
            raw = b"".join(b"\x7e" + segment + b"\x7e" for segment in self._held) + self._rest
            self._held.clear()
            self._rest = b""
            self.upload.feed(raw)

    def set_state(self, state: State) -> None:
        """Change what the connection is; while a login is checked, nothing more is read."""
        self.state = state
        if state is State.CHECKING:
            self.hold("checking")
        else:
            self.let_go("checking")

    def remember(self, header: Header) -> None:
        """Answer in the form, and to the phone, of this header."""
        self._header = header

    def hold(self, why: str) -> None:
        """Stop reading for a reason."""
        if not self._holds and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds.add(why)

    def let_go(self, why: str) -> None:
        """Read again when that was the last reason not to."""
        if why in self._holds:
            self._holds.discard(why)
            if not self._holds and self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    def stop_reading(self) -> None:
        """For good: the server stops."""
        self.hold("stopping")

    def close(self, why: str) -> None:
        """Send what is left to send, then disconnect."""
        self._end(why, at_once=False)

    def abort(self, why: str) -> None:
        """Disconnect without another word."""
        self._end(why, at_once=True)

    def _end(self, why: str, *, at_once: bool) -> None:
        if self._transport is None or (self._transport.is_closing() and not at_once):
            return
        self.server.counters[f"closed_{why}"] += 1
        if at_once:
            self._transport.abort()
        else:
            self._transport.close()

    def sweep(self, now_s: float) -> None:
        """Once a second: is it idle, did it ever log in, are packages missing?"""
        settings = self.server.settings
        if self._heard or self._holds:  # not reading is our doing, not the terminal's
            self._heard, self._heard_s = False, now_s
        if now_s - self._heard_s > settings.idle_s:
            self.close("idle")
        elif self.state is State.NEW and now_s - self._opened_s > settings.login_s:
            self.close("no_login")
        else:
            handlers.ask_again(self)

    # -- sending -------------------------------------------------------------------------------------------

    def send(self, body: Body) -> int:
        """Send a message; the serial it went out with."""
        sessions = self.server.sessions
        serial = int(sessions.serial[self.slot]) if self.slot >= 0 else self._serial
        following = (serial + 1) & 0xFFFF
        if self.slot >= 0:
            sessions.serial[self.slot] = following
        self._serial = following
        frames = encode_message(body, phone=self._header.phone, serial=serial, edition=self._header.edition)
        self.take_replies(b"".join(frames))
        return serial

    def reply(self, header: Header, result: int) -> None:
        """A general answer (0x8001) to the message of ``header``."""
        self.send(GeneralReply(header.serial, header.message_id, result))

    def send_command(self, body: Body) -> asyncio.Future[int]:
        """Send a message that the terminal must answer; its result is the future's."""
        serial = int(self.server.sessions.serial[self.slot])
        message_id, _ = encode_body(body, self._header.edition)
        future = self.commands.expect(serial, message_id)
        self.send(body)
        return future

    @property
    def edition(self) -> Edition:
        """Of the terminal's header."""
        return self._header.edition

    @property
    def phone(self) -> str:
        """Of the terminal, as it sends it."""
        return self._header.phone

    # -- what the intake calls -----------------------------------------------------------------------------

    def take_replies(self, data: bytes) -> None:
        """Send answers, unless the terminal is gone: it will send again what it got no answer to."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def take_frame(self, segment: bytes) -> None:
        """A frame that is no plain location, batch or heartbeat."""
        if self.state is not State.ONLINE:
            self._held.append(segment)
            self.work_off()
        elif not self.closed:
            handlers.handle(self, segment)

    def take_attachments(self, label: AlarmLabel, system: int, kind: int, event_ms: int) -> None:
        """A stored alarm announces files: ask for them."""
        handlers.ask_for_files(self, label, system, kind, event_ms)

    def chunk_done(self) -> None:
        """One chunk was dealt with; the slot of a terminal that left may be free now."""
        self.seen_since_status = True  # only now: a state written while it was under way did not count it
        self.chunks_under_way -= 1
        if self.chunks_under_way == 0:
            if self._settled is not None:
                self._settled.set()
            if self.device is None:
                self.server.release(self)

    async def settle(self) -> None:
        """Wait until everything that was received is stored and answered; nothing is read meanwhile."""
        if self.chunks_under_way:
            self._settled = asyncio.Event()
            await self._settled.wait()
            self._settled = None

    def _submit(self, chunk: bytes) -> None:
        self.chunks_under_way += 1
        self.last_seen_ms = now_ms = self._clock.now_ms()
        self._intake.add(self, chunk, now_ms)
