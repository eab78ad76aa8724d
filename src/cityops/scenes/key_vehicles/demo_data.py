"""Who and what is in the demo city: all synthetic (合成数据), labelled so in every name."""

from __future__ import annotations

from typing import Final, NamedTuple

from cityops.access import Role, UnitKind
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit


class DemoCrew(NamedTuple):
    """A crew: code, name, unit's code, area, what it can do, where its base is (WGS-84 degrees)."""

    code: str
    name: str
    unit: str
    area_code: str
    capabilities: tuple[str, ...]
    lon: float
    lat: float


_BRIGADES: Final = (
    ("POLICE-01", "一大队", "140106"),
    ("POLICE-02", "二大队", "140107"),
    ("POLICE-03", "三大队", "140108"),
    ("POLICE-04", "四大队", "140109"),
    ("POLICE-05", "五大队", "140110"),
    ("POLICE-06", "清徐大队", "140121"),
    ("POLICE-07", "阳曲大队", "140122"),
    ("POLICE-08", "娄烦大队", "140123"),
    ("POLICE-09", "古交大队", "140181"),
    ("POLICE-11", "十一大队", "140105"),
)

# The six digital police rooms (数字警务室) of the eleventh brigade, and two patrols in the north.
_ROOMS: Final = (
    ("ROOM-1", "潇河辛村警务室", 112.612, 37.655),
    ("ROOM-2", "唐槐路警务室", 112.650, 37.693),
    ("ROOM-3", "武宿警务室", 112.672, 37.741),
    ("ROOM-4", "小店南警务室", 112.551, 37.625),
    ("ROOM-5", "晋祠警务室", 112.419, 37.716),
    ("ROOM-6", "东山警务室", 112.664, 37.846),
)

_ENTERPRISES: Final = (
    ("ENT-1", "晋安物流", "140105", "91140105MA0K00013N"),
    ("ENT-2", "汾河货运", "140105", "91140105MA0K00021H"),
    ("ENT-3", "并州冷链", "140106", "91140105MA0K0003X9"),
    ("ENT-4", "龙城危化运输", "140108", "91140105MA0K000489"),
    ("ENT-5", "太行客运", "140107", "91140105MA0K000564"),
    ("ENT-6", "潇河供应链", "140105", "91140105MA0K00064Y"),
)

DEMO_UNITS: Final[tuple[DemoUnit, ...]] = (
    DemoUnit("POLICE-00", f"交警支队{LABEL}", UnitKind.POLICE, "140100"),
    *(DemoUnit(code, f"交警支队{name}{LABEL}", UnitKind.POLICE, area, "POLICE-00") for code, name, area in _BRIGADES),
    *(DemoUnit(code, f"{name}{LABEL}", UnitKind.CREW_BASE, "140105", "POLICE-11") for code, name, _, _ in _ROOMS),
    DemoUnit("PATROL-N", f"三大队巡逻中队{LABEL}", UnitKind.CREW_BASE, "140108", "POLICE-03"),
    *(
        DemoUnit(code, f"{name}{LABEL}", UnitKind.ENTERPRISE, area, None, credit)
        for code, name, area, credit in _ENTERPRISES
    ),
)

DEMO_CREWS: Final[tuple[DemoCrew, ...]] = (
    *(
        DemoCrew(f"CREW-{number}", f"{name[:-3]}巡组{LABEL}", code, "140105", ("traffic_stop",), lon, lat)
        for number, (code, name, lon, lat) in enumerate(_ROOMS, start=1)
    ),
    DemoCrew("CREW-7", f"柴村巡组{LABEL}", "PATROL-N", "140108", ("traffic_stop", "hazmat"), 112.452, 38.020),
    DemoCrew("CREW-8", f"阳曲巡组{LABEL}", "PATROL-N", "140108", ("traffic_stop",), 112.616, 38.001),
)

DEMO_ACCOUNTS: Final[tuple[DemoAccount, ...]] = (
    *(
        DemoAccount(f"crew{number}", crew.name.removesuffix(LABEL), Role.CREW, crew.unit, (), crew.code)
        for number, crew in enumerate(DEMO_CREWS, start=1)
    ),
    *(
        DemoAccount(f"enterprise{number}", f"{name}安全员", Role.ENTERPRISE, code)
        for number, (code, name, _, _) in enumerate(_ENTERPRISES, start=1)
    ),
)

ENTERPRISE_CODES: Final = tuple(code for code, _, _, _ in _ENTERPRISES)

# Past years (合成): events per 10,000 vehicle-km in the first, then 27.61 % fewer each year (S0), over five years.
FIRST_YEAR: Final = 2020
YEARS: Final = 6
YEARLY_FACTOR: Final = 1 - 0.2761
FIRST_FATIGUE_RATE: Final = 3.2
FIRST_SPEEDING_RATE: Final = 7.4
YEARLY_KM: Final = (21_400_000.0, 18_900_000.0, 9_700_000.0, 6_300_000.0, 8_200_000.0, 24_600_000.0)
