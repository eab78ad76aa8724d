from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update

from cityops.access import AuditFilter, Passwords, Principal, Role, list_audit, verify_audit
from cityops.cases import Cases, case_table
from cityops.cases.reports import (
    CaseReports,
    Contact,
    NewReport,
    NewTipOff,
    ReportDesk,
    ReportInvalidError,
    ReportOutcomes,
    ReportState,
    RewardState,
    Service,
    Status,
    TipOffs,
    TipOffState,
    report_table,
    tip_off_table,
)
from cityops.kit import (
    ConfigError,
    ConflictError,
    ForbiddenError,
    IdMaker,
    InvalidError,
    ManualClock,
    NotFoundError,
)
from cityops.store import Deliveries, Store, Subscriber, emit

ACCEPTOR = Principal("A-acceptor", "acceptor", "张受理", Role.ACCEPTOR)
DISPATCHER = Principal("A-dispatcher", "dispatcher", "王派遣", Role.DISPATCHER)
LEADER = Principal("A-leader", "leader", "李值班", Role.SHIFT_LEADER)
ANALYST = Principal("A-analyst", "analyst", "研判", Role.ANALYST)
ICE = Service("ice", "冰柱积冰", published=True)
REPORT = NewReport("ice", "portal", "三楼挑檐冰柱", 112.55, 37.87, contact=Contact("建国", phone="13800001234"))
DAY_S = 86400


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
def reports(store: Store, clock: ManualClock, ids: IdMaker) -> CaseReports:
    return CaseReports(store, clock, ids, [ICE])


@pytest.fixture
def desk(store: Store, clock: ManualClock, ids: IdMaker) -> ReportDesk:
    return ReportDesk(store, clock, ids)


@pytest.fixture
def tip_offs(store: Store, clock: ManualClock, passwords: Passwords) -> TipOffs:
    return TipOffs(store, clock, passwords=passwords)


@pytest.fixture
def subscriber(clock: ManualClock, ids: IdMaker, cases: Cases) -> Subscriber:
    return ReportOutcomes(clock, ids, cases).subscriber()


def sent(reports: CaseReports, new: NewReport = REPORT) -> tuple[str, str]:
    receipt = reports.submit(new)
    assert receipt.report_id
    assert receipt.code
    return receipt.report_id, receipt.code


def end_case(store: Store, clock: ManualClock, case_id: str, *, ended: bool) -> None:
    """What the case's own engine does to the row and the outbox when a case ends or is re-opened."""
    values = {"ended": ended, "closed_ms": clock.now_ms() if ended else None}

    def work(conn: Connection) -> None:
        conn.execute(update(case_table).where(case_table.c.id == case_id).values(**values))
        emit(conn, "case.changed", case_id, {"case_id": case_id, "action": "test"})

    store.write(work)


def test_two_services_with_one_code(store: Store, clock: ManualClock, ids: IdMaker) -> None:
    with pytest.raises(ConfigError):
        CaseReports(store, clock, ids, [ICE, replace(ICE, name="x")])


def test_code_is_shown_once_and_only_its_hash_is_kept(reports: CaseReports, desk: ReportDesk, store: Store) -> None:
    report_id, code = sent(reports)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}", code)
    with store.read() as conn:
        row = conn.execute(select(report_table)).mappings().one()
    letters = code.replace("-", "")
    assert row["receipt"] == letters[:8]
    kind, salt, digest = row["code_hash"].split("$")
    assert (kind, len(salt)) == ("sha256", 32)
    assert digest == hashlib.sha256((salt + letters[8:]).encode()).hexdigest()
    assert letters[8:] not in str(dict(row))
    assert desk.id_of_code(code) == report_id
    assert desk.id_of_code(f" {letters.lower().replace('0', 'o').replace('1', 'l')} ") == report_id
    other = {place: "A" if letters[place] != "A" else "B" for place in (0, -1)}
    for wrong in (letters[:-1] + other[-1], other[0] + letters[1:], "", "x", letters + "A", "é" * 20, "0" * 10_000):
        with pytest.raises(NotFoundError):
            desk.id_of_code(wrong)


