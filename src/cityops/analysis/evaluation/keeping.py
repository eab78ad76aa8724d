"""Keeping the facts of the evaluation: a case's facts are made anew from its rows after the case has changed.

The outbox marks a changed case; the marked cases are worked off in batches, so that a case that goes through several
steps in one moment is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_

from cityops.analysis.evaluation.facts import fact_rows, facts_of, read_cases
from cityops.analysis.evaluation.work import CountedWork
from cityops.analysis.tables import evaluation_due_table, evaluation_fact_table
from cityops.cases import case_table
from cityops.kit import WorkingCalendar
from cityops.store import Event, Store, Subscriber, hold

SUBSCRIBER: Final = "evaluation"
BATCH: Final = 200
"""Cases made anew in one transaction."""

Works = Mapping[tuple[str, str], CountedWork]
"""What is counted, by (scene, kind of case)."""

Tell = Callable[[int, int], None]
"""Hears after each batch how many cases are done, and of how many."""


class FactKeeper:
    """Makes the facts of cases and keeps them.

    Args:
        store: the store.
        works: what is counted of each kind of case; other kinds are passed over.
        calendar: the working calendar.
    """

    def __init__(self, store: Store, works: Works, calendar: WorkingCalendar) -> None:
        self._store = store
        self._works = dict(works)
        self._calendar = calendar

    def subscriber(self) -> Subscriber:
        """Marks every case that changes."""
        return Subscriber(SUBSCRIBER, ("case.opened", "case.changed"), self._mark)

    def step(self) -> int:
        """Make the facts of the marked cases anew; returns how many cases. Whoever dies in between loses no mark."""
        done = 0
        while made := self._store.write(self._make_marked):
            done += made
        return done

    def rebuild(self, tell: Tell | None = None) -> int:
        """Make the facts of all cases anew, for cases that are older than the outbox; returns how many cases.

        The product may run meanwhile: each batch is a transaction of its own, from the cases as they are then.
        """
        with self._store.read() as conn:
            cases = conn.execute(select(func.count()).select_from(case_table).where(self._counted)).scalar_one()
        done, after = 0, ""
        while ids := self._store.write(partial(self._make_after, after=after)):
            done, after = done + len(ids), ids[-1]
            if tell is not None:
                tell(done, cases)
        return done

    @property
    def _counted(self) -> ColumnElement[bool]:
        return tuple_(case_table.c.scene, case_table.c.kind).in_(list(self._works))

    def _mark(self, conn: Connection, event: Event) -> None:
        case_id, due = event.payload["case_id"], evaluation_due_table
        if conn.execute(select(due.c.case_id).where(due.c.case_id == case_id)).scalar() is None:
            conn.execute(insert(due).values(case_id=case_id))

    def _make_marked(self, conn: Connection) -> int:
        due = evaluation_due_table
        ids = [str(case_id) for case_id in conn.execute(select(due.c.case_id).limit(BATCH)).scalars()]
        self._make(conn, ids)
        conn.execute(delete(due).where(due.c.case_id.in_(ids)))
        return len(ids)

    def _make_after(self, conn: Connection, *, after: str) -> list[str]:
        rest = (case_table.c.id > after) & self._counted
        query = select(case_table.c.id).where(rest).order_by(case_table.c.id).limit(BATCH)
        ids = [str(case_id) for case_id in conn.execute(query).scalars()]
        self._make(conn, ids)
        return ids

    def _make(self, conn: Connection, case_ids: Sequence[str]) -> None:
        hold(conn, SUBSCRIBER)  # ``rebuild`` in another process: whoever writes last has read last
        made = []
        for rows in read_cases(conn, case_ids):
            work = self._works.get((rows.case["scene"], rows.case["kind"]))
            if work is not None:
                made += fact_rows(rows, facts_of(rows, work, self._calendar))
        conn.execute(delete(evaluation_fact_table).where(evaluation_fact_table.c.case_id.in_(case_ids)))
        if made:
            conn.execute(insert(evaluation_fact_table), made)
