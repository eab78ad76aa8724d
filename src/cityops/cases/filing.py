"""Filing standards of a case (立案标准): which may be chosen, and the one that was, kept with the case.

What was chosen is copied onto the case: a later version of the city's table changes nothing for cases already filed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, RowMapping, select

from cityops.cases.catalogue import CONDITIONS, ItemKey, Kind, filing_standards
from cityops.cases.duplicates import case_matter_table
from cityops.cases.records import Act
from cityops.cases.rulebook import Rulebook, Rules
from cityops.cases.standards import Standard, chosen_standard, kept_standard
from cityops.cases.workflow import Effect, FormField, Option, Transition, Workflow

OTHER: Final = "other"
"""Name of the standard for matters that the city's table says nothing about."""


class Filing:
    """The standards a case may be filed under: those its workflow declares, or the city's condition table's.

    Args:
        rulebook: the city's rules.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def standards(self, conn: Connection, workflow: Workflow, case: RowMapping) -> Mapping[str, Standard]:
        """By name, those in force today for the case's matter; of every matter when the case has none yet."""
        if workflow.standards != "conditions":
            return workflow.standards
        rules, key = self._rulebook.rules(conn), matter_of(conn, case["id"])
        found = _standards_of(rules, key)
        if workflow.other_standard is not None and (key is None or not found):
            found[OTHER] = workflow.other_standard
        return found

    def options(self, conn: Connection, workflow: Workflow, case: RowMapping, field: FormField) -> tuple[Option, ...]:
        """The choices of a field for this case: those declared, the filing standards, or the standard's closings."""
        if field.kind == "standard":
            offered = self.standards(conn, workflow, case)
            return tuple(
                Option(value=name, title=entry.title, note=entry.limits_in_words) for name, entry in offered.items()
            )
        if field.kind == "closing":
            chosen = chosen_standard(case)
            closings = {} if chosen is None else chosen.closings
            return tuple(Option(value=name, title=title) for name, title in closings.items())
        return field.options

    def choose(self, act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
        """The effect ``set_standard``: copy the standard that the form names onto the case."""
        field = transition.field_of("standard")
        assert field is not None  # the check at load holds this
        name = act.form[field.name]
        standard = self.standards(act.conn, act.workflow, act.case())[name]
        version = self._rulebook.rules(act.conn).versions[CONDITIONS]
        act.set_case(standard=name, standard_data=kept_standard(version, standard), closing=None)


def matter_of(conn: Connection, case_id: str) -> ItemKey | None:
    """The matter (事项) a case was reported under; ``None`` when nobody has said."""
    matter = case_matter_table.c
    row = conn.execute(select(matter.standard, matter.kind, matter.code).where(matter.case_id == case_id)).one_or_none()
    return None if row is None else ItemKey(row.standard, Kind(row.kind), row.code)


def _standards_of(rules: Rules, key: ItemKey | None) -> dict[str, Standard]:
    return filing_standards(rules.conditions, rules.catalogue, rules.on, key)
