"""The scene key vehicles (重点车辆) as the product finds it through its entry point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from cityops.access import Principal
from cityops.detection import AnyDetector, Overrides
from cityops.scenes.fleet import DemoTruck
from cityops.scenes.key_vehicles.demo import seed_demo
from cityops.scenes.key_vehicles.demo_data import DEMO_ACCOUNTS
from cityops.scenes.key_vehicles.detectors import detectors, vehicle_overrides
from cityops.scenes.key_vehicles.fleet import demo_fleet
from cityops.scenes.key_vehicles.service import AlertDesk
from cityops.scenes.loader import read_scene
from cityops.scenes.people import DemoAccount
from cityops.scenes.registry import Scene, SceneContext
from cityops.store import Subscriber


class KeyVehicles(Scene):
    """Fatigue, speeding, day total, terminal alarms and silence of registered vehicles."""

    def detectors(self) -> Sequence[AnyDetector]:
        """The detectors that ``scene.yaml`` names."""
        return [detector for detector in detectors() if self.spec.detector(detector.id) is not None]

    def overrides(self, context: SceneContext) -> Overrides:
        """Driving limits that a vehicle's own register entry gives."""
        return vehicle_overrides(context.registers)

    def demo_fleet(self, count: int, seed: int) -> Sequence[DemoTruck]:
        """The first trucks of the demo's fleet."""
        return demo_fleet(count, seed)

    def subscribers(self, context: SceneContext) -> Sequence[Subscriber]:
        """Alerts open cases and are followed by them."""
        return [AlertDesk(self.name, context).subscriber()]

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """Crews and enterprises."""
        return DEMO_ACCOUNTS

    def demo(self, context: SceneContext) -> None:
        """Units, crews, accounts, the fleet and past years, all synthetic."""
        seed_demo(context)

    def open_from_alert(
        self, conn: Connection, context: SceneContext, principal: Principal, alert_id: str, comment: str | None
    ) -> str:
        """Open a case from any alert of the scene; returns the case's id."""
        return AlertDesk(self.name, context).open_by_hand(conn, principal, alert_id, comment)


def scene() -> KeyVehicles:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return KeyVehicles(read_scene(folder / "scene.yaml"), folder)
