from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import func, select
from tests.store.helpers import together

from cityops.access import SYSTEM, Accounts, Passwords, Role, SessionLimits, Sessions, Units, list_audit
from cityops.access.tables import session, sign_in_attempt
from cityops.access.throttle import ACCOUNT_RULE, forget_account, reserve, tidy
from cityops.kit import BusyError, IdMaker, ManualClock, UnauthenticatedError
from cityops.store import Store

GOOD = "一车一档-2026"


def make(accounts: Accounts, username: str = "dispatcher", **more: str) -> str:
    return accounts.create(
        SYSTEM, username=username, password=GOOD, display_name="王派遣", role=Role.DISPATCHER, **more
    ).id


def test_sign_in_use_sign_out(accounts: Accounts, sessions: Sessions, units: Units, store: Store) -> None:
    police = units.create(SYSTEM, code="XD", name="小店大队", kind="police")
    account_id = make(accounts, unit_id=police.id)
    token, who, csrf = sessions.sign_in(" Dispatcher ", GOOD, "10.0.0.1")
    assert (who.account_id, who.role, who.unit_name) == (account_id, Role.DISPATCHER, "小店大队")
    assert sessions.principal(token) == (who, csrf)
    assert len(token) == 43  # 256 bits in base64
    with store.read() as conn:
        assert token not in conn.execute(select(session.c.token_hash)).scalars().all()
    sessions.sign_out(token)
    with pytest.raises(UnauthenticatedError):
        sessions.principal(token)
    sessions.sign_out(token)
    with pytest.raises(UnauthenticatedError):
        sessions.principal("no such token")


def test_a_session_ends_after_8_hours_without_use(accounts: Accounts, sessions: Sessions, clock: ManualClock) -> None:
    make(accounts)
    token, who, _ = sessions.sign_in("dispatcher", GOOD, "a")
    clock.advance(8 * 3600 - 1)
    assert sessions.principal(token)[0] == who  # use: eight more hours
    clock.advance(8 * 3600 - 1)
    assert sessions.principal(token)[0] == who
    clock.advance(8 * 3600)
    with pytest.raises(UnauthenticatedError):
        sessions.principal(token)


def test_a_session_ends_after_24_hours_whatever_its_use(
    accounts: Accounts, sessions: Sessions, clock: ManualClock
) -> None:
    make(accounts)
    token, _, _ = sessions.sign_in("dispatcher", GOOD, "a")
    for _ in range(23):
        clock.advance(3600)
        sessions.principal(token)
    clock.advance(3599)
    sessions.principal(token)
    clock.advance(1)
    with pytest.raises(UnauthenticatedError):
        sessions.principal(token)


def test_the_age_of_an_account_does_not_end_its_sessions(
    accounts: Accounts, sessions: Sessions, clock: ManualClock
) -> None:
    make(accounts)
    clock.advance(400 * 24 * 3600)
    token, who, _ = sessions.sign_in("dispatcher", GOOD, "a")
    assert sessions.principal(token)[0] == who


def test_limits_are_a_setting(
    accounts: Accounts, store: Store, clock: ManualClock, ids: IdMaker, passwords: Passwords
) -> None:
    make(accounts)
    short = Sessions(store, clock, ids, limits=SessionLimits(idle_s=60, absolute_s=600), passwords=passwords)
    token, _, _ = short.sign_in("dispatcher", GOOD, "a")
    clock.advance(60)
    with pytest.raises(UnauthenticatedError):
        short.principal(token)


def test_a_new_password_or_switching_off_ends_all_sessions(accounts: Accounts, sessions: Sessions) -> None:
    account_id = make(accounts)
    token, who, _ = sessions.sign_in("dispatcher", GOOD, "a")
    accounts.set_password(who, account_id, "another-2026")
    with pytest.raises(UnauthenticatedError):
        sessions.principal(token)
    with pytest.raises(UnauthenticatedError):
        sessions.sign_in("dispatcher", GOOD, "a")
    token, _, _ = sessions.sign_in("dispatcher", "another-2026", "a")
    accounts.deactivate(SYSTEM, account_id)
    with pytest.raises(UnauthenticatedError):
        sessions.principal(token)
    with pytest.raises(UnauthenticatedError):
        sessions.sign_in("dispatcher", "another-2026", "a")
    accounts.activate(SYSTEM, account_id)
    sessions.sign_in("dispatcher", "another-2026", "a")


