"""Figures: recomputed from cases; reported ones beside them, with every contradiction shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import ConflictError, ForbiddenError
from cityops.scenes.disputes.demo import REPORTED, SHARES
from cityops.scenes.disputes.figures import (
    NewReported,
    Part,
    contradictions_of,
    enter_reported,
    figures,
    rate_percent,
    reported_figures,
)
from cityops.scenes.disputes.rules import SOCIAL_INSURANCE

from .centres import NEIGHBOURS, Centres


@pytest.mark.parametrize(
    ("settled", "found", "rate"),
    [
        (10_676, 10_965, 97.36),  # S2: twelve fields
        (176_055, 177_118, 99.4),  # S2: risks of the three-level centres
        (3_904, 3_980, 98.09),  # S2: their disputes
        (11, 11, 100.0),  # S2: social insurance
        (1, 8, 12.5),
        (1, 3, 33.33),
        (2, 3, 66.67),
        (1, 800, 0.13),  # 0.125 is rounded up
        (0, 0, None),
    ],
)
def test_rates_of_the_source_are_recomputed(settled: int, found: int, rate: float | None) -> None:
    assert rate_percent(settled, found) == rate


@given(st.integers(1, 10**9).flatmap(lambda found: st.tuples(st.integers(0, found), st.just(found))))
def test_a_rate_is_within_half_a_hundredth_of_the_true_one(pair: tuple[int, int]) -> None:
    settled, found = pair
    rate = rate_percent(settled, found)
    assert rate is not None
    assert abs(Fraction(str(rate)) - Fraction(100 * settled, found)) <= Fraction(1, 200)


def test_the_newspaper_counts_stand_in_the_store_and_give_its_rate(centres: Centres) -> None:
    for figure in REPORTED:
        enter_reported(centres.context, centres.leader, figure)
    found = {one.figure.key: one for one in reported_figures(centres.context, centres.leader)}
    fields = found["s2-fields"]
    assert (fields.figure.found, fields.figure.settled, fields.computed_rate_percent) == (10_965, 10_676, 97.36)
    assert (fields.figure.rate_percent, fields.contradictions) == (97.36, [])
    insurance = found["s2-insurance"].figure
    assert (insurance.found, insurance.people, insurance.amount_fen) == (11, 309, 63_210_000)
    assert figures(centres.context, centres.leader).total.found == 0  # reported figures are not cases
    with pytest.raises(ConflictError, match="entered before"):
        enter_reported(centres.context, centres.leader, REPORTED[0])
    with pytest.raises(ForbiddenError):
        enter_reported(centres.context, centres.village, replace(REPORTED[0], key="other"))


FIGURE = NewReported("key", "题", "来源", "2024-12-03", 10_965, 10_676, rate_percent=97.36)


@pytest.mark.parametrize(
    ("figure", "found"),
    [
        (FIGURE, []),
        (replace(FIGURE, rate_percent=97.63), [("rate_percent", 97.63, 97.36)]),
        (replace(FIGURE, rate_percent=None, settled=11_000), [("settled", 11_000, 10_965)]),
        (replace(FIGURE, parts=(Part("甲", 10_000, 9_800), Part("乙", 965, 876))), []),
        (
            replace(FIGURE, parts=(Part("甲", 10_000, 9_800), Part("乙", 900, 876))),
            [("found", 10_965, 10_900)],
        ),
    ],
)
def test_a_figure_that_contradicts_its_parts_is_flagged_with_both(
    figure: NewReported, found: list[tuple[str, float, float]]
) -> None:
    assert [(one.what, one.reported, one.computed) for one in contradictions_of(figure)] == found


def test_a_contradiction_says_both_figures() -> None:
    (one,) = contradictions_of(replace(FIGURE, rate_percent=97.63))
    assert (one.words.zh, one.words.en) == (
        "化解率不符：上报97.63，计算97.36",
        "the rate: reported 97.63, computed 97.36",
    )


def test_figures_follow_the_cases(small: Centres) -> None:
    closed = small.closed()
    small.agreed()
    small.mediating()
    small.registered(replace(NEIGHBOURS, field="labour", source="petition", topic=SOCIAL_INSURANCE), small.county)
    found = figures(small.context, small.leader)
    assert (found.total.found, found.total.settled, found.total.rate_percent) == (4, 2, 50.0)
    by_field = {one.name: (one.found, one.settled) for one in found.by_field}
    assert len(by_field) == 12
    assert (by_field["neighbours"], by_field["labour"], by_field["medical"]) == ((3, 2), (1, 0), (0, 0))
    assert [(one.name, one.found) for one in found.by_level] == [("county", 1), ("town", 0), ("village", 3)]
    assert (found.social_insurance.found, found.social_insurance.people) == (1, 2)
    small.take(small.village, closed, "reopen", "又漏水")
    assert figures(small.context, small.leader).total.settled == 1


def test_a_centre_counts_what_lies_in_its_own_area(small: Centres) -> None:
    small.registered(who=small.county)
    small.registered()
    assert [figures(small.context, who).total.found for who in (small.county, small.town, small.village)] == [2, 1, 1]


def test_the_demo_divides_the_figures_of_the_source() -> None:
    assert (len(SHARES), sum(p for p, _ in SHARES), sum(a for _, a in SHARES)) == (11, 309, 63_210_000)
