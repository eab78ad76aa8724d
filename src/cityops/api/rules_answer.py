"""The rules' answers: tables, versions, differences, catalogue entries, and the explanation of a route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from cityops.access import SYSTEM
from cityops.api.context import ApiContext
from cityops.api.present import place_at
from cityops.api.reading import show
from cityops.api.rule_sheets import RuleSheet, rows_at, sheets
from cityops.api.schemas import Bilingual
from cityops.api.schemas.intake import ImportRowError
from cityops.api.schemas.rules import (
    CatalogueRow,
    ChangedRule,
    ConsideredRoute,
    RouteAnswer,
    RouteQuestion,
    RuleChanges,
    RuleCheck,
    RuleColumn,
    RuleTableSummary,
    RuleVersionRow,
    StageExplained,
    StandardExplained,
)
from cityops.cases import Rules
from cityops.cases.catalogue import (
    CatalogueItem,
    Changes,
    Considered,
    Import,
    ItemKey,
    RuleVersion,
    SheetRow,
    compare,
    route_row,
)
from cityops.cases.intake import finest_code
from cityops.kit import InvalidError, Text, WorkingCalendar, from_ms

MAX_CHANGES: Final = 500
"""Different rows that an answer lists of each kind; it says how many there were."""


def table_summary(services: ApiContext, sheet: RuleSheet, rules: Rules) -> RuleTableSummary:
    """What is in force of a table."""
    version, rows = rows_at(services, sheet, None)
    return RuleTableSummary(
        name=sheet.name,
        title=words(sheet.title),
        hint=words(sheet.hint),
        version=0 if version is None else version.version,
        rows=len(rows),
        published=None if version is None else version_row(version),
        left_out=[show(ImportRowError, fault) for fault in rules.faults.get(sheet.name, [])],
        columns=[
            RuleColumn(
                name=one.name,
                heading=one.heading,
                required=one.required,
                words={cell: words(text) for cell, text in one.words.items()},
            )
            for one in sheet.columns
        ],
    )


def version_row(version: RuleVersion) -> RuleVersionRow:
    """A published version."""
    return RuleVersionRow(
        version=version.version,
        rows=version.rows,
        copied_from=version.copied_from,
        note=version.note,
        actor_name=version.actor_name,
        published_at=from_ms(version.published_ms),
    )


def changes_answer(changes: Changes) -> RuleChanges:
    """The differences of two versions, bounded."""
    return RuleChanges(
        added=[dict(row) for row in changes.added[:MAX_CHANGES]],
        changed=[
            ChangedRule(before=dict(one.before), after=dict(one.after), fields=list(one.fields))
            for one in changes.changed[:MAX_CHANGES]
        ],
        removed=[dict(row) for row in changes.removed[:MAX_CHANGES]],
        added_count=len(changes.added),
        changed_count=len(changes.changed),
        removed_count=len(changes.removed),
    )


def check_answer(services: ApiContext, sheet: RuleSheet, rows: list[SheetRow], found: Import[Any]) -> RuleCheck:
    """What is wrong in a sheet, and what it would change."""
    before = rows_at(services, sheet, None)[1]
    return RuleCheck(
        rows=found.rows,
        valid=not found.errors,
        errors=[show(ImportRowError, error) for error in found.errors],
        changes=changes_answer(compare(before, (row.fields for row in rows), sheet.key)),
    )


def entry(item: CatalogueItem, rules: Rules) -> CatalogueRow:
    """An entry of the catalogue with the number of its conditions in force."""
    local = {standard.name for standard in rules.catalogue.standards if standard.local}
    return CatalogueRow(
        path=item.key.path,
        standard=item.standard,
        kind=item.kind.value,
        code=item.code,
        name=item.name,
        class_code=item.class_code,
        class_name=item.class_name,
        local=item.standard in local,
        conditions=len(rules.conditions.of(item.key, rules.on)),
    )


def route_answer(services: ApiContext, asked: RouteQuestion) -> RouteAnswer:
    """Where a case would go and by when, and why.

    Raises:
        NotFoundError: no such matter. InvalidError: ``rules.grid``: no such unit grid; ``rules.point``: half a point.
    """
    rules, key = services.rulebook.rules(), ItemKey.of_path(asked.matter)
    item = rules.catalogue.get(key)
    point = _point(services, asked)
    place = None if point is None else services.city.locate(*point)
    moment = services.clock.now() if asked.at is None else asked.at
    decision = services.intake.explain_route(key, place, asked.source, moment.date())
    units = {name: unit.name for unit in services.units.list(SYSTEM) for name in (unit.id, unit.code)}
    duplicates = rules.duplicates
    return RouteAnswer(
        matter=entry(item, rules),
        place=None if point is None or place is None else place_at(*point, place),
        area="" if place is None else finest_code(place),
        words=_with_names(decision.words, units),
        unit_name=None if decision.winner is None else units.get(decision.winner.unit_id),
        considered=[_considered(one, decision.winner is one.route, units) for one in decision.considered],
        total=decision.total,
        standards=list(_standards(rules, key, moment)),
        duplicate_radius_m=duplicates.of(key).radius_m,
        duplicate_window_h=duplicates.of(key).window_h,
        kin=[rules.catalogue.get(one).name for one in duplicates.kin(key) if one != key and rules.catalogue.has(one)],
    )


def _point(services: ApiContext, asked: RouteQuestion) -> tuple[float, float] | None:
    if asked.grid is not None:
        found = next((one for one in services.city.find(asked.grid, 1) if one.name == asked.grid), None)
        if found is None:
            raise InvalidError(
                f"没有单元网格 {asked.grid}", f"there is no unit grid {asked.grid}", code="rules.grid", todo=_CHOOSE
            )
        return found.lon, found.lat
    if asked.lon is None and asked.lat is None:
        return None
    if asked.lon is None or asked.lat is None:
        raise InvalidError("经度和纬度要同时填写", "give both longitude and latitude", code="rules.point", todo=_CHOOSE)
    return asked.lon, asked.lat


_CHOOSE: Final = Text("请在地图上选点，或填写网格编码", "Choose a point on the map, or give a grid's code")


def _considered(one: Considered, wins: bool, units: Mapping[str, str]) -> ConsideredRoute:
    return ConsideredRoute(
        row=route_row(one.route),
        unit_name=units.get(one.route.unit_id),
        fits=one.fits,
        wins=wins,
        why=words(one.why),
    )


def _standards(rules: Rules, key: ItemKey, moment: datetime) -> Iterable[StandardExplained]:
    calendar = WorkingCalendar.official()
    for condition in rules.conditions.of(key, moment.date()):
        yield StandardExplained(
            number=condition.number,
            filing=condition.filing,
            closing=condition.closing,
            stages=[
                StageExplained(
                    name=due.stage.name,
                    due_at=due.result.due,
                    explanation=words(due.result.explanation),
                    provisional=due.result.provisional,
                    planned=due.planned,
                )
                for due in condition.deadlines(moment, calendar)
            ],
        )


def _with_names(text: Text, units: Mapping[str, str]) -> Bilingual:
    zh, en = text.zh, text.en
    for name, title in units.items():
        zh, en = zh.replace(f"派往 {name}：", f"派往“{title}”："), en.replace(f"To {name}:", f"To {title!r}:")
    return Bilingual(zh=zh, en=en)


def words(text: Text) -> Bilingual:
    """Words as an answer."""
    return Bilingual(zh=text.zh, en=text.en)


def all_tables(services: ApiContext) -> list[RuleTableSummary]:
    """Every table with what is in force."""
    rules = services.rulebook.rules()
    return [table_summary(services, sheet, rules) for sheet in sheets(services)]
