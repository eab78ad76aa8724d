"""Cases with nothing but what the search of duplicates needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from cityops.cases import case_table
from cityops.cases.catalogue import ItemKey
from cityops.cases.duplicates import record_matter
from cityops.store import Store

EMPTY: dict[type, Any] = {str: "", int: 0, bool: False, dict: {}, object: {}}


def bare_case(case_id: str) -> dict[str, Any]:
    """A row of ``case_file`` that is empty wherever it may be."""
    required = [column for column in case_table.columns if not column.nullable and column.default is None]
    return {column.name: EMPTY[column.type.python_type] for column in required} | {
        "id": case_id, "number": f"N{case_id}",
    }  # fmt: skip


Placed = tuple[str, ItemKey, float, float, int]
"""Case, matter, lon, lat, opened_ms."""


@pytest.fixture
def place(store: Store) -> Callable[[list[Placed]], None]:
    def placed(cases: list[Placed]) -> None:
        def work(conn: Connection) -> None:
            conn.execute(insert(case_table), [bare_case(case_id) for case_id, *_ in cases])
            for case_id, key, lon, lat, opened_ms in cases:
                record_matter(conn, case_id, key, lon=lon, lat=lat, opened_ms=opened_ms)

        store.write(work)

    return placed


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
