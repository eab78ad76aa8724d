"""The board: figures of the sources, paths, lights at their borders, contradictions, what cannot be computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from tests.scenes.rooms import installed_scenes

from cityops.access import SYSTEM
from cityops.kit import InvalidError
from cityops.registers import RegisterObject
from cityops.scenes import SceneContext
from cityops.scenes.indicators.board import Assessment, Reading, assess, board, light_of, limit_of, target_on
from cityops.scenes.indicators.formula import FormulaError
from cityops.scenes.people import person

TODAY = date(2026, 11, 22)


def by_code(town: SceneContext, today: date = TODAY) -> Mapping[str, Assessment]:
    return {one.indicator.code: one for one in board(town.registers, town.figures, SYSTEM, today)}


def last(found: Assessment) -> float:
    return float(found.points[-1].value)


def test_rail_figures_are_recomputed(town: SceneContext) -> None:
    """S1: 9.232 million, 2.986 million more, 101.9 % of 2019; what follows from them, by hand."""
    found = by_code(town, date(2024, 3, 8))
    assert [last(found[code]) for code in ("rail_total", "rail_increase", "rail_recovery")] == [923.2, 298.6, 101.9]
    assert last(found["rail_previous"]) == pytest.approx(624.6)  # 923.2 - 298.6
    assert last(found["rail_growth"]) == pytest.approx(47.807, abs=0.001)  # 298.6 / 624.6
    assert last(found["rail_2019"]) == pytest.approx(905.986, abs=0.001)  # 923.2 / 1.019
    assert last(found["rail_daily"]) == pytest.approx(23.08)  # 923.2 / 40
    assert last(found["rail_peak_ratio"]) == pytest.approx(1.6075, abs=0.0001)  # 37.1 / 23.08
    assert found["rail_total"].light == "no_target"
    assert by_code(town)["rail_total"].light == "stale", "two and a half years later"


def test_a_contradiction_shows_both_figures(town: SceneContext) -> None:
    """Only the demo's synthetic brief (48.6 %) does not fit; the fund's plan of S4 fits itself (130 * 5 = 650, …)."""
    found = by_code(town)
    (wrong,) = found["rail_growth"].contradictions
    assert (float(wrong.reported), wrong.against) == (48.6, "recomputed")
    assert float(wrong.other) == pytest.approx(47.807, abs=0.001)
    assert "合成" in wrong.source
    assert [code for code, one in found.items() if one.contradictions] == ["rail_growth"]
    assert [last(found[code]) for code in ("fund_plan", "members_plan", "payers_plan")] == [650, 50, 10_000]
    assert [last(found[code]) for code in ("fund_base", "loan_base")] == [1040, 555]  # 1690 - 650, 1055 - 500


def test_targets_of_the_sources_and_their_lights(town: SceneContext) -> None:
    """S3: 40 % in the city, 30 % in the province; S4: 2 m² a head, 30 communities; the values are synthetic."""
    found = by_code(town)
    goals = {code: float(one.path[-1][1]) for code, one in found.items() if one.path}
    assert goals == {
        "prefab_share": 40,
        "prefab_share_province": 30,
        "shelter_per_head": 2,
        "model_communities": 30,
        "national_communities": 5,
        "fund_collected": 650,
    }
    assert last(found["prefab_share"]) == pytest.approx(40.5)  # 129.6 / 320
    assert last(found["shelter_per_head"]) == pytest.approx(1.95)  # 799.5 / 410
    assert {code: found[code].light for code in goals} == {
        "prefab_share": "green",
        "prefab_share_province": "green",
        "shelter_per_head": "amber",  # 1.95 of 2, margin 5 %: down to 1.9
        "model_communities": "red",  # 27 of 30, margin 5 %: down to 28.5
        "national_communities": "green",
        "fund_collected": "green",
    }
    assert not any(one.problem for one in found.values())


def test_the_path_is_straight_between_its_points() -> None:
    path = [(date(2025, 1, 1), Fraction(30)), (date(2025, 1, 11), Fraction(40))]
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 4), date(2025, 1, 11), date(2026, 1, 1)]
    assert [target_on(path, day) for day in days] == [None, 30, 33, 40, 40]
    assert target_on([], days[0]) is None


BORDERS = [
    ("higher", "40", "green"),
    ("higher", "39.999999", "amber"),
    ("higher", "38", "amber"),  # 40 less 5 %
    ("higher", "37.999999", "red"),
    ("lower", "40", "green"),
    ("lower", "40.000001", "amber"),
    ("lower", "42", "amber"),
    ("lower", "42.000001", "red"),
]


@pytest.mark.parametrize(("direction", "value", "light"), BORDERS)
def test_lights_at_their_borders(direction: str, value: str, light: str) -> None:
    limit = limit_of(Fraction(40), direction, 5)
    assert light_of(Fraction(value), Fraction(40), limit, direction) == light


def row(register: str, code: str, **data: Any) -> RegisterObject:
    return RegisterObject("", register, code, code, None, None, None, None, None, None, "active", data, 1, 0, 0)


def indicator(code: str, formula: str | None = None, **more: Any) -> RegisterObject:
    data = {"direction": "higher", "margin_percent": 10, "decimals": 1, **more}
    return row("indicator", code, **data, **({"formula": formula} if formula else {}))


def value(code: str, day: str, number: float, source: str = "x") -> RegisterObject:
    return row(
        "indicator_value", f"{code}{day}{source}", indicator=code, data_date=day, value=number, value_source=source
    )


def test_data_grow_stale_after_the_last_good_day() -> None:
    """Good for 10 days: the 11th is grey. What is computed is as old as its oldest part."""
    indicators = [
        indicator("a", stale_after_days=10),
        indicator("b", stale_after_days=10),
        indicator("c", "a + b", stale_after_days=10),
    ]
    values = [value("a", "2026-11-01", 1), value("b", "2026-11-05", 2)]
    for today, lights in ((11, ["no_target"] * 3), (12, ["stale", "no_target", "stale"]), (16, ["stale"] * 3)):
        assert [one.light for one in assess(indicators, values, [], date(2026, 11, today))] == lights
    assert [one.light for one in assess(indicators, [], [], TODAY)] == ["no_value"] * 3


def test_a_computed_value_has_a_history() -> None:
    """On every day with a new part, from the newest parts of that day; tomorrow's do not count yet."""
    indicators = [indicator("share", "part / whole * 100"), indicator("part"), indicator("whole")]
    values = [
        value("part", "2026-01-31", 5), value("whole", "2026-02-28", 20),
        value("part", "2026-03-31", 8), value("part", "2026-11-23", 20),
    ]  # fmt: skip
    share = assess(indicators, values, [], TODAY)[0]
    assert [(one.day.isoformat(), float(one.value), one.data_date.isoformat()) for one in share.points] == [
        ("2026-02-28", 25, "2026-01-31"),
        ("2026-03-31", 40, "2026-02-28"),
    ]


