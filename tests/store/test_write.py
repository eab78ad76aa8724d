"""Writes: transactions, savepoints, groups, bounds, full disks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.conftest import fresh_database
from tests.store.helpers import add, names, note, together

from cityops.kit import BusyError, ConfigError, ManualClock, UnavailableError
from cityops.store import Store
from cityops.store.postgresql import PING_AFTER_S

MINE = "SELECT pg_backend_pid()"


def test_write_returns_the_result_and_everybody_reads_it(store: Store) -> None:
    assert store.write(lambda conn: add(conn, "a")) == "a"
    with store.read() as conn:
        assert names(conn) == ["a"]


def test_a_work_that_raises_keeps_nothing(store: Store) -> None:
    def fail(conn: Connection) -> None:
        add(conn, "b")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(fail)
    with store.read() as conn:
        assert names(conn) == []


def test_a_database_error_reaches_its_caller_only(store: Store) -> None:
    store.write(lambda conn: add(conn, "a"))
    with pytest.raises(IntegrityError):
        store.write(lambda conn: add(conn, "a"))
    store.write(lambda conn: add(conn, "b"))
    with store.read() as conn:
        assert names(conn) == ["a", "b"]


def test_a_reader_cannot_write_and_sees_one_state(store: Store) -> None:
    with store.read() as conn:
        assert names(conn) == []
        store.write(lambda other: add(other, "a"))
        assert names(conn) == []
    with store.read() as conn, pytest.raises(DBAPIError):
        add(conn, "b")


def test_a_write_inside_a_write_is_a_bug_that_is_told(store: Store) -> None:
    def outer(conn: Connection) -> None:
        add(conn, "a")
        store.write(lambda inner: add(inner, "b"))

    with pytest.raises(RuntimeError, match="inside"):
        store.write(outer)
    with store.read() as conn:
        assert names(conn) == []


def test_nested_savepoints_of_a_work(store: Store) -> None:
    def inner(conn: Connection) -> None:
        with conn.begin_nested():
            add(conn, "b")
            add(conn, "a")

    def work(conn: Connection) -> None:
        add(conn, "a")
        with pytest.raises(IntegrityError):
            inner(conn)
        add(conn, "c")

    store.write(work)
    with store.read() as conn:
        assert names(conn) == ["a", "c"]


def test_of_many_guarded_claims_exactly_one_wins(store: Store) -> None:
    store.write(lambda conn: add(conn, "case"))
    won: list[int] = []

    def claim(number: int) -> None:
        guarded = update(note).where(note.c.name == "case", note.c.version == 0).values(version=1)
        if store.write(lambda conn: conn.execute(guarded).rowcount):
            won.append(number)

    together(8, claim)
    assert len(won) == 1


def test_works_in_one_group_fail_alone(sqlite_store: Store) -> None:
    """While the writer is held up, 30 works queue; all are then one group, and every third fails."""
    hold, held = threading.Event(), threading.Event()
    failed: list[int] = []

    def block(_conn: Connection) -> None:
        held.set()
        assert hold.wait(120)

    def one(number: int) -> None:
        def work(conn: Connection) -> None:
            add(conn, f"{number:02}")
            if number % 3 == 0:
                raise ValueError(number)

        try:
            sqlite_store.write(work)
        except ValueError:
            failed.append(number)

    blocker = threading.Thread(target=lambda: sqlite_store.write(block))
    blocker.start()
    assert held.wait(120)
    groups = sqlite_store.counters()["groups"]
    threads = [threading.Thread(target=one, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    while sqlite_store.counters()["queue_waiting"] < 30:
        time.sleep(0.005)
    hold.set()
    for thread in [blocker, *threads]:
        thread.join()
    assert sorted(failed) == list(range(0, 30, 3))
    with sqlite_store.read() as conn:
        assert names(conn) == [f"{number:02}" for number in range(30) if number % 3]
    assert sqlite_store.counters()["groups"] == groups + 1


def test_a_full_queue_is_refused_loudly_and_counted(small_queue: Store) -> None:
    hold, held = threading.Event(), threading.Event()

    def block(_conn: Connection) -> None:
        held.set()
        assert hold.wait(120)

    blocker = threading.Thread(target=lambda: small_queue.write(block))
    blocker.start()
    assert held.wait(120)
    waiting = [threading.Thread(target=lambda n=n: small_queue.write(lambda c: add(c, n))) for n in "abcd"]
    for thread in waiting:
        thread.start()
    while small_queue.counters()["queue_waiting"] < 4:
        time.sleep(0.005)
    for name in ("e", "f"):
        with pytest.raises(BusyError, match="queue is full"):
            small_queue.write(lambda conn, name=name: add(conn, name))  # type: ignore[misc]
    hold.set()
    for thread in [blocker, *waiting]:
        thread.join()
    assert small_queue.counters()["queue_rejected"] == 2
    with small_queue.read() as conn:
        assert names(conn) == ["a", "b", "c", "d"]


def test_a_full_disk_keeps_nothing_and_says_so(sqlite_store: Store) -> None:
    def fill(conn: Connection) -> None:
        rows = [{"name": f"{number:060}", "version": 0} for number in range(5000)]
        conn.execute(insert(note), rows)

    pages = sqlite_store.write(lambda conn: int(conn.exec_driver_sql("PRAGMA page_count").scalar_one()))
    sqlite_store.write(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}").scalar_one())
    with pytest.raises(UnavailableError, match="disk is full"):
        sqlite_store.write(fill)
    sqlite_store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1000000").scalar_one())
    with sqlite_store.read() as conn:
        assert names(conn) == []
    sqlite_store.write(lambda conn: add(conn, "a"))


def test_all_connections_in_use_is_told(database_url: str, clock: ManualClock) -> None:
    with Store.open(database_url, clock=clock, readers=1, pool_wait_s=0.05) as small:
        small.create_all()
        with small.read(), pytest.raises(BusyError, match="connections"), small.read():
            pass
        assert small.counters()["pool_rejected"] == 1
        with small.read() as conn:
            assert conn.execute(select(1)).scalar_one() == 1


def test_a_closed_store_refuses(tmp_path: Path, clock: ManualClock) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/a.db", clock=clock)
    store.create_all()
    store.close()
    with pytest.raises(UnavailableError, match="closed"):
        store.write(lambda conn: None)


def test_what_waits_is_still_done_when_the_store_closes(tmp_path: Path, clock: ManualClock) -> None:
    from tests.store.helpers import SCRATCH

    store = Store.open(f"sqlite:///{tmp_path}/a.db", clock=clock)
    store.write(SCRATCH.create_all)
    hold, held = threading.Event(), threading.Event()

    def block(_conn: Connection) -> None:
        held.set()
        assert hold.wait(120)

    threads = [threading.Thread(target=lambda: store.write(block))]
    threads[0].start()
    assert held.wait(120)
    threads += [threading.Thread(target=lambda n=n: store.write(lambda c: add(c, n))) for n in "ab"]
    threads += [threading.Thread(target=store.close)]
    for thread in threads[1:]:
        thread.start()
        while thread is not threads[-1] and store.counters()["queue_waiting"] < threads.index(thread):
            time.sleep(0.005)
    hold.set()
    for thread in threads:
        thread.join()
    with Store.open(f"sqlite:///{tmp_path}/a.db", clock=clock) as again, again.read() as conn:
        assert names(conn) == ["a", "b"]


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", "sqlite://", "sqlite:///:memory:"])
def test_a_wrong_url_is_told(url: str, clock: ManualClock) -> None:
    with pytest.raises(ConfigError) as refused:
        Store.open(url, clock=clock)
    assert refused.value.todo is not None


def test_a_missing_folder_is_told(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Store.open(f"sqlite:///{tmp_path}/no/such/cityops.db", clock=clock)


def test_a_file_that_is_no_database_is_told(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "cityops.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(ConfigError, match="file is not a database"):
        Store.open(f"sqlite:///{tmp_path}/cityops.db", clock=clock)
    (tmp_path / "other.db-turn").mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        Store.open(f"sqlite:///{tmp_path}/other.db", clock=clock)


def test_an_unreachable_server_is_told(clock: ManualClock, tmp_path: Path) -> None:
    with Store.open(f"postgresql://nobody@/none?host={tmp_path}", clock=clock) as store:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            store.write(lambda conn: None)
        with pytest.raises(UnavailableError, match="cannot be reached"), store.read():
            pass


def test_a_connection_that_breaks_off_is_told_and_replaced(postgresql_server: str, clock: ManualClock) -> None:
    with fresh_database(postgresql_server) as url, Store.open(url, clock=clock) as store:
        store.create_all()
        with pytest.raises(UnavailableError, match="broke off") as lost:
            store.write(lambda conn: conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())").all())
        assert lost.value.kept is not None
        assert "not certain" in lost.value.kept.en
        assert store.write(lambda conn: conn.exec_driver_sql("SELECT 1").scalar_one()) == 1


def test_connections_that_broke_off_while_idle_are_replaced_before_they_are_used(
    postgresql_server: str, clock: ManualClock
) -> None:
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with fresh_database(postgresql_server) as url, Store.open(url, clock=clock) as store:
        store.create_all()

        def backends() -> set[int]:
            with store.read() as reading, store.glance() as glancing:  # two connections of one pool
                found = {conn.exec_driver_sql(MINE).scalar_one() for conn in (reading, glancing)}
            return found | {store.write(lambda conn: conn.exec_driver_sql(MINE).scalar_one())}

        before = backends()
        assert len(before) == 3
        with Store.open(url, clock=clock) as other:
            end = f"SELECT count(pg_terminate_backend(pid, 10000)) FROM ({others}) AS idle"  # waits until they are gone
            assert other.write(lambda conn: conn.exec_driver_sql(end).scalar_one()) == 3
        time.sleep(PING_AFTER_S)
        assert not backends() & before


def test_a_deadlock_on_postgresql_is_run_again(store: Store) -> None:
    """Two works lock two rows in opposite order; on PostgreSQL one is a deadlock's victim and must still succeed."""
    store.write(lambda conn: (add(conn, "a"), add(conn, "b")))
    meet = threading.Barrier(2)
    tries = [0, 0]

    def work(conn: Connection, number: int, first: str, second: str) -> None:
        tries[number] += 1
        conn.execute(update(note).where(note.c.name == first).values(version=note.c.version + 1))
        if store.dialect == "postgresql" and tries[number] == 1:
            meet.wait(120)
        conn.execute(update(note).where(note.c.name == second).values(version=note.c.version + 1))

    orders = [("a", "b"), ("b", "a")]
    together(2, lambda number: store.write(lambda conn: work(conn, number, *orders[number])))
    with store.read() as conn:
        assert conn.execute(select(note.c.version)).scalars().all() == [2, 2]
    assert (store.counters()["retried"] >= 1) == (store.dialect == "postgresql")


