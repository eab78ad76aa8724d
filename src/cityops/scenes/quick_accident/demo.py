"""The demo of quick accident handling (演示数据): squads, officers, a month of accidents. All synthetic, idempotent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Connection, func, insert, select

from cityops.access import SYSTEM, Principal, Role, UnitKind
from cityops.cases import Cases, Step
from cityops.dispatch import crew_effects
from cityops.kit import ManualClock, WorkingCalendar
from cityops.scenes.loader import read_scene
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit, seed_accounts, seed_units
from cityops.scenes.quick_accident.decisions import on_step
from cityops.scenes.quick_accident.desk import AccidentDesk, NewAccident, NewParty
from cityops.scenes.quick_accident.rows import KIND, SCENE, case_row, decision_row, party_rows
from cityops.scenes.quick_accident.rules import Level
from cityops.scenes.quick_accident.tables import accident_table, answer_table
from cityops.scenes.registry import SceneContext

DEMO_UNITS: Final = (
    DemoUnit("ACCIDENT-00", f"交警支队事故大队{LABEL}", UnitKind.POLICE, "140100", "CITY"),
    DemoUnit("ACCIDENT-11", f"十一大队事故中队{LABEL}", UnitKind.POLICE, "140105", "CITY"),
)
DEMO_ACCOUNTS: Final = (
    DemoAccount("accident0", "支队事故民警", Role.UNIT, "ACCIDENT-00"),
    DemoAccount("accident1", "十一大队事故民警", Role.UNIT, "ACCIDENT-11"),
)
# S0: more than 95 % are handled quickly, and each saves 10 to 30 minutes; the demo's month is made to look like that.
# It grows with the demo's fleet: 100 accidents for 300 trucks.
TRUCKS_AN_ACCIDENT: Final = 3
MAX_ACCIDENTS: Final = 100
ONE_SLOW_IN: Final = 20
DAYS: Final = 28
SEED: Final = 2026
_PLACES: Final = ((112.650, 37.693), (112.612, 37.655), (112.560, 37.740), (112.551, 37.790), (112.590, 37.700))
_FAULTS: Final = ("rear_end", "lane_change", "turn_across", "reversing", "door", "u_turn")
_QUICK_MIN: Final = (8.0, 22.0)
_SLOW_MIN: Final = (28.0, 45.0)


@dataclass(frozen=True)
class PastAccident:
    """An accident of the demo's month: when and where, how long the road was blocked, which way it went."""

    number: int
    days_ago: float
    lon: float
    lat: float
    fault: str
    blocked_min: float
    slow: bool


def past_accidents(count: int) -> Iterator[PastAccident]:
    """The first ``count`` accidents of the month, the same whoever asks."""
    draw = np.random.default_rng(SEED)
    for number in range(count):
        slow = number % ONE_SLOW_IN == 0
        low, high = _SLOW_MIN if slow else _QUICK_MIN
        lon, lat = _PLACES[number % len(_PLACES)]
        yield PastAccident(
            number=number,
            days_ago=round(float(draw.uniform(1.0, DAYS)), 4),
            lon=lon + round(float(draw.uniform(-0.004, 0.004)), 5),
            lat=lat + round(float(draw.uniform(-0.004, 0.004)), 5),
            fault=_FAULTS[number % len(_FAULTS)],
            blocked_min=round(float(draw.uniform(low, high)), 1),
            slow=slow,
        )


