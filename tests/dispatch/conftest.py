"""A straight road whose times anyone can work out: ten nodes 1 km apart, 60 km/h, so one minute an edge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from cityops.access import Principal, Role
from cityops.cases import Cases, NewCase, Workflow
from cityops.dispatch import Dispatch, crew_effects
from cityops.kit import IdMaker, ManualClock, Text, WorkingCalendar
from cityops.places import City, Exit, RoadNetwork
from cityops.store import Store

SCENE = Path(__file__).parents[2] / "src/cityops/scenes/key_vehicles/scene.yaml"
NODES = 10
LAT = 37.70
DISPATCHER = Principal("A-D", "dispatcher", "派遣员", Role.DISPATCHER, unit_id="U-P", unit_name="交警十一大队")


def lon_of(node: float) -> float:
    return 112.50 + 0.01 * node


def line_network() -> RoadNetwork:
    east = np.arange(NODES - 1, dtype=np.int32)
    edge_from, edge_to = np.concatenate([east, east + 1]), np.concatenate([east + 1, east])
    edges = len(edge_from)
    return RoadNetwork(
        node_lon=np.array([lon_of(node) for node in range(NODES)]),
        node_lat=np.full(NODES, LAT),
        edge_from=edge_from,
        edge_to=edge_to,
        edge_length_m=np.full(edges, 1000, np.float32),
        edge_class=np.ones(edges, np.uint8),
        edge_speed_kmh=np.full(edges, 60, np.float32),
        edge_limit_kmh=np.full(edges, 80, np.float32),
        edge_name=np.ones(edges, np.int32),
        is_tunnel=np.zeros(edges, bool),
        names=["", "太榆路"],
        exits=[Exit(3, "三号出口"), Exit(6, "六号出口"), Exit(9, "九号出口")],
    )


@pytest.fixture
def city() -> City:
    return City("测试城", True, (112.55, LAT), (112.5, 37.6, 112.6, 37.8), (), (), line_network())


@pytest.fixture
def cases(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> Cases:
    declared = yaml.safe_load(SCENE.read_text(encoding="utf-8"))["workflows"][0]
    workflows = {("key_vehicles", "key_vehicle"): Workflow.model_validate(declared)}
    return Cases(sqlite_store, clock, ids, workflows, WorkingCalendar.official(), crew_effects())


@pytest.fixture
def dispatch(sqlite_store: Store, clock: ManualClock, ids: IdMaker, city: City, cases: Cases) -> Dispatch:
    return Dispatch(sqlite_store, clock, ids, city, cases)


def add_crew(
    dispatch: Dispatch, code: str, *, node: int, base: int | None = None, can: tuple[str, ...] = ("traffic_stop",)
) -> Principal:
    """A crew on shift at a node; its base is there too unless said otherwise."""
    crew_id = dispatch.crews.add(
        code=code,
        name=code,
        unit_id="U-P",
        unit_name="交警十一大队",
        area_code="140105",
        capabilities=can,
        base=(lon_of(node if base is None else base), LAT),
    )
    member = Principal(f"A-{code}", code, code, Role.CREW, unit_id="U-P", crew_id=crew_id)
    dispatch.crews.begin_shift(member, crew_id)
    dispatch.crews.report_position(member, crew_id, lon_of(node), LAT)
    return member


def open_case(cases: Cases, node: float = 0) -> str:
    new = NewCase(
        scene="key_vehicles",
        kind="key_vehicle",
        title=Text("连续驾驶", "continuous driving"),
        severity=3,
        lon=lon_of(node),
        lat=LAT,
        area_code="140105",
    )
    return cases.open(DISPATCHER, new).case_id