WRITER = """
import sys, time
from cityops.kit import SystemClock
from cityops.store import Store
from tests.store.helpers import add
from threading import Thread

url, who = sys.argv[1:]
done = 0
with Store.open(url, clock=SystemClock()) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + 1.5
    def run(thread):
        global done
        number = 0
        while time.monotonic() < until:
            store.write(lambda conn: add(conn, f"{who}-{thread}-{number}"))
            done, number = done + 1, number + 1
    threads = [Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(done)
"""


def test_two_busy_processes_share_one_file_and_neither_starves(sqlite_store: Store, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cityops.db"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for who in "xy"
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:  # both begin now, however long each took to start
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = []
    for process in running:
        out, _ = process.communicate(timeout=250)
        assert process.returncode == 0
        counts.append(int(out))
    with sqlite_store.read() as conn:
        written = list(conn.exec_driver_sql("SELECT name FROM note ORDER BY rowid").scalars())
    # They take turns: four threads each make runs of four or five. Without the turnstile a run is hundreds.
    runs = [len(list(run)) for _, run in groupby(written, lambda name: name[0])]
    assert len(written) / len(runs) < 40
    assert [sum(name.startswith(who) for name in written) for who in "xy"] == counts
    assert min(counts) > 0.1 * max(counts)


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(store: Store) -> None:
    """kill -9 cannot show this, only a power cut could; so look at what the databases were told."""
    if store.dialect == "sqlite":
        assert store.write(lambda conn: conn.exec_driver_sql("PRAGMA synchronous").scalar_one()) == 2  # FULL
        assert store.write(lambda conn: conn.exec_driver_sql("PRAGMA journal_mode").scalar_one()) == "wal"
        assert store.write(lambda conn: conn.exec_driver_sql("PRAGMA foreign_keys").scalar_one()) == 1
    else:
        assert store.write(lambda conn: conn.exec_driver_sql("SHOW synchronous_commit").scalar_one()) == "on"


def test_synchronous_commit_is_switched_on_where_a_server_has_it_off(
    postgresql_server: str, clock: ManualClock
) -> None:
    with fresh_database(postgresql_server) as url:
        with Store.open(url, clock=clock) as store:
            store.create_all()
            name = store.write(lambda conn: conn.exec_driver_sql("SELECT current_database()").scalar_one())
            store.write(lambda conn: conn.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit=off").rowcount)
        with Store.open(url, clock=clock) as store:
            assert store.write(lambda conn: conn.exec_driver_sql("SHOW synchronous_commit").scalar_one()) == "on"
            with store.read() as conn:
                assert conn.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "off"


def test_the_planner_learns_how_full_a_table_is(store: Store) -> None:
    store.write(lambda conn: [add(conn, f"n{number}") for number in range(50)])
    store.refresh_statistics()
    if store.dialect == "sqlite":
        with store.read() as conn:
            found = conn.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = 'note'").scalars().all()
        assert [stat.split()[0] for stat in found] == ["50"]
