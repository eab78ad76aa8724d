"""The feed's own failures: a part that is away for a while, and a bug."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import pytest
from tests.api.serving import PATIENCE_S, wait_for
from tests.api.world import NOW_MS, World

from cityops.api.live_feed import LiveFeed, newest_event_id
from cityops.api.live_hub import CLOSING, LiveClient, LiveHub, LiveLimits
from cityops.api.live_scope import EventScope
from cityops.api.live_vehicles import LiveVehicles
from cityops.kit import UnavailableError


def feed_of(world: World, hub: LiveHub, alerting: Callable[[], Collection[int]]) -> LiveFeed:
    context = world.context
    vehicles = LiveVehicles(
        context.latest, context.devices, alerting=alerting, pursued=lambda _: (), city=context.city, clock=world.clock
    )
    return LiveFeed(context.store, vehicles, lambda: EventScope(context.alerts, context.store), hub, world.clock)


async def heard(client: LiveClient, words: bytes) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            chunk = await client.queue.get()
            if words in chunk:
                return chunk


def test_a_store_that_is_away_for_a_while_is_asked_again_and_nothing_is_lost(world: World) -> None:
    away = [True]

    def alerting() -> Collection[int]:
        if away[0]:
            raise UnavailableError("数据库不可用", "the store is away")
        return ()

    hub = LiveHub(LiveLimits(tick_s=0.01))
    feed = feed_of(world, hub, alerting)
    world.move((world.devices["晋A11111"], NOW_MS, 112.52, 60))

    async def run() -> None:
        feed.start(asyncio.get_running_loop())
        client = hub.open()
        feed.join(client, world.people["dispatcher"], "")
        await asyncio.to_thread(wait_for, lambda: feed.failed_ticks >= 3, "three failed ticks")
        assert client.queue.empty()
        away[0] = False
        assert b'"rows":[[1,112.52' in await heard(client, b"event: positions")
        away[0] = True
        world.clock.advance(2)  # the next tick reads the register again, and fails
        failed = feed.failed_ticks
        alert_id = world.raise_alert("晋A11111")
        await asyncio.to_thread(wait_for, lambda: feed.failed_ticks > failed, "another failed tick")
        away[0] = False
        assert alert_id.encode() in await heard(client, b"alert.raised")
        await asyncio.to_thread(feed.stop)

    asyncio.run(run())
    assert not feed.running


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_feed_ends_the_streams_and_shows(world: World) -> None:
    def alerting() -> Collection[int]:
        raise ValueError("a bug")

    hub = LiveHub(LiveLimits(tick_s=0.01))
    feed = feed_of(world, hub, alerting)

    async def run() -> None:
        feed.start(asyncio.get_running_loop())
        client = hub.open()
        feed.join(client, world.people["dispatcher"], "")
        assert await heard(client, b"event: closing") == CLOSING
        assert hub.closed

    asyncio.run(run())
    feed.stop()
    assert not feed.running


def test_the_end_of_a_long_outbox_is_found(world: World) -> None:
    for number in range(37):
        world.raise_alert("晋A11111", started_ms=NOW_MS - (number + 1) * 3_600_000)
    newest = newest_event_id(world.context.store)
    assert world.context.store.events_after(newest, 1) == []
    assert [event.id for event in world.context.store.events_after(newest - 1, 1)] == [newest]
