"""Keeping the facts of the evaluation: a case's facts are made anew from its rows whenever the case changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from cityops.analysis.evaluation.facts import fact_rows, facts_of, read_case
from cityops.analysis.evaluation.work import CountedWork
from cityops.analysis.tables import evaluation_fact_table
from cityops.cases import case_table
from cityops.kit import WorkingCalendar
from cityops.store import Event, Store, Subscriber

SUBSCRIBER: Final = "evaluation"
BATCH: Final = 200
"""Cases made anew in one transaction."""

Works = Mapping[tuple[str, str], CountedWork]
"""What is counted, by (scene, kind of case)."""


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
        """Follows every change of a case; equal events again change nothing."""
        return Subscriber(SUBSCRIBER, ("case.opened", "case.changed"), self._handle)

    def rebuild(self) -> int:
        """Make the facts of all cases anew, for cases that are older than the outbox; returns how many cases."""
        done, after = 0, ""
        while True:
            ids = self._store.write(partial(self._batch, after=after))
            done += len(ids)
            if len(ids) < BATCH:
                return done
            after = ids[-1]

    def _batch(self, conn: Connection, after: str) -> list[str]:
        kinds = [(case_table.c.scene == scene) & (case_table.c.kind == kind) for scene, kind in self._works]
        if not kinds:
            return []
        wanted = kinds[0]
        for other in kinds[1:]:
            wanted |= other
        query = select(case_table.c.id).where(case_table.c.id > after, wanted).order_by(case_table.c.id).limit(BATCH)
        ids = [str(case_id) for case_id in conn.execute(query).scalars()]
        for case_id in ids:
            self.remake(conn, case_id)
        return ids

    def _handle(self, conn: Connection, event: Event) -> None:
        self.remake(conn, event.payload["case_id"])

    def remake(self, conn: Connection, case_id: str) -> None:
        """Make one case's facts anew inside a write."""
        rows = read_case(conn, case_id)
        work = self._works.get((rows.case["scene"], rows.case["kind"]))
        if work is None:
            return
        conn.execute(delete(evaluation_fact_table).where(evaluation_fact_table.c.case_id == case_id))
        made = fact_rows(rows, facts_of(rows, work, self._calendar))
        if made:
            conn.execute(insert(evaluation_fact_table), made)
