"""The list of cases beyond its bounds: counts that say so, pages that end, searches that say how far they looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from cityops.cases import CaseFilter, Cases, case_table
from cityops.cases.listing import COUNT_BOUND, SEARCH_BOUND
from cityops.kit import InvalidError, from_ms
from cityops.store import Store

from .conftest import COMPANY, DISPATCHER, ENTERPRISE

MANY = COUNT_BOUND + 40
BEGIN_MS = 1_700_000_000_000
OPEN = 25
"""Of the newest, so many are open; one a second was opened."""


def row(number: int) -> dict[str, Any]:
    running = number >= MANY - OPEN
    return {
        "id": f"C{number:025d}",
        "number": f"KV-20231114-{number:05d}",
        "scene": "key_vehicles",
        "kind": "key_vehicle",
        "title_zh": "最早的一件" if number == 0 else "连续驾驶",
        "title_en": "the oldest" if number == 0 else "driving on",
        "state": "filed" if running else "closed",
        "severity": 2,
        "place": {},
        "unit_id": ENTERPRISE if number % 2 else "U-OTHER",
        "rework": 0,
        "reopened": 0,
        "ended": not running,
        "opened_ms": BEGIN_MS + number * 1000,
        "changed_ms": BEGIN_MS,
        "version": 1,
    }


@pytest.fixture
def many(store: Store) -> None:
    store.write(lambda conn: conn.execute(insert(case_table), [row(number) for number in range(MANY)]))


@pytest.mark.usefixtures("many")
def test_counts_beyond_the_bound_say_so_and_open_cases_are_exact(cases: Cases) -> None:
    found = cases.list(DISPATCHER)
    assert (found.page.total, found.page.at_least) == (COUNT_BOUND, True)
    assert found.counts["filed"] == OPEN
    assert found.more == ["closed"]
    assert COUNT_BOUND - OPEN <= found.counts["closed"] <= COUNT_BOUND + 1
    assert [item.number[-5:] for item in found.items[:2]] == [f"{MANY - 1:05d}", f"{MANY - 2:05d}"]
    one_state = cases.list(DISPATCHER, CaseFilter(state="filed"))
    assert (one_state.page.total, one_state.page.at_least) == (OPEN, False)
    half = cases.list(COMPANY)  # 5,020 of its own: below the bound
    assert (half.page.total, half.page.at_least, half.more) == (MANY // 2, False, [])


@pytest.mark.usefixtures("many")
def test_pages_end_at_the_bound_and_a_period_or_the_last_row_leads_on(cases: Cases) -> None:
    last = cases.list(DISPATCHER, CaseFilter(page=COUNT_BOUND // 50))
    assert len(last.items) == 50
    with pytest.raises(InvalidError) as deep:
        cases.list(DISPATCHER, CaseFilter(page=COUNT_BOUND // 50 + 2))
    assert deep.value.code == "page.deep"
    seen = last.items[-1]
    rest = cases.list(DISPATCHER, CaseFilter(before=(BEGIN_MS + (MANY - COUNT_BOUND) * 1000, seen.case_id)))
    assert [item.number[-5:] for item in rest.items] == [f"{number:05d}" for number in reversed(range(40))]
    assert cases.list(DISPATCHER, CaseFilter(to_ms=BEGIN_MS + 40_000)).page.total == 40


@pytest.mark.usefixtures("many")
def test_a_search_says_how_far_back_it_looked(cases: Cases) -> None:
    missed = cases.list(DISPATCHER, CaseFilter(q="最早"))
    assert missed.items == []
    assert missed.searched_to == from_ms(BEGIN_MS) + timedelta(seconds=MANY - SEARCH_BOUND)
    met = cases.list(DISPATCHER, CaseFilter(q="最早", to_ms=BEGIN_MS + 1000))
    assert [item.number for item in met.items] == ["KV-20231114-00000"]
    assert met.searched_to is None
    by_number = cases.list(DISPATCHER, CaseFilter(q="kv-20231114-00000"))
    assert (by_number.page.total, by_number.searched_to) == (1, None)
