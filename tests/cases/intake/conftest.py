"""The desk of urban management over a real store and the demo city, with its people and routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cityops.access import SYSTEM, Accounts, Passwords, Permission, Principal, Role, UnitKind, Units
from cityops.cases import CaseDetailView, Cases, Rulebook, Step, Workflows
from cityops.cases.catalogue import NATIONAL, ROUTES, ItemKey, Kind, Route, RuleTables, route_row
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import CallBacks, Filed, Intake, NewCaseReport
from cityops.kit import IdMaker, ManualClock, WorkingCalendar
from cityops.places import City, build_demo_city
from cityops.scenes import workflows_of
from cityops.scenes.urban_management import scene
from cityops.store import Files, Store

CALENDAR = WorkingCalendar.official()
REFUSE = ItemKey(NATIONAL, Kind.MATTER, "06010")
LAMP = ItemKey(NATIONAL, Kind.MATTER, "01037")
LON, LAT = 112.55138390788957, 37.805206695479306
"""On 学府街 of the demo city."""
NORTH_30_M = 30 / 111_195
"""Degrees of latitude: the Earth's mean radius makes 111,195 m of one."""


class OneHash(Passwords):
    """Everybody has the same password here, so it is hashed once."""

    encoded: str | None = None

    def hash(self, password: str) -> str:
        OneHash.encoded = OneHash.encoded or super().hash(password)
        return OneHash.encoded


class Desk:
    """Everything the intake works with, and shorthand for walking a case."""

    def __init__(self, store: Store, clock: ManualClock, city: City, folder: Path) -> None:
        self.store, self.clock, self.city = store, clock, city
        ids = IdMaker(clock)
        self.workflows: Workflows = workflows_of([scene()])
        self.tables = RuleTables(store, clock, Permission.RULES_PUBLISH)
        self.rulebook = Rulebook(self.tables, clock)
        self.cases = Cases(store, clock, ids, self.workflows, CALENDAR, rulebook=self.rulebook)
        self.evidence = EvidenceBook(store, Files(folder / "files"), clock, ids)
        self.intake = Intake(
            store, clock, ids, self.cases, self.workflows, self.rulebook, city, CALENDAR, self.evidence
        )
        self.calls = CallBacks(store, clock, ids)
        self._accounts = Accounts(store, clock, ids, OneHash())
        units = Units(store, clock, ids)
        self.sanitation_id = units.create(SYSTEM, code="UM-SANITATION", name="环卫中心", kind=UnitKind.DEPARTMENT).id
        self.admin = self.person("admin", Role.ADMINISTRATOR)
        self.acceptor = self.person("acceptor", Role.ACCEPTOR)
        self.dispatcher = self.person("dispatcher", Role.DISPATCHER)
        self.collector = self.person("collector", Role.COLLECTOR)
        self.other_collector = self.person("collector2", Role.COLLECTOR)
        self.unit = self.person("sanitation", Role.UNIT, unit_id=self.sanitation_id)
        self.route(Route(NATIONAL, "06", "", "", "UM-SANITATION"))

    def person(self, username: str, role: Role, **more: Any) -> Principal:
        made = self._accounts.create(
            SYSTEM, username=username, password="a test's password", display_name=username, role=role, **more
        )
        return Principal(made.id, username, username, role, made.unit_id, made.unit_name, made.area_codes, made.crew_id)

    def route(self, *routes: Route) -> None:
        current = self.tables.current(ROUTES)
        version = 0 if current is None else current[0].version
        rows = [route_row(route) for route in routes]
        self.tables.publish(self.admin, ROUTES, rows, expected_version=version, note="分工")

    def hotline(self, **more: Any) -> Filed:
        return self.intake.file(self.acceptor, report(**more))

    def take(self, who: Principal, case_id: str, action: str, comment: str | None = None, **form: Any) -> None:
        seen = self.cases.get(who, case_id)
        task_id = {one.name: one for one in seen.actions}[action].task_id
        self.cases.act(who, case_id, action, Step(seen.version, task_id, form, comment))

    def close(self, case_id: str) -> None:
        """From reported to closed, by everybody whose turn it is."""
        self.take(self.acceptor, case_id, "file", standard="m06010_1")
        self.take(self.dispatcher, case_id, "dispatch", unit=self.sanitation_id)
        self.take(self.unit, case_id, "accept")
        self.take(self.unit, case_id, "feed_back", result="已清运")
        self.take(self.dispatcher, case_id, "confirm")
        self.take(self.acceptor, case_id, "close", closing="met", answer="垃圾已清运")

    def seen(self, case_id: str) -> CaseDetailView:
        return self.cases.get(self.dispatcher, case_id)

    def near(self, key: ItemKey = REFUSE) -> list[str]:
        return [one.case_id for one in self.intake.duplicates(self.acceptor, key, LON, LAT)]


def report(**more: Any) -> NewCaseReport:
    told: dict[str, Any] = {
        "source": "hotline",
        "key": REFUSE,
        "lon": LON,
        "lat": LAT,
        "description": "学府街公交站旁有一堆垃圾",
        "address": "学府街",
        "address_note": "公交站东侧",
        "reporter_name": "王小明",
        "reporter_contact": "13812345678",
        "wants_answer": True,
    }
    return NewCaseReport(**(told | more))


@pytest.fixture(scope="session")
def city() -> City:
    return build_demo_city()


@pytest.fixture
def desk(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Desk:
    """On SQLite and on PostgreSQL; Sunday 2026-11-22 09:00."""
    return Desk(store, clock, city, tmp_path)


@pytest.fixture
def small_desk(sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Desk:
    """On SQLite only, where the database does not matter."""
    return Desk(sqlite_store, clock, city, tmp_path)