def test_retry_is_the_same_report(reports: CaseReports, store: Store) -> None:
    new = replace(REPORT, client_id="phone-0001")
    first = reports.submit(new)
    again = reports.submit(new)
    assert (again.report_id, again.code) == (first.report_id, None)
    with pytest.raises(ConflictError):
        reports.submit(replace(new, description="别的"))
    racing = replace(new, client_id="phone-0002")
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: reports.submit(racing), range(6)))
    assert len({receipt.report_id for receipt in receipts}) == 1
    assert sum(receipt.code is not None for receipt in receipts) == 1
    assert len(store.events_after(0, 100, ["report.received"])) == 2


def test_faults_are_listed(reports: CaseReports) -> None:
    with pytest.raises(ReportInvalidError) as caught:
        reports.submit(replace(REPORT, lon=None, description="x" * 4001, client_id="bad id"))
    assert len(caught.value.faults) == 3


def test_from_filing_to_closing_to_not_fixed_to_closing(
    reports: CaseReports,
    desk: ReportDesk,
    store: Store,
    clock: ManualClock,
    opened: Callable[[], str],
    subscriber: Subscriber,
) -> None:
    first, code = sent(reports)
    second, _ = sent(reports)
    case_id = opened()
    # a merged case: both senders are told
    store.write(lambda conn: desk.file(conn, ACCEPTOR, first, case_id))
    store.write(lambda conn: desk.file(conn, ACCEPTOR, second, case_id))
    assert reports.get(first).status is Status.OPEN
    with pytest.raises(ConflictError):
        desk.not_fixed(code, "还没有办结")

    clock.advance(3600)
    end_case(store, clock, case_id, ended=True)
    Deliveries(store, [subscriber]).round()
    assert {reports.get(report_id).status for report_id in (first, second)} == {Status.CLOSED}
    assert desk.follow(code).may_say_not_fixed

    clock.advance(3600)
    end_case(store, clock, case_id, ended=True)  # for example an evaluation after closing
    followed = desk.not_fixed(code, "冰柱还在")
    assert (followed.report.state, followed.report.not_fixed_count) == (ReportState.NOT_FIXED, 1)
    assert followed.updates[-1].text == "冰柱还在"
    assert [event.payload for event in store.events_after(0, 100, ["report.not_fixed"])] == [
        {"report_id": first, "case_id": case_id}
    ]
    assert "冰柱还在" not in {item.text for item in reports.updates(0, clock.now_ms()).items}
    Deliveries(store, [subscriber]).round()
    assert reports.get(first).status is Status.OPEN  # an old closing does not close what was opened after it

    clock.advance(3600)
    end_case(store, clock, case_id, ended=False)
    Deliveries(store, [subscriber]).round()
    assert desk.follow(code).report.state is ReportState.FILED
    clock.advance(3600)
    end_case(store, clock, case_id, ended=True)
    Deliveries(store, [subscriber]).round()
    assert [item.status for item in desk.follow(code).updates] == [
        Status.OPEN, Status.OPEN, Status.CLOSED, Status.OPEN, Status.OPEN, Status.CLOSED
    ]  # fmt: skip


def test_reopened_and_closed_again_before_it_is_delivered(
    reports: CaseReports,
    desk: ReportDesk,
    store: Store,
    clock: ManualClock,
    opened: Callable[[], str],
    subscriber: Subscriber,
) -> None:
    report_id, code = sent(reports)
    case_id = opened()
    store.write(lambda conn: desk.file(conn, ACCEPTOR, report_id, case_id))
    end_case(store, clock, case_id, ended=True)
    Deliveries(store, [subscriber]).round()
    desk.not_fixed(code, "还在")
    clock.advance(60)
    end_case(store, clock, case_id, ended=False)
    end_case(store, clock, case_id, ended=True)
    Deliveries(store, [subscriber]).round()
    assert desk.follow(code).report.state is ReportState.CLOSED


