"""The outbox: nothing skipped, nothing twice, nothing lost, also when PostgreSQL commits out of order."""

from __future__ import annotations

import random
import threading
import time

import pytest
from sqlalchemy import Connection, select
from tests.store.helpers import add, names, together

from cityops.kit import BusyError, InvalidError, ManualClock, NotFoundError, UnavailableError
from cityops.store import Deliveries, Event, Store, Subscriber, at_end, emit
from cityops.store.outbox import write_rest
from cityops.store.tables import outbox, outbox_offset


def send(store: Store, *keys: str, topic: str = "case.opened") -> None:
    def work(conn: Connection) -> None:
        for key in keys:
            emit(conn, topic, key, {"case_id": key})

    store.write(work)


def noting(conn: Connection, event: Event) -> None:
    add(conn, event.key)


NOTES = Subscriber("notes", ("case.opened",), noting)


def test_an_event_is_read_as_it_was_written(store: Store) -> None:
    send(store, "k1")
    store.write(lambda conn: emit(conn, "task.created", "t1", {"标题": "疲劳驾驶", "n": [1, None, 2.5]}))
    first, second = store.events_after(0, 10)
    assert (first.topic, first.key, first.payload) == ("case.opened", "k1", {"case_id": "k1"})
    assert (second.payload, second.at_ms) == ({"标题": "疲劳驾驶", "n": [1, None, 2.5]}, 1_795_309_200_000)
    assert store.events_after(first.id, 10) == [second]
    assert store.events_after(0, 1) == [first]
    assert store.events_after(0, 10, ["task.created"]) == [second]
    assert store.events_after(0, 10, []) == []
    assert store.last_event_id() == second.id


def test_an_event_of_a_failed_work_does_not_exist(store: Store) -> None:
    def work(conn: Connection) -> None:
        emit(conn, "case.opened", "k", {})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(work)
    assert store.events_after(0, 10) == []


def test_an_event_inside_a_savepoint_goes_with_it_and_one_before_it_stays(store: Store) -> None:
    def undone(conn: Connection) -> None:
        with conn.begin_nested():
            emit(conn, "case.opened", "written and gone", {})
            write_rest(conn)
            emit(conn, "case.opened", "gone", {})
            raise ValueError("no")

    def work(conn: Connection) -> None:
        emit(conn, "case.opened", "before", {})
        with conn.begin_nested():
            emit(conn, "case.opened", "kept", {})
        with pytest.raises(ValueError, match="no"):
            undone(conn)
        emit(conn, "case.opened", "after", {})

    store.write(work)
    assert [event.key for event in store.events_after(0, 10)] == ["before", "kept", "after"]


def test_what_is_left_for_the_end_follows_everything_else_and_goes_with_its_savepoint(store: Store) -> None:
    done: list[str] = []

    def last(conn: Connection, words: str) -> None:
        at_end(conn, lambda _: done.append(words))

    def undone(conn: Connection) -> None:
        with conn.begin_nested():
            last(conn, "gone with its savepoint")
            raise ValueError("no")

    def work(conn: Connection) -> None:
        last(conn, "before the savepoint")
        with pytest.raises(ValueError, match="no"):
            undone(conn)
        last(conn, "after it")
        at_end(conn, lambda conn: last(conn, "asked for at the end"))
        done.append("work")

    store.write(work)
    assert done == ["before the savepoint", "work", "after it", "asked for at the end"]


def test_emit_outside_a_write_is_a_bug_that_is_told(store: Store) -> None:
    with store.read() as conn, pytest.raises(RuntimeError, match="write"):
        emit(conn, "case.opened", "k", {})


def test_a_payload_that_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="JSON compliant"):
        store.write(lambda conn: emit(conn, "case.opened", "k", {"speed_kmh": float("nan")}))


def test_an_open_transaction_holds_later_ids_back(store: Store) -> None:
    """The case a plain ``id >`` gets wrong on PostgreSQL: the smaller id commits last."""
    if store.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time: ids commit in order")
    drawn, finish = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        emit(conn, "case.opened", "slow", {})
        write_rest(conn)  # now, and not when the work is done: the id is drawn
        drawn.set()
        assert finish.wait(120)

    send(store, "before")
    thread = threading.Thread(target=lambda: store.write(slow))
    thread.start()
    assert drawn.wait(120)
    send(store, "fast")
    with store.read() as conn:  # a naive reader would take "fast" now and never see "slow"
        assert list(conn.execute(select(outbox.c.key).order_by(outbox.c.id)).scalars()) == ["before", "fast"]
    assert [event.key for event in store.events_after(0, 10)] == ["before"]
    finish.set()
    thread.join()
    assert [event.key for event in store.events_after(0, 10)] == ["before", "slow", "fast"]


