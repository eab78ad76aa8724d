"""Tip-offs are written anew every night, while people decide, file and pay."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Connection
from tests.cases.conftest import DISPATCHER, new_case
from tests.together import at_once, until_done_or_waiting

from cityops.access import Passwords, Principal, Role
from cityops.cases import Cases
from cityops.cases.reports import NewTipOff, RewardState, TipOffs, TipOffState
from cityops.kit import ConflictError, ManualClock
from cityops.store import Store

LEADER = Principal("A-leader", "leader", "李值班", Role.SHIFT_LEADER)
DAY_S = 86_400


@pytest.fixture
def tip_offs(store: Store, clock: ManualClock) -> TipOffs:
    return TipOffs(store, clock, passwords=Passwords())


def test_what_is_decided_while_a_tip_off_is_written_anew_stays(
    tip_offs: TipOffs, store: Store, clock: ManualClock, cases: Cases
) -> None:
    tip_off_id, _ = tip_offs.submit(NewTipOff("fire", "库房堆放易燃物"))
    case_id = cases.open(DISPATCHER, new_case()).case_id
    clock.advance(DAY_S)
    filing = partial(tip_offs.file, principal=LEADER, tip_off_id=tip_off_id, case_id=case_id)
    assert at_once(store, lambda: tip_offs.settle(no_photos), holding=filing) == [1]
    assert tip_offs.get(LEADER, tip_off_id).case_id == case_id


def test_a_reward_is_paid_while_the_tip_off_is_written_anew(
    tip_offs: TipOffs, store: Store, clock: ManualClock
) -> None:
    tip_off_id, code = tip_offs.submit(NewTipOff("fire", "库房堆放易燃物"))
    tip_offs.decide(LEADER, tip_off_id, TipOffState.CONFIRMED, "属实", reward_fen=50_000)
    clock.advance(DAY_S)
    with ThreadPoolExecutor(1) as pool:
        paying: list[Future[object]] = []

        def meanwhile(conn: Connection, of: str) -> None:
            paying.append(pool.submit(tip_offs.pay, LEADER, code))
            until_done_or_waiting(store, paying)

        assert tip_offs.settle(meanwhile) == 1
        paying[0].result()
    assert tip_offs.get(LEADER, tip_off_id).reward_state is RewardState.PAID
    with pytest.raises(ConflictError):
        tip_offs.pay(LEADER, code)


def no_photos(conn: Connection, tip_off_id: str) -> None:
    """A tip-off without photos."""
