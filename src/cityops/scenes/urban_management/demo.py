"""The demo of urban management (演示数据): responsible units, collectors, handlers and the routing of every class.

All synthetic. Nothing here is needed by the scene itself; a city begins with its own accounts and routing table.
"""

from __future__ import annotations

from typing import Final

from cityops.access import Principal, Role, UnitKind
from cityops.cases.catalogue import NATIONAL, ROUTES, Route, route_row
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit, seed_accounts, seed_units
from cityops.scenes.registry import SceneContext
from cityops.scenes.urban_management.works import TRAFFIC_POLICE

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


def seed_demo(context: SceneContext) -> None:
    """Add what is missing; a routing table that somebody has published stays."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    if context.rules.current(ROUTES) is None:
        rows = [route_row(route) for route in demo_routes()]
        context.rules.publish(_administrator(context), ROUTES, rows, expected_version=0, note="演示分工表（合成）")


def _administrator(context: SceneContext) -> Principal:
    """The demo's administrator: rules are published by a person, not by the machine."""
    found = context.accounts.find("admin")
    assert found is not None, "the city's people come first"
    return Principal(found.id, found.username, found.display_name, found.role, found.unit_id, found.unit_name)
