"""The demo's facts: the six cases as published, and people, units and permits that are synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cityops.access import Role, UnitKind
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit

INSPECTION: Final = "RE-INSPECTION"
_TEAMS: Final = (("1", "一大队"), ("2", "二大队"), ("4", "四大队"), ("6", "六大队"))

DEMO_UNITS: Final = (
    DemoUnit(INSPECTION, f"市政建管中心{LABEL}", UnitKind.DEPARTMENT, "140100", "CITY"),
    *(
        DemoUnit(f"RE-TEAM-{code}", f"城乡管理综合行政执法队{name}{LABEL}", UnitKind.DEPARTMENT, "140100", "CITY")
        for code, name in _TEAMS
    ),
)
DEMO_ACCOUNTS: Final[tuple[DemoAccount, ...]] = (
    DemoAccount("road_collector", "道路网格员", Role.COLLECTOR, "CITY"),
    DemoAccount("road_inspector", "市政稽查员", Role.UNIT, INSPECTION),
    *(DemoAccount(f"team{code}", f"{name}负责人", Role.UNIT, f"RE-TEAM-{code}") for code, name in _TEAMS),
    *(DemoAccount(f"team{code}_h1", f"{name}执法员", Role.HANDLER, f"RE-TEAM-{code}") for code, name in _TEAMS),
)

_GRID_WORKER: Final = "网格员发现"
_PATROL: Final = "巡查发现"
_ARTICLE: Final = "《城市道路管理条例》第二十七条第一款"
_FIELDS: Final = (
    "party",
    "party_kind",
    "district",
    "address",
    "area_m2",
    "buried",
    "finder",
    "found_on",
    "team",
    "decided_on",
    "fine_yuan",
)
_PUBLISHED: Final = (
    (
        "居民米某",
        "个人",
        "小店区",
        "汾东南路人行道",
        "5",
        "通信光缆",
        _GRID_WORKER,
        "2023-10-27",
        "一大队",
        "2023-11-07",
        "5000",
    ),
    (
        "太原某建筑公司",
        "单位",
        "万柏林区",
        "上庄街",
        "8",
        "供热管道",
        _PATROL,
        "2023-11-15",
        "二大队",
        "2023-11-07",
        "20000",
    ),
    (
        "太原某通信工程公司",
        "单位",
        "小店区",
        "王村南街",
        "10",
        "通信光缆",
        _PATROL,
        "2023-10-25",
        "六大队",
        "2023-11-17",
        "5000",
    ),
    ("小店区某酒店", "单位", "小店区", "人民北路", "8", "", _PATROL, "2023-12-13", "一大队", "2023-12-25", "10000"),
    (
        "太原市某停车管理公司",
        "单位",
        "尖草坪区",
        "和晋北路",
        "1",
        "",
        _PATROL,
        "2023-12-13",
        "四大队",
        "2023-12-22",
        "5000",
    ),
    (
        "尖草坪区某餐厅",
        "单位",
        "尖草坪区",
        "和平北路",
        "0.6",
        "电缆",
        _GRID_WORKER,
        "2023-12-13",
        "四大队",
        "2024-01-03",
        "5000",
    ),
)
PUBLISHED_FILES: Final[tuple[Mapping[str, str], ...]] = tuple(
    {
        "file_number": f"通报20240306-{number}",
        "article": _ARTICLE,
        **dict(zip(_FIELDS, row, strict=True)),
    }
    for number, row in enumerate(_PUBLISHED, start=1)
)
"""The six cases made public on 2024-03-06, as published: case 2 was decided before it was found."""
PUBLISHED_YUAN: Final = 50_000
"""5,000 + 20,000 + 5,000 + 10,000 + 5,000 + 5,000."""
