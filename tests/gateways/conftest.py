"""A gateway on a real log, a real register and real files; terminals on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvloop

from cityops.access import SYSTEM
from cityops.gateways.jt808 import Jt808Server, Jt808Settings, Location, Media
from cityops.kit import CoordinateSystem, ManualClock
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    DeadLetters,
    Device,
    DeviceRegister,
    Log,
    LogReader,
    NewDevice,
)
from cityops.store import Files, Store


@dataclass
class Gateway:
    """What a test has at hand."""

    folder: Path
    clock: ManualClock
    devices: DeviceRegister
    log: Log
    dead_letters: DeadLetters
    files: Files
    kept: list[tuple[Media, str]] = field(default_factory=list)

    def keep(self, media: Media, chunks: Iterable[bytes]) -> None:
        """The injected media store: content-addressed files, and a note of what was kept."""
        self.kept.append((media, self.files.put(chunks).sha256))

    def device(self, phone: str, system: CoordinateSystem = CoordinateSystem.WGS84) -> Device:
        return self.devices.create(SYSTEM, NewDevice("jt808", phone, coordinate_system=system))

    @asynccontextmanager
    async def serving(self, **bounds: Any) -> AsyncIterator[Jt808Server]:
        """A running server with quick timers; other bounds as given."""
        quick: dict[str, Any] = {"max_connections": 50, "refresh_s": 0.05, "status_s": 0.05, **bounds}
        server = Jt808Server(
            "127.0.0.1",
            0,
            devices=self.devices,
            log=self.log,
            dead_letters=self.dead_letters,
            clock=self.clock,
            files=self.keep,
            settings=Jt808Settings(**quick),
        )
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    def location(self, seconds: float = 0, **fields: Any) -> Location:
        """A plausible location, ``seconds`` after the test's present."""
        event_ms = (self.clock.now_ms() // 1000) * 1000 + round(seconds * 1000)
        return Location(**{"latitude_e6": 37_869_680, "longitude_e6": 112_551_024, "event_ms": event_ms, **fields})

    def stored(self) -> tuple[Batch, Batch]:
        """Everything durable: positions and safety alarms."""
        reader = LogReader(self.folder / "log" / "jt808")
        batches: list[Batch] = []
        while found := reader.read():
            batches += found
        by_stream = []
        for stream in (VEHICLE_POSITION, VEHICLE_SAFETY_ALARM):
            of_stream = [batch for batch in batches if batch.stream == stream]
            by_stream.append(Batch.concat(of_stream) if of_stream else Batch.empty(stream))
        return by_stream[0], by_stream[1]


@pytest.fixture
def gateway(tmp_path: Path, sqlite_store: Store, clock: ManualClock) -> Iterator[Gateway]:
    devices = DeviceRegister(sqlite_store, clock)
    with (
        Log.open(tmp_path / "log", writer="jt808", min_free_bytes=0) as log,
        DeadLetters(tmp_path / "dead") as letters,
    ):
        yield Gateway(tmp_path, clock, devices, log, letters, Files(tmp_path / "files"))


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine on uvloop, the loop the product uses; none takes longer than two minutes."""

    def run_bounded(work: Coroutine[Any, Any, None]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(120):
                await work

        uvloop.run(bounded())

    return run_bounded
