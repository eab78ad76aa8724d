"""A city with spots, and what happens around them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, cast

from sqlalchemy import insert, update

from cityops.access import SYSTEM, Principal, Role
from cityops.cases import NewCase, case_table
from cityops.detection import alert_table
from cityops.kit import SHANGHAI, ManualClock, Text, to_ms
from cityops.registers import RegisterObject
from cityops.scenes import SceneContext

LON, LAT = 112.56, 37.80
"""The middle of the spots of these tests."""
METRE = 180 / math.pi / 6_371_008.8
"""Degrees of latitude of a metre."""
DESK = Principal("desk", "leader", "值班长", Role.SHIFT_LEADER)
ANALYST = Principal("analyst", "analyst", "研判员", Role.ANALYST)
ACCEPTOR = Principal("acceptor", "acceptor", "受理员", Role.ACCEPTOR)


def at(text: str) -> int:
    """A moment in Shanghai, such as ``2026-11-22 09:00``, in milliseconds UTC."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


class Town:
    """The rooms, and how things come to be there."""

    def __init__(self, context: SceneContext) -> None:
        self.context = context
        self.clock = cast("ManualClock", context.clock)
        self._alerts = 0

    def spot(self, code: str = "A", **more: Any) -> RegisterObject:
        """A spot found on 2026-06-01; ``more``: fields, ``north_m``, ``state``, ``unit_id``, ``supervisor_id``."""
        lat = LAT + more.pop("north_m", 0) * METRE
        own = {name: more.pop(name) for name in ("state", "unit_id", "supervisor_id") if name in more}
        data = {"category": "hazard", "road": "某路", "source": "patrol", "found_on": "2026-06-01", **more}
        return self.context.registers.create(
            SYSTEM, register="hazard_spot", code=code, title=code, lon=LON, lat=lat, data=data, **own
        )

    def alert(self, when: str, north_m: float = 0, count: int = 1, **more: Any) -> None:
        """Alerts as the detection room writes them, of speeding unless told."""
        rows = []
        for _ in range(count):
            self._alerts += 1
            name, at_ms = f"ALERT{self._alerts:06d}", at(when)
            row = {
                "id": name, "identity": name, "scene": "key_vehicles", "detector": "overspeed", "detector_version": 1,
                "device": 1, "vehicle_id": None, "plate": "晋A12345", "severity": 2, "state": "ended",
                "title_zh": "超速", "title_en": "Speeding", "summary_zh": "超速", "summary_en": "Speeding",
                "started_ms": at_ms, "last_ms": at_ms, "raised_ms": at_ms, "lon": LON, "lat": LAT + north_m * METRE,
                "evidence": {}, "rule": "42", "version": 1,
            }  # fmt: skip
            rows.append({**row, **more})
        self.context.store.write(lambda conn: conn.execute(insert(alert_table), rows))

    def case(self, when: str, north_m: float = 0, scene: str = "urban_management", **more: Any) -> str:
        """A case as the engine opens it, moved to the moment it is said to have been opened."""
        kind = {"urban_management": "urban_case", "key_vehicles": "key_vehicle"}[scene]
        lat = LAT + north_m * METRE
        new = NewCase(scene=scene, kind=kind, title=Text("井盖缺失", "x"), severity=3, lon=LON, lat=lat)
        case_id = self.context.cases.open(ACCEPTOR, new).case_id
        values = {"opened_ms": at(when), **more}
        self.context.store.write(
            lambda conn: conn.execute(update(case_table).where(case_table.c.id == case_id).values(**values))
        )
        return case_id
