"""Which areas a person's figures and calendars cover, and the centres (综治中心) that answer for an area."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, false, or_, select, true

from cityops.access import Principal, Role, UnitKind
from cityops.kit import InvalidError, Text
from cityops.places import City
from cityops.store import metadata

_unit: Final = metadata.tables["unit"]
_DISTRICT_DIGITS: Final = 6
_DIGITS: Final = (12, 9, _DISTRICT_DIGITS)
_NOT_KEPT: Final = Text("没有登记，填写的内容仍在页面上", "nothing was registered; what you typed is still on the page")


def areas_of(conn: Connection, principal: Principal) -> tuple[str, ...] | None:
    """The areas that a person sees sums and calendars of; ``None``: the whole city.

    Units and their people: the area of their unit and all below it. Cases are not opened by this.
    """
    if principal.role.is_of_unit or principal.role.is_of_field:
        query = select(_unit.c.area_code).where(_unit.c.id == principal.unit_id)
        code = conn.execute(query).scalar()
        return () if code is None else (code,)
    if principal.role is Role.DISTRICT or principal.area_codes:
        return principal.area_codes
    return None


def within(column: ColumnElement[Any], areas: tuple[str, ...] | None) -> ColumnElement[bool]:
    """The condition that a code lies in one of the areas."""
    if areas is None:
        return true()
    return or_(false(), *(column.startswith(_prefix(code), autoescape=True) for code in areas))


def _prefix(code: str) -> str:
    """What codes inside an area begin with; a city's own code ends in two noughts that its districts do not have."""
    return code.removesuffix("00") if len(code) == _DISTRICT_DIGITS else code


def centres(conn: Connection) -> list[RowMapping]:
    """All centres, by area."""
    query = select(_unit).where(_unit.c.kind == UnitKind.MEDIATION.value).order_by(_unit.c.area_code, _unit.c.code)
    return list(conn.execute(query).mappings())


def centre_for(conn: Connection, principal: Principal, named: str | None, area_code: str | None) -> RowMapping:
    """The centre that a new case lies with: the person's own, the one named, or the lowest that holds the place.

    Raises:
        InvalidError: ``dispute.no_centre``: none of these is a centre.
    """
    own = principal.unit_id if principal.role.is_of_unit or principal.role.is_of_field else None
    wanted = own or named
    found = centres(conn)
    if wanted is not None:
        fitting = [row for row in found if wanted in (row["id"], row["code"])]
    else:
        fitting = [row for row in found if area_code and area_code.startswith(_prefix(row["area_code"] or "-"))]
    if not fitting:
        raise InvalidError(
            "没有可承办的综治中心",
            "there is no centre to hold it",
            code="dispute.no_centre",
            kept=_NOT_KEPT,
            todo=Text("请选择综治中心，或在地图上选点", "choose a centre, or a point on the map"),
        )
    return max(fitting, key=lambda row: len(row["area_code"] or ""))


def point_of(city: City, area_code: str | None) -> tuple[float, float] | tuple[None, None]:
    """A case's (lon, lat): of the smallest division that is known, never of somebody's door; or neither."""
    known = {division.code for division in city.divisions}
    for digits in _DIGITS:
        if area_code and area_code[:digits] in known:
            return city.point_in(area_code[:digits])
    return None, None


def place_names(city: City, area_code: str | None) -> dict[str, str]:
    """The names of the divisions that an area code lies in, as places of cases have them."""
    names = {division.code: division.name for division in city.divisions}
    code = area_code or ""
    found = {
        "district_code": code[:6] if code[:6] in names else "",
        "district_name": names.get(code[:6], ""),
        "street_name": names.get(code[:9], "") if len(code) >= 9 else "",
        "community_name": names.get(code[:12], "") if len(code) >= 12 else "",
    }
    return {name: value for name, value in found.items() if value}
