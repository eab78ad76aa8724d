"""A market and a drill of four steps over the real registers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection

from cityops.access import SYSTEM, Principal, Role, Units
from cityops.kit import IdMaker, ManualClock, Words
from cityops.plans import Drills, DrillSpec, DrillStep, DrillView, NewDrill, NewPress
from cityops.registers import Registers, RegisterSpec
from cityops.store import Store

MARKET = RegisterSpec(name="market", title=Words(zh="市场", en="Markets"), read=(Role.HANDLER,), write=(Role.UNIT,))
SPEC = DrillSpec(
    name="evacuation",
    title=Words(zh="疏散演练", en="Evacuation"),
    register_name="market",
    scenario=Words(zh="A2区起火", en="Fire in A2"),
    plan="market_drill",
    steps=(
        DrillStep(name="near", title=Words(zh="近处撤出", en="Near out"), target_s=60),
        DrillStep(name="far", title=Words(zh="远处撤出", en="Far out"), target_s=120, after=("near",)),
        DrillStep(name="counted", title=Words(zh="清点人数", en="Counted"), target_s=240, counts=True),
        DrillStep(name="water", title=Words(zh="出水", en="Water")),
    ),
)


@dataclass
class Town:
    """The rooms, the people, and what finished drills told."""

    store: Store
    clock: ManualClock
    ids: IdMaker
    registers: Registers
    drills: Drills
    market_id: str
    market: Principal
    brigade: Principal
    other: Principal
    fulfilled: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0

    def drills_with(self, spec: DrillSpec) -> Drills:
        """The same drills after the declaration was changed."""
        kinds = {("fire_safety", spec.name): spec}
        return Drills(self.store, self.clock, self.ids, kinds, self.registers, lambda *_: None)

    def planned(self, people: int = 120) -> DrillView:
        """A drill that is planned at the market."""
        self.sent += 1
        new = NewDrill("fire_safety", "evacuation", self.market_id, self.clock.now_ms(), people, f"plan-{self.sent}")
        return self.drills.plan(self.market, new)

    def press(
        self, drill: DrillView, step: str, *, age_ms: int = 0, people: int | None = None, words: str = "",
        who: Principal | None = None,
    ) -> DrillView:  # fmt: skip
        """A step as the phone sends it."""
        self.sent += 1
        new = NewPress(f"press-{self.sent}", step, age_ms, people, words)
        return self.drills.press(who or self.market, drill.drill_id, new)


@pytest.fixture
def town(store: Store, clock: ManualClock, ids: IdMaker) -> Town:
    units = Units(store, clock, ids)
    market, brigade, other = (
        units.create(SYSTEM, code=code, name=code, kind="department", area_code="140108")
        for code in ("MARKET", "BRIGADE", "OTHER")
    )
    registers = Registers(store, clock, ids, [MARKET])
    place = registers.create(
        SYSTEM, register="market", code="M-1", title="文百城", unit_id=market.id, supervisor_id=brigade.id
    )
    people = [
        Principal(f"person-{unit.code}", unit.code.lower(), unit.name, Role.UNIT, unit.id)
        for unit in (market, brigade, other)
    ]
    fulfilled: list[tuple[str, str]] = []

    def fulfils(conn: Connection, who: Principal, spec: DrillSpec, drill: DrillView) -> None:
        fulfilled.append((spec.plan or "", drill.drill_id))

    drills = Drills(store, clock, ids, {("fire_safety", "evacuation"): SPEC}, registers, fulfils)
    return Town(store, clock, ids, registers, drills, place.id, people[0], people[1], people[2], fulfilled)
