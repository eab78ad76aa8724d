"""The score rules of posts as a rule table (岗位评价办法): one row an indicator of a post."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from pydantic import ValidationError

from cityops.analysis.evaluation.indicators import DEFINITIONS, Indicator
from cityops.analysis.evaluation.scores import Post, ScoreItem, ScoreRules, Title
from cityops.cases.catalogue import Column, FieldError, Import, RowError, SheetRow, cell_words, parse_one, whole_number
from cityops.kit import Text

SCORES: Final = "scores"
"""Name of the rule table."""
_POST_WORDS: Final = {
    Post.COLLECTOR: Text("信息采集员", "Collector"),
    Post.ACCEPTOR: Text("受理员", "Acceptor"),
    Post.SHIFT_LEADER: Text("值班长", "Shift leader"),
    Post.DISPATCHER: Text("派遣员", "Dispatcher"),
    Post.UNIT: Text("处置单位", "Unit"),
}
_YES: Final = Text("是", "yes")
_NO: Final = Text("否", "no")
_BUILT_IN_NOTICE: Final = Text(
    "公开的地方评价办法（示例；文号和施行日期待核对，check）",
    "Published local way of scoring (example; its number and day of effect are to be checked)",
)
SCORE_COLUMNS: Final[Sequence[Column]] = (
    Column("岗位", "post", required=True, words=cell_words(_POST_WORDS.values())),
    Column("指标", "indicator", required=True, width=24, words=cell_words(one.name for one in DEFINITIONS.values())),
    Column("权重", "weight", required=True),
    Column("满分数量", "full_count", required=False),
    Column("缓办不计入", "deferred_excluded", required=False, words=cell_words([_YES, _NO])),
    Column("依据", "notice", required=False, width=40, words=cell_words([_BUILT_IN_NOTICE])),
)
_POSTS: Final = {text.zh: post for post, text in _POST_WORDS.items()}
_INDICATORS: Final = {definition.name.zh: indicator for indicator, definition in DEFINITIONS.items()}

_Line = tuple[Post, Indicator, ScoreItem]


def score_rules_rows(rules: ScoreRules) -> list[dict[str, str]]:
    """A rule set as rows of text; ``score_rules_of`` reads them."""
    return [
        {
            "post": _POST_WORDS[post].zh,
            "indicator": DEFINITIONS[indicator].name.zh,
            "weight": str(item.weight),
            "full_count": "" if item.full_count is None else str(item.full_count),
            "deferred_excluded": _YES.zh if rules.deferred_excluded else "",
            "notice": rules.notice,
        }
        for post, items in rules.posts.items()
        for indicator, item in items.items()
    ]


def score_rules_of(rows: Sequence[SheetRow], name: str, valid_from: date | None = None) -> Import[ScoreRules]:
    """The one rule set in rows of text, with the errors of each row; a set with any error is none.

    Weights of a post that do not add up to 100 are an error of the post's first row.
    """
    errors: list[RowError] = []
    posts: dict[Post, dict[Indicator, ScoreItem]] = {}
    first_row: dict[Post, int] = {}
    for row in rows:
        line = parse_one(row, SCORE_COLUMNS, _line)
        if isinstance(line, list):
            errors.extend(line)
            continue
        post, indicator, item = line
        first_row.setdefault(post, row.row)
        items = posts.setdefault(post, {})
        if indicator in items:
            errors.append(RowError(row.row, "指标", Text("同一岗位的指标重复", "an indicator of a post twice")))
        items[indicator] = item
    for post, items in posts.items():
        total = sum(item.weight for item in items.values())
        if total != 100:
            words = Text(f"该岗位权重合计 {total}，应为 100", f"the post's weights add up to {total}, not 100")
            errors.append(RowError(first_row[post], "权重", words))
    if errors or not posts:
        return Import([], sorted(errors, key=lambda error: error.row), len(rows))
    fields = rows[0].fields
    made = ScoreRules(
        name=name,
        title=Title(zh="本市岗位评价办法", en="The city's way of scoring posts"),
        notice=fields["notice"] or "—",
        valid_from=valid_from,
        valid_to=None,
        deferred_excluded=any(row.fields["deferred_excluded"] == _YES.zh for row in rows),
        posts=posts,
    )
    return Import([made], [], len(rows))


def _line(row: SheetRow) -> _Line:
    fields = row.fields
    post, indicator = _POSTS.get(fields["post"]), _INDICATORS.get(fields["indicator"])
    if post is None:
        raise FieldError("post", f"应为 {'、'.join(_POSTS)}", f"one of {', '.join(_POSTS)}")
    if indicator is None:
        raise FieldError("indicator", f"没有指标“{fields['indicator']}”", f"no indicator {fields['indicator']!r}")
    if fields["deferred_excluded"] not in ("", _YES.zh, _NO.zh):
        raise FieldError("deferred_excluded", "应为“是”或“否”", "是 (yes) or 否 (no)")
    full = whole_number(row, "full_count") if fields["full_count"] else None
    if full is not None and not DEFINITIONS[indicator].count:
        raise FieldError("full_count", "该指标是比率，没有满分数量", "a rate has no full count")
    try:
        return post, indicator, ScoreItem(weight=whole_number(row, "weight"), full_count=full)
    except ValidationError as error:
        raise FieldError("weight", "权重和满分数量应为正整数", "weight and full count are positive") from error
