"""The people and units of a small city, on a real store, and shorthand for walking a case."""

from __future__ import annotations

from typing import Any

from cityops.access import SYSTEM, Accounts, Passwords, Principal, Role, UnitKind, Units
from cityops.cases import CaseDetailView, Cases, DeadlineWatch, NewCase, Reporter, Step, Workflow, Workflows
from cityops.kit import IdMaker, ManualClock, Text, WorkingCalendar
from cityops.scenes import Scene, workflows_of
from cityops.scenes.urban_management import scene
from cityops.store import Store

PASSWORD = "a test's password"
CALENDAR = WorkingCalendar.official()
UNITS = ("WATER", "LAMPS", "ROADS")


class OneHash(Passwords):
    """Everybody has the same password here, so it is hashed once."""

    encoded: str | None = None

    def hash(self, password: str) -> str:
        OneHash.encoded = OneHash.encoded or super().hash(password)
        return OneHash.encoded


class Town:
    """A store with units and accounts, the engine with the scene's workflow, and one case at a time."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self.ids = store, clock, IdMaker(clock)
        self.scene: Scene = scene()
        self.workflows: Workflows = workflows_of([self.scene])
        self.workflow: Workflow = self.scene.spec.workflows[0]
        self.cases = Cases(store, clock, self.ids, self.workflows, CALENDAR)
        self.units = Units(store, clock, self.ids)
        self.accounts = Accounts(store, clock, self.ids, OneHash())
        unit_ids = {
            code: self.units.create(SYSTEM, code=code, name=code.title(), kind=UnitKind.ENTERPRISE).id for code in UNITS
        }
        self.acceptor = self.person("acceptor", Role.ACCEPTOR)
        self.dispatcher = self.person("dispatcher", Role.DISPATCHER)
        self.leader = self.person("leader", Role.SHIFT_LEADER)
        self.collector = self.person("collector", Role.COLLECTOR)
        self.collector2 = self.person("collector2", Role.COLLECTOR)
        self.water = self.person("water", Role.UNIT, unit_id=unit_ids["WATER"])
        self.wu, self.li = (self.person(n, Role.HANDLER, unit_id=unit_ids["WATER"]) for n in ("wu", "li"))
        self.lamps = self.person("lamps", Role.UNIT, unit_id=unit_ids["LAMPS"])
        self.roads = self.person("roads", Role.UNIT, unit_id=unit_ids["ROADS"])

    def person(self, username: str, role: Role, **more: Any) -> Principal:
        made = self.accounts.create(
            SYSTEM, username=username, password=PASSWORD, display_name=username, role=role, **more
        )
        return Principal(made.id, username, username, role, made.unit_id, made.unit_name, made.area_codes, made.crew_id)

    def watch(self) -> DeadlineWatch:
        return DeadlineWatch(self.store, self.clock, self.ids, self.workflows, CALENDAR)

    def report(self, who: Principal | None = None, title: str = "井盖缺失", channel: str = "hotline") -> CaseDetailView:
        new = NewCase(
            scene="urban_management",
            kind="urban_case",
            title=Text(title, title),
            severity=2,
            lon=112.55,
            lat=37.87,
            area_code="140105001",
            reporter=Reporter(channel, name="张女士", contact="13800000000", reference=f"R-{self.ids.next()}"),
        )
        return self.cases.open(who or self.acceptor, new)

    def take(
        self, who: Principal, case: CaseDetailView, action: str, comment: str | None = None, **form: Any
    ) -> CaseDetailView:
        """Take a step that is offered to this person, and nothing that is not."""
        seen = self.cases.get(who, case.case_id)
        offered = {a.name: a for a in seen.actions}
        assert action in offered, (action, sorted(offered), seen.state)
        step = Step(seen.version, offered[action].task_id, form, comment)
        return self.cases.act(who, case.case_id, action, step)

    def seen(self, case: CaseDetailView) -> CaseDetailView:
        return self.cases.get(self.dispatcher, case.case_id)

    def names(self, who: Principal, case: CaseDetailView) -> set[str]:
        return {a.name for a in self.cases.get(who, case.case_id).actions}

    def tasks(self, case: CaseDetailView, kind: str) -> list[tuple[str | None, str]]:
        return [(t.unit_name, t.state) for t in self.seen(case).tasks if t.kind == kind]

    def filed(self, standard: str = "m01001_1") -> CaseDetailView:
        return self.take(self.acceptor, self.report(), "file", standard=standard)

    def handling(self, standard: str = "m01001_1", joint: list[str] | None = None) -> CaseDetailView:
        case = self.take(self.dispatcher, self.filed(standard), "dispatch", unit="WATER", joint=joint or [])
        return self.take(self.water, case, "accept")

    def closed(self, standard: str = "m01001_1", closing: str = "met") -> CaseDetailView:
        return self.close(self.handling(standard), closing)

    def close(self, case: CaseDetailView, closing: str = "met") -> CaseDetailView:
        case = self.take(self.water, case, "feed_back", result="已补装")
        case = self.take(self.dispatcher, case, "confirm")
        return self.take(self.acceptor, case, "close", closing=closing, answer="井盖已补装")
