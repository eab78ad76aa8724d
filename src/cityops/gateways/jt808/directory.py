"""Who may speak: the device directory (设备台账), cached, so that a login storm does not reach the relational store."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from cityops.gateways.jt808.fields import normal_phone
from cityops.gateways.jt808.messages import Registration
from cityops.kit import CityOpsError, Clock
from cityops.observations import Device, DeviceStatus

_log = logging.getLogger(__name__)
T = TypeVar("T")

PROTOCOL: Final = "jt808"
MAX_MISSES: Final = 10_000
MISS_S: Final = 2.0
NOTE_S: Final = 60.0


class DeviceDirectory(Protocol):
    """The register of terminals. Every call may block and is made off the event loop."""

    def by_phone(self, protocol: str, phone: str) -> Device | None:
        """The terminal with that number (no leading zeros)."""
        ...

    def all(self) -> Sequence[Device]:
        """Every terminal."""
        ...

    def changed_after(self, at_ms: int) -> Sequence[Device]:
        """Terminals created or changed after that time, or shortly before: one that is known already does no harm."""
        ...

    def note_pending(
        self,
        protocol: str,
        phone: str,
        plate: str | None,
        maker: str | None,
        model: str | None,
        terminal_id: str | None,
        at_ms: int,
    ) -> object:
        """List an unregistered terminal for approval."""
        ...

    def issue_auth_code(self, device_id: int) -> str:
        """Make and keep an authentication code."""
        ...

    def flush_status(self, statuses: Sequence[DeviceStatus]) -> object:
        """Keep online states and counters."""
        ...

    def mark_all_offline(self) -> object:
        """Forget the online states of an earlier run."""
        ...


class DirectoryCache:
    """The directory in memory: loaded at start, refreshed by ``changed_after``; misses are remembered for 2 s."""

    def __init__(self, directory: DeviceDirectory, clock: Clock, executor: ThreadPoolExecutor) -> None:
        self._directory = directory
        self._clock = clock
        self._executor = executor
        self._by_phone: dict[str, Device] = {}
        self._phone_of: dict[int, str] = {}
        self._misses: OrderedDict[str, float] = OrderedDict()
        self._noted: OrderedDict[str, float] = OrderedDict()
        self._asked_ms = 0
        self.errors = 0
        self.noted = 0

    async def load(self) -> None:
        """Read the whole directory; errors are the caller's."""
        self._asked_ms = self._clock.now_ms()
        await self._call(self._directory.mark_all_offline)
        for device in await self._call(self._directory.all):
            self._keep(device)

    async def refresh(self, changed: Callable[[Device], None]) -> None:
        """Take over what changed, and tell ``changed`` of each."""
        since_ms, self._asked_ms = self._asked_ms, self._clock.now_ms()
        try:
            devices = await self._call(lambda: self._directory.changed_after(since_ms))
        except CityOpsError as error:
            self._asked_ms = since_ms
            self._note_error("refresh", error)
            return
        for device in devices:
            if self._by_phone.get(normal_phone(device.phone)) != device:
                self._keep(device)
                changed(device)

    async def find(self, phone: str) -> Device | None:
        """The terminal with ``phone`` (leading zeros do not matter).

        Raises:
            CityOpsError: the directory could not be asked.
        """
        key = normal_phone(phone)
        if key == "0":
            return None
        device = self._by_phone.get(key)
        now_s = self._clock.monotonic_s()
        if device is not None or now_s - self._misses.get(key, -MISS_S) < MISS_S:
            return device
        try:
            device = await self._call(lambda: self._directory.by_phone(PROTOCOL, key))
        except CityOpsError as error:
            self._note_error("by_phone", error)
            raise
        if device is None:
            _remember(self._misses, key, now_s)
        else:
            self._keep(device)
        return device

    async def issue_auth_code(self, device: Device) -> str:
        """The terminal's code, made when it has none yet.

        Raises:
            CityOpsError: the directory could not be asked.
        """
        if device.auth_code:
            return device.auth_code
        code = await self._call(lambda: self._directory.issue_auth_code(device.id))
        fresh = await self._call(lambda: self._directory.by_phone(PROTOCOL, normal_phone(device.phone)))
        if fresh is not None:
            self._keep(fresh)
        return code

    async def note_pending(self, phone: str, registration: Registration | None) -> None:
        """List an unregistered terminal, at most once a minute each; an error is logged and counted.

        Args:
            phone: its number.
            registration: what it said of itself, if it registered.
        """
        key = normal_phone(phone)
        now_s, at_ms = self._clock.monotonic_s(), self._clock.now_ms()
        if now_s - self._noted.get(key, -NOTE_S) < NOTE_S:
            return
        _remember(self._noted, key, now_s)
        try:
            await self._call(lambda: self._note(phone, registration, at_ms))
            self.noted += 1
        except CityOpsError as error:
            self._noted.pop(key, None)
            self._note_error("note_pending", error)

    def _note(self, phone: str, said: Registration | None, at_ms: int) -> object:
        if said is None:
            return self._directory.note_pending(PROTOCOL, phone, None, None, None, None, at_ms)
        about = (said.plate, said.maker, said.model, said.terminal_id)
        return self._directory.note_pending(PROTOCOL, phone, *about, at_ms)

    async def flush_status(self, statuses: Sequence[DeviceStatus]) -> bool:
        """Write states; false (logged, counted) when the directory does not take them now."""
        try:
            await self._call(lambda: self._directory.flush_status(statuses))
        except CityOpsError as error:
            self._note_error("flush_status", error)
            return False
        return True

    def _keep(self, device: Device) -> None:
        phone = normal_phone(device.phone)
        earlier = self._phone_of.get(device.id)
        if earlier is not None and earlier != phone:
            self._by_phone.pop(earlier, None)
        self._phone_of[device.id] = phone
        self._by_phone[phone] = device
        self._misses.pop(phone, None)

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _note_error(self, what: str, error: CityOpsError) -> None:
        self.errors += 1
        _log.error("device directory, %s: %s", what, error.text.en)


def _remember(memory: OrderedDict[str, float], key: str, now_s: float) -> None:
    memory.pop(key, None)
    memory[key] = now_s
    while len(memory) > MAX_MISSES:
        memory.popitem(last=False)
