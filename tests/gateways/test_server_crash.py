"""kill -9 at a random moment: what a terminal got an answer to is in the log."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.gateways.terminal import Terminal, until

from cityops.access import SYSTEM
from cityops.gateways.jt808 import GeneralReply, Location
from cityops.kit import SystemClock
from cityops.observations import DeviceRegister, LogReader, NewDevice
from cityops.store import Store

PHONES = [str(13800000000 + k) for k in range(4)]
KILLS = 2
Run = Callable[[Coroutine[Any, Any, None]], None]


async def drive(port: int, phone: str, first_ms: int, acknowledged: list[tuple[str, int]]) -> None:
    """Send locations until the gateway dies; note every event time that was acknowledged with 0."""
    try:
        async with Terminal(port, phone) as terminal:
            await terminal.log_in()
            sent: dict[int, int] = {}
            at_ms = first_ms
            while True:
                for _ in range(5):
                    at_ms += 1000
                    location = Location(latitude_e6=37_800_000, longitude_e6=112_500_000, event_ms=at_ms)
                    sent[await terminal.send(location)] = at_ms
                for _ in range(5):
                    reply = await terminal.expect(GeneralReply)
                    assert reply.result == 0
                    acknowledged.append((phone, sent[reply.serial]))
    except (ConnectionError, BrokenPipeError):
        return


async def run_until_killed(folder: Path, after_s: float, first_ms: int, acknowledged: list[tuple[str, int]]) -> None:
    """Kill the gateway ``after_s`` after it has acknowledged something from everybody."""
    before = len(acknowledged)
    script = Path(__file__).with_name("crash_server.py")
    process = await asyncio.create_subprocess_exec(sys.executable, script, folder, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        driving = [asyncio.create_task(drive(port, phone, first_ms, acknowledged)) for phone in PHONES]
        await until(lambda: {phone for phone, _ in acknowledged[before:]} == set(PHONES))
        await asyncio.sleep(after_s)
    finally:
        process.kill()
        await process.wait()
    await asyncio.gather(*driving)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, run: Run) -> None:
    clock = SystemClock()
    with Store.open(f"sqlite:///{tmp_path}/cityops.db", clock=clock) as store:
        store.create_all()
        devices = DeviceRegister(store, clock)
        ids = {phone: devices.create(SYSTEM, NewDevice("jt808", phone)).id for phone in PHONES}
    acknowledged: list[tuple[str, int]] = []
    moments = random.Random(808)
    # Whole seconds, as the protocol sends them; every run has times of its own.
    start_ms = clock.now_ms() // 1000 * 1000 - 20 * 86_400_000

    async def story() -> None:
        for number in range(KILLS):
            first_ms = start_ms + number * 86_400_000
            await run_until_killed(tmp_path, moments.uniform(0.0, 0.5), first_ms, acknowledged)

    run(story())
    stored: set[tuple[int, int]] = set()
    reader = LogReader(tmp_path / "log" / "jt808")
    while batches := reader.read():
        for batch in batches:
            stored |= set(zip(batch.columns["device"].tolist(), batch.columns["event_ms"].tolist(), strict=True))
    assert len(acknowledged) > 20
    lost = [(phone, at_ms) for phone, at_ms in acknowledged if (ids[phone], at_ms) not in stored]
    assert lost == []
