"""A command centre with the city's cases, its overlay, and somebody who publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from tests.scenes.rooms import installed_scenes

from cityops.access import Permission, Principal, Role
from cityops.cases import Cases, NewCase
from cityops.cases.catalogue import RuleTables
from cityops.cases.reports import Service
from cityops.dispatch import crew_effects
from cityops.kit import IdMaker, ManualClock, Text, WorkingCalendar
from cityops.observations import DeviceRegister
from cityops.scenes import Scene
from cityops.scenes.overlay import Overlays, RuleTrials, Sources, Trials
from cityops.scenes.overlay.desk import OverlayDesk
from cityops.store import Store

ADMIN = Principal("admin-id", "admin", "管理员", Role.ADMINISTRATOR)
ACCEPTOR = Principal("acceptor-id", "acceptor", "受理员", Role.ACCEPTOR)
ACCEPT = "workflows.urban_case.tasks.accept_desk.limit.amount"
ACCEPT_UNIT = "workflows.urban_case.tasks.accept_desk.limit.unit"
SCENES = ("key_vehicles", "urban_management")


@dataclass
class Centre:
    """The rooms that an overlay works on."""

    store: Store
    clock: ManualClock
    tables: RuleTables
    overlays: Overlays
    cases: Cases
    trials: Trials
    scenes: list[Scene]

    def desk(self, scene: str = "urban_management") -> OverlayDesk:
        return OverlayDesk(scene, self.overlays, self.tables, self.trials)

    def another_process(self) -> Overlays:
        return Overlays(
            self.scenes, self.store, RuleTables(self.store, self.clock, Permission.RULES_PUBLISH), self.clock
        )

    def report(self, title: str = "井盖缺失") -> str:
        new = NewCase(scene="urban_management", kind="urban_case", title=Text(title, title), severity=2)
        return self.cases.open(ACCEPTOR, new).case_id

    def due(self, case_id: str) -> datetime:
        """When the first task of a case is due."""
        (task,) = self.cases.get(ACCEPTOR, case_id).tasks
        assert task.deadline is not None
        return task.deadline.due_at

    def allowed(self, case_id: str) -> timedelta:
        """How long the acceptor has for a case."""
        return self.due(case_id) - self.cases.get(ACCEPTOR, case_id).opened_at

    def publish(self, values: dict[str, str], expected: int = 0, scene: str = "urban_management") -> int:
        """Without a trial, with a reason."""
        made = self.desk(scene).publish(ADMIN, values, expected_version=expected, note="试行", untried_reason="测试")
        return made.version


def make_centre(store: Store, clock: ManualClock) -> Centre:
    ids, calendar = IdMaker(clock), WorkingCalendar.official()
    scenes = [installed_scenes()[name] for name in SCENES]
    tables = RuleTables(store, clock, Permission.RULES_PUBLISH)
    overlays = Overlays(scenes, store, tables, clock)
    cases = Cases(store, clock, ids, overlays.workflows, calendar, crew_effects())
    sources = Sources(store, clock, DeviceRegister(store, clock), compiled=False)
    trials = Trials(store, clock, ids, RuleTrials(overlays, sources, calendar))
    return Centre(store, clock, tables, overlays, cases, trials, scenes)


@pytest.fixture
def centre(store: Store, clock: ManualClock) -> Centre:
    """On both databases."""
    return make_centre(store, clock)


@pytest.fixture
def quick_centre(sqlite_store: Store, clock: ManualClock) -> Centre:
    """On SQLite only."""
    return make_centre(sqlite_store, clock)


def service(overlays: Overlays, code: str) -> Service:
    return next(one for one in overlays.services if one.code == code)
