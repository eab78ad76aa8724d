"""What a city may change is exactly what is marked; merged it is checked as a declaration; a fault names its row."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenes.overlay.conftest import ACCEPT, ACCEPT_UNIT
from tests.scenes.rooms import installed_scenes

from cityops.detection import parameters_of
from cityops.scenes.overlay.merging import Declared

URBAN = "workflows.urban_case"
STRUCTURE = {
    "initial", "from", "to", "do", "permission", "roles", "owner", "stage", "end", "aside", "waiting", "requires",
    "number_prefix", "confidential", "levels", "task", "states", "effects", "intake", "matter", "case",
}  # fmt: skip


@cache
def declared(scene: str) -> Declared:
    found = installed_scenes()[scene]
    return Declared(found.spec, found.detectors())


@pytest.mark.parametrize("scene", sorted(installed_scenes()))
def test_every_value_put_in_as_it_is_gives_the_declaration(scene: str) -> None:
    one = declared(scene)
    merged = one.merge({path: leaf.value for path, leaf in one.leaves.items()})
    assert merged.faults == ()
    assert merged.spec.model_copy(update={"detectors": ()}) == one.spec.model_copy(update={"detectors": ()})
    plain = one.merge({})
    assert [parameters_of(a) for a in merged.detectors] == [parameters_of(b) for b in plain.detectors]
    assert len({leaf.place for leaf in one.leaves.values()}) == len(one.leaves)


@pytest.mark.parametrize("scene", sorted(installed_scenes()))
def test_no_structure_can_be_changed(scene: str) -> None:
    last = {leaf.place[-1] for leaf in declared(scene).leaves.values() if leaf.place[-2] != "parameters"}
    assert last.isdisjoint(STRUCTURE)


def test_what_a_city_may_change_of_urban_management() -> None:
    leaf = declared("urban_management").leaves[ACCEPT]
    assert (leaf.kind, leaf.value, leaf.number, leaf.about.zh) == (
        "limit",
        "1",
        True,
        "城市管理案件 · 任务 · 受理立案 · 时限 · 数值",
    )
    unit = declared("urban_management").leaves[ACCEPT_UNIT]
    assert (unit.value, unit.options) == (
        "urgent_hour",
        ("urgent_hour", "working_hour", "working_day", "calendar_day"),
    )
    vehicles = declared("key_vehicles").leaves
    assert vehicles["detectors.overspeed.opens_case_at"].value == "critical"
    assert vehicles["detectors.no_data.opens_case_at"].value == "-"
    assert vehicles["detectors.continuous_driving.parameters.coach.night_limit_s"].value == "7200"
    assert vehicles["detectors.continuous_driving.parameters.limit_s"].value == "14400"


@given(st.dictionaries(st.sampled_from(sorted(declared("urban_management").leaves)), st.integers(1, 400)))
def test_only_what_the_rows_name_is_different(wanted: dict[str, int]) -> None:
    one = declared("urban_management")
    limits = [path for path in wanted if one.leaves[path].place[-1] == "amount"]
    merged = one.merge({path: str(wanted[path]) for path in limits})
    assert merged.faults == ()
    before, after = (spec.model_dump(mode="json", by_alias=True) for spec in (one.spec, merged.spec))
    for path in limits:
        place = one.leaves[path].place
        assert at(after, place) == wanted[path]
        put(after, place, at(before, place))
    assert after == before


def at(data: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        data = data[key]
    return data


def put(data: Any, place: tuple[str | int, ...], value: Any) -> None:
    at(data, place[:-1])[place[-1]] = value


@pytest.mark.parametrize(
    ("scene", "path", "value", "said"),
    [
        ("urban_management", f"{URBAN}.initial", "closed", "nothing that a city may change"),
        ("urban_management", f"{URBAN}.transitions.file.permission", "cases.read", "nothing that a city may change"),
        ("urban_management", ACCEPT, "many", "must be a number"),
        ("urban_management", ACCEPT, "nan", "must be a number"),
        ("urban_management", ACCEPT, "0", "limit"),
        ("urban_management", ACCEPT, "-4", "limit"),
        ("urban_management", ACCEPT_UNIT, "weeks", "must be one of urgent_hour"),
        ("urban_management", f"{URBAN}.title.zh", " ", "1 to 1000 characters"),
        ("urban_management", f"{URBAN}.title.zh", "案件 {number}", "no braces"),
        ("urban_management", f"{URBAN}.tasks.supervision.notice.body.zh", "案件 {numer}", "nothing fills {numer}"),
        ("urban_management", f"{URBAN}.tasks.supervision.notice.body.zh", "案件 {number", "do not pair"),
        ("key_vehicles", "detectors.overspeed.opens_case_at", "grave", "must be one of notice"),
        ("key_vehicles", "detectors.continuous_driving.parameters.limit_s", "-1", "a whole number from 0"),
        ("key_vehicles", "detectors.continuous_driving.parameters.limit_s", "3600.5", "a whole number from 0"),
        ("key_vehicles", "detectors.continuous_driving.parameters.limit_h", "4", "nothing that a city may change"),
    ],
)
def test_a_fault_names_its_row(scene: str, path: str, value: str, said: str) -> None:
    merged = declared(scene).merge({path: value})
    ((where, text),) = merged.faults
    assert where == path
    assert said in text.en
    assert text.zh != text.en
    assert merged.spec == declared(scene).spec


def test_of_several_rows_the_wrong_one_is_named() -> None:
    window = f"{URBAN}.reopen_window.amount"
    merged = declared("urban_management").merge({ACCEPT: "2", window: "2.5", ACCEPT_UNIT: "working_hour"})
    assert [fault.path for fault in merged.faults] == [window]  # days are whole


def test_values_that_only_fit_together_are_taken_together() -> None:
    window = f"{URBAN}.reopen_window"
    merged = declared("urban_management").merge({f"{window}.amount": "2.5", f"{window}.unit": "working_hour"})
    assert merged.faults == ()
    found = merged.spec.workflows[0].reopen_window
    assert found is not None
    assert found.amount == 2.5


def test_a_detector_that_opens_cases_needs_a_kind_of_case() -> None:
    path = "detectors.no_data.opens_case_at"
    merged = declared("key_vehicles").merge({path: "serious"})
    detector = merged.spec.detector("no_data")
    assert detector is not None
    assert (merged.faults, detector.opens_case_at) == ((), "serious")
    again = declared("key_vehicles").merge({"detectors.overspeed.opens_case_at": "-"})
    overspeed = again.spec.detector("overspeed")
    assert overspeed is not None
    assert overspeed.opens_case_at is None


def test_figures_reach_the_detector_of_the_class_they_are_for() -> None:
    merged = declared("key_vehicles").merge({"detectors.continuous_driving.parameters.coach.night_limit_s": "5400"})
    found = next(one for one in merged.detectors if one.id == "continuous_driving")
    assert parameters_of(found)["night_limit_s"] == (0, 0, 5400)
    assert parameters_of(found)["limit_s"] == (14400, 14400, 14400)


def test_rows_that_no_longer_fit_are_left_out_and_named() -> None:
    merged, left_out = declared("urban_management").usable({ACCEPT: "2", "workflows.gone.limit.amount": "3"})
    assert [fault.path for fault in left_out] == ["workflows.gone.limit.amount"]
    limit = merged.spec.workflows[0].tasks["accept_desk"].limit
    assert getattr(limit, "amount", None) == 2


def test_what_says_the_same_as_the_declaration_is_no_row() -> None:
    one = declared("urban_management")
    assert one.differing({ACCEPT: "1.0", ACCEPT_UNIT: "urgent_hour"}) == {}
    assert one.differing({ACCEPT: "2.50"}) == {ACCEPT: "2.5"}
