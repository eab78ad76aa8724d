"""A published overlay holds at once for what begins then, everywhere within a second, and never for a running clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.scenes.overlay.conftest import ACCEPT, ACCEPTOR, ADMIN, Centre, service

from cityops.access import SYSTEM, AuditFilter, list_audit
from cityops.cases import DeadlineWatch
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, WorkingCalendar

HOUR = timedelta(hours=1)


def test_a_new_case_has_the_new_limit_an_old_one_the_old_and_a_roll_back_the_built_in(centre: Centre) -> None:
    old = centre.report("旧案")
    assert centre.allowed(old) == HOUR
    assert centre.publish({ACCEPT: "2"}) == 1
    new = centre.report("新案")
    assert (centre.allowed(new), centre.allowed(old)) == (2 * HOUR, HOUR)
    watch = DeadlineWatch(centre.store, centre.clock, centre.ids, centre.overlays.workflows, WorkingCalendar.official())
    watch.recompute_provisional()
    assert (centre.allowed(new), centre.allowed(old)) == (2 * HOUR, HOUR)
    made = centre.desk().roll_back(ADMIN, 0, expected_version=1, note="恢复")
    assert (made.version, made.rows) == (2, 0)
    assert centre.allowed(centre.report("又一案")) == HOUR
    assert (centre.allowed(new), centre.allowed(old)) == (2 * HOUR, HOUR)
    again = centre.desk().roll_back(ADMIN, 1, expected_version=2, note="再放宽")
    assert (again.version, again.copied_from) == (3, 1)
    assert centre.allowed(centre.report("第四案")) == 2 * HOUR


def test_another_process_sees_it_within_a_second(centre: Centre) -> None:
    other = centre.another_process()
    key = ("urban_management", "urban_case")

    def amount() -> float:
        return getattr(other.workflows[key].tasks["accept_desk"].limit, "amount", 0)

    assert amount() == 1
    centre.publish({ACCEPT: "2"})
    assert amount() == 1
    centre.clock.advance(1.0)
    assert amount() == 2


def test_words_of_notices_steps_and_services_change_and_nothing_else_does(quick_centre: Centre) -> None:
    title = "workflows.urban_case.title.zh"
    code = next(iter(quick_centre.overlays.services)).code
    quick_centre.publish({title: "城管事件", f"services.{code}.notice.zh": "本市提示"})
    assert quick_centre.cases.workflow("urban_management", "urban_case").title.zh == "城管事件"
    assert service(quick_centre.overlays, code).notice == "本市提示"
    assert service(quick_centre.another_process(), code).notice != ""


def test_publishing_untried_is_refused_unless_a_person_says_why(centre: Centre) -> None:
    desk = centre.desk()
    with pytest.raises(ConflictError) as refused:
        desk.publish(ADMIN, {ACCEPT: "2"}, expected_version=0, note="放宽", untried_reason=" ")
    assert refused.value.code == "overlay.untried"
    trial = desk.ask_trial(ADMIN, {ACCEPT: "3"}, 0)
    centre.trials.step()
    with pytest.raises(ConflictError):  # other values than the tried ones
        desk.publish(ADMIN, {ACCEPT: "2"}, expected_version=0, note="放宽", untried_reason="")
    made = desk.publish(ADMIN, {ACCEPT: "3.0"}, expected_version=0, note="放宽", untried_reason="")
    assert (made.version, made.note) == (1, "放宽")
    assert centre.trials.get(ADMIN, trial.trial_id).state == "done"
    with pytest.raises(ConflictError):  # tried on version 0, which is in force no more
        desk.publish(ADMIN, {ACCEPT: "3"}, expected_version=1, note="放宽", untried_reason="")
    said = desk.publish(ADMIN, {ACCEPT: "2"}, expected_version=1, note="应急", untried_reason="台风")
    assert "台风" in said.note
    with centre.store.read() as conn:
        lines = list_audit(conn, SYSTEM, AuditFilter(action="rules.publish")).items
    assert [("台风" in (line.purpose or "")) for line in lines] == [True, False]


def test_who_may_not_publish_changes_nothing(quick_centre: Centre) -> None:
    desk = quick_centre.desk()
    with pytest.raises(ForbiddenError):
        desk.publish(ACCEPTOR, {ACCEPT: "2"}, expected_version=0, note="x", untried_reason="x")
    with pytest.raises(ForbiddenError):
        desk.roll_back(ACCEPTOR, 0, expected_version=0, note="x")
    with pytest.raises(InvalidError, match="must be a number"):
        desk.publish(ADMIN, {ACCEPT: "many"}, expected_version=0, note="x", untried_reason="x")
    with pytest.raises(ConflictError):
        desk.publish(ADMIN, {ACCEPT: "2"}, expected_version=4, note="x", untried_reason="x")
    with pytest.raises(NotFoundError):
        quick_centre.desk("no_such_scene")
    assert quick_centre.overlays.in_force("urban_management").version == 0


def test_versions_are_compared_with_the_built_in_value_where_one_says_nothing(quick_centre: Centre) -> None:
    quick_centre.publish({ACCEPT: "2"})
    quick_centre.publish({}, expected=1)
    changes = quick_centre.desk().changes(1, 2)
    assert [(one.before["value"], one.after["value"]) for one in changes.changed] == [("2", "1")]
    assert (changes.added, changes.removed) == ((), ())
    assert [one.version for one in quick_centre.desk().history()] == [2, 1]


def test_the_sheet_goes_out_and_comes_back(quick_centre: Centre) -> None:
    desk = quick_centre.desk()
    quick_centre.publish({ACCEPT: "2"})
    values, errors = desk.read_sheet(desk.sheet(None))
    assert (values, errors) == ({ACCEPT: "2"}, [])
    values, errors = desk.read_sheet(desk.sheet(0))
    assert (values, errors) == ({}, [])


def test_detection_is_given_the_figures_and_says_from_when(quick_centre: Centre) -> None:
    path = "detectors.overspeed.parameters.tolerance_share"
    before = {one.id: one for one in quick_centre.overlays.detectors()}["overspeed"]
    quick_centre.publish({path: "0.2"}, scene="key_vehicles")
    after = {one.id: one for one in quick_centre.overlays.detectors()}["overspeed"]
    quick_centre.overlays.taken(after, before)
    with quick_centre.store.read() as conn:
        (line,) = list_audit(conn, SYSTEM, AuditFilter(action="detection.retune")).items
    assert (line.object_id, line.actor_name) == ("key_vehicles.overspeed", SYSTEM.display_name)
    assert line.detail == {"figures": ["tolerance_share 0.1 → 0.2"]}
