"""Reading the evaluation: counters added up in the database, and the cases behind every one of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    select,
    table,
)

from cityops.access import Permission, Principal, scope_clause
from cityops.analysis.evaluation.counters import COUNTERS, CounterRow, Counters, Dimension, Period
from cityops.analysis.evaluation.facts import FactKind
from cityops.analysis.evaluation.keeping import Works
from cityops.analysis.evaluation.score_sheet import SCORES, score_rules_of
from cityops.analysis.evaluation.scores import Evaluation, Post, ScoreRules, built_in_rules, evaluate, rules_at
from cityops.analysis.tables import evaluation_fact_table
from cityops.cases import case_table
from cityops.cases.catalogue import EXAMPLE, RuleTables
from cityops.kit import SHANGHAI, Clock, InvalidError, NotFoundError, Text, to_ms
from cityops.store import Store

MAX_DAYS: Final = 366
"""Longest span of days that is added up at once."""
MAX_PAGE: Final = 500
_fact: Final = evaluation_fact_table.c

MEASURES: Final[Mapping[str, tuple[FactKind, str]]] = MappingProxyType(
    {
        "reports": (FactKind.REPORT, "all"),
        "valid_reports": (FactKind.REPORT, "done"),
        "missed": (FactKind.MISSED, "all"),
        "accepted": (FactKind.ACCEPT, "all"),
        "filed": (FactKind.FILE, "all"),
        "filed_in_time": (FactKind.FILE, "in_time"),
        "voided": (FactKind.FILE, "spoilt"),
        "prechecks_due": (FactKind.PRECHECK, "all"),
        "prechecks_in_time": (FactKind.PRECHECK, "in_time"),
        "final_checks_due": (FactKind.FINAL_CHECK, "all"),
        "final_checks_in_time": (FactKind.FINAL_CHECK, "in_time"),
        "precheck_orders_due": (FactKind.PRECHECK_ORDER, "all"),
        "precheck_orders_in_time": (FactKind.PRECHECK_ORDER, "in_time"),
        "final_check_orders_due": (FactKind.FINAL_CHECK_ORDER, "all"),
        "final_check_orders_in_time": (FactKind.FINAL_CHECK_ORDER, "in_time"),
        "dispatch_due": (FactKind.DISPATCH, "all"),
        "dispatched": (FactKind.DISPATCH, "done"),
        "dispatched_in_time": (FactKind.DISPATCH, "in_time"),
        "dispatch_reworked": (FactKind.DISPATCH, "spoilt"),
        "close_due": (FactKind.CLOSE, "all"),
        "closed": (FactKind.CLOSE, "done"),
        "closed_in_time": (FactKind.CLOSE, "in_time"),
        "late_exempted": (FactKind.CLOSE, "exempt"),
        "deferred": (FactKind.CLOSE, "deferred"),
        "reworked": (FactKind.CLOSE, "spoilt"),
    }
)
"""Every counter: which fact it counts, and which of them."""
_SUMS: Final = ("all", "done", "in_time", "spoilt", "exempt", "deferred")
_COUNTERS_OF: Final = {kind: {sum_: name for name, (of, sum_) in MEASURES.items() if of is kind} for kind in FactKind}
_POST_FACTS: Final[Mapping[Post, tuple[FactKind, ...]]] = MappingProxyType(
    {
        Post.COLLECTOR: (FactKind.REPORT, FactKind.MISSED, FactKind.FILE, FactKind.PRECHECK, FactKind.FINAL_CHECK),
        Post.ACCEPTOR: (FactKind.ACCEPT, FactKind.FILE, FactKind.PRECHECK_ORDER, FactKind.FINAL_CHECK_ORDER),
        Post.SHIFT_LEADER: (FactKind.FILE, FactKind.CLOSE),
        Post.DISPATCHER: (FactKind.DISPATCH,),
        Post.UNIT: (FactKind.FILE, FactKind.CLOSE),
    }
)
"""What counts for a post when it is scored person by person."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        scene: of the cases.
        kind: of the cases.
        first: first day.
        last: last day, included.
        by: what to group by.
        post: whose score; by person only what counts for the post.
        period: length of a period.
        area_digits: how much of the area's code to group by.
        unit_id: only of this unit. person_id, area, matter: likewise; ``area`` is the beginning of a code.
    """

    scene: str
    kind: str
    first: date
    last: date
    by: tuple[Dimension, ...] = ()
    post: Post | None = None
    period: Period = Period.MONTH
    area_digits: int | None = 6
    unit_id: str | None = None
    person_id: str | None = None
    area: str | None = None
    matter: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The answer.

    Attributes:
        groups: in the order of their keys.
        total: all together.
        rules: by which the posts are scored.
        counted_to_ms: what is due later is not counted.
        names: of units and persons, by id.
    """

    groups: list[Evaluation]
    total: Evaluation
    rules: ScoreRules
    counted_to_ms: int
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A case behind a number, with the facts it counts by."""

    case_id: str
    number: str
    title: Text
    at_ms: int
    done: bool
    in_time: bool
    spoilt: bool
    exempt: bool


class Evaluations:
    """Answers questions about the kept facts, as far as the person may see them."""

    def __init__(self, store: Store, clock: Clock, works: Works, tables: RuleTables) -> None:
        self._store = store
        self._clock = clock
        self._tables = tables
        self.kinds = tuple(works)

    def rules(self, on: date) -> ScoreRules:
        """The score rules of a day: the version that was published last by its end, else the built-in example."""
        end_ms = to_ms(datetime.combine(on + timedelta(days=1), time(), SHANGHAI))
        version = next((one for one in self._tables.history(SCORES) if one.published_ms < end_ms), None)
        if version is None:
            return rules_at(built_in_rules(), EXAMPLE, on)
        rows = self._tables.at(SCORES, version.version)[1]
        return score_rules_of(rows, f"{SCORES} {version.version}").accept()[0]

    def report(self, principal: Principal, question: Question) -> Report:
        """Counters, rates and scores by group.

        Raises:
            ForbiddenError: without ``learn.read``. InvalidError: ``evaluation.span``: over 366 days, or none.
        """
        where, now_ms = self._where(principal, question), self._clock.now_ms()
        rules = self.rules(question.last)
        with self._store.read() as conn:
            rows = _counted(conn, question, where, now_ms)
            names = _names(conn, rows)
        groups = evaluate(rows, rules, by=question.by, post=question.post, period=question.period)
        total = evaluate(rows, rules, by=(), post=question.post) or [_nothing(rules, question.post)]
        return Report(groups, total[0], rules, now_ms, names)

    def cases(
        self, principal: Principal, question: Question, counter: str, *, page: int = 1, page_size: int = 50
    ) -> tuple[list[CountedCase], int]:
        """A page of the cases behind a counter, oldest first, and how many there are.

        Raises:
            ForbiddenError, InvalidError: as ``report``. NotFoundError: ``evaluation.counter``.
        """
        if counter not in MEASURES:
            raise NotFoundError(f"没有计数项 {counter}", f"there is no counter {counter!r}", code="evaluation.counter")
        kind, sum_ = MEASURES[counter]
        of_counter = and_(_fact.fact == kind.value, _measure(sum_, self._clock.now_ms()) == 1)
        where = and_(self._where(principal, question), of_counter)
        query = (
            select(evaluation_fact_table, case_table.c.number.label("case_number"), *_TITLES)
            .join(case_table, case_table.c.id == _fact.case_id)
            .where(where)
            .order_by(_fact.at_ms, _fact.case_id, _fact.number)
            .limit(min(page_size, MAX_PAGE))
            .offset((page - 1) * page_size)
        )
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(evaluation_fact_table).where(where)).scalar_one()
            return [_counted_case(row) for row in conn.execute(query).mappings()], int(total)

    def _where(self, principal: Principal, question: Question) -> ColumnElement[bool]:
        principal.require(Permission.LEARN_READ)
        if not timedelta() <= question.last - question.first < timedelta(days=MAX_DAYS):
            raise InvalidError(
                f"起止日期应为 1 至 {MAX_DAYS} 天。", f"Ask for 1 to {MAX_DAYS} days.", code="evaluation.span"
            )
        conditions = [
            _fact.scene == question.scene,
            _fact.kind == question.kind,
            _fact.day.between(question.first.isoformat(), question.last.isoformat()),
            _fact.at_ms <= self._clock.now_ms(),
            scope_clause(principal, unit_column=_fact.unit_id, area_column=_fact.area_code),
        ]
        if question.unit_id is not None:
            conditions.append(_fact.unit_id == question.unit_id)
        if question.person_id is not None:
            conditions.append(_person(question.post) == question.person_id)
        if question.area is not None:
            conditions.append(_fact.area_code.startswith(question.area, autoescape=True))
        if question.matter is not None:
            conditions.append(_fact.matter == question.matter)
        if question.person_id is not None or Dimension.PERSON in question.by:
            conditions.append(_fact.fact.in_([kind.value for kind in _facts_of_persons(principal, question.post)]))
        return and_(*conditions)


_unit: Final = table("unit", column("id", String), column("name", String))
_account: Final = (
    select(column("id", String), column("display_name", String).label("name")).select_from(table("account")).subquery()
)
_TITLES: Final = (case_table.c.title_zh, case_table.c.title_en, case_table.c.confidential)
_CONFIDENTIAL: Final = Text("保密案件", "Confidential case")


def _facts_of_persons(principal: Principal, post: Post | None) -> Collection[FactKind]:
    """Whose work may be seen person by person: a unit its own people's, others everybody's who holds the post."""
    if principal.role.is_of_unit:
        return (FactKind.CLOSE,)
    return tuple(FactKind) if post is None else _POST_FACTS[post]


def _names(conn: Connection, rows: Sequence[CounterRow]) -> dict[str, str]:
    """Names of the units and persons in the rows, by id."""
    found: dict[str, str] = {}
    for of, ids in ((_unit, {row.unit for row in rows}), (_account, {row.person for row in rows})):
        found |= {str(key): str(name) for key, name in conn.execute(select(of.c.id, of.c.name).where(of.c.id.in_(ids)))}
    return found


def _person(post: Post | None) -> ColumnElement[str]:
    """Whose fact it is: a filed case is the collector's who reported it where collectors are scored."""
    if post is not Post.COLLECTOR:
        return _fact.person_id
    return case((_fact.fact == FactKind.FILE.value, _fact.collector_id), else_=_fact.person_id)


