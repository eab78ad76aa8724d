"""The chain is attacked in the database itself; every attack must show, and the first bad line be named."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, update

from cityops.access import SYSTEM, AuditFilter, Principal, Role, list_audit, record_audit, verify_audit
from cityops.access.tables import audit, audit_head
from cityops.kit import ForbiddenError, ManualClock
from cityops.store import Store

DISPATCHER = Principal("01D", "dispatcher", "王派遣", Role.DISPATCHER)


def note(store: Store, clock: ManualClock, number: int, actor: Principal = DISPATCHER) -> None:
    def work(conn: Connection) -> None:
        record_audit(
            conn, at_ms=clock.now_ms(), actor=actor, action="vehicle.read", object_type="vehicle",
            object_id=f"v{number}", purpose="案件核查", detail={"plate": "晋A12345", "number": number},
        )  # fmt: skip

    store.write(work)
    clock.advance(1)


def fill(store: Store, clock: ManualClock, count: int = 6) -> None:
    for number in range(1, count + 1):
        note(store, clock, number)


def test_the_first_hash_can_be_computed_by_hand(store: Store, clock: ManualClock) -> None:
    fill(store, clock, 1)
    canonical = (
        '{"action":"vehicle.read","actor_id":"01D","actor_name":"王派遣","actor_role":"dispatcher",'
        '"at_ms":1795309200000,"detail":{"number":1,"plate":"晋A12345"},"object_id":"v1","object_type":"vehicle",'
        '"previous_hash":"' + "0" * 64 + '","purpose":"案件核查","sequence":1}'
    )
    with store.read() as conn:
        report = verify_audit(conn)
    assert report.head_hash == hashlib.sha256(canonical.encode()).hexdigest()
    assert (report.ok, report.rows, report.first_bad) == (True, 1, None)


def test_an_empty_chain_is_sound(store: Store) -> None:
    with store.read() as conn:
        assert verify_audit(conn).ok
        assert verify_audit(conn).rows == 0


def drop_row(conn: Connection, sequence: int) -> None:
    conn.execute(delete(audit).where(audit.c.sequence == sequence))


def swap(conn: Connection, one: int, other: int) -> None:
    for old, new in ((one, -1), (other, one), (-1, other)):
        conn.execute(update(audit).where(audit.c.sequence == old).values(sequence=new))


def change(conn: Connection, at: int, **values: object) -> None:
    conn.execute(update(audit).where(audit.c.sequence == at).values(**values))


def close_gap(conn: Connection) -> None:
    drop_row(conn, 3)
    for sequence in (4, 5, 6):
        change(conn, sequence, sequence=sequence - 1)


def keep_nothing(conn: Connection) -> None:
    conn.execute(delete(audit))


def drop_head(conn: Connection) -> None:
    conn.execute(delete(audit_head))


ATTACKS: list[tuple[str, Callable[[Connection], None], int]] = [
    ("purpose changed", lambda conn: change(conn, 3, purpose="其他"), 3),
    ("time changed", lambda conn: change(conn, 1, at_ms=0), 1),
    ("actor changed", lambda conn: change(conn, 6, actor_id="02E"), 6),
    ("detail changed", lambda conn: change(conn, 2, detail={"plate": "晋A12345", "number": 9}), 2),
    ("object emptied", lambda conn: change(conn, 4, object_id=None), 4),
    ("hash changed", lambda conn: change(conn, 5, hash="f" * 64), 5),
    ("row removed", lambda conn: drop_row(conn, 3), 3),
    ("first row removed", lambda conn: drop_row(conn, 1), 1),
    ("row removed and numbers closed up", close_gap, 3),
    ("order changed", lambda conn: swap(conn, 2, 5), 2),
    ("last row removed", lambda conn: drop_row(conn, 6), 6),
    ("everything removed", keep_nothing, 1),
    ("head removed", drop_head, 1),
]


@pytest.mark.parametrize(("attack", "first_bad"), [(do, bad) for _, do, bad in ATTACKS], ids=[a[0] for a in ATTACKS])
def test_every_attack_shows(
    store: Store, clock: ManualClock, attack: Callable[[Connection], None], first_bad: int
) -> None:
    fill(store, clock)
    store.write(attack)
    with store.read() as conn:
        report = verify_audit(conn)
    assert (report.ok, report.first_bad) == (False, first_bad)
    assert report.problem is not None


def test_a_forged_tail_shows(store: Store, clock: ManualClock) -> None:
    """Somebody copies the last line with a right hash but leaves the head alone."""
    fill(store, clock, 2)
    saved: list[tuple[int, str]] = []
    store.write(lambda conn: saved.append(tuple(conn.execute(audit_head.select()).one())[1:]))
    note(store, clock, 3)
    store.write(lambda conn: conn.execute(update(audit_head).values(rows=saved[0][0], hash=saved[0][1])).rowcount)
    with store.read() as conn:
        report = verify_audit(conn)
    assert (report.ok, report.first_bad, report.rows) == (False, 3, 3)


def test_a_work_that_fails_leaves_no_line(store: Store, clock: ManualClock) -> None:
    def work(conn: Connection) -> None:
        record_audit(conn, at_ms=1, actor=SYSTEM, action="a", object_type="b", object_id=None)
        raise ValueError("no")

    fill(store, clock, 2)
    with pytest.raises(ValueError, match="no"):
        store.write(work)
    note(store, clock, 3)
    with store.read() as conn:
        assert (verify_audit(conn).ok, verify_audit(conn).rows) == (True, 3)


def test_many_writers_at_the_same_time_make_one_sound_chain(store: Store, clock: ManualClock) -> None:
    start = threading.Barrier(6)

    def run(base: int) -> None:
        start.wait()
        for number in range(5):
            note(store, clock, base + number)

    threads = [threading.Thread(target=run, args=(10 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as conn:
        assert (verify_audit(conn).ok, verify_audit(conn).rows) == (True, 30)


def test_list_newest_first_with_filters(store: Store, clock: ManualClock) -> None:
    fill(store, clock)
    note(store, clock, 7, actor=SYSTEM)
    auditor = Principal("01U", "auditor", "审计员", Role.AUDITOR)
    with store.read() as conn:
        page = list_audit(conn, auditor, page=2, page_size=3)
        assert ([entry.sequence for entry in page.items], page.total) == ([4, 3, 2], 7)
        by_actor = list_audit(conn, auditor, AuditFilter(actor_id="system"))
        assert [(entry.object_id, entry.actor_role, entry.purpose) for entry in by_actor.items] == [
            ("v7", "system", "案件核查")
        ]
        at_ms = 1_795_309_200_000
        by_time = list_audit(conn, auditor, AuditFilter(from_ms=at_ms + 1000, to_ms=at_ms + 3000))
        assert [entry.sequence for entry in by_time.items] == [3, 2]
        by_object = list_audit(conn, auditor, AuditFilter(object_type="vehicle", object_id="v5"))
        assert [entry.detail for entry in by_object.items] == [{"plate": "晋A12345", "number": 5}]
        with pytest.raises(ForbiddenError):
            list_audit(conn, DISPATCHER)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=5) | st.integers(), json_values, max_size=4))
def test_any_detail_survives_the_round_trip(store: Store, detail: dict[str, object]) -> None:
    store.write(
        lambda conn: record_audit(
            conn, at_ms=1, actor=SYSTEM, action="a", object_type="b", object_id=None, detail=detail
        )
    )
    with store.read() as conn:
        assert verify_audit(conn).ok
