"""Where a report would go by the routing table, with the units by name (派遣建议)."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Connection, or_, select

from cityops.cases.catalogue import ItemKey, RoutedCase
from cityops.cases.rulebook import Rules
from cityops.cases.views import SuggestedUnits, UnitChoice
from cityops.kit import Text
from cityops.places import PlaceInfo
from cityops.store import metadata

_unit: Final = metadata.tables["unit"]


def routed(key: ItemKey, place: PlaceInfo | None, source: str, on: date) -> RoutedCase:
    """What the router looks at, with the finest known code of the place."""
    return RoutedCase(key, "" if place is None else finest_code(place), source, on)


def finest_code(place: PlaceInfo) -> str:
    """Code of the grid, else of the community, the street, the district; empty outside the city."""
    return place.grid_code or place.community_code or place.street_code or place.district_code


def suggested_units(conn: Connection, rules: Rules, case: RoutedCase) -> SuggestedUnits:
    """The units that the routing table names, and why.

    A unit that does not exist (any more) is told in the words and not suggested.
    """
    decision = rules.router.explain(case)
    winner, why = decision.winner, decision.words
    if winner is None:
        return SuggestedUnits(None, (), why)
    units = {name: _find(conn, name) for name in (winner.unit_id, *winner.joint_unit_ids)}
    for name, unit in units.items():
        if unit is None:
            why = Text(f"{why.zh}没有单位 {name}。", f"{why.en} There is no unit {name}.")
        else:
            why = Text(why.zh.replace(name, unit.unit_name, 1), why.en.replace(name, unit.unit_name, 1))
    joint = (units[name] for name in winner.joint_unit_ids)
    return SuggestedUnits(units[winner.unit_id], tuple(unit for unit in joint if unit is not None), why)


def _find(conn: Connection, name: str) -> UnitChoice | None:
    query = select(_unit.c.id, _unit.c.name).where(or_(_unit.c.id == name, _unit.c.code == name))
    row = conn.execute(query).first()
    return None if row is None else UnitChoice(row.id, row.name)
