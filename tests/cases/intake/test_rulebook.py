"""The rules in force: built in until something is published, then what was published, without a restart."""

from __future__ import annotations

import pytest

from cityops.access import Permission, Principal, Role
from cityops.cases import LOCAL_STANDARD, Rulebook
from cityops.cases.catalogue import (
    CONDITIONS,
    DUPLICATE_RULES,
    EXAMPLE,
    LOCAL_ITEMS,
    NATIONAL,
    ROUTES,
    CatalogueItem,
    ItemKey,
    Kind,
    Route,
    RoutedCase,
    RuleTables,
    local_item_row,
    route_row,
)
from cityops.cases.duplicates import DuplicateRule, duplicate_rule_row
from cityops.kit import ManualClock
from cityops.store import Store

ADMIN = Principal("A-admin", "admin", "管理员", Role.ADMINISTRATOR)
REFUSE = ItemKey(NATIONAL, Kind.MATTER, "06010")
OWN = CatalogueItem(LOCAL_STANDARD.name, Kind.MATTER, "06", "市容环境", "901", "楼道堆放杂物")


@pytest.fixture
def tables(store: Store, clock: ManualClock) -> RuleTables:
    return RuleTables(store, clock, Permission.RULES_PUBLISH)


@pytest.fixture
def book(tables: RuleTables, clock: ManualClock) -> Rulebook:
    return Rulebook(tables, clock)


def publish(tables: RuleTables, name: str, rows: list[dict[str, str]], expected: int = 0) -> None:
    tables.publish(ADMIN, name, rows, expected_version=expected, note="试验")


def test_before_anything_is_published_the_built_in_rules_are_in_force(book: Rulebook) -> None:
    rules = book.rules()
    assert rules.versions == {LOCAL_ITEMS: 0, CONDITIONS: 0, ROUTES: 0, DUPLICATE_RULES: 0}
    assert rules.conditions.name == EXAMPLE
    assert (len(rules.catalogue.items(Kind.COMPONENT)), len(rules.catalogue.items(Kind.MATTER))) == (153, 250)
    assert rules.search.find("bllj")[0].key == REFUSE
    assert rules.router.decide(RoutedCase(REFUSE, "140105", "hotline", rules.on)) is None
    assert len(rules.duplicates.kin(REFUSE)) == 3
    assert book.rules() is rules


def test_what_another_process_publishes_is_in_force_at_the_next_look(
    book: Rulebook, store: Store, clock: ManualClock
) -> None:
    before = book.rules()
    elsewhere = RuleTables(store, clock, Permission.RULES_PUBLISH)
    publish(elsewhere, ROUTES, [route_row(Route(NATIONAL, "06", "", "", "UM-SANITATION"))])
    rules = book.rules()
    assert rules is not before
    assert rules.versions[ROUTES] == 1
    found = rules.router.decide(RoutedCase(REFUSE, "140105", "hotline", rules.on))
    assert found is not None
    assert found.unit_id == "UM-SANITATION"
    with store.read() as conn:
        assert book.rules(conn) is rules


def test_a_citys_own_matter_is_found_routed_and_has_its_own_duplicate_rule(tables: RuleTables, book: Rulebook) -> None:
    publish(tables, LOCAL_ITEMS, [local_item_row(OWN)])
    publish(tables, ROUTES, [route_row(Route(LOCAL_STANDARD.name, OWN.code, "", "", "UM-ENFORCEMENT"))])
    publish(tables, DUPLICATE_RULES, [duplicate_rule_row(DuplicateRule(LOCAL_STANDARD.name, OWN.code, 30, 24))])
    rules = book.rules()
    assert rules.search.find("lddf")[0] == OWN
    assert rules.router.decide(RoutedCase(OWN.key, "", "portal", rules.on)) is not None
    assert rules.duplicates.of(OWN.key).radius_m == 30
    assert rules.faults == {name: [] for name in rules.versions}


def test_a_row_that_can_no_longer_be_read_is_left_out_and_named(tables: RuleTables, book: Rulebook) -> None:
    rows = [route_row(Route("", "", "", "", "UM-ENFORCEMENT")), route_row(Route("某标准", "01", "", "", "UM-WATER"))]
    publish(tables, ROUTES, rows)
    rules = book.rules()
    assert [fault.row for fault in rules.faults[ROUTES]] == [3]
    found = rules.router.decide(RoutedCase(REFUSE, "", "portal", rules.on))
    assert found is not None
    assert found.unit_id == "UM-ENFORCEMENT"


def test_a_new_day_is_looked_at_anew(book: Rulebook, clock: ManualClock) -> None:
    before = book.rules()
    clock.advance(24 * 3600)
    assert book.rules().on.toordinal() == before.on.toordinal() + 1
