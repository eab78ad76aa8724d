"""The way of a crew to its task, on a road whose times are known: one minute and one kilometre an edge."""

from __future__ import annotations

import pytest

from cityops.access import Principal
from cityops.cases import Cases, Step, TaskView
from cityops.dispatch import CrewRouteView, Dispatch
from cityops.kit import ConflictError, ForbiddenError, NotFoundError

from .conftest import DISPATCHER, LAT, add_crew, lon_of, open_case


def sent(cases: Cases, member: Principal, *, node: float = 0, meet: str | None = None) -> TaskView:
    """A crew's task in a case at ``node``, with the meeting point that the dispatcher named."""
    case = cases.get(DISPATCHER, open_case(cases, node))
    form = {"crew": member.crew_id, **({"meet": meet} if meet else {})}
    cases.act(DISPATCHER, case.case_id, "dispatch", Step(version=case.version, form=form))
    (task,) = cases.tasks(member).items
    return task


def stations(way: CrewRouteView) -> list[float]:
    return [round((lon - lon_of(0)) / 0.01, 3) for lon, _ in way.line]


def test_the_way_leads_from_the_latest_position_to_the_cases_place(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=4, base=8)
    way = dispatch.crew_route(member, sent(cases, member, node=1).task_id)
    assert (way.length_m, way.duration_s, stations(way)) == (3000.0, 180.0, [4, 3, 2, 1])
    assert (way.from_lon, way.from_lat, way.to.lon, way.to_name) == (lon_of(4), LAT, lon_of(1), None)
    dispatch.crews.report_position(member, str(member.crew_id), lon_of(2), LAT)
    nearer = dispatch.crew_route(member, way.task_id)
    assert (nearer.length_m, nearer.duration_s, stations(nearer)) == (1000.0, 60.0, [2, 1])


def test_a_crew_that_was_not_heard_of_starts_at_its_base(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=4, base=3)
    dispatch.crews.end_shift(member, str(member.crew_id))
    dispatch.crews.begin_shift(member, str(member.crew_id))
    way = dispatch.crew_route(member, sent(cases, member, node=1).task_id)
    assert (way.from_lon, way.length_m, stations(way)) == (lon_of(3), 2000.0, [3, 2, 1])


def test_the_named_exit_is_where_the_crew_goes(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=4)
    way = dispatch.crew_route(member, sent(cases, member, node=0, meet="六号出口").task_id)
    assert (way.to_name, way.to.lon, way.length_m, stations(way)) == ("六号出口", lon_of(6), 2000.0, [4, 5, 6])


def test_words_that_are_no_exit_lead_to_the_cases_place(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=4)
    way = dispatch.crew_route(member, sent(cases, member, node=3, meet="加油站门口").task_id)
    assert (way.to_name, way.to.lon, stations(way)) == (None, lon_of(3), [4, 3])


def test_no_open_road_is_said_and_not_guessed(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=4)
    task = sent(cases, member, node=1)
    closure = dispatch.closures.create(DISPATCHER, lon_of(2.5), LAT, "路灯更换")
    blocked = dispatch.crew_route(member, task.task_id)
    assert (blocked.line, blocked.length_m, blocked.duration_s) == ([], None, None)
    assert blocked.to.lon == lon_of(1)
    dispatch.closures.end(DISPATCHER, closure.closure_id)
    assert dispatch.crew_route(member, task.task_id).length_m == 3000.0


def test_only_the_tasks_own_crew_is_told(dispatch: Dispatch, cases: Cases) -> None:
    member, other = add_crew(dispatch, "one", node=4), add_crew(dispatch, "two", node=5)
    task = sent(cases, member)
    with pytest.raises(NotFoundError):
        dispatch.crew_route(other, task.task_id)
    with pytest.raises(ForbiddenError):
        dispatch.crew_route(DISPATCHER, task.task_id)


def test_a_task_that_is_over_has_no_way(dispatch: Dispatch, cases: Cases) -> None:
    member = add_crew(dispatch, "one", node=0)
    task = sent(cases, member)
    version = task.case_version
    for action, form in (("accept", {}), ("arrive", {}), ("finish", {"result": "driver_warned"})):
        step = Step(version=version, task_id=task.task_id, form=form)
        version = cases.act(member, task.case_id, action, step).version
    with pytest.raises(ConflictError) as refused:
        dispatch.crew_route(member, task.task_id)
    assert refused.value.code == "dispatch.task_over"
