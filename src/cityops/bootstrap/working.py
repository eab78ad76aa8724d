"""The work behind the web server: one thread each for detection, history, the cases' clockwork and trials of rules."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from cityops.analysis import MileageKeeper
from cityops.analysis.evaluation import FactKeeper
from cityops.bootstrap.product import LOG_WRITER
from cityops.bootstrap.rooms import HISTORIAN, Rooms
from cityops.cases.reports import ReportOutcomes
from cityops.detection import Pipeline, Source, consumer_name, legal_speed_limits
from cityops.kit import BusyError, Clock, UnavailableError, WorkingCalendar, from_ms
from cityops.observations import (
    STREAMS,
    VEHICLE_POSITION,
    Historian,
    LogReader,
    PositionFile,
    Stream,
    enforce_retention,
    release_passed,
)
from cityops.scenes import counted_work_of, overrides_of
from cityops.store import Deliveries

_logger = logging.getLogger(__name__)

_TICK_S: Final = 0.2
_FULL_ROUND: Final = 500  # events; more wait, so the next round follows at once. Else many are handed on together
_WATCH_S: Final = 5.0
_FACTS_S: Final = 2.0
_SHIFTS_S: Final = 30.0
_HOURLY_S: Final = 3600.0
_OUTBOX_KEEP_S: Final = 24 * 3600
_DAY_MS: Final = 24 * 3600 * 1000
_UPLOAD_MS: Final = _DAY_MS  # an upload that has not ended after a day never will
_RETRY_S: Final = 1.0


class Workers:
    """Threads that stop together. One that ends by a bug ends the process: the supervisor starts it again."""

    def __init__(self, rooms: Rooms, *, on_failure: Callable[[], None]) -> None:
        self._rooms = rooms
        self._on_failure = on_failure
        self._stop = threading.Event()
        self.failed = False
        self.pipeline = make_pipeline(rooms)
        self._threads = [
            threading.Thread(target=self._guarded, args=(name, work), name=name)
            for name, work in (
                ("detection", lambda: self.pipeline.run(self._stop)),
                ("history", self._keep_history),
                ("clockwork", self._run_clockwork),
                ("trials", lambda: rooms.context.trials.run(self._stop)),
            )
        ]

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop all threads and wait for them."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work``; should it end before it was told to, say so and have the process ended."""
        try:
            work()
        finally:
            if not self._stop.is_set():
                _logger.critical("%s ended by a bug; the process stops and is started again", name)
                self.failed = True
                self._stop.set()
                self._on_failure()

    def _keep_history(self) -> None:
        rooms, product = self._rooms, self._rooms.product
        state = product.folder("state")
        reader = LogReader(product.log_folder)
        historian = Historian(reader, rooms.history, PositionFile(state, HISTORIAN), product.clock, source=LOG_WRITER)
        consumers = [HISTORIAN, consumer_name(LOG_WRITER)]
        streams = _streams(product.settings.position_retention_days)
        rounds = Rounds(product.clock)
        while not self._stop.is_set():
            try:
                moved = historian.step()
                if moved:
                    release_passed(product.log_folder, state, consumers)
                if rounds.due("retention", _HOURLY_S):
                    enforce_retention(rooms.history, streams, product.clock.now_ms())
            except (BusyError, UnavailableError) as error:
                _logger.warning("history waits: %s", error)
                self._stop.wait(_RETRY_S)
                continue
            if not moved:
                self._stop.wait(_TICK_S)

    def _run_clockwork(self) -> None:
        """Subscribers, deadlines, shifts, the outbox."""
        rooms, context = self._rooms, self._rooms.context
        mileage = MileageKeeper(rooms.history_view, context.devices.all, context.analysis)
        outcomes = ReportOutcomes(context.clock, context.ids, context.cases)
        of_scenes = [one for scene in rooms.scenes.values() for one in scene.subscribers(context)]
        counted = counted_work_of(rooms.scenes.values())
        facts = FactKeeper(rooms.store, counted, WorkingCalendar.official())
        subscribers = [outcomes.subscriber(), facts.subscriber(), context.inspections.subscriber(), *of_scenes]
        deliveries = Deliveries(rooms.store, subscribers)
        rounds = Rounds(rooms.product.clock)
        while not self._stop.is_set():
            try:
                handled = deliveries.round()
                if rounds.due("evaluation", _FACTS_S):
                    facts.step()
                if rounds.due("deadlines", _WATCH_S):
                    rooms.watch.step()
                if rounds.due("shifts", _SHIFTS_S):
                    context.dispatch.crews.end_overrun_shifts()
                if rounds.due("hourly", _HOURLY_S):
                    rooms.watch.recompute_provisional()
                    today = from_ms(rooms.product.clock.now_ms()).date()
                    for day in (today - timedelta(days=1), today):  # yesterday too: backfill may still come
                        mileage.update(day)
                    context.dispatch.patrol.delete_old(rooms.product.settings.patrol_retention_days)
                    keep_ms = rooms.product.settings.report_contact_days * _DAY_MS
                    context.reports.forget_contacts(rooms.product.clock.now_ms() - keep_ms)
                    context.registers.erase_personal()
                    for scene in rooms.scenes.values():
                        scene.upkeep(context)
                    context.tip_offs.settle(context.evidence.renew_tip_off)
                    rooms.files.sweep(rooms.product.clock.now_ms() - _UPLOAD_MS)
                    rooms.store.refresh_statistics()
                    rooms.store.prune_outbox([one.name for one in subscribers], keep_s=_OUTBOX_KEEP_S)
            except (BusyError, UnavailableError) as error:
                _logger.warning("the clockwork waits: %s", error)
                self._stop.wait(_RETRY_S)
                continue
            if handled < _FULL_ROUND:
                self._stop.wait(_TICK_S)


class Rounds:
    """What is done every so often."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s: dict[str, float] = {}

    def due(self, name: str, every_s: float) -> bool:
        """Whether it is time for ``name`` again; the first time it is."""
        now_s = self._clock.monotonic_s()
        if now_s - self._last_s.get(name, float("-inf")) < every_s:
            return False
        self._last_s[name] = now_s
        return True


def make_pipeline(rooms: Rooms) -> Pipeline:
    """The pipeline with the detectors of all scenes."""
    product = rooms.product
    reader = LogReader(product.log_folder)
    return Pipeline(
        [Source(LOG_WRITER, reader, rooms.history_view)],
        rooms.context.overlays.detectors(),
        city=rooms.city,
        limits=legal_speed_limits(),
        register=rooms.context.devices,
        book=rooms.context.alerts,
        clock=product.clock,
        state_folder=product.folder("state"),
        overrides=lambda: overrides_of(rooms.scenes.values(), rooms.context),
        tuning=rooms.context.overlays,
    )


def _streams(position_days: int) -> Sequence[Stream]:
    """The streams with the city's own retention of positions."""
    return [
        replace(stream, retention_days=position_days) if stream.name == VEHICLE_POSITION.name else stream
        for stream in STREAMS
    ]