def test_two_figures_of_one_day_contradict_beyond_the_tolerance() -> None:
    values = [value("a", "2026-11-01", 10.0, "x"), value("a", "2026-11-01", 10.4, "y")]
    (found,) = assess([indicator("a")], values, [], TODAY)
    (two,) = found.contradictions
    assert (float(two.reported), float(two.other), two.against, two.source) == (10.0, 10.4, "twice", "x")
    assert assess([indicator("a", tolerance=0.4)], values, [], TODAY)[0].contradictions == ()
    near = [value("b", "2026-11-01", 3.0), value("c", "2026-11-01", 2.95)]  # c = b reported to one decimal: half of it
    assert assess([indicator("b"), indicator("c", "b")], near, [], TODAY)[1].contradictions == ()


def test_what_cannot_be_computed_says_why() -> None:
    indicators = [
        indicator("circle_a", "circle_b + 1"), indicator("circle_b", "circle_a - 1"), indicator("zero", "a / (a - a)"),
        indicator("unknown", "a + gone"), indicator("great", "a * 1000000000"), indicator("a"),
        indicator("fine", "a * 2"),
    ]  # fmt: skip
    found = {one.indicator.code: one for one in assess(indicators, [value("a", "2026-11-01", 2_000_000)], [], TODAY)}
    said = {code: one.problem.en for code, one in found.items() if one.problem is not None}
    assert said == {
        "circle_a": "formulas need each other in a circle",
        "circle_b": "formulas need each other in a circle",
        "zero": "the formula divides by zero",
        "unknown": "the catalogue has no indicator gone",
        "great": "the result is beyond 1e+15",
    }
    assert found["fine"].points[-1].value == 4_000_000


