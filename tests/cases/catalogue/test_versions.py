"""Publishing and rolling back rule tables, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cityops.access import AuditFilter, Permission, Principal, Role, list_audit
from cityops.cases.catalogue import (
    CONDITIONS,
    NATIONAL,
    PUBLISHED,
    ROUTES,
    Catalogue,
    Route,
    RuleTables,
    condition_rows,
    conditions_of,
    example_table,
    route_row,
    routes_of,
)
from cityops.kit import ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError
from cityops.store import Store

CATALOGUE = Catalogue.built_in()
ADMIN = Principal("A-admin", "admin", "管理员", Role.ADMINISTRATOR)
AUDITOR = Principal("A-auditor", "auditor", "审计员", Role.AUDITOR)
FIRST = [Route(NATIONAL, "01037", "", "", "路灯所"), Route("", "", "", "", "指挥中心", ("城管局",))]
SECOND = [Route(NATIONAL, "01037", "", "", "路灯公司")]


@pytest.fixture
def tables(store: Store, clock: ManualClock) -> RuleTables:
    return RuleTables(store, clock, Permission.ACCOUNTS_MANAGE)


def publish(tables: RuleTables, routes: list[Route], expected: int) -> int:
    rows = [route_row(route) for route in routes]
    return tables.publish(ADMIN, ROUTES, rows, expected_version=expected, note="换单位").version


def test_publish_read_roll_back(tables: RuleTables, store: Store) -> None:
    assert tables.current(ROUTES) is None
    assert publish(tables, FIRST, 0) == 1
    assert publish(tables, SECOND, 1) == 2
    back = tables.roll_back(ADMIN, ROUTES, 1, expected_version=2, note="公司未签约")
    assert (back.version, back.copied_from, back.rows) == (3, 1, 2)
    current = tables.current(ROUTES)
    assert current is not None
    assert current[0] == back
    assert routes_of(current[1], CATALOGUE).accept() == FIRST
    assert routes_of(tables.at(ROUTES, 2)[1], CATALOGUE).accept() == SECOND
    assert [(one.version, one.copied_from) for one in tables.history(ROUTES)] == [(3, 1), (2, None), (1, None)]
    events = store.events_after(0, 10, [PUBLISHED])
    assert [(event.key, event.payload["version"]) for event in events] == [(ROUTES, 1), (ROUTES, 2), (ROUTES, 3)]
    with store.read() as conn:
        lines = list_audit(conn, AUDITOR, AuditFilter()).items
    assert [(line.action, line.purpose) for line in lines] == [
        ("rules.roll_back", "公司未签约"), ("rules.publish", "换单位"), ("rules.publish", "换单位"),
    ]  # fmt: skip


def test_whoever_comes_second_changes_nothing(tables: RuleTables) -> None:
    publish(tables, FIRST, 0)
    with pytest.raises(ConflictError) as raised:
        publish(tables, SECOND, 0)
    assert raised.value.code == "rules.stale"
    current = tables.current(ROUTES)
    assert current is not None
    assert routes_of(current[1], CATALOGUE).accept() == FIRST


def test_who_may_and_what(tables: RuleTables) -> None:
    with pytest.raises(ForbiddenError):
        tables.publish(AUDITOR, ROUTES, [], expected_version=0, note="x")
    with pytest.raises(InvalidError):
        tables.publish(ADMIN, ROUTES, [], expected_version=0, note=" ")
    with pytest.raises(InvalidError):
        tables.publish(ADMIN, ROUTES, [{}] * 20_001, expected_version=0, note="x")
    with pytest.raises(NotFoundError):
        tables.roll_back(ADMIN, ROUTES, 7, expected_version=0, note="x")
    assert tables.history(ROUTES) == []


def test_conditions_come_back_as_they_were(tables: RuleTables) -> None:
    example = example_table(CATALOGUE).conditions
    rows = [row for condition in example for row in condition_rows(condition)]
    tables.publish(ADMIN, CONDITIONS, rows, expected_version=0, note="示例")
    current = tables.current(CONDITIONS)
    assert current is not None
    assert conditions_of(current[1], CATALOGUE).accept() == example


def test_an_empty_table_can_be_published(tables: RuleTables) -> None:
    assert publish(tables, [], 0) == 1
    current = tables.current(ROUTES)
    assert current is not None
    assert current[1] == []


def test_of_many_at_once_one_wins(tables: RuleTables) -> None:
    barrier = threading.Barrier(4)

    def attempt(_: int) -> int | str:
        barrier.wait()
        try:
            return publish(tables, FIRST, 0)
        except ConflictError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))
    assert sorted(outcomes, key=str) == [1, "rules.stale", "rules.stale", "rules.stale"]
    assert len(tables.history(ROUTES)) == 1
