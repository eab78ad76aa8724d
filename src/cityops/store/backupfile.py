"""The backup's database: one SQLite file whatever the store runs on; so a backup also moves a city between them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import JSON, Connection, Row, Select, Table, func, insert, inspect, select, text

from cityops.kit import ConfigError, Text
from cityops.store.schema import metadata

ROWS_AT_ONCE: Final = 1000
_REVISIONS: Final = "alembic_version"
_NULL_FLAG: Final = "null_flag_"


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows, and a checksum of their content that does not depend on their order."""

    rows: int
    sha256: str


def check_known(conn: Connection) -> None:
    """Raises ``ConfigError`` when the database has tables this product does not know: a copy would lose them."""
    there = set(inspect(conn).get_table_names()) - {_REVISIONS}
    if there != set(metadata.tables):
        different = ", ".join(sorted(there ^ set(metadata.tables)))
        raise ConfigError(
            f"数据库中的表与本程序不一致：{different}",
            f"the database's tables are not those of this product: {different}",
            code="backup.tables",
            kept=Text("没有复制任何内容", "nothing was copied"),
            todo=Text("请先运行数据库迁移", "migrate the database first"),
        )


def copy_sqlite(conn: Connection, target: Path) -> None:
    """Copy a running SQLite database into a file, as it is at this moment."""
    source = conn.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").close()
    finally:
        copy.close()


def table_sums(conn: Connection) -> dict[str, TableSum]:
    """Rows and checksum of every table."""
    return {name: _sum(conn, table) for name, table in sorted(metadata.tables.items())}


def copy_tables(source: Connection, target: Connection) -> None:
    """Copy every row; the target's tables are empty, and its foreign keys wait for the end of the transaction."""
    for table in metadata.sorted_tables:
        with source.execute(_selected(table).execution_options(yield_per=ROWS_AT_ONCE)) as rows:
            for part in rows.partitions():
                _insert(target, table, part)


def row_count(conn: Connection) -> int:
    """Rows in all tables together."""
    counts = (select(func.count()).select_from(table) for table in metadata.sorted_tables)
    return sum(conn.execute(count).scalar_one() for count in counts)


def delete_all(conn: Connection) -> None:
    """Empty every table."""
    for table in reversed(metadata.sorted_tables):
        conn.execute(table.delete())


def read_sequences(conn: Connection) -> dict[str, int]:
    """The last number each counting table gave, also to rows that are gone."""
    if conn.dialect.name == "sqlite":
        rows = conn.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {row.name: int(row.seq) for row in rows if row.name in metadata.tables}
    last = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(:name, :column)::regclass), 0)"
    return {
        table.name: int(conn.execute(text(last), {"name": table.name, "column": column}).scalar_one())
        for table, column in _counting_tables()
    }


def write_sequences(conn: Connection, sequences: Mapping[str, int]) -> None:
    """Let each counting table go on after the number it gave last."""
    for table, column in _counting_tables():
        highest = conn.execute(select(func.max(table.c[column]))).scalar() or 0
        last = max(int(highest), sequences.get(table.name, 0))
        if conn.dialect.name == "postgresql":
            sequence = text("SELECT setval(pg_get_serial_sequence(:name, :column), greatest(:last, 1), :last > 0)")
            conn.execute(sequence, {"name": table.name, "column": column, "last": last})
        elif table.dialect_options["sqlite"]["autoincrement"]:
            conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            conn.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"),
                {"name": table.name, "last": last},
            )


def defer_references(conn: Connection) -> None:
    """Check foreign keys when the transaction ends: rows of one table may point at each other in any order."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        return
    for table, name in _references(conn):
        conn.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")


def restore_references(conn: Connection) -> None:
    """Check them now (PostgreSQL), and at once from now on."""
    if conn.dialect.name == "sqlite":
        return
    conn.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name in _references(conn):
        conn.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE")


def _references(conn: Connection) -> list[tuple[str, str]]:
    """Quoted table and constraint of every foreign key in our schema."""
    query = (
        "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    )
    return [(row[0], row[1]) for row in conn.exec_driver_sql(query)]


def _counting_tables() -> list[tuple[Table, str]]:
    return [
        (table, table.autoincrement_column.name)
        for table in metadata.sorted_tables
        if table.autoincrement_column is not None
    ]


def _json_columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if isinstance(column.type, JSON)]


def _selected(table: Table) -> Select[Any]:
    """Every column, and for each JSON column whether it is SQL's NULL: that and JSON's null both read as None."""
    flags = [table.c[name].is_(text("NULL")).label(f"{_NULL_FLAG}{name}") for name in _json_columns(table)]
    return select(table, *flags)


def _sum(conn: Connection, table: Table) -> TableSum:
    total = rows = 0
    with conn.execute(_selected(table).execution_options(yield_per=ROWS_AT_ONCE)) as result:
        for row in result:
            canonical = json.dumps(list(row), sort_keys=True, ensure_ascii=False, default=_bytes_as_hex)
            total += int.from_bytes(hashlib.sha256(canonical.encode()).digest())
            rows += 1
    return TableSum(rows, f"{total % 2**256:064x}")


def _bytes_as_hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a table holds a {type(value).__name__}, which a backup cannot compare")


def _insert(conn: Connection, table: Table, rows: Any) -> None:
    names = [column.name for column in table.columns]
    flags = _json_columns(table)
    groups: dict[tuple[bool, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[_null_pattern(row, flags)].append(dict(zip(names, row, strict=False)))
    for pattern, group in groups.items():
        left_out = {name for name, is_null in zip(flags, pattern, strict=True) if is_null}
        kept = [{name: value for name, value in row.items() if name not in left_out} for row in group]
        conn.execute(insert(table), kept)


def _null_pattern(row: Row[Any], flags: list[str]) -> tuple[bool, ...]:
    return tuple(bool(row._mapping[f"{_NULL_FLAG}{name}"]) for name in flags)
