"""The live stream's source: one thread gathers what changed and encodes it once for each distinct audience."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cityops.access import Permission, Principal
from cityops.api.live_hub import LiveClient, LiveHub
from cityops.api.live_scope import TOPICS, EventScope
from cityops.api.live_vehicles import LiveVehicles
from cityops.api.live_words import (
    Audience,
    Cursor,
    encode_change,
    encode_event,
    encode_gone,
    encode_positions,
    encode_ready,
)
from cityops.api.metrics import Sample
from cityops.kit import CityOpsError, Clock
from cityops.store import Event, Store

_logger = logging.getLogger(__name__)

EVENTS_A_TICK: Final = 500
SWEEP_MS: Final = 2_000  # how often states that change without a new position are looked for
Parcel = tuple[Sequence[LiveClient], bytes]


@dataclass(frozen=True)
class Joining:
    """A client that waits to be caught up."""

    client: LiveClient
    audience: Audience
    since: Cursor | None


@dataclass
class Group:
    """The clients of one audience, and the vehicles they have been shown."""

    clients: list[LiveClient] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)


class LiveFeed:
    """Gathers, encodes and hands over, every tick.

    A bug in it ends all streams and shows as ``running`` false; a store that is away for a while is counted and tried
    again the next tick, from where it stood.

    Args:
        store: its outbox.
        vehicles: latest positions and who may see them.
        scope: makes a fresh ``EventScope`` for each tick.
        hub: the open streams; touched only inside its event loop.
        clock: the time.
    """

    def __init__(
        self, store: Store, vehicles: LiveVehicles, scope: Callable[[], EventScope], hub: LiveHub, clock: Clock
    ) -> None:
        self._store = store
        self._vehicles = vehicles
        self._scope = scope
        self._hub = hub
        self._clock = clock
        self._boot = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._joining: list[Joining] = []
        self._leaving: list[LiveClient] = []
        self._groups: dict[Audience, Group] = {}
        self._sequence = 0
        self._event_id = 0
        self._swept_ms = 0
        self._states: dict[int, int] = {}
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.failed_ticks = 0

    # --- from the event loop -------------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; to be called inside ``loop``."""
        self._loop = loop
        self._thread = threading.Thread(target=self._run, name="cityops-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, client: LiveClient, person: Principal, last_event_id: str) -> None:
        """Let the next tick catch ``client`` up and keep it supplied."""
        with self._lock:
            self._joining.append(Joining(client, Audience.of(person), Cursor.parse(last_event_id)))
        self._wake.set()

    def leave(self, client: LiveClient) -> None:
        """Supply ``client`` no more."""
        with self._lock:
            self._leaving.append(client)

    def samples(self) -> list[Sample]:
        """The feed's counters."""
        return [
            Sample(
                "cityops_live_failed_ticks_total", "Ticks that a store error cut short", "counter", self.failed_ticks
            ),
            Sample("cityops_live_running", "1 while the live feed runs", "gauge", int(self.running)),
        ]

    # --- in the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        assert self._loop is not None
        started = False
        try:
            while not self._stop.is_set():
                try:
                    if not started:
                        self._event_id = newest_event_id(self._store)
                        started = True
                    self._tick()
                except CityOpsError as error:
                    self.failed_ticks += 1
                    _logger.warning("live tick failed, trying again: %s", error)
                self._wake.wait(self._hub.limits.tick_s)
                self._wake.clear()
        finally:
            self._loop.call_soon_threadsafe(self._hub.close_all)

    def _tick(self) -> None:
        """One round: changes for everybody who is up to date, then the whole picture for who joins."""
        assert self._loop is not None
        with self._lock:
            joining, self._joining = self._joining, []
            leaving, self._leaving = set(self._leaving), []
        try:
            parcels = self._changes()
            groups = {one.audience: self._groups.get(one.audience) or Group() for one in joining}
            parcels += [((one.client,), self._catch_up(one, groups[one.audience])) for one in joining]
        except CityOpsError:
            with self._lock:  # nobody is forgotten
                self._joining = joining + self._joining
                self._leaving += leaving
            raise
        for one in joining:
            self._groups.setdefault(one.audience, groups[one.audience]).clients.append(one.client)
        self._drop(leaving)
        if parcels:
            self._loop.call_soon_threadsafe(self._hub.deliver, parcels)

    def _drop(self, leaving: set[LiveClient]) -> None:
        for audience, group in list(self._groups.items()):
            group.clients = [client for client in group.clients if client not in leaving]
            if not group.clients:
                del self._groups[audience]

    def _changes(self) -> list[Parcel]:
        events = self._store.events_after(self._event_id, EVENTS_A_TICK, tuple(TOPICS))
        sequence, rows = self._vehicles.latest.changed_since(self._sequence)
        rows, states = self._with_silent(rows)
        event_id = events[-1].id if events else self._event_id
        cursor = Cursor(self._boot, sequence, event_id)
        scope, parcels = self._scope(), list[Parcel]()
        for audience, group in self._groups.items():
            chunk = self._encode(audience.sample, group, rows, states, events, scope, cursor)
            if chunk:
                parcels.append((tuple(group.clients), chunk))
        self._sequence, self._event_id = sequence, event_id
        return parcels

    def _with_silent(self, rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """The changed rows, and every two seconds those whose state changed although they sent nothing."""
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._swept_ms < SWEEP_MS:
            states = self._vehicles.states(rows)
            self._states.update(zip(rows["device"].tolist(), states.tolist(), strict=True))
            return rows, states
        self._swept_ms = now_ms
        everything = self._vehicles.latest.snapshot()
        states = self._vehicles.states(everything)
        devices, codes = everything["device"].tolist(), states.tolist()
        differs = [self._states.get(device) != code for device, code in zip(devices, codes, strict=True)]
        self._states = dict(zip(devices, codes, strict=True))
        wanted = np.array(differs, dtype=bool) | np.isin(everything["device"], rows["device"])
        return everything[wanted], states[wanted]

    def _encode(
        self,
        person: Principal,
        group: Group,
        rows: NDArray[Any],
        states: NDArray[np.uint8],
        events: Sequence[Event],
        scope: EventScope,
        cursor: Cursor,
    ) -> bytes:
        chunks = [
            encode_event("change", encode_change(event), cursor) for event in events if scope.hears(person, event)
        ]
        if len(rows) and person.can(Permission.MAP_READ):
            seen = self._vehicles.visible(person, rows)
            devices, hidden = rows["device"][seen].tolist(), rows["device"][~seen].tolist()
            gone = group.shown.intersection(hidden)
            group.shown.difference_update(gone)
            group.shown.update(devices)
            if gone:
                chunks.append(encode_event("gone", encode_gone(gone), cursor))
            if devices:
                at_ms = self._clock.now_ms()
                chunks.append(encode_event("positions", encode_positions(rows[seen], states[seen], at_ms), cursor))
        return b"".join(chunks)

    def _catch_up(self, one: Joining, group: Group) -> bytes:
        """The whole picture up to this tick, or what a returning client missed."""
        cursor = Cursor(self._boot, self._sequence, self._event_id)
        known = one.since is not None and one.since.boot == self._boot and not one.audience.shifts
        since = one.since.sequence if one.since is not None and known else 0
        _, rows = self._vehicles.latest.changed_since(since)
        events, complete = self._missed(one.since)
        states = self._vehicles.states(rows)
        chunk = self._encode(one.audience.sample, group, rows, states, events, self._scope(), cursor)
        return encode_event("ready", encode_ready(resync=not complete, whole=not known), cursor) + chunk

    def _missed(self, since: Cursor | None) -> tuple[list[Event], bool]:
        """Events between a returning client's cursor and now; not complete when they are too many or unknown."""
        if since is None:
            return [], True
        if since.event_id > self._event_id:
            return [], False  # a cursor of another store: a restored backup, a new data folder
        limit = self._hub.limits.replay_events
        events = self._store.events_after(since.event_id, limit + 1, tuple(TOPICS))
        missed = [event for event in events if event.id <= self._event_id]
        return (missed, True) if len(events) <= limit else ([], False)


def newest_event_id(store: Store) -> int:
    """The outbox's end, found by asking for one event after ever closer ids: 40 questions for a million events."""
    low, high = 0, 1
    while store.events_after(high, 1):
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if store.events_after(middle, 1):
            low = middle + 1
        else:
            high = middle
    return low
