"""Files that terminals bring: what they are, and who keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Media:
    """A file that a terminal brought (多媒体、报警附件).

    Attributes:
        device: id of the terminal in the device register.
        kind: ``multimedia`` (0x0801) or ``attachment`` (of an active-safety alarm).
        name: the terminal's file name; for multimedia made of its id.
        media_type: 0 picture, 1 sound, 2 video, 3 text, 4 other.
        event_ms: when it was recorded, ms UTC, or ``None`` when the terminal did not say.
        size: bytes.
        alarm: the terminal's label of the alarm as hex, empty for multimedia.
    """

    device: int
    kind: str
    name: str
    media_type: int
    event_ms: int | None
    size: int
    alarm: str = ""


MediaStore = Callable[[Media, Iterable[bytes]], object]
"""Keeps a file; returns when it is durable, or raises a ``CityOpsError``. Called in a thread."""
