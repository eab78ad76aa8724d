"""The demo of urban management (演示数据): responsible units, collectors, handlers and the routing of every class.

All synthetic. Nothing here is needed by the scene itself; a city begins with its own accounts and routing table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np

from cityops.access import SYSTEM, Role, UnitKind
from cityops.cases.catalogue import NATIONAL, ROUTES, Route, route_row
from cityops.places import City
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit, person, seed_accounts, seed_units, take
from cityops.scenes.registry import SceneContext
from cityops.scenes.urban_management.plan import Item, Plan
from cityops.scenes.urban_management.winter import REGISTER, SpotKind
from cityops.scenes.urban_management.works import TRAFFIC_POLICE, PlannedWorks

Point = tuple[float, float]

_UNITS: Final = (
    ("sanitation", "环境卫生中心"),
    ("lamps", "照明管理处"),
    ("water", "排水与供水公司"),
    ("roads", "市政道路养护处"),
    ("greening", "园林绿化中心"),
    ("enforcement", "城市管理综合行政执法队"),
)
_COLLECTORS: Final = ("坞城街道", "营盘街道", "柳巷街道", "晋源街道")

DEMO_UNITS: Final = (
    *(
        DemoUnit(f"UM-{name.upper()}", f"{title}{LABEL}", UnitKind.DEPARTMENT, "140100", "CITY")
        for name, title in _UNITS
    ),
    DemoUnit(TRAFFIC_POLICE, f"交警支队秩序管理科{LABEL}", UnitKind.POLICE, "140100", "CITY"),
)
DEMO_ACCOUNTS: Final[tuple[DemoAccount, ...]] = (
    *(
        DemoAccount(f"collector{number}", f"{street}信息采集员", Role.COLLECTOR, "CITY")
        for number, street in enumerate(_COLLECTORS, start=1)
    ),
    *(DemoAccount(name, f"{title}负责人", Role.UNIT, f"UM-{name.upper()}") for name, title in _UNITS),
    DemoAccount("traffic", "交警秩序管理科", Role.UNIT, TRAFFIC_POLICE),
    *(DemoAccount(f"{name}_h1", f"{title}承办人", Role.HANDLER, f"UM-{name.upper()}") for name, title in _UNITS),
)

_BY_CLASS: Final = {
    "01": "UM-ROADS",
    "02": "UM-ROADS",
    "03": "UM-SANITATION",
    "04": "UM-GREENING",
    "05": "UM-ENFORCEMENT",
    "06": "UM-SANITATION",
    "07": "UM-ENFORCEMENT",
    "08": "UM-ENFORCEMENT",
    "09": "UM-ENFORCEMENT",
    "10": "UM-SANITATION",
}
"""The unit of each class (大类); single matters below go elsewhere."""

_BY_MATTER: Final = {
    **dict.fromkeys(("01001", "01002", "01003", "01004", "01017", "01018", "01023", "01024", "01025"), "UM-WATER"),
    **dict.fromkeys(("01006", "01037", "01038", "01039", "01060"), "UM-LAMPS"),
    **dict.fromkeys(("06013", "06016", "06048", "06049", "06050", "06051", "06052"), "UM-ROADS"),
    **dict.fromkeys(("06017", "06018", "06021", "06022", "06045", "06047"), "UM-GREENING"),
    **dict.fromkeys(("06001", "06002", "06003", "06006", "06039", "06040"), "UM-ENFORCEMENT"),
}


def demo_routes() -> list[Route]:
    """One row for every class, the exceptions by matter, and the desk of last resort."""
    rows = [
        Route(NATIONAL, code, "", "", unit, note="演示分工") for code, unit in (*_BY_CLASS.items(), *_BY_MATTER.items())
    ]
    ice = Route(NATIONAL, "10001", "", "", "UM-SANITATION", ("UM-ROADS",), note="积雪结冰：环卫牵头，道路养护协办")
    return [*rows, ice]


_SPOTS: Final = (
    ("南内环西立交桥", SpotKind.INTERCHANGE, 112.486, 37.8435),
    ("晋阳大道下穿通道", SpotKind.UNDERPASS, 112.475, 37.757),
    ("迎泽大街跨河段", SpotKind.BRIDGE, 112.5330, 37.8620),
    ("武宿机场匝道", SpotKind.VIADUCT, 112.628, 37.747),
    ("太原南站落客平台", SpotKind.VIADUCT, 112.613, 37.790),
    ("太原北站背阴路段", SpotKind.SHADE, 112.560, 37.918),
    ("晋祠坡道", SpotKind.SLOPE, 112.437, 37.708),
    ("唐槐路高架段", SpotKind.VIADUCT, 112.612, 37.715),
)
"""Where ice forms in the demo; the first two are named in the news reports the product was written from."""


def _spots(context: SceneContext) -> None:
    for number, (title, kind, lon, lat) in enumerate(_SPOTS, start=1):
        code = f"WS-{number:03d}"
        if context.registers.find(SYSTEM, REGISTER, code) is None:
            data = {"kind": kind.value, "synthetic": True}
            context.registers.create(
                SYSTEM, register=REGISTER, code=code, title=title, lon=lon, lat=lat, area_code="1401", data=data
            )


def _lamps(context: SceneContext) -> None:
    """The lamps of the underpass as a planned work (S0: 1,126 LED lamps, over 8,500 m of cable), agreed to."""
    lamps, traffic = person(context, "lamps"), person(context, "traffic")
    works = PlannedWorks(context)
    if works.list(lamps):
        return
    today = context.clock.now().date()
    start, end = _along(context.city, "晋阳大道", 37.757, 0.012)
    plan = Plan(
        start,
        end,
        today,
        today + timedelta(days=9),
        "22:00",
        "05:00",
        True,
        (Item("LED 灯具", "套", 1126), Item("照明供电线缆检修", "米", 8500)),
    )
    work = works.draft(lamps, "晋阳大道晋祠下穿通道照明灯具更换", plan)
    take(context, lamps, work.case.case_id, "ask")
    take(context, traffic, work.case.case_id, "agree", conditions="半幅施工，保留一个方向通行；5:00 前撤场")


def _along(city: City, road: str, lat: float, length_deg: float) -> tuple[Point, Point]:
    """The ends of a piece of a road that runs north and south, around a latitude."""
    network = city.network
    edges = (network.edge_name == network.names.index(road)).nonzero()[0]
    nodes = network.edge_from[edges]
    near = nodes[np.abs(network.node_lat[nodes] - lat) < length_deg / 2]
    north, south = (int(near[pick(network.node_lat[near])]) for pick in (np.argmax, np.argmin))
    first, last = ((float(network.node_lon[one]), float(network.node_lat[one])) for one in (north, south))
    return first, last


def seed_demo(context: SceneContext) -> None:
    """Add what is missing; a routing table that somebody has published stays."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    if context.rules.current(ROUTES) is None:
        rows = [route_row(route) for route in demo_routes()]
        admin = person(context, "admin")  # rules are published by a person, not by the machine
        context.rules.publish(admin, ROUTES, rows, expected_version=0, note="演示分工表（合成）")
    _spots(context)
    _lamps(context)
