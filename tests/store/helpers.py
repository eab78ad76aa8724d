"""A small table of its own for the store's tests, and a way to run threads that start together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select

SCRATCH = MetaData()
note = Table("note", SCRATCH, Column("name", String(64), primary_key=True), Column("version", Integer, nullable=False))


def add(conn: Connection, name: str) -> str:
    conn.execute(insert(note), {"name": name, "version": 0})
    return name


def names(conn: Connection) -> list[str]:
    return list(conn.execute(select(note.c.name).order_by(note.c.name)).scalars())


def together(count: int, run: Callable[[int], object]) -> None:
    """Run ``run(0) … run(count - 1)`` in threads that start at the same moment; raises what one of them raised."""
    start = threading.Barrier(count)
    errors: list[BaseException] = []

    def body(number: int) -> None:
        start.wait()
        try:
            run(number)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            errors.append(error)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
