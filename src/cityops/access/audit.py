"""The audit chain (审计链): who did what, when, to what, and why, so that a later change of it shows.

Each row holds the SHA-256 of its own content and of the row before. The head row holds the count and the last hash,
so that a removed tail shows too. Somebody who can rewrite the whole table and its head is found by comparing the
head with one kept elsewhere: every backup's manifest holds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access.principal import Principal
from cityops.access.roles import Permission
from cityops.access.tables import audit, audit_head
from cityops.kit import Clock, Text
from cityops.store import at_end

_GENESIS: Final = "0" * 64
_HEAD_ID: Final = 1
_LOCKED_HEAD: Final = select(audit_head.c.rows, audit_head.c.hash).where(audit_head.c.id == _HEAD_ID).with_for_update()
_MOVE_HEAD: Final = update(audit_head).where(audit_head.c.id == _HEAD_ID)
PAGE_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the chain."""

    sequence: int
    at_ms: int
    actor_id: str
    actor_name: str
    actor_role: str
    action: str
    object_type: str
    object_id: str | None
    purpose: str | None
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines, newest first, and how many match in all."""

    items: list[AuditEntry]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines; None means any."""

    actor_id: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What checking the chain found; ``first_bad`` is the first sequence number that does not fit."""

    ok: bool
    rows: int
    head_hash: str
    first_bad: int | None = None
    problem: Text | None = None


def record_audit(
    conn: Connection,
    *,
    at_ms: int,
    actor: Principal,
    action: str,
    object_type: str,
    object_id: str | None,
    purpose: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append a line in the running write, when all else of it is done: on PostgreSQL every other write waits for it.

    ``detail`` must be JSON without NaN (``TypeError``, ``ValueError``).
    """
    line: dict[str, Any] = {
        "at_ms": at_ms,
        "actor_id": actor.account_id,
        "actor_name": actor.display_name,
        "actor_role": "system" if actor.is_system else actor.role.value,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "purpose": purpose,
        "detail": json.loads(json.dumps(dict(detail or {}), allow_nan=False)),  # as it will be read back
    }
    at_end(conn, partial(_append, line))


def _append(line: Mapping[str, Any], conn: Connection) -> None:
    rows, previous = _lock_head(conn)
    chained = {**line, "sequence": rows + 1, "previous_hash": previous}
    digest = _digest(chained)
    conn.execute(insert(audit), {**chained, "hash": digest})
    conn.execute(_MOVE_HEAD, {"rows": rows + 1, "hash": digest})


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Appends lines about one type of object at the time of its clock: ``trail(conn, who, action, id, detail)``."""

    clock: Clock
    object_type: str

    def __call__(
        self,
        conn: Connection,
        actor: Principal,
        action: str,
        object_id: str,
        detail: Mapping[str, Any],
        *,
        purpose: str | None = None,
    ) -> None:
        """As ``record_audit``."""
        record_audit(
            conn,
            at_ms=self.clock.now_ms(),
            actor=actor,
            action=action,
            object_type=self.object_type,
            object_id=object_id,
            purpose=purpose,
            detail=detail,
        )


def verify_audit(conn: Connection) -> AuditReport:
    """Walk the whole chain; finds any changed, removed, added or re-ordered line. Reads every row, in order."""
    head = conn.execute(select(audit_head.c.rows, audit_head.c.hash)).one_or_none()
    expected_rows, expected_hash = (0, _GENESIS) if head is None else (head.rows, head.hash)
    rows, previous = 0, _GENESIS
    with conn.execute(select(audit).order_by(audit.c.sequence).execution_options(yield_per=1000)) as streamed:
        for row in streamed.mappings():
            line = {name: value for name, value in row.items() if name != "hash"}
            if row["sequence"] != rows + 1:
                return _bad(rows, previous, rows + 1, f"第 {rows + 1} 行缺失", f"line {rows + 1} is missing")
            if row["previous_hash"] != previous or row["hash"] != _digest(line):
                return _bad(rows, previous, rows + 1, f"第 {rows + 1} 行被改动", f"line {rows + 1} was changed")
            rows, previous = rows + 1, row["hash"]
    if rows != expected_rows or previous != expected_hash:
        first_bad = min(rows, expected_rows) + 1
        return _bad(
            rows,
            previous,
            first_bad,
            f"链尾与记录不符：应有 {expected_rows} 行，实有 {rows} 行",
            f"the end does not fit: {expected_rows} lines were written, {rows} are there",
        )
    return AuditReport(True, rows, previous)


def audit_seal(conn: Connection) -> dict[str, Any]:
    """What a backup notes of the chain, so that a restored one can be compared with it."""
    report = verify_audit(conn)
    return {"audit": {"ok": report.ok, "rows": report.rows, "head_hash": report.head_hash}}


def list_audit(
    conn: Connection, principal: Principal, wanted: AuditFilter | None = None, *, page: int = 1, page_size: int = 50
) -> AuditPage:
    """Lines, newest first, for who may read the audit; at most ``PAGE_LIMIT`` a page."""
    principal.require(Permission.AUDIT_READ)
    size = max(1, min(page_size, PAGE_LIMIT))
    matching = _matching(select(audit), wanted or AuditFilter())
    total = conn.execute(select(func.count()).select_from(matching.subquery())).scalar_one()
    shown = matching.order_by(audit.c.sequence.desc()).offset((max(page, 1) - 1) * size).limit(size)
    return AuditPage([_entry(row) for row in conn.execute(shown).mappings()], total, max(page, 1), size)


def _matching(query: Select[Any], wanted: AuditFilter) -> Select[Any]:
    for column in (audit.c.actor_id, audit.c.action, audit.c.object_type, audit.c.object_id):
        value = getattr(wanted, column.name)
        if value is not None:
            query = query.where(column == value)
    if wanted.from_ms is not None:
        query = query.where(audit.c.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(audit.c.at_ms < wanted.to_ms)
    return query


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(**{name: value for name, value in row.items() if name != "previous_hash"})


def _lock_head(conn: Connection) -> tuple[int, str]:
    """Count and last hash, with the head row locked (PostgreSQL) until the transaction ends."""
    head = conn.execute(_LOCKED_HEAD).one_or_none()
    if head is None:
        try:
            with conn.begin_nested():
                conn.execute(insert(audit_head), {"id": _HEAD_ID, "rows": 0, "hash": _GENESIS})
        except IntegrityError:
            pass  # another connection wrote the very first line meanwhile; its head is read below
        head = conn.execute(_LOCKED_HEAD).one()
    return head.rows, head.hash


def _digest(line: Mapping[str, Any]) -> str:
    canonical = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _bad(rows: int, head_hash: str, first_bad: int, zh: str, en: str) -> AuditReport:
    return AuditReport(False, rows, head_hash, first_bad, Text(zh, en))
