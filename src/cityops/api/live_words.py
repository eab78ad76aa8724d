"""The live stream's words: audiences, cursors, and how positions and changes are written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from cityops.access import Principal, Role
from cityops.kit import from_ms
from cityops.store import Event

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True)
class Audience:
    """Everybody who sees the same: their stream is gathered and encoded once. ``sample`` is any one of them.

    People of the field see the tasks that were given to them by name: each is an audience of one.
    """

    role: Role
    unit_id: str | None
    area_codes: tuple[str, ...]
    crew_id: str | None
    account_id: str | None
    sample: Principal = field(compare=False)

    @classmethod
    def of(cls, person: Principal) -> Audience:
        """The audience of ``person``: what does not narrow their scope does not divide audiences."""
        narrow = person.role.is_of_unit or person.role.is_of_field
        return cls(
            person.role,
            person.unit_id if narrow else None,
            person.area_codes,
            person.crew_id if person.role.is_of_field else None,
            person.account_id if person.role.is_of_field else None,
            person,
        )

    @property
    def shifts(self) -> bool:
        """Whether vehicles come into view and leave it by driving, or by a case."""
        return self.role in (Role.CREW, Role.DISTRICT) or bool(self.area_codes)


@dataclass(frozen=True)
class Cursor:
    """How far a client has come: written as the event id, read back from ``Last-Event-ID``."""

    boot: str
    sequence: int
    event_id: int

    def __str__(self) -> str:
        return f"{self.boot}.{self.sequence}.{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor of ``text``; ``None`` when it is none of ours."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts[1:]):
            return None
        return cls(parts[0], int(parts[1]), int(parts[2]))


def encode_event(event: str, data: bytes, cursor: Cursor | None = None) -> bytes:
    """One server-sent event (WHATWG HTML, 9.2). ``data`` is JSON on one line."""
    head = f"event: {event}\n" if cursor is None else f"id: {cursor}\nevent: {event}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def encode_positions(rows: NDArray[Any], states: NDArray[np.uint8], at_ms: int) -> bytes:
    """``{"at": …, "rows": [[device, lon, lat, speed_kmh, course_deg, event_ms, state], …]}``."""
    columns = (
        rows["device"].tolist(),
        rows["lon"].round(6).tolist(),
        rows["lat"].round(6).tolist(),
        rows["speed_kmh"].astype(np.float64).round(1).tolist(),
        rows["course_deg"].tolist(),
        rows["event_ms"].tolist(),
        states.tolist(),
    )
    return _ENCODER.encode({"at": from_ms(at_ms).isoformat(), "rows": list(zip(*columns, strict=True))})


def encode_change(event: Event) -> bytes:
    """``{"topic": …, "key": …, "at": …}`` and the ids that the event carries, nothing else of it."""
    ids = {name: value for name, value in event.payload.items() if name == "action" or name.endswith("_id")}
    return _ENCODER.encode({**ids, "topic": event.topic, "key": event.key, "at": from_ms(event.at_ms).isoformat()})


def encode_gone(devices: Collection[int]) -> bytes:
    """``{"devices": […]}``: vehicles that this person sees no more."""
    return _ENCODER.encode({"devices": sorted(devices)})


def encode_ready(*, resync: bool, whole: bool) -> bytes:
    """``resync``: load the lists again; ``whole``: the positions that follow are all there are."""
    return _ENCODER.encode({"resync": resync, "whole": whole})