def test_nothing_is_skipped_while_many_write(store: Store) -> None:
    """Six writers commit in random order, some roll back; a reader that only goes forward must see every event once."""
    writers, each = 6, 25
    done = threading.Event()
    seen: list[Event] = []

    def write(number: int) -> None:
        dice = random.Random(number)
        for turn in range(each):
            rolls_back = dice.random() < 0.2

            def work(conn: Connection, turn: int = turn, rolls_back: bool = rolls_back) -> None:
                emit(conn, "case.opened", f"{number}-{turn}-{'no' if rolls_back else 'yes'}", {})
                if store.dialect == "postgresql":
                    write_rest(conn)
                    time.sleep(dice.random() * 0.004)
                emit(conn, "case.changed", f"{number}-{turn}-{'no' if rolls_back else 'yes'}", {})
                if rolls_back:
                    raise ValueError("rolled back")

            try:
                store.write(work)
            except ValueError:
                assert rolls_back

    def read() -> None:
        while True:
            last = done.is_set()
            while events := store.events_after(seen[-1].id if seen else 0, 7):
                seen.extend(events)
            if last:
                return
            time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    together(writers, write)
    done.set()
    reader.join()
    with store.read() as conn:
        committed = list(conn.execute(select(outbox.c.id).order_by(outbox.c.id)).scalars())
    assert [event.id for event in seen] == committed
    assert len({event.key for event in seen}) * 2 == len(seen)
    assert not any(event.key.endswith("no") for event in seen)


def test_delivery_goes_on_where_it_was(store: Store) -> None:
    send(store, "a", "b")
    assert Deliveries(store, [NOTES]).round() == 2
    assert Deliveries(store, [NOTES]).round() == 0
    send(store, "c")
    send(store, "t", topic="task.created")
    assert Deliveries(store, [NOTES]).round() == 1
    with store.read() as conn:
        assert names(conn) == ["a", "b", "c"]
        assert conn.execute(select(outbox_offset.c.event_id)).scalar_one() == store.last_event_id()


def test_an_event_is_handled_again_when_its_effect_was_lost(store: Store) -> None:
    """A bug in the handler rolls effect and offset back together."""
    broken = True

    def handle(conn: Connection, event: Event) -> None:
        add(conn, event.key)
        if event.key == "b" and broken:
            raise KeyError("bug")

    fragile = Subscriber("fragile", ("case.opened",), handle)
    send(store, "a", "b", "c")
    with pytest.raises(KeyError):
        Deliveries(store, [fragile]).round()
    with store.read() as conn:
        assert names(conn) == []
    broken = False
    assert Deliveries(store, [fragile]).round() == 3
    with store.read() as conn:
        assert names(conn) == ["a", "b", "c"]


def refuse_b(conn: Connection, event: Event) -> None:
    add(conn, event.key)
    if event.key == "b":
        raise InvalidError("案件不存在", "no such case", code="case.missing")


def test_a_refused_event_becomes_a_dead_letter_and_the_next_follows(store: Store, clock: ManualClock) -> None:
    send(store, "a", "b", "c")
    clock.advance(5)
    assert Deliveries(store, [Subscriber("picky", ("case.opened",), refuse_b)]).round() == 3
    with store.read() as conn:
        assert names(conn) == ["a", "c"]
    (letter,), total = store.dead_letters()
    assert (letter.subscriber, letter.event.key, letter.event.payload, total) == ("picky", "b", {"case_id": "b"}, 1)
    assert (letter.error_code, letter.error.zh, letter.error.en) == ("case.missing", "案件不存在", "no such case")
    assert letter.failed_ms - letter.event.at_ms == 5000

    store.retry_dead(Subscriber("picky", ("case.opened",), noting), letter.event.id)
    assert store.dead_letters() == ([], 0)
    with store.read() as conn:
        assert names(conn) == ["a", "b", "c"]
    with pytest.raises(NotFoundError):
        store.retry_dead(NOTES, letter.event.id)


def test_a_dead_letter_refused_again_stays(store: Store) -> None:
    send(store, "b")
    picky = Subscriber("picky", ("case.opened",), refuse_b)
    Deliveries(store, [picky]).round()
    with pytest.raises(InvalidError):
        store.retry_dead(picky, store.dead_letters()[0][0].event.id)
    assert store.dead_letters()[1] == 1
    store.discard_dead("picky", store.dead_letters()[0][0].event.id)
    assert store.dead_letters() == ([], 0)
    with pytest.raises(NotFoundError):
        store.discard_dead("picky", 1)


