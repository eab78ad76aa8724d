"""A driving limit in the vehicle register becomes a parameter of that vehicle."""

from __future__ import annotations

from cityops.access import SYSTEM
from cityops.kit import IdMaker, ManualClock
from cityops.registers import VEHICLE, Registers
from cityops.scenes.key_vehicles.detectors import vehicle_overrides
from cityops.store import Store


def test_a_limit_of_3_h_30(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> None:
    registers = Registers(sqlite_store, clock, ids, ())
    assert vehicle_overrides(registers) == {}
    made = [
        registers.create(
            SYSTEM,
            register=VEHICLE,
            code=plate,
            title=plate,
            data={"vehicle_class": "truck", "plate_color": "黄"} | more,
        )
        for plate, more in (("晋A11111", {}), ("晋A22222", {"driving_limit_h": 3.5}))
    ]
    assert vehicle_overrides(registers) == {made[1].id: {"continuous_driving": {"limit_s": 12_600}}}
