"""Scores by dated rule sets, and grouping."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.analysis.evaluation import (
    CounterRow,
    Counters,
    Dimension,
    Evaluation,
    Indicator,
    Period,
    Post,
    ScoreItem,
    ScoreRules,
    built_in_rules,
    evaluate,
    grouped,
    read_rules,
    rules_at,
    score,
)
from cityops.kit import ConfigError

from .test_indicators import BY_HAND, MONTH

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def rules() -> ScoreRules:
    return rules_at(built_in_rules(), "example", TODAY)


def with_full_counts(rules: ScoreRules, count: int) -> ScoreRules:
    """The rules with a count that earns full marks, as a city must set one."""
    posts = {
        post: {
            indicator: ScoreItem(weight=item.weight, full_count=count if indicator.value.endswith("_count") else None)
            for indicator, item in items.items()
        }
        for post, items in rules.posts.items()
    }
    return rules.model_copy(update={"posts": posts})


def test_the_published_weights(rules: ScoreRules) -> None:
    assert {post.value: [item.weight for item in items.values()] for post, items in rules.posts.items()} == {
        "collector": [40, 20, 20, 20],
        "acceptor": [25, 40, 35],
        "shift_leader": [25, 40, 35],
        "dispatcher": [20, 40, 40],
        "unit": [10, 30, 30, 30],
    }
    assert "check" in rules.notice
    assert rules.title.zh.startswith("示例")


@pytest.mark.parametrize(
    ("post", "total"),
    [
        # 0.4·75 + 0.2·(100−5) + 0.2·90 + 0.2·75
        (Post.COLLECTOR, 82.0),
        # 0.25·87.5 + 0.4·97.5 + 0.35·65
        (Post.SHIFT_LEADER, 83.625),
        # full marks at 200: 0.25·(180/200 → 90) + 0.4·75 + 0.35·87.5
        (Post.ACCEPTOR, 83.125),
        # 0.2·(152/200 → 76) + 0.4·90 + 0.4·90
        (Post.DISPATCHER, 87.2),
        # 0.1·(160/200 → 80) + 0.3·80 + 0.3·65 + 0.3·(100−15)
        (Post.UNIT, 77.0),
    ],
)
def test_scores_by_hand(rules: ScoreRules, post: Post, total: float) -> None:
    found = score(post, BY_HAND, with_full_counts(rules, 200))
    assert found.total == pytest.approx(total)
    assert found.weight_with_data == 100


def test_what_has_no_data_is_left_out_and_said(rules: ScoreRules) -> None:
    found = score(Post.UNIT, MONTH, rules)
    assert [(item.indicator, None if item.score is None else round(item.score, 2)) for item in found.items] == [
        (Indicator.FILED_COUNT, None),
        (Indicator.CLOSING_RATE, 93.72),
        (Indicator.TIMELY_CLOSING_RATE, 75.82),
        (Indicator.REWORK_RATE, 100.0),
    ]
    assert found.weight_with_data == 90
    # (911 + 737)/972 and 1, each a third.
    assert found.total == pytest.approx(100 * ((911 + 737) / 972 + 1) / 3)
    empty = score(Post.COLLECTOR, Counters(), rules)
    assert (empty.total, empty.weight_with_data) == (None, 0)


def test_an_exemption_shows_in_the_score_and_the_raw_score(rules: ScoreRules) -> None:
    timely = score(Post.UNIT, BY_HAND, rules).items[2]
    assert (timely.score, timely.raw_score) == (65.0, 60.0)


def test_scores_stay_between_0_and_100(rules: ScoreRules) -> None:
    much = Counters(reports=1, valid_reports=1, filed=1, missed=5)
    assert [item.score for item in score(Post.COLLECTOR, much, rules).items] == [100.0, 0.0, None, None]
    busy = score(Post.ACCEPTOR, Counters(accepted=500), with_full_counts(rules, 200))
    assert busy.items[0].score == 100.0


def rules_text(**changes: str) -> str:
    fields = {"name": "市", "valid_from": "2026-01-01", "valid_to": "2027-01-01", "weight": "100", **changes}
    return """
- name: {name}
  title: {{zh: 市, en: city}}
  notice: 某文
  valid_from: {valid_from}
  valid_to: {valid_to}
  deferred_excluded: true
  posts: {{unit: {{closing_rate: {{weight: {weight}}}}}}}
