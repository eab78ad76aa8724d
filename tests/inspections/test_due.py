"""What is due, overdue and covered; worked out by hand on a calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from tests.inspections.conftest import CANTEEN, EAST, WEST, Room, at

from cityops.inspections import Covered, DueFilter, Every, FoundHazard
from cityops.kit import SHANGHAI, NotFoundError
from cityops.registers import Condition, conditions_clause, register_object


def go_to(room: Room, moment: str) -> None:
    wanted = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    room.clock.advance((wanted - room.clock.now()).total_seconds())


def states(room: Room, who: str = "dispatcher", **wanted: Any) -> dict[tuple[str, str], str]:
    page = room.inspections.due(room.people[who], DueFilter(**wanted))
    assert page.total == len(page.items)
    return {(one.code, one.plan): one.state for one in page.items}


def test_an_object_is_due_by_the_first_rule_that_fits_it(room: Room) -> None:
    found = room.inspections.due(room.people["dispatcher"], DueFilter(plan="monthly"))
    assert {(one.code, one.every, one.period_from_ms, one.period_to_ms) for one in found.items} == {
        ("A", "half_month", at("2026-11-16"), at("2026-12-01")),  # over 1,000 served
        ("B", "month", at("2026-11-01"), at("2026-12-01")),
    }
    assert found.counts == {"pending": 2}


def test_pending_done_and_overdue_follow_the_calendar(room: Room) -> None:
    a = ("A", "monthly")
    assert states(room)[a] == "pending"
    room.record("inspector", room.monthly("inspector", "A"))
    assert states(room)[a] == "done"
    go_to(room, "2026-12-01 00:00")  # the next half month begins: due again, nothing missed
    assert states(room)[a] == "pending"
    go_to(room, "2026-12-15 23:59")
    assert states(room)[a] == "pending"
    go_to(room, "2026-12-16 00:00")
    found = room.inspections.due(room.people["dispatcher"], DueFilter(plan="monthly", object_id=room.objects["A"].id))
    assert [(one.state, one.period_from_ms, one.period_to_ms, one.last_ms) for one in found.items] == [
        ("overdue", at("2026-12-01"), at("2026-12-16"), at("2026-11-18 09:00"))
    ]
    room.record("inspector", room.monthly("inspector", "A"))
    assert states(room)[a] == "done"


def test_an_object_owes_only_periods_that_began_when_it_was_there(sqlite_room: Room) -> None:
    room = sqlite_room
    go_to(room, "2026-12-01 00:00")  # both came on 18 November: the second half had begun
    assert states(room, plan="monthly") == {("A", "monthly"): "pending", ("B", "monthly"): "pending"}
    go_to(room, "2027-01-01 00:00")
    assert states(room, plan="monthly") == {("A", "monthly"): "overdue", ("B", "monthly"): "overdue"}


def test_nothing_is_due_in_the_holidays_and_what_was_missed_before_stays(sqlite_room: Room) -> None:
    room = sqlite_room
    a, b = ("A", "daily"), ("B", "daily")
    go_to(room, "2027-01-22 12:00")  # the last day of the built-in term
    room.record("school1", room.daily("school1", "A"))
    assert states(room, plan="daily") == {a: "done", b: "overdue"}
    go_to(room, "2027-02-10 12:00")
    assert states(room, plan="daily") == {a: "idle", b: "overdue"}
    go_to(room, "2027-03-01 12:00")
    assert states(room, plan="daily")[a] == "pending"


def test_a_canteen_out_of_use_is_idle_and_an_archived_one_is_gone(sqlite_room: Room) -> None:
    room = sqlite_room
    keeper = room.people["keeper"]
    room.registers.update(keeper, room.objects["A"].id, 1, {"state": "closed"})
    room.registers.update(keeper, room.objects["B"].id, 1, {"state": "archived"})
    assert states(room) == {("A", "daily"): "idle", ("A", "monthly"): "idle"}


def test_who_sees_what_is_due(sqlite_room: Room) -> None:
    room = sqlite_room

    def codes(who: str, **wanted: Any) -> set[tuple[str, str]]:
        return set(states(room, who, **wanted))

    assert codes("school1") == {("A", "daily"), ("A", "monthly")}
    assert codes("market") == {(code, plan) for code in "AB" for plan in ("daily", "monthly")}
    assert codes("east") == {("B", "daily"), ("B", "monthly")}
    assert codes("school1", mine=True) == {("A", "daily")}  # the school checks itself
    assert codes("inspector", mine=True) == {("A", "monthly"), ("B", "monthly")}
    assert codes("auditor") == set()  # reads no such register
    assert codes("dispatcher", area=EAST) == {("B", "daily"), ("B", "monthly")}
    assert codes("dispatcher", q="A食") == {("A", "daily"), ("A", "monthly")}
    assert codes("dispatcher", state=("overdue",)) == set()
    assert codes("dispatcher", unit_id=room.units["school2"], plan="monthly") == {("B", "monthly")}


def test_the_nearest_come_first(sqlite_room: Room) -> None:
    room = sqlite_room

    def order(lon: float) -> list[str]:
        wanted = DueFilter(plan="monthly", near=(lon, 37.70))
        return [one.code for one in room.inspections.due(room.people["dispatcher"], wanted).items]

    assert (order(112.51), order(112.58)) == (["A", "B"], ["B", "A"])


def test_a_plan_of_a_register_that_somebody_may_not_read_is_not_there(sqlite_room: Room) -> None:
    room = sqlite_room
    with pytest.raises(NotFoundError):
        room.inspections.plan(room.people["auditor"], "school", "monthly")


def test_coverage_shows_what_was_not_inspected_beside_what_failed(room: Room) -> None:
    plan = room.inspections.plan(room.people["dispatcher"], "school", "monthly")
    go_to(room, "2026-12-20 09:00")
    room.canteen("C", "school1", "market", WEST, served=200)  # came after the month had begun
    room.record("inspector", room.monthly("inspector", "B", hazards=[FoundHazard("后厨电线裸露", "general")]))
    found = room.inspections.coverage(room.people["dispatcher"], plan, at("2026-12-20"))
    half = (at("2026-12-16"), at("2027-01-01"), True)
    month = (at("2026-12-01"), at("2027-01-01"), True)
    assert found == [
        Covered(Every.HALF_MONTH, *half, WEST, due=1, passed=0, failed=0, missing=1, idle=0, left_out=0),
        Covered(Every.MONTH, *month, WEST, due=1, passed=0, failed=0, missing=1, idle=0, left_out=0),
        Covered(Every.MONTH, *month, EAST, due=1, passed=0, failed=1, missing=0, idle=0, left_out=0),
    ]
    go_to(room, "2027-01-02 09:00")  # over: what came in the middle of it owed nothing
    over = room.inspections.coverage(room.people["dispatcher"], plan, at("2026-12-20"))
    assert [(one.area_code, one.due, one.missing, one.idle, one.running) for one in over if one.every == "month"] == [
        (WEST, 0, 0, 1, False),
        (EAST, 1, 0, 0, False),
    ]
    east = room.inspections.coverage(room.people["east"], plan, at("2026-12-20"))
    assert [(one.area_code, one.due) for one in east] == [(EAST, 1)]


CONDITIONS = st.one_of(
    st.builds(
        lambda name, values: Condition.model_validate({"field": name, "any_of": values}),
        st.sampled_from(["state", "kind", "meals", "boarding", "served", "note", "gone"]),
        st.lists(st.sampled_from(["primary", "lunch", "dinner", "active", "closed", True, False]), min_size=1),
    ),
    st.builds(
        lambda name, least: Condition.model_validate({"field": name, "least": least, "most": least + 500}),
        st.sampled_from(["served", "kind", "boarding"]),
        st.integers(0, 1500),
    ),
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["primary", "senior"]),
        "meals": st.lists(st.sampled_from(["lunch", "dinner"]), min_size=1, unique=True),
        "boarding": st.booleans(),
        "served": st.integers(0, 2000),
        "note": st.sampled_from(["primary", "12", "true", "说明"]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.lists(DATA, min_size=1, max_size=6), conditions=st.lists(CONDITIONS, max_size=3))
def test_conditions_mean_the_same_in_sql(room: Room, data: list[dict[str, Any]], conditions: list[Condition]) -> None:
    """On both databases, and also for fields that are not there or of another kind."""
    with room.store.read() as conn:
        row = dict(conn.execute(select(register_object).where(register_object.c.code == "A")).mappings().one())
    rows = [{**row, "id": f"X{number}", "code": f"X{number}", "data": one} for number, one in enumerate(data)]
    room.store.write(lambda conn: conn.execute(register_object.delete().where(register_object.c.code.startswith("X"))))
    room.store.write(lambda conn: conn.execute(insert(register_object), rows))
    query = select(register_object.c.id).where(
        register_object.c.code.startswith("X"), conditions_clause(CANTEEN, conditions)
    )
    with room.store.read() as conn:
        found = set(conn.execute(query).scalars())
    assert found == {one["id"] for one in rows if all(item.holds(one["state"], one["data"]) for item in conditions)}
