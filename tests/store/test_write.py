"""Writes: transactions, savepoints, the queue's bound."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, insert, select

from cityops.store import Store, emit
from cityops.store.tables import outbox, outbox_offset


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(outbox_offset)).scalar_one()


def add(conn: Connection, name: str) -> str:
    conn.execute(insert(outbox_offset), {"subscriber": name, "event_id": 0, "updated_ms": 0})
    return name


def test_write_returns_result_and_is_readable(store: Store) -> None:
    assert store.write(lambda conn: add(conn, "a")) == "a"
    with store.read() as conn:
        assert count(conn) == 1


def test_a_work_that_raises_keeps_nothing(store: Store) -> None:
    def fail(conn: Connection) -> None:
        add(conn, "b")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(fail)
    with store.read() as conn:
        assert count(conn) == 0


def test_emit_and_read(store: Store) -> None:
    store.write(lambda conn: emit(conn, "case.opened", "k1", {"case_id": "k1", "标题": "疲劳驾驶"}))
    (event,) = store.events_after(0, 10)
    assert (event.topic, event.key, event.payload) == ("case.opened", "k1", {"case_id": "k1", "标题": "疲劳驾驶"})
    assert event.at_ms == 1_795_309_200_000
    with store.read() as conn, pytest.raises(RuntimeError):
        emit(conn, "case.opened", "k2", {})
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(outbox)).scalar_one() == 1
