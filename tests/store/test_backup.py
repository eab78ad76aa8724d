"""Backup while writing, restore on either database, and every kind of damage."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Float,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    func,
    insert,
    null,
    select,
)
from tests.conftest import fresh_database

from cityops.kit import ConfigError, ConflictError, InvalidError, ManualClock, UnavailableError
from cityops.store import (
    SERIAL,
    Deliveries,
    Files,
    Store,
    Subscriber,
    backup,
    emit,
    metadata,
    read_manifest,
    restore,
    verify_backup,
)
from cityops.store.backupfile import table_sums
from cityops.store.tables import outbox


@pytest.fixture
def odd() -> Iterator[Table]:
    """A table with everything that could get lost on the way."""
    table = Table(
        "odd",
        metadata,
        Column("id", SERIAL, primary_key=True),
        Column("parent_id", SERIAL, ForeignKey("odd.id")),
        Column("name", String(64)),
        Column("ratio", Float),
        Column("data", JSON),
        Column("raw", LargeBinary),
    )
    yield table
    metadata.remove(table)


@pytest.fixture
def open_store(
    odd: Table, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Store]]:
    """Opens new empty stores on either database."""
    closing: list[Callable[[], object]] = []

    def opened(dialect: str) -> Store:
        url = f"sqlite:///{tmp_path}/store{len(closing)}.db"
        if dialect == "postgresql":
            database = fresh_database(request.getfixturevalue("postgresql_server"))
            url = database.__enter__()
            closing.append(lambda: database.__exit__(None, None, None))
        store = Store.open(url, clock=clock)
        store.create_all()
        closing.append(store.close)
        return store

    yield opened
    for close in reversed(closing):
        close()


def fill(store: Store, odd: Table) -> None:
    def work(conn: Connection) -> None:
        conn.execute(insert(odd), [{"id": 5}, {"id": 9}])
        conn.execute(
            insert(odd), {"id": 2, "parent_id": 9, "name": "太原 ' \" \\ \n", "ratio": 0.1, "raw": b"\x00\xff"}
        )
        conn.execute(
            odd.update().where(odd.c.id == 5).values(parent_id=2, data={"车": [1, 2.5, None, True]}, ratio=1e300)
        )
        conn.execute(odd.update().where(odd.c.id == 9).values(parent_id=9, data=JSON.NULL))
        conn.execute(odd.update().where(odd.c.id == 2).values(data=null()))
        for number in range(3):
            emit(conn, "case.opened", f"k{number}", {"n": number})

    store.write(work)


def content(store: Store, odd: Table) -> list[Any]:
    with store.read() as conn:
        rows = conn.execute(select(odd, odd.c.data.is_(null())).order_by(odd.c.id)).all()
        return [tuple(row) for row in rows]


EXPECTED = [
    (2, 9, "太原 ' \" \\ \n", 0.1, None, b"\x00\xff", True),
    (5, 2, None, 1e300, {"车": [1, 2.5, None, True]}, None, False),
    (9, 9, None, None, None, None, False),  # JSON's null, not SQL's
]


def count_seal(conn: Connection) -> Mapping[str, Any]:
    return {"events": conn.execute(select(func.count()).select_from(outbox)).scalar_one()}


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
@pytest.mark.parametrize("origin", ["sqlite", "postgresql"])
def test_there_and_back(
    open_store: Callable[[str], Store], odd: Table, tmp_path: Path, clock: ManualClock, origin: str, to: str
) -> None:
    (tmp_path / "live" / "places").mkdir(parents=True)
    (tmp_path / "live" / "places" / "city.json").write_text("太原")
    ref = Files(tmp_path / "live" / "files").put([b"abc"])
    (tmp_path / "live" / "files" / ".partial" / "half").write_bytes(b"x")
    live = open_store(origin)
    fill(live, odd)
    made = backup(live, tmp_path / "live", tmp_path / "b1", extra=["places"], seal=count_seal)
    assert (made.dialect, made.tables["odd"].rows, made.tables["outbox"].rows) == (origin, 3, 3)
    assert made.seals == {"events": 3}
    assert [(file.path, file.size, file.sha256) for file in made.files][:1] == [
        (f"files/ba/{ref.sha256}", 3, ref.sha256)
    ]
    assert [file.path for file in made.files][1:] == ["places/city.json"]
    assert sorted(path.name for path in (tmp_path / "b1").iterdir()) == ["data", "manifest.json", "store.db"]
    assert verify_backup(tmp_path / "b1") == read_manifest(tmp_path / "b1") == made

    fresh, folder = open_store(to), tmp_path / "fresh"
    folder.mkdir()
    restore(tmp_path / "b1", fresh, folder, seal=count_seal)
    assert content(fresh, odd) == content(live, odd) == EXPECTED
    assert [event.key for event in fresh.events_after(0, 10)] == ["k0", "k1", "k2"]
    assert Files(folder / "files").sound(ref.sha256)
    assert (folder / "places" / "city.json").read_text() == "太原"
    assert sorted(path.name for path in folder.iterdir()) == ["files", "places"]
    fresh.write(lambda conn: emit(conn, "case.opened", "k3", {}))
    assert [event.key for event in fresh.events_after(made.sequences["outbox"], 10)] == ["k3"]
    with pytest.raises(Exception, match=r"(?i)foreign key"):  # references are checked again
        fresh.write(lambda conn: conn.execute(insert(odd), {"id": 77, "parent_id": 78}).rowcount)


def test_ids_of_pruned_events_are_not_given_again_after_a_restore(
    open_store: Callable[[str], Store], odd: Table, tmp_path: Path, clock: ManualClock
) -> None:
    live = open_store("sqlite")
    fill(live, odd)
    seen: list[str] = []
    everyone = Subscriber("all", ("case.opened",), lambda _conn, event: seen.append(event.key))
    Deliveries(live, [everyone]).round()
    clock.advance(1)
    assert live.prune_outbox(["all"], keep_s=0) == 3
    backup(live, tmp_path, tmp_path / "b1")
    for dialect in ("sqlite", "postgresql"):
        fresh, folder = open_store(dialect), tmp_path / dialect
        folder.mkdir()
        restore(tmp_path / "b1", fresh, folder)
        fresh.write(lambda conn: emit(conn, "case.opened", "new", {}))
        seen.clear()
        assert Deliveries(fresh, [everyone]).round() == 1
        assert seen == ["new"]


@pytest.mark.parametrize("origin", ["sqlite", "postgresql"])
def test_a_backup_while_others_write_is_one_moment(
    open_store: Callable[[str], Store], odd: Table, tmp_path: Path, origin: str
) -> None:
    """Every work adds one row and one event; a backup that mixed two moments would have unequal numbers."""
    live = open_store(origin)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():

            def work(conn: Connection) -> None:
                conn.execute(insert(odd), {"name": "x"})
                emit(conn, "case.opened", "x", {})

            live.write(work)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    numbers = []
    for turn in range(3):
        before = live.last_event_id()
        while live.last_event_id() == before:
            time.sleep(0.001)
        tables = backup(live, tmp_path / "none", tmp_path / f"b{turn}").tables
        numbers.append((tables["odd"].rows, tables["outbox"].rows))
    stop.set()
    for thread in threads:
        thread.join()
    assert all(rows == events for rows, events in numbers)
    assert 0 < numbers[0][0] < numbers[2][0]


def test_a_backup_target_is_never_overwritten(open_store: Callable[[str], Store], tmp_path: Path) -> None:
    (tmp_path / "b1").mkdir()
    with pytest.raises(ConflictError):
        backup(open_store("sqlite"), tmp_path, tmp_path / "b1")


def test_a_backup_that_cannot_be_written_leaves_nothing(open_store: Callable[[str], Store], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UnavailableError):
        backup(open_store("sqlite"), tmp_path, tmp_path / "file" / "b1")
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("store0")) == ["file"]


def test_a_table_nobody_declared_is_not_lost_in_silence(open_store: Callable[[str], Store], tmp_path: Path) -> None:
    live = open_store("sqlite")
    live.write(lambda conn: conn.exec_driver_sql("CREATE TABLE mine (id INTEGER)").rowcount)
    with pytest.raises(ConfigError, match="mine"):
        backup(live, tmp_path, tmp_path / "b1")
    assert not (tmp_path / "b1").exists()
    assert not (tmp_path / "b1.partial").exists()


@pytest.fixture
def made(open_store: Callable[[str], Store], odd: Table, tmp_path: Path) -> Path:
    """A good backup with one file in it."""
    Files(tmp_path / "live" / "files").put([b"abc"])
    (tmp_path / "live" / "places").mkdir()
    (tmp_path / "live" / "places" / "a").write_text("old city")
    live = open_store("sqlite")
    fill(live, odd)
    backup(live, tmp_path / "live", tmp_path / "good", extra=["places"], seal=count_seal)
    return tmp_path / "good"


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_what_is_there_is_overwritten_only_when_told(
    open_store: Callable[[str], Store], odd: Table, tmp_path: Path, made: Path, to: str
) -> None:
    busy, folder = open_store(to), tmp_path / "busy"
    (folder / "places").mkdir(parents=True)
    (folder / "places" / "b").write_text("other city")
    busy.write(lambda conn: conn.execute(insert(odd), {"id": 1000, "name": "mine"}).rowcount)
    with pytest.raises(ConflictError, match="store, places"):
        restore(made, busy, folder)
    assert [row[0] for row in content(busy, odd)] == [1000]
    restore(made, busy, folder, overwrite=True)
    assert content(busy, odd) == EXPECTED
    assert [path.name for path in (folder / "places").iterdir()] == ["a"]


def damage_row(made: Path) -> None:
    import sqlite3

    copy = sqlite3.connect(made / "store.db")
    copy.execute("UPDATE odd SET ratio = 0.2 WHERE id = 2")
    copy.commit()
    copy.close()


def damage_file(made: Path) -> None:
    (file,) = (made / "data" / "files").glob("*/*")
    file.write_bytes(b"abd")


def remove_file(made: Path) -> None:
    (file,) = (made / "data" / "files").glob("*/*")
    file.unlink()


def remove_database(made: Path) -> None:
    (made / "store.db").unlink()


def garble_manifest(made: Path) -> None:
    (made / "manifest.json").write_text("{")


def remove_manifest(made: Path) -> None:
    (made / "manifest.json").unlink()


def climb_out(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "folders": ["files", "../../etc"]}))


def other_format(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))


def break_seal(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "seals": {"events": 4}}))


@pytest.mark.parametrize(
    "damage",
    [
        damage_row, damage_file, remove_file, remove_database, garble_manifest, remove_manifest, climb_out,
        other_format, break_seal,
    ],
)  # fmt: skip
def test_a_damaged_backup_is_refused_and_nothing_changes(
    open_store: Callable[[str], Store], odd: Table, tmp_path: Path, made: Path, damage: Callable[[Path], None]
) -> None:
    damage(made)
    fresh, folder = open_store("sqlite"), tmp_path / "fresh"
    (folder / "places").mkdir(parents=True)
    with pytest.raises(InvalidError):
        restore(made, fresh, folder, seal=count_seal)
    assert content(fresh, odd) == []
    assert list((folder / "places").iterdir()) == []


def test_a_checksum_knows_content_not_order(open_store: Callable[[str], Store], odd: Table) -> None:
    def sums(*rows: tuple[int, str]) -> str:
        store = open_store("sqlite")
        store.write(lambda conn: [conn.execute(insert(odd), {"id": i, "name": n}).rowcount for i, n in rows])
        with store.read() as conn:
            return table_sums(conn)["odd"].sha256

    assert sums((1, "a"), (2, "b")) == sums((2, "b"), (1, "a"))
    assert sums((1, "a"), (2, "b")) != sums((1, "b"), (2, "a"))
    assert sums((1, "a")) != sums((1, "a"), (2, "a"))
