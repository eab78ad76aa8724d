"""Delivers events to subscribers exactly once: the effect and the subscriber's offset are one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.kit import BusyError, CityOpsError, NotFoundError, Text, UnavailableError
from cityops.store.outbox import Event, Subscriber, read_events, readable_up_to
from cityops.store.tables import outbox, outbox_dead, outbox_offset

if TYPE_CHECKING:
    from cityops.store.store import Store

EVENTS_PER_WRITE: Final = 50
DEAD_LIMIT: Final = 10_000
PRUNED_PER_WRITE: Final = 5_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event a subscriber refused, with its reason."""

    subscriber: str
    event: Event
    failed_ms: int
    error_code: str
    error: Text


class Deliveries:
    """Hands the events of the outbox to subscribers, round after round; each event once to each, in order.

    Args:
        store: the store.
        subscribers: who wants events.
        limit: events that are read in a round for those who have come equally far.
        dead_limit: so many dead letters stop the delivery.
    """

    def __init__(
        self, store: Store, subscribers: Iterable[Subscriber], *, limit: int = 500, dead_limit: int = DEAD_LIMIT
    ) -> None:
        self._store = store
        self._subscribers = tuple(subscribers)
        self._limit = limit
        self._dead_limit = dead_limit
        self._nothing_to: dict[str, int] = {}

    def round(self) -> int:
        """Hand the next events to every subscriber, in order, each exactly once; returns how many were taken.

        An event for which ``handle`` raises a ``CityOpsError`` becomes a dead letter, and the next follows.
        ``BusyError`` and ``UnavailableError`` are not the event's fault: what came before is kept, the event stays
        next, and the error is raised when all subscribers have had their turn. Anything else is a bug: it is raised,
        and the running group is not kept.
        """
        handled, stopped_by = 0, None
        for found in self._look():
            try:
                handled += self._hand_on(found)
            except (BusyError, UnavailableError) as error:
                stopped_by = stopped_by or error
        if stopped_by is not None:
            raise stopped_by
        return handled

    def _look(self) -> list[_Found]:
        """Whom something waits for. Who has come equally far, as all have most of the time, share one reading."""
        waiting: dict[int, list[tuple[Subscriber, int]]] = {}
        with self._store.glance() as conn:
            offsets = _offsets(conn, [one.name for one in self._subscribers])
            up_to = readable_up_to(conn)
            for subscriber in self._subscribers:
                offset = offsets.get(subscriber.name, 0)
                after = max(offset, self._nothing_to.get(subscriber.name, 0))
                if after < up_to:
                    waiting.setdefault(after, []).append((subscriber, offset))
            return [one for after, who in waiting.items() for one in self._found(conn, after, up_to, who)]

    def _found(self, conn: Connection, after: int, up_to: int, who: list[tuple[Subscriber, int]]) -> Iterator[_Found]:
        topics = {topic for subscriber, _ in who for topic in subscriber.topics}
        events = read_events(conn, after, up_to, self._limit, sorted(topics))
        if len(events) == self._limit:
            up_to = events[-1].id
        for subscriber, offset in who:
            yield _Found(subscriber, offset, [one for one in events if one.topic in subscriber.topics], up_to)

    def _hand_on(self, found: _Found) -> int:
        if not found.events:
            self._nothing_to[found.subscriber.name] = found.up_to
            if found.up_to - found.offset >= self._limit:  # nothing for long: do not hold the pruning back
                self._store.write(self._chunk(found, found.offset, [], found.up_to).run)
        handled, offset = 0, found.offset
        for start in range(0, len(found.events), EVENTS_PER_WRITE):
            group = found.events[start : start + EVENTS_PER_WRITE]
            to = found.up_to if start + len(group) == len(found.events) else group[-1].id
            done, stopped_by = self._store.write(self._chunk(found, offset, group, to).run)
            handled += done
            if stopped_by is not None:
                raise stopped_by
            if done < len(group):
                return handled  # another process delivers to the same subscriber
            offset = to
        return handled

    def _chunk(self, found: _Found, offset: int, events: list[Event], up_to: int) -> _Chunk:
        return _Chunk(found.subscriber, offset, events, up_to, self._store.now_ms(), self._dead_limit)


