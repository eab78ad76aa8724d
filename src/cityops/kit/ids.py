"""Sortable identifiers: 48 bits of milliseconds and 80 random bits in 26 Crockford letters (the ULID layout)."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from cityops.kit.clock import Clock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS: Final = 80


class IdMaker:
    """Makes identifiers that sort by the time they were made, also within one millisecond. Safe between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        """A new identifier of 26 characters, greater than any this maker gave before."""
        with self._lock:
            value = (self._clock.now_ms() << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
            if value <= self._last:
                value = self._last + 1
            self._last = value
        letters = []
        for _ in range(26):
            letters.append(_ALPHABET[value & 31])
            value >>= 5
        return "".join(reversed(letters))
