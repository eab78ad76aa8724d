"""What people are shown for their work: choices of forms, steps held back, shared steps, relations, hand-over."""

from __future__ import annotations

import pytest

from cityops.access import SYSTEM, Role
from cityops.cases import CaseFilter, ChoicePage, Step, TaskFilter
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError

from .town import Town

HOUR = 3600


def titles(page: ChoicePage) -> list[str]:
    return [choice.title.en for choice in page.items]


def test_a_unit_is_offered_while_somebody_signs_in_for_it_and_it_has_no_task(town: Town) -> None:
    case = town.filed("m01037_1")
    found = town.cases.choices(town.dispatcher, case.case_id, "dispatch", "unit")
    assert titles(found) == ["Lamps", "Roads", "Water"]
    assert found.items[0].note == ("在办 0 项", "0 open tasks")
    assert titles(town.cases.choices(town.dispatcher, case.case_id, "dispatch", "unit", words="wat")) == ["Water"]
    town.accounts.deactivate(SYSTEM, town.roads.account_id)
    assert titles(town.cases.choices(town.dispatcher, case.case_id, "dispatch", "joint")) == ["Lamps", "Water"]
    case = town.take(town.dispatcher, case, "dispatch", unit="WATER")
    assert titles(town.cases.choices(town.dispatcher, case.case_id, "add_unit", "joint")) == ["Lamps"]


def test_a_person_is_offered_by_role_and_unit_the_least_loaded_first(town: Town) -> None:
    busy = town.report(title="另一件")
    town.take(town.acceptor, busy, "request_precheck", collector="collector")
    case = town.report()
    found = town.cases.choices(town.acceptor, case.case_id, "request_precheck", "collector")
    assert [(choice.title.en, choice.note.en) for choice in found.items if choice.note] == [
        ("collector2", "0 open tasks"),
        ("collector", "1 open task"),
    ]
    handling = town.handling()
    task = next(t for t in town.cases.get(town.water, handling.case_id).tasks if t.kind == "handle")
    people = town.cases.choices(town.water, handling.case_id, "give_person", "person", task_id=task.task_id)
    assert titles(people) == ["li", "wu"]


def test_a_case_is_offered_to_merge_into_while_it_is_open_and_in_scope(small_town: Town) -> None:
    town = small_town
    first, second, ended = town.report(title="甲"), town.report(title="乙"), town.closed()
    found = town.cases.choices(town.acceptor, second.case_id, "merge", "into")
    assert [choice.value for choice in found.items] == [first.case_id]
    assert ended.case_id not in {choice.value for choice in found.items}
    assert town.cases.choices(town.acceptor, second.case_id, "merge", "into", words="乙").items == []


def test_choices_are_for_whoever_may_take_the_step(small_town: Town) -> None:
    town = small_town
    case = town.report()
    for who, action, field, error in (
        (town.dispatcher, "request_precheck", "collector", ForbiddenError),
        (town.acceptor, "request_precheck", "who", NotFoundError),
        (town.dispatcher, "dispatch", "unit", ConflictError),
        (town.acceptor, "fly", "where", InvalidError),
        (town.water, "request_precheck", "collector", NotFoundError),
    ):
        with pytest.raises(error):
            town.cases.choices(who, case.case_id, action, field)


def test_a_step_held_back_says_why_to_whom_it_belongs(town: Town) -> None:
    case = town.take(town.acceptor, town.report(), "request_precheck", collector="collector")
    held = {step.name: step.why.en for step in town.cases.get(town.acceptor, case.case_id).blocked}
    assert held["file"] == "The check before filing is still under way"
    assert "file" not in {step.name for step in town.cases.get(town.dispatcher, case.case_id).blocked}
    joint = town.handling("m01037_1", joint=["LAMPS"])
    assert [step.name for step in town.cases.get(town.water, joint.case_id).blocked] == ["feed_back"]
    # Not told: what is the leading unit's to do is no step of the joint unit's.
    assert [step.name for step in town.cases.get(town.lamps, joint.case_id).blocked] == []


def test_an_offer_holds_the_cases_that_share_a_step_with_one_form(town: Town) -> None:
    cases = [town.filed("m01037_1") for _ in range(3)]
    late = town.report()
    offers = {o.action.name: o for o in town.cases.offers(town.dispatcher, [c.case_id for c in (*cases, late)])}
    assert [one.case_id for one in offers["dispatch"].cases] == [case.case_id for case in cases]
    steps = {one.case_id: Step(one.version, one.task_id, {"unit": "LAMPS"}) for one in offers["dispatch"].cases}
    town.take(town.dispatcher, cases[1], "dispatch", unit="WATER")
    outcomes = town.cases.act_many(town.dispatcher, "dispatch", steps)
    assert [(one.done, one.error.code if one.error else None) for one in outcomes] == [
        (True, None),
        (False, "case.stale"),
        (True, None),
    ]
    # A unit's steps go through its tasks: the offer names each case's own.
    of_unit = {o.action.name: o for o in town.cases.offers(town.lamps, [c.case_id for c in cases])}
    accept = {one.case_id: Step(one.version, one.task_id) for one in of_unit["accept"].cases}
    assert [one.done for one in town.cases.act_many(town.lamps, "accept", accept)] == [True, True]
    # Closings differ by standard: two forms, two offers.
    verifying = [town.handling("m01037_1"), town.handling("m01001_1")]
    for case in verifying:
        town.take(town.dispatcher, town.take(town.water, case, "feed_back", result="完成"), "confirm")
    ids = [case.case_id for case in verifying]
    assert [len(o.cases) for o in town.cases.offers(town.acceptor, ids) if o.action.name == "close"] == [1, 1]


