"""Trying routes and checklists (派遣规则、检查表试算) on the reports and inspections of the last days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, func, select

from cityops.access import SYSTEM, Units
from cityops.cases import Rules, reporter_table
from cityops.cases.catalogue import ROUTES, ItemKey, Kind, Route, Router, SheetRow, routes_of
from cityops.cases.duplicates import case_matter_table
from cityops.cases.intake import routed
from cityops.inspections import (
    TABLE_PREFIX,
    Checklist,
    checklist_items_of,
    inspection_item_table,
    inspection_table,
    points_of,
)
from cityops.kit import InvalidError, from_ms
from cityops.places import City
from cityops.scenes.overlay.progress import Progress
from cityops.scenes.overlay.results import Move, TableTrial
from cityops.store import Store

BATCH: Final = 1_000
SHOWN: Final = 20
NOBODY: Final = "—"
_m, _r, _i, _a = case_matter_table.c, reporter_table.c, inspection_table.c, inspection_item_table.c

Fields = Sequence[Mapping[str, str]]


def try_routes(
    store: Store, rules: Rules, city: City, units: Units, fields: Fields, since_ms: int, progress: Progress
) -> TableTrial:
    """The reports filed from ``since_ms`` on: which unit the routes in force name for each, and which these would."""
    after = Router((), routes_of(_sheet(fields), rules.catalogue).valid)
    moves: Counter[tuple[str, str]] = Counter()
    counted = 0
    channel = select(func.min(_r.channel)).where(_r.case_id == _m.case_id).scalar_subquery()
    query = select(case_matter_table, channel.label("channel")).where(_m.opened_ms >= since_ms)
    for row in _rows(store, query, _m.case_id, progress):
        key = ItemKey(row["standard"], Kind(row["kind"]), row["code"])
        place, day = city.locate(row["lon"], row["lat"]), from_ms(row["opened_ms"]).date()
        case = routed(key, place, row["channel"] or "", day)
        moves[_unit(rules.router.decide(case)), _unit(after.decide(case))] += 1
        counted += 1
    names = {name: unit.name for unit in units.list(SYSTEM) for name in (unit.id, unit.code)}
    return _found(ROUTES, counted, moves, names)


def try_checklist(store: Store, in_force: Checklist, fields: Fields, since_ms: int, progress: Progress) -> TableTrial:
    """The inspections made with a checklist from ``since_ms`` on, scored by the weights in force and by these."""
    before = {item.no: item.weight for item in in_force.items}
    after = {item.no: item.weight for item in checklist_items_of(_sheet(fields)).valid}
    moves: Counter[tuple[str, str]] = Counter()
    sums, counted = [0.0, 0.0], 0
    query = select(_i.id, _i.finished_ms).where(_i.checklist == in_force.name, _i.finished_ms >= since_ms)
    for row in _rows(store, query, _i.id, progress):
        with store.read() as conn:
            found = conn.execute(select(_a.no, _a.result).where(_a.inspection_id == row["id"])).all()
        results = [(no, result) for no, result in found]
        was, would = points_of(before, results), points_of(after, results)
        if was is not None and would is not None:
            counted += 1
            sums = [sums[0] + was, sums[1] + would]
            moves[f"{was:.1f}", f"{would:.1f}"] += 1
    result = _found(f"{TABLE_PREFIX}{in_force.name}", counted, moves, {})
    means = {"mean_before": round(sums[0] / counted, 1), "mean_after": round(sums[1] / counted, 1)} if counted else {}
    return result.model_copy(update=means)


def may_be_tried(table: str) -> bool:
    """Whether the past says something about a table's rows: routes and checklists."""
    return table == ROUTES or table.startswith(TABLE_PREFIX)


def not_tried(table: str) -> InvalidError:
    """A table whose rows are not tried on the past."""
    return InvalidError(f"规则表 {table[:64]} 不能试算", f"rule table {table[:64]} is not tried", code="trial.table")


def _rows(store: Store, query: Select[Any], key: ColumnElement[str], progress: Progress) -> Iterator[RowMapping]:
    """All rows, some at a time by their key, with the progress."""
    with store.read() as conn:
        progress.expect(conn.execute(select(func.count()).select_from(query.subquery())).scalar_one())
    last = ""
    while True:
        with store.read() as conn:
            rows = conn.execute(query.where(key > last).order_by(key).limit(BATCH)).mappings().all()
        yield from rows
        progress.advance(len(rows))
        if len(rows) < BATCH:
            return
        last = rows[-1][key.name]


def _sheet(fields: Fields) -> list[SheetRow]:
    return [SheetRow(number, dict(row)) for number, row in enumerate(fields, start=2)]


def _unit(route: Route | None) -> str:
    return NOBODY if route is None else route.unit_id


def _found(table: str, counted: int, moves: Counter[tuple[str, str]], names: Mapping[str, str]) -> TableTrial:
    other = Counter({move: count for move, count in moves.items() if move[0] != move[1]})
    return TableTrial(
        table=table,
        counted=counted,
        different=other.total(),
        moves=tuple(
            Move(before=names.get(was, was), after=names.get(would, would), count=count)
            for (was, would), count in other.most_common(SHOWN)
        ),
    )
