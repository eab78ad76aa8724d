"""A gateway on a real log and a real register, that can be dropped and started again on the same port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvloop

from cityops.access import SYSTEM
from cityops.gateways.jt808 import Edition, Jt808Server, Jt808Settings, Media
from cityops.kit import Clock, SystemClock
from cityops.observations import VEHICLE_POSITION, Batch, DeadLetters, DeviceRegister, Log, LogReader, NewDevice
from cityops.places import City, build_demo_city
from cityops.simulation import Identity
from cityops.store import Store

WAIT_S = 120.0


def identity(phone: str = "10100000001", edition: Edition = Edition.V2013) -> Identity:
    return Identity(phone, "D000001", "SYNTH", "DEMO", "晋AW0001", 2, edition)


def ignore_media(media: Media, chunks: Iterable[bytes]) -> None:
    """No terminal of these tests sends any."""


@dataclass
class Platform:
    """The gateway's surroundings."""

    folder: Path
    devices: DeviceRegister
    log: Log
    dead_letters: DeadLetters
    clock: Clock

    def register(self, *phones: str) -> dict[str, int]:
        """Make terminals known; device numbers by phone."""
        return {phone: self.devices.create(SYSTEM, NewDevice("jt808", phone)).id for phone in phones}

    @asynccontextmanager
    async def serving(self, port: int = 0, log: Log | None = None) -> AsyncIterator[Jt808Server]:
        server = Jt808Server(
            "127.0.0.1",
            port,
            devices=self.devices,
            log=log or self.log,
            dead_letters=self.dead_letters,
            clock=self.clock,
            files=ignore_media,
            settings=Jt808Settings(max_connections=100, refresh_s=0.05, status_s=0.05),
        )
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    def stored(self) -> Batch:
        """Every position in the log, duplicates included, in the order of arrival."""
        reader = LogReader(self.folder / "log" / "jt808")
        batches = []
        while found := reader.read():
            batches += [batch for batch in found if batch.stream == VEHICLE_POSITION]
        reader.close()
        return Batch.concat(batches) if batches else Batch.empty(VEHICLE_POSITION)


@pytest.fixture
def platform(tmp_path: Path, sqlite_store: Store) -> Iterator[Platform]:
    clock = SystemClock()
    with (
        Log.open(tmp_path / "log", writer="jt808", min_free_bytes=0) as log,
        DeadLetters(tmp_path / "dead") as letters,
    ):
        yield Platform(tmp_path, DeviceRegister(sqlite_store, clock), log, letters, clock)


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine on uvloop, the loop the product uses; none takes longer than four minutes."""

    def run_bounded(work: Coroutine[Any, Any, None]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(240):
                await work

        uvloop.run(bounded())

    return run_bounded


@pytest.fixture(scope="session")
def city() -> City:
    return build_demo_city()


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until ``condition`` holds."""
    due_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < due_s, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Tasks beside the block, cancelled at its end; an error of theirs ends the block at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        yield
        for task in tasks:
            task.cancel()
