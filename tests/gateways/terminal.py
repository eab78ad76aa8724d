"""A terminal for tests: real socket, the project's own encoder, answers read one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Self, TypeVar

from cityops.gateways.jt808 import (
    Authentication,
    Body,
    DataFrame,
    Edition,
    GeneralReply,
    Message,
    RegisterReply,
    Registration,
    decode_message,
    encode_data_frame,
    encode_message,
    split_frames,
)

B = TypeVar("B", bound=Body)
WAIT_S = 100.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds."""
    due_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < due_s, "it never came to that"
        await asyncio.sleep(0.01)


class Terminal:
    """One connection of one terminal."""

    def __init__(self, port: int, phone: str, edition: Edition = Edition.V2013, terminal_id: str = "T000001") -> None:
        self.port, self.phone, self.edition, self.terminal_id = port, phone, edition, terminal_id
        self.serial = 0
        self._rest = b""
        self._ready: list[Message] = []

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def encode(self, body: Body, package_bytes: int = 1023) -> list[bytes]:
        """The frames of a message; the serial counts on."""
        frames = encode_message(
            body, phone=self.phone, serial=self.serial, edition=self.edition, package_bytes=package_bytes
        )
        self.serial = (self.serial + len(frames)) & 0xFFFF
        return frames

    async def send(self, body: Body) -> int:
        """Send a message; the serial of its (first) frame."""
        serial = self.serial
        await self.send_raw(b"".join(self.encode(body)))
        return serial

    async def send_raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_data(self, name: str, offset: int, data: bytes) -> None:
        await self.send_raw(encode_data_frame(DataFrame(name, offset, data)))

    async def receive(self) -> Message:
        """The next message from the platform."""
        while not self._ready:
            data = await asyncio.wait_for(self.reader.read(65536), WAIT_S)
            if not data:
                raise ConnectionResetError("the platform closed the connection")
            frames, self._rest, _ = split_frames(self._rest + data)
            for frame in frames:
                message = decode_message(frame)
                assert isinstance(message, Message), message
                self._ready.append(message)
        return self._ready.pop(0)

    async def expect(self, kind: type[B]) -> B:
        """The next message, which must be of ``kind``."""
        message = await self.receive()
        assert isinstance(message.body, kind), message
        return message.body

    async def ask(self, body: Body) -> int:
        """Send, and the result of the general answer to exactly that message."""
        serial = await self.send(body)
        reply = await self.expect(GeneralReply)
        assert reply.serial == serial
        return reply.result

    async def register(self, plate: str = "晋A12345") -> RegisterReply:
        edition = self.edition
        await self.send(Registration(14, 105, "MAKER", "MODEL", self.terminal_id, 2, plate, edition))
        return await self.expect(RegisterReply)

    async def log_in(self) -> None:
        """Register and authenticate; must succeed."""
        registered = await self.register()
        assert registered.result == 0
        assert await self.ask(Authentication(registered.code)) == 0

    async def closed_by_platform(self) -> bool:
        """Whether the platform closes the connection soon."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), WAIT_S):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True