def test_a_formula_that_cannot_be_read_is_refused_when_written(town: SceneContext) -> None:
    desk = person(town, "indicators1")
    before = town.registers.find(desk, "indicator", "rail_growth")
    assert before is not None
    for formula in ("rail_total ** 2", "open('x')", "rail_growth / 2"):
        with pytest.raises(FormulaError):
            town.registers.update(desk, before.id, before.version, {"data": {**before.data, "formula": formula}})
    assert town.registers.find(desk, "indicator", "rail_growth") == before


def judged(today_says: str | None, typed: list[RegisterObject], **more: Any) -> Assessment:
    """An indicator with a figure of some scene's board, which says this today."""
    figures = {"some_scene.area": Reading("面积", None if today_says is None else Fraction(today_says))}
    target = row("indicator_target", "t", indicator="a", due_date="2026-01-01", value=2, basis="x")
    return assess([indicator("a", figure="some_scene.area", **more)], typed, [target], TODAY, figures)[0]


def test_a_figure_of_a_board_is_todays_value() -> None:
    found = judged("1.95", [value("a", "2026-06-30", 1.95)])
    assert [(one.day.isoformat(), float(one.value)) for one in found.points] == [
        ("2026-06-30", 1.95),
        ("2026-11-22", 1.95),
    ]
    assert (found.light, found.contradictions, found.problem) == ("amber", (), None)  # 10 % below 2 is 1.8
    assert judged("2", []).light == "green"
    assert judged(None, []).light == "no_value"


def test_a_figure_of_a_board_is_compared_with_what_is_good() -> None:
    """Half of the last digit is 0.05; data of 2026-06-30 are 145 days old."""
    typed = [value("a", "2026-06-30", 1.9)]
    assert judged("1.95", typed).contradictions == ()
    (two,) = judged("1.951", typed, stale_after_days=145).contradictions
    assert (two.day.isoformat(), float(two.reported), float(two.other)) == ("2026-06-30", 1.9, 1.951)
    assert (two.against, two.source) == ("figure", "面积")
    assert judged("1.951", typed, stale_after_days=144).contradictions == ()
    (two,) = judged("1.951", [value("a", "2026-11-22", 1.9, "简报")]).contradictions
    assert (two.against, two.source, float(two.reported), float(two.other)) == ("figure", "简报", 1.9, 1.951)


def test_formulas_use_the_figure_and_a_missing_one_is_named() -> None:
    figures = {"some_scene.area": Reading("面积", Fraction(6))}
    parts = [indicator("a", figure="some_scene.area"), indicator("b", "a / 3"), indicator("c", figure="off.area")]
    a, b, c = assess(parts, [value("c", "2026-11-01", 7)], [], TODAY, figures)
    assert (last(a), last(b), b.points[-1].data_date) == (6, 2, TODAY)
    assert c.problem is not None
    assert (c.problem.en, last(c)) == ("there is no figure off.area that you may read", 7)


def test_the_demos_shelters_feed_the_indicator(town: SceneContext) -> None:
    """7.995 million m² for 4.1 million people; a shelter that closes is missed at once, with both values."""
    shown = board(town.registers, town.figures, SYSTEM, TODAY)
    name = next(one.indicator.data["figure"] for one in shown if one.indicator.data.get("figure"))
    installed_scenes()[name.partition(".")[0]].demo(town)
    found = by_code(town)["shelter_per_head"]
    assert [(one.day, float(one.value)) for one in found.points[-2:]] == [(date(2025, 12, 31), 1.95), (TODAY, 1.95)]
    assert (found.light, found.contradictions, found.problem) == ("amber", (), None)
    shelter = max(town.registers.every(SYSTEM, "shelter"), key=lambda one: float(one.data["area_m2"]))
    town.registers.update(SYSTEM, shelter.id, shelter.version, {"state": "closed"}, reason="改造")
    found = by_code(town)["shelter_per_head"]
    left = sum(one.data["area_m2"] for one in town.registers.every(SYSTEM, "shelter") if one.state == "open")
    (two,) = found.contradictions
    assert (float(two.reported), float(two.other), two.against) == (1.95, round(left / 4_100_000, 2), "figure")
    assert float(two.other) < 1.95


def test_a_figure_is_written_as_scene_and_name(town: SceneContext) -> None:
    desk = person(town, "indicators1")
    before = town.registers.find(desk, "indicator", "rail_total")
    assert before is not None
    for name in ("per_head", "a.b.c", "A.b", "a."):
        with pytest.raises(InvalidError, match="is written as"):
            town.registers.update(desk, before.id, before.version, {"data": {**before.data, "figure": name}})
