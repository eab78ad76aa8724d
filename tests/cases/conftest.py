"""The key-vehicle workflow as the product ships it, an engine on a real store, and people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cityops.access import Principal, Role
from cityops.cases import Cases, NewCase, Workflow, Workflows
from cityops.dispatch import Crews, crew_effects
from cityops.kit import IdMaker, ManualClock, Text, WorkingCalendar
from cityops.store import Store

SCENE = Path(__file__).parents[2] / "src/cityops/scenes/key_vehicles/scene.yaml"
ENTERPRISE, OTHER_ENTERPRISE, POLICE = "U-ENTERPRISE", "U-OTHER", "U-POLICE"


def person(name: str, role: Role, **more: object) -> Principal:
    return Principal(f"A-{name}", name, name, role, **more)  # type: ignore[arg-type]


ACCEPTOR = person("acceptor", Role.ACCEPTOR)
DISPATCHER = person("dispatcher", Role.DISPATCHER, unit_id=POLICE, unit_name="交警十一大队")
COMPANY = person("company", Role.ENTERPRISE, unit_id=ENTERPRISE, unit_name="晋安物流")
OTHER_COMPANY = person("other", Role.ENTERPRISE, unit_id=OTHER_ENTERPRISE, unit_name="汾河物流")
DISTRICT = person("district", Role.DISTRICT, area_codes=("140105",))
OTHER_DISTRICT = person("elsewhere", Role.DISTRICT, area_codes=("140106",))
AUDITOR = person("auditor", Role.AUDITOR)


def crew_person(crew_id: str) -> Principal:
    return person(f"c{crew_id[-4:]}", Role.CREW, unit_id=POLICE, crew_id=crew_id)


@pytest.fixture(scope="session")
def calendar() -> WorkingCalendar:
    return WorkingCalendar.official()


@pytest.fixture(scope="session")
def workflows() -> Workflows:
    declared = yaml.safe_load(SCENE.read_text(encoding="utf-8"))["workflows"][0]
    return {("key_vehicles", "key_vehicle"): Workflow.model_validate(declared)}


@pytest.fixture
def cases(store: Store, clock: ManualClock, ids: IdMaker, workflows: Workflows, calendar: WorkingCalendar) -> Cases:
    return Cases(store, clock, ids, workflows, calendar, crew_effects())


@pytest.fixture
def crews(store: Store, clock: ManualClock, ids: IdMaker) -> Crews:
    return Crews(store, clock, ids)


@pytest.fixture
def crew(crews: Crews) -> Principal:
    """A crew on shift."""
    return on_shift(crews, "C1")


def on_shift(crews: Crews, code: str, capabilities: tuple[str, ...] = ("traffic_stop",)) -> Principal:
    crew_id = crews.add(
        code=code,
        name=f"巡组{code}",
        unit_id=POLICE,
        unit_name="交警十一大队",
        area_code="140105",
        capabilities=capabilities,
        base=(112.56, 37.73),
    )
    member = crew_person(crew_id)
    crews.begin_shift(member, crew_id)
    return member


def new_case(alert_id: str | None = None, unit_id: str | None = ENTERPRISE) -> NewCase:
    return NewCase(
        scene="key_vehicles",
        kind="key_vehicle",
        title=Text("晋A12345 连续驾驶超4小时", "晋A12345 drove over 4 h without rest"),
        severity=3,
        lon=112.56,
        lat=37.73,
        area_code="140105",
        place={"district_code": "140105", "district_name": "小店区", "road_name": "唐槐路"},
        vehicle_id="V1",
        plate="晋A12345",
        unit_id=unit_id,
        unit_name="晋安物流" if unit_id else None,
        police_unit_id=POLICE,
        police_unit_name="交警十一大队",
        alert_id=alert_id,
        words={
            "alert": Text("连续驾驶", "continuous driving"),
            "summary": Text("已驾驶4小时05分", "driving for 4:05 h"),
        },
    )


@pytest.fixture
def opened(cases: Cases) -> Callable[[], str]:
    return lambda: cases.open(DISPATCHER, new_case()).case_id
