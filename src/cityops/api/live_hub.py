"""Fan-out of the live stream inside the event loop: bounded clients, each with a bounded queue of encoded bytes.

Everything here runs in the event loop's thread; ``LiveFeed`` hands bytes over with ``call_soon_threadsafe``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cityops.api.metrics import Sample
from cityops.kit import BusyError, Text

LAGGING: Final = b'event: lagging\ndata: {"reconnect":true}\n\n'
SIGNED_OUT: Final = b"event: signed_out\ndata: {}\n\n"
CLOSING: Final = b'event: closing\ndata: {"reconnect":true}\n\n'


@dataclass(frozen=True)
class LiveLimits:
    """Bounds of the live stream."""

    clients: int = 500
    queued_messages: int = 40  # ten seconds of ticks
    tick_s: float = 0.25
    ping_s: float = 15.0
    stall_s: float = 30.0  # a client that takes no byte for so long is gone
    replay_events: int = 1000  # a reconnecting client further behind loads the lists again


class LiveClient:
    """One open stream: a bounded queue, and the last message it gets when it is ended."""

    def __init__(self, limit: int) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(limit)
        self.farewell: bytes | None = None

    def offer(self, chunk: bytes) -> bool:
        """Queue ``chunk``. A full queue ends the client: what waited is dropped, it hears ``lagging`` and resyncs."""
        if self.farewell is not None:
            return True
        if self.queue.full():
            self.end(LAGGING)
            return False
        self.queue.put_nowait(chunk)
        return True

    def end(self, farewell: bytes) -> None:
        """Let ``farewell`` be the next and last thing this client hears."""
        if self.farewell is not None:
            return
        self.farewell = farewell
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(farewell)


class LiveHub:
    """All open streams. Counts who was served, refused and cut off."""

    def __init__(self, limits: LiveLimits) -> None:
        self.limits = limits
        self._clients: set[LiveClient] = set()
        self.refused = 0
        self.cut_off = 0
        self.messages = 0
        self.closed = False

    def open(self) -> LiveClient:
        """A new client.

        Raises:
            BusyError: as many streams as the bound are open, or the product is stopping.
        """
        if self.closed or len(self._clients) >= self.limits.clients:
            self.refused += 1
            raise BusyError(
                f"实时连接数已达上限（{self.limits.clients}）。",
                f"The bound of {self.limits.clients} live connections is reached.",
                code="live.full",
                todo=Text("请稍后重试，或关闭其他窗口。", "Try again later, or close other windows."),
            )
        client = LiveClient(self.limits.queued_messages)
        self._clients.add(client)
        return client

    def close(self, client: LiveClient) -> None:
        """Forget ``client``; its stream has ended."""
        self._clients.discard(client)

    def deliver(self, parcels: Iterable[tuple[Iterable[LiveClient], bytes]]) -> None:
        """Queue each parcel's bytes for its clients."""
        for clients, chunk in parcels:
            for client in clients:
                self.messages += 1
                self.cut_off += not client.offer(chunk)

    def note_stalled(self, client: LiveClient) -> None:
        """The client's connection took no byte for too long."""
        self.cut_off += client.farewell is None

    def close_all(self) -> None:
        """The product stops: every client hears so, and no new one is taken."""
        self.closed = True
        for client in self._clients:
            client.end(CLOSING)

    def samples(self) -> list[Sample]:
        """The hub's counters."""
        return [
            Sample("cityops_live_clients", "Open live streams", "gauge", len(self._clients)),
            Sample("cityops_live_refused_total", "Live streams refused at the bound", "counter", self.refused),
            Sample("cityops_live_cut_off_total", "Live streams cut off because they lagged", "counter", self.cut_off),
            Sample("cityops_live_messages_total", "Messages queued for live streams", "counter", self.messages),
        ]
