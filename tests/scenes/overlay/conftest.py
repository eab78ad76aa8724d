"""A command centre with the city's cases, its overlay, and somebody who publishes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import Permission, Principal, Role
from cityops.cases import NewCase
from cityops.cases.catalogue import RuleTables
from cityops.cases.reports import Service
from cityops.kit import ManualClock, Text
from cityops.places import City
from cityops.scenes import SceneContext
from cityops.scenes.overlay import Overlays
from cityops.scenes.overlay.desk import OverlayDesk
from cityops.store import Store

ADMIN = Principal("admin-id", "admin", "管理员", Role.ADMINISTRATOR)
ACCEPTOR = Principal("acceptor-id", "acceptor", "受理员", Role.ACCEPTOR)
ACCEPT = "workflows.urban_case.tasks.accept_desk.limit.amount"
ACCEPT_UNIT = "workflows.urban_case.tasks.accept_desk.limit.unit"


class Centre:
    """The rooms, and the steps of the stories."""

    def __init__(self, context: SceneContext) -> None:
        self.context = context
        self.store, self.clock, self.ids = context.store, cast("ManualClock", context.clock), context.ids
        self.tables, self.overlays, self.trials, self.cases = (
            context.rules, context.overlays, context.trials, context.cases,
        )  # fmt: skip

    def desk(self, scene: str = "urban_management") -> OverlayDesk:
        return OverlayDesk(scene, self.overlays, self.tables, self.trials)

    def another_process(self) -> Overlays:
        tables = RuleTables(self.store, self.clock, Permission.RULES_PUBLISH)
        return Overlays(installed_scenes().values(), self.store, tables, self.clock)

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


def make_centre(store: Store, clock: ManualClock, city: City, folder: Path) -> Centre:
    return Centre(scene_context(store, clock, city, folder))


@pytest.fixture
def centre(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Centre:
    """On both databases."""
    return make_centre(store, clock, city, tmp_path)


@pytest.fixture
def quick_centre(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Centre:
    """On SQLite only."""
    return make_centre(sqlite_store, clock, city, tmp_path)


def service(overlays: Overlays, code: str) -> Service:
    return next(one for one in overlays.services if one.code == code)
