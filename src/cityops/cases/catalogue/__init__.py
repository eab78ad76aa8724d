"""Catalogue (部件和事项目录), filing and closing conditions (立结案条件), routing (派遣规则)."""

from cityops.cases.catalogue.catalogue import NATIONAL, OLDER, Catalogue
from cityops.cases.catalogue.codes import ComponentId, MatterCode, is_class, is_code
from cityops.cases.catalogue.comparing import ChangedRow, Changes, compare
from cityops.cases.catalogue.condition_sheet import (
    CONDITION_COLUMNS,
    EXAMPLE,
    condition_rows,
    conditions_of,
    example_table,
    export_conditions,
    import_conditions,
)
from cityops.cases.catalogue.conditions import (
    Condition,
    ConditionTable,
    MonthDay,
    RunsFrom,
    Season,
    Stage,
    StageDeadline,
)
from cityops.cases.catalogue.filing import filing_standards
from cityops.cases.catalogue.items import CatalogueItem, ItemKey, Kind, Standard
from cityops.cases.catalogue.local_sheet import (
    LOCAL_COLUMNS,
    export_local_items,
    import_local_items,
    local_item_row,
    local_items_of,
)
from cityops.cases.catalogue.pinyin import Reading
from cityops.cases.catalogue.routing import Considered, Decision, Fit, Route, RoutedCase, Router
from cityops.cases.catalogue.routing_sheet import ROUTE_COLUMNS, export_routes, import_routes, route_row, routes_of
from cityops.cases.catalogue.search import MAX_QUERY, CatalogueSearch, Match
from cityops.cases.catalogue.sheets import (
    Column,
    FieldError,
    Import,
    RowError,
    SheetRow,
    day_field,
    parse_one,
    read_rows,
    whole_number,
    write_rows,
)
from cityops.cases.catalogue.tables import rule_row_table, rule_version_table
from cityops.cases.catalogue.versions import (
    CONDITIONS,
    DUPLICATE_RULES,
    LOCAL_ITEMS,
    PUBLISHED,
    ROUTES,
    RuleTables,
    RuleVersion,
)

__all__ = [
    "CONDITIONS",
    "CONDITION_COLUMNS",
    "DUPLICATE_RULES",
    "EXAMPLE",
    "LOCAL_COLUMNS",
    "LOCAL_ITEMS",
    "MAX_QUERY",
    "NATIONAL",
    "OLDER",
    "PUBLISHED",
    "ROUTES",
    "ROUTE_COLUMNS",
    "Catalogue",
    "CatalogueItem",
    "CatalogueSearch",
    "ChangedRow",
    "Changes",
    "Column",
    "ComponentId",
    "Condition",
    "ConditionTable",
    "Considered",
    "Decision",
    "FieldError",
    "Fit",
    "Import",
    "ItemKey",
    "Kind",
    "Match",
    "MatterCode",
    "MonthDay",
    "Reading",
    "Route",
    "RoutedCase",
    "Router",
    "RowError",
    "RuleTables",
    "RuleVersion",
    "RunsFrom",
    "Season",
    "SheetRow",
    "Stage",
    "StageDeadline",
    "Standard",
    "compare",
    "condition_rows",
    "conditions_of",
    "day_field",
    "example_table",
    "export_conditions",
    "export_local_items",
    "export_routes",
    "filing_standards",
    "import_conditions",
    "import_local_items",
    "import_routes",
    "is_class",
    "is_code",
    "local_item_row",
    "local_items_of",
    "parse_one",
    "read_rows",
    "route_row",
    "routes_of",
    "rule_row_table",
    "rule_version_table",
    "whole_number",
    "write_rows",
]
