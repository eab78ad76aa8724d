"""A terminal against a real gateway on loopback: nothing is forgotten before it is acknowledged."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest
from tests.simulation.conftest import Platform, identity, running, until

from cityops.access import SYSTEM
from cityops.gateways.jt808 import Edition, GeneralReply, Location
from cityops.observations import Log
from cityops.simulation import Terminal
from cityops.simulation.drive import noise
from cityops.simulation.terminal import MOST_WAITING, Link

Run = Callable[[Coroutine[Any, Any, None]], None]
PHONE = "10100000001"
LIVE, BATCH, BACKFILL = 0, 1, 2


def locations(platform: Platform, count: int) -> list[Location]:
    """``count`` positions a second apart, the last a minute ago."""
    first_ms = platform.clock.now_ms() // 1000 * 1000 - (60 + count) * 1000
    return [
        Location(latitude_e6=37_800_000 + row, longitude_e6=112_500_000 + row, event_ms=first_ms + row * 1000)
        for row in range(count)
    ]


def times(positions: Sequence[Location]) -> list[int]:
    return [position.event_ms for position in positions]


class Line:
    """A stretch of wire between terminal and gateway that can be cut, or swallow what the gateway answers."""

    def __init__(self) -> None:
        self.swallowing = False
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, gateway_port: int) -> int:
        self._gateway_port = gateway_port
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, towards = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        self._writers |= {writer, towards}
        back = asyncio.ensure_future(self._pump(upstream, writer, answers=True))
        await self._pump(reader, towards, answers=False)
        await back

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await reader.read(65_536):
                if not (answers and self.swallowing):
                    writer.write(data)
        except ConnectionResetError:
            pass  # cut
        finally:
            writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def close(self) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()


@pytest.mark.parametrize("edition", list(Edition))
def test_register_authenticate_report(platform: Platform, run: Run, edition: Edition) -> None:
    numbers = platform.register(PHONE)
    live, past = locations(platform, 50)[40:], locations(platform, 50)[:40]
    heard: list[tuple[str, int]] = []

    def note(phone: str, positions: Sequence[Location]) -> None:
        heard.extend((phone, position.event_ms) for position in positions)

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(PHONE, edition), "127.0.0.1", server.port, on_acknowledged=note)
            async with running(terminal.run()):
                terminal.report(past, backfill=True)
                for position in live:
                    terminal.report([position])
                await terminal.acknowledged()
            assert terminal.counters.acknowledged == 50
            assert terminal.counters.connections == 1
            assert terminal.unacknowledged == 0
            assert server.metrics()["stored_rows"] == 50

    run(story())
    stored = platform.stored().columns
    assert set(stored["device"].tolist()) == {numbers[PHONE]}
    assert stored["event_ms"].tolist() == times([*past, *live])
    assert stored["origin"].tolist() == [BACKFILL] * 40 + [LIVE] * 10
    assert np.round(stored["lat"] * 1e6).astype(int).tolist() == [p.latitude_e6 for p in [*past, *live]]
    assert heard == [(PHONE, at) for at in times([*past, *live])]


def test_what_was_under_way_when_the_line_broke_is_sent_again_as_backfill(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    positions = locations(platform, 30)
    before, during, after = positions[:10], positions[10:20], positions[20:]
    line = Line()

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(), "127.0.0.1", await line.open(server.port))
            async with running(terminal.run()):
                for position in before:
                    terminal.report([position])
                await terminal.acknowledged()
                line.swallowing = True
                for position in during:
                    terminal.report([position])
                # Eight go out without an answer; the gateway has stored them, the terminal cannot know.
                await until(lambda: platform.stored().rows == 18, "eight positions behind the break")
                assert terminal.unacknowledged == 10
                line.cut()
                line.swallowing = False
                for position in after:
                    terminal.report([position])
                await terminal.acknowledged()
            assert terminal.counters.resent == 8
            assert terminal.counters.acknowledged == 30
            assert terminal.counters.connections == 2
            assert terminal.counters.overflowed == 0
        await line.close()

    run(story())
    stored = platform.stored().columns
    assert sorted(set(stored["event_ms"].tolist())) == times([*before, *during, *after])
    again = stored["event_ms"][stored["origin"] == BACKFILL].tolist()
    assert again == times(during[:8])


def test_a_line_that_is_cut_again_and_again_loses_nothing(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    positions = locations(platform, 400)
    chance, line = random.Random(808), Line()

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(), "127.0.0.1", await line.open(server.port), first_retry_s=0.01)
            async with running(terminal.run()):
                for start in range(0, 400, 20):
                    if start % 80 == 0:
                        await until(lambda before=start // 80: terminal.counters.connections > before, "a connection")  # type: ignore[misc]
                    for position in positions[start : start + 20]:
                        terminal.report([position])
                    await asyncio.sleep(chance.uniform(0.0, 0.08))
                    line.cut()
                await terminal.acknowledged()
            assert terminal.counters.connections >= 5
            assert terminal.counters.acknowledged == 400
        await line.close()

    run(story())
    assert sorted(set(platform.stored().columns["event_ms"].tolist())) == times(positions)


def test_a_gateway_that_was_dropped_finds_everything_when_it_is_back(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    before, while_down = locations(platform, 20)[:5], locations(platform, 20)[5:]

    async def story() -> None:
        async with platform.serving() as server:
            port = server.port
            terminal = Terminal(identity(), "127.0.0.1", port)
            work = asyncio.ensure_future(terminal.run())
            for position in before:
                terminal.report([position])
            await terminal.acknowledged()
        for position in while_down:
            terminal.report([position])
        await asyncio.sleep(0.2)
        assert terminal.unacknowledged == 15
        async with platform.serving(port):
            await terminal.acknowledged()
        work.cancel()
        assert terminal.counters.acknowledged == 20

    run(story())
    assert sorted(set(platform.stored().columns["event_ms"].tolist())) == times([*before, *while_down])


def test_what_the_platform_could_not_store_is_kept_and_sent_again(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    positions = locations(platform, 3)

    async def story() -> None:
        with Log.open(platform.folder / "full", writer="jt808", min_free_bytes=2**62) as full:
            async with platform.serving(log=full) as server:
                port = server.port
                terminal = Terminal(identity(), "127.0.0.1", port)
                work = asyncio.ensure_future(terminal.run())
                for position in positions:
                    terminal.report([position])
                await until(lambda: terminal.counters.refused >= 1, "a refusal")
                assert terminal.counters.acknowledged == 0
                assert terminal.unacknowledged == 3
        async with platform.serving(port):
            await terminal.acknowledged()
        work.cancel()

    run(story())
    assert sorted(set(platform.stored().columns["event_ms"].tolist())) == times(positions)


def test_beyond_its_memory_the_oldest_go_counted_and_said_once(
    platform: Platform, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    platform.register(PHONE)
    positions = locations(platform, MOST_WAITING + 70)

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(), "127.0.0.1", server.port)
            with caplog.at_level(logging.ERROR):
                terminal.report(positions[:MOST_WAITING], backfill=True)
                assert terminal.counters.overflowed == 0
                assert not caplog.records
                for position in positions[MOST_WAITING:]:
                    terminal.report([position])
            # The oldest batch of twenty goes when the first is one too many, the next when twenty more have come, …
            assert terminal.counters.overflowed == 80
            assert terminal.unacknowledged == MOST_WAITING - 10
            assert [record.getMessage() for record in caplog.records] == [
                "terminal 10100000001: more than 5000 positions wait, the oldest go"
            ]
            async with running(terminal.run()):
                await terminal.acknowledged()
            assert terminal.counters.acknowledged == MOST_WAITING - 10

    run(story())
    assert sorted(platform.stored().columns["event_ms"].tolist()) == times(positions[80:])


def test_an_unknown_terminal_is_refused_said_once_and_let_in_when_approved(
    platform: Platform, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    positions = locations(platform, 2)

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(), "127.0.0.1", server.port, refused_retry_s=0.1)
            async with running(terminal.run()):
                terminal.report(positions)
                await until(lambda: terminal.counters.registrations_refused >= 2, "two refusals")
                assert terminal.counters.acknowledged == 0
                pending = platform.devices.list_pending(SYSTEM).items
                assert [(one.phone, one.plate) for one in pending] == [(PHONE, "晋AW0001")]
                platform.devices.approve(
                    SYSTEM, pending[0].id, vehicle_id=None, unit_id=None, plate="晋AW0001", vehicle_class=None
                )
                await terminal.acknowledged()

    with caplog.at_level(logging.WARNING):
        run(story())
    said = [record.getMessage() for record in caplog.records if record.name == "cityops.simulation.terminal"]
    assert len(said) == 1
    assert said[0].startswith("terminal 10100000001 is refused (registration result 4)")
    assert platform.stored().columns["event_ms"].tolist() == times(positions)


def test_a_noisy_line_costs_only_the_bad_frames(platform: Platform, run: Run) -> None:
    platform.register(PHONE)
    positions = locations(platform, 60)
    dice = np.random.default_rng(808)

    async def story() -> None:
        async with platform.serving() as server:
            terminal = Terminal(identity(), "127.0.0.1", server.port, mangle=lambda frames: noise(dice) + frames)
            async with running(terminal.run()):
                for position in positions:
                    terminal.report([position])
                await terminal.acknowledged()
            assert terminal.counters.acknowledged == 60
            assert terminal.counters.connections == 1
            figures = server.metrics()
            assert figures["bad_checksum"] + figures["bad_length"] == 60
            assert figures["frames"] == 62  # registration, authentication, and every position

    run(story())
    assert platform.stored().columns["event_ms"].tolist() == times(positions)


def test_writing_to_a_line_that_is_gone_is_a_broken_line(run: Run) -> None:
    """On uvloop too, whose own error for it is no ``OSError``."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def story() -> None:
        server = await asyncio.start_server(reset, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            link = Link(reader, writer)
            with pytest.raises(EOFError):
                await link.expect(GeneralReply)
            writer.transport.abort()
            await asyncio.sleep(0.05)
            with pytest.raises(ConnectionResetError):
                await link.send(b"~")

    run(story())


def test_a_platform_that_says_nothing_is_left(run: Run) -> None:
    """A port that accepts and stays silent: the terminal gives the line up and tries again."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        terminal = Terminal(identity(), "127.0.0.1", server.sockets[0].getsockname()[1], answer_limit_s=0.05)
        async with running(terminal.run()):
            await until(lambda: terminal.counters.connections >= 2, "a second connection")
        server.close()
        await server.wait_closed()

    run(story())
