"""A gateway in a process of its own, to be killed: ``python crash_server.py FOLDER``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

import uvloop

from cityops.gateways.jt808 import Jt808Server, Jt808Settings, Media
from cityops.kit import SystemClock
from cityops.observations import DeadLetters, DeviceRegister, Log
from cityops.store import Store


def keep_nothing(media: Media, chunks: Iterable[bytes]) -> None:
    """No terminal of this test brings files."""
    raise AssertionError(f"unexpected file {media.name}")


async def serve(folder: Path) -> None:
    clock = SystemClock()
    with (
        Store.open(f"sqlite:///{folder}/cityops.db", clock=clock) as store,
        Log.open(folder / "log", writer="jt808", min_free_bytes=0) as log,
        DeadLetters(folder / "dead") as letters,
    ):
        server = Jt808Server(
            "127.0.0.1",
            0,
            devices=DeviceRegister(store, clock),
            log=log,
            dead_letters=letters,
            clock=clock,
            files=keep_nothing,
            settings=Jt808Settings(max_connections=50),
        )
        await server.start()
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


uvloop.run(serve(Path(sys.argv[1])))