@dataclass(frozen=True, slots=True)
class _Found:
    """Events that wait for a subscriber, and the id up to which there are no others."""

    subscriber: Subscriber
    offset: int
    events: list[Event]
    up_to: int


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Events handled in one transaction."""

    subscriber: Subscriber
    offset: int
    events: list[Event]
    up_to: int
    now_ms: int
    dead_limit: int

    def run(self, conn: Connection) -> tuple[int, CityOpsError | None]:
        """Events done, and the error that stopped the rest; what was done before it is kept."""
        if _locked_offset(conn, self.subscriber.name, self.now_ms) != self.offset:
            return 0, None
        done, stopped_by = self._handle(conn, self.events)
        reached = self.up_to if stopped_by is None else self.events[done - 1].id if done else self.offset
        _advance(conn, self.subscriber.name, reached, self.now_ms)
        return done, stopped_by

    def _handle(self, conn: Connection, events: list[Event]) -> tuple[int, CityOpsError | None]:
        """All together, as one savepoint; when one is refused, those before it first, then without it."""
        done, error = self._handle_together(conn, events)
        if error is None:
            return len(events), None
        kept, stopped_by = self._handle(conn, events[:done]) if done else (0, None)
        if stopped_by is None:  # an error that is not the event's fault: try it again later
            busy = isinstance(error, BusyError | UnavailableError)
            stopped_by = error if busy else self._bury(conn, events[done], error)
        if stopped_by is not None:
            return kept, stopped_by
        rest, stopped_by = self._handle(conn, events[done + 1 :]) if events[done + 1 :] else (0, None)
        return done + 1 + rest, stopped_by

    def _handle_together(self, conn: Connection, events: list[Event]) -> tuple[int, CityOpsError | None]:
        """How many went well, and the error of the next; with an error nothing is kept."""
        done = 0
        try:
            with conn.begin_nested():
                for event in events:
                    self.subscriber.handle(conn, event)
                    done += 1
        except CityOpsError as error:
            return done, error
        return done, None

    def _bury(self, conn: Connection, event: Event, error: CityOpsError) -> CityOpsError | None:
        dead = conn.execute(select(func.count()).select_from(outbox_dead)).scalar_one()
        if dead >= self.dead_limit:
            return _too_many_dead(dead)
        letter = {
            "subscriber": self.subscriber.name,
            "event_id": event.id,
            "topic": event.topic,
            "key": event.key,
            "payload": event.payload,
            "event_ms": event.at_ms,
            "failed_ms": self.now_ms,
            "error_code": error.code,
            "error_zh": error.text.zh,
            "error_en": error.text.en,
        }
        conn.execute(insert(outbox_dead), letter)
        return None


def dead_letters(store: Store, limit: int) -> tuple[list[DeadLetter], int]:
    """The newest dead letters, and how many there are."""
    with store.read() as conn:
        total = conn.execute(select(func.count()).select_from(outbox_dead)).scalar_one()
        newest = select(outbox_dead).order_by(outbox_dead.c.failed_ms.desc(), outbox_dead.c.event_id.desc())
        return [_letter(row) for row in conn.execute(newest.limit(limit))], total


def retry_dead(store: Store, subscriber: Subscriber, event_id: int) -> None:
    """Hand a dead letter to its subscriber again; it leaves the list in the same transaction."""
    store.write(lambda conn: subscriber.handle(conn, _take_dead(conn, subscriber.name, event_id)))


def discard_dead(store: Store, subscriber: str, event_id: int) -> None:
    """Delete a dead letter."""
    store.write(lambda conn: _take_dead(conn, subscriber, event_id))


def _take_dead(conn: Connection, subscriber: str, event_id: int) -> Event:
    mine = (outbox_dead.c.subscriber == subscriber) & (outbox_dead.c.event_id == event_id)
    row = conn.execute(select(outbox_dead).where(mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError("没有这条未送达事件", "there is no such dead letter", code="outbox.missing")
    conn.execute(delete(outbox_dead).where(mine))
    return _letter(row).event


def prune(store: Store, subscribers: Collection[str], before_ms: int) -> int:
    """See ``Store.prune_outbox``."""
    with store.read() as conn:
        reached = _offsets(conn, subscribers)
    lowest = min((reached.get(name, 0) for name in subscribers), default=0)
    passed = (outbox.c.id <= lowest) & (outbox.c.at_ms < before_ms)
    oldest = select(outbox.c.id).where(passed).order_by(outbox.c.id).limit(PRUNED_PER_WRITE)
    pruned = 0
    while True:
        done = store.write(
            lambda conn: conn.execute(delete(outbox).where(outbox.c.id.in_(oldest.scalar_subquery()))).rowcount
        )
        pruned += done
        if done < PRUNED_PER_WRITE:
            return pruned


def _offsets(conn: Connection, names: Collection[str]) -> dict[str, int]:
    query = select(outbox_offset.c.subscriber, outbox_offset.c.event_id).where(outbox_offset.c.subscriber.in_(names))
    return {row.subscriber: row.event_id for row in conn.execute(query)}


def _locked_offset(conn: Connection, name: str, now_ms: int) -> int:
    query = select(outbox_offset.c.event_id).where(outbox_offset.c.subscriber == name).with_for_update()
    offset = conn.execute(query).scalar_one_or_none()
    if offset is None:
        try:
            with conn.begin_nested():
                conn.execute(insert(outbox_offset), {"subscriber": name, "event_id": 0, "updated_ms": now_ms})
        except IntegrityError:
            pass  # another process made the row meanwhile; what it holds now is read below
        offset = conn.execute(query).scalar_one()
    return int(offset)


def _advance(conn: Connection, name: str, to_id: int, now_ms: int) -> None:
    """Move an offset that ``_locked_offset`` holds."""
    mine = outbox_offset.c.subscriber == name
    conn.execute(update(outbox_offset).where(mine).values(event_id=to_id, updated_ms=now_ms))


def _letter(row: Any) -> DeadLetter:
    event = Event(row.event_id, row.topic, row.key, row.payload, row.event_ms)
    return DeadLetter(row.subscriber, event, row.failed_ms, row.error_code, Text(row.error_zh, row.error_en))


def _too_many_dead(count: int) -> UnavailableError:
    return UnavailableError(
        f"未送达事件已达 {count} 条，暂停投递",
        f"there are {count} dead letters: delivery stands still",
        code="outbox.dead_full",
        kept=Text("事件都保留在发件箱中", "every event is kept in the outbox"),
        todo=Text("请查明原因并处理未送达事件", "find the cause, then retry or remove the dead letters"),
    )
