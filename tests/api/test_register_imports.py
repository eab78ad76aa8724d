"""Imports under way are bounded and counted; a defect is raised to who asks, not swallowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest
from tests.api.serving import PATIENCE_S

from cityops.access import Principal, Role
from cityops.api.register_imports import KEPT, WAITING, ImportJob, ImportJobs
from cityops.kit import BusyError, IdMaker, InvalidError, ManualClock, NotFoundError

LEADER = Principal("01LEADER", "leader", "值班长", Role.SHIFT_LEADER)
UNIT = Principal("01UNIT", "unit", "单位", Role.UNIT)


@pytest.fixture
def jobs(clock: ManualClock) -> Iterator[ImportJobs]:
    made = ImportJobs(IdMaker(clock))
    yield made
    made.stop()


def tell(through: threading.Event, _: ImportJob) -> None:
    through.set()


def done(job: ImportJob) -> None:
    job.begin("done", 0)


def counted(jobs: ImportJobs) -> dict[str, float]:
    return {dict(one.labels).get("result", "under_way"): one.value for one in jobs.samples()}


def test_more_than_may_wait_are_refused_and_counted(jobs: ImportJobs) -> None:
    go = threading.Event()
    begun = [jobs.start(LEADER, "canteen", lambda _: (go.wait(PATIENCE_S), None)[1]) for _ in range(WAITING)]
    with pytest.raises(BusyError, match=str(WAITING)):
        jobs.start(UNIT, "canteen", done)
    assert counted(jobs) == {"begun": WAITING, "busy": 1, "under_way": WAITING}
    go.set()
    jobs.stop()
    assert counted(jobs)["under_way"] == 0
    assert jobs.find(LEADER, begun[0].job_id) is begun[0]


def test_only_who_began_it_sees_it(jobs: ImportJobs) -> None:
    job = jobs.start(LEADER, "canteen", done)
    with pytest.raises(NotFoundError):
        jobs.find(UNIT, job.job_id)


def test_a_refusal_is_kept_with_its_words(jobs: ImportJobs) -> None:
    def refuse(_: ImportJob) -> None:
        raise InvalidError("表格是空的", "the sheet is empty")

    job = jobs.start(LEADER, "canteen", refuse)
    jobs.stop()  # waits for what runs
    found = jobs.find(LEADER, job.job_id)
    assert (found.phase, found.problem and found.problem.text.zh) == ("refused", "表格是空的")


def test_a_defect_is_raised_to_who_asks(jobs: ImportJobs) -> None:
    def break_down(_: ImportJob) -> None:
        raise ZeroDivisionError

    job = jobs.start(LEADER, "canteen", break_down)
    jobs.stop()
    with pytest.raises(ZeroDivisionError):
        jobs.find(LEADER, job.job_id)


def test_the_oldest_that_are_over_are_forgotten(jobs: ImportJobs) -> None:
    first = jobs.start(LEADER, "canteen", done)
    for _ in range(KEPT + WAITING):
        through = threading.Event()
        jobs.start(LEADER, "canteen", partial(tell, through))
        assert through.wait(PATIENCE_S)
    with pytest.raises(NotFoundError):
        jobs.find(LEADER, first.job_id)
