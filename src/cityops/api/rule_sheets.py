"""The rule tables that are administered (规则表): their columns, what is built in, and how rows are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cityops.access import SYSTEM
from cityops.analysis.evaluation import SCORE_COLUMNS, SCORES, built_in_rules, score_rules_of, score_rules_rows
from cityops.api.context import ApiContext
from cityops.cases import LOCAL_STANDARD
from cityops.cases.catalogue import (
    CONDITION_COLUMNS,
    CONDITIONS,
    DUPLICATE_RULES,
    LOCAL_COLUMNS,
    LOCAL_ITEMS,
    ROUTE_COLUMNS,
    ROUTES,
    Catalogue,
    Column,
    Import,
    RuleVersion,
    SheetRow,
    condition_rows,
    conditions_of,
    example_table,
    local_items_of,
    routes_of,
    write_rows,
)
from cityops.cases.duplicates import RULE_COLUMNS, default_rules, duplicate_rule_row, duplicate_rules_of
from cityops.inspections import (
    CHECKLIST_COLUMNS,
    SCHOOL_CALENDAR,
    SCHOOL_COLUMNS,
    TABLE_PREFIX,
    checklist_items_of,
    school_rows,
    school_spans_of,
)
from cityops.kit import NotFoundError, Text

Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class RuleSheet:
    """A rule table as its page shows it.

    Attributes:
        name: of the table.
        title: what it is called.
        hint: what it is for.
        columns: of its sheet.
        key: the fields that make a row the same row in two versions.
        built_in: the rows in force while a city has published none.
        check: reads rows, with the errors of each.
    """

    name: str
    title: Text
    hint: Text
    columns: Sequence[Column]
    key: Sequence[str]
    built_in: Callable[[ApiContext], list[dict[str, str]]]
    check: Callable[[ApiContext, Sequence[SheetRow]], Import[Any]]

    def holds(self, row: Mapping[str, str], words: str) -> bool:
        """Whether a cell of the row holds the words, as it stands in the sheet or as an English reader sees it."""
        english = (column.words.get(row.get(column.name, "")) for column in self.columns)
        return any(words in cell for cell in [*row.values(), *(text.en for text in english if text is not None)])

    def sheet(self, rows: Rows) -> bytes:
        """The rows as xlsx."""
        names = [column.name for column in self.columns]
        return write_rows(self.title.zh, self.columns, ([row.get(name, "") for name in names] for row in rows))


def sheets(services: ApiContext) -> list[RuleSheet]:
    """All tables: those of the product, the school calendar, and the scenes' checklists."""
    return [*SHEETS.values(), *map(_checklist, services.inspections.checklists.names())]


def sheet_of(services: ApiContext, name: str) -> RuleSheet:
    """The table of this name; ``NotFoundError`` (``rules.table``) when there is none."""
    found = next((sheet for sheet in sheets(services) if sheet.name == name), None)
    if found is None:
        raise NotFoundError(f"没有规则表 {name[:40]}", f"there is no rule table {name[:40]!r}", code="rules.table")
    return found


def rows_at(services: ApiContext, sheet: RuleSheet, version: int | None) -> tuple[RuleVersion | None, Rows]:
    """The rows of a version, of the one in force (None), or what is built in (0, or nothing was published)."""
    number = services.rules.numbers().get(sheet.name, 0) if version is None else version
    if number == 0:
        return None, sheet.built_in(services)
    found, rows = services.rules.at(sheet.name, number)
    return found, [row.fields for row in rows]


def _catalogue(services: ApiContext) -> Catalogue:
    return services.rulebook.rules().catalogue


def _check_routes(services: ApiContext, rows: Sequence[SheetRow]) -> Import[Any]:
    units = services.units.list(SYSTEM)
    return routes_of(rows, _catalogue(services), {unit.id for unit in units} | {unit.code for unit in units})


def _example(services: ApiContext) -> list[dict[str, str]]:
    return [row for one in example_table(Catalogue.built_in()).conditions for row in condition_rows(one)]


def _checklist(named: tuple[str, Text]) -> RuleSheet:
    name, title = named
    return RuleSheet(
        TABLE_PREFIX + name,
        Text(f"检查表：{title.zh}", f"Checklist: {title.en}"),
        Text(
            "检查项目、方法、依据、权重、取证和定级；已做的检查保留当时的版本",
            "Items, methods, sources, weights, evidence, grades; inspections keep the version they were made with",
        ),
        CHECKLIST_COLUMNS,
        ("no",),
        lambda services: services.inspections.checklists.rows(name),
        lambda services, rows: checklist_items_of(rows),
    )


_ALL: Final = (
    RuleSheet(
        LOCAL_ITEMS,
        Text("地方扩展", "Local extension"),
        Text("国家标准之外由本市增加的部件和事项", "Components and matters of the city beside the national ones"),
        LOCAL_COLUMNS,
        ("kind", "class_code", "subclass_code"),
        lambda services: [],
        lambda services, rows: local_items_of(rows, Catalogue.built_in(), LOCAL_STANDARD),
    ),
    RuleSheet(
        CONDITIONS,
        Text("立结案条件", "Filing and closing conditions"),
        Text(
            "何时立案、多久处置、何时结案；已立案件不受新版本影响",
            "When to file, by when, when to close; filed cases keep theirs",
        ),
        CONDITION_COLUMNS,
        ("standard", "code", "number", "stage", "valid_from"),
        _example,
        lambda services, rows: conditions_of(rows, _catalogue(services)),
    ),
    RuleSheet(
        ROUTES,
        Text("派遣规则", "Routing"),
        Text("事项、区域、来源决定建议派往的单位", "Matter, place and source name the unit that is proposed"),
        ROUTE_COLUMNS,
        ("standard", "code", "area", "source", "valid_from"),
        lambda services: [],
        _check_routes,
    ),
    RuleSheet(
        DUPLICATE_RULES,
        Text("重复判定", "Duplicates"),
        Text("多近、多久之内可能是同一件事", "How near and how soon two reports may be the same"),
        RULE_COLUMNS,
        ("standard", "code"),
        lambda services: [duplicate_rule_row(rule) for rule in default_rules(Catalogue.built_in()).rules],
        lambda services, rows: duplicate_rules_of(rows, _catalogue(services)),
    ),
    RuleSheet(
        SCORES,
        Text("评分规则", "Scores of posts"),
        Text("各岗位按哪些指标、以多少权重评分", "By which indicators, weighing how much, a post is scored"),
        SCORE_COLUMNS,
        ("post", "indicator"),
        lambda services: score_rules_rows(built_in_rules()[0]),
        lambda services, rows: score_rules_of(rows, SCORES),
    ),
    RuleSheet(
        SCHOOL_CALENDAR,
        Text("校历", "School calendar"),
        Text("学期和假日；放假期间不产生检查任务", "Terms and holidays; nothing is due in the holidays"),
        SCHOOL_COLUMNS,
        ("kind", "name"),
        lambda services: school_rows(),
        lambda services, rows: school_spans_of(rows),
    ),
)
SHEETS: Final[Mapping[str, RuleSheet]] = MappingProxyType({sheet.name: sheet for sheet in _ALL})
"""The product's own tables by name, in the order in which they build on each other."""