def test_the_window_for_not_fixed(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> None:
    report_id, code = sent(reports)
    desk.refuse(ACCEPTOR, report_id, "重复")
    clock.advance(15 * DAY_S)
    assert desk.follow(code).may_say_not_fixed
    clock.advance(1)
    assert not desk.follow(code).may_say_not_fixed
    with pytest.raises(ConflictError):
        desk.not_fixed(code, "还在")


def test_rating_once_after_closing(
    reports: CaseReports,
    desk: ReportDesk,
    store: Store,
    clock: ManualClock,
    opened: Callable[[], str],
    subscriber: Subscriber,
) -> None:
    report_id, code = sent(reports)
    case_id = opened()
    with pytest.raises(ConflictError):
        desk.rate(code, 5)
    store.write(lambda conn: desk.file(conn, ACCEPTOR, report_id, case_id))
    end_case(store, clock, case_id, ended=True)
    Deliveries(store, [subscriber]).round()
    for stars in (0, 6):
        with pytest.raises(InvalidError):
            desk.rate(code, stars)
    rated = desk.rate(code, 4, "还可以")
    assert (rated.report.rating, rated.report.rating_comment, rated.may_rate) == (4, "还可以", False)
    with pytest.raises(ConflictError):
        desk.rate(code, 1)


def test_the_desk(reports: CaseReports, desk: ReportDesk, store: Store, opened: Callable[[], str]) -> None:
    older, _ = sent(reports)
    newer, _ = sent(reports)
    assert [item.id for item in desk.inbox(ACCEPTOR, ReportState.RECEIVED).items] == [newer, older]
    assert [item.id for item in desk.inbox(ACCEPTOR, ReportState.RECEIVED, before_id=newer).items] == [older]
    assert "13800001234" not in str(desk.inbox(ACCEPTOR, ReportState.RECEIVED))
    assert desk.contact(ACCEPTOR, newer, "回访核实位置").phone == "13800001234"
    with pytest.raises(InvalidError):
        desk.contact(ACCEPTOR, newer, "  ")
    for attempt in (
        lambda: desk.inbox(ANALYST, ReportState.RECEIVED),
        lambda: desk.contact(ANALYST, newer, "看看"),
        lambda: desk.refuse(ANALYST, newer, "x"),
    ):
        with pytest.raises(ForbiddenError):
            attempt()
    case_id, other = opened(), opened()
    store.write(lambda conn: desk.file(conn, ACCEPTOR, newer, case_id))
    store.write(lambda conn: desk.file(conn, ACCEPTOR, newer, case_id))  # the same again is nothing
    with pytest.raises(ConflictError):
        store.write(lambda conn: desk.file(conn, ACCEPTOR, newer, other))
    with pytest.raises(ConflictError):
        desk.refuse(ACCEPTOR, newer, "x")
    with store.read() as conn:
        assert verify_audit(conn).ok
        lines = list_audit(conn, Principal("A", "a", "审计", Role.AUDITOR), AuditFilter(action="report.contact"))
    assert [(line.object_id, line.purpose) for line in lines.items] == [(newer, "回访核实位置")]


def test_contacts_are_forgotten(reports: CaseReports, desk: ReportDesk, clock: ManualClock) -> None:
    closed, _ = sent(reports)
    waiting, _ = sent(reports)
    desk.refuse(ACCEPTOR, closed, "重复")
    clock.advance(DAY_S)
    assert reports.forget_contacts(clock.now_ms()) == 1
    assert not desk.detail(ACCEPTOR, closed).has_contact
    assert desk.detail(ACCEPTOR, waiting).has_contact


# --- tip-offs ------------------------------------------------------------------------------------------------------


def test_tip_off_keeps_nothing_that_leads_to_the_person(tip_offs: TipOffs, store: Store, clock: ManualClock) -> None:
    tip_off_id, code = tip_offs.submit(NewTipOff("fire", "库房堆放易燃物", "某厂东门", 112.55, 37.87))
    with store.read() as conn:
        row = dict(conn.execute(select(tip_off_table)).mappings().one())
    letters = code.replace("-", "")
    assert row == {
        "id": tip_off_id,
        "receipt": letters[:8],
        "code_hash": row["code_hash"],
        "matter_code": "fire",
        "description": "库房堆放易燃物",
        "address": "某厂东门",
        "lon": 112.55,
        "lat": 37.87,
        "day": "2026-11-22",
        "settled": False,
        "state": "received",
        "answer": None,
        "case_id": None,
        "reward_fen": None,
        "reward_state": "none",
    }
    assert str(row["code_hash"]).startswith("$argon2id$")
    assert letters[8:] not in str(row)
    ulid_time = IdMaker(clock).next()[:10]
    assert not tip_off_id.startswith(ulid_time)
    assert store.events_after(0, 100) == []
    with store.read() as conn:
        assert verify_audit(conn).rows == 0


def test_same_secret_twice_has_two_hashes(passwords: Passwords) -> None:
    assert passwords.hash("ABCDEFGHJKMN") != passwords.hash("ABCDEFGHJKMN")


def test_tip_off_is_checked_and_paid_once(tip_offs: TipOffs, store: Store) -> None:
    tip_off_id, code = tip_offs.submit(NewTipOff("fire", "库房堆放易燃物"))
    assert [item.id for item in tip_offs.inbox(LEADER, TipOffState.RECEIVED)] == [tip_off_id]
    for other in (ANALYST, ACCEPTOR, DISPATCHER):
        with pytest.raises(ForbiddenError):
            tip_offs.inbox(other, TipOffState.RECEIVED)
        with pytest.raises(ForbiddenError):
            tip_offs.pay(other, code)
    with pytest.raises(ConflictError):
        tip_offs.pay(LEADER, code)
    with pytest.raises(InvalidError):
        tip_offs.decide(LEADER, tip_off_id, TipOffState.UNFOUNDED, "不属实", reward_fen=100)
    with pytest.raises(ForbiddenError):
        tip_offs.decide(ACCEPTOR, tip_off_id, TipOffState.CONFIRMED, "属实", reward_fen=50_000)
    tip_offs.decide(LEADER, tip_off_id, TipOffState.CHECKING, "正在核查")
    tip_offs.decide(LEADER, tip_off_id, TipOffState.CONFIRMED, "属实，奖励 500 元", reward_fen=50_000)
    seen = tip_offs.follow(code)
    assert (seen.answer, seen.reward_fen, seen.reward_state) == ("属实，奖励 500 元", 50_000, RewardState.GRANTED)
    with pytest.raises(NotFoundError):
        tip_offs.pay(LEADER, "A" * 20)
    assert tip_offs.pay(LEADER, code).reward_state is RewardState.PAID
    with pytest.raises(ConflictError):
        tip_offs.pay(LEADER, code)
    with pytest.raises(ConflictError):
        tip_offs.decide(LEADER, tip_off_id, TipOffState.RECEIVED, "x")
    with store.read() as conn:
        assert verify_audit(conn).ok


def test_two_cashiers_pay_once(tip_offs: TipOffs) -> None:
    tip_off_id, code = tip_offs.submit(NewTipOff("fire", "隐患"))
    tip_offs.decide(LEADER, tip_off_id, TipOffState.CONFIRMED, "属实", reward_fen=1)

    def pay(_: int) -> bool:
        try:
            return tip_offs.pay(LEADER, code).reward_state is RewardState.PAID
        except ConflictError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(pay, range(4))) == 1


