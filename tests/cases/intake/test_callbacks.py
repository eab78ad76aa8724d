"""Calls back: owed once the case has ended to those who asked for one, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cityops.access import AuditFilter, Principal, Role, list_audit
from cityops.cases.intake import Call, call_back_table
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError

from .conftest import Desk

AUDITOR = Principal("A-auditor", "auditor", "审计员", Role.AUDITOR)


def owed(desk: Desk) -> list[str]:
    return [one.reporter.name or "" for one in desk.calls.owed(desk.acceptor).items]


def reporter_of(desk: Desk, name: str) -> str:
    return next(one.reporter.reporter_id for one in desk.calls.owed(desk.acceptor).items if one.reporter.name == name)


def test_a_call_is_owed_from_the_end_of_the_case_until_somebody_was_reached(desk: Desk) -> None:
    filed = desk.hotline()
    desk.hotline(reporter_name="李四", wants_answer=False, join_case_id=filed.case_id)
    assert owed(desk) == []
    desk.close(filed.case_id)
    [call] = desk.calls.owed(desk.acceptor).items
    assert (call.reporter.name, call.case_id, call.number, call.attempts) == ("王**", filed.case_id, filed.number, 0)
    assert call.reporter.told is not None
    assert "垃圾已清运" in call.reporter.told.zh

    desk.calls.record(desk.acceptor, call.reporter.reporter_id, Call(reached=False))
    assert desk.calls.owed(desk.acceptor).items[0].attempts == 1
    desk.calls.record(desk.acceptor, call.reporter.reporter_id, Call(reached=True, stars=2, comment="还有味道"))
    assert desk.calls.owed(desk.acceptor).total == 0
    with pytest.raises(ConflictError, match="not owed"):
        desk.calls.record(desk.dispatcher, call.reporter.reporter_id, Call(reached=True, stars=5))
    with desk.store.read() as conn:
        rows = conn.execute(select(call_back_table).order_by(call_back_table.c.id)).mappings().all()
    assert [(row["reached"], row["stars"], row["comment"]) for row in rows] == [
        (False, None, None),
        (True, 2, "还有味道"),
    ]


def test_a_case_opened_again_owes_the_call_again_when_it_closes(desk: Desk) -> None:
    filed = desk.hotline()
    desk.close(filed.case_id)
    desk.calls.record(desk.acceptor, reporter_of(desk, "王**"), Call(reached=True, stars=1))
    desk.take(desk.acceptor, filed.case_id, "reopen", "市民说没清完")
    assert owed(desk) == []
    desk.close(filed.case_id)
    assert owed(desk) == ["王**"]


def test_reporters_of_a_merged_case_are_called_when_the_other_ends(desk: Desk) -> None:
    first, second = desk.hotline(), desk.hotline(reporter_name="李四")
    desk.take(desk.acceptor, second.case_id, "merge", into=first.case_id)
    assert owed(desk) == []
    desk.close(first.case_id)
    assert sorted(owed(desk)) == ["李*", "王**"]
    assert {one.number for one in desk.calls.owed(desk.acceptor).items} == {first.number}


@pytest.mark.parametrize("call", [Call(True), Call(True, 0), Call(True, 6), Call(False, 3), Call(True, 5, "字" * 501)])
def test_a_call_that_cannot_be_is_refused(small_desk: Desk, call: Call) -> None:
    filed = small_desk.hotline()
    small_desk.close(filed.case_id)
    with pytest.raises(InvalidError):
        small_desk.calls.record(small_desk.acceptor, reporter_of(small_desk, "王**"), call)
    assert owed(small_desk) == ["王**"]


def test_the_contact_is_read_for_a_purpose_and_the_reading_is_on_record(desk: Desk) -> None:
    filed = desk.hotline()
    [shown] = desk.calls.reporters(desk.dispatcher, filed.case_id)
    assert (shown.name, shown.contact) == ("王**", "138****5678")
    with pytest.raises(InvalidError):
        desk.calls.contact(desk.dispatcher, shown.reporter_id, "  ")
    full = desk.calls.contact(desk.dispatcher, shown.reporter_id, "回访")
    assert (full.name, full.contact) == ("王小明", "13812345678")
    with desk.store.read() as conn:
        [line] = [one for one in list_audit(conn, AUDITOR, AuditFilter()).items if one.action == "reporter.contact"]
    assert (line.object_id, line.purpose, line.actor_name) == (filed.case_id, "回访", "dispatcher")


def test_who_may_not_read_contacts_or_sit_at_the_desk(small_desk: Desk) -> None:
    filed = small_desk.hotline()
    [shown] = small_desk.calls.reporters(small_desk.acceptor, filed.case_id)
    with pytest.raises(ForbiddenError):
        small_desk.calls.contact(small_desk.unit, shown.reporter_id, "好奇")
    for work in (small_desk.calls.owed, lambda who: small_desk.calls.reporters(who, filed.case_id)):
        with pytest.raises(ForbiddenError):
            work(small_desk.unit)
    with pytest.raises(NotFoundError):
        small_desk.calls.contact(small_desk.acceptor, "nobody", "回访")
    elsewhere = small_desk.person("far", Role.ACCEPTOR, area_codes=["140106"])
    with pytest.raises(NotFoundError):
        small_desk.calls.reporters(elsewhere, filed.case_id)
    with pytest.raises(NotFoundError):
        small_desk.calls.contact(elsewhere, shown.reporter_id, "回访")