def _measure(sum_: str, now_ms: int) -> ColumnElement[int]:
    if sum_ == "all":
        return literal(1)
    if sum_ == "deferred":
        return cast(case((_fact.deferred_ms > now_ms, 1), else_=0), Integer)
    column: ColumnElement[int] = _fact[sum_]
    return column


def _counted(conn: Connection, question: Question, where: ColumnElement[bool], now_ms: int) -> list[CounterRow]:
    """The counters of each group; a period's by day, to be put together by whoever asks."""
    digits = question.area_digits
    columns: dict[Dimension, ColumnElement[Any]] = {
        Dimension.UNIT: _fact.unit_id,
        Dimension.PERSON: _person(question.post),
        Dimension.AREA: _fact.area_code if digits is None else func.substr(_fact.area_code, 1, digits),
        Dimension.MATTER: _fact.matter,
        Dimension.PERIOD: _fact.day,
    }
    keys = [columns[one].label(one.value) for one in question.by]
    sums = [func.sum(_measure(name, now_ms)).label(name) for name in _SUMS]
    query = select(_fact.fact, *keys, *sums).where(where).group_by(_fact.fact, *(columns[one] for one in question.by))
    found: dict[tuple[str, ...], dict[str, int]] = {}
    for row in conn.execute(query).mappings():
        key = tuple(str(row[one.value]) for one in question.by)
        counts = found.setdefault(key, {})
        for sum_, name in _COUNTERS_OF[FactKind(row["fact"])].items():
            counts[name] = int(row[sum_])
    return [_row(question, key, counts) for key, counts in found.items()]


def _row(question: Question, key: Sequence[str], counts: Mapping[str, int]) -> CounterRow:
    named = {one.value: value for one, value in zip(question.by, key, strict=True)}
    day = named.pop(Dimension.PERIOD.value, question.first.isoformat())
    return CounterRow(date.fromisoformat(day), Counters(**{name: counts.get(name, 0) for name in COUNTERS}), **named)


def _nothing(rules: ScoreRules, post: Post | None) -> Evaluation:
    (empty,) = evaluate([CounterRow(date.min, Counters())], rules, by=(), post=post)
    return empty


def _counted_case(row: Any) -> CountedCase:
    return CountedCase(
        case_id=row["case_id"],
        number=row["case_number"],
        title=_CONFIDENTIAL if row["confidential"] else Text(row["title_zh"], row["title_en"]),
        at_ms=row["at_ms"],
        **{name: bool(row[name]) for name in ("done", "in_time", "spoilt", "exempt")},
    )
