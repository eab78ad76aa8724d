"""Who reads what of a dispute: names and words only those who work on it, for a purpose, audited, for a time."""

from __future__ import annotations

import pytest

from cityops.access import AuditFilter, Principal, list_audit
from cityops.cases.intake import CallBacks
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cityops.scenes.disputes.facts import dispute_view
from cityops.scenes.disputes.parties import add_party, erase_passed, read_parties
from cityops.scenes.disputes.registering import NewParty

from .centres import PHONE, Centres


def words_seen(centres: Centres, who: Principal, case_id: str) -> list[object]:
    """Everything somebody wrote in the case, as this person is shown it."""
    case = centres.cases.get(who, case_id)
    said = [value for step in case.timeline for value in (step.comment, *step.data.values())]
    return [value for value in [*said, *(v for task in case.tasks for v in task.data.values())] if value is not None]


def test_others_see_field_place_and_state_and_nothing_that_was_written(centres: Centres) -> None:
    case = centres.agreed()
    seen = centres.cases.get(centres.leader, case.case_id)
    assert (seen.state, seen.inside, seen.title.zh[:4]) == ("agreed", False, "邻里关系")
    assert words_seen(centres, centres.leader, case.case_id) == []
    assert centres.context.documents.of_case(centres.leader, case.case_id) == []
    view = dispute_view(centres.context, centres.leader, case.case_id)
    assert (view.field, view.people, view.parties, view.account) == ("neighbours", 2, 2, None)
    assert centres.cases.get(centres.mediator, case.case_id).inside
    assert "十日内修好防水，双方各半" in words_seen(centres, centres.mediator, case.case_id)
    (document,) = centres.context.documents.of_case(centres.village, case.case_id)
    with pytest.raises(NotFoundError):
        centres.context.documents.read(centres.leader, document.document_id, "pdf")
    calls = CallBacks(centres.context.store, centres.context.clock, centres.context.ids)
    with pytest.raises(NotFoundError):  # nor who reported it
        calls.reporters(centres.leader, case.case_id)


def test_who_has_handed_a_case_over_sees_where_it_is_and_no_more(small: Centres) -> None:
    case = small.raised(small.mediating())
    seen = small.cases.get(small.village, case.case_id)
    assert (seen.level, seen.inside) == ("town", False)
    assert words_seen(small, small.village, case.case_id) == []
    with pytest.raises(NotFoundError):
        small.cases.get(small.mediator, case.case_id)
    with pytest.raises(ForbiddenError, match="only those who work on this case"):
        read_parties(small.context, small.village, case.case_id, "mediation")
    assert [one.name for one in read_parties(small.context, small.town, case.case_id, "mediation")] == ["甲某", "乙某"]


def test_the_first_centre_reads_inside_while_it_owes_the_first_answer(small: Centres) -> None:
    case = small.raised(small.registered())
    assert small.cases.get(small.village, case.case_id).inside
    case = small.take(small.town, case, "accept")
    assert not small.cases.get(small.village, case.case_id).inside


def test_the_level_above_reads_inside_while_its_instruction_is_asked_for(small: Centres) -> None:
    case = small.mediating()
    with pytest.raises(NotFoundError):
        small.cases.get(small.town, case.case_id)
    small.take(small.mediator, case, "flag_risk", grounds="扬言聚集")
    assert "扬言聚集" in words_seen(small, small.town, case.case_id)
    assert read_parties(small.context, small.town, case.case_id, "supervision")[0].contact == "139****0001"
    small.take(small.town, case, "advise", measure="go_on", instruction="加强走访")
    assert words_seen(small, small.town, case.case_id) == []


@pytest.mark.parametrize(
    ("purpose", "contact"),
    [("mediation", PHONE), ("follow_up", PHONE), ("hand_over", "139****0001"), ("supervision", "139****0001")],
)
def test_a_number_is_whole_only_where_the_purpose_needs_it_and_each_reading_is_audited(
    small: Centres, purpose: str, contact: str
) -> None:
    case = small.mediating()
    assert read_parties(small.context, small.mediator, case.case_id, purpose)[0].contact == contact
    with small.store.read() as conn:
        (line,) = list_audit(conn, small.people["auditor"], AuditFilter(action="dispute.parties")).items
    assert (line.object_id, line.purpose, line.actor_name) == (case.case_id, purpose, "社区调解员")


def test_without_a_purpose_there_is_nothing_to_read(small: Centres) -> None:
    case = small.mediating()
    with pytest.raises(InvalidError, match="no purpose 'curiosity'"):
        read_parties(small.context, small.mediator, case.case_id, "curiosity")


def test_parties_are_added_while_the_case_runs(small: Centres) -> None:
    case = small.agreed()
    add_party(small.context, small.mediator, case.case_id, NewParty("agent", "丙律师"))
    assert [one.role for one in read_parties(small.context, small.mediator, case.case_id, "mediation")] == [
        "applicant",
        "respondent",
        "agent",
    ]
    case = small.closed()
    with pytest.raises(ConflictError, match="has ended"):
        add_party(small.context, small.village, case.case_id, NewParty("agent", "丁律师"))


def test_names_and_contacts_are_erased_three_years_after_the_end(small: Centres) -> None:
    ended, running = small.closed(), small.mediating()
    small.clock.advance(1095 * 24 * 3600)
    assert erase_passed(small.context) == 0
    small.clock.advance(1)
    assert (erase_passed(small.context), erase_passed(small.context)) == (1, 0)
    gone = read_parties(small.context, small.village, ended.case_id, "follow_up")
    assert [(one.name, one.contact) for one in gone] == [(None, None), (None, None)]
    view = dispute_view(small.context, small.village, ended.case_id)
    assert (view.account, view.erased) == (None, True)
    assert read_parties(small.context, small.village, running.case_id, "follow_up")[0].name == "甲某"
