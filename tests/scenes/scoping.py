"""Who sees which case, told anew from the rows alone, against the list and the case page."""

from __future__ import annotations

from sqlalchemy import select

from cityops.access import Principal, Role
from cityops.cases import CaseFilter, Cases, case_table, task_table
from cityops.kit import NotFoundError
from cityops.store import Store

_PAGE = 500


def every_unit_sees_its_own(store: Store, cases: Cases) -> None:
    """A unit sees the cases that it holds and those in which it has or had a task, each once, and no other."""
    case, task = case_table.c, task_table.c
    with store.read() as conn:
        everything = set(conn.execute(select(case.id)).scalars())
        held = [tuple(row) for row in conn.execute(select(case.unit_id, case.id))]
        worked = [tuple(row) for row in conn.execute(select(task.unit_id, task.case_id))]
    assert len(everything) < _PAGE
    for unit_id in {unit for unit, _ in (*held, *worked) if unit is not None}:
        somebody = Principal("A", "a", "某人", Role.UNIT, unit_id, "某单位")
        theirs = {case_id for unit, case_id in (*held, *worked) if unit == unit_id}
        listed = cases.list(somebody, CaseFilter(page_size=_PAGE))
        assert sorted(one.case_id for one in listed.items) == sorted(theirs)
        assert sum(listed.counts.values()) == len(theirs)
        assert {case_id for case_id in everything if _sees(cases, somebody, case_id)} == theirs


def _sees(cases: Cases, somebody: Principal, case_id: str) -> bool:
    try:
        cases.get(somebody, case_id)
    except NotFoundError:
        return False
    return True