def test_only_the_newest_20_sessions_stay(accounts: Accounts, sessions: Sessions, clock: ManualClock) -> None:
    make(accounts)
    tokens = []
    for _ in range(21):
        tokens.append(sessions.sign_in("dispatcher", GOOD, "a")[0])
        clock.advance(1)
    with pytest.raises(UnauthenticatedError):
        sessions.principal(tokens[0])
    for token in tokens[1:]:
        sessions.principal(token)


def test_five_failures_pause_the_account_and_a_restart_does_not_help(
    accounts: Accounts, sessions: Sessions, store: Store, clock: ManualClock, ids: IdMaker, passwords: Passwords
) -> None:
    make(accounts)
    for number in range(5):
        with pytest.raises(UnauthenticatedError):
            sessions.sign_in("dispatcher", "wrong-password", f"10.0.0.{number}")
    restarted = Sessions(store, clock, ids, passwords=passwords)
    with pytest.raises(BusyError) as refused:
        restarted.sign_in("dispatcher", GOOD, "10.0.0.9")
    assert refused.value.todo is not None
    assert "09:00:30" in refused.value.todo.zh  # the fifth failure at 09:00:00 costs 30 s
    clock.advance(30)
    restarted.sign_in("dispatcher", GOOD, "10.0.0.9")
    with store.read() as conn:
        actions = [entry.action for entry in list_audit(conn, SYSTEM).items]
    assert actions == ["session.sign_in", "session.throttle", "account.create"]


def test_each_further_failure_doubles_the_wait_up_to_15_minutes() -> None:
    assert [ACCOUNT_RULE.wait_ms(n) // 1000 for n in (4, 5, 6, 7, 8, 9, 10, 11, 1000)] == [
        0, 30, 60, 120, 240, 480, 900, 900, 900,
    ]  # fmt: skip


def test_refused_tries_do_not_prolong_the_wait(accounts: Accounts, sessions: Sessions, clock: ManualClock) -> None:
    make(accounts)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            sessions.sign_in("dispatcher", "wrong-password", "a")
    for _ in range(50):
        with pytest.raises(BusyError):
            sessions.sign_in("dispatcher", "wrong-password", "a")
    clock.advance(30)
    sessions.sign_in("dispatcher", GOOD, "a")


def test_an_address_that_guesses_names_is_paused(accounts: Accounts, sessions: Sessions) -> None:
    make(accounts)
    for number in range(20):
        with pytest.raises(UnauthenticatedError):
            sessions.sign_in(f"nobody{number}", "wrong-password", "10.0.0.1")
    with pytest.raises(BusyError):
        sessions.sign_in("dispatcher", GOOD, "10.0.0.1")
    sessions.sign_in("dispatcher", GOOD, "10.0.0.2")


def test_an_administrator_lets_somebody_in_again(accounts: Accounts, sessions: Sessions) -> None:
    account_id = make(accounts)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            sessions.sign_in("dispatcher", "wrong-password", "a")
    accounts.set_password(SYSTEM, account_id, "another-2026")
    sessions.sign_in("dispatcher", "another-2026", "a")


def test_tries_that_come_while_failures_are_forgotten_are_counted(store: Store, clock: ManualClock) -> None:
    def act(number: int) -> None:
        for _ in range(40):
            if number < 3:
                store.write(lambda conn: forget_account(conn, "dispatcher"))
                continue
            with suppress(BusyError):
                store.write(lambda conn: reserve(conn, "dispatcher", f"10.0.0.{number}", clock.now_ms()))

    together(6, act)


def test_the_attempt_table_is_bounded(store: Store, clock: ManualClock) -> None:
    def try_from(address: str) -> None:
        store.write(lambda conn: reserve(conn, f"user{address[-1]}", address, clock.now_ms()))

    for number in range(6):
        try_from(f"10.0.0.{number}")
        clock.advance(1)
    try_from("10.0.0.0")
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(sign_in_attempt)).scalar_one() == 12
    cut = store.write(lambda conn: tidy(conn, clock.now_ms(), rows_limit=4))
    assert cut == 8
    with store.read() as conn:
        left = conn.execute(select(sign_in_attempt.c.subject).order_by(sign_in_attempt.c.subject)).scalars().all()
    assert left == ["account:user0", "account:user5", "address:10.0.0.0", "address:10.0.0.5"]  # guiltiest, then newest
    clock.advance(3601)
    assert store.write(lambda conn: tidy(conn, clock.now_ms())) == 0
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(sign_in_attempt)).scalar_one() == 0