def test_relations_and_names_are_shown(town: Town) -> None:
    first, second = town.report(title="甲"), town.report(title="乙")
    town.take(town.acceptor, second, "merge", into=first.number)
    town.take(town.acceptor, first, "split", parts="丙")
    part = town.cases.list(town.acceptor, CaseFilter(q="丙")).items[0]
    seen = {(r.relation, r.number) for r in town.cases.get(town.acceptor, first.case_id).relations}
    assert seen == {("merged_here", second.number), ("part", part.number)}
    assert [r.relation for r in town.cases.get(town.acceptor, part.case_id).relations] == ["origin"]
    assert [r.relation for r in town.cases.get(town.acceptor, second.case_id).relations] == ["merged_into"]
    case = town.take(town.dispatcher, town.filed("m01037_1"), "dispatch", unit="WATER", joint=["LAMPS", "ROADS"])
    assert case.timeline[-1].data == {"unit": "Water", "joint": "Lamps、Roads"}
    assert case.standard_title is not None
    assert case.standard_title.zh == "路灯异常：单盏路灯不亮"


def test_desk_tasks_are_the_work_of_whoever_settles_them(town: Town) -> None:
    reported, filed = town.report(), town.filed()
    mine = {who.username: [t.kind for t in town.cases.tasks(who).items] for who in (town.acceptor, town.dispatcher)}
    assert mine == {"acceptor": ["accept_desk"], "dispatcher": ["dispatch_desk"]}
    task = town.cases.tasks(town.acceptor).items[0]
    assert "file" in {action.name for action in task.actions}
    assert (task.case_id, task.case_title.zh) == (reported.case_id, "井盖缺失")
    town.take(town.dispatcher, filed, "dispatch", unit="WATER")
    assert [t.kind for t in town.cases.tasks(town.water).items] == ["handle"]


def test_overdue_finds_running_clocks_that_passed(town: Town) -> None:
    case = town.handling("m01001_1")  # 2 hours on the clock
    late = CaseFilter(overdue=True)
    assert town.cases.list(town.dispatcher, late).items == []
    assert town.cases.list(town.dispatcher, CaseFilter(overdue=False)).page.total == 1
    town.clock.advance(2 * HOUR + 1)
    assert [c.case_id for c in town.cases.list(town.dispatcher, late).items] == [case.case_id]
    assert town.cases.list(town.dispatcher, late).items[0].deadline is not None
    tasks = town.cases.tasks(town.leader, mine=False, query=TaskFilter(overdue=True)).items
    assert [t.kind for t in tasks] == ["handle"]
    assert town.cases.tasks(town.leader, mine=False, query=TaskFilter(overdue=False)).items == []
    town.take(town.water, case, "return_case", "不属本单位")
    assert town.cases.list(town.dispatcher, late).items == []  # a new task at the desk, in time


def test_a_leavers_tasks_are_found_and_both_are_told(town: Town) -> None:
    case = town.take(town.water, town.handling(), "give_person", person="wu")
    (holder,) = town.cases.holders(town.dispatcher)
    assert (holder.display_name, holder.role, holder.unit_name, holder.open_tasks) == ("wu", "handler", "Water", 1)
    assert town.cases.holders(town.lamps) == []
    assert titles(town.cases.colleagues(town.water, town.wu.account_id)) == ["li"]
    with pytest.raises(ForbiddenError):
        town.cases.colleagues(town.lamps, town.wu.account_id)
    (outcome,) = town.cases.hand_over(town.water, town.wu.account_id, town.li.account_id, "调离")
    assert outcome.done
    assert next(n.title.zh for n in town.cases.notices(town.wu)) == f"{case.number}“处置”不再由您承办"
    assert [n.title.zh for n in town.cases.notices(town.li)] == [f"{case.number}“处置”已交由您承办"]
    with pytest.raises(NotFoundError):
        town.cases.get(town.wu, case.case_id)  # told, and no longer shown the case


def test_a_search_by_number_takes_the_beginning(town: Town) -> None:
    case = town.report()
    other = town.person("other_acceptor", Role.ACCEPTOR)
    for words, found in ((case.number, 1), (case.number[:11].lower(), 1), ("UM-2025", 0), ("井盖", 1), ("灯", 0)):
        assert town.cases.list(other, CaseFilter(q=words)).page.total == found, words
    assert town.cases.list(other, CaseFilter(area="140105")).page.total == 1
    assert town.cases.list(other, CaseFilter(area="140106")).page.total == 0