def seed_demo(context: SceneContext) -> None:
    """Add what is missing; accidents only where there are none yet."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    with context.store.read() as conn:
        known = conn.execute(select(func.count()).select_from(accident_table)).scalar_one()
    if known == 0:
        _seed_month(context)


def _seed_month(context: SceneContext) -> None:
    """All accidents in one transaction: the whole month or, after a stop in between, none of it."""
    now = context.clock.now()
    workflow = read_scene(Path(__file__).parent / "scene.yaml").workflows[0]
    people = {name: _person(context, name) for name in ("dispatcher", "accident1", "accident0")}
    count = min(MAX_ACCIDENTS, context.demo_trucks // TRUCKS_AN_ACCIDENT)

    def work(conn: Connection) -> None:
        clock = ManualClock(now - timedelta(days=DAYS))
        cases = Cases(
            context.store,
            clock,
            context.ids,
            {(SCENE, KIND): workflow},
            WorkingCalendar.official(),
            crew_effects(),
            step_rules={(SCENE, KIND): on_step},
        )
        past = replace(context, clock=clock, cases=cases)
        for accident in sorted(past_accidents(count), key=lambda one: -one.days_ago):
            began = now - timedelta(days=accident.days_ago)
            clock.advance(max(0.0, (began - clock.now()).total_seconds()))  # one at a time, as one desk hears of them
            _Walk(conn, past, clock, people, accident).go()

    context.store.write(work)


class _Walk:
    """One past accident taken through its steps by the people of the demo, each at its own time."""

    def __init__(
        self,
        conn: Connection,
        context: SceneContext,
        clock: ManualClock,
        people: dict[str, Principal],
        accident: PastAccident,
    ) -> None:
        self._conn, self._context, self._clock, self._people = conn, context, clock, people
        self._accident = accident
        self._desk = AccidentDesk(context)
        self._case_id = ""

    def go(self) -> None:
        """From the report to the end."""
        number = self._accident.number
        parties = [
            NewParty(f"101{number:05d}{side:03d}", f"晋A{letter}{number:04d}") for side, letter in enumerate("ZY")
        ]
        new = NewAccident("phone_122", self._accident.lon, self._accident.lat, parties, weather="clear")
        dispatcher = self._people["dispatcher"]
        self._case_id = self._desk.register_in(self._conn, dispatcher, self._desk.checked(dispatcher, new))
        self._wait(0.2)
        if self._accident.slow:
            self._slow()
        else:
            self._quick()
        self._take(dispatcher, "close")

    def _quick(self) -> None:
        desk, who = self._desk, self._people["dispatcher"]
        desk.screen_in(self._conn, who, self._case_id, [])
        levels = {"A": Level.FULL, "B": Level.NONE}
        desk.decide_in(self._conn, who, self._case_id, {"A": [self._accident.fault]}, levels, None)
        self._wait(0.6)
        self._agree()
        self._wait(0.2)
        self._take(who, "clear")

    def _agree(self) -> None:
        decision = decision_row(self._conn, self._case_id)
        assert decision is not None  # recorded by the decision
        for party in party_rows(self._conn, self._case_id):
            answer = {"decision_id": decision["id"], "party_id": party["id"], "agrees": True, "words": None}
            self._conn.execute(insert(answer_table).values(**answer, at_ms=self._clock.now_ms()))
        self._take(SYSTEM, "agree")

    def _slow(self) -> None:
        self._take(self._people["dispatcher"], "to_ordinary", "双方各执一词", ground="dispute")
        self._wait(0.8)
        squad_id = case_row(self._conn, self._case_id)["unit_id"]
        officer = next(one for one in self._people.values() if one.unit_id == squad_id)
        self._take(officer, "clear_on_site")
        self._take(officer, "conclude", conclusion="甲方承担主要责任，乙方承担次要责任（合成）")

    def _take(self, who: Principal, action: str, comment: str | None = None, **form: str) -> None:
        step = Step(case_row(self._conn, self._case_id)["version"], form=form, comment=comment)
        self._context.cases.act_in(self._conn, who, self._case_id, action, step)

    def _wait(self, share: float) -> None:
        self._clock.advance(timedelta(minutes=self._accident.blocked_min * share).total_seconds())


def _person(context: SceneContext, username: str) -> Principal:
    found = context.accounts.find(username)
    assert found is not None, "the demo's people come first"
    return Principal(
        found.id, found.username, found.display_name, found.role, found.unit_id, found.unit_name, found.area_codes
    )
