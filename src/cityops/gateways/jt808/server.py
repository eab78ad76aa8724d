"""The JT/T 808 server (网关): accepts terminals, holds them to the bounds, gives what they send to the intake."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import resource
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Final

import numpy as np

from cityops.gateways.jt808 import batch, kernel
from cityops.gateways.jt808.attachments import ExpectedAlarms
from cityops.gateways.jt808.commands import send_text
from cityops.gateways.jt808.connection import Connection
from cityops.gateways.jt808.directory import DeviceDirectory, DirectoryCache
from cityops.gateways.jt808.intake import Intake
from cityops.gateways.jt808.media import MediaStore
from cityops.gateways.jt808.reassembly import Budget
from cityops.gateways.jt808.settings import Jt808Settings
from cityops.kit import CityOpsError, Clock, ConfigError, Text
from cityops.observations import DeadLetters, Device, DeviceStatus, Log

_log = logging.getLogger(__name__)


SPARE_FILES: Final = 200
"""File descriptors kept for everything that is not a terminal's connection."""


def room_for(connections: int) -> int:
    """Raise this process's limit of open files for so many connections; how many there is room for.

    Beyond the limit the system refuses connections without a word, so the gateway stays below it and counts.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    room = max(soft - SPARE_FILES, 1)
    _log.error("the system allows %d open files: at most %d terminals, not %d (ulimit -n)", soft, room, connections)
    return room


class Jt808Server:
    """A TCP server for terminals of JT/T 808-2011, 2013 and 2019.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        devices: who may log in.
        log: where observations become durable before a terminal gets its answer.
        dead_letters: where unusable input goes.
        clock: the clock.
        files: keeps multimedia and attachments.
        settings: the bounds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        devices: DeviceDirectory,
        log: Log,
        dead_letters: DeadLetters,
        clock: Clock,
        files: MediaStore,
        settings: Jt808Settings | None = None,
    ) -> None:
        self.settings = settings or Jt808Settings()
        self.clock = clock
        self.dead_letters = dead_letters
        self.files = files
        self.counters: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self.by_device: dict[int, Connection] = {}
        self.sessions = batch.Sessions(self.settings.max_connections)
        self.budget = Budget(self.settings.buffer_bytes)
        self.expected = ExpectedAlarms(self.settings.max_expected_alarms, self.settings.attachment_expiry_s)
        self.certificates: dict[int, bytes] = {}
        self._secret = secrets.token_bytes(16)
        self.media_executor = ThreadPoolExecutor(2, thread_name_prefix="jt808-media")
        self.stopping = False
        self.max_connections = self.settings.max_connections
        self._host, self._port, self._log = host, port, log
        self._devices = devices
        self._directory_executor = ThreadPoolExecutor(1, thread_name_prefix="jt808-directory")
        self.directory = DirectoryCache(devices, clock, self._directory_executor)
        self._free_slots = list(range(self.settings.max_connections - 1, -1, -1))
        self._retired = np.zeros(len(kernel.COUNTERS), np.int64)
        self._totals: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
        self._statuses: dict[int, DeviceStatus] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    async def start(self) -> None:
        """Compile, load the directory, listen.

        Raises:
            ConfigError: the address cannot be listened on.
            CityOpsError: the directory cannot be read.
        """
        loop = asyncio.get_running_loop()
        self._failure: asyncio.Future[None] = loop.create_future()
        self.max_connections = room_for(self.settings.max_connections)
        await loop.run_in_executor(None, batch.warm_up)
        await self.directory.load()
        self.intake = Intake(
            sessions=self.sessions,
            log=self._log,
            dead_letters=self.dead_letters,
            clock=self.clock,
            flush_s=self.settings.flush_s,
            flush_bytes=self.settings.flush_bytes,
            max_queue_bytes=self.settings.max_queue_bytes,
            pause=self._pause_all,
            resume=self._resume_all,
            failed=self.fail,
        )
        try:
            self._server = await loop.create_server(
                lambda: Connection(self), self._host, self._port, backlog=4096, reuse_address=True
            )
        except OSError as error:
            raise ConfigError(
                f"无法监听 {self._host}:{self._port}：{error.strerror}",
                f"cannot listen on {self._host}:{self._port}: {error.strerror}",
                code="jt808.listen",
                todo=Text("换一个端口，或停掉占用它的程序", "take another port, or stop what holds it"),
            ) from error
        self._port = self._server.sockets[0].getsockname()[1]
        self.run(self._every(self.settings.refresh_s, self._refresh))
        self.run(self._every(self.settings.status_s, self._flush_status))
        self.run(self._every(1.0, self._sweep))
        _log.info("JT/T 808 gateway listens on %s:%d", self._host, self._port)

    async def wait(self) -> None:
        """Wait until a bug ends the server; raises it. Cancel to stop waiting."""
        await asyncio.shield(self._failure)

    async def stop(self) -> None:
        """Stop reading, store and answer what was received, disconnect, write the last states."""
        self.stopping = True
        self._server.close()
        for connection in list(self.connections):
            connection.stop_reading()
        await self.intake.close()
        for connection in list(self.connections):
            connection.close("stopping")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.media_executor.shutdown(wait=True)
        for _ in range(100):
            if not self.connections:
                break
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.abort("stopping")
        await asyncio.sleep(0)
        await self._flush_status()
        self._directory_executor.shutdown(wait=True)

    async def send_text(self, device: int, text: str, *, flags: int = 0b1101) -> None:
        """Show and read ``text`` to the driver (0x8300) and wait for the terminal's answer.

        Args:
            device: id of the terminal in the device register.
            text: Chinese or ASCII, at most about 500 characters.
            flags: bits 0 urgent, 2 display, 3 read aloud.

        Raises:
            InvalidError: the text cannot be sent (empty, too long, not GBK).
            NotFoundError: the terminal is not online.
            BusyError: too many commands await their answer.
            UnavailableError: no answer in time, or the terminal refused.
        """
        await send_text(self.by_device.get(device), text, flags, self.settings.command_s)

    def metrics(self) -> dict[str, int]:
        """Counters since start, and the present state."""
        frames = self._retired + self.sessions.counters.sum(axis=0)
        metrics = {name: int(value) for name, value in zip(kernel.COUNTERS, frames, strict=True)}
        for name, value in self.counters.items():
            metrics[name] = metrics.get(name, 0) + value
        metrics |= asdict(self.intake.counters)
        metrics |= {
            "connections": len(self.connections),
            "max_connections": self.max_connections,
            "online": len(self.by_device),
            "queue_bytes": self.intake.queue_bytes,
            "buffer_bytes": self.budget.used_bytes,
            "expected_alarms": len(self.expected),
            "expected_alarms_expired": self.expected.expired,
            "expected_alarms_overflowed": self.expected.overflowed,
            "directory_errors": self.directory.errors,
            "pending_noted": self.directory.noted,
        }
        return metrics

    # -- what connections call -----------------------------------------------------------------------------

    def run(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run ``work``; a bug in it ends the server."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def fail(self, error: BaseException) -> None:
        """A bug: the process is to end and be started again."""
        _log.critical("the JT/T 808 gateway stops because of a bug", exc_info=error)
        if not self._failure.done():
            self._failure.set_exception(error)

    def dead_letter(self, reason: str, connection: Connection, raw: bytes) -> None:
        """Keep input that cannot be used; a full disk is logged, the input is counted anyway."""
        try:
            self.dead_letters.append(reason, f"jt808 {connection.phone}", raw, self.clock.now_ms())
        except CityOpsError as error:
            self.counters["dead_letters_lost"] += 1
            _log.error("a dead letter could not be kept: %s", error.text.en)

    def pseudonym(self, certificate: str) -> bytes:
        """Tells whether two cards are the same, without keeping whose they are; different in every run."""
        return hashlib.blake2b(certificate.encode(), key=self._secret, digest_size=16).digest()

    def log_in(self, connection: Connection, device: Device, phone: str, version: int) -> bool:
        """Bind a connection to its terminal; the newest login wins. False when no place is left."""
        earlier = self.by_device.get(device.id)
        if earlier is not None and earlier is not connection:
            self.counters["replaced_logins"] += 1
            earlier.close("replaced")
            self._leave(earlier)
        self.log_out(connection)
        if not self._free_slots:
            return False
        slot = self._free_slots.pop()
        self.sessions.bind(slot, phone=phone, version=version, device=device.id, system=int(device.coordinate_system))
        connection.slot = slot
        connection.device = device
        self.by_device[device.id] = connection
        self.counters["logins"] += 1
        self.note_status(connection, online=True)
        return True

    def log_out(self, connection: Connection) -> None:
        """The terminal of this connection is offline; its place is free as soon as nothing of it is under way."""
        self._leave(connection)
        self.release(connection)

    def release(self, connection: Connection) -> None:
        """Free the slot of a connection that is bound to no terminal any more and has nothing under way."""
        if connection.slot < 0 or connection.chunks_under_way or connection.device is not None:
            return
        counters = self.sessions.counters[connection.slot]
        self._retired += counters
        counters[:] = 0
        self._free_slots.append(connection.slot)
        connection.slot = -1

    def note_status(self, connection: Connection, *, online: bool) -> None:
        """Remember a terminal's state for the next write to the directory."""
        device = connection.device
        if device is None:
            return
        counters = self.sessions.counters[connection.slot] + self._totals.get(device.id, 0)
        if not online:
            self._totals[device.id] = counters
        named = {name: int(value) for name, value in zip(kernel.COUNTERS, counters, strict=True)}
        self._statuses[device.id] = DeviceStatus(device.id, online, connection.last_seen_ms, connection.address, named)

    # -- inside --------------------------------------------------------------------------------------------

    def _leave(self, connection: Connection) -> None:
        device = connection.device
        if device is None:
            return
        if self.by_device.get(device.id) is connection:
            del self.by_device[device.id]
            self.note_status(connection, online=False)
        connection.device = None

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def _every(self, interval_s: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            result = work()
            if asyncio.iscoroutine(result):
                await result

    async def _refresh(self) -> None:
        await self.directory.refresh(self._device_changed)

    def _device_changed(self, device: Device) -> None:
        """A coordinate system applies at once; who may not send any more is disconnected."""
        connection = self.by_device.get(device.id)
        if connection is None:
            return
        if not device.active:
            self.counters["deactivated"] += 1
            connection.close("deactivated")
            return
        connection.device = device
        self.sessions.system[connection.slot] = int(device.coordinate_system)

    async def _flush_status(self) -> None:
        for connection in self.by_device.values():
            if connection.seen_since_status:
                connection.seen_since_status = False
                self.note_status(connection, online=True)
        statuses, self._statuses = self._statuses, {}
        if statuses and not await self.directory.flush_status(list(statuses.values())):
            self._statuses = {**statuses, **self._statuses}

    def _sweep(self) -> None:
        """Idle terminals, logins that never came, packages that are missing."""
        now_s = asyncio.get_running_loop().time()
        for connection in list(self.connections):
            connection.sweep(now_s)

    def _pause_all(self) -> None:
        for connection in self.connections:
            connection.hold("queue")

    def _resume_all(self) -> None:
        for connection in self.connections:
            connection.let_go("queue")
