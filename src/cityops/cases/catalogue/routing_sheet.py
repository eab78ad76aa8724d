"""The routing table as xlsx, one row a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from cityops.cases.catalogue.catalogue import Catalogue
from cityops.cases.catalogue.items import Kind
from cityops.cases.catalogue.routing import Route, clashes, unknown_units
from cityops.cases.catalogue.sheets import (
    Column,
    FieldError,
    Import,
    RowError,
    SheetRow,
    day_field,
    day_text,
    join_list,
    parse_one,
    read_rows,
    split_list,
    write_rows,
)

ROUTE_COLUMNS: Final[Sequence[Column]] = (
    Column("标准", "standard", required=False, width=22),
    Column("事项或大类代码", "code", required=False),
    Column("区域代码", "area", required=False, width=20),
    Column("来源", "source", required=False),
    Column("主办单位", "unit_id", required=True, width=28),
    Column("协办单位", "joint_unit_ids", required=False, width=40),
    Column("角色", "role", required=False),
    Column("生效日期", "valid_from", required=False),
    Column("失效日期", "valid_to", required=False),
    Column("备注", "note", required=False, width=40),
)


def import_routes(content: bytes, catalogue: Catalogue, units: Collection[str] | None = None) -> Import[Route]:
    """The rows in an xlsx. Rows that collide with one another are all refused: a person decides.

    Raises:
        InvalidError: ``import.file``: not such a table at all.
    """
    return routes_of(read_rows(content, ROUTE_COLUMNS), catalogue, units)


def export_routes(routes: Iterable[Route]) -> bytes:
    """The rows as xlsx; ``import_routes`` gives back the same."""
    rows = map(route_row, routes)
    return write_rows("派遣规则", ROUTE_COLUMNS, ([row[column.name] for column in ROUTE_COLUMNS] for row in rows))


def route_row(route: Route) -> dict[str, str]:
    """A row as text; ``routes_of`` reads it."""
    return {
        "standard": route.standard,
        "code": route.code,
        "area": route.area,
        "source": route.source,
        "unit_id": route.unit_id,
        "joint_unit_ids": join_list(route.joint_unit_ids),
        "role": route.role,
        "valid_from": day_text(route.valid_from),
        "valid_to": day_text(route.valid_to),
        "note": route.note,
    }


def routes_of(rows: Sequence[SheetRow], catalogue: Catalogue, units: Collection[str] | None = None) -> Import[Route]:
    """The rules in rows of text, with the errors of each row."""
    errors: list[RowError] = []
    read: list[tuple[Route, int]] = []
    for row in rows:
        route = parse_one(row, ROUTE_COLUMNS, lambda one: _route(one, catalogue, units))
        if isinstance(route, Route):
            read.append((route, row.row))
        else:
            errors.extend(route)
    by_pattern: dict[tuple[str, ...], list[Route]] = {}
    for route, _ in read:
        by_pattern.setdefault(route.pattern, []).append(route)
    valid: list[Route] = []
    for route, number in read:
        clash = clashes(by_pattern[route.pattern])
        if clash:
            errors.append(RowError(number, "", clash[0]))
        else:
            valid.append(route)
    return Import(valid, sorted(errors, key=lambda error: error.row), len(rows))


def _route(row: SheetRow, catalogue: Catalogue, units: Collection[str] | None) -> Route:
    fields = row.fields
    route = Route(
        standard=fields["standard"],
        code=fields["code"],
        area=fields["area"],
        source=fields["source"],
        unit_id=fields["unit_id"],
        joint_unit_ids=split_list(fields["joint_unit_ids"]),
        role=fields["role"],
        valid_from=day_field(row, "valid_from"),
        valid_to=day_field(row, "valid_to"),
        note=fields["note"],
    )
    if route.code:
        catalogue.check_pattern(Kind.MATTER, route.standard, route.code)
    missing = unknown_units(route, units) if units is not None else []
    if missing:
        raise FieldError("unit_id", "；".join(one.zh for one in missing), "; ".join(one.en for one in missing))
    return route
