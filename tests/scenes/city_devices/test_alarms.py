"""A device that reports a fault or a full bin opens one case, and no second while that one is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.rooms import installed_scenes, scene_context

from cityops.access import SYSTEM, Principal
from cityops.cases import CaseFilter
from cityops.kit import ManualClock
from cityops.places import City
from cityops.registers import RegisterObject
from cityops.scenes import SceneContext, seed_city
from cityops.scenes.people import person
from cityops.store import Deliveries, Store

BIN, KIOSK = "LJT-001", "YYT-001"


class Park:
    """The demo's park."""

    def __init__(self, context: SceneContext) -> None:
        self.context = context
        seed_city(context)
        installed_scenes()["city_devices"].demo(context)
        self.head = person(context, "park1")

    def device(self, code: str) -> RegisterObject:
        found = self.context.registers.find(SYSTEM, "smart_device", code)
        assert found is not None
        return found

    def report(self, code: str, who: Principal | None = None, **data: object) -> None:
        """What a device, or whoever speaks for it, says of itself."""
        known, state = self.device(code), str(data.pop("state", "online"))
        changes = {"state": state, "data": {**known.data, **data}}
        self.context.registers.update(who or self.head, known.id, known.version, changes)

    def deliver(self) -> None:
        while Deliveries(self.context.store, [self.context.inspections.subscriber()]).round():
            pass

    def cases(self) -> list[str]:
        self.deliver()
        found = self.context.cases.list(SYSTEM, CaseFilter(scene="city_devices", page_size=100))
        return sorted(case.title.zh for case in found.items if not case.closed_at)


@pytest.fixture
def park(store: Store, clock: ManualClock, city: City, tmp_path: Path) -> Park:
    return Park(scene_context(store, clock, city, tmp_path))


def test_the_demo_has_a_case_for_every_fault_and_full_bin(park: Park) -> None:
    """Three devices are at fault and three bins at 90 % or more (of the fill levels 12 … 93, every eighth bin)."""
    titles = park.cases()
    assert sum(title.endswith("设备报告故障") for title in titles) == 3
    assert sum(title.endswith("垃圾桶满溢") for title in titles) == 3


def test_a_fault_opens_one_case_however_often_it_is_reported(park: Park) -> None:
    before = len(park.cases())
    park.report(KIOSK, state="fault", fault_code="E07")
    park.report(KIOSK, state="fault", fault_code="E08")
    assert len(park.cases()) == before + 1
    park.report(KIOSK, state="online", fault_code=None)
    assert len(park.cases()) == before + 1, "a person closes it, not the device"


def test_a_full_bin_is_a_hazard_and_a_filling_one_is_not(park: Park) -> None:
    before = len(park.cases())
    park.report(BIN, fill_percent=89)
    assert len(park.cases()) == before
    park.report(BIN, fill_percent=90)
    assert len(park.cases()) == before + 1
