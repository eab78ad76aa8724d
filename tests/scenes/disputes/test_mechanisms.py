"""The social-insurance route: ten mechanisms as a dated table, each saying why it applies to a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cityops.scenes.disputes.facts import MechanismView, dispute_view
from cityops.scenes.disputes.registering import NewDispute
from cityops.scenes.disputes.rules import SOCIAL_INSURANCE, Facts, dispute_rules, mechanism_reasons

from .centres import NEIGHBOURS, Centres

INSURANCE = replace(NEIGHBOURS, field="labour", topic=SOCIAL_INSURANCE)
SMALL: Facts = {"people": 1, "amount_yuan": 800, "source": "person", "state": "mediating", "risks": 0, "late": 0}
ALWAYS = {"collect", "first_responsible", "fast_response"}


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({}, {"mediation_first"}),
        ({"people": 10}, {"mediation_first", "joint_handling"}),
        ({"amount_yuan": 50_000}, {"mediation_first", "joint_handling"}),
        ({"amount_yuan": 49_999}, {"mediation_first"}),
        ({"people": 30}, {"mediation_first", "joint_handling", "risk_watch"}),
        ({"risks": 1}, {"mediation_first", "risk_watch"}),
        ({"source": "petition"}, {"mediation_first", "petition_link"}),
        ({"late": 1}, {"mediation_first", "supervision"}),
        ({"state": "failed"}, {"arbitration_link"}),
        ({"state": "handed_over"}, {"arbitration_link", "feedback"}),
        ({"state": "closed"}, {"mediation_first", "feedback"}),
        ({"state": "withdrawn"}, set()),
    ],
)
def test_mechanisms_apply_by_their_conditions(facts: dict[str, object], more: set[str]) -> None:
    case: Facts = {**SMALL, **facts}  # type: ignore[dict-item]
    table = dispute_rules().mechanisms_on(date(2026, 11, 22))
    assert len(table) == 10
    assert {one.name for one in table if mechanism_reasons(one, case)[0]} == ALWAYS | more


def test_there_are_none_before_the_table_is_in_force() -> None:
    assert dispute_rules().mechanisms_on(date(2024, 12, 2)) == ()


def shown(centres: Centres, new: NewDispute) -> dict[str, MechanismView]:
    case = centres.registered(new)
    return {one.name: one for one in dispute_view(centres.context, centres.village, case.case_id).mechanisms}


def test_a_case_says_which_apply_and_why(small: Centres) -> None:
    found = shown(small, replace(INSURANCE, people=62, amount_fen=13_240_000))
    assert len(found) == 10
    joint = found["joint_handling"]
    assert (joint.applies, [one.zh for one in joint.reasons]) == (
        True,
        ["涉及62人，不少于10人", "涉及132400元，不少于5万元"],
    )
    assert (found["petition_link"].applies, found["petition_link"].reasons[0].en) == (
        False,
        "None of its conditions holds now",
    )


def test_other_disputes_have_no_such_route(small: Centres) -> None:
    assert shown(small, NEIGHBOURS) == {}
