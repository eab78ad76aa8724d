"""Cases opened by several at the same moment."""

from __future__ import annotations

from sqlalchemy import func, select
from tests.together import at_once

from cityops.cases import Cases, case_table
from cityops.store import Store

from .conftest import DISPATCHER, new_case


def test_an_alert_from_which_two_open_a_case_at_once_has_one(cases: Cases, store: Store) -> None:
    opened = at_once(store, *[lambda: cases.open(DISPATCHER, new_case(alert_id="ALERT-1"))] * 3)
    assert len({case.number for case in opened}) == 1
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(case_table)).scalar_one() == 1
