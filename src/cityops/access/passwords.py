"""Passwords: argon2id, and a bound on how many are computed at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from cityops.kit import BusyError, InvalidError, Text

MEMORY_KIB: Final = 19_456
TIME_COST: Final = 2
LENGTH_MIN: Final = 8
LENGTH_MAX: Final = 256
AT_ONCE: Final = 4
WAIT_S: Final = 5.0
NOBODY: Final = f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p=1${'A' * 22}${'A' * 43}"
"""In the form of a hash, with what today's cost; checking against it takes as long as against a real one."""


class Passwords:
    """Hashes and checks passwords with argon2id (19 MiB, 2 passes, 1 lane: the OWASP minimum).

    At most ``AT_ONCE`` are computed together, so that a flood of sign-ins cannot take the memory; who waits longer
    than ``wait_s`` gets ``BusyError``.
    """

    def __init__(self, *, wait_s: float = WAIT_S) -> None:
        self._hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=1)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._wait_s = wait_s
        self.rejected = 0

    def hash(self, password: str) -> str:
        """The encoded argon2id hash of a password that fits the rules (``InvalidError`` otherwise)."""
        _check(password)
        with self._slot():
            return self._hasher.hash(password)

    def matches(self, encoded: str | None, password: str) -> bool:
        """Whether the password fits. Without an account (None) it takes as long and is False."""
        if len(password) > LENGTH_MAX:
            return False
        with self._slot():
            try:
                self._hasher.verify(encoded or NOBODY, password)
            except VerifyMismatchError:
                return False
        return encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._wait_s):
            self.rejected += 1
            raise BusyError(
                "同时登录的人太多",
                "too many people sign in at once",
                code="access.passwords_busy",
                todo=Text("请几秒后重试", "try again in a few seconds"),
            )
        try:
            yield
        finally:
            self._slots.release()


def _check(password: str) -> None:
    if LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return
    raise InvalidError(
        f"口令需为 {LENGTH_MIN} 至 {LENGTH_MAX} 个字符",
        f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters",
        code="account.password",
        kept=Text("原口令未改变", "the password was not changed"),
        todo=Text("请换一个口令", "choose another one"),
    )
