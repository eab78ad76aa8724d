"""Keys of other systems (接口密钥): random, shown once, stored as a hash, issued and revoked on the record."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access.audit import record_audit
from cityops.access.principal import Principal
from cityops.access.roles import Permission
from cityops.access.tables import api_key
from cityops.kit import Clock, ConflictError, InvalidError, NotFoundError, Text
from cityops.store import Store

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{1,49}")
_NOTHING: Final = Text("没有改变任何内容", "nothing was changed")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the administrator sees it: the key itself is not stored. ``revoked_ms`` None: it is valid."""

    name: str
    created_ms: int
    revoked_ms: int | None


class ApiKeys:
    """Issues and checks keys. A key has 256 random bits, so a quick hash protects it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def issue(self, principal: Principal, name: str) -> str:
        """A new key for the system ``name``, shown this once; a revoked name may be issued again.

        Raises:
            InvalidError: not a name. ConflictError: the name has a valid key.
        """
        principal.require(Permission.ACCOUNTS_MANAGE)
        if not _NAME.fullmatch(name):
            raise InvalidError(
                "名称需为 2 至 50 位小写字母、数字、点、- 或 _",
                "a name has 2 to 50 lower-case letters, digits, dots, - or _",
                code="api_key.name",
                kept=_NOTHING,
            )
        key, now_ms = secrets.token_urlsafe(32), self._clock.now_ms()

        def work(conn: Connection) -> None:
            conn.execute(delete(api_key).where(api_key.c.name == name, api_key.c.revoked_ms.is_not(None)))
            try:
                conn.execute(insert(api_key).values(name=name, sha256=_hash(key), created_ms=now_ms))
            except IntegrityError as error:
                raise ConflictError(
                    f"“{name}”已有有效的密钥", f"{name!r} has a valid key", code="api_key.exists", kept=_NOTHING,
                    todo=Text("先停用旧密钥", "revoke it first"),
                ) from error  # fmt: skip
            self._audit(conn, principal, "api_key.issue", name)

        self._store.write(work)
        return key

    def revoke(self, principal: Principal, name: str) -> None:
        """The key of ``name`` is refused from now on; ``NotFoundError`` when it has no valid one."""
        principal.require(Permission.ACCOUNTS_MANAGE)
        valid = update(api_key).where(api_key.c.name == name, api_key.c.revoked_ms.is_(None))

        def work(conn: Connection) -> None:
            if conn.execute(valid.values(revoked_ms=self._clock.now_ms())).rowcount == 0:
                raise NotFoundError(f"“{name}”没有有效的密钥", f"{name!r} has no valid key", code="api_key.missing")
            self._audit(conn, principal, "api_key.revoke", name)

        self._store.write(work)

    def list(self, principal: Principal) -> list[ApiKey]:
        """All keys by name, revoked ones included."""
        principal.require(Permission.ACCOUNTS_MANAGE)
        query = select(api_key.c.name, api_key.c.created_ms, api_key.c.revoked_ms).order_by(api_key.c.name)
        with self._store.read() as conn:
            return [ApiKey(*row) for row in conn.execute(query)]

    def holder(self, key: str) -> str | None:
        """The name of a valid key; ``None`` for any other."""
        query = select(api_key.c.name).where(api_key.c.sha256 == _hash(key), api_key.c.revoked_ms.is_(None))
        with self._store.read() as conn:
            return conn.execute(query).scalar()

    def _audit(self, conn: Connection, who: Principal, action: str, name: str) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=who,
            action=action,
            object_type="api_key",
            object_id=name,
            detail={},
        )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
