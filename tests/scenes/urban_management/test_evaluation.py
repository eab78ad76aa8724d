"""What the evaluation counts of real cases, each walked by the workflow and counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from tests.together import at_once

from cityops.access import Permission, Principal, Role
from cityops.analysis.evaluation import (
    SCORES,
    Counters,
    Dimension,
    Evaluations,
    FactKeeper,
    Indicator,
    Period,
    Post,
    Question,
    built_in_rules,
    score_rules_rows,
)
from cityops.analysis.tables import evaluation_fact_table
from cityops.cases.catalogue import RuleTables
from cityops.kit import ForbiddenError, InvalidError, NotFoundError
from cityops.scenes import counted_work_of
from cityops.store import Deliveries

from .town import CALENDAR, Town

TODAY = date(2026, 11, 22)
HOUR_S = 3600
WEEK = Question("urban_management", "urban_case", TODAY, TODAY + timedelta(days=6))


class Counting:
    """The evaluation of a town, kept up by the outbox as in the product."""

    def __init__(self, town: Town) -> None:
        self.town = town
        works = counted_work_of([town.scene])
        self.keeper = FactKeeper(town.store, works, CALENDAR)
        self.tables = RuleTables(town.store, town.clock, Permission.RULES_PUBLISH)
        self.evaluations = Evaluations(town.store, town.clock, works, self.tables)

    def counters(self, who: Principal | None = None, **more: Any) -> Counters:
        return self.groups(who, **more)[()]

    def groups(self, who: Principal | None = None, **more: Any) -> dict[tuple[str, ...], Counters]:
        while Deliveries(self.town.store, [self.keeper.subscriber()]).round():
            pass
        self.keeper.step()
        report = self.evaluations.report(who or self.town.leader, replace(WEEK, **more))
        found = {group.key: group.counters for group in report.groups}
        return found if more.get("by") else {(): report.total.counters}

    def cases(self, counter: str, who: Principal | None = None, **more: Any) -> list[str]:
        found, total = self.evaluations.cases(who or self.town.leader, replace(WEEK, **more), counter)
        assert total == len(found)
        return [case.case_id for case in found]


def test_a_case_straight_through(town: Town) -> None:
    counting = Counting(town)
    case = town.report()
    case = town.take(town.acceptor, case, "request_precheck", collector="collector")
    town.take(town.collector, case, "precheck_confirm", notes="属实")
    case = town.take(town.acceptor, case, "file", standard="m01001_1")
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER")
    case = town.take(town.water, case, "accept")
    case = town.take(town.water, case, "feed_back", result="已补装")
    case = town.take(town.dispatcher, case, "confirm")
    case = town.take(town.acceptor, case, "request_final_check", collector="collector2")
    town.take(town.collector2, case, "final_check_pass")
    town.take(town.acceptor, case, "close", closing="met")
    everything = {
        "reports": 1, "valid_reports": 1, "missed": 1, "accepted": 1, "filed": 1, "filed_in_time": 1,
        "prechecks_due": 1, "prechecks_in_time": 1, "final_checks_due": 1, "final_checks_in_time": 1,
        "precheck_orders_due": 1, "precheck_orders_in_time": 1,
        "final_check_orders_due": 1, "final_check_orders_in_time": 1,
        "dispatch_due": 1, "dispatched": 1, "dispatched_in_time": 1, "close_due": 1, "closed": 1, "closed_in_time": 1,
    }  # fmt: skip
    assert counting.counters() == Counters(**everything)
    counting.keeper.rebuild()
    assert counting.counters() == Counters(**everything)
    by_person = counting.groups(by=(Dimension.PERSON,), post=Post.COLLECTOR)
    assert by_person[town.collector.account_id,] == Counters(prechecks_due=1, prechecks_in_time=1)
    assert by_person[town.collector2.account_id,] == Counters(final_checks_due=1, final_checks_in_time=1)
    by_matter = counting.groups(by=(Dimension.MATTER,))
    assert list(by_matter) == [("GB/T 47678.5-2026 matter 01001",)]


def test_what_was_late_wrong_or_never_done(small_town: Town) -> None:
    town, counting = small_town, Counting(small_town)
    late = town.handling("m01001_1")  # 2 urgent hours
    town.clock.advance(3 * HOUR_S)
    town.close(late)
    reworked = town.handling("m01001_3")
    reworked = town.take(town.water, reworked, "feed_back", result="好了")
    reworked = town.take(town.dispatcher, reworked, "rework", "还在响")
    town.close(reworked)
    rejected = town.report()
    town.take(town.acceptor, rejected, "reject", "不属城管", answer="不予立案")
    voided = town.filed()
    town.take(town.dispatcher, voided, "void", "重复")
    returned = town.handling("m01001_3")
    town.take(town.water, returned, "return_case", "不属本部门")
    waiting = town.report()
    town.clock.advance(26 * HOUR_S)
    town.take(town.acceptor, waiting, "file", standard="m01001_1")  # an hour was allowed
    found = counting.counters()
    assert found == Counters(
        reports=6, valid_reports=5, missed=5, accepted=6, filed=5, filed_in_time=4, voided=1,
        dispatch_due=4, dispatched=3, dispatched_in_time=3, dispatch_reworked=1,
        close_due=2, closed=2, closed_in_time=1, reworked=1,
    )  # fmt: skip
    assert counting.cases("voided") == [voided.case_id]
    assert counting.cases("dispatch_reworked") == [returned.case_id]
    assert counting.cases("reworked") == [reworked.case_id]
    assert set(counting.cases("closed")) == {late.case_id, reworked.case_id}


def test_an_approved_appeal_exempts_the_delay_and_keeps_the_raw_fact(town: Town) -> None:
    counting = Counting(town)
    case = town.handling("m01001_1")
    town.clock.advance(3 * HOUR_S)
    case = town.close(case)
    assert (counting.counters().closed_in_time, counting.counters().late_exempted) == (0, 0)
    case = town.take(town.water, case, "appeal", grounds="暴雨封路")
    case = town.take(town.dispatcher, case, "appeal_pass", opinion="属实")
    assert counting.counters().late_exempted == 0
    town.take(town.acceptor, case, "appeal_approve")
    assert (counting.counters().closed_in_time, counting.counters().late_exempted) == (0, 1)
    report = counting.evaluations.report(town.leader, WEEK)
    rate = report.total.rates[Indicator.TIMELY_CLOSING_RATE]
    assert (rate.percent, rate.raw_percent, rate.exempted) == ("100.00", "0.00", 1)


def test_a_deferred_case_is_due_as_it_was_and_counts_as_deferred(small_town: Town) -> None:
    town, counting = small_town, Counting(small_town)
    case = town.handling("m01001_1")  # due at 11:00
    until = (town.clock.now() + timedelta(days=2)).isoformat()
    case = town.take(town.water, case, "ask_deferral", until=until, grounds="等井盖")
    town.take(town.dispatcher, case, "grant_deferral", until=until)
    town.clock.advance(3 * HOUR_S)
    assert (counting.counters().close_due, counting.counters().closed, counting.counters().deferred) == (1, 0, 1)
    town.clock.advance(3 * 24 * HOUR_S)  # the deferral is over too
    assert (counting.counters().close_due, counting.counters().deferred) == (1, 0)


def test_facts_made_by_the_product_and_anew_by_a_command_at_once_are_there_once(town: Town) -> None:
    counting = Counting(town)
    case = town.handling()
    assert (counting.counters().filed, counting.counters().closed) == (1, 0)
    town.close(case)
    Deliveries(town.store, [counting.keeper.subscriber()]).round()
    facts = select(evaluation_fact_table.c.case_id).with_for_update()  # nobody replaces them until both have read
    at_once(town.store, counting.keeper.step, counting.keeper.rebuild, holding=lambda conn: conn.execute(facts).all())
    assert (counting.counters().filed, counting.counters().closed) == (1, 1)


def test_who_sees_what_and_scores_by_the_rules_of_the_day(small_town: Town) -> None:
    town, counting = small_town, Counting(small_town)
    town.closed()
    town.take(town.dispatcher, town.filed(), "dispatch", unit="LAMPS")
    water = counting.groups(town.water, by=(Dimension.UNIT,))
    assert [(key, c.filed, c.closed) for key, c in water.items()] == [((town.water.unit_id,), 1, 1)]
    assert set(counting.groups(by=(Dimension.UNIT,))) == {(town.water.unit_id,), (town.lamps.unit_id,)}
    # Of persons a unit sees its own people's work only, never who accepted or checked.
    own = counting.groups(town.water, by=(Dimension.PERSON,))
    assert {c.filed + c.accepted + c.dispatched for c in own.values()} == {0}
    assert counting.groups(by=(Dimension.AREA, Dimension.PERIOD), period=Period.WEEK).keys() == {
        ("140105", "2026-11-16")
    }
    with pytest.raises(ForbiddenError):
        counting.evaluations.report(town.collector, WEEK)
    for last in (TODAY - timedelta(days=1), TODAY + timedelta(days=366)):
        with pytest.raises(InvalidError):
            counting.evaluations.report(town.leader, replace(WEEK, last=last))
    with pytest.raises(NotFoundError):
        counting.evaluations.cases(town.leader, WEEK, "no_such")
    of_unit = replace(WEEK, post=Post.UNIT, unit_id=town.water.unit_id)
    score = counting.evaluations.report(town.leader, of_unit).total.score
    # No value is known for a full count, so the 10 of the filed count have no data; all else is perfect.
    assert score is not None
    assert (score.total, score.weight_with_data) == (100.0, 90)
    rows = score_rules_rows(built_in_rules()[0])
    for row in rows:
        row["full_count"] = "2" if row["indicator"] == "立案数" else ""
    manager = Principal("m", "m", "m", Role.ADMINISTRATOR)
    counting.tables.publish(manager, SCORES, rows, expected_version=0, note="试行")
    score = counting.evaluations.report(town.leader, of_unit).total.score
    assert score is not None
    assert (score.total, score.weight_with_data) == (95.0, 100)  # one of two filed: 50 points of weight 10
    before = replace(of_unit, first=TODAY - timedelta(days=9), last=TODAY - timedelta(days=1))
    assert counting.evaluations.report(town.leader, before).rules.name == "example"


def test_facts_made_anew_for_all_cases_are_those_that_were_kept_up(town: Town) -> None:
    counting = Counting(town)
    for _ in range(3):
        town.report()
    kept = counting.counters()
    town.store.write(lambda conn: conn.execute(delete(evaluation_fact_table)))
    assert counting.counters().reports == 0
    told: list[tuple[int, int]] = []
    assert counting.keeper.rebuild(lambda done, cases: told.append((done, cases))) == 3
    assert told == [(3, 3)]
    assert counting.counters() == kept
