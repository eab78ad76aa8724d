"""Who may do what, and who sees which rows. The table of permissions is typed again from the contract on purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, select

from cityops.access import ROLE_PERMISSIONS, SYSTEM, Permission, Principal, Role, mask_phone, mask_plate, scope_clause
from cityops.kit import ForbiddenError

_LOOKS = "registers.read inspections.read"
_INSPECTS = f"{_LOOKS} inspections.record"
_DESK = (
    f"{_LOOKS} map.read alerts.read alerts.act cases.read cases.report cases.open crews.read units.read learn.read"
    " plates.read contacts.read rules.read"
)
_SENDS = f"{_DESK} cases.dispatch cases.check cases.close rectification.review closures.manage devices.read patrol.read"
CONTRACT = {
    "administrator": f"{_LOOKS} accounts.manage devices.read devices.approve units.read map.read audit.read learn.read"
    " rules.read rules.publish registers.manage",
    "acceptor": _DESK,
    "dispatcher": _SENDS,
    "shift_leader": f"{_SENDS} cases.supervise tipoffs.handle registers.manage",
    "collector": f"{_INSPECTS} map.read cases.read cases.report cases.handle rules.read patrol.report",
    "unit": f"{_INSPECTS} map.read cases.read cases.report unit.handle units.read learn.read rules.read"
    " rectification.submit rectification.review",
    "handler": f"{_INSPECTS} map.read cases.read cases.report unit.handle",
    "crew": f"{_INSPECTS} map.read cases.read cases.handle crews.read crews.report plates.read",
    "enterprise": f"{_INSPECTS} map.read alerts.read cases.read rectification.submit units.read learn.read plates.read",
    "district": f"{_INSPECTS} map.read alerts.read cases.read units.read crews.read learn.read",
    "analyst": f"{_LOOKS} map.read alerts.read cases.read learn.read units.read",
    "auditor": f"{_LOOKS} audit.read cases.read alerts.read",
}


def person(role: Role, *, unit: str | None = None, areas: tuple[str, ...] = (), crew: str | None = None) -> Principal:
    return Principal("01A", "someone", "某人", role, unit_id=unit, area_codes=areas, crew_id=crew)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_exactly_what_the_contract_says(role: Role) -> None:
    assert {permission.value for permission in ROLE_PERMISSIONS[role]} == set(CONTRACT[role.value].split())
    who = person(role)
    for permission in Permission:
        if permission.value in CONTRACT[role.value].split():
            who.require(permission)
        else:
            with pytest.raises(ForbiddenError, match=permission.value):
                who.require(permission)


def test_the_machine_never_decides_for_a_person() -> None:
    for permission in (
        Permission.CASES_DISPATCH,
        Permission.CASES_HANDLE,
        Permission.CASES_CHECK,
        Permission.CASES_CLOSE,
        Permission.RECTIFICATION_SUBMIT,
        Permission.RECTIFICATION_REVIEW,
        Permission.CREWS_REPORT,
        Permission.CLOSURES_MANAGE,
    ):
        assert not SYSTEM.can(permission)
    for permission in (Permission.ALERTS_ACT, Permission.CASES_OPEN, Permission.CASES_READ, Permission.PLATES_READ):
        assert SYSTEM.can(permission)


ROWS = [
    # name, unit, area, crew
    ("a", "U1", "140105", "K1"),
    ("b", "U1", "140106", "K2"),
    ("c", "U2", "140105001", "K1"),
    ("d", "U2", "140106002003", None),
    ("e", None, None, "K3"),
    ("f", "U3", "1401", None),
]


def seen(who: Principal, *, with_crew: bool = True) -> str:
    table = Table(
        "t", MetaData(), Column("name", String), Column("u", String), Column("a", String), Column("k", String)
    )
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        table.create(conn)
        conn.execute(insert(table), [dict(zip(["name", "u", "a", "k"], row, strict=True)) for row in ROWS])
        crew = table.c.k if with_crew else None
        clause = scope_clause(who, unit_column=table.c.u, area_column=table.c.a, crew_column=crew)
        names = "".join(conn.execute(select(table.c.name).where(clause).order_by(table.c.name)).scalars())
    engine.dispose()
    return names


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ACCEPTOR, Role.DISPATCHER, Role.ANALYST, Role.AUDITOR])
def test_city_roles_see_the_whole_city_or_their_areas(role: Role) -> None:
    assert seen(person(role)) == "abcdef"
    assert seen(person(role, areas=("140105",))) == "ac"
    assert seen(person(role, unit="U1", crew="K1")) == "abcdef"


def test_an_enterprise_sees_its_own_unit_only() -> None:
    assert seen(person(Role.ENTERPRISE, unit="U1")) == "ab"
    assert seen(person(Role.ENTERPRISE, unit="U1", areas=("140105",), crew="K1")) == "ab"
    assert seen(person(Role.ENTERPRISE)) == ""


def test_a_district_sees_its_areas_and_all_below_them() -> None:
    assert seen(person(Role.DISTRICT, areas=("140105",))) == "ac"
    assert seen(person(Role.DISTRICT, areas=("140105", "140106002"))) == "acd"
    assert seen(person(Role.DISTRICT, areas=("1401",))) == "abcdf"
    assert seen(person(Role.DISTRICT)) == ""


def test_a_crew_sees_its_own() -> None:
    assert seen(person(Role.CREW, unit="U2", crew="K1")) == "ac"
    assert seen(person(Role.CREW, unit="U2")) == ""
    assert seen(person(Role.CREW, unit="U2", crew="K1"), with_crew=False) == "cd"
    assert seen(person(Role.CREW, crew="K1"), with_crew=False) == ""


def test_the_machine_sees_everything() -> None:
    assert seen(SYSTEM) == "abcdef"


def test_a_table_without_the_column_shows_nothing_to_who_is_scoped_by_it() -> None:
    none = {"unit_column": None, "area_column": None}
    for who in (
        person(Role.ENTERPRISE, unit="U1"),
        person(Role.DISTRICT, areas=("1401",)),
        person(Role.CREW, unit="U"),
    ):
        assert str(scope_clause(who, unit_column=none["unit_column"], area_column=none["area_column"])) == "false"


def test_plates_are_masked_for_who_may_not_read_them() -> None:
    for role in Role:
        reads = role in (Role.ACCEPTOR, Role.DISPATCHER, Role.SHIFT_LEADER, Role.CREW, Role.ENTERPRISE)
        assert mask_plate("晋A12345", person(role)) == ("晋A12345" if reads else "晋A·***45")
    assert mask_plate("晋AD12345", person(Role.AUDITOR)) == "晋A·****45"
    assert mask_plate("晋A·12345", person(Role.ANALYST)) == "晋A·***45"
    assert mask_plate("12", person(Role.ANALYST)) == "**"
    assert mask_plate("", person(Role.ANALYST)) == ""


def test_phones_are_masked() -> None:
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("0351-1234567") == "035*****4567"
    assert mask_phone("12345") == "*****"
    assert mask_phone("") == ""


@given(st.text("晋京A0123456789DF", min_size=5, max_size=8))
def test_a_masked_plate_never_shows_more_than_four_characters(plate: str) -> None:
    shown = [letter for letter in mask_plate(plate, person(Role.ANALYST)) if letter not in "*·"]
    assert len(shown) <= 4
