"""Bounds for those who are not signed in (公众访问限速): counted by network address, in memory only, and forgotten.

Nothing is written anywhere. An address is kept as a hash under a key that this process made up when it started, and no
longer than its visits count; an IPv6 address counts by its first 64 bits, which is what a household has.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import threading
from typing import Final

from cityops.kit import BusyError, Clock, Text

ROWS_MAX: Final = 20_000
_TIDY_EVERY_S: Final = 1.0
_IPV6_HOUSEHOLD_BITS: Final = 64


class Visits:
    """So many visits at once from one address, then one every ``every_s`` seconds (a leaky bucket).

    Args:
        clock: the time.
        at_once: visits that may come together.
        every_s: after those, the time between two visits.
        rows_max: addresses remembered at the same time; beyond them a new one has to wait, and that is counted.
    """

    def __init__(self, clock: Clock, *, at_once: int, every_s: float, rows_max: int = ROWS_MAX) -> None:
        self._clock = clock
        self._every_s = every_s
        self._room_s = at_once * every_s
        self._rows_max = rows_max
        self._key = secrets.token_bytes(32)
        self._busy_until_s: dict[bytes, float] = {}
        self._tidied_s = -math.inf
        self._lock = threading.Lock()
        self.refused = 0
        self.refused_full = 0

    def admit(self, address: str) -> None:
        """Count a visit.

        Raises:
            BusyError: too many from there, or too many addresses at once; says how long to wait.
        """
        subject, now_s = self._hash(address), self._clock.monotonic_s()
        with self._lock:
            self._tidy(now_s)
            busy_until_s = max(self._busy_until_s.get(subject, now_s), now_s) + self._every_s
            if busy_until_s - now_s > self._room_s:
                self.refused += 1
                raise _too_many(busy_until_s - now_s - self._room_s)
            if subject not in self._busy_until_s and len(self._busy_until_s) >= self._rows_max:
                self.refused_full += 1
                raise _too_many(self._every_s)
            self._busy_until_s[subject] = busy_until_s

    def remembered(self) -> int:
        """Addresses that are remembered now."""
        with self._lock:
            self._tidy(self._clock.monotonic_s())
            return len(self._busy_until_s)

    def _tidy(self, now_s: float) -> None:
        """Forget whoever may do everything again; at most once a second, or a flood would spend its time here."""
        if now_s - self._tidied_s < _TIDY_EVERY_S:
            return
        self._tidied_s = now_s
        self._busy_until_s = {subject: until for subject, until in self._busy_until_s.items() if until > now_s}

    def _hash(self, address: str) -> bytes:
        return hashlib.blake2b(_household(address).encode(), key=self._key, digest_size=16).digest()


def _household(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address  # not an address: a Unix socket, or the name of an API key
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed), _IPV6_HOUSEHOLD_BITS), strict=False))
    return str(parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else parsed)


def _too_many(wait_s: float) -> BusyError:
    seconds = max(1, math.ceil(wait_s))
    return BusyError(
        "从您的网络提交得太频繁",
        "too much is sent from your network",
        code="public.throttled",
        kept=Text("这一次没有保存", "this one was not kept"),
        todo=Text(
            f"请在 {seconds} 秒后重试；紧急情况请拨打 12345 或 110",
            f"try again in {seconds} s; if it is urgent call 12345 or 110",
        ),
    )
