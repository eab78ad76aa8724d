"""The clocks of a dispute over the national holiday of 2026 (1 to 7 October; 10 October worked), found by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cityops.cases import CaseDetailView, NoticeView
from cityops.kit import SHANGHAI, ManualClock
from cityops.places import City
from cityops.scenes.disputes.demo import TOWN
from cityops.store import Store

from .centres import Centres

WEDNESDAY = datetime(2026, 9, 30, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def before_holiday(tmp_path: Path, city: City) -> Iterator[Centres]:
    """The last working day before the holiday, 10:00."""
    clock = ManualClock(WEDNESDAY)
    with Store.open(f"sqlite:///{tmp_path}/c.db", clock=clock) as store:
        store.create_all()
        yield Centres(store, clock, city, tmp_path)


def due(centres: Centres, case: CaseDetailView) -> dict[str, datetime]:
    """When each open task is due, by its kind."""
    tasks = centres.cases.get(centres.leader, case.case_id).tasks
    return {task.kind: task.deadline.due_at for task in tasks if task.deadline and task.done_at is None}


def day(month: int, number: int, hour: int) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=SHANGHAI)


def test_the_first_answer_is_due_on_the_third_working_day(before_holiday: Centres) -> None:
    case = before_holiday.registered()
    # Thursday 8, Friday 9, Saturday 10 (worked in exchange) October, 18:00.
    assert due(before_holiday, case) == {"reply": day(10, 10, 18)}
    (task,) = [
        one for one in before_holiday.cases.get(before_holiday.village, case.case_id).tasks if one.kind == "reply"
    ]
    assert task.deadline is not None
    assert "跳过国庆节假期" in task.deadline.explanation.zh


def test_a_transfer_does_not_start_the_first_answer_anew(before_holiday: Centres) -> None:
    case = before_holiday.registered()
    before_holiday.clock.advance(8 * 24 * 3600)  # Thursday 8 October, 10:00
    case = before_holiday.raised(case, TOWN)
    # Taking over: one working day, Friday 9 October; the first answer stays where it was.
    assert due(before_holiday, case) == {"reply": day(10, 10, 18), "take": day(10, 9, 18)}
    case = before_holiday.take(before_holiday.town, case, "accept")
    # Mediation: thirty calendar days after 8 October, to the end of 7 November.
    assert due(before_holiday, case) == {"mediate": day(11, 8, 0)}


def test_visits_are_due_seven_and_thirty_days_after_the_agreement(before_holiday: Centres) -> None:
    case = before_holiday.agreed()
    # To the end of 7 October and of 30 October.
    assert due(before_holiday, case) == {"visit": day(10, 8, 0), "visit_later": day(10, 31, 0)}


def test_the_level_above_has_one_working_day_for_a_risk_and_is_warned(before_holiday: Centres) -> None:
    case = before_holiday.mediating()
    case = before_holiday.take(before_holiday.mediator, case, "flag_risk", grounds="扬言聚集")
    assert due(before_holiday, case)["risk"] == day(10, 8, 18)
    before_holiday.clock.advance(9 * 24 * 3600)
    before_holiday.watch().step()
    told: list[NoticeView] = list(before_holiday.cases.notices(before_holiday.town))
    assert "“激化风险处置意见”已超期" in [one.title.zh for one in told]
