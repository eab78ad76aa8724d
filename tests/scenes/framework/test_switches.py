"""Scenes are switched on and off by several people, and kept by several processes, at the same moment."""

from __future__ import annotations

from sqlalchemy import func, select
from tests.together import at_once

from cityops.access import SYSTEM, verify_audit
from cityops.kit import ManualClock
from cityops.scenes import SceneSwitches
from cityops.scenes.tables import scene_switch_table
from cityops.store import Store


def test_a_scene_switched_off_by_two_at_once_is_off(store: Store, clock: ManualClock) -> None:
    switches = SceneSwitches(store, clock)
    for _ in range(2):  # without a row, and with one
        at_once(store, *[lambda: switches.switch(SYSTEM, "urban_management", enabled=False)] * 3)
    assert switches.disabled() == {"urban_management"}
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(scene_switch_table)).scalar_one() == 1
        assert verify_audit(conn).rows == 6
