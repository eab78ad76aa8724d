"""Answers from the street: late, twice, after somebody was faster; each is taken once, with its photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cases.evidence.conftest import photo
from tests.scenes.urban_management.town import Town
from tests.together import at_once

from cityops.access import SYSTEM, Principal
from cityops.cases import CaseDetailView
from cityops.cases.evidence import EvidenceBook, EvidenceRole, NewEvidence
from cityops.cases.fieldwork import Answered, FieldAnswers, NewAnswer
from cityops.kit import ConflictError, InvalidError, NotFoundError, Text
from cityops.store import Files

Answer = Callable[..., Answered]


@pytest.fixture
def book(town: Town, tmp_path: Path) -> EvidenceBook:
    (tmp_path / "files").mkdir()
    return EvidenceBook(town.store, Files(tmp_path / "files"), town.clock, town.ids)


@pytest.fixture
def answer(town: Town, book: EvidenceBook) -> Answer:
    """Answers a task as the collector, confirming it unless told otherwise."""
    answers = FieldAnswers(town.store, town.clock, town.cases, book)

    def send(
        task_id: str,
        client_id: str = "phone-0001",
        *,
        who: Principal | None = None,
        action: str = "precheck_confirm",
        evidence_ids: tuple[str, ...] = (),
        comment: str | None = None,
    ) -> Answered:
        form = {"notes": "井盖移位约三十厘米"} if action == "precheck_confirm" else {}
        new = NewAnswer(client_id, action, town.clock.now_ms(), form, comment, evidence_ids)
        return answers.answer(who or town.collector, task_id, new)

    return send


def asked(town: Town) -> tuple[CaseDetailView, str]:
    """A case whose check the collector has to do, and the task's id."""
    case = town.take(town.acceptor, town.report(), "request_precheck", collector=town.collector.account_id)
    (task,) = [task for task in case.tasks if task.kind == "precheck"]
    return case, task.task_id


def test_an_answer_brings_its_photos_and_is_taken_once(town: Town, book: EvidenceBook, answer: Answer) -> None:
    case, task_id = asked(town)
    item = book.add(town.collector, NewEvidence("photo-0001", EvidenceRole.BEFORE), [photo()])
    first = answer(task_id, evidence_ids=(item.id,))
    again = answer(task_id, evidence_ids=(item.id,))
    assert (first.case_number, first.again, again.again) == (case.number, False, True)
    assert town.tasks(case, "precheck") == [(None, "confirmed")]
    steps = [step.action for step in town.seen(case).timeline]
    assert steps.count("precheck_confirm") == 1
    assert [one.id for one in book.of_case(town.acceptor, case.case_id)] == [item.id]


def test_what_was_seen_stays_true_when_the_case_moves_on_at_this_moment(town: Town, answer: Answer) -> None:
    case, task_id = asked(town)
    graver = Text("更紧急", "graver")
    (taken,) = at_once(
        town.store,
        lambda: answer(task_id),
        holding=lambda conn: town.cases.note_in(conn, SYSTEM, case.case_id, "graver", graver, {"severity": 3}),
    )
    assert taken == Answered(task_id, case.number, again=False)
    assert [step.action for step in town.seen(case).timeline][-2:] == ["graver", "precheck_confirm"]


def test_the_same_answer_twice_at_once_is_one(town: Town, answer: Answer) -> None:
    case, task_id = asked(town)
    taken = at_once(town.store, *[lambda: answer(task_id)] * 3)
    assert sorted(one.again for one in taken) == [False, True, True]
    assert town.tasks(case, "precheck") == [(None, "confirmed")]


def test_what_was_seen_stays_true_when_the_case_has_moved_on(town: Town, answer: Answer) -> None:
    """The phone saw an older version; a level was changed meanwhile. The answer counts all the same."""
    case, task_id = asked(town)
    town.take(town.acceptor, case, "transfer_level", "区里办理", level="district")
    assert answer(task_id).again is False
    assert town.tasks(case, "precheck") == [(None, "confirmed")]


def test_a_check_that_was_withdrawn_is_refused_and_leaves_no_photo(
    town: Town, book: EvidenceBook, answer: Answer
) -> None:
    case, task_id = asked(town)
    item = book.add(town.collector, NewEvidence("photo-0001", EvidenceRole.BEFORE), [photo()])
    town.take(town.acceptor, case, "precheck_withdraw", "已由他人核实")
    with pytest.raises((NotFoundError, ConflictError)):
        answer(task_id, evidence_ids=(item.id,))
    assert book.of_case(town.acceptor, case.case_id) == []
    book.take_back(town.collector, item.id)


def test_a_way_back_needs_its_reason(town: Town, answer: Answer) -> None:
    case, task_id = asked(town)
    with pytest.raises(InvalidError) as error:
        answer(task_id, action="precheck_deny")
    assert error.value.code == "case.reason_missing"
    answer(task_id, action="precheck_deny", comment="现场井盖完好")
    assert town.tasks(case, "precheck") == [(None, "not_found")]


def test_another_persons_task_and_another_persons_photo_are_not_there(
    town: Town, book: EvidenceBook, answer: Answer
) -> None:
    case, task_id = asked(town)
    with pytest.raises(NotFoundError):
        answer(task_id, who=town.collector2)
    foreign = book.add(town.collector2, NewEvidence("photo-0001", EvidenceRole.BEFORE), [photo()])
    with pytest.raises(NotFoundError):
        answer(task_id, evidence_ids=(foreign.id,))
    assert town.tasks(case, "precheck") == [(None, "open")]


def test_an_identifier_is_of_one_task(town: Town, answer: Answer) -> None:
    _, first = asked(town)
    _, second = asked(town)
    answer(first)
    with pytest.raises(InvalidError) as error:
        answer(second)
    assert error.value.code == "answer.client_id"
    with pytest.raises(InvalidError):
        answer(second, "short")
