"""Duplicates (重复案件): which open cases may already be about the same thing."""

from cityops.cases.duplicates.nearby import (
    Candidate,
    change_matter,
    find_duplicates,
    find_same_vehicle,
    record_matter,
    set_matter_open,
)
from cityops.cases.duplicates.rules import (
    RULE_COLUMNS,
    DuplicateRule,
    DuplicateRules,
    default_rules,
    duplicate_rule_row,
    duplicate_rules_of,
    export_duplicate_rules,
    import_duplicate_rules,
)
from cityops.cases.duplicates.tables import case_matter_table

__all__ = [
    "RULE_COLUMNS",
    "Candidate",
    "DuplicateRule",
    "DuplicateRules",
    "case_matter_table",
    "change_matter",
    "default_rules",
    "duplicate_rule_row",
    "duplicate_rules_of",
    "export_duplicate_rules",
    "find_duplicates",
    "find_same_vehicle",
    "import_duplicate_rules",
    "record_matter",
    "set_matter_open",
]
