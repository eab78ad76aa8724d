"""The live stream's own rule of scope equals the one that narrows every query."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, select

from cityops.access import Principal, Role, scope_clause
from cityops.api.live_scope import Owner, in_scope
from cityops.api.live_words import Audience

UNITS = st.sampled_from([None, "u1", "u2"])
AREAS = st.sampled_from([None, "140105", "140105003", "140106", "1401"])
CREWS = st.sampled_from([None, "c1", "c2"])
PEOPLE = st.builds(
    Principal,
    account_id=st.sampled_from(["a1", "a2"]),
    username=st.just("u"),
    display_name=st.just("d"),
    role=st.sampled_from(Role),
    unit_id=UNITS,
    area_codes=st.sampled_from([(), ("140105",), ("1401",), ("140106", "140105003")]),
    crew_id=CREWS,
)
TABLE = Table("thing", MetaData(), Column("unit", String), Column("area", String), Column("crew", String))


def asked_in_sql(person: Principal, owner: Owner) -> bool:
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    crew = TABLE.c.crew if owner.has_crew else None
    clause = scope_clause(person, unit_column=TABLE.c.unit, area_column=TABLE.c.area, crew_column=crew)
    with engine.begin() as conn:
        conn.execute(insert(TABLE), {"unit": owner.unit_id, "area": owner.area_code, "crew": owner.crew_id})
        found = conn.execute(select(TABLE).where(clause)).one_or_none()
    engine.dispose()
    return found is not None


@given(PEOPLE, UNITS, AREAS, CREWS, st.booleans())
def test_the_two_rules_of_scope_agree(
    person: Principal, unit: str | None, area: str | None, crew: str | None, has_crew: bool
) -> None:
    owner = Owner(unit, area, crew, has_crew)
    assert in_scope(person, owner) == asked_in_sql(person, owner)


@given(PEOPLE, PEOPLE, UNITS, AREAS, CREWS, st.booleans())
def test_one_audience_sees_the_same(
    one: Principal, other: Principal, unit: str | None, area: str | None, crew: str | None, has_crew: bool
) -> None:
    if Audience.of(one) == Audience.of(other):
        owner = Owner(unit, area, crew, has_crew)
        assert in_scope(one, owner) == in_scope(other, owner)
        assert one.permissions == other.permissions
