"""Lists of objects (查询): what narrows them, and their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_

from cityops.kit import InvalidError
from cityops.registers.declaration import ARCHIVED, RegisterField, RegisterSpec
from cityops.registers.tables import register_object
from cityops.registers.values import ObjectFilter, Sort

PAGE_LIMIT: Final = 1000
_o = register_object.c


def wanted_objects(spec: RegisterSpec, wanted: ObjectFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter; ``InvalidError`` for a field that the table is not narrowed by."""
    state, unit_id, q, ids = wanted.get("state"), wanted.get("unit_id"), wanted.get("q"), wanted.get("ids")
    yield _o.state == state if state is not None else _o.state != ARCHIVED
    if unit_id is not None:
        yield or_(_o.unit_id == unit_id, _o.supervisor_id == unit_id)
    area = wanted.get("area")
    if area:
        yield _o.area_code.startswith(area, autoescape=True)
    if q:
        yield or_(_o.code.contains(q, autoescape=True), _o.title.contains(q, autoescape=True))
    if ids is not None:
        yield _o.id.in_(ids)
    bbox = wanted.get("bbox")
    if bbox is not None:
        west, south, east, north = bbox
        yield _o.lon.between(west, east) & _o.lat.between(south, north)
    for name, value in (wanted.get("fields") or {}).items():
        field = spec.field(name)
        if field is None or not field.filter:
            raise InvalidError(f"不能按“{name}”筛选", f"cannot be narrowed by {name!r}", code="register.filter")
        yield _has_value(field, value)


def ordered(query: Select[Any], sort: Sort) -> Select[Any]:
    """The query in an order that is the same every time."""
    if sort == "newest":
        return query.order_by(_o.updated_ms.desc(), _o.code)
    return query.order_by(*((_o.title, _o.code) if sort == "title" else (_o.code,)))


def _has_value(field: RegisterField, value: str) -> ColumnElement[bool]:
    found: Any = _o.data[field.name]
    if field.kind == "boolean":
        return found.as_boolean() == (value == "true")  # type: ignore[no-any-return]
    if field.kind == "choices":  # its JSON text; an option's value holds no quotation mark
        return found.as_string().contains(f'"{value}"', autoescape=True)  # type: ignore[no-any-return]
    return found.as_string() == value  # type: ignore[no-any-return]
