"""Links and what they open: guessing, locking, expiring, taking back, and what a party must not see."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.together import at_once

from cityops.access import SYSTEM, AuditFilter, list_audit
from cityops.cases import case_table
from cityops.kit import BusyError, ConflictError, ForbiddenError, InvalidError, NotFoundError, Text
from cityops.scenes.quick_accident.links import hashed
from cityops.scenes.quick_accident.phones import PartyFacts, PartyPhones
from cityops.scenes.quick_accident.retention import erase_passed
from cityops.scenes.quick_accident.tables import link_table

from .street import PHONES, PLATES, Phone, Street, jpeg


def test_a_link_is_shown_once_and_only_its_hash_is_kept(small_street: Street) -> None:
    case_id = small_street.report()
    tokens = {Phone(small_street, case_id, "A").token for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)  # 24 random bytes
    with small_street.context.store.read() as conn:
        kept = conn.execute(select(link_table)).mappings().all()
    assert not any(token in str(dict(row)) for row in kept for token in tokens)
    assert {row["token_hash"] for row in kept} == {hashed(token) for token in tokens}
    assert [row["revoked_why"] for row in kept].count("replaced") == 19  # one link at a time


def test_before_the_party_says_who_it_is_nothing_is_told(small_street: Street) -> None:
    case_id = small_street.report()
    phone = Phone(small_street, case_id, "A")
    greeting = phone.phones.greet(phone.token)
    assert set(type(greeting).model_fields) == {"city", "asks_plate", "expires_at"}
    with pytest.raises(ForbiddenError):
        phone.page()
    with pytest.raises(InvalidError):
        phone.phones.identify(phone.token, *phone.ends, consents=False)


def test_a_party_sees_its_own_plate_and_the_other_one_masked(small_street: Street) -> None:
    case_id = small_street.offered()
    a, b = small_street.phones(case_id)
    b.phones.tell(b.token, b.key, PartyFacts(name="李四", licence_no="140105199001011234", statement="我停着"))
    b.photo()
    said = a.page().model_dump_json()
    assert PLATES[0] in said
    assert "晋A·***78" in said
    for secret in (PLATES[1], *PHONES, "李四", "140105199001011234", "我停着", "evidence_id"):
        assert secret not in said, secret
    (photo,) = b.page().photos
    with pytest.raises(NotFoundError):
        a.phones.photo(a.token, a.key, photo.evidence_id)
    content = b.phones.photo(b.token, b.key, photo.evidence_id)
    assert content.media_type == "image/jpeg"


def test_five_wrong_answers_lock_the_link(small_street: Street) -> None:
    case_id = small_street.report()
    phone = Phone(small_street, case_id, "A")
    wrong = [("234", "0000"), ("999", "1111"), ("", ""), ("678", "2222"), ("23", "111")]
    for plate_end, phone_end in wrong:
        with pytest.raises(ForbiddenError):
            phone.phones.identify(phone.token, plate_end, phone_end, consents=True)
    with pytest.raises(NotFoundError):
        phone.identify()  # the right answer comes too late
    link = small_street.party(case_id, "A").link
    assert link.state == "locked"
    assert any(step.action == "party.locked" for step in small_street.case(case_id).timeline)


def test_a_right_answer_forgives_the_wrong_ones(small_street: Street) -> None:
    phone = Phone(small_street, small_street.report(), "A")
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(ForbiddenError):
                phone.phones.identify(phone.token, "000", "0000", consents=True)
        phone.identify()
    assert phone.page().label == "A"


def test_a_second_phone_takes_over_from_the_first(small_street: Street) -> None:
    first = Phone(small_street, small_street.report(), "A").identify()
    old = first.key
    first.identify()
    assert first.page().label == "A"
    with pytest.raises(ForbiddenError):
        first.phones.page(first.token, old)


def test_a_link_ends_with_its_day_and_when_it_is_taken_back(small_street: Street) -> None:
    case_id = small_street.report()
    a, b = small_street.phones(case_id)
    small_street.links.revoke(small_street.dispatcher, case_id, a.link_id)
    small_street.clock.advance(24 * 3600)
    for phone in (a, b):
        with pytest.raises(NotFoundError) as refused:
            phone.page()
        assert refused.value.code == "accident.link"  # expired and taken back are not told apart
    states = [party.link.state for party in small_street.seen(case_id).parties if party.link]
    assert states == ["revoked", "expired"]


def test_how_a_link_was_handed_over_is_on_the_timeline_and_its_making_in_the_audit(small_street: Street) -> None:
    case_id = small_street.report()
    phone = Phone(small_street, case_id, "B")
    link = small_street.links.hand_over(small_street.dispatcher, case_id, phone.link_id, "told")
    assert (link.handed_how, link.handed_by) == ("told", "派遣员")
    assert small_street.case(case_id).timeline[-1].title.zh == "链接已交B方：电话告知"
    small_street.links.revoke(small_street.dispatcher, case_id, phone.link_id)
    with small_street.context.store.read() as conn:
        lines = list_audit(conn, small_street.person("auditor"), AuditFilter(object_id=case_id)).items
    assert {"accident.link", "accident.link_revoke"} <= {line.action for line in lines}
    assert phone.token not in str(lines)


def test_only_who_handles_the_case_makes_links(small_street: Street) -> None:
    street = small_street
    case_id = street.report()
    party_id = street.party(case_id, "A").party_id
    with pytest.raises(ForbiddenError):
        street.links.make(street.analyst, case_id, party_id)
    with pytest.raises(NotFoundError):
        street.links.make(street.patrol, case_id, party_id)  # was not sent there
    street.take(street.dispatcher, case_id, "dispatch", crew=street.crew_id)
    assert street.links.make(street.patrol, case_id, party_id).path.startswith("/p#")
    assert street.links.make(street.officer, case_id, party_id).path.startswith("/p#")
    with pytest.raises(NotFoundError):
        street.links.make(street.dispatcher, street.report(), party_id)  # a party of another accident


def test_an_answer_counts_once_and_for_the_decision_it_was_given_to(small_street: Street) -> None:
    case_id = small_street.offered()
    a, b = small_street.phones(case_id)
    a.answer(True)
    with pytest.raises(ConflictError):
        a.answer(True)
    with pytest.raises(ConflictError):
        b.phones.answer(b.token, b.key, "01JV0SOMETHINGELSE00000000", agrees=True, words=None)
    assert b.page().answer is None


def test_nothing_is_taken_once_the_liability_is_settled(small_street: Street) -> None:
    case_id = small_street.offered()
    a, b = small_street.phones(case_id)
    a.photo()
    a.answer(True)
    b.answer(True)
    with pytest.raises(ConflictError):
        a.photo("rear")
    with pytest.raises(ConflictError):
        a.phones.tell(a.token, a.key, PartyFacts(statement="后悔了"))
    assert a.page().stage == "settled"


def test_a_photo_is_kept_once_with_its_view_and_answers_what_was_asked(small_street: Street) -> None:
    street = small_street
    case_id = street.report()
    a, _ = street.phones(case_id)
    party = street.party(case_id, "A")
    street.desk.ask(street.dispatcher, case_id, party.party_id, "请补拍碰撞部位")
    assert a.page().asked == "请补拍碰撞部位"
    a.photo("contact", "contact-one")
    a.photo("contact", "contact-one")
    assert a.page().asked is None
    assert [photo.view for photo in street.party(case_id, "A").photos] == ["contact"]
    with pytest.raises(ConflictError):
        a.photo("contact", "contact-one", colour="red")  # another picture under the same number
    (item,) = street.context.evidence.of_case(street.dispatcher, case_id)
    assert item.size == len(jpeg())
    with pytest.raises(InvalidError):
        a.phones.add_photo(a.token, a.key, "front", "not-a-photo", [b"<html>"])


def test_two_phones_that_confirm_at_the_same_moment_settle_it_once(street: Street) -> None:
    case_id = street.offered()
    phones = street.phones(case_id)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda phone: phone.answer(True), phones))
    actions = [step.action for step in street.case(case_id).timeline]
    assert (street.state(case_id), actions.count("agree")) == ("settled", 1)


def test_of_two_links_made_at_once_one_works(street: Street) -> None:
    case_id = street.report()
    party_id = street.party(case_id, "A").party_id
    made = at_once(street.context.store, *[lambda: street.links.make(street.dispatcher, case_id, party_id)] * 3)
    with street.context.store.read() as conn:
        ended = conn.execute(select(link_table.c.revoked_why)).scalars().all()
    assert (len(made), sorted(ended, key=str)) == (3, [None, "replaced", "replaced"])


def test_what_a_party_says_at_the_moment_of_the_settlement_changes_nothing(street: Street) -> None:
    case_id = street.report()
    a = Phone(street, case_id, "A").identify()
    (refused,) = at_once(
        street.context.store,
        lambda: a.phones.tell(a.token, a.key, PartyFacts(statement="我停着")),
        holding=lambda conn: conn.execute(update(case_table).where(case_table.c.id == case_id).values(state="settled")),
    )
    assert isinstance(refused, ConflictError)
    assert refused.code == "accident.over"
    assert street.party(case_id, "A").statement is None


def test_nobody_decides_on_a_case_that_has_changed_at_this_moment(street: Street) -> None:
    case_id = street.report()
    street.desk.screen(street.dispatcher, case_id, [])
    words = Text("又有人报案", "reported again")
    (refused,) = at_once(
        street.context.store,
        lambda: street.decide(street.dispatcher, case_id),
        holding=lambda conn: street.context.cases.note_in(conn, SYSTEM, case_id, "told", words, {}),
    )
    assert isinstance(refused, ConflictError)
    assert refused.code == "case.stale"
    assert (street.state(case_id), street.seen(case_id).decision) == ("reported", None)


def test_a_party_sends_ten_photos_and_is_told_when_that_is_all(small_street: Street) -> None:
    case_id = small_street.report()
    a = Phone(small_street, case_id, "A").identify()
    for number in range(10):
        a.photo("other", f"photo-{number:04d}")
    with pytest.raises(BusyError):
        a.photo("other", "photo-0010")
    assert len(small_street.party(case_id, "A").photos) == 10


def test_who_does_not_handle_the_case_sees_neither_words_nor_photos(small_street: Street) -> None:
    case_id = small_street.report()
    a = Phone(small_street, case_id, "A").identify()
    a.phones.tell(a.token, a.key, PartyFacts(name="张三", insurer="某保险", statement="我没看见"))
    a.photo()
    said = small_street.seen(case_id, small_street.analyst).model_dump_json()
    assert all(secret not in said for secret in ("张三", "某保险", "我没看见", "evidence_id", PLATES[0]))
    assert small_street.party(case_id, "A").statement == "我没看见"


def test_what_leads_to_a_party_is_erased_when_its_time_is_over(small_street: Street) -> None:
    street = small_street
    case_id = street.offered()
    for phone in street.phones(case_id):
        phone.moved()
        phone.answer(True)
    street.take(street.dispatcher, case_id, "close")
    running = street.report()
    street.clock.advance(3 * 365 * 86_400)
    assert erase_passed(street.context) == 0
    street.clock.advance(86_400)
    assert erase_passed(street.context) == 2
    assert erase_passed(street.context) == 0
    assert [party.phone for party in street.seen(case_id).parties] == ["", ""]
    assert [party.phone for party in street.seen(running).parties] == ["101****1111", "101****2222"]
    with street.context.store.read() as conn:
        assert conn.execute(select(link_table)).first() is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=64), key=st.text(max_size=64))
def test_no_made_up_token_opens_anything(small_street: Street, token: str, key: str) -> None:
    with pytest.raises(NotFoundError):
        PartyPhones(small_street.context).page(token, key)
