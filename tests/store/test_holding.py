"""A name that a write holds: who wants it too waits, and then sees what was done; other names wait for nothing."""

from __future__ import annotations

from sqlalchemy import Connection
from tests.store.helpers import add, names
from tests.together import at_once

from cityops.store import Store, hold


def test_who_holds_the_same_name_reads_what_the_other_wrote(store: Store) -> None:
    def first_of_all(conn: Connection) -> list[str]:
        hold(conn, "the first")
        found = names(conn)
        if not found:
            add(conn, "first")
        return found

    assert at_once(store, *[lambda: store.write(first_of_all)] * 4, holding=first_of_all) == [["first"]] * 4


def test_another_name_waits_for_nothing(store: Store) -> None:
    def work(conn: Connection) -> list[str]:
        hold(conn, "another")
        return names(conn)

    def held(conn: Connection) -> None:
        hold(conn, "one")
        add(conn, "one")

    expected = {"sqlite": ["one"], "postgresql": []}  # SQLite has one writer for all
    assert at_once(store, lambda: store.write(work), holding=held) == [expected[store.dialect]]
