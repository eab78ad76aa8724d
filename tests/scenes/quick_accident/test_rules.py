"""The rules as data, and the shares that follow from levels: they always add up to 100."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import InvalidError
from cityops.scenes import load_scenes
from cityops.scenes.quick_accident.rules import Level, SharePercents, propose, rule_sets, rules_on, shares_of

CUSTOM = SharePercents(main=70, secondary=30)
RULES = rules_on(date(2026, 11, 22))
F, M, E, S, N = Level.FULL, Level.MAIN, Level.EQUAL, Level.SECONDARY, Level.NONE
codes = st.sets(st.sampled_from([entry.code for entry in RULES.situations]), max_size=3)


@pytest.mark.parametrize(
    ("levels", "shares"),
    [
        ((F, N), (100, 0)),
        ((N, F, N, N), (0, 100, 0, 0)),
        ((M, S), (70, 30)),
        ((S, M, S), (15, 70, 15)),
        ((S, M, S, S), (10, 70, 10, 10)),
        ((N, S, M), (0, 30, 70)),
        ((E, E), (50, 50)),
        ((E, E, E), (34, 33, 33)),
        ((E, N, E, E), (34, 0, 33, 33)),
    ],
)
def test_shares_worked_out_by_hand(levels: tuple[Level, ...], shares: tuple[int, ...]) -> None:
    assert shares_of(levels, CUSTOM) == shares


def test_every_combination_adds_up_or_is_refused() -> None:
    """All 780 combinations of two to four parties; which go together is said here in other words than in the rules."""
    for count in (2, 3, 4):
        for levels in product(Level, repeat=count):
            seen = Counter(levels)
            one_bears_all = seen[F] == 1 and seen[N] == count - 1
            main_and_more = seen[M] == 1 and seen[S] >= 1 and seen[M] + seen[S] + seen[N] == count
            alike = seen[E] >= 2 and seen[E] + seen[N] == count
            if one_bears_all or main_and_more or alike:
                shares = shares_of(levels, CUSTOM)
                assert sum(shares) == 100
                assert all((share == 0) == (level is N) for share, level in zip(shares, levels, strict=True))
            else:
                with pytest.raises(InvalidError):
                    shares_of(levels, CUSTOM)


@given(st.integers(51, 99), st.integers(1, 3))
def test_any_custom_adds_up(main: int, others: int) -> None:
    custom = SharePercents(main=main, secondary=min(49, 100 - main))
    shares = shares_of((M, *[S] * others), custom)
    assert (sum(shares), shares[0]) == (100, main)
    assert max(shares[1:]) - min(shares[1:]) <= 1


@given(st.lists(codes, min_size=2, max_size=4))
def test_a_proposal_always_adds_up_and_blames_nobody_without_a_fault(faults: list[set[str]]) -> None:
    proposed = propose(faults, RULES)
    if proposed is None:
        assert not any(faults) or sum(bool(one) for one in faults) >= 3
        return
    assert sum(shares_of(proposed, CUSTOM)) == 100
    assert all((level is N) == (not ticked) for level, ticked in zip(proposed, faults, strict=True))


@given(st.lists(codes, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_the_parties_changes_nothing(faults: list[set[str]], random: object) -> None:
    order = list(range(len(faults)))
    random.shuffle(order)  # type: ignore[attr-defined]
    there, here = propose(faults, RULES), propose([faults[at] for at in order], RULES)
    assert (there is None) == (here is None)
    if there is not None and here is not None:
        assert tuple(there[at] for at in order) == here


@pytest.mark.parametrize(
    ("faults", "levels"),
    [
        ([["rear_end"], []], (F, N)),
        ([[], ["door"]], (N, F)),
        ([["rear_end"], ["speeding"]], (M, S)),
        ([["phone"], ["lights"]], (E, E)),
        ([["lane_change"], ["lane_change"]], (E, E)),
        ([["rear_end", "phone"], ["parking"], ["signal"]], (M, S, S)),
        ([[], []], None),
        ([["rear_end"], ["reversing"], ["phone"]], None),
    ],
)
def test_what_the_machine_proposes(faults: list[list[str]], levels: tuple[Level, ...] | None) -> None:
    assert propose(faults, RULES) == levels


def test_the_rules_are_dated_and_say_that_their_articles_are_to_be_verified() -> None:
    assert RULES.valid_from == date(2018, 5, 1)
    articles = [*(one.article for one in RULES.exclusions), *(one.article for one in RULES.situations)]
    assert all(article.zh and article.en for article in articles)
    assert "核对" in RULES.to_verify.zh
    with pytest.raises(InvalidError):
        rules_on(date(2018, 4, 30))
    for earlier, later in zip(rule_sets(), rule_sets()[1:], strict=False):
        assert earlier.valid_to is not None
        assert earlier.valid_to < later.valid_from


def test_no_code_stands_twice_and_the_slow_way_has_its_grounds() -> None:
    for entries in (RULES.exclusions, RULES.situations):
        assert len({entry.code for entry in entries}) == len(entries)
    workflow = load_scenes()["quick_accident"].spec.workflows[0]
    grounds = [
        tuple(option.value for option in field.options)
        for transition in workflow.transitions
        if transition.action in ("to_ordinary", "officer_to_ordinary", "found_excluded")
        for field in transition.form
    ]
    assert grounds == [("injury", "unlawful", "facility", "dispute", "evidence")] * 3


@pytest.mark.parametrize("code", ["death", "injury", "alcohol", "no_licence", "hit_and_run", "facility", "false_plate"])
def test_what_the_regulation_names_leaves_the_slow_way_only(code: str) -> None:
    (entry,) = RULES.checked_exclusions([code])
    assert entry.effect == "ordinary"
