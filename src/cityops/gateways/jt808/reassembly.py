"""Messages in sub-packages (分包): put together within bounds of count, bytes and time. No input or output here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cityops.gateways.jt808.header import Frame, Header


class Budget:
    """Memory shared by everything that waits for more bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0

    def take(self, size: int) -> bool:
        """Claim ``size`` bytes; false, and nothing claimed, when they are not there."""
        if self.used_bytes + size > self.limit_bytes:
            return False
        self.used_bytes += size
        return True

    def give(self, size: int) -> None:
        """Give ``size`` bytes back."""
        self.used_bytes -= size


class Refusal(StrEnum):
    """Why a sub-package is not kept."""

    INDEX = "package_index"
    TOO_LONG = "message_too_long"
    TOO_MANY = "too_many_partial_messages"
    MEMORY = "package_memory"


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete message. ``serials``: of every sub-package as it arrived last, in the order of the packages."""

    header: Header
    body: bytes
    serials: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Sub-packages to ask for: of the message whose first package has or would have ``first_serial``."""

    header: Header
    first_serial: int
    indexes: tuple[int, ...]
    first_body: bytes | None


@dataclass(slots=True)
class _Partial:
    header: Header
    first_serial: int
    total: int
    last_s: float
    size: int = 0
    requests: int = 0
    parts: dict[int, tuple[int, bytes]] = field(default_factory=dict)


@dataclass
class Reassembly:
    """The incomplete messages of one connection.

    Attributes:
        budget: memory shared with all connections.
        max_messages: incomplete messages at a time.
        message_bytes: longest message.
        wait_s: silence after which missing packages are asked for.
        max_requests: how often they are asked for before the message is given up.
    """

    budget: Budget
    max_messages: int
    message_bytes: int
    wait_s: float
    max_requests: int
    _partials: dict[tuple[int, int], _Partial] = field(default_factory=dict)

    def add(self, frame: Frame, now_s: float) -> Whole | Refusal | None:
        """Take a sub-package: the whole message when it was the last one missing, why not kept, or ``None``."""
        place = frame.header.sub_package
        if place is None or not 1 <= place.index <= place.total:
            return Refusal.INDEX
        partial = self._partial(frame, place.total, place.index, now_s)
        if isinstance(partial, Refusal):
            return partial
        partial.last_s = now_s
        if place.index in partial.parts:
            return None
        if partial.size + len(frame.body) > self.message_bytes:
            self._drop(partial)
            return Refusal.TOO_LONG
        if not self.budget.take(len(frame.body)):
            return Refusal.MEMORY
        partial.size += len(frame.body)
        partial.parts[place.index] = (frame.header.serial, frame.body)
        if len(partial.parts) < partial.total:
            return None
        parts = [partial.parts[index] for index in range(1, partial.total + 1)]
        self._drop(partial)
        return Whole(partial.header, b"".join(body for _, body in parts), tuple(serial for serial, _ in parts))

    def overdue(self, now_s: float) -> tuple[list[Missing], int]:
        """What to ask for again now, and how many messages were given up."""
        ask: list[Missing] = []
        given_up = 0
        for partial in list(self._partials.values()):
            if now_s - partial.last_s < self.wait_s:
                continue
            if partial.requests >= self.max_requests:
                self._drop(partial)
                given_up += 1
                continue
            partial.requests += 1
            partial.last_s = now_s
            indexes = [index for index in range(1, partial.total + 1) if index not in partial.parts]
            first = partial.parts.get(1)
            # One request names at most 255 packages; the next one names the rest.
            ask.append(Missing(partial.header, partial.first_serial, tuple(indexes[:255]), first and first[1]))
        return ask, given_up

    def clear(self) -> int:
        """Forget everything; how many incomplete messages there were."""
        count = len(self._partials)
        for partial in list(self._partials.values()):
            self._drop(partial)
        return count

    def __len__(self) -> int:
        return len(self._partials)

    def _partial(self, frame: Frame, total: int, index: int, now_s: float) -> _Partial | Refusal:
        """The message a package belongs to: by its serial, or, sent again under a new serial, by what was asked for."""
        message_id = frame.header.message_id
        first_serial = (frame.header.serial - index + 1) & 0xFFFF
        found = self._partials.get((message_id, first_serial))
        if found is not None and found.total == total:
            return found
        for partial in self._partials.values():
            same = partial.header.message_id == message_id and partial.total == total
            if same and partial.requests and index not in partial.parts:
                return partial
        if found is not None:
            self._drop(found)
        if len(self._partials) >= self.max_messages:
            return Refusal.TOO_MANY
        made = _Partial(frame.header, first_serial, total, now_s)
        self._partials[(message_id, first_serial)] = made
        return made

    def _drop(self, partial: _Partial) -> None:
        self.budget.give(partial.size)
        del self._partials[(partial.header.message_id, partial.first_serial)]
