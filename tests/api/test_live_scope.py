"""The live stream's own rule of scope equals the one that narrows every query."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, select

from cityops.access import Principal, Role, scope_clause
from cityops.api.live_scope import CaseOwner, Owner, case_owner, in_scope
from cityops.api.live_words import Audience
from cityops.cases import case_scope, case_table, reporter_table, task_table

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
TABLE = Table("thing", MetaData(), Column("unit", String), Column("area", String))


ACCOUNTS = st.sampled_from([None, "a1", "a2"])
TASKS = st.lists(st.tuples(UNITS, ACCOUNTS, st.booleans()), max_size=3)
CASE = {"kind": "case", "number": "N", "scene": "s", "title_zh": "t", "title_en": "t", "state": "filed"}


def asked_in_sql(person: Principal, owner: Owner) -> bool:
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    clause = scope_clause(person, unit_column=TABLE.c.unit, area_column=TABLE.c.area)
    with engine.begin() as conn:
        conn.execute(insert(TABLE), {"unit": owner.unit_id, "area": owner.area_code})
        found = conn.execute(select(TABLE).where(clause)).one_or_none()
    engine.dispose()
    return found is not None


@given(PEOPLE, UNITS, AREAS)
def test_the_two_rules_of_scope_agree(person: Principal, unit: str | None, area: str | None) -> None:
    owner = Owner(unit, area)
    assert in_scope(person, owner) == asked_in_sql(person, owner)


@given(PEOPLE, UNITS, AREAS, CREWS, TASKS, st.lists(ACCOUNTS, max_size=2))
def test_a_case_is_heard_of_by_exactly_those_who_may_read_it(
    person: Principal,
    unit: str | None,
    area: str | None,
    crew: str | None,
    tasks: list[tuple[str | None, str | None, bool]],
    reporters: list[str | None],
) -> None:
    engine = create_engine("sqlite://")
    for table in (case_table, task_table, reporter_table):
        table.create(engine)
    with engine.begin() as conn:
        of_case: dict[str, Any] = {
            "id": "C",
            "unit_id": unit,
            "area_code": area,
            "crew_id": crew,
            "severity": 1,
            "place": {},
        }
        times = {"opened_ms": 0, "changed_ms": 0, "version": 1, "rework": 0, "reopened": 0, "ended": False}
        conn.execute(insert(case_table), {**CASE, **of_case, **times})
        for at, (unit_id, person_id, ended) in enumerate(tasks):
            task = {"id": f"T{at}", "case_id": "C", "kind": "k", "state": "open", "owner": "named", "data": {}}
            guest = unit_id is not None and unit_id != unit  # as every write of a task keeps it
            who = {"unit_id": unit_id, "person_id": person_id, "ended": ended, "lead": False, "created_ms": 0}
            conn.execute(insert(task_table), {**task, **who, "guest": guest})
        for at, account in enumerate(reporters):
            report = {"id": f"R{at}", "case_id": "C", "channel": "hotline", "account_id": account, "at_ms": 0}
            conn.execute(insert(reporter_table), report)
        readable = conn.execute(select(case_table.c.id).where(case_scope(person))).scalar() is not None
        owner = case_owner(conn, "C")
    engine.dispose()
    assert owner is not None
    assert in_scope(person, owner) == readable


@given(PEOPLE, PEOPLE, UNITS, AREAS, CREWS, st.sets(UNITS), st.sets(ACCOUNTS), st.sets(ACCOUNTS))
def test_one_audience_sees_the_same(
    one: Principal,
    other: Principal,
    unit: str | None,
    area: str | None,
    crew: str | None,
    units: set[str | None],
    people: set[str | None],
    reporters: set[str | None],
) -> None:
    if Audience.of(one) == Audience.of(other):
        named = [frozenset(value for value in group if value is not None) for group in (units, people, reporters)]
        for owner in (Owner(unit, area), CaseOwner(unit, area, crew, *named)):
            assert in_scope(one, owner) == in_scope(other, owner)
        assert one.permissions == other.permissions