@pytest.mark.parametrize("error", [BusyError("忙", "busy"), UnavailableError("无", "gone")])
def test_busy_and_unavailable_wait_for_a_better_time(store: Store, error: BusyError | UnavailableError) -> None:
    times = iter([error, None])

    def handle(conn: Connection, event: Event) -> None:
        if event.key == "b" and (now := next(times)):
            raise now
        add(conn, event.key)

    patient = Subscriber("patient", ("case.opened",), handle)
    send(store, "a", "b", "c")
    with pytest.raises(type(error)):
        Deliveries(store, [patient]).round()
    with store.read() as conn:
        assert names(conn) == ["a"]
    assert Deliveries(store, [patient]).round() == 2
    with store.read() as conn:
        assert names(conn) == ["a", "b", "c"]
    assert store.dead_letters()[1] == 0


def test_too_many_dead_letters_stop_delivery_loudly(store: Store) -> None:
    def refuse(_conn: Connection, event: Event) -> None:
        raise InvalidError("不行", f"no {event.key}")

    nothing_goes = Subscriber("nothing", ("case.opened",), refuse)
    send(store, "a", "b", "c", "d")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="3 dead letters"):
            Deliveries(store, [nothing_goes], dead_limit=3).round()
    assert store.dead_letters()[1] == 3
    assert Deliveries(store, [NOTES]).round() == 4  # others are not held up, and "d" is still in the outbox


def test_one_that_waits_holds_nobody_else_up(store: Store) -> None:
    def busy(_conn: Connection, _event: Event) -> None:
        raise BusyError("忙", "busy")

    both = Deliveries(store, [Subscriber("busy", ("case.opened",), busy), NOTES])
    send(store, "a", "b")
    for _ in range(2):  # the second round has nothing new for the other
        with pytest.raises(BusyError):
            both.round()
    with store.read() as conn:
        assert names(conn) == ["a", "b"]


def test_refused_events_between_good_ones_leave_all_good_ones_once_and_in_order(store: Store) -> None:
    def refuse(conn: Connection, event: Event) -> None:
        add(conn, event.key)
        if event.key.startswith("bad"):
            raise InvalidError("不行", f"no {event.key}")

    keys = ["bad1", "a", "b", "bad2", "bad3", "c", "d", "bad4"]
    send(store, *keys)
    assert Deliveries(store, [Subscriber("picky", ("case.opened",), refuse)]).round() == len(keys)
    with store.read() as conn:
        assert names(conn) == ["a", "b", "c", "d"]
    assert sorted(letter.event.key for letter in store.dead_letters()[0]) == ["bad1", "bad2", "bad3", "bad4"]


def test_two_deliverers_of_one_subscriber_do_the_work_once(store: Store) -> None:
    send(store, *(f"{number:03}" for number in range(130)))
    counts = [0] * 4

    def run(number: int) -> None:
        for _ in range(10):
            counts[number] += Deliveries(store, [NOTES], limit=20).round()

    together(4, run)
    while more := Deliveries(store, [NOTES]).round():
        counts[0] += more
    with store.read() as conn:
        assert len(names(conn)) == sum(counts) == 130


def test_pruning_keeps_what_somebody_still_needs(store: Store, clock: ManualClock) -> None:
    send(store, "a", "b", "c")
    slow = Subscriber("slow", ("case.opened",), noting)
    Deliveries(store, [NOTES]).round()
    clock.advance(3600)
    send(store, "d")
    assert store.prune_outbox([], keep_s=0) == 0
    assert store.prune_outbox(["notes", "slow"], keep_s=0) == 0  # slow has not begun
    store.write(lambda conn: conn.exec_driver_sql("DELETE FROM note").rowcount)
    assert Deliveries(store, [slow], limit=2).round() == 2
    assert store.prune_outbox(["notes", "slow"], keep_s=7200) == 0  # not old enough
    assert store.prune_outbox(["notes", "slow"], keep_s=60) == 2
    assert [event.key for event in store.events_after(0, 10)] == ["c", "d"]
    assert Deliveries(store, [slow]).round() == 2


def test_an_id_is_never_given_again_after_pruning(store: Store, clock: ManualClock) -> None:
    send(store, "a", "b")
    last = store.last_event_id()
    Deliveries(store, [NOTES]).round()
    clock.advance(1)
    assert store.prune_outbox(["notes"], keep_s=0) == 2
    assert store.last_event_id() == last
    send(store, "c")
    assert store.events_after(0, 10)[0].id > last
    assert Deliveries(store, [NOTES]).round() == 1


def test_an_idle_subscriber_does_not_hold_the_pruning_back(store: Store, clock: ManualClock) -> None:
    send(store, *"abcdef", topic="task.created")
    clock.advance(1)
    assert Deliveries(store, [NOTES], limit=5).round() == 0
    assert store.prune_outbox(["notes"], keep_s=0) == 6
