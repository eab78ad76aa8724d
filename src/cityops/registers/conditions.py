"""Conditions on objects in SQL (条件): the same answer as ``Condition.holds``, for lists of ten thousand objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, true

from cityops.registers.declaration import Condition, RegisterSpec
from cityops.registers.tables import register_object


def conditions_clause(spec: RegisterSpec, conditions: Iterable[Condition]) -> ColumnElement[bool]:
    """Whether an object of this register fulfils all conditions; a missing value fulfils none. Never NULL."""
    return and_(true(), *(func.coalesce(_clause(spec, one), false()) for one in conditions))


def _clause(spec: RegisterSpec, condition: Condition) -> ColumnElement[bool]:
    if condition.field == "state":
        return register_object.c.state.in_([str(one) for one in condition.any_of])
    field, found = spec.field(condition.field), register_object.c.data[condition.field]
    if field is None:
        return false()
    if condition.any_of:
        return or_(*(_is(field.kind, found, one) for one in condition.any_of))
    if field.kind not in ("integer", "number"):
        return false()
    bounds = (found.as_float() >= condition.least if condition.least is not None else true(),
              found.as_float() <= condition.most if condition.most is not None else true())  # fmt: skip
    return and_(*bounds)


def _is(kind: str, found: Any, value: str | bool) -> ColumnElement[bool]:
    if kind == "boolean" or isinstance(value, bool):
        return found.as_boolean() == value if kind == "boolean" and isinstance(value, bool) else false()
    if kind == "choices":  # its JSON text; an option's value holds no quotation mark
        return found.as_string().contains(f'"{value}"', autoescape=True)  # type: ignore[no-any-return]
    return found.as_string() == value if kind not in ("integer", "number") else false()
