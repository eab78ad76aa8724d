"""Published rule tables (规则表版本): a city's conditions, routes and the like, row by row, every version kept.

The highest version is in force. Rolling back publishes an older version's rows again, so history is never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit
from cityops.cases.catalogue.sheets import MAX_ROWS, SheetRow
from cityops.cases.catalogue.tables import rule_row_table, rule_version_table
from cityops.kit import Clock, ConflictError, InvalidError, NotFoundError, Text
from cityops.store import Store, emit

CONDITIONS: Final = "conditions"
ROUTES: Final = "routes"
DUPLICATE_RULES: Final = "duplicates"
LOCAL_ITEMS: Final = "local_items"
PUBLISHED: Final = "rules.published"
"""Topic of the event; its key is the table's name, its payload names the version."""
HISTORY_LIMIT: Final = 200
NAME_MAX: Final = 64
"""Longest name of a rule table, such as ``checklist:school_canteens_daily``."""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A published version; ``copied_from`` is set when it was rolled back to."""

    name: str
    version: int
    rows: int
    copied_from: int | None
    note: str
    actor_id: str
    actor_name: str
    published_ms: int


class RuleTables:
    """The published rule tables.

    Args:
        store: the store.
        clock: the clock.
        publishes: the permission that publishing and rolling back need.
    """

    def __init__(self, store: Store, clock: Clock, publishes: Permission) -> None:
        self._store = store
        self._clock = clock
        self._publishes = publishes

    def publish(
        self, actor: Principal, name: str, rows: Sequence[Mapping[str, str]], *, expected_version: int, note: str
    ) -> RuleVersion:
        """Publish rows as the next version, with an audit line and an event in the same transaction.

        Args:
            actor: who does it.
            name: the table, for example ``routes``.
            rows: rows of text as ``route_row`` and ``condition_rows`` make them; the caller has checked that they are
                sound (``Router``, ``ConditionTable``).
            expected_version: the version the person has seen; 0 when there was none.
            note: why.

        Raises:
            ForbiddenError: without the permission.
            InvalidError: ``rules.form``: no name, no note, or over 20,000 rows.
            ConflictError: ``rules.stale``: somebody published meanwhile; nothing was stored.
        """
        self._check(actor, name, note, len(rows))
        return self._store.write(lambda conn: self._add(conn, actor, name, rows, expected_version, note, None))

    def roll_back(
        self, actor: Principal, name: str, to_version: int, *, expected_version: int, note: str
    ) -> RuleVersion:
        """Publish the rows of an older version again; raises like ``publish``, and ``NotFoundError``."""
        self._check(actor, name, note, 0)

        def work(conn: Connection) -> RuleVersion:
            _version(conn, name, to_version)
            rows = [row.fields for row in _rows(conn, name, to_version)]
            return self._add(conn, actor, name, rows, expected_version, note, to_version)

        return self._store.write(work)

    def current(self, name: str) -> tuple[RuleVersion, list[SheetRow]] | None:
        """The version in force and its rows, numbered as in a sheet; None when nothing was ever published."""
        with self._store.read() as conn:
            last = _last(conn, name)
            return (_version(conn, name, last), _rows(conn, name, last)) if last else None

    def at(self, name: str, version: int, conn: Connection | None = None) -> tuple[RuleVersion, list[SheetRow]]:
        """A version and its rows, read on ``conn`` if given; ``NotFoundError`` when there is none."""
        with self._reading(conn) as read:
            return _version(read, name, version), _rows(read, name, version)

    def numbers(self, conn: Connection | None = None) -> dict[str, int]:
        """The version in force of each table ever published, read on ``conn`` if given."""
        table = rule_version_table
        query = select(table.c.name, func.max(table.c.version)).group_by(table.c.name)
        with self._reading(conn) as read:
            return {name: int(number) for name, number in read.execute(query)}

    def _reading(self, conn: Connection | None) -> AbstractContextManager[Connection]:
        return self._store.read() if conn is None else nullcontext(conn)

    def history(self, name: str) -> list[RuleVersion]:
        """The newest 200 versions, newest first."""
        table = rule_version_table
        query = select(table).where(table.c.name == name).order_by(table.c.version.desc()).limit(HISTORY_LIMIT)
        with self._store.read() as conn:
            return [_read(row) for row in conn.execute(query).mappings()]

    def _check(self, actor: Principal, name: str, note: str, rows: int) -> None:
        actor.require(self._publishes)
        if not 0 < len(name) <= NAME_MAX or not note.strip() or rows > MAX_ROWS:
            raise InvalidError(
                f"请填写表名和发布说明；最多 {MAX_ROWS} 行。",
                f"give the table's name and a note; at most {MAX_ROWS} rows",
                code="rules.form",
                kept=Text("现行规则表未改变。", "The table in force is as it was."),
                todo=Text("请补充后重新发布。", "Complete it and publish again."),
            )

    def _add(
        self,
        conn: Connection,
        actor: Principal,
        name: str,
        rows: Sequence[Mapping[str, str]],
        expected: int,
        note: str,
        copied_from: int | None,
    ) -> RuleVersion:
        if _last(conn, name) != expected:
            raise _stale(name)
        made = RuleVersion(
            name, expected + 1, len(rows), copied_from, note, actor.account_id, actor.display_name, self._clock.now_ms()
        )
        values = {field: getattr(made, field) for field in RuleVersion.__slots__}
        try:
            conn.execute(insert(rule_version_table), values)
        except IntegrityError as error:  # on PostgreSQL two may have read the same last version
            raise _stale(name) from error
        lines = [
            {"name": name, "version": made.version, "number": number, "fields": dict(row)}
            for number, row in enumerate(rows, start=1)
        ]
        if lines:
            conn.execute(insert(rule_row_table), lines)
        emit(conn, PUBLISHED, name, {"version": made.version, "copied_from": copied_from})
        record_audit(
            conn,
            at_ms=made.published_ms,
            actor=actor,
            action="rules.publish" if copied_from is None else "rules.roll_back",
            object_type="rule_table",
            object_id=name,
            purpose=note,
            detail={"version": made.version, "rows": made.rows, "copied_from": copied_from},
        )
        return made


def _last(conn: Connection, name: str) -> int:
    table = rule_version_table
    return conn.execute(select(func.max(table.c.version)).where(table.c.name == name)).scalar() or 0


def _version(conn: Connection, name: str, version: int) -> RuleVersion:
    table = rule_version_table
    row = conn.execute(select(table).where(table.c.name == name, table.c.version == version)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            f"规则表 {name} 没有第 {version} 版", f"rule table {name} has no version {version}", code="rules.version"
        )
    return _read(row)


def _rows(conn: Connection, name: str, version: int) -> list[SheetRow]:
    table = rule_row_table
    query = select(table.c.number, table.c.fields).where(table.c.name == name, table.c.version == version)
    return [SheetRow(number + 1, fields) for number, fields in conn.execute(query.order_by(table.c.number))]


def _read(row: RowMapping) -> RuleVersion:
    return RuleVersion(**{field: row[field] for field in RuleVersion.__slots__})


def _stale(name: str) -> ConflictError:
    return ConflictError(
        f"规则表 {name} 刚刚被别人发布过。",
        f"somebody has just published rule table {name}",
        code="rules.stale",
        kept=Text("您的修改没有保存，现行规则表未改变。", "Your change was not stored; the table in force stands."),
        todo=Text("请查看新版本后重新发布。", "Look at the new version, then publish again."),
    )
