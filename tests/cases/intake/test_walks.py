"""Calls, joins, ends and reopenings in any order: the desk is shown exactly what is open, and no reporter is lost."""

from __future__ import annotations

import random

import pytest

from .conftest import LAT, LON, Desk

STEPS = 22


@pytest.mark.parametrize("seed", range(4))
def test_what_is_shown_nearby_is_what_is_open_and_every_reporter_is_kept(small_desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    open_cases: dict[str, int] = {}
    ended: dict[str, int] = {}
    for step in range(STEPS):
        choice = dice.choice(["file", "file", "join", "void", "reject", "merge"])
        some = dice.choice(sorted(open_cases)) if open_cases else None
        if choice == "file" or some is None:
            open_cases[small_desk.hotline(client_id=f"{seed}-{step}").case_id] = 1
        elif choice == "join":
            small_desk.hotline(join_case_id=some, reporter_name=f"第{step}人")
            open_cases[some] += 1
        elif choice == "merge" and len(open_cases) > 1:
            into = next(one for one in sorted(open_cases) if one != some)
            small_desk.take(small_desk.acceptor, some, "merge", into=into)
            open_cases[into] += open_cases.pop(some)
        else:
            action = "void" if choice == "merge" else choice
            small_desk.take(small_desk.acceptor, some, action, "理由", answer="不属实")
            ended[some] = open_cases.pop(some)
        small_desk.clock.advance(60)
        shown = small_desk.intake.suggest(small_desk.acceptor, words="bllj", lon=LON, lat=LAT).duplicates
        assert {one.case_id for one in shown} <= set(open_cases)
        assert len(shown) == min(len(open_cases), 8)
    told = {
        case_id: sum(one.told is not None for one in small_desk.calls.reporters(small_desk.acceptor, case_id))
        for case_id in ended
    }
    assert all(told[case_id] >= 1 for case_id in ended)
    assert small_desk.calls.owed(small_desk.acceptor).total == sum(ended.values())
