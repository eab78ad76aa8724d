"""Drills with timings: who presses what when, against targets and the last drill, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select
from tests.plans.conftest import SPEC, Town

from cityops.access import Principal, Role, verify_audit
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cityops.plans import DrillSpec, DrillView, NewDrill, NewPress
from cityops.plans.tables import drill_press_table, drill_table


def run(town: Town) -> DrillView:
    """Near out after 50 s, far after 130 s, 118 of 120 counted after 200 s, water after 300 s, end after 400 s."""
    drill = town.planned()
    town.press(drill, "start")
    for seconds, step in ((50, "near"), (80, "far")):
        town.clock.advance(seconds=seconds)
        town.press(drill, step)
    town.clock.advance(seconds=70)
    town.press(drill, "counted", people=118)
    town.clock.advance(seconds=100)
    town.press(drill, "water", who=town.brigade)
    town.clock.advance(seconds=100)
    return town.press(drill, "finish", words="二层疏散慢，增设一名引导员")


def test_every_step_against_its_target(town: Town) -> None:
    drill = run(town)
    assert [(step.step, step.elapsed_ms, step.late_ms) for step in drill.steps] == [
        ("near", 50_000, -10_000),
        ("far", 130_000, 10_000),
        ("counted", 200_000, -40_000),
        ("water", 300_000, None),
    ]
    assert (drill.in_time, drill.with_target, drill.duration_ms) == (2, 3, 400_000)
    assert (drill.people_expected, drill.people_counted, drill.missing) == (120, 118, 2)
    assert drill.state == "finished"
    assert drill.steps[3].actor == "BRIGADE"
    assert drill.findings == "二层疏散慢，增设一名引导员"
    assert town.fulfilled == [("market_drill", drill.drill_id)]


def test_late_is_judged_in_whole_seconds(town: Town) -> None:
    """60.9 s are shown as 1:00 and meet a target of one minute; 61 s do not."""
    drill = town.planned()
    town.press(drill, "start")
    town.clock.advance(seconds=61)
    near = town.press(drill, "near", age_ms=100).steps[0]
    assert (near.elapsed_ms, near.late_ms) == (60_900, 0)
    assert near.press_id is not None
    town.drills.withdraw(town.market, drill.drill_id, near.press_id, "再按")
    assert town.press(drill, "near").steps[0].late_ms == 1_000


def test_beside_the_drill_before(town: Town) -> None:
    first = run(town)
    town.clock.advance(seconds=3600)
    second = town.planned()
    assert second.last_drill_id == first.drill_id
    town.press(second, "start")
    town.clock.advance(seconds=40)
    after = town.press(second, "near")
    assert [(step.elapsed_ms, step.last_ms) for step in after.steps] == [
        (40_000, 50_000),
        (None, 130_000),
        (None, 200_000),
        (None, 300_000),
    ]
    assert town.drills.get(town.market, first.drill_id).last_drill_id is None


def test_pressed_without_a_network(town: Town) -> None:
    """Start and two steps arrive together, 90 s late; the record holds when they were pressed."""
    drill = town.planned()
    town.clock.advance(seconds=90)
    town.press(drill, "start", age_ms=90_000)
    town.press(drill, "near", age_ms=45_000)
    sent = NewPress("late", "far", 10_000)
    after = town.drills.press(town.market, drill.drill_id, sent)
    assert [step.elapsed_ms for step in after.steps] == [45_000, 80_000, None, None]
    town.clock.advance(seconds=5)
    again = town.drills.press(town.market, drill.drill_id, NewPress("late", "far", 15_000))
    assert [step.elapsed_ms for step in again.steps] == [45_000, 80_000, None, None]
    press = next(one for one in again.presses if one.step == "far")
    assert (press.received_at - press.pressed_at).total_seconds() == 10


def test_a_slow_request_does_not_shut_the_faster_one_behind_it_out(town: Town) -> None:
    """The start was 3 s on its way, the step pressed 1 s after it and the finish 2 s after it none at all."""
    drill = town.planned()
    town.clock.advance(seconds=3)
    town.press(drill, "start")
    after = town.press(drill, "near", age_ms=2_000)
    assert [step.elapsed_ms for step in after.steps] == [0, None, None, None]
    ended = town.press(drill, "finish", words="好", age_ms=1_000)
    assert (ended.state, ended.duration_ms) == ("finished", 0)


def test_a_step_out_of_order_is_taken_and_shown(town: Town) -> None:
    drill = town.planned()
    town.press(drill, "start")
    town.clock.advance(seconds=10)
    after = town.press(drill, "far")
    assert [title.en for title in after.steps[1].before] == ["Near out"]
    town.clock.advance(seconds=10)
    after = town.press(drill, "near")
    assert [title.en for title in after.steps[1].before] == ["Near out"]
    assert after.steps[0].before == ()


def test_two_people_press_one_step(town: Town) -> None:
    drill = town.planned()
    town.press(drill, "start")
    town.press(drill, "near")
    with pytest.raises(ConflictError, match="MARKET pressed this step already"):
        town.press(drill, "near", who=town.brigade)
    assert len(town.drills.get(town.market, drill.drill_id).presses) == 2


def test_withdrawn_stays_on_the_record_and_can_be_pressed_again(town: Town) -> None:
    drill = town.planned()
    town.press(drill, "start")
    town.clock.advance(seconds=5)
    wrong = town.press(drill, "near")
    press_id = wrong.steps[0].press_id
    assert press_id is not None
    town.drills.withdraw(town.market, drill.drill_id, press_id, "按错")
    with pytest.raises(NotFoundError):
        town.drills.withdraw(town.market, drill.drill_id, press_id, "按错")
    town.clock.advance(seconds=25)
    after = town.press(drill, "near")
    assert after.steps[0].elapsed_ms == 30_000
    assert [(one.step, one.withdrawn_reason) for one in after.presses] == [
        ("start", None),
        ("near", "按错"),
        ("near", None),
    ]
    start = after.presses[0].press_id
    with pytest.raises(NotFoundError):
        town.drills.withdraw(town.market, drill.drill_id, start, "按错")


@pytest.mark.parametrize(
    ("step", "values", "error"),
    [
        ("near", {"people": 3}, InvalidError),
        ("counted", {}, InvalidError),
        ("counted", {"people": -1}, InvalidError),
        ("unknown", {}, InvalidError),
        ("near", {"age_ms": 24 * 3_600_000 + 1}, InvalidError),
        ("near", {"age_ms": 20_001}, InvalidError),
        ("finish", {}, InvalidError),
        ("finish", {"words": "好", "age_ms": 15_001}, InvalidError),
        ("start", {}, ConflictError),
    ],
)
def test_refused_in_a_running_drill(
    town: Town, step: str, values: dict[str, int | str], error: type[Exception]
) -> None:
    """The drill started 10 s ago, and far was pressed 5 s ago."""
    drill = town.planned()
    town.press(drill, "start")
    town.clock.advance(seconds=5)
    town.press(drill, "far")
    town.clock.advance(seconds=5)
    with pytest.raises(error):
        town.press(drill, step, **values)  # type: ignore[arg-type]
    after = town.drills.get(town.market, drill.drill_id)
    assert (after.state, len(after.presses)) == ("running", 2)


def test_nothing_is_pressed_before_the_start_or_after_the_end(town: Town) -> None:
    drill = town.planned()
    with pytest.raises(ConflictError):
        town.press(drill, "near")
    ended = run(town)
    for step, words in (("water", ""), ("finish", "好")):
        with pytest.raises(ConflictError):
            town.press(ended, step, words=words)
    with pytest.raises(ConflictError):
        town.drills.abort(town.market, ended.drill_id, "不办了")


def test_called_off(town: Town) -> None:
    drill = town.planned()
    with pytest.raises(InvalidError):
        town.drills.abort(town.market, drill.drill_id, "  ")
    after = town.drills.abort(town.market, drill.drill_id, "大风")
    assert (after.state, after.findings, after.duration_ms) == ("aborted", "大风", None)
    with pytest.raises(ConflictError):
        town.press(drill, "start")


def test_planned_twice_is_one(town: Town) -> None:
    new = NewDrill("fire_safety", "evacuation", town.market_id, town.clock.now_ms(), 100, "same")
    assert town.drills.plan(town.market, new).drill_id == town.drills.plan(town.market, new).drill_id
    with town.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(drill_table)).scalar_one() == 1


def test_who_sees_it(town: Town) -> None:
    drill = town.planned()
    assert [one.drill_id for one in town.drills.list(town.brigade).items] == [drill.drill_id]
    assert town.drills.list(town.other).total == 0
    with pytest.raises(NotFoundError):
        town.drills.get(town.other, drill.drill_id)
    with pytest.raises(NotFoundError):
        town.press(drill, "start", who=town.other)
    with pytest.raises(NotFoundError):
        town.drills.plan(town.other, NewDrill("fire_safety", "evacuation", town.market_id, 0, 10, "x"))
    with pytest.raises(ForbiddenError):
        town.press(drill, "start", who=Principal("a", "a", "a", Role.AUDITOR))
    assert town.drills.list(town.market, state="running").total == 0
    assert [(scene, spec.name) for scene, spec in town.drills.kinds(town.market)] == [("fire_safety", "evacuation")]


def test_the_plan_is_what_it_was(town: Town) -> None:
    """The targets are those of the day it was planned, whatever the declaration says later."""
    drill = town.planned()
    shorter = SPEC.model_copy(update={"steps": SPEC.steps[:1]})
    later = town.drills_with(shorter)
    assert len(later.get(town.market, drill.drill_id).steps) == 4
    assert len(later.kinds(town.market)[0][1].steps) == 1


def test_audit(town: Town) -> None:
    run(town)
    with town.store.read() as conn:
        assert verify_audit(conn).ok


@given(names=st.lists(st.sampled_from(["near", "far", "counted", "water", "start", "finish"]), max_size=8))
def test_a_declaration_names_every_step_once(names: list[str]) -> None:
    """Start and finish are every drill's own, and a drill has steps."""
    steps = [{"name": name, "title": {"zh": "步", "en": "Step"}} for name in names]
    sound = bool(names) and len(set(names)) == len(names) and not {"start", "finish"} & set(names)
    document = {**SPEC.model_dump(by_alias=True, mode="json"), "steps": steps}
    if sound:
        assert [step.name for step in DrillSpec.model_validate(document).steps] == names
    else:
        with pytest.raises(ValidationError):
            DrillSpec.model_validate(document)


def test_after_names_an_earlier_step() -> None:
    document = SPEC.model_dump(by_alias=True, mode="json")
    document["steps"][0]["after"] = ["far"]
    with pytest.raises(ValidationError, match="not above it"):
        DrillSpec.model_validate(document)


def test_presses_are_rows_nobody_deletes(town: Town) -> None:
    run(town)
    with town.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(drill_press_table)).scalar_one() == 6