def test_tip_off_goes_to_one_case(tip_offs: TipOffs, store: Store, opened: Callable[[], str]) -> None:
    tip_off_id, code = tip_offs.submit(NewTipOff("fire", "隐患"))
    case_id, other = opened(), opened()
    store.write(lambda conn: tip_offs.file(conn, LEADER, tip_off_id, case_id))
    assert tip_offs.follow(code).case_id == case_id
    with pytest.raises(ConflictError):
        store.write(lambda conn: tip_offs.file(conn, LEADER, tip_off_id, other))


def test_characters_a_database_cannot_hold(tip_offs: TipOffs, reports: CaseReports) -> None:
    _, code = tip_offs.submit(NewTipOff("a\0b", "c\0d", "e\0f"))
    seen = tip_offs.follow(code)
    assert (seen.matter_code, seen.description, seen.address) == ("a\ufffdb", "c\ufffdd", "e\ufffdf")
    report_id, _ = sent(reports, replace(REPORT, description="a\0\ud800b"))
    assert reports.get(report_id).description == "a\ufffd\ufffdb"


@pytest.mark.parametrize(
    "new",
    [
        NewTipOff("fire", " "),
        NewTipOff("fire", "x" * 4001),
        NewTipOff("fire", "x", "a" * 501),
        NewTipOff("fire", "x", None, 112.0, None),
        NewTipOff("fire", "x", None, float("nan"), 37.0),
    ],
)
def test_wrong_tip_offs(tip_offs: TipOffs, new: NewTipOff) -> None:
    with pytest.raises(InvalidError):
        tip_offs.submit(new)