""".format(**fields)


def test_rule_sets_are_dated() -> None:
    both = read_rules(rules_text() + rules_text(valid_from="2027-01-01", valid_to="null"))
    assert rules_at(both, "市", date(2026, 12, 31)) is both[0]
    assert rules_at(both, "市", date(2027, 1, 1)) is both[1]
    with pytest.raises(ConfigError, match="none in force on 2025-12-31"):
        rules_at(both, "市", date(2025, 12, 31))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (rules_text(weight="90"), "add up to 90, not 100"),
        (rules_text(weight="100, full_count: 3"), "is a rate and has no full_count"),
        (rules_text(valid_from="2027-01-01"), "valid_to is after"),
        (rules_text() + rules_text(valid_from="2026-12-31", valid_to="null"), "two sets in force on one day"),
        ("- {name: x, unknown: 1}", "unknown"),
        ("3", "not iterable"),
        ("- [", "while parsing"),
    ],
)
def test_unsound_rule_sets_are_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_rules(text)


def test_a_post_the_rules_do_not_know() -> None:
    with pytest.raises(ConfigError, match="nothing about collector"):
        score(Post.COLLECTOR, BY_HAND, read_rules(rules_text())[0])


ROWS = [
    CounterRow(date(2026, 9, 30), Counters(close_due=10, closed=9), "甲", "张", "140105003001", "m1"),
    CounterRow(date(2026, 10, 1), Counters(close_due=10, closed=5), "甲", "李", "140105004001", "m1"),
    CounterRow(date(2026, 10, 31), Counters(close_due=20, closed=20), "乙", "王", "140106001001", "m2"),
]


@pytest.mark.parametrize(
    ("by", "how", "expected"),
    [
        ([], {}, {(): "85.00"}),
        ([Dimension.UNIT], {}, {("甲",): "70.00", ("乙",): "100.00"}),
        ([Dimension.PERSON], {}, {("张",): "90.00", ("李",): "50.00", ("王",): "100.00"}),
        ([Dimension.AREA], {"area_digits": 6}, {("140105",): "70.00", ("140106",): "100.00"}),
        ([Dimension.MATTER], {}, {("m1",): "70.00", ("m2",): "100.00"}),
        ([Dimension.PERIOD], {}, {("2026-09-01",): "90.00", ("2026-10-01",): "83.33"}),
        ([Dimension.PERIOD], {"period": Period.QUARTER}, {("2026-07-01",): "90.00", ("2026-10-01",): "83.33"}),
        ([Dimension.PERIOD], {"period": Period.WEEK}, {("2026-09-28",): "70.00", ("2026-10-26",): "100.00"}),
        ([Dimension.PERIOD], {"period": Period.YEAR}, {("2026-01-01",): "85.00"}),
        (
            [Dimension.UNIT, Dimension.PERIOD],
            {"period": Period.DAY},
            {("甲", "2026-09-30"): "90.00", ("甲", "2026-10-01"): "50.00", ("乙", "2026-10-31"): "100.00"},
        ),
    ],
)
def test_grouping(rules: ScoreRules, by: list[Dimension], how: dict[str, object], expected: dict[object, str]) -> None:
    found: list[Evaluation] = evaluate(ROWS, rules, by=by, **how)  # type: ignore[arg-type]
    assert {one.key: one.rates[Indicator.CLOSING_RATE].percent for one in found} == expected
    assert all(one.score is None for one in found)


def test_evaluation_by_unit_with_scores(rules: ScoreRules) -> None:
    found = evaluate(ROWS, rules, by=[Dimension.UNIT], post=Post.UNIT)
    assert [(one.key, one.score and one.score.total and round(one.score.total, 2)) for one in found] == [
        # closing 100, timely 0, rework none: 200/3 — and 70, 0, 100.
        (("乙",), 66.67),
        (("甲",), 56.67),
    ]


rows = st.lists(
    st.builds(
        lambda day, unit, due, share: CounterRow(day, Counters(close_due=due, closed=round(due * share)), unit=unit),
        st.dates(date(2026, 1, 1), date(2027, 12, 31)),
        st.sampled_from("甲乙丙"),
        st.integers(0, 100),
        st.floats(0, 1),
    ),
    max_size=20,
)


@given(rows, st.lists(st.sampled_from(list(Dimension)), unique=True), st.sampled_from(list(Period)))
def test_groups_add_up_to_the_whole(rows: list[CounterRow], by: list[Dimension], period: Period) -> None:
    whole = grouped(rows, []).get((), Counters())
    total = Counters()
    for counters in grouped(rows, by, period).values():
        total += counters
    assert total == whole


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from(list(Period)))
def test_a_period_begins_with_itself(day: date, period: Period) -> None:
    begin = period.begin(day)
    assert begin <= day
    assert period.begin(begin) == begin
