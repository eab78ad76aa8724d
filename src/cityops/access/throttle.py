"""Throttling of sign-ins (登录限速), per account and per address, kept in a table so that it survives a restart."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access.tables import sign_in_attempt
from cityops.kit import BusyError, Text, from_ms

ROWS_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class ThrottleRule:
    """After ``free`` failures the wait is ``first_wait_s``, doubled with each further one up to ``longest_wait_s``.

    Failures are forgotten when none came for ``memory_s``.
    """

    free: int
    first_wait_s: int
    longest_wait_s: int
    memory_s: int

    def wait_ms(self, failures: int) -> int:
        """How long nobody may try after that many failures."""
        over = failures - self.free
        if over < 0:
            return 0
        return min(self.first_wait_s << min(over, 20), self.longest_wait_s) * 1000


ACCOUNT_RULE: Final = ThrottleRule(free=5, first_wait_s=30, longest_wait_s=900, memory_s=3600)
ADDRESS_RULE: Final = ThrottleRule(free=20, first_wait_s=30, longest_wait_s=900, memory_s=3600)


def subjects(username: str, address: str) -> tuple[tuple[str, ThrottleRule], ...]:
    """The rows a sign-in counts against."""
    return (f"account:{username}", ACCOUNT_RULE), (f"address:{address}", ADDRESS_RULE)


def reserve(conn: Connection, username: str, address: str, now_ms: int) -> bool:
    """Count this try as a failure before the password is checked, so that tries at the same time count too.

    Returns:
        Whether a wait begins if this try fails.

    Raises:
        BusyError: too many failures; says when to try again. A refused try is not counted.
    """
    rows = [(subject, rule, _lock(conn, subject, rule, now_ms)) for subject, rule in subjects(username, address)]
    blocked_until_ms = max(blocked for _, _, (_, blocked) in rows)
    if blocked_until_ms > now_ms:
        raise _wait(blocked_until_ms)
    waits_ms = [rule.wait_ms(failures + 1) for _, rule, (failures, _) in rows]
    for (subject, _, (failures, _)), wait_ms in zip(rows, waits_ms, strict=True):
        conn.execute(
            update(sign_in_attempt)
            .where(sign_in_attempt.c.subject == subject)
            .values(failures=failures + 1, last_ms=now_ms, blocked_until_ms=now_ms + wait_ms)
        )
    return max(waits_ms) > 0


def forgive(conn: Connection, username: str, address: str) -> None:
    """The password was right: forget the account's failures, and take this try back from the address."""
    (account, _), (place, _) = subjects(username, address)
    conn.execute(delete(sign_in_attempt).where(sign_in_attempt.c.subject == account))
    failures = sign_in_attempt.c.failures
    conn.execute(
        update(sign_in_attempt)
        .where(sign_in_attempt.c.subject == place)
        .values(failures=case((failures > 0, failures - 1), else_=0), blocked_until_ms=0)
    )


def forget_account(conn: Connection, username: str) -> None:
    """Let somebody try again at once (an administrator gave a new password)."""
    conn.execute(delete(sign_in_attempt).where(sign_in_attempt.c.subject == f"account:{username}"))


def tidy(conn: Connection, now_ms: int, *, rows_limit: int = ROWS_LIMIT) -> int:
    """Delete what is past its memory, then the least guilty above the limit; returns how many were cut off early."""
    conn.execute(delete(sign_in_attempt).where(sign_in_attempt.c.last_ms < now_ms - ACCOUNT_RULE.memory_s * 1000))
    excess = conn.execute(select(func.count()).select_from(sign_in_attempt)).scalar_one() - rows_limit
    if excess <= 0:
        return 0
    order = (sign_in_attempt.c.failures, sign_in_attempt.c.last_ms)
    least = select(sign_in_attempt.c.subject).order_by(*order).limit(excess)
    conn.execute(delete(sign_in_attempt).where(sign_in_attempt.c.subject.in_(least.scalar_subquery())))
    return int(excess)


def _lock(conn: Connection, subject: str, rule: ThrottleRule, now_ms: int) -> tuple[int, int]:
    """Failures and block of a subject, its row made and locked."""
    query = (
        select(sign_in_attempt.c.failures, sign_in_attempt.c.blocked_until_ms, sign_in_attempt.c.last_ms)
        .where(sign_in_attempt.c.subject == subject)
        .with_for_update()
    )
    fresh = {"subject": subject, "failures": 0, "last_ms": now_ms, "blocked_until_ms": 0}
    while (row := conn.execute(query).one_or_none()) is None:  # once more when somebody made or forgave it meanwhile
        with suppress(IntegrityError), conn.begin_nested():
            conn.execute(insert(sign_in_attempt), fresh)
    if row.last_ms < now_ms - rule.memory_s * 1000:
        return 0, 0
    return row.failures, row.blocked_until_ms


def _wait(until_ms: int) -> BusyError:
    at = from_ms(until_ms + 999).strftime("%H:%M:%S")
    return BusyError(
        "登录失败次数过多，已暂停登录",
        "too many failed sign-ins: signing in is paused",
        code="access.throttled",
        kept=Text("口令没有被核对", "the password was not checked"),
        todo=Text(f"请在 {at} 之后重试，或请管理员重设口令", f"try again after {at}, or ask the administrator"),
    )
