"""The servers of the gateway benchmark: ours with its terminals in memory, and a bare one that frames and replies."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cityops.gateways.jt808 import Jt808Server, Jt808Settings, Media, split_frames, unescape
from cityops.kit import CoordinateSystem, SystemClock
from cityops.observations import DeadLetters, Device, DeviceStatus, Log

CODE = "bench-code"


def make_device(number: int) -> Device:
    """One of the registered terminals."""
    phone = str(13_800_000_000 + number)
    return Device(
        number + 1, "jt808", phone, phone, None, None, None, None, None, CoordinateSystem.WGS84, CODE, True, 0
    )


@dataclass
class MemoryDirectory:
    """A device directory without a store behind it."""

    devices: Sequence[Device]
    by_number: dict[str, Device] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_number = {device.phone: device for device in self.devices}

    def by_phone(self, protocol: str, phone: str) -> Device | None:
        """See ``DeviceDirectory``, here and below."""
        return self.by_number.get(phone)

    def all(self) -> Sequence[Device]:
        """Every terminal of the benchmark."""
        return self.devices

    def changed_after(self, at_ms: int) -> Sequence[Device]:
        """Nothing ever changes."""
        return ()

    def note_pending(self, *_: object) -> None:
        """Never called."""
        raise AssertionError("every terminal of the benchmark is registered")

    def issue_auth_code(self, device_id: int) -> str:
        """The same for all."""
        return CODE

    def flush_status(self, statuses: Sequence[DeviceStatus]) -> None:
        """Not kept."""

    def mark_all_offline(self) -> None:
        """Nothing is kept."""


def keep_nothing(media: Media, chunks: Iterable[bytes]) -> None:
    raise AssertionError("the benchmark brings no files")


class BareConnection(asyncio.Protocol):
    """Frames and replies, nothing else."""

    def __init__(self) -> None:
        self.rest = b""
        self.serial = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Cut, unescape, answer."""
        frames, self.rest, _ = split_frames(self.rest + data)
        replies = []
        for frame in frames:
            plain = unescape(frame)
            head = b"\x80\x01\x00\x05" + plain[4:10] + self.serial.to_bytes(2, "big")
            reply = head + plain[10:12] + plain[0:2] + b"\x00"
            self.serial = (self.serial + 1) & 0xFFFF
            value = 0
            for byte in reply:
                value ^= byte
            reply += value.to_bytes(1, "big")
            if b"\x7e" in reply or b"\x7d" in reply:
                reply = reply.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")
            replies.append(b"\x7e" + reply + b"\x7e")
        self.transport.write(b"".join(replies))


async def serve_bare(stop: asyncio.Event) -> None:
    server = await asyncio.get_running_loop().create_server(BareConnection, "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await stop.wait()
    server.close()


async def serve_ours(stop: asyncio.Event, folder: Path, terminals: int) -> None:
    with Log.open(folder / "log", writer="jt808", min_free_bytes=0) as log, DeadLetters(folder / "dead") as letters:
        server = Jt808Server(
            "127.0.0.1",
            0,
            devices=MemoryDirectory([make_device(number) for number in range(terminals)]),
            log=log,
            dead_letters=letters,
            clock=SystemClock(),
            files=keep_nothing,
            settings=Jt808Settings(max_connections=terminals + 100),
        )
        await server.start()
        print(json.dumps({"port": server.port}), flush=True)
        await stop.wait()
        await server.stop()
        print(json.dumps({"appended_rows": log.appended_rows, **server.metrics()}), flush=True)


async def serve(kind: str, folder: Path, terminals: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await (serve_bare(stop) if kind == "bare" else serve_ours(stop, folder, terminals))
