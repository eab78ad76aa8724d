"""Sessions (会话): signing in, who a token belongs to, signing out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, insert, select, update

from cityops.access.accounts import tidy_username
from cityops.access.audit import record_audit
from cityops.access.passwords import Passwords
from cityops.access.principal import SYSTEM, Principal
from cityops.access.roles import Role
from cityops.access.tables import account, session, unit
from cityops.access.throttle import forgive, reserve, tidy
from cityops.kit import Clock, IdMaker, Text, UnauthenticatedError
from cityops.store import Store

_TOKEN_BYTES: Final = 32
_SEEN_EVERY_MS: Final = 60_000
PER_ACCOUNT: Final = 20


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts without use, and at most."""

    idle_s: int = 8 * 3600
    absolute_s: int = 24 * 3600


class Sessions:
    """Signed-in people. Only the SHA-256 of a token is stored; the CSRF token is derived from the token."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        *,
        limits: SessionLimits | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._limits = limits or SessionLimits()
        self._passwords = passwords or Passwords()
        self.throttle_rows_cut = 0

    def sign_in(self, username: str, password: str, address: str) -> tuple[str, Principal, str]:
        """Check the password; returns (token, who it is, CSRF token).

        Raises:
            UnauthenticatedError: no such active account, or another password; which of them is not told.
            BusyError: too many failures for this account or address; says when to try again.
        """
        name, place = tidy_username(username)[:64], address[:64]
        waits_after = self._store.write(lambda conn: self._reserve(conn, name, place))
        with self._store.read() as conn:
            row = conn.execute(_accounts().where(account.c.username == name)).one_or_none()
        usable = row is not None and row.active
        if not self._passwords.matches(row.password_hash if row is not None and usable else None, password):
            if waits_after:
                self._store.write(lambda conn: self._note_wait(conn, name, place))
            raise _wrong()
        assert row is not None  # only an account's own hash can match
        renewed = self._passwords.hash(password) if self._passwords.outdated(row.password_hash) else None
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._store.write(lambda conn: self._begin(conn, row, token, place, renewed))
        return token, _principal(row), _csrf(token)

    def principal(self, token: str) -> tuple[Principal, str]:
        """Who the token belongs to, and its CSRF token; ``UnauthenticatedError`` when it is unknown or over."""
        now_ms, hashed = self._clock.now_ms(), _hash(token)
        with self._store.glance() as conn:
            row = conn.execute(_SIGNED_IN, {"hashed": hashed}).one_or_none()
        if row is None or not row.active or self._is_over(row.begun_ms, row.last_seen_ms, now_ms):
            raise _signed_out()
        if now_ms - row.last_seen_ms >= _SEEN_EVERY_MS:
            seen = update(session).where(session.c.token_hash == hashed).values(last_seen_ms=now_ms)
            self._store.write(lambda conn: conn.execute(seen).rowcount)
        return _principal(row), _csrf(token)

    def sign_out(self, token: str) -> None:
        """End the session; a token that is unknown or over is fine."""
        gone = delete(session).where(session.c.token_hash == _hash(token))
        self._store.write(lambda conn: conn.execute(gone).rowcount)

    def _is_over(self, created_ms: int, last_seen_ms: int, now_ms: int) -> bool:
        idle_ms, absolute_ms = self._limits.idle_s * 1000, self._limits.absolute_s * 1000
        return now_ms >= last_seen_ms + idle_ms or now_ms >= created_ms + absolute_ms

    def _reserve(self, conn: Connection, username: str, address: str) -> bool:
        now_ms = self._clock.now_ms()
        waits_after = reserve(conn, username, address, now_ms)
        self.throttle_rows_cut += tidy(conn, now_ms)
        return waits_after

    def _note_wait(self, conn: Connection, username: str, address: str) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=SYSTEM,
            action="session.throttle",
            object_type="account",
            object_id=None,
            detail={"username": username, "address": address},
        )

    def _begin(self, conn: Connection, row: Row[Any], token: str, address: str, renewed: str | None) -> None:
        now_ms = self._clock.now_ms()
        same = select(account.c.id).where(account.c.id == row.id, account.c.password_hash == row.password_hash)
        if conn.execute(same.where(account.c.active).with_for_update()).one_or_none() is None:
            raise _wrong()  # switched off or given another password since it was read
        forgive(conn, row.username, address)
        self._end_old(conn, row.id, now_ms)
        fresh = {"account_id": row.id, "address": address, "created_ms": now_ms, "last_seen_ms": now_ms}
        conn.execute(insert(session), {"token_hash": _hash(token), **fresh})
        values: dict[str, object] = {"last_sign_in_ms": now_ms}
        if renewed is not None:
            values["password_hash"] = renewed
        conn.execute(update(account).where(account.c.id == row.id).values(**values))
        record_audit(
            conn,
            at_ms=now_ms,
            actor=_principal(row),
            action="session.sign_in",
            object_type="account",
            object_id=row.id,
            detail={"address": address},
        )

    def _end_old(self, conn: Connection, account_id: str, now_ms: int) -> None:
        """Delete sessions that are over, and this account's oldest beyond ``PER_ACCOUNT``."""
        idle_ms, absolute_ms = self._limits.idle_s * 1000, self._limits.absolute_s * 1000
        over = (session.c.last_seen_ms <= now_ms - idle_ms) | (session.c.created_ms <= now_ms - absolute_ms)
        conn.execute(delete(session).where(over))
        mine = select(session.c.token_hash).where(session.c.account_id == account_id)
        newest_first = mine.order_by(session.c.created_ms.desc(), session.c.token_hash)
        excess = [found for (found,) in conn.execute(newest_first.offset(PER_ACCOUNT - 1).limit(1000))]
        conn.execute(delete(session).where(session.c.token_hash.in_(excess)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf(token: str) -> str:
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _accounts(*more: ColumnElement[Any]) -> Select[Any]:
    return select(account, unit.c.name.label("unit_name"), *more).select_from(account.outerjoin(unit))


# The account has a created_ms of its own: by that name the row would give the account's age.
_SIGNED_IN: Final = _accounts(session.c.created_ms.label("begun_ms"), session.c.last_seen_ms).where(
    session.c.token_hash == bindparam("hashed"), session.c.account_id == account.c.id
)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        account_id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        area_codes=tuple(row.area_codes),
        crew_id=row.crew_id,
    )


def _wrong() -> UnauthenticatedError:
    return UnauthenticatedError(
        "用户名或口令不正确，或账号已停用",
        "the user name or the password is wrong, or the account is switched off",
        code="access.wrong",
        todo=Text("请核对后重试；忘记口令请联系管理员", "check both and try again, or ask the administrator"),
    )


def _signed_out() -> UnauthenticatedError:
    return UnauthenticatedError(
        "尚未登录或登录已过期",
        "nobody is signed in, or the session is over",
        code="access.signed_out",
        todo=Text("请重新登录", "sign in again"),
    )
