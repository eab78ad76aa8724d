"""Correcting the matter of a case (更正事项): while it is with the desk, before it is filed under a standard."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from cityops.access import Permission, Principal
from cityops.cases.catalogue import CatalogueItem
from cityops.cases.duplicates import change_matter
from cityops.cases.engine import Cases
from cityops.cases.opening import kept_units
from cityops.cases.scope import case_scope
from cityops.cases.stepping import KEPT, not_found, stale
from cityops.cases.tables import case_table
from cityops.cases.views import SuggestedUnits
from cityops.kit import ConflictError, InvalidError, Text


def case_to_correct(conn: Connection, cases: Cases, principal: Principal, case_id: str, version: int) -> RowMapping:
    """The case, held until the transaction ends.

    Raises:
        ForbiddenError: without ``cases.open``. NotFoundError: no such case for this person.
        InvalidError: ``intake.no_matter``: it was opened without a matter.
        ConflictError: ``case.stale``; ``intake.filed``: it is no longer with the desk.
    """
    principal.require(Permission.CASES_OPEN)
    query = select(case_table).where(case_table.c.id == case_id, case_scope(principal)).with_for_update()
    case = conn.execute(query).mappings().one_or_none()
    if case is None:
        raise not_found()
    if case["version"] != version:
        raise stale(case["number"])
    if case["matter"] is None:
        raise InvalidError(
            "这类案件没有目录事项", "such a case has no matter of the catalogue", code="intake.no_matter", kept=KEPT
        )
    if case["state"] != cases.workflow(case["scene"], case["kind"]).initial:
        raise ConflictError(
            "案件已立案，不能更正事项",
            "the case is filed; its matter can no longer be corrected",
            code="intake.filed",
            kept=KEPT,
            todo=Text("请先退回受理员，再更正", "let it be returned to the acceptor first"),
        )
    return case


def write_matter(
    conn: Connection, cases: Cases, principal: Principal, case: RowMapping, item: CatalogueItem, units: SuggestedUnits
) -> None:
    """The right matter on the case, in the search of duplicates and on the timeline."""
    change_matter(conn, case["id"], item.key)
    words = Text(
        f"更正事项：{case['matter_name']} → {item.name}", f"Matter corrected: {case['matter_name']} → {item.name}"
    )
    change = {"matter": str(item.key), "matter_name": item.name, "suggested": kept_units(units)}
    cases.note_in(conn, principal, case["id"], "matter_corrected", words, change)
