"""Reading inspections and hazards back: lists and one of them, of objects that the person sees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from cityops.access import Principal
from cityops.cases import Workflow, case_table
from cityops.cases.evidence import evidence_table
from cityops.inspections.checklists import Checklist
from cityops.inspections.tables import attachment_table, hazard_table, inspection_item_table, inspection_table
from cityops.inspections.views import (
    AnsweredItem,
    Attachment,
    Hazard,
    HazardFilter,
    Inspection,
    InspectionFilter,
)
from cityops.kit import Text
from cityops.registers import RegisterSpec, object_scope, register_object
from cityops.store import metadata

_i, _t, _h = inspection_table.c, inspection_item_table.c, hazard_table.c
_a, _e, _c, _o = attachment_table.c, evidence_table.c, case_table.c, register_object.c
_unit: Final = metadata.tables["unit"]
_OF_OBJECT: Final = (_o.code.label("object_code"), _o.title.label("object_title"))


def in_scope(principal: Principal, registers: Collection[RegisterSpec]) -> ColumnElement[bool]:
    """The objects of these registers that the person sees."""
    return or_(*(object_scope(principal, spec) for spec in registers)) if registers else _o.id.is_(None)


def inspections_query(visible: ColumnElement[bool], wanted: InspectionFilter) -> Select[Any]:
    """Inspections of visible objects, newest first."""
    joined = inspection_table.join(register_object, _o.id == _i.object_id)
    columns = [column for column in _i if column.name not in ("client_id", "inspector_id")]
    query = select(*columns, *_OF_OBJECT).select_from(joined).where(visible)
    for column, value in (
        (_i.scene, wanted.scene),
        (_i.plan, wanted.plan),
        (_i.object_id, wanted.object_id),
        (_i.result, wanted.result),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.from_ms is not None:
        query = query.where(_i.finished_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(_i.finished_ms < wanted.to_ms)
    return query.order_by(_i.finished_ms.desc(), _i.id.desc())


def inspection_of(row: RowMapping) -> Inspection:
    """A row of ``inspections_query``."""
    return Inspection(**{field.name: row[field.name] for field in fields(Inspection)})


def hazards_query(visible: ColumnElement[bool], wanted: HazardFilter, now_ms: int) -> Select[Any]:
    """Hazards of visible objects: open ones first, most urgent first, then the closed, newest first."""
    joined = hazard_table.join(case_table, _c.id == _h.case_id).join(register_object, _o.id == _h.object_id)
    late = and_(_c.ended.is_(False), _c.late_ms < now_ms)
    query = select(
        *_h,
        _c.number,
        _c.scene,
        _c.kind,
        _c.title_zh,
        _c.title_en,
        _c.state,
        _c.ended,
        _c.late_ms,
        _c.closed_ms,
        _c.rework,
        _c.reopened,
        _c.unit_name,
        late.label("late"),
        _o.register,
        *_OF_OBJECT,
    )
    query = query.select_from(joined).where(visible)
    for column, value in ((_c.scene, wanted.scene), (_h.grade, wanted.grade), (_h.object_id, wanted.object_id)):
        if value is not None:
            query = query.where(column == value)
    if wanted.ended is not None:
        query = query.where(_c.ended.is_(wanted.ended))
    if wanted.late is not None:
        query = query.where(late if wanted.late else ~func.coalesce(late, False))
    if wanted.q:
        words = (_c.number, _c.title_zh, _o.code, _o.title)
        query = query.where(or_(*(column.contains(wanted.q, autoescape=True) for column in words)))
    return query.order_by(_c.ended, func.coalesce(_c.late_ms, 0), _h.found_ms.desc(), _h.case_id)


def hazard_of(row: RowMapping, workflow: Callable[[str, str], Workflow]) -> Hazard:
    """A row of ``hazards_query``."""
    own = {name: row[name] for name in _HAZARD}
    state = workflow(row["scene"], row["kind"]).states[row["state"]]
    return Hazard(
        **own,
        title=Text(row["title_zh"], row["title_en"]),
        state_title=state.title.text,
        late=bool(row["late"]),
        due_ms=None if row["ended"] else row["late_ms"],
    )


_HAZARD: Final = tuple(
    field.name for field in fields(Hazard) if field.name not in ("title", "state_title", "late", "due_ms")
)


def answered_items(conn: Connection, inspection_id: str, checklist: Checklist | None) -> list[AnsweredItem]:
    """The answers of an inspection in the order of its checklist, beside what was asked."""
    query = select(inspection_item_table).where(_t.inspection_id == inspection_id)
    answers = {row["no"]: row for row in conn.execute(query).mappings()}
    items = () if checklist is None else checklist.items
    return [
        AnsweredItem(
            no=item.no,
            group=item.group,
            item=item.item,
            method=item.method,
            basis=item.basis,
            result=answers[item.no]["result"],
            words=answers[item.no]["words"],
            grade=answers[item.no]["grade"] or (item.grade if answers[item.no]["result"] == "failed" else None),
        )
        for item in items
        if item.no in answers
    ]


def attachments(conn: Connection, **of: str) -> list[Attachment]:
    """What is attached to an object (``object_id``) or an inspection (``inspection_id``), oldest first."""
    query = select(
        *(column for column in _a if column.name != "actor_id"), _e.kind, _e.media_type, _e.name, _e.uploader_name
    )
    query = query.join(evidence_table, _e.id == _a.evidence_id)
    query = query.where(*(_a[name] == value for name, value in of.items())).order_by(_a.added_ms, _a.evidence_id)
    return [Attachment(**row) for row in conn.execute(query).mappings()]


def unit_names(conn: Connection, ids: Collection[str | None]) -> dict[str | None, str]:
    """The names of units, by id."""
    rows = conn.execute(select(_unit.c.id, _unit.c.name).where(_unit.c.id.in_([one for one in ids if one])))
    return {row.id: row.name for row in rows}


def last_made(conn: Connection, pairs: Collection[tuple[str, str]], at_ms: int) -> Mapping[tuple[str, str], int]:
    """When each of these objects was last inspected for the plan (object id, plan)."""
    query = select(_i.object_id, _i.plan, func.max(_i.finished_ms)).where(
        _i.object_id.in_(sorted({one for one, _ in pairs})), _i.finished_ms <= at_ms
    )
    return {(row[0], row[1]): row[2] for row in conn.execute(query.group_by(_i.object_id, _i.plan))}
