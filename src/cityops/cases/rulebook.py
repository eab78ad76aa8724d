"""The rules in force (现行规则): catalogue, search, routing, filing conditions, duplicates, as the city published them.

What a city has not published comes built in: the national catalogue, the example condition table, no routes (the
dispatcher decides) and the default rules for duplicates.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Final, TypeVar

from sqlalchemy import Connection

from cityops.cases.catalogue import (
    CONDITIONS,
    DUPLICATE_RULES,
    LOCAL_ITEMS,
    ROUTES,
    Catalogue,
    CatalogueItem,
    CatalogueSearch,
    ConditionTable,
    Import,
    Kind,
    Router,
    RowError,
    RuleTables,
    RuleVersion,
    SheetRow,
    Standard,
    conditions_of,
    example_table,
    local_items_of,
    routes_of,
)
from cityops.cases.duplicates import DuplicateRules, default_rules, duplicate_rules_of
from cityops.kit import Clock, Text, from_ms

LOCAL_STANDARD: Final = Standard("本市扩展", None, None, "城市自行公布的部件和事项", local=True)
"""The standard that a city's own entries (rule table ``local_items``) belong to."""
RULE_TABLES: Final = (LOCAL_ITEMS, CONDITIONS, ROUTES, DUPLICATE_RULES)
"""The rule tables, in the order in which they build on each other."""

Published = Mapping[str, tuple[RuleVersion, list[SheetRow]]]
T = TypeVar("T")
_log: Final = logging.getLogger(__name__)


class Rules:
    """The rules in force together on a day, unchanging once made.

    A published row that can no longer be read (its matter has left the catalogue) is left out and named in ``faults``.

    Attributes:
        on: the day.
        versions: number of the published version of each table; 0 where the built-in one is in force.
        faults: by table, the rows left out; no table is missing.
    """

    def __init__(self, on: date, published: Published) -> None:
        self.on = on
        self.versions = {name: published[name][0].version if name in published else 0 for name in RULE_TABLES}
        self._published = published
        self.faults: dict[str, list[RowError]] = {name: [] for name in RULE_TABLES}
        self.catalogue = self._catalogue()
        self.conditions = self._conditions()
        self.router = Router((), self._read(ROUTES, routes_of(self._rows(ROUTES), self.catalogue)))
        self.duplicates = self._duplicates()

    @cached_property
    def search(self) -> CatalogueSearch:
        """The search over ``items``; reading all names takes about 0.3 s once."""
        return CatalogueSearch(self.items(), self.conditions.words())

    def items(self, kind: Kind | None = None) -> list[CatalogueItem]:
        """The entries whose standard has not ended, by code."""
        ended = {one.name for one in self.catalogue.standards if one.valid_to is not None and one.valid_to <= self.on}
        return [item for item in self.catalogue.items(kind) if item.standard not in ended]

    def _rows(self, name: str) -> list[SheetRow]:
        return self._published[name][1] if name in self._published else []

    def _read(self, name: str, found: Import[T]) -> list[T]:
        self.faults[name] = found.errors
        return found.valid

    def _catalogue(self) -> Catalogue:
        national = Catalogue.built_in()
        found = local_items_of(self._rows(LOCAL_ITEMS), national, LOCAL_STANDARD)
        items: list[CatalogueItem] = self._read(LOCAL_ITEMS, found)
        return national.with_local(LOCAL_STANDARD, items) if items else national

    def _conditions(self) -> ConditionTable:
        if CONDITIONS not in self._published:
            return example_table(self.catalogue)
        number = self.versions[CONDITIONS]
        label = Text(f"本市立结案条件（第 {number} 版）", f"The city's conditions (version {number})")
        found = conditions_of(self._rows(CONDITIONS), self.catalogue)
        return ConditionTable(CONDITIONS, label, self._read(CONDITIONS, found))

    def _duplicates(self) -> DuplicateRules:
        if DUPLICATE_RULES not in self._published:
            return default_rules(self.catalogue)
        found = duplicate_rules_of(self._rows(DUPLICATE_RULES), self.catalogue)
        return DuplicateRules(self._read(DUPLICATE_RULES, found))


class Rulebook:
    """The rules in force now; a version published by any process is seen at the next look.

    Args:
        tables: the published rule tables.
        clock: tells the day.
    """

    def __init__(self, tables: RuleTables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._lock = threading.Lock()
        self._rules: Rules | None = None

    def rules(self, conn: Connection | None = None) -> Rules:
        """The rules in force: one short query, and reading the tables only when something was published.

        Args:
            conn: the connection of the running transaction, if there is one.
        """
        numbers, today = self._tables.numbers(conn), from_ms(self._clock.now_ms()).date()
        wanted = {name: numbers.get(name, 0) for name in RULE_TABLES}
        with self._lock:
            known = self._rules
            if known is None or (known.versions, known.on) != (wanted, today):
                known = self._rules = self._load(conn, wanted, today)
            return known

    def _load(self, conn: Connection | None, wanted: Mapping[str, int], today: date) -> Rules:
        published = {name: self._tables.at(name, number, conn) for name, number in wanted.items() if number}
        made = Rules(today, published)
        for name, faults in made.faults.items():
            for fault in faults:
                _log.warning("rule table %s, row %s left out: %s", name, fault.row, fault.text.en)
        return made
